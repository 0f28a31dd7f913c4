//! Series files and answers of market services as signals, and signals on the periods of a horizon.

use crate::clock::horizon;
use crate::errors::{guard, json};
use eca_core::signal::{self, CarbonAccounting, CarbonValue, Column, Duplicates, GapPolicy, ReadOptions, parse};
use eca_core::{Error, Result, Timestamp};
use pyo3::prelude::*;
use std::collections::BTreeMap;

/// The choices of a read, all of them given.
#[derive(FromPyObject)]
#[pyo3(from_item_all)]
pub(crate) struct Choices {
    region: Option<String>,
    duplicates: String,
    retrieved_at: Option<String>,
    issued_at: Option<String>,
    source: Option<String>,
    column: Option<String>,
    carbon_value: String,
    carbon_accounting: String,
    region_names: BTreeMap<u16, String>,
    inc_vat: bool,
    rates: BTreeMap<String, f64>,
    map: Vec<(String, String)>,
    step_min: Option<u32>,
}

impl Choices {
    fn options(self) -> Result<ReadOptions> {
        let mut options = ReadOptions::default().inc_vat(self.inc_vat).duplicates(duplicates(&self.duplicates)?);
        options.region = self.region;
        options.source = self.source;
        options.step_min = self.step_min;
        options.region_names = self.region_names;
        options.map = self.map;
        options.retrieved_at = self.retrieved_at.as_deref().map(Timestamp::parse).transpose()?;
        options.issued_at = self.issued_at.as_deref().map(Timestamp::parse).transpose()?;
        options.column = self.column.as_deref().map(str::parse).transpose()?;
        options.carbon_value = match self.carbon_value.as_str() {
            "forecast" => CarbonValue::Forecast,
            "actual" => CarbonValue::Actual,
            "actual_else_forecast" => CarbonValue::ActualElseForecast,
            other => return Err(unknown("carbon_value", other, "forecast, actual, actual_else_forecast")),
        };
        options.carbon_accounting = match self.carbon_accounting.as_str() {
            "lifecycle" => CarbonAccounting::Lifecycle,
            "direct" => CarbonAccounting::Direct,
            other => return Err(unknown("carbon_accounting", other, "lifecycle, direct")),
        };
        self.rates.iter().try_fold(options, |options, (currency, rate)| options.rate(currency, *rate))
    }
}

fn duplicates(name: &str) -> Result<Duplicates> {
    match name {
        "refuse" => Ok(Duplicates::Refuse),
        "keep_first" => Ok(Duplicates::KeepFirst),
        "keep_last" => Ok(Duplicates::KeepLast),
        other => Err(unknown("duplicates", other, "refuse, keep_first, keep_last")),
    }
}

fn unknown(field: &'static str, id: &str, known: &str) -> Error {
    Error::Unknown { object: "signals".into(), field, kind: field, id: id.into(), known: known.into() }
}

/// Signals by region and column.
#[pyclass(frozen, module = "eca._eca")]
pub(crate) struct Signals {
    inner: signal::Signals,
}

#[pymethods]
impl Signals {
    /// Reads the text of one source.
    #[staticmethod]
    fn parse(py: Python<'_>, source: &str, text: &str, choices: Choices) -> PyResult<Self> {
        guard(py, || {
            let options = choices.options()?;
            let read = match source {
                "csv" => parse::csv::read,
                "neso" => parse::neso::read,
                "neso_csv" => parse::neso::read_csv,
                "elexon_system_prices" => parse::elexon::system_prices,
                "elexon_market_index" => parse::elexon::market_index,
                "octopus" => parse::octopus::read,
                other => return Err(unknown("source", other, "csv, neso, neso_csv, elexon_..., octopus")),
            };
            Ok(Self { inner: py.detach(|| read(text, &options))? })
        })
    }

    /// No signals.
    #[staticmethod]
    fn empty() -> Self {
        Self { inner: signal::Signals::new() }
    }

