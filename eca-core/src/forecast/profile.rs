//! What the waves miss, by time of day and by day of the week.
//!
//! `profile_shrinkage`: a mean over `n` observations counts as `n / (n + shrinkage)` of itself, first for the time of
//! day, then for what each day of the week adds to it.

use super::calendar::Moment;
use super::harmonic::Observation;

/// Days of the week.
const DAYS: usize = 7;

/// Shrunken means by slot, and by slot and weekday.
#[derive(Clone, Debug)]
pub(super) struct Profile {
    by_slot: Vec<f64>,
    by_slot_and_day: Vec<f64>,
}

impl Profile {
    pub(super) fn fit(residuals: &[Observation], slots: usize, shrinkage: f64) -> Self {
        let mut by_slot = Sums::new(slots);
        for (moment, value, weight) in residuals {
            by_slot.add(moment.slot, *value, *weight);
        }
        let by_slot = by_slot.means(shrinkage);
        let mut by_day = Sums::new(slots * DAYS);
        for (moment, value, weight) in residuals {
            let common = by_slot.get(moment.slot).copied().unwrap_or(0.0);
            by_day.add(cell(*moment), value - common, *weight);
        }
        Self { by_slot, by_slot_and_day: by_day.means(shrinkage) }
    }

    pub(super) fn at(&self, moment: Moment) -> f64 {
        self.by_slot.get(moment.slot).copied().unwrap_or(0.0)
            + self.by_slot_and_day.get(cell(moment)).copied().unwrap_or(0.0)
    }
}

fn cell(moment: Moment) -> usize {
    moment.slot * DAYS + moment.weekday
}

/// Weighted sums and weights by cell.
struct Sums(Vec<(f64, f64)>);

impl Sums {
    fn new(cells: usize) -> Self {
        Self(vec![(0.0, 0.0); cells])
    }

    fn add(&mut self, cell: usize, value: f64, weight: f64) {
        if let Some(sum) = self.0.get_mut(cell) {
            sum.0 += weight * value;
            sum.1 += weight;
        }
    }

    fn means(self, shrinkage: f64) -> Vec<f64> {
        self.0.into_iter().map(|(sum, weight)| sum / (weight + shrinkage)).collect()
    }
}
