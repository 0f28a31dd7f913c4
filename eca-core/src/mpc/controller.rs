//! One planning step after the other: state and forecasts in, actions out.

use super::risk::{self, Protection, Uncertainty};
use super::sold::as_can_be;
use super::twin::{Move, Routes, Tracked, Twin, routes};
use super::view::{View, cut, view};
use super::{ControllerSettings, Source, safe};
use crate::action::{Action, Intent};
use crate::engine::greedy::{self, Policy};
use crate::problem::{Job, JobId, ProblemDocument};
use crate::{Control, Error, Horizon, Plan, Problem, Result, SolveReport, Timestamp, Warm};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What one planning step gives.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Step {
    /// Number of the step, from 1.
    pub generation: u64,
    /// How the plan was found.
    pub source: Source,
    /// Why it was not found in a better way, or how it was.
    pub reason: String,
    /// What is to be done in the committed periods, those sent out by earlier steps included; empty in shadow mode.
    pub actions: Vec<Action>,
    /// What would be done: the same as `actions`, also in shadow mode.
    pub proposed: Vec<Action>,
    /// Jobs that can no longer keep what they were promised; they are done as well as can be.
    pub late: Vec<JobId>,
    /// The plan of the periods that were not committed before; none where nothing could be planned.
    pub plan: Option<Plan>,
    /// What protection against wrong forecasts costs and saves; with [`super::Risk::Budget`].
    pub protection: Option<Protection>,
    /// The problem of that plan: [`Plan::check`] takes both.
    #[serde(skip)]
    pub problem: Option<Problem>,
    /// Sizes and timings of the solve. They differ between runs.
    #[serde(skip)]
    pub report: Option<SolveReport>,
}

/// One period whose commands are out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Sent {
    pub(super) from: Timestamp,
    to: Timestamp,
    actions: Vec<Action>,
    pub(super) routes: Routes,
}

/// A rolling horizon: plans again in each step, and keeps what it has committed to.
///
/// A step takes a problem document: its horizon starts with the current period, its jobs and batteries are in the state
/// observed at that start, its series are forecasts. Deadlines may lie beyond the horizon. The commands of the first
/// period, and of [`ControllerSettings::committed_periods`] more, are sent out and never change afterwards: later steps
/// plan around them, and repeat them with the same keys.
///
/// Opportunities of the document are planned with, and [`Step::plan`] says which are taken: sell them
/// ([`Problem::accept`] of [`Step::problem`]), and give the commitments to the next step. What this step sends out acts on them
/// already; one that needs an answer first says so with its `notice_s`, which counts from the start of the document.
///
/// A step always has an answer. [`Step::source`] says where it comes from: the optimum, the best plan in time, the last
/// plan going on, a simple policy, or, where nothing can be planned at all, what is safe.
///
/// ```
/// use eca_core::mpc::{Controller, ControllerSettings, Source};
/// use eca_core::{Horizon, Job, JobPoint, Problem, Region};
///
/// let start = "2026-03-02T00:00:00Z".parse()?;
/// let problem = Problem::builder(Horizon::new(start, 60, 3)?)
///     .region(
///         Region::new("london")
///             .it_capacity_mw(1.0)
///             .import_limit_mw(2.0)
///             .import_price_gbp_per_mwh([50.0, 90.0, 70.0])
///             .carbon_g_per_kwh(200.0),
///     )
///     .job(Job::gpu_hours("train", 1.0, [JobPoint::gpu_hours(1.0, 1.0)]))
///     .build()?;
/// let mut controller = Controller::new(ControllerSettings::default())?;
/// let step = controller.step(start, problem.document())?;
/// assert_eq!(step.source, Source::Optimal);
/// assert_eq!(step.actions.len(), 1); // run `train` in london, from 00:00 to 01:00
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Debug, Clone)]
pub struct Controller {
    settings: ControllerSettings,
    state: ControllerState,
    warm: Option<Warm>,
}

/// What a controller must know again after a restart: what it has sent. A document for a file, not for people.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControllerState {
    sent: Vec<Sent>,
    /// Live moves that were sent, until they arrive: documents do not show them.
    moves: BTreeMap<JobId, (Timestamp, Move)>,
    step_min: Option<u32>,
    last_start: Option<Timestamp>,
    generation: u64,
}

/// Where a step's actions come from.
struct Found {
    source: Source,
    reason: String,
    intent: Option<Intent>,
    problem: Option<Problem>,
    plan: Option<Plan>,
    protection: Option<Protection>,
    report: Option<SolveReport>,
    warm: Option<Warm>,
    late: Vec<JobId>,
}

