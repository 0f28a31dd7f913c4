//! Errors of eca-core as the exception classes of `eca`, and panics as `eca.EcaInternalError`.

use eca_core::{Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work` so that an error becomes its exception class and a panic an `eca.EcaInternalError`.
///
/// Without it a panic would be a `BaseException`, which `except Exception` does not catch.
pub(crate) fn guard<T>(py: Python<'_>, work: impl FnOnce() -> Result<T>) -> PyResult<T> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|error| exception(py, &error)),
        Err(payload) => Err(exception(py, &panicked(payload.as_ref()))),
    }
}

/// The error that stands for a panic.
pub(crate) fn panicked(payload: &(dyn Any + Send)) -> Error {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panic without a message".to_owned());
    Error::Internal { message: text }
}

/// JSON of something that eca-core reports.
pub(crate) fn json<T: serde::Serialize + ?Sized>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Internal { message: format!("to JSON: {e}") })
}

/// The Python exception of an error: the classes are written in Python, `eca/_errors.py`.
pub(crate) fn exception(py: Python<'_>, error: &Error) -> PyErr {
    let made = attributes(py, error).and_then(|attributes| {
        py.import("eca._errors")?.call_method1("from_kind", (error.kind().name(), error.to_string(), attributes))
    });
    match made {
        Ok(value) => PyErr::from_value(value),
        Err(failed) => failed,
    }
}

/// What the error knows, under the names of its fields.
fn attributes<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyDict>> {
    let known = PyDict::new(py);
    macro_rules! set {
        ($($name:ident),*) => {{ $(known.set_item(stringify!($name), $name)?;)* }};
    }
    match error {
        Error::Document { path, message } => set!(path, message),
        Error::Value { object, field, value, limit, unit } => set!(object, field, value, limit, unit),
        Error::Length { object, field, length, expected } => set!(object, field, length, expected),
        Error::Duplicate { kind, id } => {
            known.set_item("object", kind)?;
            set!(id);
        }
        Error::Unknown { object, field, kind, id, known: names } => {
            known.set_item("wanted", kind)?;
            known.set_item("known", names)?;
            set!(object, field, id);
        }
        Error::Unsupported { object, feature, reason } => set!(object, feature, reason),
        Error::CannotFit { job, needs_mwh, fits_mwh, deadline, reason } => {
            set!(job, needs_mwh, fits_mwh, deadline, reason);
        }
        Error::Time { field, text, reason } => set!(field, text, reason),
        Error::Gap { column, region, missing, periods, first, hint } => {
            set!(column, region, missing, periods, first, hint);
        }
        Error::Parse { source_name, line, message } => set!(source_name, line, message),
        Error::Currency { column, currency } => set!(column, currency),
        Error::Solver { solver, message, .. } => set!(solver, message),
        Error::Infeasible { rules } => set!(rules),
        Error::Mismatch { reason } => set!(reason),
        Error::Internal { message } => set!(message),
        _ => {}
    }
    Ok(known)
}
