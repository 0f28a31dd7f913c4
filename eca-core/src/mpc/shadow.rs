//! Shadow mode: nothing is acted on; what ECA would have paid and emitted stands beside what the site did.

use super::book::Book;
use super::ledger::Ledger;
use super::twin::{Flows, Routes, Twin, import_price};
use super::view::cut;
use super::{Controller, ControllerSettings, ControllerState, Policy, Step};
use crate::problem::{JobId, ProblemDocument, RegionId};
use crate::{Error, Problem, Result, Settings, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A controller in shadow mode and its ledger.
///
/// The site goes its own way. [`Shadow::step`] gets the same documents as [`Controller::step`], but follows its own
/// jobs and batteries on paper: a job is taken over in the state in which it is first seen, a battery once. When a period
/// is over, [`Shadow::close`] books it three times under the conditions that were: for `eca`, for `run_at_once` (every
/// job as soon as it may, batteries at rest), and for the `site` as it was metered.
#[derive(Debug, Clone)]
pub struct Shadow {
    controller: Controller,
    solve: Settings,
    eca: Twin,
    at_once: Twin,
    book: Book,
    known: BTreeSet<JobId>,
    /// The period planned last, and what run-at-once serves in it.
    open: Option<(Timestamp, Routes)>,
    ledger: Ledger,
}

/// What a shadow must know again after a restart. A document for a file, not for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShadowState {
    controller: ControllerState,
    eca: Twin,
    at_once: Twin,
    book: Book,
    known: BTreeSet<JobId>,
    open: Option<(Timestamp, Routes)>,
    ledger: Ledger,
}

impl Shadow {
    /// A shadow that has seen nothing yet. [`ControllerSettings::shadow`] is set.
    ///
    /// # Errors
    /// As [`Controller::new`].
    pub fn new(mut settings: ControllerSettings) -> Result<Self> {
        settings.shadow = true;
        Ok(Self {
            solve: settings.solve.clone(),
            controller: Controller::new(settings)?,
            eca: Twin::default(),
            at_once: Twin::default(),
            book: Book::default(),
            known: BTreeSet::new(),
            open: None,
            ledger: Ledger::default(),
        })
    }

    /// A shadow that goes on where another one ended.
    ///
    /// # Errors
    /// As [`Controller::new`].
    pub fn restore(settings: ControllerSettings, state: ShadowState) -> Result<Self> {
        let mut shadow = Self::new(settings.clone())?;
        shadow.controller = Controller::restore(ControllerSettings { shadow: true, ..settings }, state.controller)?;
        (shadow.eca, shadow.at_once, shadow.book) = (state.eca, state.at_once, state.book);
        (shadow.known, shadow.open, shadow.ledger) = (state.known, state.open, state.ledger);
        Ok(shadow)
    }

    /// What a shadow must know to go on after a restart.
    #[must_use]
    pub fn state(&self) -> ShadowState {
        ShadowState {
            controller: self.controller.state().clone(),
            eca: self.eca.clone(),
            at_once: self.at_once.clone(),
            book: self.book.clone(),
            known: self.known.clone(),
            open: self.open.clone(),
            ledger: self.ledger.clone(),
        }
    }

    /// Plans as the controller would for a site that had followed it so far.
    ///
    /// # Errors
    /// As [`Controller::step`], and [`Error::Time`] if the period before was not closed.
    pub fn step(&mut self, now: Timestamp, document: &ProblemDocument) -> Result<Step> {
        if let Some((open, _)) = self.open.as_ref().filter(|(open, _)| *open != document.horizon.start) {
            return Err(other_period(document, &format!("the period from {open} must be closed before the next step")));
        }
        self.take_over(document);
        let mut part = cut(document, 0, document.horizon.periods);
        part.batteries.clone_from(&self.eca.batteries);
        part.jobs = self.eca.open_jobs().collect();
        let step = self.controller.step(now, &part)?;
        let start = document.horizon.start;
        for action in &step.proposed {
            self.eca.receive(action, start);
        }
        if self.open.is_none() {
            self.book.plan(&part, &self.at_once, Policy::RunAtOnce, &self.solve)?;
            for action in self.book.actions(&self.at_once, start, document.horizon.step_min, step.generation) {
                self.at_once.receive(&action, start);
            }
            self.open = Some((start, self.book.routes(&part, &self.at_once, &self.solve)?));
        }
        Ok(step)
    }

