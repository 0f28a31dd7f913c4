//! One job in memory.

use super::world::Extra;
use crate::action::Command;
use crate::problem::{Job, JobState, RegionId};
use crate::{Timestamp, unit};
use std::collections::BTreeMap;

/// Work within this part of the whole counts as done.
const DONE: f64 = 1e-9;

#[derive(Debug, Clone, PartialEq)]
enum Doing {
    Waiting,
    Running { region: RegionId, point: usize, since: Timestamp },
    Moving { region: RegionId, point: usize, arrives: Timestamp },
    Paused { region: RegionId },
}

#[derive(Debug, Clone)]
pub(super) struct MemoryJob {
    given: Job,
    doing: Doing,
    done: f64,
    pauses: u32,
    can_stop: bool,
    shares: BTreeMap<RegionId, (Vec<f64>, Timestamp)>,
    pub(super) checkpoint_at: Option<Timestamp>,
    pub(super) finished_at: Option<Timestamp>,
}

impl MemoryJob {
    pub(super) fn new(mut job: Job, now: Timestamp) -> Self {
        let state = job.state.take();
        let doing = match &state {
            None => Doing::Waiting,
            Some(JobState { region, point: Some(point), running_since, .. }) => {
                Doing::Running { region: region.clone(), point: *point, since: running_since.unwrap_or(now) }
            }
            Some(JobState { region, .. }) => Doing::Paused { region: region.clone() },
        };
        Self {
            done: state.as_ref().map_or(0.0, |s| s.done_inferences.max(s.done_gpu_hours)),
            pauses: state.as_ref().map_or(0, |s| s.pauses),
            can_stop: state.as_ref().is_none_or(|s| s.can_stop),
            given: job,
            doing,
            shares: BTreeMap::new(),
            checkpoint_at: None,
            finished_at: None,
        }
    }

    pub(super) fn given(&self) -> &Job {
        &self.given
    }

    fn work(&self) -> f64 {
        self.given.inferences.or(self.given.gpu_hours).unwrap_or(0.0)
    }

    fn rate(&self, point: usize) -> f64 {
        let point = self.given.points.get(point);
        point.and_then(|p| p.inferences_per_h.or(p.gpu_hours_per_h)).unwrap_or(0.0)
    }

    fn point_mw(&self, point: usize) -> f64 {
        self.given.points.get(point).map_or(0.0, |point| point.power_mw)
    }

    pub(super) fn is_waiting(&self) -> bool {
        self.doing == Doing::Waiting && self.finished_at.is_none()
    }

    /// Where it draws how much, and the work it does in an hour.
    pub(super) fn load(&self, now: Timestamp) -> (Vec<(RegionId, f64)>, f64) {
        if self.finished_at.is_some() {
            return (Vec::new(), 0.0);
        }
        let (mut load, mut rate) = (Vec::new(), 0.0);
        if let Doing::Running { region, point, .. } = &self.doing {
            load.push((region.clone(), self.point_mw(*point)));
            rate += self.rate(*point);
        }
        for (region, (shares, until)) in &self.shares {
            if *until > now {
                let mw = shares.iter().enumerate().map(|(l, share)| share * self.point_mw(l)).sum();
                load.push((region.clone(), mw));
                rate += shares.iter().enumerate().map(|(l, share)| share * self.rate(l)).sum::<f64>();
            }
        }
        (load, rate)
    }

    /// The next instant after `now` at which what it does changes by itself.
    pub(super) fn next_change(&self, now: Timestamp) -> Option<Timestamp> {
        let (_, rate) = self.load(now);
        let left = (self.work() * (1.0 - DONE) - self.done).max(0.0);
        // A job that needs more seconds than fit ends after every horizon.
        #[allow(clippy::cast_possible_truncation)]
        let ends = (rate > 0.0).then(|| now.plus_s((unit::h_to_s(left / rate).ceil().min(1e9) as i64).max(1)));
        let arrives = if let Doing::Moving { arrives, .. } = &self.doing { Some(*arrives) } else { None };
        let shares = self.shares.values().map(|(_, until)| *until);
        shares.chain(ends).chain(arrives).filter(|at| *at > now).min()
    }

    /// Time passes from `now` to `to`; nothing changes in between.
    pub(super) fn pass(&mut self, now: Timestamp, to: Timestamp, h: f64) {
        let (_, rate) = self.load(now);
        self.done = (self.done + rate * h).min(self.work());
        if let Doing::Moving { region, point, arrives } = &self.doing
            && *arrives <= to
        {
            self.doing = Doing::Running { region: region.clone(), point: *point, since: *arrives };
        }
        if self.finished_at.is_none() && self.done >= self.work() * (1.0 - DONE) {
            self.finished_at = Some(to);
        }
    }

