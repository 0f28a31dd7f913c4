//! Waves of day, week and weekend day, fitted by ridge regression.
//!
//! `harmonic_ridge`: minimise `sum_t w_t (y_t - x_t . beta)^2 + ridge * |beta|^2`, the mean not penalised.

use super::calendar::Moment;
use crate::{Error, Result};
use nalgebra::{DMatrix, DVector};
use std::f64::consts::TAU;

/// Waves of the weekend day on top of those of every day.
const WEEKEND_HARMONICS: usize = 2;

/// Fitted waves.
#[derive(Clone, Debug)]
pub(super) struct Harmonics {
    daily: usize,
    weekly: usize,
    beta: DVector<f64>,
}

/// One observation: place, value, weight.
pub(super) type Observation = (Moment, f64, f64);

impl Harmonics {
    pub(super) fn fit(observations: &[Observation], daily: usize, weekly: usize, ridge: f64) -> Result<Self> {
        let size = features(daily, weekly, Moment { slot: 0, weekday: 0, day_frac: 0.0 }).len();
        let mut normal = DMatrix::<f64>::zeros(size, size);
        let mut right = DVector::<f64>::zeros(size);
        for (moment, value, weight) in observations {
            let row = DVector::from_vec(features(daily, weekly, *moment));
            normal.ger(*weight, &row, &row, 1.0);
            right.axpy(*weight * *value, &row, 1.0);
        }
        let mut penalty = DVector::from_element(size, ridge);
        penalty.rows_mut(0, 1).fill(0.0);
        normal += DMatrix::from_diagonal(&penalty);
        let beta = normal.cholesky().map(|factor| factor.solve(&right)).ok_or_else(|| Error::Internal {
            message: "the ridge regression of the forecast has no solution".to_owned(),
        })?;
        Ok(Self { daily, weekly, beta })
    }

    pub(super) fn at(&self, moment: Moment) -> f64 {
        features(self.daily, self.weekly, moment).iter().zip(self.beta.iter()).map(|(x, b)| x * b).sum()
    }
}

/// The regressors of a moment; the first is the mean.
fn features(daily: usize, weekly: usize, moment: Moment) -> Vec<f64> {
    let weekend = if moment.is_weekend() { 1.0 } else { 0.0 };
    let mut row = Vec::with_capacity(2 + 2 * (daily + weekly + WEEKEND_HARMONICS));
    row.extend([1.0, weekend]);
    let mut waves = |count: usize, frac: f64, scale: f64| {
        for wave in 1..=u32::try_from(count).unwrap_or(0) {
            let (sin, cos) = (TAU * f64::from(wave) * frac).sin_cos();
            row.extend([sin * scale, cos * scale]);
        }
    };
    waves(daily, moment.day_frac, 1.0);
    waves(weekly, moment.week_frac(), 1.0);
    waves(WEEKEND_HARMONICS, moment.day_frac, weekend);
    row
}
