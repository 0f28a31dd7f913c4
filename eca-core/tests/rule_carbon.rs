//! Carbon caps: kg, g/kWh and g per inference, over the horizon, London days and rolling windows.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{CapMetric, CapWindow, CarbonCap, Horizon, Job, JobPoint, Plan, Problem, Service, ServicePoint};
use rule_support::*;

/// 2 MW for one hour: hour 0 costs 40 GBP and 600 kg, hour 1 costs 100 GBP and 200 kg.
fn with_cap(cap: CarbonCap) -> Plan {
    let problem = Problem::builder(hours(2))
        .region(site("a", [20.0, 50.0]).carbon_g_per_kwh([300.0, 100.0]))
        .job(Job::inferences("j", 1e6, [JobPoint::inferences(2.0, 1e6)]))
        .carbon_cap(cap)
        .build()
        .unwrap();
    solve(&problem)
}

fn strict(metric: CapMetric, limit: f64, window: CapWindow) -> CarbonCap {
    CarbonCap::strict("cap", metric, limit, window)
}

#[test]
fn a_cap_in_kg_moves_the_job_to_the_clean_hour() {
    costs(&with_cap(strict(CapMetric::Kg, 600.0, CapWindow::Horizon)), 40.0);
    let plan = with_cap(strict(CapMetric::Kg, 599.0, CapWindow::Horizon));
    costs(&plan, 100.0);
    near(plan.totals.carbon_kg, 200.0, "carbon_kg");
}

#[test]
fn a_priced_cap_is_bought_off_where_that_is_cheaper() {
    // 350 kg too much. At 0.10: 40 + 35 = 75 < 100. At 0.20: 40 + 70 = 110 > 100.
    let plan = with_cap(CarbonCap::priced("cap", CapMetric::Kg, 250.0, CapWindow::Horizon, 0.1));
    near(plan.totals.cost_gbp, 40.0, "cost_gbp");
    breaks(&plan, "carbon_cap", "cap", 350.0, "kg", 35.0);
    costs(&with_cap(CarbonCap::priced("cap", CapMetric::Kg, 250.0, CapWindow::Horizon, 0.2)), 100.0);
}

#[test]
fn grams_per_kwh_are_of_facility_energy() {
    // 300 g/kWh in hour 0: too much for 299, right for 300.
    costs(&with_cap(strict(CapMetric::GPerKwh, 300.0, CapWindow::Horizon)), 40.0);
    costs(&with_cap(strict(CapMetric::GPerKwh, 299.0, CapWindow::Horizon)), 100.0);
    // T = 1, facility 0.5 + 1.5 * 2 = 3.5 MW, 1 MW of sun, import 2.5 MW: 750 kg. Allowed 200 * 3.5 = 700: 50 kg * 0.1 = 5 GBP.
    // Over imports it would be 500, over IT energy 400.
    let problem = Problem::builder(hours(1))
        .region(site("a", 0.0).carbon_g_per_kwh(300.0).overhead_mw(0.5).pue_slope(1.5).solar_mw(1.0))
        .job(job("j", 1.0, 2.0))
        .carbon_cap(CarbonCap::priced("cap", CapMetric::GPerKwh, 200.0, CapWindow::Horizon, 0.1))
        .build()
        .unwrap();
    breaks(&solve(&problem), "carbon_cap", "cap", 50.0, "kg", 5.0);
}

#[test]
fn imports_are_not_the_denominator() {
    // Hour 0: 1 of 2 MW from the sun, 300 kg for 2 MWh: 150 g/kWh of facility energy, though 300 g/kWh of imports: 20 GBP.
    // Hour 1 costs 100 GBP. A cap of 149 moves the job there.
    let problem = |limit| {
        Problem::builder(hours(2))
            .region(site("a", [20.0, 50.0]).carbon_g_per_kwh([300.0, 100.0]).solar_mw([1.0, 0.0]))
            .job(job("j", 1.0, 2.0))
            .carbon_cap(strict(CapMetric::GPerKwh, limit, CapWindow::Horizon))
            .build()
            .unwrap()
    };
    costs(&solve(&problem(150.0)), 20.0);
    costs(&solve(&problem(149.0)), 100.0);
}

#[test]
fn half_hours_count_half() {
    // 2 MW for half an hour at 300 g/kWh: 300 kg, allowed 100 * 1 = 100 kg (g/kWh) or 250 kg (kg).
    let excess = |metric, limit: f64| {
        let problem = Problem::builder(half_hours(1))
            .region(site("a", 0.0).carbon_g_per_kwh(300.0))
            .job(job("j", 0.5, 2.0))
            .carbon_cap(CarbonCap::priced("cap", metric, limit, CapWindow::Horizon, 0.1))
            .build()
            .unwrap();
        solve(&problem)
    };
    breaks(&excess(CapMetric::GPerKwh, 100.0), "carbon_cap", "cap", 200.0, "kg", 20.0);
    breaks(&excess(CapMetric::Kg, 250.0), "carbon_cap", "cap", 50.0, "kg", 5.0);
}

