//! One copy of a job in full: points, pauses, moves, runs and state.
//!
//! Columns by period `t` (and region `r`): `run[r,t,l]` works at a point; `segment[r,t]` begins to work there;
//! `at[r,t]` the checkpoint is there; `arrive[r,t]` comes from another region; `live[r,t]` arrives without a pause;
//! `resume[r,t]` begins after a pause; `begun[t]` has started; `done[t]` has no work left. All but `run`, `done` and the
//! first `at` are continuous: the rows make them 0 or 1 once `run` is.

use super::{Draft, Frame, counts_inferences, millions, undone_column};
use crate::milp::{Col, Milp, Tag};
use crate::model::{JobColumns, draft::Grid2};
use crate::problem::Job;
use crate::schedule::Shape;

const FREE: f64 = f64::INFINITY;

/// Work is counted in thousandths of the whole, so that solver tolerances stay far below one period's work.
const SCALE: f64 = 1e3;
/// Work this close below what is left, as a part of the fastest period, is not told from done. Five times what a solver
/// takes for a whole number: with less, `done` may be 3e-8 and count as 0.
const NEARLY: f64 = 5e-7;

struct Block<'a, 'f> {
    frame: &'a Frame<'f>,
    job: &'a Job,
    shape: &'a Shape,
    copy: u32,
    regions: Vec<usize>,
    /// Points running, by region and period.
    run: Grid2<Vec<(usize, Col)>>,
    segment: Grid2<Option<Col>>,
    at: Grid2<Option<Col>>,
    arrive: Grid2<Option<Col>>,
    live: Grid2<Option<Col>>,
    resume: Grid2<Option<Col>>,
    begun: Vec<Option<Col>>,
    done: Vec<Option<Col>>,
}

type Terms = Vec<(Col, f64)>;

pub(super) fn columns(frame: &Frame<'_>, draft: &mut Draft, shape: &Shape, copy: u32) {
    let (regions, periods) = (frame.regions(), frame.periods);
    let mut block = Block {
        frame,
        job: &frame.problem.jobs()[shape.job],
        shape,
        copy,
        regions: shape.regions(),
        run: Grid2::new(regions, periods),
        segment: Grid2::new(regions, periods),
        at: Grid2::new(regions, periods),
        arrive: Grid2::new(regions, periods),
        live: Grid2::new(regions, periods),
        resume: Grid2::new(regions, periods),
        begun: vec![None; periods],
        done: vec![None; periods],
    };
    block.points(draft);
    block.work(draft);
    if block.knows_done() {
        block.doneness(&mut draft.milp);
    }
    if block.knows_segments() {
        block.segments(draft);
        block.min_run(&mut draft.milp);
        block.no_pause(&mut draft.milp);
    } else {
        block.one_place(&mut draft.milp);
    }
}

impl Block<'_, '_> {
    fn tag(&self, rule: &'static str) -> Tag {
        Tag::new(rule).object(self.shape.job).part(self.copy as usize)
    }

    /// Whether rules look at when it begins and stops, not only at where it works.
    fn knows_segments(&self) -> bool {
        let (job, shape) = (self.job, self.shape);
        !shape.preemptible
            || shape.pauses_left.is_some()
            || shape.min_run > 1
            || shape.migration.is_some()
            || shape.home.is_some()
            || job.startup_cost_gbp > 0.0
            || job.pause_cost_gbp > 0.0
            || job.pause_energy_mwh > 0.0
    }

    /// Whether rules look at when its work is done.
    fn knows_done(&self) -> bool {
        let shape = self.shape;
        let lazy = self.frame.lazy.waste.contains(&(shape.job, self.copy));
        shape.min_run > 1 || (!shape.preemptible && shape.priced) || shape.must_continue || lazy
    }

    /// Terms of "works in period t", in all regions or one.
    fn working(&self, t: usize, only: Option<usize>) -> Terms {
        let regions = self.regions.iter().filter(|&&r| only.is_none_or(|one| one == r));
        regions.flat_map(|&r| self.run.at((r, t)).iter().map(|&(_, col)| (col, 1.0))).collect()
    }

