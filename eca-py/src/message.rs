//! Messages of the Beckn dialects: what they are, and whether they would be taken.

use crate::errors::guard;
use eca_beckn::Envelope;
use pyo3::prelude::*;

/// Dialect, action and verdict of the schema.
type Verdict = (String, String, String);
/// What is refused and why.
type Refusal = (String, String);

/// Dialect, action and schema verdict of a message, or the code and reason why it is refused.
#[pyfunction]
pub(crate) fn read_message(py: Python<'_>, body: &[u8]) -> PyResult<(Option<Verdict>, Option<Refusal>)> {
    guard(py, || {
        Ok(match Envelope::parse(body) {
            Ok(read) => (Some((read.dialect.to_string(), read.action.clone(), read.schema().to_string())), None),
            Err(error) => (None, Some((error.code().to_owned(), error.to_string()))),
        })
    })
}
