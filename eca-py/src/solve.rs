//! A solve that lets other Python threads run and stops on Ctrl-C.
//!
//! The solver works in a thread of its own. The caller's thread waits without the GIL, wakes up some fifty times a
//! second to see whether a signal came, and is the only one that calls into Python.

use crate::errors::{exception, guard, panicked};
use crate::plan::Plan;
use eca_core::{CancelToken, Control, Engine, Error, Problem, Progress, Result, Settings, Solved, Solver};
use pyo3::prelude::*;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How long the caller sleeps before it looks for signals again.
const POLL: Duration = Duration::from_millis(20);
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
        settings.engine = match self.engine {
            "auto" => Engine::Auto,
            "exact" => Engine::Exact,
            other => return Err(unknown("engine", other, "auto, exact")),
        };
        settings.solver = match self.solver {
            "auto" => Solver::Auto,
            "highs" => Solver::Highs,
            "microlp" => Solver::Microlp,
            other => return Err(unknown("solver", other, "auto, highs, microlp")),
        };
        settings.gap = self.gap;
        settings.time_limit_s = self.time_limit_s;
        settings.node_limit = self.node_limit;
        settings.seed = self.seed;
        settings.references = self.references;
        Ok(settings)
    }
}

fn unknown(field: &'static str, id: &str, known: &str) -> Error {
    Error::Unknown { object: "solve".into(), field, kind: field, id: id.into(), known: known.into() }
}

enum Event {
    Progress(Progress),
    Done(Box<Result<Solved>>),
}

/// Solves in a thread of its own; see the module.
pub(crate) fn solve(
    py: Python<'_>,
    problem: Arc<Problem>,
    settings: Settings,
    progress: Option<Py<PyAny>>,
) -> PyResult<(Plan, String)> {
    let cancel = CancelToken::new();
    let mut events = start(problem, settings, cancel.clone(), progress.is_some()).map_err(|e| exception(py, &e))?;
    loop {
        let event = {
            let events = &mut events;
            py.detach(move || events.recv_timeout(POLL))
        };
        let step = match event {
            Ok(Event::Done(result)) => return finish(py, *result),
            Ok(Event::Progress(seen)) => report(py, progress.as_ref(), &seen, &cancel),
            Err(RecvTimeoutError::Timeout) => Ok(()),
            Err(RecvTimeoutError::Disconnected) => {
                let lost = Error::Internal { message: "the solver's thread ended without an answer".into() };
                return Err(exception(py, &lost));
            }
        };
        if let Err(stopped) = step.and_then(|()| py.check_signals()) {
            cancel.cancel();
            let events = &mut events;
            py.detach(move || drain(events, GRACE));
            return Err(stopped);
        }
    }
}

/// Starts the thread that solves.
fn start(problem: Arc<Problem>, settings: Settings, cancel: CancelToken, watched: bool) -> Result<Receiver<Event>> {
    let (sender, receiver) = mpsc::channel();
    let mut control = Control::default();
    control.cancel = cancel;
    if watched {
        let sender = Mutex::new(sender.clone());
        control.progress = Some(Arc::new(move |seen: &Progress| {
            // A caller that has gone away wants no more progress.
            if let Ok(sender) = sender.lock() {
                let _ = sender.send(Event::Progress(*seen));
            }
        }));
    }
    thread::Builder::new()
        .name("eca-solve".into())
        .stack_size(STACK_BYTES)
        .spawn(move || {
            let solved = catch_unwind(AssertUnwindSafe(|| problem.solve_with(&settings, &control)));
            let _ = sender.send(Event::Done(Box::new(solved.unwrap_or_else(|payload| Err(panicked(payload.as_ref()))))));
        })
        .map(|_| receiver)
        .map_err(|e| Error::Internal { message: format!("no thread for the solver: {e}") })
}

/// Calls `progress(elapsed_s, incumbent_gbp, bound_gbp, nodes, gap)`; `False` asks for the best plan so far.
fn report(py: Python<'_>, progress: Option<&Py<PyAny>>, seen: &Progress, cancel: &CancelToken) -> PyResult<()> {
    let Some(progress) = progress else { return Ok(()) };
    let answer = progress.bind(py).call1((
        seen.elapsed_s,
        seen.incumbent_gbp,
        seen.bound_gbp,
        seen.nodes,
        seen.gap(),
    ))?;
    if answer.is(pyo3::types::PyBool::new(py, false)) {
        cancel.cancel();
    }
    Ok(())
}

/// Waits for the end of a solve that was told to stop.
fn drain(events: &mut Receiver<Event>, patience: Duration) {
    let until = Instant::now() + patience;
    while let Some(left) = until.checked_duration_since(Instant::now()) {
        match events.recv_timeout(left) {
            Ok(Event::Progress(_)) => {}
            Ok(Event::Done(_)) | Err(_) => return,
        }
    }
}

fn finish(py: Python<'_>, result: Result<Solved>) -> PyResult<(Plan, String)> {
    guard(py, || {
        let solved = result?;
        let report = crate::errors::json(&solved.report)?;
        Ok((Plan { inner: solved.plan }, report))
    })
}

/// Panics, so that a test can see what becomes of a defect.
#[pyfunction]
pub(crate) fn panic_on_purpose(py: Python<'_>) -> PyResult<()> {
    guard(py, || std::panic::panic_any("on purpose"))
}