impl Controller {
    /// A controller that has sent nothing yet.
    ///
    /// # Errors
    /// [`Error::Value`] for settings outside their limits.
    pub fn new(settings: ControllerSettings) -> Result<Self> {
        crate::engine::check_settings(&settings.solve)?;
        settings.risk.check()?;
        Ok(Self { settings, state: ControllerState::default(), warm: None })
    }

    /// A controller that goes on where another one ended. What that one knew only to be faster is lost.
    ///
    /// # Errors
    /// As [`Controller::new`].
    pub fn restore(settings: ControllerSettings, state: ControllerState) -> Result<Self> {
        Ok(Self { state, ..Self::new(settings)? })
    }

    /// What a controller must know to go on after a restart.
    #[must_use]
    pub fn state(&self) -> &ControllerState {
        &self.state
    }

    /// Plans and says what to do now.
    ///
    /// # Errors
    /// Only where no period can be acted for: a horizon that is none, whose first period is over at `now`, that goes back
    /// in time or changes its step. Everything else that is wrong ends in [`Source::Safe`], with the reason.
    pub fn step(&mut self, now: Timestamp, document: &ProblemDocument) -> Result<Step> {
        self.step_with(now, document, &Uncertainty::default(), &Control::default())
    }

    /// [`Controller::step`] with what is known of the errors of the forecasts, progress and cancellation.
    ///
    /// # Errors
    /// As [`Controller::step`].
    pub fn step_with(
        &mut self,
        now: Timestamp,
        document: &ProblemDocument,
        uncertainty: &Uncertainty,
        control: &Control,
    ) -> Result<Step> {
        self.check_clock(now, &document.horizon)?;
        let horizon = &document.horizon;
        self.state.sent.retain(|sent| sent.to > horizon.start);
        self.state.generation += 1;
        self.state.last_start = Some(horizon.start);
        self.state.step_min = Some(horizon.step_min);
        let mut twin = self.observed(document);
        for (t, sent) in self.state.sent.iter().enumerate() {
            for action in &sent.actions {
                twin.receive(action, sent.from);
            }
            twin.advance(document, t, &sent.routes);
        }
        let first = self.state.sent.len();
        let found = self.find(document, &twin, first, uncertainty, control);
        let more = (self.settings.committed_periods + 1).saturating_sub(first).min(horizon.periods - first);
        self.send(document, twin, &found, first, more);
        let proposed: Vec<Action> = self.state.sent.iter().flat_map(|sent| sent.actions.clone()).collect();
        self.warm = found.warm.or(self.warm.take());
        Ok(Step {
            generation: self.state.generation,
            source: found.source,
            reason: found.reason,
            actions: if self.settings.shadow { Vec::new() } else { proposed.clone() },
            proposed,
            late: found.late,
            plan: found.plan,
            protection: found.protection,
            problem: found.problem,
            report: found.report,
        })
    }

    /// A move that was sent did not take place: the job is where documents show it.
    pub fn forget_move(&mut self, job: &JobId) {
        self.state.moves.remove(job);
    }

    /// What was handed over by the last solve.
    #[must_use]
    pub fn warm(&self) -> Option<&Warm> {
        self.warm.as_ref()
    }

    /// From now on so many periods beyond the first one are committed.
    pub(super) fn commit(&mut self, periods: usize) {
        self.settings.committed_periods = periods;
    }

    pub(super) fn sent(&self) -> &[Sent] {
        &self.state.sent
    }

    /// The state that the document describes, and what it cannot say: who is moving.
    fn observed(&mut self, document: &ProblemDocument) -> Twin {
        let (start, step_min) = (document.horizon.start, i64::from(document.horizon.step_min));
        // What departs in a period that is still to come is told to the twin again.
        let departed = |arrival: Timestamp, periods: u32| arrival.plus_min(-step_min * i64::from(periods)) < start;
        self.state.moves.retain(|_, (arrives, _)| *arrives > start);
        let mut twin = Twin::of(document);
        for (id, (arrives, moving)) in &self.state.moves {
            let left = u32::try_from(arrives.minutes_since(start) / step_min).unwrap_or(0);
            if let Some(tracked) = twin.tracked(id).filter(|_| departed(*arrives, moving.left)) {
                tracked.go_on_moving(Move { left, ..moving.clone() });
            }
        }
        twin
    }

