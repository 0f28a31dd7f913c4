//! A policy against a long series of what really happened, with forecasts that need not be right.

use super::book::Book;
use super::ledger::Entry;
use super::must_sell_nothing;
use super::twin::{Flows, Routes, Twin};
use super::view::cut;
use super::{Controller, ControllerSettings, Source};
use crate::action::Action;
use crate::problem::{Job, JobId, ProblemDocument};
use crate::{Problem, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Who decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Policy {
    /// ECA, again and again.
    #[default]
    Replan,
    /// ECA once for each job, when it becomes known; batteries rest, divisible jobs are not done.
    PlanOnce,
    /// Every job starts as soon as it may; batteries rest, divisible jobs are not done.
    RunAtOnce,
}

/// How a world is walked through.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Simulation {
    /// Who decides.
    pub policy: Policy,
    /// Periods that each plan looks ahead.
    pub view_periods: usize,
    /// Periods from one plan to the next.
    pub replan_periods: usize,
    /// Periods from the start to the first plan on that beat; 0 where the plan at the start is on it.
    pub replan_offset_periods: usize,
    /// Periods before its earliest start from which on a job is known.
    pub notice_periods: usize,
    /// How each plan is made.
    pub controller: ControllerSettings,
}

impl Default for Simulation {
    fn default() -> Self {
        let mut controller = ControllerSettings::default();
        controller.solve.references = false;
        Self {
            policy: Policy::Replan,
            view_periods: 48,
            replan_periods: 1,
            replan_offset_periods: 0,
            notice_periods: 0,
            controller,
        }
    }
}

/// What was paid and emitted in the end.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Realised {
    /// The sums.
    pub entry: Entry,
    /// How often each source gave the answer.
    pub sources: BTreeMap<Source, usize>,
    /// Jobs that were done after their deadline, or not at all although it is over.
    pub late: Vec<JobId>,
    /// Jobs that were not done when the series ended.
    pub open: Vec<JobId>,
    /// Stored energy of each battery at the end, MWh.
    pub soc_mwh: Vec<f64>,
}

/// Walks through `world`: a document over the whole span with what really happened, and all jobs. A job is known from
/// its earliest start on, or [`Simulation::notice_periods`] earlier.
///
/// `forecast` gets the instant of each plan and what the plan will see, with the true values, and puts its forecasts
/// into their place; [`super::perfect`] leaves them.
///
/// # Errors
/// A world that is no valid problem apart from its jobs, [`crate::Error::Unsupported`] for one with opportunities, or settings outside their limits.
pub fn simulate(
    world: &ProblemDocument,
    simulation: &Simulation,
    forecast: &mut dyn FnMut(Timestamp, &mut ProblemDocument),
) -> Result<Realised> {
    let horizon = world.horizon;
    must_sell_nothing(world, "an opportunity in a simulated world")?;
    Problem::from_document(cut(world, 0, horizon.periods))?;
    let mut walk = Walk::new(world, simulation)?;
    for t in 0..horizon.periods {
        walk.admit(t);
        let flows = match simulation.policy {
            Policy::Replan => walk.replan(t, forecast)?,
            Policy::PlanOnce | Policy::RunAtOnce => walk.keep_to_plan(t, forecast)?,
        };
        walk.realised.entry.book(world, t, &flows);
    }
    Ok(walk.end())
}

struct Walk<'a> {
    world: &'a ProblemDocument,
    simulation: &'a Simulation,
    controller: Controller,
    twin: Twin,
    book: Book,
    /// Jobs not yet known, the last to come first.
    to_come: Vec<(Timestamp, &'a Job)>,
    outbox: Vec<Action>,
    realised: Realised,
}

impl<'a> Walk<'a> {
    fn new(world: &'a ProblemDocument, simulation: &'a Simulation) -> Result<Self> {
        let notice = i64::try_from(simulation.notice_periods).unwrap_or(i64::MAX);
        let notice_min = notice.saturating_mul(i64::from(world.horizon.step_min));
        let known = |job: &'a Job| (job.earliest_start.map_or(world.horizon.start, |at| at.plus_min(-notice_min)), job);
        let mut to_come: Vec<_> = world.jobs.iter().map(known).collect();
        to_come.sort_by_key(|(known, _)| std::cmp::Reverse(*known));
        Ok(Self {
            world,
            simulation,
            controller: Controller::new(simulation.controller.clone())?,
            twin: Twin::of(&cut(world, 0, world.horizon.periods)),
            book: Book::default(),
            to_come,
            outbox: Vec::new(),
            realised: Realised::default(),
        })
    }

    fn admit(&mut self, t: usize) {
        let now = self.world.horizon.start_of(t);
        while let Some((_, job)) = self.to_come.pop_if(|(known, _)| *known <= now) {
            self.twin.admit(job);
        }
    }

    /// What a plan made in period `t` sees.
    fn part(&self, t: usize, forecast: &mut dyn FnMut(Timestamp, &mut ProblemDocument)) -> ProblemDocument {
        let periods = self.simulation.view_periods.max(1).min(self.world.horizon.periods - t);
        let mut part = cut(self.world, t, periods);
        forecast(part.horizon.start, &mut part);
        part.batteries.clone_from(&self.twin.batteries);
        part
    }

    fn replan(&mut self, t: usize, forecast: &mut dyn FnMut(Timestamp, &mut ProblemDocument)) -> Result<Flows> {
        let now = self.world.horizon.start_of(t);
        let (every, offset) = (self.simulation.replan_periods.max(1), self.simulation.replan_offset_periods);
        if t == 0 || (t >= offset && (t - offset).is_multiple_of(every)) {
            // The commands of all periods up to the next plan go out with this one.
            let next = if t < offset { offset } else { every };
            self.controller.commit((next - 1).max(self.simulation.controller.committed_periods));
            let mut part = self.part(t, forecast);
            part.jobs = self.twin.open_jobs().collect();
            let step = self.controller.step(now, &part)?;
            *self.realised.sources.entry(step.source).or_default() += 1;
            self.outbox = step.proposed;
        }
        for action in &self.outbox {
            self.twin.receive(action, now);
        }
        let none = Routes::new();
        let sent = self.controller.sent().iter().find(|sent| sent.from == now);
        Ok(self.twin.advance(self.world, t, sent.map_or(&none, |sent| &sent.routes)))
    }

    fn keep_to_plan(&mut self, t: usize, forecast: &mut dyn FnMut(Timestamp, &mut ProblemDocument)) -> Result<Flows> {
        let (now, step_min) = (self.world.horizon.start_of(t), self.world.horizon.step_min);
        let part = self.part(t, forecast);
        let settings = &self.simulation.controller.solve;
        self.book.plan(&part, &self.twin, self.simulation.policy, settings)?;
        let actions = self.book.actions(&self.twin, now, step_min, u64::try_from(t).unwrap_or(0));
        for action in &actions {
            self.twin.receive(action, now);
        }
        let routes = self.book.routes(&part, &self.twin, settings)?;
        Ok(self.twin.advance(self.world, t, &routes))
    }

    fn end(mut self) -> Realised {
        let end = self.world.horizon.end();
        for tracked in &self.twin.jobs {
            let done = tracked.finished_at;
            if tracked.given().deadline.is_some_and(|due| due <= end && done.is_none_or(|done| done > due)) {
                self.realised.late.push(tracked.id().clone());
            }
            if done.is_none() {
                self.realised.open.push(tracked.id().clone());
            }
        }
        self.realised.soc_mwh = self.twin.batteries.iter().map(|battery| battery.soc_mwh).collect();
        self.realised
    }
}
