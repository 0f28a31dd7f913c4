//! Which limits of a problem cannot be kept together, the problems with a repair in them, and how low a carbon cap can be set.

use crate::args::Out;
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::handle::{self, Object, eca_conflict, eca_plan, eca_problem, eca_settings};
use crate::plan::Made;
use crate::problem::{Validated, json_of};
use crate::settings::Choice;
use crate::status::eca_status;
use crate::string;
use eca_core::Error;
use eca_core::explain::{Conflict, Repair};
use std::ffi::c_char;
use std::ptr::null_mut;
use std::sync::Arc;

/// A conflict in the table, with the problem it is one of.
pub(crate) struct Found {
    problem: Arc<Validated>,
    conflict: Conflict,
}

impl Object for Found {
    type Opaque = eca_conflict;
    const KIND: usize = 6;
}

impl Found {
    /// The repair with this number.
    fn repair(&self, number: usize) -> Result<&Repair> {
        let repairs = &self.conflict.repairs;
        let known = (!repairs.is_empty()).then(|| format!("0 to {}", repairs.len() - 1));
        let found = repairs.get(number);
        found.ok_or_else(|| Failure::unknown("repair", &number.to_string(), known.as_deref()))
    }
}

/// Looks for limits that cannot be kept together, and for repairs. `conflict` becomes NULL where a plan that keeps every
/// limit was found, else a handle: free it with `eca_conflict_free`.
///
/// Limits are IT capacity, import limits, carbon caps (priced ones too) and deadlines (hard and priced). A problem that
/// `eca_problem_solve` can only solve with broken limits has such a conflict, or a limit that does not pay. The call blocks.
///
/// Any thread. Errors: `ECA_STATUS_INFEASIBLE` where the limits cannot be kept whatever gives way, `ECA_STATUS_SOLVER`,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `conflict` is NULL or points to an `eca_conflict *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_conflict(
    problem: *const eca_problem,
    conflict: *mut *mut eca_conflict,
) -> eca_status {
    guard("eca_problem_conflict", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(conflict, "conflict") }?;
        let problem = handle::get::<Validated>(problem, "problem")?;
        match problem.0.conflict()? {
            Some(conflict) => handle::put(Found { problem, conflict }, out),
            None => {
                out.write(null_mut());
                Ok(())
            }
        }
    })
}

/// Gives a conflict as one line of JSON: `proved`, `limits`, `repairs` and `text`; docs/format/explanation.md describes it.
/// Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_conflict_to_json(conflict: *const eca_conflict, json: *mut *mut c_char) -> eca_status {
    guard("eca_conflict_to_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        let found = handle::get::<Found>(conflict, "conflict")?;
        string::lend(json_of(&found.conflict, "conflict")?, out)
    })
}

/// Gives one sentence for people: the limits, and what would mend it. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `line` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_conflict_to_text(conflict: *const eca_conflict, line: *mut *mut c_char) -> eca_status {
    guard("eca_conflict_to_text", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(line, "line") }?;
        string::lend(handle::get::<Found>(conflict, "conflict")?.conflict.to_string(), out)
    })
}

/// Gives 1 if it is proved that no plan keeps all limits, 0 if none was found.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `proved` is NULL or points to an `int32_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_conflict_proved(conflict: *const eca_conflict, proved: *mut i32) -> eca_status {
    guard("eca_conflict_proved", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(proved, "proved") }?;
        out.write(handle::get::<Found>(conflict, "conflict")?.conflict.proved.into());
        Ok(())
    })
}

/// Gives the number of repairs; number 0 changes least.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `count` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_conflict_repair_count(conflict: *const eca_conflict, count: *mut usize) -> eca_status {
    guard("eca_conflict_repair_count", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(count, "count") }?;
        out.write(handle::get::<Found>(conflict, "conflict")?.conflict.repairs.len());
        Ok(())
    })
}

/// Gives the problem with the changes of a repair. Free it with `eca_problem_free`.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for a number that no repair has, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `repaired` is NULL or points to an `eca_problem *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_conflict_repaired(
    conflict: *const eca_conflict,
    number: usize,
    repaired: *mut *mut eca_problem,
) -> eca_status {
    guard("eca_conflict_repaired", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(repaired, "repaired") }?;
        let found = handle::get::<Found>(conflict, "conflict")?;
        let repaired = found.repair(number)?.apply(&found.problem.0)?;
        handle::put(Validated(repaired), out)
    })
}

/// Gives the plan that proves a repair: it keeps every limit of the repaired problem. A solve may find a cheaper one. Free
/// it with `eca_plan_free`.
///
/// Any thread. Errors are those of `eca_conflict_repaired`.
///
/// # Safety
/// `plan` is NULL or points to an `eca_plan *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_conflict_plan(
    conflict: *const eca_conflict,
    number: usize,
    plan: *mut *mut eca_plan,
) -> eca_status {
    guard("eca_conflict_plan", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(plan, "plan") }?;
        let found = handle::get::<Found>(conflict, "conflict")?;
        let known = found.repair(number)?.plan().cloned();
        let plan = known.ok_or_else(|| Error::Internal { message: format!("repair {number} has no plan") })?;
        handle::put(Made { plan, report: None }, out)
    })
}

/// Gives the least carbon with which every promise can be kept, as one line of JSON: `carbon_kg`, `carbon_bound_kg`,
/// `energy_mwh`, `carbon_g_per_kwh`, `carbon_g_per_inference`, `keeps_promises`; docs/format/explanation.md describes it.
/// Free it with `eca_string_free`.
///
/// `settings` may be NULL: defaults. Carbon caps do not count, whatever the price; all other limits hold. Any thread; the
/// call blocks. Errors: `ECA_STATUS_SOLVER`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_lowest_carbon(
    problem: *const eca_problem,
    settings: *const eca_settings,
    json: *mut *mut c_char,
) -> eca_status {
    guard("eca_problem_lowest_carbon", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        let problem = handle::get::<Validated>(problem, "problem")?;
        let settings = match handle::get_if_given::<Choice>(settings, "settings")? {
            Some(choice) => choice.now()?,
            None => eca_core::Settings::default(),
        };
        string::lend(json_of(&problem.0.lowest_carbon(&settings)?, "lowest carbon")?, out)
    })
}

/// Frees a conflict. NULL is allowed. Problems and plans that came from it stay.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_conflict_free(conflict: *mut eca_conflict) -> eca_status {
    guard("eca_conflict_free", || handle::free::<Found>(conflict, "conflict"))
}
