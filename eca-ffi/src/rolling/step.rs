//! What a step gives: actions, and the plan behind them.

use crate::args::Out;
use crate::guard::guard;
use crate::handle::{self, Object, eca_plan, eca_problem, eca_step};
use crate::plan::Made;
use crate::problem::{Validated, json_of};
use crate::status::eca_status;
use crate::string;
use eca_core::Error;
use eca_core::mpc::{Source, Step};
use std::ffi::c_char;
use std::ptr::null_mut;

/// A plan that is proved to be within the gap that was asked for.
pub const ECA_SOURCE_OPTIMAL: i32 = 0;
/// The best plan in time.
pub const ECA_SOURCE_INCUMBENT: i32 = 1;
/// The last plan going on.
pub const ECA_SOURCE_SHIFTED: i32 = 2;
/// A simple policy.
pub const ECA_SOURCE_GREEDY: i32 = 3;
/// Every period was committed before: nothing was planned.
pub const ECA_SOURCE_COMMITTED: i32 = 4;
/// Nothing could be planned: what runs goes on where it must or may, batteries rest.
pub const ECA_SOURCE_SAFE: i32 = 5;

/// A step in the table.
pub(crate) struct Stepped(pub(super) Step);

impl Object for Stepped {
    type Opaque = eca_step;
    const KIND: usize = 9;
}

/// Gives where the answer of a step comes from, `ECA_SOURCE_OPTIMAL` to `ECA_SOURCE_SAFE`, the best first.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `source` is NULL or points to an `int32_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_step_source(step: *const eca_step, source: *mut i32) -> eca_status {
    guard("eca_step_source", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(source, "source") }?;
        let number = match handle::get::<Stepped>(step, "step")?.0.source {
            Source::Optimal => ECA_SOURCE_OPTIMAL,
            Source::Incumbent => ECA_SOURCE_INCUMBENT,
            Source::Shifted => ECA_SOURCE_SHIFTED,
            Source::Greedy => ECA_SOURCE_GREEDY,
            Source::Committed => ECA_SOURCE_COMMITTED,
            Source::Safe => ECA_SOURCE_SAFE,
            other => return Err(Error::Internal { message: format!("source {other} has no number") }.into()),
        };
        out.write(number);
        Ok(())
    })
}

/// Gives what is to be done in the committed periods as a JSON array; `[]` in shadow mode. Free it with `eca_string_free`.
///
/// An action has an `id`, the same for the same command however often it is sent: carry it out once; a `generation`, of
/// which the highest holds; `target`, `command`, and `not_before` and `expires`, between which it may be carried out.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_step_actions_json(step: *const eca_step, json: *mut *mut c_char) -> eca_status {
    guard("eca_step_actions_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        string::lend(json_of(&handle::get::<Stepped>(step, "step")?.0.actions, "actions")?, out)
    })
}

/// Gives a step as one line of JSON: `generation`, `source`, `reason`, `actions`, `proposed` (the same in shadow mode too),
/// `late` jobs, `plan` and `protection`. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_step_to_json(step: *const eca_step, json: *mut *mut c_char) -> eca_status {
    guard("eca_step_to_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        string::lend(handle::get::<Stepped>(step, "step")?.0.to_json()?, out)
    })
}

/// Gives the plan of the periods that were not committed before, NULL where nothing was planned. Free it with
/// `eca_plan_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `plan` is NULL or points to an `eca_plan *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_step_plan(step: *const eca_step, plan: *mut *mut eca_plan) -> eca_status {
    guard("eca_step_plan", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(plan, "plan") }?;
        let stepped = handle::get::<Stepped>(step, "step")?;
        match &stepped.0.plan {
            Some(plan) => handle::put(Made { plan: plan.clone(), report: stepped.0.report.clone() }, out),
            None => {
                out.write(null_mut());
                Ok(())
            }
        }
    })
}

/// Gives the problem of that plan, NULL where there is none: `eca_plan_check` and `eca_plan_explain` take both. Free it
/// with `eca_problem_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `problem` is NULL or points to an `eca_problem *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_step_problem(step: *const eca_step, problem: *mut *mut eca_problem) -> eca_status {
    guard("eca_step_problem", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(problem, "problem") }?;
        match &handle::get::<Stepped>(step, "step")?.0.problem {
            Some(problem) => handle::put(Validated(problem.clone()), out),
            None => {
                out.write(null_mut());
                Ok(())
            }
        }
    })
}

/// Frees a step. NULL is allowed. Plans and problems that came from it stay.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_step_free(step: *mut eca_step) -> eca_status {
    guard("eca_step_free", || handle::free::<Stepped>(step, "step"))
}
