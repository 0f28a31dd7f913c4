//! When and where a job runs: window, runs, operating points, startup, conditions, copies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{DeadlineKind, Job, JobPoint, Plan, Problem, RunWhen};
use rule_support::*;

fn plan(price: &[f64], job: Job) -> Plan {
    solve(&Problem::builder(hours(price.len())).region(site("a", price)).job(job).build().unwrap())
}

#[test]
fn the_start_rounds_up_and_the_deadline_rounds_down() {
    // From 00:30 to 03:30: hours 1 and 2. Exactly 01:00 to 03:00: the same.
    for (from, to) in [("00:30", "03:30"), ("01:00", "03:00"), ("00:01", "03:59")] {
        let window = job("j", 1.0, 1.0)
            .earliest_start(time(&format!("2026-03-02T{from}:00Z")))
            .deadline(time(&format!("2026-03-02T{to}:00Z")));
        let plan = plan(&[1.0, 50.0, 40.0, 1.0], window);
        costs(&plan, 40.0);
        assert_eq!(plan.jobs[0].finished_at, Some(at(3)));
    }
}

#[test]
fn the_last_hour_before_the_deadline_and_the_first_after_the_start_count() {
    costs(&plan(&[90.0, 10.0, 90.0, 90.0], job("j", 1.0, 1.0).earliest_start(at(1)).deadline(at(3))), 10.0);
    costs(&plan(&[90.0, 90.0, 10.0, 90.0], job("j", 1.0, 1.0).earliest_start(at(1)).deadline(at(3))), 10.0);
    costs(&plan(&[90.0, 90.0, 90.0, 10.0], job("j", 1.0, 1.0)), 10.0);
}

#[test]
fn a_job_that_may_not_pause_runs_in_one_piece() {
    // Cheapest two hours are 0 and 2 (30 GBP), in one piece 2 and 3 (20 + 30).
    let whole = plan(&[10.0, 90.0, 20.0, 30.0], job("j", 2.0, 1.0));
    costs(&whole, 50.0);
    assert_eq!(places(&whole, 0), "..aa");
    let split = plan(&[10.0, 90.0, 20.0, 30.0], job("j", 2.0, 1.0).preemptible(true));
    costs(&split, 30.0);
    assert_eq!(places(&split, 0), "a.a.");
    assert_eq!(split.jobs[0].pauses, 1);
}

#[test]
fn without_migration_a_job_stays_in_one_region() {
    // 10 + 90 in either; 20 if it could hop.
    let problem = Problem::builder(hours(2))
        .region(site("a", [10.0, 90.0]))
        .region(site("b", [90.0, 10.0]))
        .job(job("j", 2.0, 1.0).preemptible(true))
        .build()
        .unwrap();
    costs(&solve(&problem), 100.0);
}

#[test]
fn a_job_runs_only_in_its_regions() {
    let problem = Problem::builder(hours(1))
        .region(site("a", 10.0))
        .region(site("b", 90.0))
        .job(job("j", 1.0, 1.0).in_regions(["b"]))
        .build()
        .unwrap();
    costs(&solve(&problem), 90.0);
}

#[test]
fn startup_is_paid_once_and_only_if_it_works() {
    // Two pieces, one startup: 10 + 20 + 7 = 37 GBP.
    costs(&plan(&[10.0, 90.0, 20.0], job("j", 2.0, 1.0).preemptible(true).startup_cost_gbp(7.0)), 37.0);
    costs(&plan(&[10.0, 20.0], job("j", 2.0, 1.0).startup_cost_gbp(7.0)), 37.0);
    // 45 + 7 = 52 GBP against a penalty of 50: it does not start. With a startup of 4 it does.
    let priced = |startup: f64| {
        job("j", 1.0, 1.0).deadline_kind(DeadlineKind::Priced).undone_penalty_gbp(50.0).startup_cost_gbp(startup)
    };
    breaks(&plan(&[45.0], priced(7.0)), "undone", "j", 1.0, "frac", 50.0);
    costs(&plan(&[45.0], priced(4.0)), 49.0);
}

#[test]
fn every_run_has_its_least_length() {
    // Three hours of work. One at a time: 10 + 20 + 30 = 60. Runs of two or more: hours 0, 1, 2: 120.
    let free = job("j", 3.0, 1.0).preemptible(true);
    costs(&plan(&[10.0, 90.0, 20.0, 90.0, 30.0, 90.0], free.clone()), 60.0);
    costs(&plan(&[10.0, 90.0, 20.0, 90.0, 30.0, 90.0], free.min_run_periods(2_u32)), 120.0);
}

#[test]
fn the_run_that_finishes_the_work_may_be_shorter() {
    // Hours 0 and 1, then one hour to finish: 10 + 20 + 5 = 35 GBP.
    let plan = plan(&[10.0, 20.0, 90.0, 90.0, 90.0, 5.0], job("j", 3.0, 1.0).preemptible(true).min_run_periods(2_u32));
    costs(&plan, 35.0);
    assert_eq!(places(&plan, 0), "aa...a");
}

