//! HiGHS, driven directly: rows in compressed form, own thread, silent, cancellable, with progress.
//!
//! Each solve creates, runs and destroys its instance on a short-lived thread of its own. HiGHS keeps a scheduler
//! for each thread that ran it, and a live one with several threads hangs in a forked child; with one thread and
//! nothing left behind, a fork is safe.
#![allow(unsafe_code)]

use super::{Basis, Milp, MilpOptions, MilpSolution, MilpStatus};
use crate::{Control, Error, Progress, Result};
use highs::HighsModelStatus;
use highs_sys::*;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;

/// The oldest version that is right on the canary models and matches the bindings.
const OLDEST: (i32, i32) = (1, 15);
/// Feasibility of LPs, finer than the quantum of a plan; and what HiGHS takes by itself.
const FINE_TOLERANCE: f64 = 1e-9;
const TOLERANCE: f64 = 1e-7;
/// Solver threads need more than the default stack.
const STACK_BYTES: usize = 16 << 20;
/// `HighsCallbackType`: where HiGHS asks whether to go on.
const SIMPLEX_INTERRUPT: c_int = 1;
const IPM_INTERRUPT: c_int = 2;
const MIP_INTERRUPT: c_int = 6;

pub(super) fn version() -> String {
    // SAFETY: returns a static NUL-terminated string.
    unsafe { CStr::from_ptr(Highs_version()) }.to_string_lossy().into_owned()
}

fn failed(message: impl Into<String>) -> Error {
    Error::Solver { solver: "highs".into(), message: message.into(), source: None }
}

pub(super) fn solve(milp: &Milp, options: &MilpOptions, control: &Control) -> Result<MilpSolution> {
    // SAFETY: these return numbers only.
    let (major, minor) = unsafe { (Highs_versionMajor(), Highs_versionMinor()) };
    if (major, minor) < OLDEST {
        return Err(failed(format!(
            "version {major}.{minor} is older than {}.{}, which gives wrong optima; install a newer one",
            OLDEST.0, OLDEST.1
        )));
    }
    std::thread::scope(|scope| {
        std::thread::Builder::new()
            .name("eca-highs".into())
            .stack_size(STACK_BYTES)
            .spawn_scoped(scope, || {
                if milp.basis.is_some() && milp.integers() == 0 {
                    // Without presolve already, so that it is believed; where it gets lost it begins anew.
                    let without = MilpOptions { presolve: false, ..options.clone() };
                    if let Some(solution) = run(milp, &without, control, FINE_TOLERANCE, milp.basis.as_ref())? {
                        return Ok(solution);
                    }
                }
                let first = run(milp, options, control, FINE_TOLERANCE, None)?;
                // A false "infeasible" from presolve is the commonest wrong answer reported against HiGHS; an LP that it
                // cannot settle to the fine tolerance it settles to its own.
                match first {
                    Some(solution) if solution.status != MilpStatus::Infeasible || !options.presolve => Ok(solution),
                    _ => run(milp, &MilpOptions { presolve: false, ..options.clone() }, control, TOLERANCE, None)?
                        .ok_or_else(|| failed("cannot settle the model with or without presolve")),
                }
            })
            .map_err(|e| failed(format!("cannot start a thread: {e}")))?
            .join()
            .map_err(|_| Error::Internal { message: "the solver thread panicked".into() })?
    })
}

/// Owns one HiGHS instance.
struct Instance(*mut c_void);

impl Drop for Instance {
    fn drop(&mut self) {
        // SAFETY: created by Highs_create and destroyed once.
        unsafe { Highs_destroy(self.0) }
    }
}

impl Instance {
    fn new() -> Result<Self> {
        // SAFETY: no preconditions; a null pointer is refused.
        let raw = unsafe { Highs_create() };
        if raw.is_null() { Err(failed("cannot create an instance")) } else { Ok(Self(raw)) }
    }

