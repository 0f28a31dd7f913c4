//! A solve that lets other Python threads run and stops on Ctrl-C.
//!
//! The solver works in a thread of its own. The caller's thread waits without the GIL, wakes up some fifty times a
//! second to see whether a signal came, and is the only one that calls into Python.

use crate::errors::{exception, guard, json, panicked};
use crate::plan::Plan;
use eca_core::{CancelToken, Control, Error, Problem, Progress, Result, Settings, Solved};
use pyo3::prelude::*;
use pyo3::types::PyBool;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long the caller sleeps before it looks for signals again.
const POLL: Duration = Duration::from_millis(20);
/// How often the caller's progress function is called.
const TELL: Duration = Duration::from_millis(200);
/// How long a solve that was told to stop is waited for; after that its thread ends by itself.
const GRACE: Duration = Duration::from_millis(300);
/// Branch and bound recurses; the default of a thread is small.
const STACK_BYTES: usize = 16 << 20;

/// The settings as Python names them.
pub(crate) struct Request<'a> {
    pub(crate) engine: &'a str,
    pub(crate) solver: &'a str,
    pub(crate) gap: f64,
    pub(crate) time_limit_s: Option<f64>,
    pub(crate) node_limit: Option<u64>,
    pub(crate) seed: u32,
    pub(crate) references: bool,
}

impl Request<'_> {
    /// The settings of eca-core.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let mut settings = Settings::default();
        settings.engine = self.engine.parse()?;
        settings.solver = self.solver.parse()?;
        settings.gap = self.gap;
        settings.time_limit_s = self.time_limit_s;
        settings.node_limit = self.node_limit;
        settings.seed = self.seed;
        settings.references = self.references;
        Ok(settings)
    }
}

/// A solve that is under way in a thread of its own.
struct Running {
    cancel: CancelToken,
    latest: Arc<Mutex<Option<Progress>>>,
    answer: Receiver<Result<Solved>>,
}

/// Solves in a thread of its own; see the module.
pub(crate) fn solve(
    py: Python<'_>,
    problem: Arc<Problem>,
    settings: Settings,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Plan, String)> {
    let begin = Instant::now();
    let mut running = start(problem, settings).map_err(|e| exception(py, &e))?;
    let mut told = begin;
    loop {
        let answer = {
            let answer = &mut running.answer;
            py.detach(move || answer.recv_timeout(POLL))
        };
        let step = match answer {
            Ok(result) => return finish(py, result, progress.as_ref(), begin, latest(&running)),
            Err(RecvTimeoutError::Disconnected) => {
                let lost = Error::Internal { message: "the solver's thread ended without an answer".into() };
                return Err(exception(py, &lost));
            }
            Err(RecvTimeoutError::Timeout) if told.elapsed() >= TELL => {
                told = Instant::now();
                tell(py, progress.as_ref(), begin, latest(&running)).map(|go_on| {
                    if !go_on {
                        running.cancel.cancel();
                    }
                })
            }
            Err(RecvTimeoutError::Timeout) => Ok(()),
        };
        if let Err(stopped) = step.and_then(|()| py.check_signals()) {
            running.cancel.cancel();
            let answer = &mut running.answer;
            // An answer that still comes is not wanted any more.
            let _ = py.detach(move || answer.recv_timeout(GRACE));
            return Err(stopped);
        }
    }
}

