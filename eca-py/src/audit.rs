//! Audits of logs: files are read here, judged in eca-beckn.

use crate::errors::guard;
use eca_beckn::{AuditReport, Error, Trust};
use pyo3::exceptions::PyOSError;
use pyo3::prelude::*;
use std::path::Path;

/// What a person reads, whether it passed, what was checked, and faults as (place, reason).
type Findings = (String, bool, Vec<String>, Vec<(String, String)>);

/// Audits the log, or its shards, in a directory by the text of a trust file and of an earlier head, where there are any.
#[pyfunction]
pub(crate) fn audit(py: Python<'_>, folder: &str, trust: Option<&str>, since: Option<&str>) -> PyResult<Findings> {
    let found = guard(py, || {
        Ok(py.detach(|| -> Result<AuditReport, Error> {
            let trust = trust.map(Trust::parse).transpose()?;
            eca_beckn::audit_folder(Path::new(folder), trust.as_ref(), since)
        }))
    })?;
    match found {
        Ok(report) => {
            let faults = report.faults.iter().map(|fault| (fault.place.clone(), fault.reason.clone())).collect();
            Ok((report.to_string(), report.passed(), report.checked, faults))
        }
        Err(error @ Error::Store { .. }) => Err(PyOSError::new_err(error.to_string())),
        Err(error) => {
            guard(py, || Err(eca_core::Error::Document { path: "audit".to_owned(), message: error.to_string() }))
        }
    }
}
