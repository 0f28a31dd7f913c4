//! A job as the scheduler sees it: periods and indices instead of instants and names, work as a fraction.

use crate::problem::{DeadlineKind, Job, Migration, ProblemDocument, Region, RegionId, RunWhen};

/// Work within this of the whole counts as done.
pub(crate) const WORK_TOLERANCE: f64 = 1e-9;

/// What a job was doing in the period before the horizon.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Running {
    /// Region it worked in.
    pub(crate) region: usize,
    /// Periods its run had lasted.
    pub(crate) age: usize,
}

/// A job in periods, region indices and fractions of its work.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Shape {
    /// Index of the job in the document.
    pub(crate) job: usize,
    /// Number of identical copies.
    pub(crate) count: u32,
    /// Part of the whole work that is left to do.
    pub(crate) left: f64,
    /// Part of the whole work that each point does in one period.
    pub(crate) rate: Vec<f64>,
    /// IT power of each point, MW.
    pub(crate) power_mw: Vec<f64>,
    /// Periods `first..end` in which it may work.
    pub(crate) first: usize,
    /// See `first`.
    pub(crate) end: usize,
    /// By region, for each period of `first..end`: bit `l` says that it may work at point `l`. Empty where the region is
    /// not allowed. A hundred thousand jobs have this, so it holds no more than the window.
    usable: Vec<Vec<u64>>,
    /// It worked in the period before the horizon.
    pub(crate) running: Option<Running>,
    /// It has started before the horizon, and its checkpoint is in this region.
    pub(crate) home: Option<usize>,
    /// It may pause.
    pub(crate) preemptible: bool,
    /// It is running and may not pause: it works or moves in period 0.
    pub(crate) must_continue: bool,
    /// It may not be stopped: it works in period 0.
    pub(crate) pinned: bool,
    /// Fewest periods of a run.
    pub(crate) min_run: usize,
    /// Pauses it may still make.
    pub(crate) pauses_left: Option<u32>,
    /// How it moves.
    pub(crate) migration: Option<Migration>,
    /// Cost of starting for the first time, GBP.
    pub(crate) startup_gbp: f64,
    /// Cost of going on after a pause, GBP.
    pub(crate) pause_gbp: f64,
    /// IT power more in the first period after a pause, MW.
    pub(crate) pause_mw: f64,
    /// IT power more in the first period after a move, MW.
    pub(crate) move_mw: f64,
    /// Its deadline has a price; otherwise it is hard.
    pub(crate) priced: bool,
    /// Most of the whole work that may be left undone, where its deadline has a price.
    pub(crate) undone_max: Option<f64>,
    /// It is fluid.
    pub(crate) divisible: bool,
    /// Inferences of the whole work; zero where it counts GPU hours.
    pub(crate) inferences: f64,
}

impl Shape {
    /// The shape of one job. The document has been validated up to this job's own fields.
    pub(crate) fn new(document: &ProblemDocument, index: usize, job: &Job) -> Self {
        let horizon = &document.horizon;
        let h = horizon.step_h();
        let work = job.inferences.or(job.gpu_hours).unwrap_or(1.0);
        let done = job
            .state
            .as_ref()
            .map_or(0.0, |s| if job.inferences.is_some() { s.done_inferences } else { s.done_gpu_hours });
        let rate: Vec<f64> = job
            .points
            .iter()
            .map(|point| point.inferences_per_h.or(point.gpu_hours_per_h).unwrap_or(0.0) * h / work)
            .collect();
        let region_of = |id: &RegionId| document.regions.iter().position(|r| r.id == *id);
        let home = job.state.as_ref().and_then(|state| region_of(&state.region));
        let running = job.state.as_ref().filter(|state| state.point.is_some()).and_then(|state| {
            let age = state.running_since.map_or(1, |since| {
                let seconds = horizon.start.unix_s() - since.unix_s();
                usize::try_from(seconds / step_s(document)).unwrap_or(1).max(1)
            });
            Some(Running { region: home?, age })
        });
        let (first, end) = window(document, job, running.is_some());
        let can_stop = job.state.as_ref().is_none_or(|state| state.can_stop);
        let mut shape = Self {
            job: index,
            count: job.count,
            left: (1.0 - done / work).max(0.0),
            rate,
            power_mw: job.points.iter().map(|point| point.power_mw).collect(),
            first,
            end,
            usable: Vec::new(),
            running,
            home,
            preemptible: job.preemptible && (can_stop || running.is_none()),
            must_continue: running.is_some() && !(can_stop && job.preemptible),
            pinned: running.is_some() && !can_stop,
            min_run: job.min_run_periods as usize,
            pauses_left: job.max_pauses.map(|most| most.saturating_sub(job.state.as_ref().map_or(0, |s| s.pauses))),
            migration: job.migration,
            startup_gbp: job.startup_cost_gbp,
            pause_gbp: job.pause_cost_gbp,
            pause_mw: job.pause_energy_mwh / h,
            move_mw: job.migration.map_or(0.0, |migration| migration.energy_mwh / h),
            priced: job.deadline_kind == DeadlineKind::Priced,
            undone_max: job.undone_max_frac,
            divisible: job.divisible,
            inferences: job.inferences.unwrap_or(0.0),
        };
        for (r, region) in document.regions.iter().enumerate() {
            let here = job.regions.as_ref().is_none_or(|ids| ids.contains(&region.id))
                && (shape.migration.is_some() || home.is_none_or(|home| home == r));
            let points = |t| if may_run(job, region, t) { fitting(region, &shape.power_mw, t) } else { 0 };
            shape.usable.push(if here { (first..end).map(points).collect() } else { Vec::new() });
        }
        shape
    }