    /// Work done in periods before `t`, scaled.
    fn work_before(&self, t: usize) -> Terms {
        (self.shape.first..t)
            .flat_map(|k| self.regions.iter().map(move |&r| (r, k)))
            .flat_map(|cell| self.run.at(cell).iter().map(|&(l, col)| (col, SCALE * self.shape.rate[l])))
            .collect()
    }

    fn points(&mut self, draft: &mut Draft) {
        let shape = self.shape;
        let mut runs = Vec::new();
        let mut inferences = Vec::new();
        for t in shape.first..shape.end {
            for &r in self.regions.iter().filter(|&&r| shape.allowed(r, t)) {
                for l in (0..shape.rate.len()).filter(|&l| shape.usable(r, t, l)) {
                    let col = draft.milp.binary(0.0, self.tag("run").period(t));
                    runs.push((r, t, l, col));
                    self.run.at_mut((r, t)).push((l, col));
                    draft.it_load.at_mut((r, t)).columns.push((col, shape.power_mw[l]));
                }
            }
            let all = self.working(t, None);
            if all.len() > 1 {
                draft.milp.row(0.0, 1.0, &all, self.tag("one_place").period(t));
            }
        }
        if counts_inferences(self.frame) && shape.inferences > 0.0 {
            inferences = self.inferences(draft);
        }
        draft.jobs.push(JobColumns::Runs { job: shape.job, copy: self.copy, runs, inferences });
    }

    /// Inferences in each region and period: at most what the point does, in all the work done.
    fn inferences(&self, draft: &mut Draft) -> Vec<(usize, Col)> {
        let mut all = Vec::new();
        for t in self.shape.first..self.shape.end {
            for &r in &self.regions {
                let mut terms: Terms = self.run.at((r, t)).iter().map(|&(l, col)| (col, -self.shape.rate[l])).collect();
                if terms.is_empty() {
                    continue;
                }
                let done = draft.milp.continuous(0.0, FREE, 0.0, self.tag("work_counted").period(t));
                terms.push((done, 1.0));
                draft.milp.row(-FREE, 0.0, &terms, self.tag("work_counted").period(t));
                draft.inferences.at_mut((r, t)).columns.push((done, millions(self.shape)));
                all.push((t, done));
            }
        }
        let terms: Terms = all.iter().map(|&(_, col)| (col, 1.0)).collect();
        draft.milp.row(0.0, self.shape.left, &terms, self.tag("work_counted"));
        all
    }

    fn work(&self, draft: &mut Draft) {
        let shape = self.shape;
        let left = SCALE * shape.left;
        let undone = undone_column(self.frame, draft, shape, shape.left, self.copy);
        let mut terms = self.work_before(shape.end);
        // Half the tolerance that counts as done, so that rounding in the solver cannot cost a period.
        let slack = SCALE * 5e-10;
        if let Some(undone) = undone {
            terms.push((undone, SCALE));
        }
        draft.milp.row(left - slack, FREE, &terms, self.tag("work"));
        if shape.rate.len() == 1 {
            // With one point the number of periods says it all, and no more are used than needed.
            let all: Terms = (shape.first..shape.end).flat_map(|t| self.working(t, None)).collect();
            #[allow(clippy::cast_precision_loss)]
            let need = shape.need(0) as f64;
            draft.milp.row(if undone.is_some() { 0.0 } else { need }, need, &all, self.tag("periods"));
        }
    }

    /// `done[t] = 1` exactly if the work of periods up to `t` is all of it; nothing runs after that.
    fn doneness(&mut self, milp: &mut Milp) {
        let shape = self.shape;
        let left = SCALE * shape.left;
        let most = SCALE * shape.rate.iter().copied().fold(0.0, f64::max);
        let nearly = NEARLY * most;
        for t in shape.first..shape.end {
            let tag = self.tag("done").period(t);
            let done = milp.binary(0.0, tag);
            let mut terms = self.work_before(t + 1);
            terms.push((done, -(left - SCALE * 5e-10)));
            milp.row(0.0, FREE, &terms, tag);
            if let Some(last) = terms.last_mut() {
                // Without this the job may claim to be unfinished and go on running.
                last.1 = -(most + nearly);
            }
            milp.row(-FREE, left - nearly, &terms, tag);
            self.done[t] = Some(done);
        }
        for t in shape.first + 1..shape.end {
            let (Some(before), Some(now)) = (self.done[t - 1], self.done[t]) else { continue };
            milp.row(0.0, FREE, &[(now, 1.0), (before, -1.0)], self.tag("done").period(t));
            let mut terms = self.working(t, None);
            terms.push((before, 1.0));
            milp.row(-FREE, 1.0, &terms, self.tag("no_waste").period(t));
        }
    }