    /// Does as told; `step_min` is the length of a period of migration. Says why it cannot.
    pub(super) fn obey(
        &mut self,
        command: &Command,
        now: Timestamp,
        step_min: u32,
        extra: &mut Extra,
    ) -> Result<(), String> {
        let region_ok = |region: &RegionId| self.given.regions.as_ref().is_none_or(|regions| regions.contains(region));
        let mut due = 0.0;
        let doing = match (command, &self.doing) {
            (Command::Run { region, .. } | Command::Resume { region, .. } | Command::Migrate { region, .. }, _)
                if !region_ok(region) =>
            {
                return Err(format!("it may not run in `{region}`"));
            }
            (
                Command::Run { point, .. }
                | Command::Resume { point, .. }
                | Command::Migrate { point, .. }
                | Command::SetPower { point, .. },
                _,
            ) if *point >= self.given.points.len() => {
                return Err(format!("operating point {point} of {} does not exist", self.given.points.len()));
            }
            (Command::Run { region, point, .. }, Doing::Waiting) => {
                Doing::Running { region: region.clone(), point: *point, since: now }
            }
            (Command::SetPower { point, .. }, Doing::Running { region, since, .. }) => {
                Doing::Running { region: region.clone(), point: *point, since: *since }
            }
            (Command::Pause, Doing::Running { region, .. }) if self.can_stop => {
                self.checkpoint_at = Some(now);
                Doing::Paused { region: region.clone() }
            }
            (
                Command::Resume { region, point, .. } | Command::Migrate { region, point, .. },
                Doing::Paused { region: home },
            ) => {
                self.pauses += 1;
                due += self.given.pause_energy_mwh;
                if home != region {
                    due += self.given.migration.map_or(0.0, |m| m.energy_mwh);
                }
                Doing::Running { region: region.clone(), point: *point, since: now }
            }
            (Command::Migrate { region, point, .. }, Doing::Running { region: home, .. }) if home != region => {
                let Some(migration) = self.given.migration else { return Err("it cannot be moved".into()) };
                due += migration.energy_mwh;
                self.checkpoint_at = Some(now);
                match i64::from(migration.periods) * i64::from(step_min) {
                    0 => Doing::Running { region: region.clone(), point: *point, since: now },
                    minutes => Doing::Moving { region: region.clone(), point: *point, arrives: now.plus_min(minutes) },
                }
            }
            (command, doing) => return Err(format!("{command:?} does not go with {doing:?}")),
        };
        if let Doing::Running { region, .. } | Doing::Moving { region, .. } = &doing {
            extra.add(region, due);
        }
        self.doing = doing;
        Ok(())
    }

    /// Runs a divisible job at shares until `until`.
    pub(super) fn share(&mut self, region: &RegionId, shares: &[f64], until: Timestamp) -> Result<(), String> {
        if !self.given.divisible {
            return Err("it is not divisible".into());
        }
        if shares.len() != self.given.points.len() || !shares.iter().all(|share| (0.0..=1.0 + 1e-9).contains(share)) {
            return Err(format!("{shares:?} are no shares of its {} operating points", self.given.points.len()));
        }
        self.shares.insert(region.clone(), (shares.to_vec(), until));
        Ok(())
    }

    /// The job with its state, as documents write it.
    pub(super) fn reading(&self) -> Job {
        let mut job = self.given.clone();
        let (region, point, since) = match &self.doing {
            Doing::Waiting => {
                let left = (self.work() - self.done).max(0.0);
                job.inferences = job.inferences.map(|_| left);
                job.gpu_hours = job.gpu_hours.map(|_| left);
                return job;
            }
            Doing::Running { region, point, since } => (region, Some(*point), Some(*since)),
            Doing::Moving { region, point, arrives } => (region, Some(*point), Some(*arrives)),
            Doing::Paused { region } => (region, None, None),
        };
        let counts_inferences = job.inferences.is_some();
        job.state = Some(JobState {
            region: region.clone(),
            point,
            done_inferences: if counts_inferences { self.done } else { 0.0 },
            done_gpu_hours: if counts_inferences { 0.0 } else { self.done },
            running_since: since,
            can_stop: self.can_stop,
            pauses: self.pauses,
        });
        job
    }
}