#[test]
fn a_faster_point_is_used_where_time_is_short() {
    // Four GPU h. Slow: 1 MW, 1 per hour; fast: 3 MW, 2 per hour.
    let points = || Job::gpu_hours("j", 4.0, [JobPoint::gpu_hours(1.0, 1.0), JobPoint::gpu_hours(3.0, 2.0)]);
    // Three hours: fast in 0 and 1: 60 GBP; fast, slow, slow: 30 + 10 + 100 = 140.
    let short = plan(&[10.0, 10.0, 100.0], points());
    costs(&short, 60.0);
    assert_eq!(points_of(&short), "11.");
    // Four hours: slow throughout: 42 GBP; fast in two: 60.
    let long = plan(&[10.0, 10.0, 10.0, 12.0], points());
    costs(&long, 42.0);
    assert_eq!(points_of(&long), "0000");
}

fn points_of(plan: &Plan) -> String {
    rule_support::points(plan, 0)
}

#[test]
fn a_job_does_not_run_on_after_its_work_at_negative_prices() {
    // One point: three hours, three periods: -30 GBP.
    costs(&plan(&[-10.0; 4], job("j", 3.0, 1.0).preemptible(true)), -30.0);
    // Slow (1 MW, 1 per hour) and fast (3 MW, 3 per hour), three GPU h: slow, slow, fast draws most (5 MWh): -50 GBP.
    // Before the last hour 2 of 3 are done, so the last is needed. Running on would earn 120.
    let points = [JobPoint::gpu_hours(1.0, 1.0), JobPoint::gpu_hours(3.0, 3.0)];
    let job = Job::gpu_hours("j", 3.0, points).preemptible(true);
    let plan = plan(&[-10.0; 4], job.clone());
    costs(&plan, -50.0);
    // Just so where it may not pause.
    costs(&self::plan(&[-10.0; 4], job.preemptible(false)), -50.0);
}

#[test]
fn the_last_period_may_be_partly_filled() {
    // 2.5 million at a million an hour: three periods, the last one half full.
    let plan = plan(&[10.0; 3], Job::inferences("j", 2.5e6, [JobPoint::inferences(1.0, 1e6)]));
    costs(&plan, 30.0);
    near_all(&plan.jobs[0].inferences, &[1e6, 1e6, 5e5], "inferences");
    near(plan.totals.inferences, 2.5e6, "inferences");
}

#[test]
fn run_when_carbon_is_below() {
    // Below 200: only hour 0 (100 g/kWh); 200 itself is not below.
    let region = site("a", [50.0, 40.0, 30.0]).carbon_g_per_kwh([100.0, 200.0, 300.0]);
    let job = job("j", 1.0, 1.0).run_when(RunWhen::CarbonBelowGPerKwh(200.0));
    costs(&solve(&Problem::builder(hours(3)).region(region).job(job).build().unwrap()), 50.0);
}

#[test]
fn run_when_the_renewable_share_is_high() {
    // At least 0.5: hours 1 (0.5 itself) and 2.
    let region = site("a", [10.0, 40.0, 60.0]).renewable_share_frac([0.2, 0.5, 0.9]);
    let job = job("j", 1.0, 1.0).run_when(RunWhen::RenewableShareMin(0.5));
    costs(&solve(&Problem::builder(hours(3)).region(region).job(job).build().unwrap()), 40.0);
}

#[test]
fn copies_have_schedules_of_their_own() {
    // Room for two: two at 10, one at 20: 40 GBP.
    let problem = Problem::builder(hours(2))
        .region(site("a", [10.0, 20.0]).it_capacity_mw(2.0))
        .job(job("j", 1.0, 1.0).count(3_u32))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 40.0);
    assert_eq!(plan.jobs.iter().map(|job| job.copy).collect::<Vec<_>>(), [0, 1, 2]);
    let mut places: Vec<String> = (0..3).map(|j| places(&plan, j)).collect();
    places.sort();
    assert_eq!(places, [".a", "a.", "a."]);
}

#[test]
fn a_job_that_may_not_pause_runs_to_its_deadline_once_it_runs() {
    // Four hours of work in three, a penalty of 25 GBP an hour. Hours 0 and 1 are cheap but hour 2 costs 500:
    // it does not start (100 GBP). If it may pause: 10 + 10 + 50 = 70.
    let priced = || job("j", 4.0, 1.0).deadline_kind(DeadlineKind::Priced).undone_penalty_gbp(100.0);
    breaks(&plan(&[10.0, 10.0, 500.0], priced()), "undone", "j", 1.0, "frac", 100.0);
    let stops = plan(&[10.0, 10.0, 500.0], priced().preemptible(true));
    near(stops.totals.cost_gbp, 20.0, "cost_gbp");
    breaks(&stops, "undone", "j", 0.5, "frac", 50.0);
}
