//! IT power stays within the capacity of the site, period by period.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Job, JobPoint, Problem, Service, ServicePoint};
use rule_support::*;

#[test]
fn two_jobs_do_not_fit_into_the_cheapest_hour() {
    // 1.5 MW of room: one job at 10, the other at 30: 40 GBP (both at once: 20).
    let problem = Problem::builder(hours(3))
        .region(site("a", [10.0, 30.0, 50.0]).it_capacity_mw(1.5))
        .job(job("one", 1.0, 1.0))
        .job(job("two", 1.0, 1.0))
        .build()
        .unwrap();
    costs(&solve(&problem), 40.0);
}

#[test]
fn a_site_without_capacity_is_closed_even_for_work_without_power() {
    // Hour 1 is cheapest but closed.
    let problem = Problem::builder(hours(3))
        .region(site("a", [50.0, 10.0, 60.0]).it_capacity_mw([1.0, 0.0, 1.0]))
        .job(job("j", 1.0, 1.0))
        .job(job("idle", 2.0, 0.0).preemptible(true))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 50.0);
    assert_eq!(places(&plan, 0), "a..");
    assert_eq!(places(&plan, 1), "a.a");
}

#[test]
fn a_point_above_the_capacity_is_not_used() {
    // 2 GPU h. At 2 MW in hour 0: 20 GBP, but only 1 MW fits there. At 2 MW in hour 1: 80. At 1 MW in both: 10 + 40 = 50.
    let problem = Problem::builder(hours(2))
        .region(site("a", [10.0, 40.0]).it_capacity_mw([1.0, 2.0]))
        .job(Job::gpu_hours("j", 2.0, [JobPoint::gpu_hours(1.0, 1.0), JobPoint::gpu_hours(2.0, 2.0)]))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 50.0);
    assert_eq!(points(&plan, 0), "00");
}

#[test]
fn capacity_counts_it_power_and_not_cooling() {
    // 2 MW of IT fit into 2 MW although the facility takes 3 MW: 150 GBP, nothing broken.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(2.0).pue_slope(1.5))
        .job(job("j", 1.0, 2.0))
        .build()
        .unwrap();
    costs(&solve(&problem), 150.0);
}

#[test]
fn two_hard_jobs_overload_a_site_that_holds_one() {
    // 2 MW in 1.5 MW of capacity: 0.5 MW * 1 h * (2 * 2 * 50) = 100 GBP beside 100 GBP of energy.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(1.5))
        .job(job("one", 1.0, 1.0))
        .job(job("two", 1.0, 1.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 100.0, "cost_gbp");
    breaks(&plan, "it_overload", "a", 0.5, "mw", 100.0);
}

#[test]
fn jobs_and_services_share_the_capacity() {
    // A million inferences of 1 Wh in one hour are 1 MW. 1.5 MW hold the job only in hour 1: 10 + 60 = 70 GBP.
    let problem = Problem::builder(hours(2))
        .region(site("a", [10.0, 60.0]).it_capacity_mw(1.5))
        .job(job("j", 1.0, 1.0))
        .service(Service::new("s", [1e6, 0.0], [ServicePoint { wh_per_inference: 1.0, latency_ms: 0.0 }]))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 70.0);
    assert_eq!(places(&plan, 0), ".a");
}
