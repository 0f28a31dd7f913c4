//! Policies that plan each job once and keep to it: what ECA is compared with.

use super::Policy;
use super::twin::{Routes, Twin, routes};
use super::view::view;
use crate::action::{Action, Intent, Target, command};
use crate::engine::greedy;
use crate::problem::{Job, JobId, ProblemDocument, RegionId, Series};
use crate::{Problem, Result, Settings, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Where a job shall be, from an instant on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Page {
    from: Timestamp,
    cells: Vec<Option<(RegionId, usize)>>,
}

/// The schedules of jobs that were planned.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Book {
    pages: BTreeMap<JobId, Page>,
}

impl Book {
    /// Plans the jobs that have no schedule yet, around those that have one. `part` begins with the current period.
    pub(super) fn plan(
        &mut self,
        part: &ProblemDocument,
        twin: &Twin,
        policy: Policy,
        settings: &Settings,
    ) -> Result<()> {
        let horizon = part.horizon;
        let step_min = i64::from(horizon.step_min);
        let over = |page: &Page| horizon.start.minutes_since(page.from) / step_min >= page.cells.len() as i64;
        self.pages.retain(|_, page| !over(page));
        let new = |job: &Job| !job.divisible && !self.pages.contains_key(&job.id);
        let jobs: Vec<Job> = twin.open_jobs().filter(new).collect();
        if jobs.is_empty() {
            return Ok(());
        }
        let mut free = part.clone();
        free.batteries.clear();
        free.jobs.clear();
        free.services.clear();
        free.carbon_caps.clear();
        self.take_capacity(&mut free, twin);
        let problem = view(free, jobs)?.problem;
        let intent = match policy {
            Policy::RunAtOnce => at_once(&problem),
            _ => problem.solve(settings).map_or_else(|_| at_once(&problem), |plan| Intent::of_plan(&plan)),
        };
        for wanted in intent.jobs {
            self.pages.insert(wanted.id, Page { from: horizon.start, cells: wanted.cells });
        }
        Ok(())
    }

    /// The actions of the period that starts at `from`.
    pub(super) fn actions(&self, twin: &Twin, from: Timestamp, step_min: u32, generation: u64) -> Vec<Action> {
        let to = from.plus_min(i64::from(step_min));
        let each = twin.jobs.iter().filter(|tracked| !tracked.is_done()).filter_map(|tracked| {
            let next = self.next(tracked.id(), from, step_min)?;
            let command = command(tracked.given(), &tracked.before(), next, true)?;
            let target = Target::Job { id: tracked.id().clone(), copy: 0 };
            Some(Action::new(generation, target, command, from, to))
        });
        each.collect()
    }

    /// How services are routed in the first period of `part` beside the jobs.
    pub(super) fn routes(&self, part: &ProblemDocument, twin: &Twin, settings: &Settings) -> Result<Routes> {
        if part.services.is_empty() {
            return Ok(Routes::new());
        }
        let mut free = super::view::cut(part, 0, 1);
        free.batteries.clear();
        free.carbon_caps.clear();
        self.take_capacity(&mut free, twin);
        Ok(routes(&Problem::from_document(free)?.solve(settings)?, 0))
    }

    fn next(&self, id: &JobId, from: Timestamp, step_min: u32) -> Option<&[Option<(RegionId, usize)>]> {
        let page = self.pages.get(id)?;
        let gone = usize::try_from(from.minutes_since(page.from) / i64::from(step_min)).ok()?;
        page.cells.get(gone..).filter(|cells| !cells.is_empty())
    }

    /// Takes the power of the jobs that have a schedule off the capacity.
    fn take_capacity(&self, part: &mut ProblemDocument, twin: &Twin) {
        let horizon = part.horizon;
        let mut taken: BTreeMap<RegionId, Vec<f64>> = BTreeMap::new();
        for tracked in twin.jobs.iter().filter(|tracked| !tracked.is_done()) {
            let next = self.next(tracked.id(), horizon.start, horizon.step_min).unwrap_or_default();
            for (t, cell) in next.iter().enumerate().take(horizon.periods) {
                let Some((region, point)) = cell else { continue };
                let row = taken.entry(region.clone()).or_insert_with(|| vec![0.0; horizon.periods]);
                row[t] += tracked.given().points.get(*point).map_or(0.0, |point| point.power_mw);
            }
        }
        for region in &mut part.regions {
            let Some(taken) = taken.get(&region.id) else { continue };
            let left = taken.iter().enumerate().map(|(t, mw)| (region.it_capacity_mw.at(t) - mw).max(0.0));
            region.it_capacity_mw = Series::Values(left.collect());
        }
    }
}

fn at_once(problem: &Problem) -> Intent {
    Intent::of_schedules(problem, &greedy::schedules(problem, greedy::Policy::AtOnce))
}
