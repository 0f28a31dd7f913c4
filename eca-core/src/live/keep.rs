//! What must not be lost: the state, and the events that somebody keeps.

use super::control::Planner;
use super::events::Waiting;
use super::{Live, Tick};
use crate::problem::Commitment;

impl Live {
    pub(super) fn count(&mut self, tick: &Tick) {
        let totals = &mut self.state.totals;
        totals.ticks += 1;
        totals.problems += u64::try_from(tick.problems.len()).unwrap_or(0);
    }

    /// Saves the state. False where that failed: then nothing may be sent.
    pub(super) fn save(&mut self, tick: &mut Tick) -> bool {
        if !self.unsaved {
            return true;
        }
        match &self.planner {
            Planner::Acting(controller) => self.state.controller = Some(controller.state().clone()),
            Planner::Shadow(shadow) => self.state.shadow = Some(shadow.state()),
        }
        let saved = self.state.to_json().map_err(|e| e.to_string());
        match saved.and_then(|text| self.store.save(&text).map_err(|e| e.to_string())) {
            Ok(()) => {
                self.unsaved = false;
                true
            }
            Err(error) => {
                tick.problems.push(format!("the state was not saved, nothing is sent: {error}"));
                false
            }
        }
    }

    /// Notes events, where somebody keeps them.
    pub(super) fn note(&mut self, add: impl FnOnce(&mut Waiting, &[Commitment], Option<&String>)) {
        if self.sink.is_some() {
            let before = self.state.waiting.events.len();
            add(&mut self.state.waiting, &self.plant.site.commitments, self.state.stopped.as_ref());
            self.unsaved |= self.state.waiting.events.len() > before;
        }
    }

    /// Hands over the events that wait. False where they were not kept: then nothing may be sent.
    pub(super) fn hand_over(&mut self, tick: &mut Tick) -> bool {
        let Some(sink) = self.sink.as_ref().filter(|_| !self.state.waiting.events.is_empty()) else { return true };
        match sink.keep(&self.state.waiting.events) {
            Ok(()) => {
                // In the store they wait until the next save: after a restart they come again, under the same numbers.
                self.state.waiting.events.clear();
                true
            }
            Err(error) => {
                tick.problems.push(format!("what happened was not kept, nothing is sent: {error}"));
                false
            }
        }
    }
}