    /// The points that overlap the time from `start` to `end`.
    fn between(&self, py: Python<'_>, start: &str, end: &str) -> PyResult<Self> {
        guard(py, || Ok(Self { inner: self.inner.between(Timestamp::parse(start)?, Timestamp::parse(end)?) }))
    }

    /// These signals and a warning.
    fn warned(&self, warning: &str) -> Self {
        let mut inner = self.inner.clone();
        inner.warn(warning);
        Self { inner }
    }

    /// The regions, sorted.
    fn regions(&self) -> Vec<String> {
        self.inner.regions().map(str::to_owned).collect()
    }

    /// The columns of a region.
    fn columns(&self, region: &str) -> Vec<&'static str> {
        self.inner.columns(region).map(Column::name).collect()
    }

    /// What a person should know about the read.
    fn warnings(&self) -> Vec<String> {
        self.inner.warnings().to_vec()
    }

    /// Start of the first and end of the last known value of a signal.
    fn span(&self, py: Python<'_>, region: &str, column: &str) -> PyResult<Option<(String, String)>> {
        guard(py, || {
            let span = self.inner.get(region, column.parse()?)?.span();
            Ok(span.map(|(start, end)| (start.to_string(), end.to_string())))
        })
    }

    /// JSON of where a signal comes from.
    fn provenance(&self, py: Python<'_>, region: &str, column: &str) -> PyResult<String> {
        guard(py, || json(self.inner.get(region, column.parse()?)?.provenance()))
    }

    /// Tidy CSV of all points.
    fn to_csv(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || py.detach(|| self.inner.to_tidy_csv()))
    }

    /// These and other signals.
    fn merge(&self, py: Python<'_>, other: &Self, duplicates: &str) -> PyResult<Self> {
        guard(py, || {
            let mut inner = self.inner.clone();
            inner.merge(other.inner.clone(), self::duplicates(duplicates)?)?;
            Ok(Self { inner })
        })
    }

    /// These signals, and a column of one region for another region too.
    fn copy(&self, py: Python<'_>, column: &str, from_: &str, to: &str) -> PyResult<Self> {
        guard(py, || {
            let mut inner = self.inner.clone();
            inner.copy(column.parse()?, from_, to)?;
            Ok(Self { inner })
        })
    }

    /// The values on the periods of a horizon, the periods that were filled, and the JSON of where they come from.
    #[allow(clippy::too_many_arguments)]
    fn align(
        &self,
        py: Python<'_>,
        region: &str,
        column: &str,
        start: &str,
        step_min: u32,
        periods: usize,
        gap: &str,
        max_periods: usize,
    ) -> PyResult<(Vec<f64>, Vec<usize>, String)> {
        guard(py, || {
            let policy = match gap {
                "error" => GapPolicy::Error,
                "hold" => GapPolicy::Hold { max_periods },
                "forecast" => GapPolicy::Forecast,
                other => return Err(unknown("gap", other, "error, hold, forecast")),
            };
            let (column, horizon) = (column.parse()?, horizon(start, step_min, periods)?);
            let aligned = py.detach(|| self.inner.align(region, column, &horizon, policy))?;
            Ok((aligned.values, aligned.filled, json(&aligned.provenance)?))
        })
    }

    /// The values on the periods of a horizon; a gap stays none.
    fn align_gaps(
        &self,
        py: Python<'_>,
        region: &str,
        column: &str,
        start: &str,
        step_min: u32,
        periods: usize,
    ) -> PyResult<Vec<Option<f64>>> {
        guard(py, || self.inner.align_gaps(region, column.parse()?, &horizon(start, step_min, periods)?))
    }
}

/// The address of the next page of an answer of Octopus; none on the last one.
#[pyfunction]
pub(crate) fn octopus_next_page(py: Python<'_>, text: &str) -> PyResult<Option<String>> {
    guard(py, || parse::octopus::next_page(text))
}
