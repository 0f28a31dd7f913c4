//! The running loop with adapters that are written in Python.

use crate::errors::{guard, json};
use eca_core::adapter::conformance::{self, Stage};
use eca_core::adapter::foreign::{Call, Foreign};
use eca_core::adapter::memory::MemoryState;
use eca_core::adapter::{AdapterError, AdapterResult, StateStore};
use eca_core::live::{LiveSettings, Plant};
use eca_core::{ProblemDocument, Timestamp, live};
use pyo3::prelude::*;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// A function of Python that answers (operation, request) with a document.
struct Function {
    name: String,
    call: Py<PyAny>,
}

impl fmt::Debug for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Call for Function {
    fn call(&self, operation: &str, request: &str) -> Result<String, String> {
        Python::attach(|py| {
            let answer = self.call.bind(py).call1((operation, request)).and_then(|answer| answer.extract::<String>());
            answer.map_err(|error| error.to_string())
        })
    }
}

impl StateStore for Function {
    fn load(&self) -> AdapterResult<Option<String>> {
        let text = self.call("load", "").map_err(|message| self.lost(message))?;
        Ok((!text.is_empty()).then_some(text))
    }

    fn save(&self, state: &str) -> AdapterResult<()> {
        self.call("save", state).map(drop).map_err(|message| self.lost(message))
    }
}

impl Function {
    fn lost(&self, message: String) -> AdapterError {
        AdapterError::Unreachable { adapter: self.name.clone(), message }
    }

    fn adapter(name: &str, call: Py<PyAny>) -> Arc<Foreign<Self>> {
        Arc::new(Foreign(Self { name: name.to_owned(), call }))
    }
}

/// Kind (`cluster`, `battery`, `meter`, `signals`), what it is for, and its function.
type Part = (String, String, Py<PyAny>);

/// A running loop.
#[pyclass(frozen, module = "eca._eca")]
pub(crate) struct Loop {
    inner: Mutex<live::Live>,
}

impl Loop {
    fn with<T: Send>(
        &self,
        py: Python<'_>,
        work: impl FnOnce(&mut live::Live) -> eca_core::Result<T> + Send,
    ) -> PyResult<T> {
        guard(py, || py.detach(|| work(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))))
    }
}

#[pymethods]
impl Loop {
    #[new]
    fn new(py: Python<'_>, site: &str, settings: &str, parts: Vec<Part>, store: Option<Py<PyAny>>) -> PyResult<Self> {
        let inner = guard(py, || {
            let mut plant = Plant::new(ProblemDocument::from_json(site)?);
            for (kind, name, call) in parts {
                let adapter = Function::adapter(&format!("{kind} {name}"), call);
                plant = match kind.as_str() {
                    "cluster" => plant.cluster(adapter),
                    "battery" => plant.battery(name, adapter),
                    "meter" => plant.meter(name, adapter),
                    _ => plant.signals(adapter),
                };
            }
            let store: Arc<dyn StateStore> = match store {
                Some(call) => Arc::new(Function { name: "state".into(), call }),
                None => Arc::new(MemoryState::default()),
            };
            let settings = LiveSettings::from_json(settings)?;
            py.detach(|| live::Live::new(plant, settings, store))
        })?;
        Ok(Self { inner: Mutex::new(inner) })
    }

    /// Takes a turn; JSON of what happened.
    fn tick(&self, py: Python<'_>, now: &str) -> PyResult<String> {
        self.with(py, |inner| inner.tick(Timestamp::parse(now)?).to_json())
    }

    /// Closes the period that is open; JSON of the turn.
    fn close(&self, py: Python<'_>, now: &str) -> PyResult<String> {
        self.with(py, |inner| inner.close(Timestamp::parse(now)?).to_json())
    }

    /// Sends nothing more but rest for batteries; none to go on.
    fn stop(&self, py: Python<'_>, reason: Option<&str>) -> PyResult<()> {
        self.with(py, |inner| {
            match reason {
                Some(reason) => inner.stop(reason),
                None => inner.resume(),
            }
            Ok(())
        })
    }

    /// Leaves a target (JSON) alone until an instant.
    fn hold(&self, py: Python<'_>, target: &str, until: &str) -> PyResult<()> {
        let target = guard(py, || crate::settle::read("target", target))?;
        self.with(py, |inner| {
            inner.hold(target, Timestamp::parse(until)?);
            Ok(())
        })
    }

    /// JSON of the ledger.
    fn ledger(&self, py: Python<'_>) -> PyResult<String> {
        self.with(py, |inner| json(&inner.ledger()))
    }
}

/// Time as Python lets it pass.
struct Clock(Py<PyAny>);

impl Clock {
    fn number(&self, name: &str, seconds: Option<i64>) -> Option<i64> {
        Python::attach(|py| {
            let clock = self.0.bind(py);
            let answer = match seconds {
                Some(seconds) => clock.call1((name, seconds)),
                None => clock.call1((name,)),
            };
            answer.and_then(|answer| answer.extract::<i64>()).ok()
        })
    }
}

impl Stage for Clock {
    fn now(&self) -> Timestamp {
        self.number("now", None).and_then(|s| Timestamp::from_unix_s(s).ok()).unwrap_or(Timestamp::EPOCH)
    }
    fn wait_s(&self, seconds: i64) {
        self.number("wait", Some(seconds));
    }
    fn settle_s(&self) -> i64 {
        self.number("settle", None).unwrap_or(5)
    }
    fn command_s(&self) -> i64 {
        self.number("command", None).unwrap_or(600)
    }
}

/// Judges an adapter; pairs of rule and what was seen. `like` is JSON of what it is.
#[pyfunction]
pub(crate) fn conform(
    py: Python<'_>,
    kind: &str,
    like: &str,
    call: Py<PyAny>,
    clock: Py<PyAny>,
) -> PyResult<Vec<(String, String)>> {
    guard(py, || {
        let adapter = Function::adapter(&format!("{kind} in Python"), call);
        let clock = Clock(clock);
        py.detach(|| {
            let found = match kind {
                "cluster" => {
                    let (job, region): (String, String) = crate::settle::read("like", like)?;
                    conformance::workloads(&*adapter, job, region, &clock)
                }
                "battery" => {
                    let battery = crate::settle::read("like", like)?;
                    conformance::storage_device(&*adapter, &battery, &clock)
                }
                "meter" => conformance::meter(&*adapter, &clock),
                _ => {
                    let (region, column, hours): (String, _, i64) = crate::settle::read("like", like)?;
                    conformance::signal_source(&*adapter, &region, column, hours, &clock)
                }
            };
            Ok(found.into_iter().map(|finding| (finding.rule.to_owned(), finding.seen)).collect())
        })
    })
}
