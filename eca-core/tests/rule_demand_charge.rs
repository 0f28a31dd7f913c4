//! The highest import of the horizon has a price of its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Battery, Problem};
use rule_support::*;

#[test]
fn jobs_are_spread_where_the_peak_costs_more_than_the_later_hour() {
    // Together: 2*10 + charge*2. Apart: 10 + 12 + charge*1. At 5 GBP/MW: 30 against 27. At 1 GBP/MW: 22 against 23.
    let problem = |charge: f64| {
        Problem::builder(hours(2))
            .region(site("a", [10.0, 12.0]).demand_charge_gbp_per_mw(charge))
            .job(job("one", 1.0, 1.0))
            .job(job("two", 1.0, 1.0))
            .build()
            .unwrap()
    };
    costs(&solve(&problem(5.0)), 27.0);
    costs(&solve(&problem(1.0)), 22.0);
}

#[test]
fn a_battery_shaves_the_peak() {
    // Load 1 and 3 MW. 1 MWh stored in hour 0: 2 and 2 MW: 2 * 10 = 20 GBP instead of 30.
    let problem = Problem::builder(hours(2))
        .region(site("a", 0.0).overhead_mw([1.0, 3.0]).demand_charge_gbp_per_mw(10.0))
        .battery(Battery::new("b", "a", 2.0, 2.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 20.0);
    near_all(&plan.regions[0].import_mw, &[2.0, 2.0], "import_mw");
}

#[test]
fn each_region_pays_for_its_own_peak_whatever_the_step() {
    // Peaks of 1 MW at a (3 GBP/MW) and 2 MW at b (5 GBP/MW): 13 GBP, not halved by half hours, not summed over them.
    let problem = Problem::builder(half_hours(2))
        .region(site("a", 0.0).overhead_mw(1.0).demand_charge_gbp_per_mw(3.0))
        .region(site("b", 0.0).overhead_mw([2.0, 1.0]).demand_charge_gbp_per_mw(5.0))
        .build()
        .unwrap();
    costs(&solve(&problem), 13.0);
}

#[test]
fn what_is_not_imported_has_no_peak() {
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).overhead_mw(1.0).solar_mw(1.0).demand_charge_gbp_per_mw(99.0))
        .build()
        .unwrap();
    costs(&solve(&problem), 0.0);
}
