//! How long a run goes on: its least length, and no end before the work is done where it may not pause.

use super::{Block, FREE, Terms};
use crate::milp::Milp;

impl Block<'_, '_> {
    /// Terms of "is on its way in period t": a live arrival follows within the periods that a move takes.
    pub(super) fn under_way(&self, t: usize) -> Terms {
        let delay = self.shape.migration.map_or(0, |migration| migration.periods as usize);
        (t + 1..=t + delay).filter(|&k| k < self.shape.end).flat_map(|k| self.sum_at(&self.live, k)).collect()
    }

    /// Works, moves, or was done before period `t`.
    pub(super) fn goes_on(&self, t: usize) -> Terms {
        let mut terms = Terms::new();
        if t < self.shape.end {
            terms.extend(self.working(t, None));
            terms.extend(self.under_way(t));
        }
        let before = t.checked_sub(1).and_then(|before| self.done.get(before).copied().flatten());
        terms.extend(before.map(|done| (done, 1.0)));
        terms
    }

    /// A run that began less than `min_run` periods ago goes on, unless the work is done.
    pub(super) fn min_run(&self, milp: &mut Milp) {
        let (shape, length) = (self.shape, self.shape.min_run);
        if length <= 1 {
            return;
        }
        for t in shape.first + 1..=shape.end {
            let tag = self.tag("min_run").period(t);
            let mut terms = self.goes_on(t);
            for k in (t + 1).saturating_sub(length).max(shape.first)..t.min(shape.end) {
                terms.extend(self.sum_at(&self.segment, k).into_iter().map(|(col, _)| (col, -1.0)));
                terms.extend(self.sum_at(&self.live, k));
            }
            milp.row(0.0, FREE, &terms, tag);
        }
        if let Some(running) = shape.running {
            for t in 0..length.saturating_sub(running.age).min(shape.end + 1) {
                milp.row(1.0, FREE, &self.goes_on(t), self.tag("min_run").period(t));
            }
        }
    }

    /// Not preemptible: no resume, and a run ends only when the work is done or at the deadline.
    pub(super) fn no_pause(&self, milp: &mut Milp) {
        let shape = self.shape;
        if shape.preemptible {
            return;
        }
        let all = self.sum(&self.resume);
        milp.row(0.0, 0.0, &all, self.tag("no_pause"));
        if !shape.priced && !shape.must_continue {
            return;
        }
        if shape.must_continue {
            let goes_on = if shape.pinned { self.working(0, None) } else { self.goes_on(0) };
            milp.row(1.0, FREE, &goes_on, self.tag("continues").period(0));
        }
        for t in shape.first + 1..shape.end {
            let mut terms = self.goes_on(t);
            let mut before = self.working(t - 1, None);
            before.extend(self.under_way(t - 1));
            terms.extend(before.into_iter().map(|(col, value)| (col, -value)));
            milp.row(0.0, FREE, &terms, self.tag("continues").period(t));
        }
    }
}
