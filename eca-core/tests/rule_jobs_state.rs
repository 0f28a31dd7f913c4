//! A job that has started before the horizon: where it is, how long it runs, what it may do.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Job, JobState, Migration, Plan, Problem};
use rule_support::*;

/// Runs in region a since the period before the horizon.
fn running() -> JobState {
    JobState {
        region: "a".into(),
        point: Some(0),
        done_inferences: 0.0,
        done_gpu_hours: 0.0,
        running_since: None,
        can_stop: true,
        pauses: 0,
    }
}

fn paused() -> JobState {
    JobState { point: None, ..running() }
}

fn plan(price: &[f64], job: Job) -> Plan {
    solve(&Problem::builder(hours(price.len())).region(site("a", price)).job(job).build().unwrap())
}

fn plan2(a: &[f64], b: &[f64], job: Job) -> Plan {
    solve(&Problem::builder(hours(a.len())).region(site("a", a)).region(site("b", b)).job(job).build().unwrap())
}

#[test]
fn what_has_started_pays_no_startup() {
    costs(&plan(&[10.0], job("j", 1.0, 1.0).startup_cost_gbp(100.0).state(running())), 10.0);
    costs(&plan(&[10.0], job("j", 1.0, 1.0).startup_cost_gbp(100.0).preemptible(true).state(paused())), 10.0);
    costs(&plan(&[10.0], job("j", 1.0, 1.0).startup_cost_gbp(100.0)), 110.0);
}

#[test]
fn work_done_before_is_not_done_again() {
    // Two of three hours are done: one is left.
    let state = JobState { done_gpu_hours: 2.0, ..running() };
    let plan = plan(&[10.0, 10.0, 10.0], job("j", 3.0, 1.0).state(state));
    costs(&plan, 10.0);
    assert_eq!(places(&plan, 0), "a..");
    assert_eq!(plan.jobs[0].finished_at, Some(at(1)));
}

#[test]
fn without_migration_it_stays_where_it_is() {
    costs(&plan2(&[90.0], &[10.0], job("j", 1.0, 1.0).state(running())), 90.0);
    costs(&plan2(&[90.0], &[10.0], job("j", 1.0, 1.0).preemptible(true).state(paused())), 90.0);
}

#[test]
fn a_running_job_that_may_not_pause_goes_on_at_once() {
    costs(&plan(&[90.0, 10.0], job("j", 1.0, 1.0).state(running())), 90.0);
}

#[test]
fn a_running_job_that_may_pause_pays_for_it() {
    // 10 + a pause of 5 GBP.
    let free = || job("j", 1.0, 1.0).preemptible(true).pause_cost_gbp(5.0);
    let plan = plan(&[90.0, 10.0], free().state(running()));
    costs(&plan, 15.0);
    assert_eq!(plan.jobs[0].pauses, 1);
    // Going on at once is no pause.
    costs(&self::plan(&[10.0, 90.0], free().state(running())), 10.0);
    // One that cannot stop goes on whatever it costs.
    costs(&self::plan(&[90.0, 10.0], free().state(JobState { can_stop: false, ..running() })), 90.0);
}

#[test]
fn the_hours_before_the_horizon_count_towards_its_run() {
    // Two hours left, runs of three or more. Started one hour ago: hours 0 and 1 must follow: 110 GBP.
    // Two hours ago: hour 0 must, then it may pause: 50 + 10 = 60. Three hours ago: it may pause at once: 20 + 10.
    let since = |start: &str| JobState { running_since: Some(time(start)), ..running() };
    let job = || job("j", 2.0, 1.0).preemptible(true).min_run_periods(3_u32);
    let price = [50.0, 60.0, 20.0, 10.0];
    costs(&plan(&price, job().state(since("2026-03-01T23:00:00Z"))), 110.0);
    costs(&plan(&price, job().state(since("2026-03-01T22:00:00Z"))), 60.0);
    costs(&plan(&price, job().state(since("2026-03-01T21:00:00Z"))), 30.0);
    // Not told: one hour.
    costs(&plan(&price, job().state(running())), 110.0);
}

#[test]
fn a_running_job_ignores_its_earliest_start() {
    costs(&plan(&[10.0, 90.0], job("j", 1.0, 1.0).preemptible(true).earliest_start(at(1)).state(running())), 10.0);
    // A paused one does not.
    costs(&plan(&[10.0, 90.0], job("j", 1.0, 1.0).preemptible(true).earliest_start(at(1)).state(paused())), 90.0);
}

#[test]
fn a_paused_job_pays_its_pause_when_it_resumes() {
    // 1 MW and 0.5 MWh of restart at 50, and 5 GBP: 80 GBP.
    let job = job("j", 1.0, 1.0).preemptible(true).pause_cost_gbp(5.0).pause_energy_mwh(0.5).state(paused());
    let plan = plan(&[50.0], job);
    costs(&plan, 80.0);
    assert_eq!(plan.jobs[0].pauses, 1);
    near_all(&plan.jobs[0].power_mw, &[1.5], "power_mw");
}

#[test]
fn pauses_before_the_horizon_count_towards_the_most() {
    // Two pauses allowed, one made. With one left: 0, 1, 2: 122. With two: 0, 2, 4: 36.
    let job = |pauses| job("j", 3.0, 1.0).preemptible(true).max_pauses(2_u32).state(JobState { pauses, ..running() });
    let price = [10.0, 100.0, 12.0, 100.0, 14.0];
    costs(&plan(&price, job(0)), 36.0);
    costs(&plan(&price, job(1)), 122.0);
}

#[test]
fn a_paused_job_may_resume_elsewhere_at_once() {
    // At b: 10 + move 20 + pause 5 = 35; at a: 100 + 5. The hours before the horizon are enough for the way.
    let migration = Migration { cost_gbp: 20.0, periods: 3, energy_mwh: 0.0 };
    let job = job("j", 1.0, 1.0).preemptible(true).pause_cost_gbp(5.0).migration(migration).state(paused());
    let plan = plan2(&[100.0], &[10.0], job);
    costs(&plan, 35.0);
    assert_eq!((plan.jobs[0].migrations, plan.jobs[0].pauses), (1, 1));
}

#[test]
fn a_running_job_may_begin_to_move_in_period_0() {
    // One period on the way, then two hours at b: 20 + 20 = 40 GBP; live, so no pause.
    let migration = Migration { cost_gbp: 20.0, periods: 1, energy_mwh: 0.0 };
    let job = job("j", 2.0, 1.0).pause_cost_gbp(1000.0).migration(migration).state(running());
    let moved = plan2(&[100.0; 3], &[10.0; 3], job.clone());
    costs(&moved, 40.0);
    assert_eq!((places(&moved, 0).as_str(), moved.jobs[0].migrations, moved.jobs[0].pauses), (".bb", 1, 0));
    // can_stop = false: it works in period 0, and its region is a: it stays one hour, then moves in time? 100 + 20 + 10.
    let pinned = plan2(&[100.0; 3], &[10.0; 3], job.state(JobState { can_stop: false, ..running() }));
    costs(&pinned, 130.0);
    assert_eq!(places(&pinned, 0), "a.b");
}