    fn option<T>(
        &self,
        name: &str,
        value: T,
        set: unsafe extern "C" fn(*mut c_void, *const c_char, T) -> c_int,
    ) -> Result<()> {
        let c_name = CString::new(name).map_err(|_| failed("option name with NUL"))?;
        // SAFETY: the instance is live and the name is NUL-terminated.
        if unsafe { set(self.0, c_name.as_ptr(), value) } == 0 {
            Ok(())
        } else {
            Err(failed(format!("refuses option {name}")))
        }
    }

    fn info(&self, name: &CStr) -> f64 {
        let mut value = 0.0;
        // SAFETY: the instance is live, the name is NUL-terminated, the output lives through the call.
        unsafe { Highs_getDoubleInfoValue(self.0, name.as_ptr(), &raw mut value) };
        value
    }

    fn nodes(&self) -> u64 {
        let mut value: i64 = 0;
        // SAFETY: as above.
        unsafe { Highs_getInt64InfoValue(self.0, c"mip_node_count".as_ptr(), &raw mut value) };
        u64::try_from(value).unwrap_or(0)
    }

    /// Values of the columns, their reduced costs, and the duals of the rows; zeros where HiGHS has no duals.
    fn point(&self, milp: &Milp) -> (Vec<f64>, Vec<f64>, Vec<f64>) {
        let (mut x, mut z, mut y) = (vec![0.0; milp.columns()], vec![0.0; milp.columns()], vec![0.0; milp.rows()]);
        // SAFETY: each array has one place for each column or row; the activities of the rows are not asked for.
        unsafe { Highs_getSolution(self.0, x.as_mut_ptr(), z.as_mut_ptr(), ptr::null_mut(), y.as_mut_ptr()) };
        (x, z, y)
    }

    /// Begins where another solve ended; not where the model has got another shape since.
    fn start_from(&self, milp: &Milp, basis: &Basis) {
        if (basis.columns.len(), basis.rows.len()) == (milp.columns(), milp.rows()) {
            // SAFETY: one status for each column and row. A basis that HiGHS refuses is no loss: its status is not used.
            unsafe { Highs_setBasis(self.0, basis.columns.as_ptr(), basis.rows.as_ptr()) };
        }
    }

    fn basis(&self, milp: &Milp) -> Option<Basis> {
        let mut basis = Basis { columns: vec![0; milp.columns()], rows: vec![0; milp.rows()] };
        // SAFETY: each array has one place for each column or row.
        let code = unsafe { Highs_getBasis(self.0, basis.columns.as_mut_ptr(), basis.rows.as_mut_ptr()) };
        (code == 0).then_some(basis)
    }

    fn primal_is_feasible(&self) -> bool {
        let mut value: c_int = 0;
        // SAFETY: as above.
        unsafe { Highs_getIntInfoValue(self.0, c"primal_solution_status".as_ptr(), &raw mut value) };
        value == 2
    }
}

/// One run; none where HiGHS does not know how it ended.
fn run(
    milp: &Milp,
    options: &MilpOptions,
    control: &Control,
    tolerance: f64,
    basis: Option<&Basis>,
) -> Result<Option<MilpSolution>> {
    let highs = Instance::new()?;
    configure(&highs, milp, options, tolerance)?;
    pass(&highs, milp)?;
    if !options.start.is_empty() && milp.integers() > 0 {
        let index: Vec<c_int> = options.start.iter().filter_map(|&(j, _)| c_int::try_from(j).ok()).collect();
        let value: Vec<f64> = options.start.iter().map(|&(_, value)| value).collect();
        let count = c_int::try_from(index.len()).unwrap_or(0);
        // SAFETY: both arrays have `count` values. A start that HiGHS refuses is no loss, so its status is not used.
        unsafe { Highs_setSparseSolution(highs.0, count, index.as_ptr(), value.as_ptr()) };
    }
    if let Some(basis) = basis {
        highs.start_from(milp, basis);
    }
    // SAFETY: `control` outlives the run: the instance is destroyed at the end of this function.
    unsafe {
        Highs_setCallback(highs.0, Some(on_callback), ptr::from_ref(control).cast_mut().cast());
        for kind in [SIMPLEX_INTERRUPT, IPM_INTERRUPT, MIP_INTERRUPT] {
            Highs_startCallback(highs.0, kind);
        }
    }
    if control.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    // SAFETY: the instance is live and holds a whole model.
    let code = unsafe { Highs_run(highs.0) };
    // SAFETY: as above.
    let raw = unsafe { Highs_getModelStatus(highs.0) };
    let status = HighsModelStatus::try_from(raw).map_err(|_| failed(format!("unknown model status {raw}")))?;
    if status == HighsModelStatus::Unknown {
        return Ok(None);
    }
    read(&highs, milp, status, code, options.gap).map(Some)
}

