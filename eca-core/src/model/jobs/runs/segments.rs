//! Where a job begins to work: its first segment, a resume after a pause, or an arrival.

use super::{Block, Draft, FREE, Terms};
use crate::milp::{Col, Milp};

impl Block<'_, '_> {
    pub(super) fn segments(&mut self, draft: &mut Draft) {
        let (job, shape) = (self.job, self.shape);
        let moves = shape.migration;
        for t in shape.first..shape.end {
            self.place(&mut draft.milp, t);
            for &r in &self.regions.clone() {
                if self.run.at((r, t)).is_empty() {
                    continue;
                }
                let tag = self.tag("segment").period(t);
                let segment = draft.milp.continuous(0.0, 1.0, 0.0, tag);
                *self.segment.at_mut((r, t)) = Some(segment);
                let resume = draft.milp.continuous(0.0, 1.0, job.pause_cost_gbp, self.tag("resume").period(t));
                *self.resume.at_mut((r, t)) = Some(resume);
                draft.it_load.at_mut((r, t)).columns.push((resume, job.pause_energy_mwh / self.frame.h));
                draft.milp.row(-FREE, 0.0, &[(resume, 1.0), (segment, -1.0)], self.tag("resume").period(t));
                self.begins(&mut draft.milp, r, t, segment);
            }
            if let Some(migration) = moves {
                self.moves(draft, t, migration);
            }
            self.starts_and_resumes(&mut draft.milp, t);
        }
        if let Some(most) = shape.pauses_left {
            let all = self.sum(&self.resume);
            draft.milp.row(0.0, f64::from(most), &all, self.tag("max_pauses"));
        }
    }

    /// `segment = max(0, works now - worked before)` in one region.
    pub(super) fn begins(&self, milp: &mut Milp, r: usize, t: usize, segment: Col) {
        let tag = self.tag("segment").period(t);
        let now = self.working(t, Some(r));
        let (before, constant) = self.worked(t.checked_sub(1), Some(r));
        let mut rise: Terms = vec![(segment, 1.0)];
        rise.extend(now.iter().map(|&(col, value)| (col, -value)));
        milp.row(-FREE, 0.0, &rise, tag);
        rise.extend(&before);
        milp.row(-constant, FREE, &rise, tag);
        let mut fresh: Terms = vec![(segment, 1.0)];
        fresh.extend(&before);
        milp.row(-FREE, 1.0 - constant, &fresh, tag);
    }

    /// Every segment is the first, a live arrival or a resume.
    pub(super) fn starts_and_resumes(&mut self, milp: &mut Milp, t: usize) {
        let shape = self.shape;
        let segments = self.sum_at(&self.segment, t);
        let mut balance = self.sum_at(&self.resume, t);
        balance.extend(self.sum_at(&self.live, t));
        balance.extend(segments.iter().map(|&(col, value)| (col, -value)));
        if shape.home.is_none() {
            let tag = self.tag("begun").period(t);
            let startup = self.job.startup_cost_gbp;
            let begun = milp.continuous(0.0, 1.0, if t + 1 == shape.end { startup } else { 0.0 }, tag);
            let before = t.checked_sub(1).and_then(|before| self.begun[before]);
            self.begun[t] = Some(begun);
            let mut rise: Terms = vec![(begun, 1.0)];
            rise.extend(before.map(|before| (before, -1.0)));
            balance.extend(&rise);
            milp.row(0.0, FREE, &rise, tag);
            rise.extend(segments.iter().map(|&(col, value)| (col, -value)));
            milp.row(-FREE, 0.0, &rise, tag);
            let mut works = self.working(t, None);
            works.push((begun, -1.0));
            milp.row(-FREE, 0.0, &works, tag);
        }
        milp.row(0.0, 0.0, &balance, self.tag("resume").period(t));
    }
}
