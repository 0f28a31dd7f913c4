//! A validated problem.

use crate::errors::{guard, json};
use crate::plan::Plan;
use crate::solve::{self, Request};
use pyo3::prelude::*;
use std::sync::Arc;

/// A validated problem.
#[pyclass(frozen, module = "eca._eca")]
pub(crate) struct Problem {
    pub(crate) inner: Arc<eca_core::Problem>,
}

#[pymethods]
impl Problem {
    /// Reads and validates a problem document.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        let inner = guard(py, || py.detach(|| eca_core::Problem::from_json(text)))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The document as one line of JSON.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || py.detach(|| self.inner.to_json()))
    }

    /// SHA-256 of the RFC 8785 bytes of the document.
    fn hash(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || py.detach(|| Ok(self.inner.hash())))
    }

    /// JSON of the values that are allowed but look wrong.
    fn warnings(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || json(self.inner.warnings()))
    }

    /// JSON of the limits that cannot be kept together and what would mend it; none where a plan keeps them all.
    fn conflict(&self, py: Python<'_>) -> PyResult<Option<String>> {
        guard(py, || py.detach(|| self.inner.conflict()?.as_ref().map(json).transpose()))
    }

    /// The problem after what a plan takes of its opportunities is sold.
    fn accept(&self, py: Python<'_>, plan: &super::plan::Plan) -> PyResult<Self> {
        let inner = guard(py, || py.detach(|| self.inner.accept(&plan.inner)))?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// The problem with the changes of a repair, given as JSON.
    fn repaired(&self, py: Python<'_>, repair: &str) -> PyResult<Self> {
        let inner = guard(py, || {
            py.detach(|| {
                let repair: eca_core::explain::Repair = serde_json::from_str(repair)
                    .map_err(|e| eca_core::Error::Document { path: "repair".into(), message: e.to_string() })?;
                repair.apply(&self.inner)
            })
        })?;
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Plans the problem: the plan, and the JSON of how it was found.
    #[pyo3(signature = (*, engine, solver, gap, time_limit_s, node_limit, seed, references, progress))]
    #[allow(clippy::too_many_arguments)]
    fn solve(
        &self,
        py: Python<'_>,
        engine: &str,
        solver: &str,
        gap: f64,
        time_limit_s: Option<f64>,
        node_limit: Option<u64>,
        seed: u32,
        references: bool,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<(Plan, String)> {
        let request = Request { engine, solver, gap, time_limit_s, node_limit, seed, references };
        let settings = guard(py, || request.settings())?;
        solve::solve(py, Arc::clone(&self.inner), settings, progress)
    }

    /// JSON of the least carbon with which every promise can be kept.
    #[pyo3(signature = (*, engine, solver, gap, time_limit_s, progress))]
    fn lowest_carbon(
        &self,
        py: Python<'_>,
        engine: &str,
        solver: &str,
        gap: f64,
        time_limit_s: Option<f64>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<String> {
        let request = Request { engine, solver, gap, time_limit_s, node_limit: None, seed: 0, references: false };
        let settings = guard(py, || request.settings())?;
        let problem = guard(py, || self.inner.carbon_alone())?;
        let (plan, _) = solve::solve(py, Arc::new(problem), settings, progress)?;
        guard(py, || json(&eca_core::explain::LowestCarbon::of(&plan.inner)))
    }
}
