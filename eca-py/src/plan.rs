//! A plan document.

use crate::errors::{guard, json};
use crate::problem::Problem;
use pyo3::prelude::*;

/// A plan document.
#[pyclass(frozen, module = "eca._eca")]
pub(crate) struct Plan {
    pub(crate) inner: eca_core::Plan,
}

#[pymethods]
impl Plan {
    /// Reads a plan document.
    #[staticmethod]
    fn from_json(py: Python<'_>, text: &str) -> PyResult<Self> {
        Ok(Self { inner: guard(py, || py.detach(|| eca_core::Plan::from_json(text)))? })
    }

    /// The document as one line of JSON.
    fn to_json(&self, py: Python<'_>) -> PyResult<String> {
        guard(py, || py.detach(|| self.inner.to_json()))
    }

    /// JSON of everything that is wrong with the plan as a plan of `problem`, and of the totals as recomputed.
    fn check(&self, py: Python<'_>, problem: &Problem) -> PyResult<String> {
        guard(py, || py.detach(|| json(&self.inner.check(&problem.inner))))
    }

    /// JSON of what binds in the plan and what it is worth, and the same in words.
    fn explain(&self, py: Python<'_>, problem: &Problem) -> PyResult<(String, String)> {
        guard(py, || {
            py.detach(|| {
                let found = self.inner.explain(&problem.inner)?;
                Ok((found.to_json()?, found.to_string()))
            })
        })
    }
}
