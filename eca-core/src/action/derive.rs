//! From where things are and where they shall be to what has to be done.

use super::{Action, Command, Target};
use crate::problem::{BatteryId, Job, JobId, RegionId};
use crate::schedule::Schedule;
use crate::{Plan, Problem};
use std::collections::BTreeMap;

/// Region and operating point by period; none where the job is idle or moving.
pub(crate) type Cells = [Option<(RegionId, usize)>];

/// Work within this part of the whole counts as done.
const DONE: f64 = 1e-9;

/// What a job was doing in the period before.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Before {
    /// It has not started.
    Waiting,
    /// It worked.
    Running(RegionId, usize),
    /// It is paused; its checkpoint is there.
    Paused(RegionId),
    /// It is on its way, and will go on by itself.
    Moving,
}

/// Where a job shall be in each period.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct JobIntent {
    pub(crate) id: JobId,
    pub(crate) copy: u32,
    pub(crate) cells: Vec<Option<(RegionId, usize)>>,
    /// Shares of a divisible job: region, point, period.
    pub(crate) shares: Option<BTreeMap<RegionId, Vec<Vec<f64>>>>,
}

/// Where everything shall be in each period of a problem.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Intent {
    pub(crate) jobs: Vec<JobIntent>,
    /// Power at the grid terminals by period, MW, charge positive.
    pub(crate) batteries: Vec<(BatteryId, Vec<f64>)>,
}

impl Intent {
    /// What a plan wants.
    pub(crate) fn of_plan(plan: &Plan) -> Self {
        let jobs = plan.jobs.iter().map(|job| JobIntent {
            id: job.id.clone(),
            copy: job.copy,
            cells: job.region.iter().zip(&job.point).map(|(r, l)| Some((r.clone()?, (*l)?))).collect(),
            shares: job.shares.clone(),
        });
        let net = |charge: &[f64], discharge: &[f64]| charge.iter().zip(discharge).map(|(c, d)| c - d).collect();
        let batteries = plan.batteries.iter().map(|b| (b.id.clone(), net(&b.charge_mw, &b.discharge_mw)));
        Self { jobs: jobs.collect(), batteries: batteries.collect() }
    }

    /// What schedules want, batteries at rest.
    pub(crate) fn of_schedules(problem: &Problem, schedules: &[Schedule]) -> Self {
        let periods = problem.horizon().periods;
        let name = |r: usize| problem.regions()[r].id.clone();
        let copies = problem.shapes().iter().flat_map(|shape| (0..shape.count).map(move |copy| (shape, copy)));
        let jobs = copies.zip(schedules).map(|((shape, copy), schedule)| {
            let by_point = |table: &Vec<Vec<f64>>| {
                (0..shape.rate.len()).map(|l| table.iter().map(|points| points[l]).collect()).collect()
            };
            let shares = schedule.shares.as_ref();
            JobIntent {
                id: problem.jobs()[shape.job].id.clone(),
                copy,
                cells: schedule.by_period(periods).into_iter().map(|cell| cell.map(|(r, l)| (name(r), l))).collect(),
                shares: shares.map(|s| s.iter().enumerate().map(|(r, table)| (name(r), by_point(table))).collect()),
            }
        });
        let batteries = problem.batteries().iter().map(|battery| (battery.id.clone(), vec![0.0; periods]));
        Self { jobs: jobs.collect(), batteries: batteries.collect() }
    }

    /// Whether the IT power of jobs in period `t` is within every capacity.
    pub(crate) fn fits(&self, problem: &Problem, t: usize) -> bool {
        let jobs: BTreeMap<&JobId, &Job> = problem.jobs().iter().map(|job| (&job.id, job)).collect();
        let power = |job: &Job, l: usize| job.points.get(l).map_or(0.0, |point| point.power_mw);
        problem.regions().iter().all(|region| {
            let here = self.jobs.iter().filter_map(|wanted| {
                let job = jobs.get(&wanted.id)?;
                let cell = wanted.cells.get(t)?.as_ref().filter(|(id, _)| *id == region.id);
                let shares = wanted.shares.as_ref().and_then(|shares| shares.get(&region.id));
                let share = |(l, series): (usize, &Vec<f64>)| series.get(t).copied().unwrap_or(0.0) * power(job, l);
                let fluid: f64 = shares.map_or(0.0, |points| points.iter().enumerate().map(share).sum());
                Some(cell.map_or(0.0, |(_, l)| power(job, *l)) + fluid)
            });
            here.sum::<f64>() <= region.it_capacity_mw.at(t) + 1e-9
        })
    }

