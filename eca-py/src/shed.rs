//! Shed ladders: what a site can give up at once, and answers from it without a solve.

use crate::errors::{guard, json};
use crate::plan::Plan;
use crate::problem::Problem;
use eca_core::flex::{ShedRequest, ShedSettings};
use pyo3::prelude::*;

/// A shed ladder.
#[pyclass(frozen, module = "eca._eca")]
pub(crate) struct ShedLadder {
    inner: eca_core::flex::ShedLadder,
}

#[pymethods]
impl ShedLadder {
    /// The ladder of a region in a period of a plan; the seconds that devices take are JSON.
    #[staticmethod]
    fn of(
        py: Python<'_>,
        plan: &Plan,
        problem: &Problem,
        region: &str,
        period: usize,
        settings: &str,
    ) -> PyResult<Self> {
        let settings: ShedSettings = guard(py, || crate::settle::read("settings", settings))?;
        let inner = guard(py, || py.detach(|| plan.inner.shed_ladder(&problem.inner, region, period, &settings)))?;
        Ok(Self { inner })
    }

    /// Reads a ladder.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        Ok(Self { inner: guard(py, || eca_core::flex::ShedLadder::from_json(text))? })
    }

    /// The document as one line of JSON.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || self.inner.to_json())
    }

    /// The steps that answer a request, and the import over time, as JSON.
    fn answer(&self, py: Python<'_>, request: &str) -> PyResult<String> {
        let request: ShedRequest = guard(py, || crate::settle::read("request", request))?;
        guard(py, || json(&self.inner.answer(&request)?))
    }
}