/// Runs work that solves several times in a thread of its own, stopped by Ctrl-C as a solve is.
pub(crate) fn stoppable<T: Send + 'static>(
    py: Python<'_>,
    work: impl FnOnce(&Control) -> Result<T> + Send + 'static,
) -> PyResult<T> {
    let (sender, mut answer) = mpsc::channel();
    let cancel = CancelToken::new();
    let mut control = Control::default();
    control.cancel = cancel.clone();
    thread::Builder::new()
        .name("eca-offers".into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let made = catch_unwind(AssertUnwindSafe(|| work(&control)));
            // Nobody waits for the answer any more where the caller was interrupted.
            let _ = sender.send(made.unwrap_or_else(|payload| Err(panicked(payload.as_ref()))));
        })
        .map_err(|e| exception(py, &Error::Internal { message: format!("no thread for the solver: {e}") }))?;
    loop {
        let heard = {
            let answer = &mut answer;
            py.detach(move || answer.recv_timeout(POLL))
        };
        match heard {
            Ok(result) => return guard(py, || result),
            Err(RecvTimeoutError::Disconnected) => {
                let lost = Error::Internal { message: "the solver's thread ended without an answer".into() };
                return Err(exception(py, &lost));
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        if let Err(stopped) = py.check_signals() {
            cancel.cancel();
            let answer = &mut answer;
            // An answer that still comes is not wanted any more.
            let _ = py.detach(move || answer.recv_timeout(GRACE));
            return Err(stopped);
        }
    }
}

/// Starts the thread that solves.
fn start(problem: Arc<Problem>, settings: Settings) -> Result<Running> {
    let (sender, answer) = mpsc::channel();
    let latest = Arc::new(Mutex::new(None));
    let cancel = CancelToken::new();
    let mut control = Control::default();
    control.cancel = cancel.clone();
    let slot = Arc::clone(&latest);
    control.progress = Some(Arc::new(move |progress: &Progress| {
        if let Ok(mut slot) = slot.lock() {
            *slot = Some(*progress);
        }
    }));
    thread::Builder::new()
        .name("eca-solve".into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let solved = catch_unwind(AssertUnwindSafe(|| problem.solve_with(&settings, &control)));
            // Nobody waits for the answer any more where the caller was interrupted.
            let _ = sender.send(solved.unwrap_or_else(|payload| Err(panicked(payload.as_ref()))));
        })
        .map(|_| Running { cancel, latest, answer })
        .map_err(|e| Error::Internal { message: format!("no thread for the solver: {e}") })
}

/// The last word of the solver, if there was one.
fn latest(running: &Running) -> Option<Progress> {
    running.latest.lock().map(|seen| *seen).unwrap_or_default()
}

/// Calls `progress(elapsed_s, incumbent_gbp, bound_gbp, nodes, gap, engine, step)`; it says by `False` that the solve
/// should stop.
fn tell(py: Python<'_>, progress: Option<&Py<PyAny>>, begin: Instant, seen: Option<Progress>) -> PyResult<bool> {
    let Some(progress) = progress else { return Ok(true) };
    let elapsed_s = begin.elapsed().as_secs_f64();
    let numbers = seen.map(|seen| (seen.incumbent_gbp, seen.bound_gbp, seen.nodes, seen.gap(), seen.engine, seen.step));
    let (incumbent_gbp, bound_gbp, nodes, gap, engine, step) = numbers.unwrap_or((None, None, 0, None, "", 0));
    let answer = progress.bind(py).call1((elapsed_s, incumbent_gbp, bound_gbp, nodes, gap, engine, step))?;
    Ok(!answer.is(PyBool::new(py, false)))
}

/// The plan and the JSON of its report, after a last word to `progress`.
fn finish(
    py: Python<'_>,
    result: Result<Solved>,
    progress: Option<&Py<PyAny>>,
    begin: Instant,
    last: Option<Progress>,
) -> PyResult<(Plan, String)> {
    let (solved, report) = guard(py, || {
        let solved = result?;
        let report = json(&solved.report)?;
        Ok((solved, report))
    })?;
    tell(py, progress, begin, last)?;
    Ok((Plan { inner: solved.plan }, report))
}

/// Panics, so that a test can see what becomes of a defect.
#[pyfunction]
#[allow(clippy::panic)]
pub(crate) fn panic_on_purpose(py: Python<'_>) -> PyResult<()> {
    guard(py, || std::panic::panic_any("on purpose"))
}
