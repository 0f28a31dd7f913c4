//! Single numbers of a plan.

use super::give;
use crate::args::text;
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::handle::eca_plan;
use crate::status::eca_status;
use eca_core::plan::Totals;
use eca_core::{Error, Outcome, Plan};
use std::ffi::c_char;

/// No plan is cheaper: cost and bound agree to 1e-6.
pub const ECA_OUTCOME_OPTIMAL: i32 = 0;
/// The gap that was asked for is proved.
pub const ECA_OUTCOME_WITHIN_GAP: i32 = 1;
/// A limit (time, nodes, cancellation) came first; the gap says how far the plan can be from the optimum.
pub const ECA_OUTCOME_LIMIT: i32 = 2;

type Number<T> = (&'static str, fn(&T) -> f64);

const TOTALS: [Number<Totals>; 7] = [
    ("cost_gbp", |t| t.cost_gbp),
    ("penalty_gbp", |t| t.penalty_gbp),
    ("energy_mwh", |t| t.energy_mwh),
    ("carbon_kg", |t| t.carbon_kg),
    ("inferences", |t| t.inferences),
    ("cost_gbp_per_inference", |t| t.cost_gbp_per_inference.unwrap_or(f64::NAN)),
    ("carbon_g_per_inference", |t| t.carbon_g_per_inference.unwrap_or(f64::NAN)),
];

type Scope = (&'static str, fn(&Plan) -> Option<&Totals>);

/// Which totals: those of the plan, or of a simple policy on the same problem.
const SCOPES: [Scope; 3] = [
    ("totals", |p| Some(&p.totals)),
    ("references.run_at_once", |p| p.references.as_ref().map(|r| &r.run_at_once)),
    ("references.cheapest_start", |p| p.references.as_ref().map(|r| &r.cheapest_start)),
];

fn total(plan: &Plan, path: &str) -> Result<f64> {
    let found = path.rsplit_once('.').and_then(|(scope, name)| {
        let (_, totals) = SCOPES.iter().find(|known| known.0 == scope)?;
        let (_, number) = TOTALS.iter().find(|known| known.0 == name)?;
        Some(totals(plan).map_or(f64::NAN, number))
    });
    found.ok_or_else(|| {
        let all = SCOPES.iter().flat_map(|scope| TOTALS.iter().map(|total| format!("{}.{}", scope.0, total.0)));
        let all: Vec<String> = all.collect();
        Failure::unknown("plan number", path, all.iter().map(String::as_str))
    })
}

/// Gives how good the plan is known to be: `ECA_OUTCOME_OPTIMAL`, `_WITHIN_GAP` or `_LIMIT`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `outcome` is NULL or points to an `int32_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_outcome(plan: *const eca_plan, outcome: *mut i32) -> eca_status {
    guard("eca_plan_outcome", || {
        let read = |plan: &Plan| {
            Ok(match plan.outcome {
                Outcome::Optimal => ECA_OUTCOME_OPTIMAL,
                Outcome::WithinGap => ECA_OUTCOME_WITHIN_GAP,
                Outcome::Limit => ECA_OUTCOME_LIMIT,
            })
        };
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, outcome, "outcome", read) }
    })
}

/// Gives the objective: money and penalties, GBP.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `objective_gbp` is NULL or points to a `double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_objective_gbp(plan: *const eca_plan, objective_gbp: *mut f64) -> eca_status {
    guard("eca_plan_objective_gbp", || {
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, objective_gbp, "objective_gbp", |plan| Ok(plan.objective_gbp)) }
    })
}

/// Gives the bound: no plan has a lower objective, GBP.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `bound_gbp` is NULL or points to a `double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_bound_gbp(plan: *const eca_plan, bound_gbp: *mut f64) -> eca_status {
    guard("eca_plan_bound_gbp", || {
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, bound_gbp, "bound_gbp", |plan| Ok(plan.bound_gbp)) }
    })
}

/// Gives the gap: `(objective - bound) / max(1, |objective|)`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `gap` is NULL or points to a `double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_gap(plan: *const eca_plan, gap: *mut f64) -> eca_status {
    guard("eca_plan_gap", || {
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, gap, "gap", |plan| Ok(plan.gap)) }
    })
}

/// Gives money spent less money earned over the horizon, GBP, without penalties.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `cost_gbp` is NULL or points to a `double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_cost_gbp(plan: *const eca_plan, cost_gbp: *mut f64) -> eca_status {
    guard("eca_plan_cost_gbp", || {
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, cost_gbp, "cost_gbp", |plan| Ok(plan.totals.cost_gbp)) }
    })
}

/// Gives the location-based carbon of all imports over the horizon, kg.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `carbon_kg` is NULL or points to a `double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_carbon_kg(plan: *const eca_plan, carbon_kg: *mut f64) -> eca_status {
    guard("eca_plan_carbon_kg", || {
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, carbon_kg, "carbon_kg", |plan| Ok(plan.totals.carbon_kg)) }
    })
}

/// Gives the number of limits that the plan does not keep; `eca_plan_broken_limits_json` lists them.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `count` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_broken_count(plan: *const eca_plan, count: *mut usize) -> eca_status {
    guard("eca_plan_broken_count", || {
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, count, "count", |plan| Ok(plan.broken_limits.len())) }
    })
}

/// Gives a sum over the horizon by its path in the plan document.
///
/// `totals.` is the plan, `references.run_at_once.` and `references.cheapest_start.` are simple policies on the same
/// problem; behind it stands `cost_gbp`, `penalty_gbp`, `energy_mwh`, `carbon_kg`, `inferences`, `cost_gbp_per_inference` or
/// `carbon_g_per_inference` (NaN without inferences; all of the references are NaN where they were not asked for). An example is `references.run_at_once.cost_gbp`.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another path, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `path` is NULL or ends with NUL, `value` is NULL or points to a `double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_number(plan: *const eca_plan, path: *const c_char, value: *mut f64) -> eca_status {
    guard("eca_plan_number", || {
        // SAFETY: the caller promises that both are NULL or valid.
        unsafe {
            let path = text(path, "path")?;
            give(plan, value, "value", |plan| total(plan, path))
        }
    })
}

/// Gives the number of periods: the length of every series of the plan.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`, `ECA_STATUS_MISMATCH` for a plan without regions.
///
/// # Safety
/// `periods` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_periods(plan: *const eca_plan, periods: *mut usize) -> eca_status {
    guard("eca_plan_periods", || {
        let read = |plan: &Plan| match plan.regions.first() {
            Some(region) => Ok(region.it_mw.len()),
            None => Err(Error::Mismatch { reason: "it has no regions".into() }.into()),
        };
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, periods, "periods", read) }
    })
}