fn configure(highs: &Instance, milp: &Milp, options: &MilpOptions, tolerance: f64) -> Result<()> {
    // First of all: from here on HiGHS prints nothing.
    highs.option("output_flag", 0, Highs_setBoolOptionValue)?;
    highs.option("threads", 1, Highs_setIntOptionValue)?;
    highs.option("parallel", c"off".as_ptr(), Highs_setStringOptionValue)?;
    highs.option("random_seed", c_int::try_from(options.seed).unwrap_or(c_int::MAX), Highs_setIntOptionValue)?;
    if !options.presolve {
        highs.option("presolve", c"off".as_ptr(), Highs_setStringOptionValue)?;
    }
    highs.option("mip_rel_gap", options.gap, Highs_setDoubleOptionValue)?;
    highs.option("mip_abs_gap", options.gap.max(1e-7), Highs_setDoubleOptionValue)?;
    highs.option("mip_feasibility_tolerance", 1e-7, Highs_setDoubleOptionValue)?;
    if let Some(limit) = options.time_limit_s {
        highs.option("time_limit", limit.max(0.0), Highs_setDoubleOptionValue)?;
    }
    if let Some(limit) = options.node_limit {
        highs.option("mip_max_nodes", c_int::try_from(limit).unwrap_or(c_int::MAX), Highs_setIntOptionValue)?;
    }
    if let Some(target) = options.target.filter(|_| milp.integers() > 0) {
        highs.option("objective_target", target, Highs_setDoubleOptionValue)?;
    }
    if milp.integers() == 0 {
        highs.option("primal_feasibility_tolerance", tolerance, Highs_setDoubleOptionValue)?;
    }
    Ok(())
}

fn pass(highs: &Instance, milp: &Milp) -> Result<()> {
    let count = |n: usize| c_int::try_from(n).map_err(|_| failed(format!("a model of {n} entries is too large")));
    let starts: Vec<c_int> = milp.starts.iter().map(|&at| count(at)).collect::<Result<_>>()?;
    let index: Vec<c_int> = milp.index.iter().map(|&col| count(col as usize)).collect::<Result<_>>()?;
    let integrality: Vec<c_int> = milp.integer.iter().map(|&integer| c_int::from(integer)).collect();
    // SAFETY: every array has the length its count says and lives through the call; HiGHS copies them.
    let code = unsafe {
        Highs_passMip(
            highs.0,
            count(milp.columns())?,
            count(milp.rows())?,
            count(milp.nonzeros())?,
            MATRIX_FORMAT_ROW_WISE,
            OBJECTIVE_SENSE_MINIMIZE,
            0.0,
            milp.cost.as_ptr(),
            milp.lower.as_ptr(),
            milp.upper.as_ptr(),
            milp.row_lower.as_ptr(),
            milp.row_upper.as_ptr(),
            starts.as_ptr(),
            index.as_ptr(),
            milp.value.as_ptr(),
            integrality.as_ptr(),
        )
    };
    // A warning means that HiGHS changed the model (dropped a coefficient): that is not the model we asked about.
    if code == 0 { Ok(()) } else { Err(failed(format!("refuses the model (status {code})"))) }
}

