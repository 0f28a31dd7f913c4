//! The judge of promises, job by job. It knows the jobs, when they were done, when the loop first said that one may be late,
//! and whether the day had faults in its way; it shares nothing with the loop.

use eca_core::problem::JobId;
use eca_core::{Job, ProblemDocument, Timestamp};
use std::collections::BTreeMap;

/// What became of the promises of a day.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    pub(super) done: usize,
    pub(super) missed: usize,
}

/// Every job that is due within the day is done in time, unless the loop said before its deadline that it may not be. On a
/// calm day, one on which nothing kept a plan from being made and carried out, jobs that fit one after the other are done in
/// time, and nobody cries wolf.
pub(super) fn judge(
    site: &ProblemDocument,
    finished: &BTreeMap<JobId, Option<Timestamp>>,
    declared: &BTreeMap<JobId, Timestamp>,
    calm: bool,
) -> Result<Verdict, String> {
    let mut verdict = Verdict::default();
    let easy = calm && fits(site);
    for job in &site.jobs {
        let (id, due) = (&job.id, job.deadline.unwrap());
        let at = finished[id];
        let kept = at.is_some_and(|at| at <= due) || due > site.horizon.end();
        verdict.done += usize::from(at.is_some());
        verdict.missed += usize::from(!kept);
        let said = declared.get(id);
        if !kept && said.is_none_or(|said| *said >= due) {
            return Err(format!("`{id}` was due {due}, finished {at:?}, and nobody had said so before: {said:?}"));
        }
        if easy && (!kept || said.is_some()) {
            let what = if kept { "was called late" } else { "was late" };
            return Err(format!("`{id}` {what} on a calm day on which every job fits; due {due}, finished {at:?}"));
        }
    }
    Ok(verdict)
}

/// Whether the jobs fit in the order of their deadlines, each in one run as soon as it may in the first region with room:
/// where they do, nobody has an excuse. Hours and whole jobs are coarser than what the loop can do.
fn fits(site: &ProblemDocument) -> bool {
    let hour = |at: Timestamp| at.minutes_since(site.horizon.start).div_euclid(60);
    let mut jobs: Vec<&Job> = site.jobs.iter().collect();
    jobs.sort_by_key(|job| job.deadline);
    let mut used_mw = vec![[0.0; 64]; site.regions.len()];
    jobs.iter().all(|job| {
        let point = &job.points[0];
        let hours = (job.gpu_hours.unwrap() / point.gpu_hours_per_h.unwrap()).ceil() as i64;
        let (from, due) = (hour(job.earliest_start.unwrap()), hour(job.deadline.unwrap()));
        if due > hour(site.horizon.end()) {
            // Not due in this day; it may wait for the next one.
            return true;
        }
        for start in from..=due - hours {
            let run = start as usize..(start + hours) as usize;
            for (region, used) in site.regions.iter().zip(&mut used_mw) {
                let limit = region.it_capacity_mw.at(0);
                if used[run.clone()].iter().all(|mw: &f64| mw + point.power_mw <= limit) {
                    used[run].iter_mut().for_each(|mw| *mw += point.power_mw);
                    return true;
                }
            }
        }
        false
    })
}
