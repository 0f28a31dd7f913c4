//! Shed ladders: documents in, documents out.

use crate::args::{Out, text};
use crate::guard::guard;
use crate::handle::{self, eca_plan, eca_problem};
use crate::plan::Made;
use crate::problem::{Validated, json_of};
use crate::status::eca_status;
use crate::string;
use eca_core::Error;
use eca_core::flex::{ShedLadder, ShedSettings};
use std::ffi::c_char;

/// Gives what a region can give up in a period of a plan, worked out beforehand: the document `eca-shed-ladder/1`. Free it
/// with `eca_string_free`.
///
/// `settings_json` has the seconds that devices take, such as `{"cap_s": 5, "pause_s": 60, "migrate_s": 120, "battery_s": 2}`;
/// NULL for these. `problem` is the one of the plan.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for a region that is not there, `ECA_STATUS_VALUE` for a period beyond the
/// horizon, `ECA_STATUS_MISMATCH` for a plan of another problem, `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_HANDLE`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `ladder` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_shed_ladder(
    plan: *const eca_plan,
    problem: *const eca_problem,
    region: *const c_char,
    period: usize,
    settings_json: *const c_char,
    ladder: *mut *mut c_char,
) -> eca_status {
    guard("eca_plan_shed_ladder", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (region, out) = unsafe { (text(region, "region")?, Out::new(ladder, "ladder")?) };
        // SAFETY: as above; NULL is none.
        let given = if settings_json.is_null() { "{}" } else { unsafe { text(settings_json, "settings_json") }? };
        let settings: ShedSettings = read("settings_json", given)?;
        let made = handle::get::<Made>(plan, "plan")?;
        let problem = handle::get::<Validated>(problem, "problem")?;
        string::lend(made.plan.shed_ladder(&problem.0, region, period, &settings)?.to_json()?, out)
    })
}

/// Gives the steps of a ladder that answer a request, with their seconds and cost, and the import over time, as JSON. No
/// solve: reading the ladder takes longer than the answer. Free it with `eca_string_free`.
///
/// `request_json` is such as `{"power_mw": 6.3, "response_s": 30, "hold_s": 3600, "ramp_mw_per_min": 12,
/// "rebound_max_mw": 9}`; all but `power_mw` may be left out.
///
/// Any thread. Errors: `ECA_STATUS_INFEASIBLE` with the reason where the ladder does not reach, `ECA_STATUS_VALUE`,
/// `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `answer` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_shed_ladder_answer(
    ladder_json: *const c_char,
    request_json: *const c_char,
    answer: *mut *mut c_char,
) -> eca_status {
    guard("eca_shed_ladder_answer", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (ladder, request, out) = unsafe {
            (text(ladder_json, "ladder_json")?, text(request_json, "request_json")?, Out::new(answer, "answer")?)
        };
        let ladder = ShedLadder::from_json(ladder)?;
        let found = ladder.answer(&read("request_json", request)?)?;
        string::lend(json_of(&found, "answer")?, out)
    })
}

fn read<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|e| Error::Document { path: what.to_owned(), message: e.to_string() })
}
