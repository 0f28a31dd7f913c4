//! From a plan document back to what its jobs do.

use crate::plan::JobPlan;
use crate::problem::RegionId;
use crate::schedule::{Account, Schedule, Shape};
use crate::{Error, Plan, Problem, Result};

/// What every job and copy does and costs, in document order. The plan is of the shape of the problem.
pub(super) fn accounts(problem: &Problem, plan: &Plan) -> Vec<Account> {
    let copies = problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    copies
        .zip(&plan.jobs)
        .map(|(shape, job)| {
            let schedule = schedule(problem, shape, job);
            let mut account = Account::new(shape, &schedule);
            if shape.inferences > 0.0 && schedule.shares.is_none() {
                // Which of its periods are full is the plan's choice; caps for each inference look at it.
                account.steps.iter_mut().for_each(|step| step.work = job.inferences[step.period] / shape.inferences);
            }
            account
        })
        .collect()
}

fn schedule(problem: &Problem, shape: &Shape, job: &JobPlan) -> Schedule {
    let place = |id: &RegionId| problem.regions().iter().position(|region| region.id == *id);
    if !shape.divisible {
        let at = job.region.iter().zip(&job.point).enumerate();
        return Schedule::from_works(
            at.filter_map(|(t, (region, point))| Some((t, place(region.as_ref()?)?, (*point)?))),
        );
    }
    let periods = problem.horizon().periods;
    let mut table = vec![vec![vec![0.0; shape.rate.len()]; periods]; problem.regions().len()];
    for (id, points) in job.shares.iter().flatten() {
        let Some(r) = place(id) else { continue };
        for (l, shares) in points.iter().enumerate() {
            shares.iter().enumerate().for_each(|(t, &share)| table[r][t][l] = share);
        }
    }
    Schedule::fluid(table)
}

/// Refuses a plan that is of another shape than the problem: other periods, regions, batteries or jobs.
pub(super) fn fit(problem: &Problem, plan: &Plan) -> Result<()> {
    let periods = problem.horizon().periods;
    let copies = problem.shapes().iter().flat_map(|shape| (0..shape.count).map(move |copy| (shape, copy)));
    let jobs = copies.map(|(shape, copy)| (&problem.jobs()[shape.job].id, copy));
    let points = problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape.rate.len(), shape.count as usize));
    let known = |id: &RegionId| problem.regions().iter().any(|region| region.id == *id);
    let job_fits = |(job, points): (&JobPlan, usize)| {
        let series = [job.region.len(), job.point.len(), job.inferences.len()];
        let shares = job.shares.iter().flatten();
        series.iter().all(|&length| length == periods)
            && job.region.iter().flatten().all(known)
            && job.point.iter().flatten().all(|&point| point < points)
            && shares.clone().all(|(id, table)| known(id) && table.len() == points)
            && shares.flat_map(|(_, table)| table).all(|values| values.len() == periods)
    };
    let (regions, batteries) = (problem.regions().iter().map(|r| &r.id), problem.batteries().iter().map(|b| &b.id));
    let what =
        if !plan.jobs.iter().map(|job| (&job.id, job.copy)).eq(jobs) || !plan.jobs.iter().zip(points).all(job_fits) {
            "jobs"
        } else if !plan.regions.iter().map(|region| &region.id).eq(regions)
            || plan.regions.iter().any(|region| region.import_mw.len() != periods || region.export_mw.len() != periods)
        {
            "regions"
        } else if !plan.batteries.iter().map(|battery| &battery.id).eq(batteries)
            || plan.batteries.iter().any(|b| b.charge_mw.len() != periods || b.discharge_mw.len() != periods)
        {
            "batteries"
        } else {
            return Ok(());
        };
    Err(Error::Mismatch { reason: format!("its {what} are not those of the problem") })
}
