//! Plans: documents, checks and totals. The arrays are in `series`.

mod numbers;
mod series;

pub use numbers::*;
pub use series::*;

use crate::args::{Out, text, text_n};
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::handle::{self, Object, eca_plan, eca_problem};
use crate::problem::{Validated, json_of};
use crate::status::eca_status;
use crate::string;
use eca_core::{Error, Plan, SolveReport};
use std::ffi::c_char;

/// A plan in the table, with the report of the solve that made it here.
pub(crate) struct Made {
    pub(crate) plan: Plan,
    pub(crate) report: Option<SolveReport>,
}

impl Object for Made {
    type Opaque = eca_plan;
    const KIND: usize = 5;
}

/// Reads a plan document (`eca-plan/1`) that ends with NUL. Free it with `eca_plan_free`.
///
/// Its form is checked; whether it is right is what `eca_plan_check` says. The text is copied. Any thread.
/// Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// `json` is NULL or ends with NUL, `plan` is NULL or points to an `eca_plan *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_from_json(json: *const c_char, plan: *mut *mut eca_plan) -> eca_status {
    guard("eca_plan_from_json", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (json, out) = unsafe { (text(json, "json")?, Out::new(plan, "plan")?) };
        handle::put(Made { plan: Plan::from_json(json)?, report: None }, out)
    })
}

/// `eca_plan_from_json` for a text of `length` bytes without a NUL behind it.
///
/// # Safety
/// `json` is NULL or has `length` bytes, `plan` is NULL or points to an `eca_plan *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_from_json_n(
    json: *const c_char,
    length: usize,
    plan: *mut *mut eca_plan,
) -> eca_status {
    guard("eca_plan_from_json_n", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (json, out) = unsafe { (text_n(json, length, "json")?, Out::new(plan, "plan")?) };
        handle::put(Made { plan: Plan::from_json(json)?, report: None }, out)
    })
}

/// Gives the document of a plan as one line of JSON, the same bytes for the same plan. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_to_json(plan: *const eca_plan, json: *mut *mut c_char) -> eca_status {
    guard("eca_plan_to_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        string::lend(handle::get::<Made>(plan, "plan")?.plan.to_json()?, out)
    })
}

/// Gives engine, solver, sizes and timings of the solve that made the plan, as JSON. They differ between runs and
/// machines, so they are not in the plan document. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_UNSUPPORTED` for a plan that was read from JSON, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_report_json(plan: *const eca_plan, json: *mut *mut c_char) -> eca_status {
    guard("eca_plan_report_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        let made = handle::get::<Made>(plan, "plan")?;
        let report = made.report.as_ref().ok_or_else(|| Error::Unsupported {
            object: "plan".into(),
            feature: "a solve report",
            reason: "it was read from JSON; only eca_problem_solve has one".into(),
        })?;
        string::lend(json_of(report, "report")?, out)
    })
}

/// Recomputes every limit, cost and gram of a plan from its problem, independently of the solver.
///
/// `passed` becomes 1 if nothing is wrong, else 0; `report` becomes JSON with `passed`, the `findings` (rule, object,
/// period, message) and the recomputed `totals`: free it with `eca_string_free`. Either may be NULL. Without `passed`, a
/// plan that fails gives `ECA_STATUS_CHECK_FAILED` and the first finding as message, so that no result is overlooked.
///
/// Any thread. Errors: `ECA_STATUS_CHECK_FAILED`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `passed` is NULL or points to an `int32_t`, `report` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_check(
    plan: *const eca_plan,
    problem: *const eca_problem,
    passed: *mut i32,
    report: *mut *mut c_char,
) -> eca_status {
    guard("eca_plan_check", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (passed, report) = unsafe { (Out::if_given(passed, "passed")?, Out::if_given(report, "report")?) };
        let made = handle::get::<Made>(plan, "plan")?;
        let problem = handle::get::<Validated>(problem, "problem")?;
        let check = made.plan.check(&problem.0);
        if passed.is_none()
            && let Some(first) = check.findings.first()
        {
            return Err(Failure::Check { count: check.findings.len(), first: first.to_string() });
        }
        if let Some(report) = report {
            let json = serde_json::json!({
                "passed": check.passed(), "findings": check.findings, "totals": check.totals
            });
            string::lend(json.to_string(), report)?;
        }
        if let Some(passed) = passed {
            passed.write(check.passed().into());
        }
        Ok(())
    })
}

/// Says what binds in a plan and what everything is worth: marginal prices of energy, capacity, carbon, batteries and
/// jobs, to first order, with the schedules of the plan given.
///
/// `json` becomes the document `eca-explanation/1`, `words` the same for people, a few lines: free both with
/// `eca_string_free`. `words` may be NULL. The call blocks while a linear program is solved; `problem` is the one of the
/// plan.
///
/// Any thread. Errors: `ECA_STATUS_MISMATCH` for a plan that does not pass its check against `problem`,
/// `ECA_STATUS_SOLVER`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` and `words` are NULL or point to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_explain(
    plan: *const eca_plan,
    problem: *const eca_problem,
    json: *mut *mut c_char,
    words: *mut *mut c_char,
) -> eca_status {
    guard("eca_plan_explain", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (json, words) = unsafe { (Out::new(json, "json")?, Out::if_given(words, "words")?) };
        let made = handle::get::<Made>(plan, "plan")?;
        let problem = handle::get::<Validated>(problem, "problem")?;
        let explanation = made.plan.explain(&problem.0)?;
        let document = explanation.to_json()?;
        if let Some(words) = words {
            string::lend(explanation.to_string(), words)?;
        }
        string::lend(document, json)
    })
}

/// Gives the limits that the plan does not keep, as a JSON array of `{"rule", "object", "period", "amount", "unit",
/// "price_gbp"}`; `[]` where it keeps all. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_broken_limits_json(plan: *const eca_plan, json: *mut *mut c_char) -> eca_status {
    guard("eca_plan_broken_limits_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        let made = handle::get::<Made>(plan, "plan")?;
        string::lend(json_of(&made.plan.broken_limits, "broken limits")?, out)
    })
}

/// Gives one line for people, such as `optimal plan: 812.44 GBP, 9.1 MWh, 712.0 kg CO2, gap 0.0000 %`. Free it with
/// `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `line` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_to_text(plan: *const eca_plan, line: *mut *mut c_char) -> eca_status {
    guard("eca_plan_to_text", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(line, "line") }?;
        string::lend(handle::get::<Made>(plan, "plan")?.plan.to_string(), out)
    })
}

/// Frees a plan. NULL is allowed.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_plan_free(plan: *mut eca_plan) -> eca_status {
    guard("eca_plan_free", || handle::free::<Made>(plan, "plan"))
}

/// Reads a value of a plan into a place of the caller.
///
/// # Safety
/// `place` is NULL or points to memory for a `T`.
unsafe fn give<T>(
    plan: *const eca_plan,
    place: *mut T,
    argument: &'static str,
    read: impl FnOnce(&Plan) -> Result<T>,
) -> Result<()> {
    // SAFETY: the caller promises that it is NULL or valid.
    let out = unsafe { Out::new(place, argument) }?;
    let made = handle::get::<Made>(plan, "plan")?;
    out.write(read(&made.plan)?);
    Ok(())
}