    fn check_clock(&self, now: Timestamp, horizon: &Horizon) -> Result<()> {
        horizon.check()?;
        let refuse = |reason: String| {
            Err(Error::Time { field: "horizon start".into(), text: horizon.start.to_string(), reason })
        };
        if now >= horizon.start_of(1) {
            return refuse(format!("its first period is over at {now}; start the horizon with the current period"));
        }
        if self.state.step_min.is_some_and(|step_min| step_min != horizon.step_min) {
            return refuse("the step of a controller cannot change; make a new controller".into());
        }
        if self.state.last_start.is_some_and(|last| last > horizon.start) {
            return refuse("is before the one of the last step".into());
        }
        Ok(())
    }

    /// The best there is for the periods after those sent.
    fn find(
        &self,
        document: &ProblemDocument,
        twin: &Twin,
        first: usize,
        uncertainty: &Uncertainty,
        control: &Control,
    ) -> Found {
        let mut found = Found {
            source: Source::Safe,
            reason: String::new(),
            intent: None,
            problem: None,
            plan: None,
            protection: None,
            report: None,
            warm: None,
            late: Vec::new(),
        };
        if first >= document.horizon.periods {
            found.source = Source::Committed;
            found.reason = "every period of the horizon is committed".into();
            return found;
        }
        let mut part = cut(document, first, document.horizon.periods - first);
        part.batteries.clone_from(&twin.batteries);
        let jobs: Vec<Job> = twin.jobs.iter().filter(|job| !job.is_done()).map(Tracked::to_plan).collect();
        let View { problem, late } = match view(part, jobs) {
            Ok(view) => view,
            Err(error) => {
                found.reason = format!("nothing can be planned: {error}");
                return found;
            }
        };
        found.late = late;
        let settings = &self.settings;
        let warm = self.warm.as_ref();
        let solve = |problem| risk::solve(problem, settings.risk, uncertainty, &settings.solve, control, warm);
        let mut eased = None;
        let solved = match solve(problem.clone()) {
            Err(Error::Infeasible { rules }) => match as_can_be(&problem) {
                // What is sold and cannot be held any more is delivered as far as it can be.
                Some(priced) => {
                    eased = Some(format!("strict commitments cannot be held: {}; ", rules.join(", ")));
                    solve(priced)
                }
                None => Err(Error::Infeasible { rules }),
            },
            other => other,
        };
        match solved {
            Ok(guarded) => {
                found.source = Source::of(&guarded.solved.plan);
                found.reason = eased.unwrap_or_default() + &guarded.solved.plan.engine_reason;
                found.intent = Some(Intent::of_plan(&guarded.solved.plan));
                found.plan = Some(guarded.solved.plan);
                found.warm = Some(guarded.solved.warm);
                found.report = Some(guarded.solved.report);
                found.protection = guarded.protection;
                found.problem = Some(guarded.problem);
            }
            Err(error) => {
                let (schedules, source) = match warm {
                    Some(warm) => (warm.schedules(&problem), Source::Shifted),
                    None => (greedy::schedules(&problem, Policy::Cheapest), Source::Greedy),
                };
                found.reason = format!("no solver answered: {error}");
                let intent = Intent::of_schedules(&problem, &schedules);
                if intent.fits(&problem, 0) {
                    found.source = source;
                    found.intent = Some(intent);
                    found.problem = Some(problem);
                }
            }
        }
        found
    }

    /// Commits `more` periods after the first ones.
    fn send(&mut self, document: &ProblemDocument, mut twin: Twin, found: &Found, first: usize, more: usize) {
        for i in 0..more {
            let t = first + i;
            let (from, to) = (document.horizon.start_of(t), document.horizon.start_of(t + 1));
            let (actions, routes) = match (&found.intent, &found.problem) {
                (Some(intent), Some(problem)) => (
                    intent.actions(problem, i, self.state.generation, &|id| twin.before(id)),
                    found.plan.as_ref().map_or_else(Routes::new, |plan| routes(plan, i)),
                ),
                _ => (safe::actions(document, &twin, t, self.state.generation), Routes::new()),
            };
            for action in &actions {
                twin.receive(action, from);
            }
            let step_min = i64::from(document.horizon.step_min);
            for (id, moving) in twin.jobs.iter().filter_map(|tracked| Some((tracked.id(), tracked.moving()?))) {
                let arrives = from.plus_min(step_min * i64::from(moving.left));
                if self.state.moves.get(id).is_none_or(|(known, _)| *known <= from) {
                    self.state.moves.insert(id.clone(), (arrives, moving.clone()));
                }
            }
            twin.advance(document, t, &routes);
            self.state.sent.push(Sent { from, to, actions, routes });
        }
    }
}
