//! What is done when nothing can be planned: what runs goes on where it must or the site has room, batteries rest.

use crate::action::{Action, Before, Command, Target, command};
use crate::mpc::twin::Twin;
use crate::problem::{Job, ProblemDocument, RegionId};
use std::collections::BTreeMap;

/// The actions of period `t` of a document for the twin's jobs, without a plan.
///
/// A running job that may not stop goes on, whatever the site says; the others go on, those least willing to wait first,
/// where capacity is left for them, and pause elsewhere. Nothing starts, resumes or moves.
pub(crate) fn actions(document: &ProblemDocument, twin: &Twin, t: usize, generation: u64) -> Vec<Action> {
    let (from, to) = (document.horizon.start_of(t), document.horizon.start_of(t + 1));
    // Capacity that is no number is none.
    let mut free: BTreeMap<RegionId, f64> =
        document.regions.iter().map(|region| (region.id.clone(), region.it_capacity_mw.at(t).max(0.0))).collect();
    let mut running: Vec<_> = twin.jobs.iter().filter(|job| !job.is_done()).map(|job| (job, job.job())).collect();
    let may_stop = |job: &Job| {
        let state = job.state.as_ref();
        let ran_min = state.and_then(|state| state.running_since).map_or(0, |since| from.minutes_since(since));
        let long_enough =
            ran_min >= i64::from(job.min_run_periods.saturating_sub(1)) * i64::from(document.horizon.step_min);
        job.preemptible && long_enough && state.is_none_or(|state| state.can_stop)
    };
    running.sort_by_key(|(_, job)| (may_stop(job), job.tier));
    let mut actions = Vec::new();
    for (tracked, job) in running {
        let before = tracked.before();
        let Before::Running(region, point) = &before else { continue };
        let power_mw = job.points.get(*point).map_or(0.0, |point| point.power_mw);
        let room = free.entry(region.clone()).or_insert(0.0);
        let goes_on = !may_stop(&job) || power_mw <= *room;
        if goes_on {
            *room -= power_mw;
        } else if let Some(command) = command(&job, &before, &[None], true) {
            let target = Target::Job { id: job.id.clone(), copy: 0 };
            actions.push(Action::new(generation, target, command, from, to));
        }
    }
    let rest = twin.batteries.iter().map(|battery| Target::Battery { id: battery.id.clone() });
    actions.extend(rest.map(|target| Action::new(generation, target, Command::Idle, from, to)));
    actions
}
