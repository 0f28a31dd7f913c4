//! Audits of logs: files are read here, judged in eca-beckn.

use crate::args::{Out, text};
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::problem::json_of;
use crate::status::eca_status;
use crate::string;
use eca_beckn::{Error, Trust};
use serde_json::json;
use std::ffi::c_char;
use std::path::Path;

/// Verifies the log in a directory from its files alone: signed head, every tile and record, what records cite, message
/// signatures, certificates, settlements, the fund. A directory with the yearly shards of a log is audited as one.
///
/// `trust_json` is the text of a trust file, with keys from outside the log; without it (NULL) a log can only be found to
/// agree with itself, and does not pass. `since` is the text of an earlier signed head, which the log must continue; NULL
/// for none. `passed` becomes 1 or 0, `report` a JSON object with `passed`, `trusted`, `records`, `checked` (what held) and
/// `faults` (`place`, `reason`); free it with `eca_string_free`. Either may be NULL.
///
/// A log that does not pass is no failure of this call. The texts are copied. Any thread, also several on one log. Errors:
/// `ECA_STATUS_PARSE` if the directory or a file cannot be read, `ECA_STATUS_DOCUMENT` for a trust file that cannot be
/// used, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `passed` and `report` are NULL or point to an `int32_t` and a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_audit(
    folder: *const c_char,
    trust_json: *const c_char,
    since: *const c_char,
    passed: *mut i32,
    report: *mut *mut c_char,
) -> eca_status {
    guard("eca_audit", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (folder, passed, report) =
            unsafe { (text(folder, "folder")?, Out::if_given(passed, "passed")?, Out::if_given(report, "report")?) };
        // SAFETY: as above; NULL is none.
        let trust = if trust_json.is_null() { None } else { Some(unsafe { text(trust_json, "trust_json") }?) };
        // SAFETY: as above; NULL is none.
        let since = if since.is_null() { None } else { Some(unsafe { text(since, "since") }?) };
        let (good, found) = audited(folder, trust, since)?;
        if let Some(report) = report {
            string::lend(found, report)?;
        }
        if let Some(passed) = passed {
            passed.write(i32::from(good));
        }
        Ok(())
    })
}

fn audited(folder: &str, trust: Option<&str>, since: Option<&str>) -> Result<(bool, String)> {
    let trust = trust.map(Trust::parse).transpose().map_err(refused)?;
    let found = eca_beckn::audit_folder(Path::new(folder), trust.as_ref(), since).map_err(refused)?;
    let faults: Vec<_> =
        found.faults.iter().map(|fault| json!({"place": fault.place, "reason": fault.reason})).collect();
    let report = json!({
        "passed": found.passed(),
        "trusted": found.trusted,
        "records": found.records,
        "checked": found.checked,
        "faults": faults,
    });
    Ok((found.passed(), json_of(&report, "audit")?))
}

/// What cannot be read is told apart from what cannot be used.
fn refused(error: Error) -> Failure {
    match error {
        Error::Core(error) => Failure::Core(error),
        Error::Store { place, source } => {
            Failure::Core(eca_core::Error::Parse { source_name: place, line: 0, message: source.to_string() })
        }
        other => Failure::Core(eca_core::Error::Document { path: "audit".into(), message: other.to_string() }),
    }
}
