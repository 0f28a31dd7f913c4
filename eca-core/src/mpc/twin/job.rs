//! One job: where it is, what it has done, what it obeys.

use super::Flows;
use crate::Timestamp;
use crate::action::{Before, Command};
use crate::problem::{Job, JobId, JobState, ProblemDocument, RegionId};
use serde::{Deserialize, Serialize};

/// Work within this part of the whole counts as done.
const DONE: f64 = 1e-9;

/// What a job is doing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
enum Mode {
    Waiting,
    Running { region: RegionId, point: usize },
    Moving(Move),
    Paused { region: RegionId },
}

/// A live move under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Move {
    pub(crate) from: RegionId,
    pub(crate) to: RegionId,
    /// Where it goes on.
    pub(crate) point: usize,
    /// Periods until it does.
    pub(crate) left: u32,
}

/// Costs and energy due in the next working period.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
struct Due {
    gbp: f64,
    mwh: f64,
}

/// Shares of a divisible job in one region, until an instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Share {
    region: RegionId,
    shares: Vec<f64>,
    until: Timestamp,
}

/// One job, followed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Tracked {
    /// As it was given, without its state.
    job: Job,
    mode: Mode,
    /// Work done, in the job's own unit.
    done: f64,
    pauses: u32,
    since: Option<Timestamp>,
    can_stop: bool,
    due: Due,
    shares: Vec<Share>,
    /// End of the period in which its work was done.
    pub(crate) finished_at: Option<Timestamp>,
}

impl Tracked {
    pub(super) fn new(mut job: Job) -> Self {
        let state = job.state.take();
        let counts =
            |state: &JobState| if job.inferences.is_some() { state.done_inferences } else { state.done_gpu_hours };
        let mode = match &state {
            None => Mode::Waiting,
            Some(JobState { region, point: Some(point), .. }) => {
                Mode::Running { region: region.clone(), point: *point }
            }
            Some(JobState { region, .. }) => Mode::Paused { region: region.clone() },
        };
        Self {
            done: state.as_ref().map_or(0.0, counts),
            pauses: state.as_ref().map_or(0, |state| state.pauses),
            since: state.as_ref().and_then(|state| state.running_since),
            can_stop: state.as_ref().is_none_or(|state| state.can_stop),
            due: Due::default(),
            shares: Vec::new(),
            finished_at: None,
            mode,
            job,
        }
    }

    pub(crate) fn id(&self) -> &JobId {
        &self.job.id
    }

    /// The job without its state.
    pub(crate) fn given(&self) -> &Job {
        &self.job
    }

    pub(crate) fn is_done(&self) -> bool {
        self.done >= self.work() * (1.0 - DONE)
    }

    fn work(&self) -> f64 {
        self.job.inferences.or(self.job.gpu_hours).unwrap_or(0.0)
    }

    /// The job with its state as documents write it. One that is moving is written as running where it will arrive.
    pub(crate) fn job(&self) -> Job {
        let mut job = self.job.clone();
        let (region, point) = match &self.mode {
            Mode::Waiting => {
                // A divisible job has no state: what is done is taken off its work.
                let left = (self.work() - self.done).max(0.0);
                job.inferences = job.inferences.map(|_| left);
                job.gpu_hours = job.gpu_hours.map(|_| left);
                return job;
            }
            Mode::Running { region, point } | Mode::Moving(Move { to: region, point, .. }) => (region, Some(*point)),
            Mode::Paused { region } => (region, None),
        };
        let counts_inferences = self.job.inferences.is_some();
        job.state = Some(JobState {
            region: region.clone(),
            point,
            done_inferences: if counts_inferences { self.done } else { 0.0 },
            done_gpu_hours: if counts_inferences { 0.0 } else { self.done },
            running_since: point.and(self.since),
            can_stop: self.can_stop,
            pauses: self.pauses,
        });
        job
    }

    /// The job as a plan takes it: one that is moving has so much of its way left, and nowhere else to go.
    pub(crate) fn to_plan(&self) -> Job {
        let mut job = self.job();
        if let (Mode::Moving(moving), Some(state), Some(migration)) = (&self.mode, &mut job.state, &mut job.migration) {
            state.region = moving.from.clone();
            migration.periods = moving.left;
            job.regions = Some(vec![moving.to.clone()]);
        }
        job
    }

    /// The move it is on.
    pub(crate) fn moving(&self) -> Option<&Move> {
        if let Mode::Moving(moving) = &self.mode { Some(moving) } else { None }
    }