    /// Books the period of the last step. `actual` is a document of that one period with what really were its prices,
    /// carbon, weather and demand; its jobs and batteries are not read. `import_mwh` is what the site imported.
    ///
    /// # Errors
    /// [`Error::Time`] if it is another period; [`Error::Unknown`] for a region that `actual` does not have,
    /// [`Error::Value`] for an import that is not a number of at least 0; whatever [`Problem::from_document`] refuses.
    pub fn close(&mut self, actual: &ProblemDocument, import_mwh: &BTreeMap<RegionId, f64>) -> Result<&Ledger> {
        Problem::from_document(cut(actual, 0, 1))?;
        import_mwh.iter().try_for_each(|(region, &mwh)| check_import(actual, region, mwh))?;
        let Some((start, at_once)) = self.open.take_if(|(start, _)| *start == actual.horizon.start) else {
            return Err(other_period(actual, "is not the period of the last step"));
        };
        let none = Routes::new();
        let sent = self.controller.sent().iter().find(|sent| sent.from == start);
        let flows = self.eca.advance(actual, 0, sent.map_or(&none, |sent| &sent.routes));
        self.book(actual, "eca", &flows);
        let flows = self.at_once.advance(actual, 0, &at_once);
        self.book(actual, "run_at_once", &flows);
        self.book(actual, "site", &metered(actual, import_mwh));
        Ok(&self.ledger)
    }

    /// The sums so far.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    fn book(&mut self, actual: &ProblemDocument, name: &str, flows: &Flows) {
        self.ledger.entries.entry(name.into()).or_default().book(actual, flows);
    }

    /// Takes over jobs that are seen for the first time, and batteries once.
    fn take_over(&mut self, document: &ProblemDocument) {
        for job in &document.jobs {
            if self.known.insert(job.id.clone()) {
                self.eca.admit(job);
                self.at_once.admit(job);
            }
        }
        for twin in [&mut self.eca, &mut self.at_once] {
            let known: BTreeSet<_> = twin.batteries.iter().map(|battery| battery.id.clone()).collect();
            twin.batteries.extend(document.batteries.iter().filter(|b| !known.contains(&b.id)).cloned());
        }
    }
}

fn other_period(document: &ProblemDocument, reason: &str) -> Error {
    Error::Time { field: "horizon start".into(), text: document.horizon.start.to_string(), reason: reason.into() }
}

/// Refuses a meter of a region that is not there, and a reading that is none.
fn check_import(actual: &ProblemDocument, region: &RegionId, mwh: f64) -> Result<()> {
    if !actual.regions.iter().any(|known| known.id == *region) {
        let known: Vec<String> = actual.regions.iter().map(|region| format!("`{}`", region.id)).collect();
        return Err(Error::Unknown {
            object: "period to close".into(),
            field: "import_mwh",
            kind: "region",
            id: region.to_string(),
            known: known.join(", "),
        });
    }
    if !mwh.is_finite() || mwh < 0.0 {
        return Err(Error::Value {
            object: format!("region `{region}`"),
            field: "import_mwh".into(),
            value: mwh.to_string(),
            limit: "must be finite and at least 0".into(),
            unit: "MWh",
        });
    }
    Ok(())
}

/// The flows of a site of which only the imports are known.
fn metered(actual: &ProblemDocument, import_mwh: &BTreeMap<RegionId, f64>) -> Flows {
    let h = actual.horizon.step_h();
    let mut flows = Flows::default();
    for region in &actual.regions {
        let mwh = import_mwh.get(&region.id).copied().unwrap_or(0.0);
        flows.it_mw.push(0.0);
        flows.import_mw.push(mwh / h);
        flows.export_mw.push(0.0);
        flows.cost_gbp += mwh * import_price(region, 0);
        flows.carbon_kg += mwh * region.carbon_g_per_kwh.at(0);
    }
    flows
}
