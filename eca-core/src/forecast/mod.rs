//! Forecasts of a series with quantiles, and a back-test that says whether to trust them.
//!
//! The model is a sum of four parts, each plain enough to explain to a person:
//!
//! 1. `harmonics`: waves of the day, of the week and of the weekend day, fitted by ridge regression;
//! 2. `profile`: what the waves miss for each time of day and day of the week, shrunk towards zero where data is thin;
//! 3. `persistence`: how far the last values were off, fading with the lead time;
//! 4. `quantiles`: how far such forecasts were off before, by lead time.
//!
//! Days and times of day are those of London, because people and tariffs follow the clock. Nothing is random: the
//! same values give the same forecast. Compare with seasonal naive ([`Backtest`]) before relying on it.
//!
//! ```
//! use eca_core::{Horizon, forecast::{Model, Settings}};
//! let history = Horizon::new("2026-02-02T00:00Z".parse()?, 60, 28 * 24)?;
//! let values: Vec<Option<f64>> = (0..history.len()).map(|t| Some(if t % 24 < 12 { 100.0 } else { 200.0 })).collect();
//! let model = Model::fit(&history, &values, &Settings::default())?;
//! let tomorrow = Horizon::new(history.end(), 60, 24)?;
//! let forecast = model.predict(&tomorrow)?;
//! assert!((forecast.mean[3] - 100.0).abs() < 10.0 && (forecast.mean[15] - 200.0).abs() < 10.0);
//! assert!(forecast.quantile(0.1).is_some_and(|low| low[3] <= forecast.mean[3] + 10.0));
//! # Ok::<(), eca_core::Error>(())
//! ```

mod backtest;
mod calendar;
mod harmonic;
mod model;
mod persistence;
mod profile;
mod settings;

pub use backtest::{Backtest, BacktestSettings, Coverage, Errors};
pub use model::{Forecast, Model};
pub use settings::Settings;
