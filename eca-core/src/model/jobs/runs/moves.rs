//! Where a job's checkpoint is, and how it comes to another region.

use super::{Block, Draft, FREE, Terms};
use crate::milp::{Col, Milp};
use crate::problem::Migration;

impl Block<'_, '_> {
    /// Where its checkpoint is: it works only there; without migration it never changes.
    pub(super) fn place(&mut self, milp: &mut Milp, t: usize) {
        let shape = self.shape;
        let homes = self.homes();
        if homes.len() < 2 {
            return;
        }
        for &r in &homes {
            let tag = self.tag("at").period(t);
            let at = match (t.checked_sub(1).and_then(|before| *self.at.at((r, before))), shape.migration) {
                (Some(same), None) => same,
                (Some(_), Some(_)) => milp.continuous(0.0, 1.0, 0.0, tag),
                (None, _) => milp.binary(0.0, tag),
            };
            *self.at.at_mut((r, t)) = Some(at);
            let mut terms = self.working(t, Some(r));
            if !terms.is_empty() {
                terms.push((at, -1.0));
                milp.row(-FREE, 0.0, &terms, tag);
            }
        }
        let all: Terms = homes.iter().filter_map(|&r| self.at.at((r, t)).map(|at| (at, 1.0))).collect();
        milp.row(1.0, 1.0, &all, self.tag("one_region").period(t));
    }

    /// Regions where its checkpoint can be.
    pub(super) fn homes(&self) -> Vec<usize> {
        let mut homes = self.regions.clone();
        if let Some(home) = self.shape.home.filter(|home| !homes.contains(home)) {
            homes.push(home);
        }
        homes
    }

    /// Arrivals in period `t`: where the checkpoint changes, after the periods that a move takes.
    pub(super) fn moves(&mut self, draft: &mut Draft, t: usize, migration: Migration) {
        let shape = self.shape;
        let delay = migration.periods as usize;
        let before_first = t == shape.first;
        if self.homes().len() < 2 {
            return;
        }
        let mut arrivals = Terms::new();
        for r in self.regions.clone() {
            let (Some(segment), Some(at)) = (*self.segment.at((r, t)), *self.at.at((r, t))) else {
                self.stays_away(&mut draft.milp, r, t, before_first);
                continue;
            };
            let tag = self.tag("arrive").period(t);
            let (was, constant) = self.was_at(r, t, before_first);
            if was.is_empty() && constant.is_none() {
                continue;
            }
            let constant = constant.unwrap_or(0.0);
            let arrive = draft.milp.continuous(0.0, 1.0, migration.cost_gbp, tag);
            draft.it_load.at_mut((r, t)).columns.push((arrive, migration.energy_mwh / self.frame.h));
            *self.arrive.at_mut((r, t)) = Some(arrive);
            arrivals.push((arrive, 1.0));
            let mut change: Terms = vec![(arrive, 1.0), (at, -1.0)];
            change.extend(&was);
            draft.milp.row(-constant, FREE, &change, tag);
            draft.milp.row(-FREE, 0.0, &[(arrive, 1.0), (segment, -1.0)], tag);
            let mut fresh: Terms = vec![(arrive, 1.0)];
            fresh.extend(&was);
            draft.milp.row(-FREE, 1.0 - constant, &fresh, tag);
            self.goes_live(&mut draft.milp, r, t, delay, arrive);
        }
        if let Some(home) = shape.home.filter(|home| !self.regions.contains(home)) {
            self.stays_away(&mut draft.milp, home, t, before_first);
        }
        for k in t.saturating_sub(delay)..t {
            let mut terms = self.working(k, None);
            terms.extend(&arrivals);
            draft.milp.row(-FREE, 1.0, &terms, self.tag("moving").period(t));
        }
        if shape.home.is_none() {
            // Before it has started there is nothing to move.
            let before = t.checked_sub(1).and_then(|before| self.begun[before]);
            let mut terms = arrivals.clone();
            terms.extend(before.map(|begun| (begun, -1.0)));
            draft.milp.row(-FREE, 0.0, &terms, self.tag("moving").period(t));
        }
        if delay > t && shape.running.is_some() {
            // It worked in the period before the horizon: too early to have arrived.
            draft.milp.row(0.0, 0.0, &arrivals, self.tag("moving").period(t));
        }
    }

    /// Where it cannot work, its checkpoint does not come.
    pub(super) fn stays_away(&self, milp: &mut Milp, r: usize, t: usize, before_first: bool) {
        let Some(at) = *self.at.at((r, t)) else { return };
        let (was, constant) = self.was_at(r, t, before_first);
        if was.is_empty() && constant.is_none() {
            return;
        }
        let mut terms: Terms = vec![(at, 1.0)];
        terms.extend(was.iter().map(|&(col, value)| (col, -value)));
        milp.row(-FREE, constant.unwrap_or(0.0), &terms, self.tag("at").period(t));
    }

    /// Terms of "its checkpoint was in r before period t"; constant for a job with a state, nothing for one without.
    pub(super) fn was_at(&self, r: usize, t: usize, before_first: bool) -> (Terms, Option<f64>) {
        if before_first {
            return (Vec::new(), self.shape.home.map(|home| if home == r { 1.0 } else { 0.0 }));
        }
        (t.checked_sub(1).and_then(|before| *self.at.at((r, before))).map(|at| (at, 1.0)).into_iter().collect(), None)
    }

    /// `live = arrive and worked just before the move`.
    pub(super) fn goes_live(&mut self, milp: &mut Milp, r: usize, t: usize, delay: usize, arrive: Col) {
        if t < delay || (t == delay && self.shape.running.is_none()) {
            return;
        }
        let (worked, constant) = self.worked(t.checked_sub(delay + 1), None);
        let tag = self.tag("live").period(t);
        let live = milp.continuous(0.0, 1.0, 0.0, tag);
        *self.live.at_mut((r, t)) = Some(live);
        milp.row(-FREE, 0.0, &[(live, 1.0), (arrive, -1.0)], tag);
        let mut only_if: Terms = vec![(live, 1.0)];
        only_if.extend(worked.iter().map(|&(col, value)| (col, -value)));
        milp.row(-FREE, constant, &only_if, tag);
        only_if.push((arrive, -1.0));
        milp.row(constant - 1.0, FREE, &only_if, tag);
    }
}
