//! A divisible job: shares of two points in two regions.

use crate::support::*;
use eca_core::plan::JobPlan;
use eca_core::{DeadlineKind, Job, JobPoint, Plan, Problem, Region};
use std::collections::BTreeMap;

fn fluid() -> Job {
    Job::inferences("fluid", 1e6, [JobPoint::inferences(1.0, 1e6), JobPoint::inferences(0.5, 6e5)]).divisible(true)
}

fn problem_of(job: Job) -> Problem {
    let region = |id: &str| Region::new(id).it_capacity_mw(1.0).import_limit_mw(4.0).import_price_gbp_per_mwh(10.0);
    Problem::builder(horizon(60, 2)).region(region("a")).region(region("b")).job(job).build().unwrap()
}

fn problem() -> Problem {
    problem_of(fluid())
}

/// In `a` 0.25 of the first point and half of the second in period 0; in `b` 0.45 of the first in period 1.
fn plan() -> Plan {
    let mut plan = empty(&problem());
    let mut entry: JobPlan = job("fluid", &[None, None], &[0.5, 0.45], &[5.5e5, 4.5e5], "2026-03-02T02:00:00Z");
    entry.shares = Some(BTreeMap::from([
        ("a".into(), vec![vec![0.25, 0.0], vec![0.5, 0.0]]),
        ("b".into(), vec![vec![0.0, 0.45], vec![0.0, 0.0]]),
    ]));
    plan.jobs.push(entry);
    plan.regions.push(plain("a", &[0.5, 0.0]));
    plan.regions.push(plain("b", &[0.0, 0.45]));
    totals(&mut plan, 9.5, 0.0, 0.95, 0.0, 1e6);
    plan
}

#[track_caller]
fn share(rule: &str, region: &str, point: usize, t: usize, value: f64) {
    breaks(&problem(), &plan(), rule, |plan| {
        plan.jobs[0].shares.as_mut().unwrap().get_mut(region).unwrap()[point][t] = value;
    });
}

#[test]
fn right_plan_passes() {
    passes(&problem(), &plan());
}

#[test]
fn shares_make_power_and_work() {
    share("shares", "a", 0, 0, 0.6);
    share("job_power", "a", 0, 0, 0.26);
    share("job_inferences", "a", 1, 0, 0.4);
    share("deadline", "b", 0, 1, 0.4);
    share("undone_frac", "b", 0, 1, 0.5);
    share("it", "b", 0, 1, 0.4);
    share("finished_at", "b", 0, 1, 0.4);
    breaks(&problem(), &plan(), "finished_at", |plan| plan.jobs[0].finished_at = None);
    breaks(&problem(), &plan(), "finished_at", |plan| plan.jobs[0].finished_at = Some(time("2026-03-02T01:00:00Z")));
    breaks(&problem(), &plan(), "pauses", |plan| plan.jobs[0].pauses = 1);
    breaks(&problem(), &plan(), "document", |plan| plan.jobs[0].shares = None);
    breaks(&problem(), &plan(), "document", |plan| plan.jobs[0].region[0] = Some("a".into()));
    breaks_in(&problem_of(fluid().divisible(false)), &plan(), "document");
}

#[test]
fn window_and_regions_hold() {
    let late = fluid().deadline_kind(DeadlineKind::Priced);
    passes_in(&problem_of(late.clone()), &plan());
    breaks_in(&problem_of(late.clone().deadline(time("2026-03-02T01:00:00Z"))), &plan(), "window");
    breaks_in(&problem_of(late.clone().earliest_start(time("2026-03-02T01:00:00Z"))), &plan(), "window");
    breaks_in(&problem_of(late.in_regions(["a"])), &plan(), "regions");
}

/// Default price: 2 * 4 * (10 * 1) = 80 GBP, for the faster point takes 1 MWh and the other 2 * 0.5.
#[test]
fn undone_work_has_a_price() {
    let problem = problem_of(fluid().deadline_kind(DeadlineKind::Priced));
    let mut plan = plan();
    let entry = &mut plan.jobs[0];
    entry.shares.as_mut().unwrap().remove("b");
    (entry.power_mw, entry.inferences) = (vec![0.5, 0.0], vec![5.5e5, 0.0]);
    (entry.finished_at, entry.undone_frac) = (None, 0.45);
    plan.regions[1] = plain("b", &[0.0, 0.0]);
    plan.broken_limits.push(broken("undone", "fluid", None, 0.45, "frac", 36.0));
    totals(&mut plan, 5.0, 36.0, 0.5, 0.0, 5.5e5);
    passes_in(&problem, &plan);
    plan.broken_limits.clear();
    breaks_in(&problem, &plan, "undone");
}
