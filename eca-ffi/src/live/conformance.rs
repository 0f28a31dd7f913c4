//! The conformance functions for adapters that are written in C.

use super::adapter::{Table, eca_adapter};
use crate::args::{Out, text};
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::status::eca_status;
use crate::string;
use eca_core::adapter::conformance::{self, FakeTime, Finding, Stage};
use eca_core::signal::Column;
use eca_core::{Battery, Error, Timestamp};
use serde::Deserialize;
use std::ffi::{c_char, c_void};

/// Somebody who lets time pass for a device that is real.
///
/// `now` gives the present instant in seconds since 1970 UTC, `wait` comes back after so many seconds.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct eca_stage {
    /// `sizeof(eca_stage)`.
    pub size: usize,
    /// Handed to the functions and not looked at.
    pub user_data: *mut c_void,
    /// Never NULL.
    pub now: Option<unsafe extern "C" fn(user_data: *mut c_void) -> i64>,
    /// Never NULL.
    pub wait: Option<unsafe extern "C" fn(user_data: *mut c_void, seconds: i64)>,
    /// Time in which the device does what it was told, s.
    pub settle_s: i64,
    /// Length of the commands of the test, s.
    pub command_s: i64,
}

struct InC {
    user_data: *mut c_void,
    now: unsafe extern "C" fn(*mut c_void) -> i64,
    wait: unsafe extern "C" fn(*mut c_void, i64),
    settle_s: i64,
    command_s: i64,
}

impl Stage for InC {
    fn now(&self) -> Timestamp {
        // SAFETY: the caller promised that it can be called.
        Timestamp::from_unix_s(unsafe { (self.now)(self.user_data) }).unwrap_or(Timestamp::EPOCH)
    }
    fn wait_s(&self, seconds: i64) {
        // SAFETY: as above.
        unsafe { (self.wait)(self.user_data, seconds) }
    }
    fn settle_s(&self) -> i64 {
        self.settle_s
    }
    fn command_s(&self) -> i64 {
        self.command_s
    }
}

/// What an adapter is.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum What {
    Cluster { job: String, region: String },
    Battery(Battery),
    Meter {},
    Signals { region: String, column: Column, hours: i64 },
}

/// Judges an adapter: gives a JSON list of `{"rule", "seen"}`, empty where nothing is wrong. Free it with `eca_string_free`.
///
/// `like` says what it is: `{"battery": {...}}` with the battery of a problem document, half full;
/// `{"cluster": {"job": "train", "region": "london"}}` with a preemptible job that has not started; `{"meter": {}}`;
/// `{"signals": {"region": "london", "column": "import_price_gbp_per_mwh", "hours": 24}}`. `stage` lets time pass; NULL for
/// an adapter that lives in the time of its requests, which then begins in March 2026.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// `adapter` and `stage` are NULL or their functions can be called, `like` is NULL or ends with NUL, `findings` is NULL or
/// points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_adapter_conformance(
    adapter: *const eca_adapter,
    like: *const c_char,
    stage: *const eca_stage,
    findings: *mut *mut c_char,
) -> eca_status {
    guard("eca_adapter_conformance", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (like, out) = unsafe { (text(like, "like")?, Out::new(findings, "findings")?) };
        // SAFETY: as above.
        let table = unsafe { Table::new(adapter, "adapter in C".into()) }?;
        let document = |message: String| Failure::from(Error::Document { path: "like".into(), message });
        let what: What = serde_json::from_str(like).map_err(|error| document(error.to_string()))?;
        // SAFETY: as above.
        let stage = unsafe { stage_of(stage) }?;
        let found = match &what {
            What::Cluster { job, region } => {
                conformance::workloads(&*table, job.as_str(), region.as_str(), stage.as_ref())
            }
            What::Battery(battery) => conformance::storage_device(&*table, battery, stage.as_ref()),
            What::Meter {} => conformance::meter(&*table, stage.as_ref()),
            What::Signals { region, column, hours } => {
                conformance::signal_source(&*table, region, *column, *hours, stage.as_ref())
            }
        };
        let found: Vec<_> =
            found.iter().map(|Finding { rule, seen, .. }| serde_json::json!({"rule": rule, "seen": seen})).collect();
        string::lend(serde_json::Value::from(found).to_string(), out)
    })
}

/// # Safety
/// `stage` is NULL or points to an `eca_stage` whose functions can be called.
unsafe fn stage_of(stage: *const eca_stage) -> Result<Box<dyn Stage>> {
    /// 2026-03-02T00:00:00Z.
    const BEGIN_UNIX_S: i64 = 1_772_409_600;
    if stage.is_null() {
        return Ok(Box::new(FakeTime::new(Timestamp::from_unix_s(BEGIN_UNIX_S)?)));
    }
    // SAFETY: the caller promises the same.
    let given = unsafe { crate::args::array(stage, 1, "stage") }?;
    let given = *given.first().ok_or(Failure::Null("stage"))?;
    match (given.now, given.wait) {
        (Some(now), Some(wait)) if given.size == size_of::<eca_stage>() => Ok(Box::new(InC {
            user_data: given.user_data,
            now,
            wait,
            settle_s: given.settle_s,
            command_s: given.command_s,
        })),
        _ => {
            let message = "its size must be sizeof(eca_stage), `now` and `wait` not NULL".to_owned();
            Err(Error::Document { path: "stage".into(), message }.into())
        }
    }
}
