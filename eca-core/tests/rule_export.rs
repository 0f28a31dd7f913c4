//! Export earns its price, within its limit, and never together with import.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Battery, Problem};
use rule_support::*;

#[test]
fn surplus_solar_is_exported_up_to_the_limit() {
    // 3 MW of sun, 1 MW of load, 1.5 MW of export at 40: -60 GBP; 0.5 MW curtailed; no carbon is earned back.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).overhead_mw(1.0).solar_mw(3.0).export_limit_mw(1.5).export_price_gbp_per_mwh(40.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, -60.0);
    near_all(&plan.regions[0].export_mw, &[1.5], "export_mw");
    near_all(&plan.regions[0].solar_used_mw, &[2.5], "solar_used_mw");
    near(plan.totals.carbon_kg, 0.0, "carbon_kg");
}

#[test]
fn nothing_is_exported_at_a_negative_price() {
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).solar_mw(3.0).export_limit_mw(5.0).export_price_gbp_per_mwh(-1.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 0.0);
    near_all(&plan.regions[0].export_mw, &[0.0], "export_mw");
}

#[test]
fn a_high_export_price_is_no_money_machine() {
    // Import at 30, export at 50, 1 MW of load, nothing to export: 30 GBP. Both at once would earn 20 GBP for each MWh.
    let region = || site("a", 30.0).overhead_mw(1.0).export_limit_mw(5.0).export_price_gbp_per_mwh(50.0);
    let plan = solve(&Problem::builder(hours(1)).region(region()).build().unwrap());
    costs(&plan, 30.0);
    // 3 MW of sun: 2 MW out: -100 GBP. Both at once: export 3 MW, import 1 MW: -120.
    costs(&solve(&Problem::builder(hours(1)).region(region().solar_mw(3.0)).build().unwrap()), -100.0);
    // 0.5 MW of sun does not cover the load: 0.5 MW import, 15 GBP.
    costs(&solve(&Problem::builder(hours(1)).region(region().solar_mw(0.5)).build().unwrap()), 15.0);
}

#[test]
fn a_choice_between_importing_and_exporting_is_made_by_price() {
    // A full 2 MWh battery of 1 MW, 1 MW of load in each of two hours, import 30, export 50 in hour 0.
    // 1 MW only serves the load: 0 import in both hours: 0 GBP. With 2 MW: hour 0 out 2 (export 1: -50), hour 1 import 30: -20.
    let problem = |power| {
        Problem::builder(hours(2))
            .region(site("a", 30.0).overhead_mw(1.0).export_limit_mw(5.0).export_price_gbp_per_mwh([50.0, 0.0]))
            .battery(Battery::new("b", "a", power, 2.0).soc_mwh(2.0))
            .build()
            .unwrap()
    };
    costs(&solve(&problem(1.0)), 0.0);
    costs(&solve(&problem(2.0)), -20.0);
}

#[test]
fn a_battery_sells_at_the_peak() {
    // 1 MWh bought at 10, sold at 80: -70 GBP.
    let problem = Problem::builder(hours(2))
        .region(site("a", [10.0, 20.0]).export_limit_mw(5.0).export_price_gbp_per_mwh([0.0, 80.0]))
        .battery(Battery::new("b", "a", 1.0, 1.0))
        .build()
        .unwrap();
    costs(&solve(&problem), -70.0);
}

#[test]
fn a_battery_keeps_to_the_export_limit() {
    // 2 MWh stored, 2 MW, but 1 MW of export: 1 MWh at 50 and 1 MWh at 40: -90 GBP, not -100.
    let problem = Problem::builder(hours(2))
        .region(site("a", 60.0).export_limit_mw(1.0).export_price_gbp_per_mwh([50.0, 40.0]))
        .battery(Battery::new("b", "a", 2.0, 2.0).soc_mwh(2.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, -90.0);
    near_all(&plan.regions[0].export_mw, &[1.0, 1.0], "export_mw");
}