#[test]
fn grams_per_inference_count_batch_and_online_work() {
    // One million: 600 kg are 0.6 g each in hour 0, 0.2 g in hour 1.
    costs(&with_cap(strict(CapMetric::GPerInference, 0.6, CapWindow::Horizon)), 40.0);
    costs(&with_cap(strict(CapMetric::GPerInference, 0.59, CapWindow::Horizon)), 100.0);
    // Job 1 MW and service 2 MW for an hour: 300 kg. Allowed 0.08 g * 3 million = 240 kg: 60 kg * 0.5 = 30 GBP.
    let problem = Problem::builder(hours(1))
        .region(site("a", 0.0))
        .job(Job::inferences("j", 1e6, [JobPoint::inferences(1.0, 1e6)]))
        .service(Service::new("s", 2e6, [ServicePoint { wh_per_inference: 1.0, latency_ms: 0.0 }]))
        .carbon_cap(CarbonCap::priced("cap", CapMetric::GPerInference, 0.08, CapWindow::Horizon, 0.5))
        .build()
        .unwrap();
    breaks(&solve(&problem), "carbon_cap", "cap", 60.0, "kg", 30.0);
}

#[test]
fn days_are_london_days_in_summer_too() {
    // 21:00 to 01:00 UTC on 1 July: London midnight (BST) is 23:00 UTC, between hours 1 and 2.
    // 100 kg each day and two jobs of 100 kg: one on each London day: 10 + 20 = 30 GBP.
    // With UTC days hour 2 would belong to the first day: 10 + 40 = 50. Without a cap: 20.
    let horizon = Horizon::new(time("2026-07-01T21:00:00Z"), 60, 4).unwrap();
    let problem = Problem::builder(horizon)
        .region(site("a", [10.0, 10.0, 20.0, 40.0]))
        .job(job("j", 1.0, 1.0).count(2_u32))
        .carbon_cap(strict(CapMetric::Kg, 100.0, CapWindow::Day))
        .build()
        .unwrap();
    costs(&solve(&problem), 30.0);
}

#[test]
fn a_rolling_window_holds_for_every_stretch_of_hours() {
    // Three jobs of 100 kg, 100 kg in any two hours: hours 0, 2 and 4: 10 + 12 + 41 = 63 GBP.
    // One-hour windows would allow 0, 1, 2 (33); three-hour windows only two jobs.
    let problem = |window| {
        Problem::builder(hours(5))
            .region(site("a", [10.0, 11.0, 12.0, 40.0, 41.0]))
            .job(job("j", 1.0, 1.0).count(3_u32))
            .carbon_cap(strict(CapMetric::Kg, 100.0, window))
            .build()
            .unwrap()
    };
    costs(&solve(&problem(CapWindow::RollingH(2.0))), 63.0);
    costs(&solve(&problem(CapWindow::RollingH(1.0))), 33.0);
}

#[test]
fn a_window_longer_than_the_horizon_is_the_horizon() {
    costs(&with_cap(strict(CapMetric::Kg, 599.0, CapWindow::RollingH(24.0))), 100.0);
    costs(&with_cap(strict(CapMetric::Kg, 600.0, CapWindow::RollingH(24.0))), 40.0);
}

#[test]
fn a_rolling_window_in_half_hours_has_two_periods_an_hour() {
    // Two jobs of half an hour, 50 kg each, 50 kg in any hour (two periods): periods 0 and 2: 0.5 * (10 + 30) = 20 GBP.
    let problem = Problem::builder(half_hours(4))
        .region(site("a", [10.0, 20.0, 30.0, 40.0]))
        .job(job("j", 0.5, 1.0).count(2_u32))
        .carbon_cap(strict(CapMetric::Kg, 50.0, CapWindow::RollingH(1.0)))
        .build()
        .unwrap();
    costs(&solve(&problem), 20.0);
}

#[test]
fn a_cap_counts_the_regions_in_its_scope() {
    // a: 20 GBP and 300 kg; b: 30 GBP and 500 kg. A cap of 100 kg on a moves the job to b; one of 400 kg on all keeps it at a.
    let problem = |cap: CarbonCap| {
        Problem::builder(hours(1))
            .region(site("a", 20.0).carbon_g_per_kwh(300.0))
            .region(site("b", 30.0).carbon_g_per_kwh(500.0))
            .job(job("j", 1.0, 1.0))
            .carbon_cap(cap)
            .build()
            .unwrap()
    };
    let moved = solve(&problem(strict(CapMetric::Kg, 100.0, CapWindow::Horizon).in_regions(["a"])));
    costs(&moved, 30.0);
    near(moved.totals.carbon_kg, 500.0, "carbon_kg");
    costs(&solve(&problem(strict(CapMetric::Kg, 400.0, CapWindow::Horizon))), 20.0);
}

#[test]
fn ten_kwh_at_210_and_five_at_60_are_160_g_per_kwh() {
    // 2 MW in the first hour, 1 MW in the second: (2 * 210 + 1 * 60) / 3 = 160 g/kWh, and no other plan.
    let with = |limit: f64| {
        let at_hour = |id: &str, mw: f64, h: u32| job(id, 1.0, mw).earliest_start(at(h)).deadline(at(h + 1));
        let problem = Problem::builder(hours(2))
            .region(site("a", 0.0).carbon_g_per_kwh([210.0, 60.0]))
            .job(at_hour("first", 2.0, 0))
            .job(at_hour("second", 1.0, 1))
            .carbon_cap(CarbonCap::priced("cap", CapMetric::GPerKwh, limit, CapWindow::Horizon, 1.0))
            .build()
            .unwrap();
        solve(&problem)
    };
    costs(&with(160.0), 0.0);
    breaks(&with(159.0), "carbon_cap", "cap", 3.0, "kg", 3.0);
}
