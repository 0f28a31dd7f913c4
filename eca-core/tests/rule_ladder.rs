//! Promises give way in order: carbon, undone work, shed inferences, overloads; hard deadlines never.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{
    CapMetric, CapWindow, CarbonCap, DeadlineKind, Job, JobPoint, JobState, Problem, Service, ServicePoint,
};
use rule_support::*;

fn priced(id: &str, hours: f64) -> Job {
    job(id, hours, 1.0).deadline_kind(DeadlineKind::Priced)
}

fn service() -> Service {
    Service::new("s", 1e6, [ServicePoint { wh_per_inference: 1.0, latency_ms: 0.0 }])
}

#[test]
fn a_priced_cap_gives_way_before_work_is_left_undone() {
    // M = 50 + 100 g/kWh * 1 GBP/kg = 150; undone = 2 * 4 * 150 = 1200 GBP against 50 + 100 kg * 1 = 150 GBP.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0))
        .job(priced("j", 1.0))
        .carbon_cap(CarbonCap::priced("cap", CapMetric::Kg, 0.0, CapWindow::Horizon, 1.0))
        .build()
        .unwrap();
    breaks(&solve(&problem), "carbon_cap", "cap", 100.0, "kg", 100.0);
}

#[test]
fn work_is_left_undone_before_inferences_are_shed() {
    // Room for 1 MW. Leaving the job costs 8 * 50 = 400 GBP, shedding a million 20 000.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(1.0))
        .job(priced("j", 1.0))
        .service(service())
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 50.0, "cost_gbp");
    breaks(&plan, "undone", "j", 1.0, "frac", 400.0);
}

#[test]
fn inferences_are_shed_before_anything_is_overloaded() {
    // 0.4 MW too much: shed 0.4 million = 8000 GBP; overload 2 * 20 000 = 40 000 GBP/MWh would be 16 000.
    let problem =
        Problem::builder(hours(1)).region(site("a", 50.0).import_limit_mw(0.6)).service(service()).build().unwrap();
    breaks(&solve(&problem), "shed", "s", 4e5, "inferences", 8000.0);
}

#[test]
fn a_hard_deadline_is_kept_before_inferences_are_served() {
    // A hard job of 1 MW in 1 MW of room: the service is shed (20 000 GBP), the job is on time.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(1.0))
        .job(job("j", 1.0, 1.0))
        .service(service())
        .build()
        .unwrap();
    let plan = solve(&problem);
    assert_eq!(places(&plan, 0), "a");
    breaks(&plan, "shed", "s", 1e6, "inferences", 20_000.0);
}

#[test]
fn the_less_important_of_two_jobs_is_left_undone() {
    // Room for one. Tier 0: 2 * 4 * 50 = 400 GBP. Tier 3: 2 * 1 * 50 = 100 GBP. An overload: 2 * 400 = 800.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(1.0))
        .job(priced("later", 1.0).tier(3))
        .job(priced("now", 1.0))
        .build()
        .unwrap();
    breaks(&solve(&problem), "undone", "later", 1.0, "frac", 100.0);
}

#[test]
fn one_of_two_equal_jobs_is_left_undone_and_named_with_its_copy() {
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(1.0))
        .job(priced("j", 1.0).count(2_u32))
        .build()
        .unwrap();
    let plan = solve(&problem);
    assert!(plan.broken_limits[0].object.starts_with("j#"), "{:?}", plan.broken_limits);
    near(plan.objective_gbp, 450.0, "objective_gbp");
}

#[test]
fn a_given_penalty_is_weighed_against_the_cost_of_running() {
    let problem = |penalty: f64| {
        Problem::builder(hours(1))
            .region(site("a", 50.0))
            .job(priced("j", 1.0).undone_penalty_gbp(penalty))
            .build()
            .unwrap()
    };
    costs(&solve(&problem(51.0)), 50.0);
    let left = solve(&problem(49.0));
    near(left.totals.cost_gbp, 0.0, "cost_gbp");
    breaks(&left, "undone", "j", 1.0, "frac", 49.0);
}

#[test]
fn a_part_left_costs_its_part_of_the_penalty() {
    // Three hours of work in two: a third of 300 GBP.
    let problem = Problem::builder(hours(2))
        .region(site("a", 10.0))
        .job(priced("j", 3.0).undone_penalty_gbp(300.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 20.0, "cost_gbp");
    breaks(&plan, "undone", "j", 1.0 / 3.0, "frac", 100.0);
    assert_eq!(plan.jobs[0].finished_at, None);
}

#[test]
fn what_is_done_already_costs_no_penalty() {
    // Half is done; leaving the other half costs half of 60 GBP, running it 50.
    let state = JobState {
        region: "a".into(),
        point: None,
        done_inferences: 0.0,
        done_gpu_hours: 1.0,
        running_since: None,
        can_stop: true,
        pauses: 0,
    };
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0))
        .job(priced("j", 2.0).undone_penalty_gbp(60.0).preemptible(true).state(state))
        .build()
        .unwrap();
    breaks(&solve(&problem), "undone", "j", 0.5, "frac", 30.0);
}

#[test]
fn the_default_penalty_covers_energy_startup_pause_and_move() {
    // E_max over points: 1 MW * 2 periods or 3 MW * 1 period = 3 MWh. M = 50. 2 * (4-1) * (150 + 5 + 6) = 966 GBP.
    // No room at all but for 1 MW in the last hour: half of the work: 483 GBP undone.
    let points = [JobPoint::gpu_hours(1.0, 1.0), JobPoint::gpu_hours(3.0, 2.0)];
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(1.0))
        .job(
            Job::gpu_hours("j", 2.0, points)
                .deadline_kind(DeadlineKind::Priced)
                .tier(1)
                .startup_cost_gbp(5.0)
                .pause_cost_gbp(6.0),
        )
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 55.0, "cost_gbp");
    breaks(&plan, "undone", "j", 0.5, "frac", 483.0);
}

#[test]
fn the_overload_price_is_above_every_cost_of_energy() {
    // e = 40 + 10 + |-5| + 20 + 30/0.5 + 100 g/kWh * 0.1 GBP/kg = 145; M = 1.5 * 145 = 217.50; overload 4 M = 870 GBP/MWh.
    // 3 MW through 2.5: 0.5 MW * 0.5 h * 870 = 217.50. Cost: 0.5 * 3 * (40 + 10 - 5) + 30 * 3 = 157.50.
    let problem = Problem::builder(half_hours(1))
        .region(
            site("a", 40.0)
                .import_limit_mw(2.5)
                .network_charge_gbp_per_mwh(10.0)
                .congestion_gbp_per_mwh(-5.0)
                .export_price_gbp_per_mwh(20.0)
                .demand_charge_gbp_per_mw(30.0)
                .pue_slope(1.5),
        )
        .job(job("j", 0.5, 2.0))
        .carbon_cap(CarbonCap::priced("cap", CapMetric::Kg, 1e6, CapWindow::Horizon, 0.1))
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 157.5, "cost_gbp");
    breaks(&plan, "import_overload", "a", 0.5, "mw", 217.5);
}
