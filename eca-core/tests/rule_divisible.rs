//! Divisible jobs run at any share, at several points and in several regions at once, for exactly their work.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{DeadlineKind, Job, JobPoint, Problem};
use rule_support::*;

fn fluid(work: f64) -> Job {
    job("j", work, 1.0).divisible(true)
}

#[test]
fn work_is_poured_into_the_cheapest_hours() {
    // 0.6 MW through the connection: 0.6*10 + 0.4*20 = 14 GBP.
    let problem = Problem::builder(hours(3))
        .region(site("a", [30.0, 10.0, 20.0]).import_limit_mw(0.6))
        .job(fluid(1.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 14.0);
    near_all(&plan.jobs[0].shares.as_ref().unwrap()["a"][0], &[0.0, 0.6, 0.4], "shares");
    near_all(&plan.jobs[0].power_mw, &[0.0, 0.6, 0.4], "power_mw");
}

#[test]
fn it_runs_in_two_regions_at_once() {
    // 0.6*10 at a and 0.4*20 at b: 14 GBP.
    let problem = Problem::builder(hours(1))
        .region(site("a", 10.0).import_limit_mw(0.6))
        .region(site("b", 20.0))
        .job(fluid(1.0))
        .build()
        .unwrap();
    costs(&solve(&problem), 14.0);
}

#[test]
fn the_shares_of_one_region_and_hour_sum_to_one_at_most() {
    // 1.5 hours of work at 1 MW: 1.0*10 + 0.5*20 = 20 GBP.
    let problem = Problem::builder(hours(2)).region(site("a", [10.0, 20.0])).job(fluid(1.5)).build().unwrap();
    costs(&solve(&problem), 20.0);
    // Points 1 MW (rate 1) and 3 MW (rate 2) for 1.5 in one hour: f1 + f2 <= 1, f1 + 2 f2 = 1.5: half each: 2 MW * 10 = 20 GBP.
    let points = [JobPoint::gpu_hours(1.0, 1.0), JobPoint::gpu_hours(3.0, 2.0)];
    let problem = Problem::builder(hours(1))
        .region(site("a", 10.0))
        .job(Job::gpu_hours("j", 1.5, points).divisible(true))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 20.0);
    near_all(&plan.regions[0].it_mw, &[2.0], "it_mw");
}

#[test]
fn it_does_no_more_than_its_work_at_a_negative_price() {
    // One hour of work at -10: -10 GBP, not -20.
    let problem = Problem::builder(hours(2)).region(site("a", -10.0)).job(fluid(1.0)).build().unwrap();
    costs(&solve(&problem), -10.0);
}

#[test]
fn what_does_not_fit_is_left_undone_at_its_price() {
    // Two hours of work in one: half of 100 GBP.
    let problem = Problem::builder(hours(1))
        .region(site("a", 10.0))
        .job(fluid(2.0).deadline_kind(DeadlineKind::Priced).undone_penalty_gbp(100.0))
        .build()
        .unwrap();
    breaks(&solve(&problem), "undone", "j", 0.5, "frac", 50.0);
}

#[test]
fn window_and_copies_hold() {
    // Two copies of one hour, only hour 1 allowed: 2 MW * 50 = 100 GBP.
    let problem = Problem::builder(hours(3))
        .region(site("a", [10.0, 50.0, 10.0]))
        .job(fluid(1.0).count(2_u32).earliest_start(at(1)).deadline(at(2)))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 100.0);
    assert_eq!(plan.jobs.len(), 2);
}
