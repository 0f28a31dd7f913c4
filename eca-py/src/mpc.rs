//! The rolling horizon: documents in, steps out.

use crate::errors::{guard, json};
use crate::plan::Plan;
use crate::problem::Problem;
use eca_core::mpc::{self, ControllerSettings, Simulation, Step, Uncertainty};
use eca_core::{Control, ProblemDocument, Result, Timestamp};
use pyo3::prelude::*;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// JSON of the step, its plan and the problem of that plan.
type Answer = (String, Option<Plan>, Option<Problem>);

fn answer(step: Step) -> Result<Answer> {
    let text = step.to_json()?;
    let problem = step.problem.map(|problem| Problem { inner: Arc::new(problem) });
    Ok((text, step.plan.map(|plan| Plan { inner: plan }), problem))
}

/// The instant given, or the start of the horizon.
fn instant(now: Option<&str>, document: &ProblemDocument) -> Result<Timestamp> {
    now.map_or(Ok(document.horizon.start), Timestamp::parse)
}

/// A rolling horizon.
#[pyclass(frozen, module = "eca._eca")]
pub(crate) struct Controller {
    inner: Mutex<mpc::Controller>,
}

#[pymethods]
impl Controller {
    #[new]
    fn new(py: Python<'_>, settings: &str) -> PyResult<Self> {
        let made = guard(py, || mpc::Controller::new(ControllerSettings::from_json(settings)?))?;
        Ok(Self { inner: Mutex::new(made) })
    }

    /// Plans and says what to do at `now`, or at the start of the horizon.
    fn step(&self, py: Python<'_>, now: Option<&str>, document: &str, uncertainty: &str) -> PyResult<Answer> {
        guard(py, || {
            py.detach(|| {
                let document = ProblemDocument::from_json(document)?;
                let now = instant(now, &document)?;
                let uncertainty = Uncertainty::from_json(uncertainty)?;
                let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
                answer(inner.step_with(now, &document, &uncertainty, &Control::default())?)
            })
        })
    }
}

/// A controller that nobody follows, and its ledger.
#[pyclass(frozen, module = "eca._eca")]
pub(crate) struct Shadow {
    inner: Mutex<mpc::Shadow>,
}

#[pymethods]
impl Shadow {
    #[new]
    fn new(py: Python<'_>, settings: &str) -> PyResult<Self> {
        let made = guard(py, || mpc::Shadow::new(ControllerSettings::from_json(settings)?))?;
        Ok(Self { inner: Mutex::new(made) })
    }

    /// Plans as the controller would for a site that had followed it so far.
    fn step(&self, py: Python<'_>, now: Option<&str>, document: &str) -> PyResult<Answer> {
        guard(py, || {
            py.detach(|| {
                let document = ProblemDocument::from_json(document)?;
                let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
                answer(inner.step(instant(now, &document)?, &document)?)
            })
        })
    }

    /// Books the period of the last step; JSON of the ledger.
    fn close(&self, py: Python<'_>, actual: &str, import_mwh: BTreeMap<String, f64>) -> PyResult<String> {
        guard(py, || {
            let actual = ProblemDocument::from_json(actual)?;
            let import_mwh = import_mwh.into_iter().map(|(region, mwh)| (region.into(), mwh)).collect();
            let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
            json(inner.close(&actual, &import_mwh)?)
        })
    }
}

/// Walks through a world; JSON of what was paid and emitted. `forecast` is `perfect`, `yesterday`, or a function that gets
/// the instant and the document of a plan and returns the document with its forecasts.
#[pyfunction]
pub(crate) fn simulate(py: Python<'_>, world: &str, settings: &str, forecast: &Bound<'_, PyAny>) -> PyResult<String> {
    let (world, walk) = guard(py, || Ok((ProblemDocument::from_json(world)?, Simulation::from_json(settings)?)))?;
    if let Ok(name) = forecast.extract::<&str>() {
        let yesterday = name == "yesterday";
        return guard(py, || {
            py.detach(|| {
                let realised = if yesterday {
                    mpc::simulate(&world, &walk, &mut mpc::yesterday(&world))?
                } else {
                    mpc::simulate(&world, &walk, &mut mpc::perfect)?
                };
                json(&realised)
            })
        });
    }
    let mut failed: Option<PyErr> = None;
    let mut call = |now: Timestamp, part: &mut ProblemDocument| {
        if failed.is_some() {
            return;
        }
        let changed = guard(py, || json(part)).and_then(|text| {
            let answer: String = forecast.call1((now.to_string(), text))?.extract()?;
            guard(py, || ProblemDocument::from_json(&answer))
        });
        match changed {
            Ok(changed) => {
                part.regions = changed.regions;
                part.services = changed.services;
            }
            Err(error) => failed = Some(error),
        }
    };
    let realised = guard(py, || mpc::simulate(&world, &walk, &mut call));
    match failed {
        Some(error) => Err(error),
        None => realised.and_then(|realised| guard(py, || json(&realised))),
    }
}
