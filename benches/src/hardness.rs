//! What makes an instance hard, in numbers: so that none can be made easy unseen.

use eca_core::{Plan, Problem};

/// A cell (region and period) with more than this part of its capacity used is binding.
const BINDING: f64 = 0.95;

/// What can be said of the problem alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fleetness {
    /// Mean work of a job at its first point, periods.
    pub mean_work: f64,
    /// Mean window of a job, periods.
    pub mean_window: f64,
    /// Part of the jobs that may not pause.
    pub solid_share: f64,
    /// Part of the jobs with a hard deadline.
    pub hard_share: f64,
    /// Part of the jobs with no slack: the window is as long as the work.
    pub tight_share: f64,
    /// IT energy of services over that of all, all work done at the first point.
    pub online_share: f64,
    /// IT energy over IT capacity, all work done at the first point.
    pub utilisation: f64,
    /// The largest job over the smallest site, MW/MW.
    pub largest_over_site: f64,
}

/// Statistics of the drawn problem.
#[must_use]
pub fn of_problem(problem: &Problem) -> Fleetness {
    let horizon = problem.horizon();
    let (h, periods) = (horizon.step_h(), horizon.periods);
    let jobs = problem.jobs().len().max(1) as f64;
    let (mut work, mut window, mut solid, mut hard, mut tight) = (0.0, 0.0, 0.0, 0.0, 0.0);
    let (mut batch_mwh, mut largest) = (0.0, 0.0_f64);
    for job in problem.jobs() {
        let Some(point) = job.points.first() else { continue };
        let all = job.inferences.or(job.gpu_hours).unwrap_or(0.0);
        let rate = point.inferences_per_h.or(point.gpu_hours_per_h).unwrap_or(1.0);
        let length = all / (rate * h);
        let first = job.earliest_start.and_then(|start| horizon.period_of(start)).unwrap_or(0);
        let end = job.deadline.and_then(|end| horizon.period_of(end)).unwrap_or(periods);
        work += length;
        window += (end - first) as f64;
        solid += f64::from(u8::from(!job.preemptible));
        hard += f64::from(u8::from(job.deadline_kind == eca_core::DeadlineKind::Hard));
        tight += f64::from(u8::from((end - first) as f64 <= length + 1e-6));
        batch_mwh += length * h * point.power_mw;
        largest = largest.max(point.power_mw);
    }
    let online_mwh: f64 = problem
        .services()
        .iter()
        .map(|service| {
            let wh = service.points.first().map_or(0.0, |point| point.wh_per_inference);
            (0..periods).map(|t| service.demand_inferences.at(t) * wh * 1e-6).sum::<f64>()
        })
        .sum();
    let cells = || problem.regions().iter().flat_map(|region| (0..periods).map(|t| region.it_capacity_mw.at(t)));
    let smallest = cells().fold(f64::INFINITY, f64::min);
    Fleetness {
        mean_work: work / jobs,
        mean_window: window / jobs,
        solid_share: solid / jobs,
        hard_share: hard / jobs,
        tight_share: tight / jobs,
        online_share: online_mwh / (online_mwh + batch_mwh).max(f64::MIN_POSITIVE),
        utilisation: (online_mwh + batch_mwh) / (h * cells().sum::<f64>()),
        largest_over_site: largest / smallest,
    }
}

/// What a plan shows.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Load {
    /// IT energy over IT capacity.
    pub utilisation: f64,
    /// Part of all regions and periods with more than 95 % of the capacity used.
    pub binding_share: f64,
    /// Part of the jobs with work left undone.
    pub undone_share: f64,
}

/// How full the sites are in a plan.
#[must_use]
pub fn of_plan(problem: &Problem, plan: &Plan) -> Load {
    let (mut used, mut capacity, mut binding, mut cells) = (0.0, 0.0, 0.0, 0.0_f64);
    for (region, planned) in problem.regions().iter().zip(&plan.regions) {
        for (t, &it_mw) in planned.it_mw.iter().enumerate() {
            let most = region.it_capacity_mw.at(t);
            used += it_mw;
            capacity += most;
            cells += 1.0;
            binding += f64::from(u8::from(it_mw > BINDING * most));
        }
    }
    let undone = plan.jobs.iter().filter(|job| job.undone_frac > 0.0).count();
    Load {
        utilisation: used / capacity,
        binding_share: binding / cells.max(1.0),
        undone_share: undone as f64 / plan.jobs.len().max(1) as f64,
    }
}
