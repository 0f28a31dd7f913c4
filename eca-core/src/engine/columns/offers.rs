//! Schedules that are worth choosing from: met on the way, cheapest at prices near the best ones, cheapest at the prices of
//! the master.

use super::super::bound::Lagrangian;
use super::super::dual::Point;
use super::unit;
use crate::model::Offer;
use crate::schedule::{Prices, Schedule, Scratch};
use rayon::prelude::*;

/// Schedules that have been met, by class.
#[derive(Debug, Default)]
pub(crate) struct Met(Vec<Vec<Schedule>>);

impl Met {
    pub(crate) fn new(classes: usize) -> Self {
        Self(vec![Vec::new(); classes])
    }

    pub(crate) fn add_all(&mut self, schedules: &[Vec<Schedule>]) {
        for (known, schedules) in self.0.iter_mut().zip(schedules) {
            for schedule in schedules {
                if !known.contains(schedule) {
                    known.push(schedule.clone());
                }
            }
        }
    }
}

/// The schedules of each class that can be chosen, and what each costs and draws.
#[derive(Debug, Default)]
pub(super) struct Offers(pub(super) Vec<Vec<(Schedule, Offer)>>);

impl Offers {
    pub(super) fn new(classes: usize) -> Self {
        Self(vec![Vec::new(); classes])
    }

    /// Adds schedules by class; how many were new.
    pub(super) fn add(&mut self, lagrangian: &Lagrangian<'_>, schedules: &[Vec<Schedule>]) -> usize {
        let (pool, counts) = (lagrangian.pool, lagrangian.grid.counts_inferences());
        let added = self.0.par_iter_mut().zip(&pool.classes).zip(schedules).map(|((known, class), schedules)| {
            let before = known.len();
            for schedule in schedules {
                if known.iter().any(|(known, _)| known == schedule) {
                    continue;
                }
                let mut offer = Offer { cost_gbp: class.own_cost(schedule), ..Offer::default() };
                class.loads(schedule, pool.periods, |cell, mw| offer.mw.push((cell, mw)));
                if counts {
                    class.millions(schedule, pool.periods, |cell, millions| offer.millions.push((cell, millions)));
                }
                known.push((schedule.clone(), offer));
            }
            known.len() - before
        });
        added.sum()
    }

    pub(super) fn add_met(&mut self, lagrangian: &Lagrangian<'_>, met: &Met) -> usize {
        self.add(lagrangian, &met.0)
    }

    /// Adds the cheapest schedule of each class at the prices of a point, each price off by so much at random; how many were
    /// new.
    pub(super) fn price(&mut self, lagrangian: &Lagrangian<'_>, point: &Point, spread: f64, dice: &mut u64) -> usize {
        let millions = lagrangian.grid.millions(point);
        let mw: Vec<f64> = point.it.iter().map(|price| price * (1.0 + spread * (2.0 * unit(dice) - 1.0))).collect();
        let prices = Prices { mw: &mw, ..lagrangian.prices(point, &millions) };
        let each = lagrangian.pool.classes.par_iter().with_min_len(16);
        let found: Vec<Vec<Schedule>> =
            each.map_init(Scratch::default, |scratch, class| vec![class.cheapest(&prices, scratch).schedule]).collect();
        self.add(lagrangian, &found)
    }

    /// What each schedule pays at the prices of a point, beyond the cheapest one of its class, GBP.
    pub(super) fn regrets(&self, lagrangian: &Lagrangian<'_>, point: &Point) -> Vec<Vec<f64>> {
        let value = lagrangian.grid.millions(point);
        let of = |offers: &Vec<(Schedule, Offer)>| {
            let paid = offers.iter().map(|(_, offer)| {
                let load: f64 = offer.mw.iter().map(|&(cell, mw)| mw * point.it[cell]).sum();
                let credit: f64 = offer.millions.iter().map(|&(cell, millions)| millions * value[cell]).sum();
                offer.cost_gbp + load - credit
            });
            let paid: Vec<f64> = paid.collect();
            let least = paid.iter().copied().fold(f64::INFINITY, f64::min);
            paid.into_iter().map(|paid| paid - least).collect()
        };
        self.0.par_iter().map(of).collect()
    }
}
