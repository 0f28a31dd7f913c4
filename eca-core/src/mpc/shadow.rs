//! Shadow mode: nothing is acted on; what ECA would have paid and emitted stands beside what the site did.

use super::ledger::Ledger;
use super::must_sell_nothing;
use super::reference::{Reference, add_batteries, check, not_open};
use super::twin::{Routes, Twin};
use super::view::cut;
use super::{Controller, ControllerSettings, ControllerState, Step};
use crate::problem::{ProblemDocument, RegionId};
use crate::{Result, Settings, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

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
    reference: Reference,
}

/// What a shadow must know again after a restart. A document for a file, not for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShadowState {
    controller: ControllerState,
    eca: Twin,
    reference: Reference,
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
            reference: Reference::default(),
        })
    }

    /// A shadow that goes on where another one ended.
    ///
    /// # Errors
    /// As [`Controller::new`].
    pub fn restore(settings: ControllerSettings, state: ShadowState) -> Result<Self> {
        let mut shadow = Self::new(settings.clone())?;
        shadow.controller = Controller::restore(ControllerSettings { shadow: true, ..settings }, state.controller)?;
        (shadow.eca, shadow.reference) = (state.eca, state.reference);
        Ok(shadow)
    }

    /// What a shadow must know to go on after a restart.
    #[must_use]
    pub fn state(&self) -> ShadowState {
        ShadowState {
            controller: self.controller.state().clone(),
            eca: self.eca.clone(),
            reference: self.reference.clone(),
        }
    }

    /// Plans as the controller would for a site that had followed it so far.
    ///
    /// # Errors
    /// As [`Controller::step`], [`crate::Error::Time`] if the period before was not closed, and
    /// [`crate::Error::Unsupported`] for opportunities: nobody sells what a shadow takes.
    pub fn step(&mut self, now: Timestamp, document: &ProblemDocument) -> Result<Step> {
        self.reference.must_be_closed(document)?;
        must_sell_nothing(document, "an opportunity in shadow")?;
        for job in self.reference.take_over(document) {
            self.eca.admit(job);
        }
        add_batteries(&mut self.eca, &document.batteries);
        let mut part = cut(document, 0, document.horizon.periods);
        part.batteries.clone_from(&self.eca.batteries);
        part.jobs = self.eca.open_jobs().collect();
        let step = self.controller.step(now, &part)?;
        let start = document.horizon.start;
        for action in &step.proposed {
            self.eca.receive(action, start);
        }
        self.reference.begin(document, step.generation, &self.solve)?;
        Ok(step)
    }

    /// Books the period of the last step. `actual` is a document of that one period with what really were its prices,
    /// carbon, weather and demand; its jobs and batteries are not read. `import_mwh` is what the site imported.
    ///
    /// # Errors
    /// [`crate::Error::Time`] if it is another period; [`crate::Error::Unknown`] for a region that `actual` does not have,
    /// [`crate::Error::Value`] for an import that is not a number of at least 0; whatever [`crate::Problem::from_document`] refuses.
    pub fn close(&mut self, actual: &ProblemDocument, import_mwh: &BTreeMap<RegionId, f64>) -> Result<&Ledger> {
        check(actual, import_mwh)?;
        if !self.reference.is_open(actual) {
            return Err(not_open(actual));
        }
        let none = Routes::new();
        let sent = self.controller.sent().iter().find(|sent| sent.from == actual.horizon.start);
        let flows = self.eca.advance(actual, 0, sent.map_or(&none, |sent| &sent.routes));
        self.reference.close(actual, import_mwh, [("eca", flows)])
    }

    /// The sums so far.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.reference.ledger
    }
}