    /// Continues a move that its document does not show: there it runs at one end of it.
    pub(crate) fn go_on_moving(&mut self, moving: Move) {
        if matches!(&self.mode, Mode::Running { region, .. } if [&moving.from, &moving.to].contains(&region)) {
            self.mode = Mode::Moving(moving);
        }
    }

    /// What it is doing, as the derivation of commands sees it.
    pub(crate) fn before(&self) -> Before {
        match &self.mode {
            Mode::Waiting => Before::Waiting,
            Mode::Running { region, point } => Before::Running(region.clone(), *point),
            Mode::Moving(_) => Before::Moving,
            Mode::Paused { region } => Before::Paused(region.clone()),
        }
    }

    /// Does as told. What it already does or cannot do changes nothing.
    pub(super) fn obey(&mut self, command: &Command, now: Timestamp) {
        let mode = match (command, &self.mode) {
            (Command::Run { region, point, .. }, Mode::Waiting) => {
                self.due.gbp += self.job.startup_cost_gbp;
                self.since = Some(now);
                Mode::Running { region: region.clone(), point: *point }
            }
            (Command::SetPower { point, .. }, Mode::Running { region, .. }) => {
                Mode::Running { region: region.clone(), point: *point }
            }
            (Command::Pause, Mode::Running { region, .. }) => Mode::Paused { region: region.clone() },
            (
                Command::Resume { region, point, .. } | Command::Migrate { region, point, .. },
                Mode::Paused { region: home },
            ) => {
                let moves = home != region;
                self.pauses += 1;
                self.due.gbp += self.job.pause_cost_gbp;
                self.due.mwh += self.job.pause_energy_mwh;
                self.since = Some(now);
                if moves {
                    self.pay_move();
                }
                Mode::Running { region: region.clone(), point: *point }
            }
            (Command::Migrate { region, point, .. }, Mode::Running { region: home, .. }) if home != region => {
                let home = home.clone();
                self.pay_move();
                match self.job.migration.map_or(0, |migration| migration.periods) {
                    0 => Mode::Running { region: region.clone(), point: *point },
                    left => Mode::Moving(Move { from: home, to: region.clone(), point: *point, left }),
                }
            }
            _ => return,
        };
        self.mode = mode;
    }

    /// Cost and energy of a move are due in the period of arrival.
    fn pay_move(&mut self) {
        if let Some(migration) = self.job.migration {
            self.due.gbp += migration.cost_gbp;
            self.due.mwh += migration.energy_mwh;
        }
    }

    pub(super) fn share(&mut self, region: &RegionId, command: &Command, until: Timestamp) {
        if let (true, Command::SetShares { shares, .. }) = (self.job.divisible, command) {
            self.shares.retain(|share| share.region != *region);
            self.shares.push(Share { region: region.clone(), shares: shares.clone(), until });
        }
    }

    /// One period passes.
    pub(super) fn advance(&mut self, site: &ProblemDocument, t: usize, flows: &mut Flows) {
        if self.is_done() {
            return;
        }
        let (start, h) = (site.horizon.start_of(t), site.horizon.step_h());
        let mut work = 0.0;
        for share in self.shares.iter().filter(|share| share.until > start) {
            let power: f64 = share.shares.iter().zip(&self.job.points).map(|(f, point)| f * point.power_mw).sum();
            work += share.shares.iter().enumerate().map(|(l, f)| f * self.rate(l)).sum::<f64>() * h;
            flows.run(site, &share.region, power);
        }
        match self.mode.clone() {
            Mode::Running { region, point } => {
                let due = std::mem::take(&mut self.due);
                let power = self.job.points.get(point).map_or(0.0, |point| point.power_mw);
                flows.run(site, &region, power + due.mwh / h);
                flows.cost_gbp += due.gbp;
                work = self.rate(point) * h;
            }
            Mode::Moving(Move { to: region, point, left: 0 | 1, .. }) => self.mode = Mode::Running { region, point },
            Mode::Moving(moving) => self.mode = Mode::Moving(Move { left: moving.left - 1, ..moving }),
            Mode::Waiting | Mode::Paused { .. } => {}
        }
        let work = work.min((self.work() - self.done).max(0.0));
        self.done += work;
        if self.job.inferences.is_some() {
            flows.inferences += work;
        }
        if work > 0.0 && self.is_done() {
            self.finished_at = Some(site.horizon.start_of(t + 1));
        }
    }

    /// Work of one hour at a point.
    fn rate(&self, point: usize) -> f64 {
        self.job.points.get(point).and_then(|point| point.inferences_per_h.or(point.gpu_hours_per_h)).unwrap_or(0.0)
    }
}
