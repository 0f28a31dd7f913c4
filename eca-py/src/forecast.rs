//! Forecasts of a series.

use crate::clock::horizon;
use crate::errors::{guard, json};
use eca_core::forecast::{Backtest, BacktestSettings, Model, Settings};
use eca_core::{Horizon, Result};
use pyo3::prelude::*;

/// The choices of a model, all of them given.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Choices {
    daily_harmonics: usize,
    weekly_harmonics: usize,
    ridge: f64,
    shrinkage: f64,
    half_life_days: f64,
    window_days: f64,
    quantiles: Vec<f64>,
    low: f64,
    high: f64,
}

impl Choices {
    fn settings(self) -> Result<Settings> {
        let mut settings = Settings::default().limits(self.low, self.high).quantiles(&self.quantiles)?;
        settings.daily_harmonics = self.daily_harmonics;
        settings.weekly_harmonics = self.weekly_harmonics;
        settings.ridge = self.ridge;
        settings.shrinkage = self.shrinkage;
        settings.half_life_days = self.half_life_days;
        settings.window_days = self.window_days;
        settings.check()?;
        Ok(settings)
    }
}

/// Start, minutes and number of periods.
type Span = (String, u32, usize);

/// The expected value of each period, and each quantile with its values.
type Ahead = (Vec<f64>, Vec<(f64, Vec<f64>)>);

fn span(given: &Span) -> Result<Horizon> {
    horizon(&given.0, given.1, given.2)
}

/// A model fitted to a history.
#[pyclass(frozen, module = "eca._eca")]
pub(crate) struct ForecastModel {
    inner: Model,
}

#[pymethods]
impl ForecastModel {
    /// Fits the model to one value for each period; none is a gap.
    #[staticmethod]
    fn fit(py: Python<'_>, history: Span, values: Vec<Option<f64>>, choices: Choices) -> PyResult<Self> {
        guard(py, || {
            let (history, settings) = (span(&history)?, choices.settings()?);
            Ok(Self { inner: py.detach(|| Model::fit(&history, &values, &settings))? })
        })
    }

    /// The expected value of each period, and each quantile with its values.
    fn predict(&self, py: Python<'_>, ahead: Span) -> PyResult<Ahead> {
        guard(py, || {
            let forecast = self.inner.predict(&span(&ahead)?)?;
            Ok((forecast.mean, forecast.quantiles))
        })
    }
}

/// JSON of how well the model would have done.
#[pyfunction]
pub(crate) fn backtest(
    py: Python<'_>,
    history: Span,
    values: Vec<Option<f64>>,
    choices: Choices,
    train_days: usize,
    lead_periods: Option<usize>,
    stride_periods: Option<usize>,
) -> PyResult<String> {
    guard(py, || {
        let (history, settings) = (span(&history)?, choices.settings()?);
        let mut how = BacktestSettings::daily(&history, train_days);
        how.lead_periods = lead_periods.unwrap_or(how.lead_periods);
        how.stride_periods = stride_periods.unwrap_or(how.stride_periods);
        json(&py.detach(|| Backtest::run(&history, &values, &settings, &how))?)
    })
}
