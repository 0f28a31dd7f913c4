//! What was paid and emitted, period by period, beside what would have been: in shadow mode by ECA, where the loop acts
//! without it.

use super::control::Planner;
use super::prepare::{self, window};
use super::{Live, Tick};
use crate::adapter::FetchOptions;
use crate::mpc::Ledger;
use crate::problem::ProblemDocument;
use crate::{Horizon, Timestamp};
use std::collections::BTreeMap;

impl Live {
    /// What was paid and emitted so far, over the periods that could be planned and booked. `site`: as it was metered.
    /// `run_at_once`: had every job run as soon as it may, batteries at rest. In shadow mode also `eca`: had ECA been obeyed.
    /// What batteries hold at the end is not counted.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        match &self.planner {
            Planner::Shadow(shadow) => shadow.ledger().clone(),
            Planner::Acting(_) => self.state.reference.ledger().clone(),
        }
    }

    /// Whose costs are compared: what ECA does or would do, and what is done without it.
    fn compared(&self) -> (&'static str, &'static str) {
        if self.settings.shadow { ("eca", "site") } else { ("site", "run_at_once") }
    }

    /// What ECA saved, GBP; in shadow mode, what it would have saved.
    #[must_use]
    pub fn saved_gbp(&self) -> f64 {
        let (ours, theirs) = self.compared();
        self.ledger().saved_gbp(ours, theirs)
    }

    /// What ECA avoided, kg of CO2; in shadow mode, what it would have avoided.
    #[must_use]
    pub fn saved_kg(&self) -> f64 {
        let (ours, theirs) = self.compared();
        self.ledger().saved_kg(ours, theirs)
    }

    /// A period begins that was planned from `document`.
    pub(super) fn open_books(&mut self, document: ProblemDocument, is_number: bool, generation: u64, tick: &mut Tick) {
        if !self.settings.shadow {
            self.state.reference.skip();
            let solve = &self.settings.controller.solve;
            if let Err(error) =
                if is_number { self.state.reference.begin(&document, generation, solve) } else { Ok(()) }
            {
                tick.problems.push(format!("what it would cost without ECA is not known for this period: {error}"));
            }
        }
        self.state.open = Some(document).filter(|_| is_number);
    }

    /// Books the period that is open with what the meters counted in it.
    pub(super) fn book(&mut self, now: Timestamp, tick: &mut Tick) {
        let Some(open) = self.state.open.take() else { return };
        let horizon = Horizon { periods: 1, ..open.horizon };
        let mut actual = window(&open, horizon);
        actual.jobs.clear();
        // What is known now counts; where nothing new is, what was expected.
        let options = FetchOptions::new(now, horizon.start.plus_min(-i64::from(horizon.step_min)), horizon.end());
        let mut said = Vec::new();
        let signals = prepare::fetch(&self.plant, &self.settings, &options, &mut said);
        let mut known = actual.clone();
        prepare::put(&mut known, &signals, &self.settings, &mut said);
        if crate::Problem::from_document(ProblemDocument { batteries: Vec::new(), ..known.clone() }).is_ok() {
            actual = known;
        }
        let mut import_mwh = BTreeMap::new();
        for (region, meter) in &tick.meters {
            if let Some(before) = self.state.registers_wh.get(region) {
                let wh = meter.import_wh.saturating_sub(*before);
                // Registers are far below 2^53 Wh.
                #[allow(clippy::cast_precision_loss)]
                import_mwh.insert(region.clone(), crate::unit::wh_to_mwh(wh as f64));
            }
        }
        let booked = match &mut self.planner {
            Planner::Shadow(shadow) => shadow.close(&actual, &import_mwh),
            Planner::Acting(_) => self.state.reference.close(&actual, &import_mwh, []),
        };
        match booked {
            Ok(ledger) => tick.ledger = Some(ledger.clone()),
            Err(error) => {
                tick.problems.push(format!("the period was not booked: {error}"));
                self.state.reference.skip();
            }
        }
    }
}
