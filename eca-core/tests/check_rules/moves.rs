//! Two regions and a job that moves from one to the other without a pause.

use crate::support::*;
use eca_core::{Job, JobPoint, Migration, Plan, Problem, Region};

fn train() -> Job {
    let points = [JobPoint::gpu_hours(1.0, 100.0), JobPoint::gpu_hours(0.6, 60.0)];
    Job::gpu_hours("train", 300.0, points)
        .migration(Migration { cost_gbp: 7.0, periods: 1, energy_mwh: 0.2 })
        .min_run_periods(4_u32)
        .pause_cost_gbp(5.0)
        .pause_energy_mwh(0.1)
}

fn problem_of(job: Job) -> Problem {
    let region = |id: &str| Region::new(id).it_capacity_mw(2.0).import_limit_mw(4.0);
    Problem::builder(horizon(60, 6))
        .region(region("london").import_price_gbp_per_mwh(100.0).carbon_g_per_kwh(200.0))
        .region(region("north").import_price_gbp_per_mwh(10.0).carbon_g_per_kwh(20.0))
        .job(job)
        .build()
        .unwrap()
}

fn problem() -> Problem {
    problem_of(train())
}

const LONDON: Option<(&str, usize)> = Some(("london", 0));
const NORTH: Option<(&str, usize)> = Some(("north", 0));

/// London in period 0, moving in period 1, north in periods 2 and 3: 100 + 12 + 10 GBP of energy and 7 of moving.
fn plan() -> Plan {
    let mut plan = empty(&problem());
    let mut entry = job(
        "train",
        &[LONDON, None, NORTH, NORTH, None, None],
        &[1.0, 0.0, 1.2, 1.0, 0.0, 0.0],
        &[0.0; 6],
        "2026-03-02T04:00:00Z",
    );
    entry.migrations = 1;
    plan.jobs.push(entry);
    plan.regions.push(plain("london", &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
    plan.regions.push(plain("north", &[0.0, 0.0, 1.2, 1.0, 0.0, 0.0]));
    totals(&mut plan, 129.0, 0.0, 3.2, 244.0, 0.0);
    plan
}

/// The same with one period of rest more: a move and a pause, 1 GBP of energy and 5 GBP more.
fn paused() -> (Problem, Plan) {
    let problem = problem_of(train().preemptible(true).min_run_periods(1_u32));
    let mut plan = empty(&problem);
    let mut entry = job(
        "train",
        &[LONDON, None, None, NORTH, NORTH, None],
        &[1.0, 0.0, 0.0, 1.3, 1.0, 0.0],
        &[0.0; 6],
        "2026-03-02T05:00:00Z",
    );
    (entry.migrations, entry.pauses) = (1, 1);
    plan.jobs.push(entry);
    plan.regions.push(plain("london", &[1.0, 0.0, 0.0, 0.0, 0.0, 0.0]));
    plan.regions.push(plain("north", &[0.0, 0.0, 0.0, 1.3, 1.0, 0.0]));
    totals(&mut plan, 135.0, 0.0, 3.3, 246.0, 0.0);
    (problem, plan)
}

#[test]
fn a_live_move_is_no_pause() {
    passes(&problem(), &plan());
}

#[test]
fn a_longer_rest_is_a_move_and_a_pause() {
    let (problem, plan) = paused();
    passes(&problem, &plan);
    breaks(&problem, &plan, "pauses", |plan| plan.jobs[0].pauses = 0);
    breaks(&problem, &plan, "job_power", |plan| plan.jobs[0].power_mw[3] = 1.2);
    breaks_in(&problem_of(train().min_run_periods(1_u32)), &plan, "preemptible");
    breaks_in(&problem_of(train().preemptible(true).min_run_periods(2_u32)), &plan, "min_run_periods");
    breaks_in(&problem_of(train().preemptible(true).min_run_periods(1_u32).max_pauses(0)), &plan, "max_pauses");
}

#[test]
fn moving_periods_count_towards_a_run() {
    breaks_in(
        &problem_of(train().preemptible(true).min_run_periods(4_u32).deadline(time("2026-03-02T06:00:00Z"))),
        &paused().1,
        "min_run_periods",
    );
    // Done at its end, the run may be shorter than asked.
    passes_in(&problem_of(train().min_run_periods(6_u32)), &plan());
}

#[test]
fn moves_need_leave_time_energy_and_money() {
    let slow = Migration { cost_gbp: 7.0, periods: 2, energy_mwh: 0.2 };
    breaks_in(&problem_of(train().migration(slow)), &plan(), "migration");
    breaks_in(&problem_of(train().migration(None)), &plan(), "migration");
    let dear = Migration { cost_gbp: 8.0, periods: 1, energy_mwh: 0.2 };
    breaks_in(&problem_of(train().migration(dear)), &plan(), "totals");
    let heavy = Migration { cost_gbp: 7.0, periods: 1, energy_mwh: 0.3 };
    breaks_in(&problem_of(train().migration(heavy)), &plan(), "job_power");
    let at_once = Migration { cost_gbp: 7.0, periods: 0, energy_mwh: 0.2 };
    breaks_in(&problem_of(train().migration(at_once)), &plan(), "preemptible");
    breaks(&problem(), &plan(), "migrations", |plan| plan.jobs[0].migrations = 0);
    breaks(&problem(), &plan(), "job_power", |plan| plan.jobs[0].power_mw.swap(2, 3));
    breaks(&problem(), &plan(), "it", |plan| plan.regions[1].it_mw.swap(2, 3));
    breaks_in(&problem_of(train().in_regions(["london"])), &plan(), "regions");
}

#[test]
fn points_may_change_but_the_work_must_be_done() {
    breaks(&problem(), &plan(), "deadline", |plan| plan.jobs[0].point[3] = Some(1));
    let mut slower = plan();
    let entry = &mut slower.jobs[0];
    entry.point = vec![Some(0), None, Some(0), Some(1), Some(1), None];
    entry.region[4] = Some("north".into());
    entry.power_mw = vec![1.0, 0.0, 1.2, 0.6, 0.6, 0.0];
    entry.finished_at = Some(time("2026-03-02T05:00:00Z"));
    slower.regions[1] = plain("north", &[0.0, 0.0, 1.2, 0.6, 0.6, 0.0]);
    totals(&mut slower, 131.0, 0.0, 3.4, 248.0, 0.0);
    passes(&problem(), &slower);
    breaks(&problem(), &slower, "job_inferences", |plan| plan.jobs[0].inferences[0] = 1.0);
}

#[test]
fn a_job_that_stops_early_and_may_not() {
    breaks(&problem(), &plan(), "preemptible", |plan| {
        plan.jobs[0].region[3] = None;
        plan.jobs[0].point[3] = None;
    });
}
