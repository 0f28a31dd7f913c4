//! What one schedule does and costs.

use super::Shape;
use crate::problem::Job;

/// Shares of a divisible job: region, period, point.
pub(crate) type Shares = Vec<Vec<Vec<f64>>>;

/// A schedule of one job: where and at which point it works in each period.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Schedule {
    /// Region and point; none where it is idle.
    pub(crate) at: Vec<Option<(usize, usize)>>,
    /// Shares of a divisible job.
    pub(crate) shares: Option<Shares>,
}

/// What a schedule does and costs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Account {
    /// IT power by region and period, MW, energy of pauses and moves included.
    pub(crate) load_mw: Vec<Vec<f64>>,
    /// Work done in each period and region pair is all that caps need; this is by period.
    pub(crate) work: Vec<f64>,
    /// Part of the whole work left undone.
    pub(crate) undone: f64,
    /// Last working period after which it is done.
    pub(crate) finished: Option<usize>,
    /// Pauses.
    pub(crate) pauses: u32,
    /// Moves.
    pub(crate) migrations: u32,
    /// Startup, pause and migration costs, GBP.
    pub(crate) cost_gbp: f64,
}

impl Account {
    /// The account of a schedule of `job`.
    pub(crate) fn new(job: &Job, shape: &Shape, schedule: &Schedule, regions: usize, h: f64) -> Self {
        let periods = schedule.at.len();
        let mut account =
            Self { load_mw: vec![vec![0.0; periods]; regions], work: vec![0.0; periods], ..Self::default() };
        match &schedule.shares {
            Some(shares) => account.add_shares(shape, shares),
            None => account.add_periods(job, shape, schedule, h),
        }
        let total: f64 = account.work.iter().sum();
        account.undone = if shape.is_done(total) { 0.0 } else { shape.left - total };
        account.finish(shape);
        account
    }

    fn add_shares(&mut self, shape: &Shape, shares: &Shares) {
        for (r, by_period) in shares.iter().enumerate() {
            for (t, points) in by_period.iter().enumerate() {
                for (l, share) in points.iter().enumerate() {
                    self.load_mw[r][t] += share * shape.power_mw[l];
                    self.work[t] += share * shape.rate[l];
                }
            }
        }
    }

    fn add_periods(&mut self, job: &Job, shape: &Shape, schedule: &Schedule, h: f64) {
        // Where and when it worked last; the period before the horizon counts from -1.
        let mut last: Option<(usize, i64)> = match (shape.running, shape.home) {
            (Some(running), _) => Some((running.region, -1)),
            (None, Some(home)) => Some((home, i64::MIN)),
            (None, None) => None,
        };
        for (t, at) in schedule.at.iter().enumerate() {
            let Some((r, l)) = *at else { continue };
            let now = i64::try_from(t).unwrap_or(i64::MAX);
            let mut extra_mwh = 0.0;
            match last {
                None => self.cost_gbp += job.startup_cost_gbp,
                Some((from, when)) => {
                    let gap = now.saturating_sub(when).saturating_sub(1);
                    let moves = if from == r { None } else { shape.migration };
                    let paused = match moves {
                        None => gap > 0,
                        Some(migration) => gap != i64::from(migration.periods),
                    };
                    if paused {
                        self.pauses += 1;
                        self.cost_gbp += job.pause_cost_gbp;
                        extra_mwh += job.pause_energy_mwh;
                    }
                    if let Some(migration) = moves {
                        self.migrations += 1;
                        self.cost_gbp += migration.cost_gbp;
                        extra_mwh += migration.energy_mwh;
                    }
                }
            }
            self.load_mw[r][t] += shape.power_mw[l] + extra_mwh / h;
            self.work[t] += shape.rate[l];
            last = Some((r, now));
        }
    }

    /// Cuts the work of the last periods to what was left, and notes when it was done.
    fn finish(&mut self, shape: &Shape) {
        let mut sum = 0.0;
        for (t, work) in self.work.iter_mut().enumerate() {
            let room = (shape.left - sum).max(0.0);
            *work = work.min(room);
            sum += *work;
            if self.finished.is_none() && *work > 0.0 && shape.is_done(sum) {
                self.finished = Some(t);
            }
        }
    }
}
