//! What one schedule does and costs.

use super::{Schedule, Shape, Shares};

/// What a job does in one region and period.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Step {
    /// Where.
    pub(crate) region: usize,
    /// When.
    pub(crate) period: usize,
    /// IT power, MW, energy of pauses and moves included.
    pub(crate) mw: f64,
    /// Part of the whole work.
    pub(crate) work: f64,
}

/// What a schedule does and costs.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Account {
    /// Where and when it draws power, in order of time.
    pub(crate) steps: Vec<Step>,
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

/// One working period on the way through a schedule.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visit {
    pub(crate) period: usize,
    pub(crate) region: usize,
    pub(crate) point: usize,
    /// IT power, MW, energy of pauses and moves included.
    pub(crate) mw: f64,
    pub(crate) paused: bool,
    pub(crate) moved: bool,
    /// Startup, pause and move before this period, GBP.
    pub(crate) cost_gbp: f64,
}

/// Visits the working periods of a job that is not divisible, in order of time.
pub(crate) fn walk(shape: &Shape, schedule: &Schedule, mut visit: impl FnMut(Visit)) {
    // Where and when it worked last; the period before the horizon counts from -1.
    let mut last: Option<(usize, i64)> = match (shape.running, shape.home) {
        (Some(running), _) => Some((running.region, -1)),
        (None, Some(home)) => Some((home, i64::MIN)),
        (None, None) => None,
    };
    for (period, region, point) in schedule.works() {
        let now = i64::try_from(period).unwrap_or(i64::MAX);
        let mut at =
            Visit { period, region, point, mw: shape.power_mw[point], paused: false, moved: false, cost_gbp: 0.0 };
        match last {
            None => at.cost_gbp += shape.startup_gbp,
            Some((from, when)) => {
                let gap = now.saturating_sub(when).saturating_sub(1);
                let moves = if from == region { None } else { shape.migration };
                at.paused = match moves {
                    None => gap > 0,
                    Some(migration) => gap != i64::from(migration.periods),
                };
                if at.paused {
                    at.cost_gbp += shape.pause_gbp;
                    at.mw += shape.pause_mw;
                }
                if let Some(migration) = moves {
                    at.moved = true;
                    at.cost_gbp += migration.cost_gbp;
                    at.mw += shape.move_mw;
                }
            }
        }
        visit(at);
        last = Some((region, now));
    }
}

impl Account {
    /// The account of a schedule of a job.
    pub(crate) fn new(shape: &Shape, schedule: &Schedule) -> Self {
        let mut account = Self::default();
        match &schedule.shares {
            Some(shares) => account.add_shares(shape, shares),
            None => account.add_periods(shape, schedule),
        }
        let total: f64 = account.steps.iter().map(|step| step.work).sum();
        account.undone = if shape.is_done(total) { 0.0 } else { shape.left - total };
        account.finish(shape);
        account
    }

    /// Power in each period, MW, all regions together.
    pub(crate) fn power_mw(&self, periods: usize) -> Vec<f64> {
        self.by_period(periods, |step| step.mw)
    }

    /// Part of the whole work in each period.
    pub(crate) fn work(&self, periods: usize) -> Vec<f64> {
        self.by_period(periods, |step| step.work)
    }

    fn by_period(&self, periods: usize, value: impl Fn(&Step) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; periods];
        for step in &self.steps {
            sums[step.period] += value(step);
        }
        sums
    }

    fn add_shares(&mut self, shape: &Shape, shares: &Shares) {
        for (region, by_period) in shares.iter().enumerate() {
            for (period, points) in by_period.iter().enumerate() {
                let sum = |of: &[f64]| points.iter().zip(of).map(|(share, value)| share * value).sum::<f64>();
                let (mw, work) = (sum(&shape.power_mw), sum(&shape.rate));
                if mw != 0.0 || work != 0.0 {
                    self.steps.push(Step { region, period, mw, work });
                }
            }
        }
        self.steps.sort_by_key(|step| step.period);
    }

    fn add_periods(&mut self, shape: &Shape, schedule: &Schedule) {
        walk(shape, schedule, |visit| {
            self.pauses += u32::from(visit.paused);
            self.migrations += u32::from(visit.moved);
            self.cost_gbp += visit.cost_gbp;
            let (region, period, work) = (visit.region, visit.period, shape.rate[visit.point]);
            self.steps.push(Step { region, period, mw: visit.mw, work });
        });
    }

    /// Cuts the work of the last periods to what was left, and notes when it was done.
    fn finish(&mut self, shape: &Shape) {
        let mut sum = 0.0;
        for step in &mut self.steps {
            step.work = step.work.min((shape.left - sum).max(0.0));
            sum += step.work;
            if self.finished.is_none() && step.work > 0.0 && shape.is_done(sum) {
                self.finished = Some(step.period);
            }
        }
    }
}
