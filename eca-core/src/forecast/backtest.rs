//! How good the forecast would have been: rolling origin, against seasonal naive.

use super::calendar::periods_per_day;
use super::model::Model;
use super::settings::{Settings, refused};
use crate::{Error, Horizon, Result};
use serde::Serialize;
use std::fmt;

/// Days in the season of the weekly naive forecast.
const WEEK: usize = 7;

/// Choices of a back-test.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct BacktestSettings {
    /// Days of history before the first forecast, at least 8.
    pub train_days: usize,
    /// Periods that each forecast looks ahead.
    pub lead_periods: usize,
    /// Periods from one forecast to the next.
    pub stride_periods: usize,
}

impl BacktestSettings {
    /// Forecasts of one day, made once a day, after `train_days` of history.
    #[must_use]
    pub fn daily(history: &Horizon, train_days: usize) -> Self {
        let day = periods_per_day(history.step_min);
        Self { train_days, lead_periods: day, stride_periods: day }
    }
}

/// Mean errors, in the unit of the series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Errors {
    /// Mean absolute error.
    pub mae: f64,
    /// Root of the mean square error.
    pub rmse: f64,
}

/// How often values were below a quantile.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Coverage {
    /// The quantile.
    pub quantile: f64,
    /// Share of values at or below it; equal to the quantile where the forecast is honest.
    pub below_frac: f64,
}

/// Result of a back-test. All errors are over the same periods.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Backtest {
    /// Forecasts made.
    pub origins: usize,
    /// Periods compared.
    pub compared: usize,
    /// Errors of the model.
    pub model: Errors,
    /// Errors of "as at this time yesterday" (or the last day known).
    pub naive_day: Errors,
    /// Errors of "as at this time a week ago".
    pub naive_week: Errors,
    /// `1 - mae / naive mae` against the better of both naive forecasts; above 0 the model is better.
    pub skill: f64,
    /// For each quantile the share of values below it.
    pub coverage: Vec<Coverage>,
}

impl Backtest {
    /// Forecasts again and again from the past of each origin and compares with what came.
    ///
    /// Each forecast sees only values before its origin. A period counts where its value and both naive ones are known.
    ///
    /// # Errors
    /// As [`Model::fit`]; [`Error::Value`] when the choices leave nothing to compare.
    ///
    /// ```
    /// use eca_core::{Horizon, forecast::{Backtest, BacktestSettings, Settings}};
    /// let history = Horizon::new("2026-02-02T00:00Z".parse()?, 60, 28 * 24)?;
    /// let values: Vec<Option<f64>> = (0..history.len()).map(|t| Some((t % 24) as f64)).collect();
    /// let report = Backtest::run(&history, &values, &Settings::default(), &BacktestSettings::daily(&history, 14))?;
    /// assert_eq!((report.origins, report.compared), (14, 14 * 24));
    /// assert_eq!(report.naive_day.mae, 0.0);
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    pub fn run(
        history: &Horizon,
        values: &[Option<f64>],
        settings: &Settings,
        choices: &BacktestSettings,
    ) -> Result<Self> {
        if values.len() != history.len() {
            return Err(Error::Length {
                object: "back-test".to_owned(),
                field: "history".to_owned(),
                length: values.len(),
                expected: history.len(),
            });
        }
        if choices.train_days <= WEEK {
            return Err(refused("train_days", choices.train_days, "must be at least 8", "days"));
        }
        if choices.lead_periods == 0 || choices.stride_periods == 0 {
            return Err(refused("lead_periods or stride_periods", 0, "must be at least 1", "periods"));
        }
        let day = periods_per_day(history.step_min);
        let mut tally = Tally { below: vec![0; settings.quantiles.len()], ..Tally::default() };
        let mut origin = choices.train_days * day;
        while origin < values.len() {
            let seen = Horizon { periods: origin, ..*history };
            let model = Model::fit(&seen, values.get(..origin).unwrap_or_default(), settings)?;
            let ahead = choices.lead_periods.min(values.len() - origin);
            let forecast = model.predict(&Horizon { start: seen.end(), periods: ahead, ..*history })?;
            for (lead, mean) in forecast.mean.iter().enumerate() {
                let t = origin + lead;
                let (Some(actual), Some(day_ago), Some(week_ago)) = (
                    values.get(t).copied().flatten(),
                    naive(values, t, origin, day),
                    naive(values, t, origin, WEEK * day),
                ) else {
                    continue;
                };
                tally.add(actual, [*mean, day_ago, week_ago]);
                for (below, (_, quantile)) in tally.below.iter_mut().zip(&forecast.quantiles) {
                    *below += usize::from(quantile.get(lead).is_some_and(|quantile| actual <= *quantile));
                }
            }
            tally.origins += 1;
            origin += choices.stride_periods;
        }
        tally.report(settings)
    }
}

/// The value of the same time `season` periods before, or as many seasons as it takes to lie before the origin.
fn naive(values: &[Option<f64>], t: usize, origin: usize, season: usize) -> Option<f64> {
    let seasons = (t + 1).checked_sub(origin)?.div_ceil(season);
    t.checked_sub(seasons * season).and_then(|before| values.get(before).copied().flatten())
}

/// Sums over the compared periods, for the model and both naive forecasts.
#[derive(Default)]
struct Tally {
    origins: usize,
    compared: usize,
    absolute: [f64; 3],
    square: [f64; 3],
    below: Vec<usize>,
}

impl Tally {
    fn add(&mut self, actual: f64, forecasts: [f64; 3]) {
        self.compared += 1;
        for (forecast, (absolute, square)) in forecasts.iter().zip(self.absolute.iter_mut().zip(&mut self.square)) {
            let error = forecast - actual;
            *absolute += error.abs();
            *square += error * error;
        }
    }

    fn report(self, settings: &Settings) -> Result<Backtest> {
        if self.compared == 0 {
            return Err(refused(
                "compared periods",
                0,
                "must be at least 1; give more history than train_days",
                "periods",
            ));
        }
        let count = self.compared as f64;
        let [m, d, w] = self.absolute.map(|sum| sum / count);
        let [m2, d2, w2] = self.square.map(|sum| (sum / count).sqrt());
        let best = d.min(w);
        let skill = if best > 0.0 {
            1.0 - m / best
        } else if m > 0.0 {
            f64::NEG_INFINITY
        } else {
            0.0
        };
        let coverage = settings.quantiles.iter().zip(&self.below);
        Ok(Backtest {
            origins: self.origins,
            compared: self.compared,
            model: Errors { mae: m, rmse: m2 },
            naive_day: Errors { mae: d, rmse: d2 },
            naive_week: Errors { mae: w, rmse: w2 },
            skill,
            coverage: coverage
                .map(|(quantile, below)| Coverage { quantile: *quantile, below_frac: *below as f64 / count })
                .collect(),
        })
    }
}

impl fmt::Display for Backtest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} forecasts, {} periods: mae {:.2}, rmse {:.2}; naive day mae {:.2}, week mae {:.2}; skill {:+.1} %",
            self.origins,
            self.compared,
            self.model.mae,
            self.model.rmse,
            self.naive_day.mae,
            self.naive_week.mae,
            100.0 * self.skill
        )?;
        self.coverage
            .iter()
            .try_for_each(|c| write!(f, "; p{:.0} covers {:.1} %", 100.0 * c.quantile, 100.0 * c.below_frac))
    }
}
