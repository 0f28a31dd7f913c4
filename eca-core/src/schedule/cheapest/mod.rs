//! The cheapest schedule of one job at given prices, exact, by dynamic programming.
//!
//! Prices are GBP for one MW of IT load in one period. A job pays them for its load, its own costs (startup, pauses,
//! moves) and for work left undone. Each job takes the cheapest form that is exact for its features:
//!
//! - [`solid`]: one run at one point, from sums of prices;
//! - [`pausing`]: one point, pauses, least runs, no moves: state is region and work done;
//! - [`roaming`]: everything else: several points, moves, a state before the horizon;
//! - [`fluid`]: divisible jobs: the cheapest shares.
//!
//! With a price for counted inferences every working period counts in full, the last one too: at most what it may
//! count, so the cost is never above the true one. It is a bound then, and exact where periods come out even.

mod fluid;
mod pausing;
mod roaming;
mod solid;
#[cfg(test)]
mod tests;
mod work;

use super::{Schedule, Shape};
use work::Work;

/// What load costs.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Prices<'a> {
    /// Number of periods: a cell is `region * periods + period`.
    pub(crate) periods: usize,
    /// GBP for one MW of IT load in one period, by cell.
    pub(crate) mw: &'a [f64],
    /// GBP earned by a million inferences counted in a cell, not negative; empty where no cap counts them.
    pub(crate) millions: &'a [f64],
    /// GBP for the square of a job's own load in a cell, MW^2: what its load adds to a price that rises with load; empty for
    /// none.
    pub(crate) square: &'a [f64],
    /// MW by cell that may be drawn before the overload price is due too; empty for no limit.
    pub(crate) room: &'a [f64],
    /// GBP for one MW beyond the room in one period.
    pub(crate) overload: f64,
    /// Factor on the job's own costs: 1, or 0 where only carbon counts.
    pub(crate) own: f64,
}

impl Prices<'_> {
    fn mw(&self, r: usize, t: usize) -> f64 {
        self.mw[r * self.periods + t]
    }

    /// Cost of one period at point `l`, inferences counted in full.
    fn step(&self, shape: &Shape, r: usize, t: usize, l: usize) -> f64 {
        let power = shape.power_mw[l];
        let rise = self.square.get(r * self.periods + t).map_or(0.0, |square| square * power);
        let over = self.room.get(r * self.periods + t).map_or(0.0, |room| (power - room.max(0.0)).max(0.0));
        let load = power * (self.mw(r, t) + rise) + over * self.overload;
        match self.millions.get(r * self.periods + t) {
            Some(&price) => load - price * shape.rate[l] * crate::unit::inferences_to_millions(shape.inferences),
            None => load,
        }
    }
}

/// The answer: what it costs and the schedule.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Cheapest {
    /// Load at the prices, own costs and penalty, GBP: no schedule costs less.
    pub(crate) cost_gbp: f64,
    /// A schedule that costs so much, or a little more where work is rounded or inferences are counted.
    pub(crate) schedule: Schedule,
}

/// Tables that a thread uses again for each job.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    run: Vec<f64>,
    idle: Vec<f64>,
    enter: Vec<f64>,
    sums: Vec<f64>,
}

/// How a job is priced: what does not depend on the prices.
#[derive(Debug, Clone)]
pub(crate) struct Pricer {
    regions: Vec<usize>,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    Nothing,
    Solid,
    Pausing,
    /// The states of work, and where they are rounded, those that count more.
    Roaming(Box<(Work, Option<Work>)>),
    Fluid,
}

impl Pricer {
    pub(crate) fn new(shape: &Shape) -> Self {
        let plain = shape.rate.len() == 1 && shape.migration.is_none() && shape.home.is_none();
        let form = if shape.divisible {
            Form::Fluid
        } else if shape.is_done(0.0) {
            Form::Nothing
        } else if plain && !shape.preemptible {
            Form::Solid
        } else if plain {
            Form::Pausing
        } else {
            Form::Roaming(Box::new(Work::new(shape)))
        };
        Self { regions: shape.regions(), form }
    }

    /// The cheapest schedule; none where the rules of the job allow none.
    pub(crate) fn cheapest(
        &self,
        shape: &Shape,
        undone_gbp: f64,
        prices: &Prices<'_>,
        scratch: &mut Scratch,
    ) -> Option<Cheapest> {
        let undone = prices.own * undone_gbp;
        match &self.form {
            Form::Nothing => Some(Cheapest { cost_gbp: 0.0, schedule: Schedule::idle() }),
            Form::Solid => solid::cheapest(shape, &self.regions, undone, prices, scratch),
            Form::Pausing => pausing::cheapest(shape, &self.regions, undone, prices, scratch),
            Form::Roaming(work) => {
                let mut with = |work| roaming::cheapest(shape, &self.regions, work, undone, prices, scratch);
                let found = with(&work.0)?;
                match &work.1 {
                    None => Some(found),
                    Some(more) => Some(Cheapest { cost_gbp: with(more)?.cost_gbp, ..found }),
                }
            }
            Form::Fluid => fluid::cheapest(shape, &self.regions, undone, prices),
        }
    }

    /// How much work pricing is, in cells of a job with one point: about a nanosecond times ten each.
    pub(crate) fn effort(&self, shape: &Shape) -> usize {
        let cells = (shape.end - shape.first.min(shape.end)) * self.regions.len();
        match &self.form {
            Form::Roaming(work) => {
                let moves = if shape.migration.is_some() { self.regions.len() } else { 1 };
                cells * (work.0.states() * shape.min_run.max(1) * (shape.rate.len() + moves) / 80).max(1)
            }
            _ => cells,
        }
    }

    /// Regions the job may work in.
    pub(crate) fn regions(&self) -> &[usize] {
        &self.regions
    }
}