    /// Whether it may work in region `r` in period `t`.
    pub(crate) fn allowed(&self, r: usize, t: usize) -> bool {
        self.points(r, t) != 0
    }

    /// Whether point `l` fits into region `r` in period `t`.
    pub(crate) fn usable(&self, r: usize, t: usize, l: usize) -> bool {
        self.points(r, t) >> l & 1 == 1
    }

    /// The points at which it may work: bit `l` for point `l`.
    fn points(&self, r: usize, t: usize) -> u64 {
        t.checked_sub(self.first).and_then(|i| self.usable[r].get(i)).copied().unwrap_or(0)
    }

    /// Whether another job has the same rules, times and costs.
    pub(crate) fn same_rules(&self, other: &Self) -> bool {
        let alike = Self { job: self.job, count: self.count, ..other.clone() };
        *self == alike
    }

    /// Regions in which it may work at all.
    pub(crate) fn regions(&self) -> Vec<usize> {
        (0..self.usable.len()).filter(|&r| self.usable[r].iter().any(|&points| points != 0)).collect()
    }

    /// Periods at point `l` that do all that is left.
    pub(crate) fn need(&self, l: usize) -> usize {
        // Counts of periods are small and not negative.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let periods = (self.left / self.rate[l] - WORK_TOLERANCE).ceil().max(0.0) as usize;
        periods
    }

    /// Whether so much work is all of it.
    pub(crate) fn is_done(&self, work: f64) -> bool {
        work >= self.left - WORK_TOLERANCE
    }

    /// The best rate of a point that fits, by region and period.
    pub(crate) fn best_rate(&self, r: usize, t: usize) -> f64 {
        (0..self.rate.len()).filter(|&l| self.usable(r, t, l)).map(|l| self.rate[l]).fold(0.0, f64::max)
    }
}

fn step_s(document: &ProblemDocument) -> i64 {
    i64::from(document.horizon.step_min) * 60
}

fn window(document: &ProblemDocument, job: &Job, running: bool) -> (usize, usize) {
    let horizon = &document.horizon;
    let step = step_s(document);
    let since_start = |instant: crate::Timestamp| instant.unix_s() - horizon.start.unix_s();
    let first = match job.earliest_start {
        Some(earliest) if !running => -((-since_start(earliest)).div_euclid(step)),
        _ => 0,
    };
    let clamp = |t: i64| usize::try_from(t).unwrap_or(0).min(horizon.periods);
    let end = job.deadline.map_or(horizon.periods, |deadline| clamp(since_start(deadline).div_euclid(step)));
    (clamp(first), end)
}

fn may_run(job: &Job, region: &Region, t: usize) -> bool {
    region.it_capacity_mw.at(t) > 0.0
        && match job.run_when {
            None => true,
            Some(RunWhen::CarbonBelowGPerKwh(limit)) => region.carbon_g_per_kwh.at(t) < limit,
            Some(RunWhen::RenewableShareMin(least)) => {
                region.renewable_share_frac.as_ref().is_some_and(|share| share.at(t) >= least)
            }
        }
}

/// The points that fit into a region in a period: bit `l` for point `l`. Validation takes no more than 64.
fn fitting(region: &Region, power_mw: &[f64], t: usize) -> u64 {
    let capacity_mw = region.it_capacity_mw.at(t);
    power_mw.iter().enumerate().filter(|&(_, &power)| power <= capacity_mw).fold(0, |points, (l, _)| points | 1 << l)
}
