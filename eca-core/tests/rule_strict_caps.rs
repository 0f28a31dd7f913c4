//! A strict cap: no excess if that breaks no promise; else promises first, then least excess, then cost.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Battery, CapMetric, CapWindow, CarbonCap, DeadlineKind, Problem, Service, ServicePoint};
use rule_support::*;

fn cap(limit: f64) -> CarbonCap {
    CarbonCap::strict("cap", CapMetric::Kg, limit, CapWindow::Horizon)
}

fn service() -> Service {
    Service::new("s", 1e6, [ServicePoint { wh_per_inference: 1.0, latency_ms: 0.0 }])
}

#[test]
fn users_are_served_although_the_cap_cannot_be_kept() {
    // 1 MWh at 100 g/kWh: 100 kg over a cap of 0; nothing is shed, and the excess costs nothing.
    let problem =
        Problem::builder(hours(1)).region(site("a", 50.0)).service(service()).carbon_cap(cap(0.0)).build().unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 50.0, "cost_gbp");
    breaks(&plan, "carbon_cap", "cap", 100.0, "kg", 0.0);
}

#[test]
fn shedding_is_what_it_was_without_the_cap() {
    // 0.6 MW of room: 400 000 shed (8000 GBP) with or without the cap, and 60 kg over it.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(0.6))
        .service(service())
        .carbon_cap(cap(0.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    let shed = plan.broken_limits.iter().find(|b| b.rule == "shed").unwrap();
    near(shed.amount, 4e5, "shed");
    let excess = plan.broken_limits.iter().find(|b| b.rule == "carbon_cap").unwrap();
    near(excess.amount, 60.0, "excess");
    near(plan.objective_gbp, 8030.0, "objective_gbp");
}

#[test]
fn the_least_excess_comes_before_the_least_cost() {
    // a: 20 GBP, 300 kg. b: 60 GBP, 100 kg. c: 90 GBP, 100 kg. A cap of 50 kg: b, 50 kg over it.
    let problem = Problem::builder(hours(1))
        .region(site("a", 20.0).carbon_g_per_kwh(300.0))
        .region(site("b", 60.0))
        .region(site("c", 90.0))
        .job(job("j", 1.0, 1.0))
        .carbon_cap(cap(50.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 60.0, "cost_gbp");
    breaks(&plan, "carbon_cap", "cap", 50.0, "kg", 0.0);
}

#[test]
fn a_cap_that_can_be_kept_is_kept_at_any_cost() {
    let problem = Problem::builder(hours(2))
        .region(site("a", [1.0, 900.0]).carbon_g_per_kwh([101.0, 100.0]))
        .job(job("j", 1.0, 1.0))
        .carbon_cap(cap(100.0))
        .build()
        .unwrap();
    costs(&solve(&problem), 900.0);
}

#[test]
fn work_is_done_although_leaving_it_would_keep_the_cap() {
    // A priced deadline with a penalty of 60 GBP and a run of 50 GBP: without the cap it runs, so with the cap it does too.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0))
        .job(job("j", 1.0, 1.0).deadline_kind(DeadlineKind::Priced).undone_penalty_gbp(60.0))
        .carbon_cap(cap(0.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    assert_eq!(places(&plan, 0), "a");
    breaks(&plan, "carbon_cap", "cap", 100.0, "kg", 0.0);
}

#[test]
fn the_wanted_end_of_a_battery_gives_way_to_a_strict_cap() {
    // Nobody is promised the stored energy: it stays empty, 1 MWh missing at 2 * 50 = 100 GBP, and no carbon.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0))
        .battery(Battery::new("b", "a", 1.0, 1.0).end_soc_min_mwh(1.0))
        .carbon_cap(cap(0.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.carbon_kg, 0.0, "carbon_kg");
    breaks(&plan, "end_soc", "b", 1.0, "mwh", 100.0);
}

#[test]
fn a_priced_cap_beside_a_strict_one_keeps_its_price() {
    // Strict: not more than 100 kg: only b (60 GBP). Priced from 40 kg on at 0.5 GBP/kg: 60 kg, 30 GBP.
    let problem = Problem::builder(hours(1))
        .region(site("a", 20.0).carbon_g_per_kwh(300.0))
        .region(site("b", 60.0))
        .job(job("j", 1.0, 1.0))
        .carbon_cap(cap(100.0))
        .carbon_cap(CarbonCap::priced("soft", CapMetric::Kg, 40.0, CapWindow::Horizon, 0.5))
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 60.0, "cost_gbp");
    breaks(&plan, "carbon_cap", "soft", 60.0, "kg", 30.0);
}
