//! The one `solve`, with progress and cancellation.

use crate::args::Out;
use crate::cancel::Cancel;
use crate::guard::guard;
use crate::handle::{self, eca_cancel, eca_plan, eca_problem, eca_settings};
use crate::plan::Made;
use crate::problem::Validated;
use crate::settings::Choice;
use crate::status::eca_status;
use eca_core::{CancelToken, Control, Progress};
use std::ffi::c_void;
use std::sync::{Arc, Mutex, PoisonError};

/// Told how far a solve has come; gives 0 to go on and any other number to stop the solve.
///
/// `elapsed_s` counts from the start of the solve; `incumbent_gbp` is the objective of the best plan so far and
/// `bound_gbp` the least that any plan can have, NaN where not known yet; `nodes` counts branch-and-bound nodes.
/// A better plan is told at once, anything else at most fifty times a second, and at the end the plan that is handed
/// out. The plan gets cheaper and the bound rises, except where a solve has several steps: where a limit that was left
/// out turns out to matter, or strict carbon caps are planned in their order, both start again.
/// It is called from a thread of the solver, one call at a time, and never after `eca_problem_solve` has returned. It may
/// call functions of this library. It must not throw a C++ exception or jump out with longjmp.
pub type eca_progress_fn = Option<
    unsafe extern "C" fn(userdata: *mut c_void, elapsed_s: f64, incumbent_gbp: f64, bound_gbp: f64, nodes: u64) -> i32,
>;

/// The callback of C with its data.
struct Callback {
    call: unsafe extern "C" fn(*mut c_void, f64, f64, f64, u64) -> i32,
    userdata: *mut c_void,
}

// SAFETY: the header says that the callback runs on a thread of the solver; its data is the caller's to share.
unsafe impl Send for Callback {}

/// A callback that is taken away when the solve returns, so that no thread calls it later.
struct Watcher(Arc<Mutex<Option<Callback>>>);

impl Drop for Watcher {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Watcher {
    fn new(callback: Callback) -> Self {
        Self(Arc::new(Mutex::new(Some(callback))))
    }

    /// The function that the solver calls.
    fn progress(&self, cancel: CancelToken) -> Arc<dyn Fn(&Progress) + Send + Sync> {
        let callback = Arc::clone(&self.0);
        Arc::new(move |p: &Progress| tell(&callback, &cancel, p.elapsed_s, p.incumbent_gbp, p.bound_gbp, p.nodes))
    }
}

/// Calls the callback if it is still there, and stops the solve if it says so.
fn tell(
    callback: &Mutex<Option<Callback>>,
    cancel: &CancelToken,
    elapsed_s: f64,
    incumbent_gbp: Option<f64>,
    bound_gbp: Option<f64>,
    nodes: u64,
) {
    let callback = callback.lock().unwrap_or_else(PoisonError::into_inner);
    let Some(Callback { call, userdata }) = callback.as_ref() else { return };
    let (incumbent, bound) = (incumbent_gbp.unwrap_or(f64::NAN), bound_gbp.unwrap_or(f64::NAN));
    // SAFETY: the caller of the solve promised that function and data can be used until it returns; `Watcher` takes
    // them away before that, under the same lock.
    if unsafe { call(*userdata, elapsed_s, incumbent, bound, nodes) } != 0 {
        cancel.cancel();
    }
}

/// Plans a problem. The plan has passed `eca_plan_check`. Free it with `eca_plan_free`.
///
/// `settings`, `cancel` and `progress` may be NULL: defaults, cannot be stopped, says nothing. `userdata` is handed to
/// `progress` and not looked at. A `progress` that asks to stop also sets `cancel`. The call blocks; several threads may
/// solve at once, the same problem too. A plan that a limit or a cancellation left unproved is a success:
/// `eca_plan_outcome` and `eca_plan_gap` say how good it is.
///
/// Errors: `ECA_STATUS_INFEASIBLE` naming the limits in conflict, `ECA_STATUS_CANCELLED` if it was stopped before a plan
/// was found, `ECA_STATUS_SOLVER`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `plan` is NULL or points to an `eca_plan *`; `progress` and `userdata` can be used until the call returns.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_solve(
    problem: *const eca_problem,
    settings: *const eca_settings,
    cancel: *const eca_cancel,
    progress: eca_progress_fn,
    userdata: *mut c_void,
    plan: *mut *mut eca_plan,
) -> eca_status {
    guard("eca_problem_solve", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(plan, "plan") }?;
        let problem = handle::get::<Validated>(problem, "problem")?;
        let settings = match handle::get_if_given::<Choice>(settings, "settings")? {
            Some(choice) => choice.now()?,
            None => eca_core::Settings::default(),
        };
        let mut control = Control::default();
        if let Some(cancel) = handle::get_if_given::<Cancel>(cancel, "cancel")? {
            control.cancel = cancel.0.clone();
        }
        let watcher = progress.map(|call| Watcher::new(Callback { call, userdata }));
        control.progress = watcher.as_ref().map(|watcher| watcher.progress(control.cancel.clone()));
        let solved = problem.0.solve_with(&settings, &control)?;
        drop(watcher);
        handle::put(Made { plan: solved.plan, report: Some(solved.report) }, out)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    unsafe extern "C" fn stop_at_ten_nodes(userdata: *mut c_void, _: f64, incumbent: f64, _: f64, nodes: u64) -> i32 {
        assert!(incumbent.is_nan());
        // SAFETY: the test hands over a counter.
        unsafe { *userdata.cast::<u32>() += 1 };
        i32::from(nodes >= 10)
    }

    #[test]
    fn a_callback_stops_the_solve_and_is_not_called_after_it() {
        let mut calls = 0_u32;
        let token = CancelToken::new();
        let watcher = Watcher::new(Callback { call: stop_at_ten_nodes, userdata: (&raw mut calls).cast() });
        let Watcher(callback) = &watcher;
        let callback = Arc::clone(callback);
        tell(&callback, &token, 0.1, None, Some(1.0), 9);
        assert!(!token.is_cancelled());
        tell(&callback, &token, 0.2, None, Some(1.0), 10);
        assert!(token.is_cancelled());
        drop(watcher);
        tell(&callback, &token, 0.3, None, Some(1.0), 11);
        assert_eq!(calls, 2);
    }
}
