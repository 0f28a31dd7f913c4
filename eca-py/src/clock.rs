//! Time stamps and horizons, read by the same rules as in documents.

use crate::errors::guard;
use eca_core::{Error, Horizon, Result, Timestamp};
use pyo3::prelude::*;

/// A checked horizon.
pub(crate) fn horizon(start: &str, step_min: u32, periods: usize) -> Result<Horizon> {
    Horizon::new(Timestamp::parse(start)?, step_min, periods)
}

/// The instant `text` in UTC, or `EcaTimeError` naming `field` and the fix.
#[pyfunction]
pub(crate) fn parse_time(py: Python<'_>, field: String, text: &str) -> PyResult<String> {
    guard(py, || {
        Timestamp::parse(text).map(|t| t.to_string()).map_err(|error| match error {
            Error::Time { text, reason, .. } => Error::Time { field, text, reason },
            other => other,
        })
    })
}

/// Checks a horizon and gives its start in UTC.
#[pyfunction]
pub(crate) fn check_horizon(py: Python<'_>, start: &str, step_min: u32, periods: usize) -> PyResult<String> {
    guard(py, || Ok(horizon(start, step_min, periods)?.start.to_string()))
}

/// Start and number of periods of the London day `date`.
#[pyfunction]
pub(crate) fn settlement_day(py: Python<'_>, date: &str, step_min: u32) -> PyResult<(String, usize)> {
    guard(py, || {
        let day = Horizon::settlement_day(date.parse()?, step_min)?;
        Ok((day.start.to_string(), day.periods))
    })
}