    /// Without any rule on segments: it stays in one region.
    fn one_place(&self, milp: &mut Milp) {
        if self.regions.len() < 2 {
            return;
        }
        let homes: Vec<Col> = self.regions.iter().map(|&r| milp.binary(0.0, self.tag("at").period(r))).collect();
        let all: Terms = homes.iter().map(|&home| (home, 1.0)).collect();
        milp.row(0.0, 1.0, &all, self.tag("one_region"));
        for (&r, &home) in self.regions.iter().zip(&homes) {
            for t in self.shape.first..self.shape.end {
                let mut terms = self.working(t, Some(r));
                if !terms.is_empty() {
                    terms.push((home, -1.0));
                    milp.row(-FREE, 0.0, &terms, self.tag("one_region").period(t));
                }
            }
        }
    }

    fn segments(&mut self, draft: &mut Draft) {
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
    fn begins(&self, milp: &mut Milp, r: usize, t: usize, segment: Col) {
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

    /// Terms and constant of "worked in period t"; none is the period before the horizon.
    fn worked(&self, t: Option<usize>, only: Option<usize>) -> (Terms, f64) {
        match t {
            Some(t) => (self.working(t, only), 0.0),
            None => {
                let there = self.shape.running.is_some_and(|running| only.is_none_or(|r| r == running.region));
                (Vec::new(), if there { 1.0 } else { 0.0 })
            }
        }
    }

    /// Where its checkpoint is: it works only there; without migration it never changes.
    fn place(&mut self, milp: &mut Milp, t: usize) {
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
    fn homes(&self) -> Vec<usize> {
        let mut homes = self.regions.clone();
        if let Some(home) = self.shape.home.filter(|home| !homes.contains(home)) {
            homes.push(home);
        }
        homes
    }

    /// Arrivals in period `t`: where the checkpoint changes, after the periods that a move takes.
    fn moves(&mut self, draft: &mut Draft, t: usize, migration: crate::problem::Migration) {
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
    fn stays_away(&self, milp: &mut Milp, r: usize, t: usize, before_first: bool) {
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
    fn was_at(&self, r: usize, t: usize, before_first: bool) -> (Terms, Option<f64>) {
        if before_first {
            return (Vec::new(), self.shape.home.map(|home| if home == r { 1.0 } else { 0.0 }));
        }
        (t.checked_sub(1).and_then(|before| *self.at.at((r, before))).map(|at| (at, 1.0)).into_iter().collect(), None)
    }

    /// `live = arrive and worked just before the move`.
    fn goes_live(&mut self, milp: &mut Milp, r: usize, t: usize, delay: usize, arrive: Col) {
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

    /// Every segment is the first, a live arrival or a resume.
    fn starts_and_resumes(&mut self, milp: &mut Milp, t: usize) {
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

    fn sum_at(&self, columns: &Grid2<Option<Col>>, t: usize) -> Terms {
        self.regions.iter().filter_map(|&r| columns.at((r, t)).map(|col| (col, 1.0))).collect()
    }

    fn sum(&self, columns: &Grid2<Option<Col>>) -> Terms {
        (self.shape.first..self.shape.end).flat_map(|t| self.sum_at(columns, t)).collect()
    }

    /// Terms of "is on its way in period t": a live arrival follows within the periods that a move takes.
    fn under_way(&self, t: usize) -> Terms {
        let delay = self.shape.migration.map_or(0, |migration| migration.periods as usize);
        (t + 1..=t + delay).filter(|&k| k < self.shape.end).flat_map(|k| self.sum_at(&self.live, k)).collect()
    }

    /// Works, moves, or was done before period `t`.
    fn goes_on(&self, t: usize) -> Terms {
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
    fn min_run(&self, milp: &mut Milp) {
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
    fn no_pause(&self, milp: &mut Milp) {
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