fn read(highs: &Instance, milp: &Milp, status: HighsModelStatus, code: c_int, gap: f64) -> Result<MilpSolution> {
    let is_mip = milp.integers() > 0;
    let feasible = highs.primal_is_feasible();
    let status = match status {
        HighsModelStatus::Optimal | HighsModelStatus::ModelEmpty => MilpStatus::Optimal,
        HighsModelStatus::Infeasible => MilpStatus::Infeasible,
        HighsModelStatus::Unbounded => MilpStatus::Unbounded,
        HighsModelStatus::UnboundedOrInfeasible => MilpStatus::Infeasible,
        HighsModelStatus::ReachedTimeLimit
        | HighsModelStatus::ReachedIterationLimit
        | HighsModelStatus::ReachedSolutionLimit
        | HighsModelStatus::ObjectiveBound
        | HighsModelStatus::ObjectiveTarget => MilpStatus::Limit,
        HighsModelStatus::ReachedInterrupt => MilpStatus::Cancelled,
        other => return Err(failed(format!("ended with {other:?} (run status {code})"))),
    };
    let point = (feasible || status == MilpStatus::Optimal).then(|| highs.point(milp));
    let duals = !is_mip && status == MilpStatus::Optimal;
    let (values, reduced_costs, row_duals) = match point {
        Some((x, z, y)) if duals => (Some(x), Some(z), Some(y)),
        Some((x, ..)) => (Some(x), None, None),
        None => (None, None, None),
    };
    let objective = values.as_ref().map_or(f64::INFINITY, |x| milp.objective(x));
    let bound = match status {
        // Where presolve solves it all, HiGHS says optimal and leaves the bound at minus infinity.
        MilpStatus::Optimal if is_mip => match highs.info(c"mip_dual_bound") {
            bound if bound.is_finite() => bound,
            _ => objective - gap * objective.abs(),
        },
        _ if is_mip => highs.info(c"mip_dual_bound"),
        MilpStatus::Optimal => objective,
        _ => f64::NEG_INFINITY,
    };
    Ok(MilpSolution {
        status,
        values,
        objective,
        bound: bound.min(objective),
        nodes: if is_mip { highs.nodes() } else { 0 },
        row_duals,
        reduced_costs,
        basis: if duals { highs.basis(milp) } else { None },
    })
}

/// Called by HiGHS: reports progress and says whether to go on.
unsafe extern "C" fn on_callback(
    kind: c_int,
    _message: *const c_char,
    data_out: *const HighsCallbackDataOut,
    data_in: *mut HighsCallbackDataIn,
    user: *mut c_void,
) {
    // SAFETY: HiGHS passes the pointer given to Highs_setCallback and live data of its own.
    let (Some(control), Some(out), Some(answer)) =
        (unsafe { user.cast::<Control>().as_ref() }, unsafe { data_out.as_ref() }, unsafe { data_in.as_mut() })
    else {
        return;
    };
    if kind == MIP_INTERRUPT
        && let Some(progress) = &control.progress
    {
        let known = |value: f64| (value.abs() < 1e29).then_some(value);
        let state = Progress {
            elapsed_s: out.running_time,
            incumbent_gbp: known(out.mip_primal_bound),
            bound_gbp: known(out.mip_dual_bound),
            nodes: u64::try_from(out.mip_node_count).unwrap_or(0),
            engine: "exact",
            step: 1,
        };
        // A panic must not unwind into C++: it stops the solve instead.
        if catch_unwind(AssertUnwindSafe(|| progress(&state))).is_err() {
            control.cancel.cancel();
        }
    }
    answer.user_interrupt = c_int::from(control.cancel.is_cancelled());
}
