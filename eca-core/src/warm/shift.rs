//! The last plan's schedules in the periods and indices of the new problem.

use super::{Warm, WarmJob};
use crate::Problem;
use crate::engine::greedy::{self, Policy};
use crate::problem::JobId;
use crate::schedule::{self, Schedule, Shape};
use std::collections::BTreeMap;

pub(super) fn schedules(warm: &Warm, problem: &Problem) -> Vec<Schedule> {
    let known: BTreeMap<(&JobId, u32), &WarmJob> = warm.jobs.iter().map(|job| ((&job.id, job.copy), job)).collect();
    let copies = problem.shapes().iter().flat_map(|shape| (0..shape.count).map(move |copy| (shape, copy)));
    let kept = copies.map(|(shape, copy)| {
        let job = known.get(&(&problem.jobs()[shape.job].id, copy))?;
        let shifted = Shift { warm, problem, shape }.schedule(job)?;
        schedule::is_valid(shape, &shifted).then_some(shifted)
    });
    let kept: Vec<Option<Schedule>> = kept.collect();
    greedy::complete(problem, Policy::Cheapest, kept)
}

/// Region and point of a working period.
type Cell = Option<(usize, usize)>;

/// One job's way from the old horizon to the new one.
struct Shift<'a> {
    warm: &'a Warm,
    problem: &'a Problem,
    shape: &'a Shape,
}

impl Shift<'_> {
    /// The old schedule in the new periods; none where the periods do not lie on one grid or a name is gone.
    fn schedule(&self, job: &WarmJob) -> Option<Schedule> {
        let (old, new) = (&self.warm.horizon, self.problem.horizon());
        let moved_min = new.start.minutes_since(old.start);
        if old.step_min != new.step_min || moved_min % i64::from(new.step_min) != 0 {
            return None;
        }
        let moved = moved_min / i64::from(new.step_min);
        let before = |t: usize| usize::try_from(i64::try_from(t).ok()? + moved).ok();
        match (self.shape.divisible, &job.shares) {
            (true, Some(_)) => self.shares(job, &before),
            (false, None) => self.periods(job, &before),
            _ => None,
        }
    }

    fn region(&self, id: &crate::problem::RegionId) -> Option<usize> {
        self.problem.regions().iter().position(|region| region.id == *id)
    }

    fn periods(&self, job: &WarmJob, before: &dyn Fn(usize) -> Option<usize>) -> Option<Schedule> {
        let mut at = vec![None; self.problem.horizon().periods];
        for run in &job.runs {
            let cell = (self.region(&run.region)?, run.point);
            if run.point >= self.shape.rate.len() {
                return None;
            }
            let inside = |t: &usize| before(*t).is_some_and(|old| (run.from..run.to).contains(&old));
            (0..at.len()).filter(inside).for_each(|t| at[t] = Some(cell));
        }
        self.cut(&mut at);
        self.go_on(&mut at);
        let works = at.into_iter().enumerate().filter_map(|(t, cell)| cell.map(|(r, l)| (t, r, l)));
        Some(Schedule::from_works(works))
    }

    fn work(&self, at: &[Cell]) -> f64 {
        at.iter().flatten().map(|&(_, l)| self.shape.rate[l]).sum()
    }

    /// No period after the work is done.
    fn cut(&self, at: &mut [Cell]) {
        let mut work = self.work(at);
        for cell in at.iter_mut().rev() {
            let Some((_, l)) = *cell else { continue };
            work -= self.shape.rate[l];
            if !self.shape.is_done(work) {
                break;
            }
            *cell = None;
        }
    }

    /// Work that is left is done right after the last working period, or from the start where it is running now.
    fn go_on(&self, at: &mut [Cell]) {
        let shape = self.shape;
        let mut work = self.work(at);
        let last = at.iter().enumerate().rev().find_map(|(t, cell)| cell.map(|(r, _)| (t + 1, r)));
        let Some((from, r)) = last.or_else(|| shape.running.map(|running| (0, running.region))) else { return };
        for (t, cell) in at.iter_mut().enumerate().take(shape.end).skip(from) {
            let best = (0..shape.rate.len()).filter(|&l| shape.usable(r, t, l));
            let Some(l) = best.max_by(|&a, &b| shape.rate[a].total_cmp(&shape.rate[b])) else { return };
            if shape.is_done(work) {
                return;
            }
            *cell = Some((r, l));
            work += shape.rate[l];
        }
    }

    /// Shares as they were, cut in the order of time where they do more than is left; none where they do less.
    fn shares(&self, job: &WarmJob, before: &dyn Fn(usize) -> Option<usize>) -> Option<Schedule> {
        let (shape, periods) = (self.shape, self.problem.horizon().periods);
        let points = shape.rate.len();
        let mut shares = vec![vec![vec![0.0; points]; periods]; self.problem.regions().len()];
        let mut left = shape.left;
        for (t, old) in (0..periods).filter_map(|t| Some((t, before(t)?))) {
            for (id, table) in job.shares.as_ref()? {
                let r = self.region(id)?;
                for (l, series) in table.iter().enumerate().filter(|(l, _)| *l < points) {
                    let share = series.get(old).copied().unwrap_or(0.0).min(left / shape.rate[l]);
                    if share > 0.0 && shape.usable(r, t, l) {
                        shares[r][t][l] = share;
                        left -= share * shape.rate[l];
                    }
                }
            }
        }
        shape.is_done(shape.left - left).then(|| Schedule::fluid(shares))
    }
}