    /// The actions of period `t`. `known` says what a job was doing before it and whether work is left; where it does not,
    /// everything went as wanted before.
    pub(crate) fn actions(
        &self,
        problem: &Problem,
        t: usize,
        generation: u64,
        known: &dyn Fn(&JobId) -> Option<(Before, bool)>,
    ) -> Vec<Action> {
        let (from, to) = (problem.horizon().start_of(t), problem.horizon().start_of(t + 1));
        let new = |target: Target, command: Command| Action::new(generation, target, command, from, to);
        let jobs: BTreeMap<&JobId, &Job> = problem.jobs().iter().map(|job| (&job.id, job)).collect();
        let mut actions = Vec::new();
        for wanted in &self.jobs {
            let Some(job) = jobs.get(&wanted.id) else { continue };
            for (region, points) in wanted.shares.iter().flatten() {
                let shares: Vec<f64> = points.iter().map(|series| series.get(t).copied().unwrap_or(0.0)).collect();
                if shares.iter().any(|&share| share > 0.0) {
                    let power_mw = shares.iter().zip(&job.points).map(|(share, point)| share * point.power_mw).sum();
                    let target = Target::Share { id: job.id.clone(), copy: wanted.copy, region: region.clone() };
                    actions.push(new(target, Command::SetShares { shares, power_mw }));
                }
            }
            let as_wanted =
                || (before(job, &wanted.cells, t), is_left(job, &wanted.cells[..t], problem.horizon().step_h()));
            let (before, left) = known(&job.id).unwrap_or_else(as_wanted);
            if let Some(command) = command(job, &before, &wanted.cells[t..], left) {
                actions.push(new(Target::Job { id: job.id.clone(), copy: wanted.copy }, command));
            }
        }
        for (id, power) in &self.batteries {
            let command = match power.get(t).copied().unwrap_or(0.0) {
                power_mw if power_mw > 0.0 => Command::Charge { power_mw },
                power_mw if power_mw < 0.0 => Command::Discharge { power_mw: -power_mw },
                _ => Command::Idle,
            };
            actions.push(new(Target::Battery { id: id.clone() }, command));
        }
        actions
    }
}

/// The command that leads from what a job was doing to the first of its next cells; none where it goes on by itself.
///
/// `left` is whether it has work left: a job that is done ends by itself.
pub(crate) fn command(job: &Job, before: &Before, next: &Cells, left: bool) -> Option<Command> {
    let cell = next.first().and_then(Option::as_ref);
    let power_mw = |point: usize| job.points.get(point).map_or(0.0, |point| point.power_mw);
    let migrate =
        |region: &RegionId, point: usize| Command::Migrate { region: region.clone(), point, power_mw: power_mw(point) };
    match (before, cell) {
        (Before::Moving, _) | (Before::Waiting | Before::Paused(_), None) => None,
        (Before::Waiting, Some((region, point))) => {
            Some(Command::Run { region: region.clone(), point: *point, power_mw: power_mw(*point) })
        }
        (Before::Paused(home), Some((region, point))) if home == region => {
            Some(Command::Resume { region: region.clone(), point: *point, power_mw: power_mw(*point) })
        }
        (Before::Running(home, old), Some((region, point))) if home == region => {
            (old != point).then(|| Command::SetPower { point: *point, power_mw: power_mw(*point) })
        }
        (Before::Paused(_) | Before::Running(..), Some((region, point))) => Some(migrate(region, *point)),
        (Before::Running(..), None) if !left => None,
        (Before::Running(home, _), None) => match live_move(job, home, next) {
            Some((region, point)) => Some(migrate(region, point)),
            None => Some(Command::Pause),
        },
    }
}

/// Where a job that leaves `home` now arrives without a pause.
fn live_move<'a>(job: &Job, home: &RegionId, next: &'a Cells) -> Option<(&'a RegionId, usize)> {
    let idle = next.iter().position(Option::is_some)?;
    let (region, point) = next[idle].as_ref()?;
    let takes = job.migration?.periods as usize;
    (region != home && idle == takes).then_some((region, *point))
}

/// What the job was doing before period `t`, by its cells before and its state.
fn before(job: &Job, cells: &Cells, t: usize) -> Before {
    let worked = cells[..t].iter().rposition(Option::is_some);
    if let Some((last, (region, point))) = worked.and_then(|last| Some((last, cells[last].clone()?))) {
        return if last + 1 == t {
            Before::Running(region, point)
        } else {
            on_the_way(job, region, &cells[last + 1..])
        };
    }
    match &job.state {
        None => Before::Waiting,
        Some(state) => match state.point {
            Some(point) if t == 0 => Before::Running(state.region.clone(), point),
            Some(_) => on_the_way(job, state.region.clone(), cells),
            None => Before::Paused(state.region.clone()),
        },
    }
}

/// A job that left `home` and is idle since: moving or paused.
fn on_the_way(job: &Job, home: RegionId, since: &Cells) -> Before {
    if live_move(job, &home, since).is_some() { Before::Moving } else { Before::Paused(home) }
}

/// Whether the job has work left after its state and these cells.
fn is_left(job: &Job, cells: &Cells, h: f64) -> bool {
    let work = job.inferences.or(job.gpu_hours).unwrap_or(0.0);
    let state = job.state.as_ref();
    let before = state.map_or(0.0, |s| if job.inferences.is_some() { s.done_inferences } else { s.done_gpu_hours });
    let rate = |l: usize| job.points.get(l).and_then(|p| p.inferences_per_h.or(p.gpu_hours_per_h)).unwrap_or(0.0);
    let done: f64 = cells.iter().flatten().map(|(_, l)| rate(*l) * h).sum();
    before + done < work * (1.0 - DONE)
}
