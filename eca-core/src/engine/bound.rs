//! A lower bound on every plan at given prices, and the direction in which prices make it higher.

use super::dual::{Energy, Grid, Point, Wanted};
use super::reduce::Pool;
use crate::schedule::Prices;

/// Jobs and energy side of a problem, joined by prices alone.
pub(crate) struct Lagrangian<'a> {
    pub(crate) pool: &'a Pool<'a>,
    pub(crate) grid: &'a Grid,
}

/// The bound at a point, and what regions do there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Valued {
    /// No plan costs less, GBP (where all jobs were priced).
    pub(crate) bound: f64,
    pub(crate) energy: Energy,
    /// Load of jobs and services less what regions supply, MW by cell: where prices should rise.
    pub(crate) short_mw: Vec<f64>,
    /// Carbon over each cap window, kg.
    pub(crate) excess_kg: Vec<f64>,
}

impl Lagrangian<'_> {
    /// The prices that jobs see.
    pub(crate) fn prices<'p>(&self, point: &'p Point, millions: &'p [f64]) -> Prices<'p> {
        Prices { periods: self.grid.periods, mw: &point.it, millions, square: &[], room: &[], overload: 0.0, own: 1.0 }
    }

    /// The bound with some classes in place of all, each counted `weight` times.
    pub(crate) fn value(&self, point: &Point, which: &[u32], weight: f64) -> Valued {
        let millions = self.grid.millions(point);
        let jobs = self.pool.price(which, weight, &self.prices(point, &millions));
        let energy = self.grid.evaluate(point, Wanted::Priced);
        let short_mw =
            (0..point.it.len()).map(|cell| jobs.mw[cell] + energy.served_mw[cell] - energy.it_mw[cell]).collect();
        let mut all_millions = energy.served_millions.clone();
        all_millions.iter_mut().zip(&jobs.millions).for_each(|(sum, more)| *sum += more);
        let excess_kg = self.grid.excess(&energy.import_mw, &energy.it_mw, &all_millions);
        Valued { bound: jobs.value + energy.value, energy, short_mw, excess_kg }
    }

    /// Energy for a load of the jobs (MW by cell) beside that of services, and what it costs with caps and demand charges
    /// as they are, GBP.
    pub(crate) fn supplied(
        &self,
        point: &Point,
        jobs_mw: &[f64],
        served_mw: &[f64],
        millions: &[f64],
    ) -> (Energy, f64) {
        let load: Vec<f64> = jobs_mw.iter().zip(served_mw).map(|(jobs, served)| jobs + served).collect();
        let energy = self.grid.evaluate(point, Wanted::Fixed(&load));
        let paid = self.grid.paid(point, &energy, &load, millions);
        (energy, paid)
    }
}
