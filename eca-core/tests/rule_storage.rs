//! Batteries: losses, wear, limits, reserve, the wanted end, and never both directions at once.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Battery, Plan, Problem, Region};
use rule_support::*;

/// Load of 1 MW whatever happens.
fn loaded(price: impl Into<eca_core::Series>) -> Region {
    site("a", price).overhead_mw(1.0)
}

fn plan(region: Region, battery: Battery) -> Plan {
    let periods = region.import_price_gbp_per_mwh.len_if_values().unwrap();
    solve(&Problem::builder(hours(periods)).region(region).battery(battery).build().unwrap())
}

#[test]
fn arbitrage_pays_losses_and_wear() {
    // Charge 1 MWh at 20: 0.8 MWh stored, 0.8 * 0.9 = 0.72 MWh out at 100.
    // (1 + 1)*20 + (1 - 0.72)*100 + 2*(1 + 0.72) = 40 + 28 + 3.44 = 71.44 GBP, against 120 without it.
    let battery =
        Battery::new("b", "a", 1.0, 1.0).charge_efficiency(0.8).discharge_efficiency(0.9).wear_gbp_per_mwh(2.0);
    let plan = plan(loaded([20.0, 100.0]), battery);
    costs(&plan, 71.44);
    near_all(&plan.batteries[0].charge_mw, &[1.0, 0.0], "charge_mw");
    near_all(&plan.batteries[0].discharge_mw, &[0.0, 0.72], "discharge_mw");
    near_all(&plan.batteries[0].soc_mwh, &[0.8, 0.0], "soc_mwh");
}

#[test]
fn wear_above_the_spread_stops_arbitrage() {
    // Gain 72 - 20 = 52 GBP for 1.72 MWh through the battery: worth it at 30 GBP/MWh (51.6), not at 31 (53.32).
    let battery =
        |wear| Battery::new("b", "a", 1.0, 1.0).charge_efficiency(0.8).discharge_efficiency(0.9).wear_gbp_per_mwh(wear);
    costs(&plan(loaded([20.0, 100.0]), battery(30.0)), 119.6);
    let idle = plan(loaded([20.0, 100.0]), battery(31.0));
    costs(&idle, 120.0);
    near_all(&idle.batteries[0].charge_mw, &[0.0, 0.0], "charge_mw");
}

#[test]
fn power_capacity_limits_charge_and_discharge() {
    // 0.5 MW in hour 0: 1.5*10 + (2 - 0.5)*100 = 165 GBP.
    costs(&plan(loaded([10.0, 100.0, 100.0]), Battery::new("b", "a", 0.5, 10.0)), 165.0);
    // 3 MWh inside but 0.5 MW out in the only hour: 0.5 * 100 = 50 GBP.
    costs(&plan(loaded([100.0]), Battery::new("b", "a", 0.5, 10.0).soc_mwh(3.0)), 50.0);
}

#[test]
fn energy_capacity_limits_what_is_stored() {
    // 0.6 MWh: 1.6*10 + (2 - 0.6)*100 = 156 GBP.
    costs(&plan(loaded([10.0, 100.0, 100.0]), Battery::new("b", "a", 5.0, 0.6)), 156.0);
}

#[test]
fn half_an_hour_stores_half_a_mwh_for_each_mw() {
    // 1 MW in the first half hour: 0.5 MWh; 0.5 h * 2 MW * 10 = 10 GBP, nothing in the second.
    let problem = Problem::builder(half_hours(2))
        .region(loaded([10.0, 100.0]))
        .battery(Battery::new("b", "a", 1.0, 10.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 10.0);
    near_all(&plan.batteries[0].soc_mwh, &[0.5, 0.0], "soc_mwh");
}

#[test]
fn the_reserve_is_held_back() {
    // 1 MWh stored, 0.4 held back: 0.6 MWh out of the 1 MWh of load: 0.4 * 50 = 20 GBP.
    costs(&plan(loaded([50.0]), Battery::new("b", "a", 5.0, 2.0).soc_mwh(1.0).soc_min_mwh(0.4)), 20.0);
}

#[test]
fn a_battery_that_starts_below_its_reserve_may_stay_but_not_fall() {
    // 0.3 MWh stored, 0.5 wanted: nothing out, nothing forced in: 50 GBP and no broken limit.
    let plan = plan(loaded([50.0]), Battery::new("b", "a", 5.0, 2.0).soc_mwh(0.3).soc_min_mwh(0.5));
    costs(&plan, 50.0);
    near_all(&plan.batteries[0].soc_mwh, &[0.3], "soc_mwh");
}

#[test]
fn the_wanted_end_is_kept() {
    // 1 MWh stored, 0.7 wanted at the end: 0.3 MWh out: 0.7 * 50 = 35 GBP.
    costs(&plan(loaded([50.0]), Battery::new("b", "a", 5.0, 2.0).soc_mwh(1.0).end_soc_min_mwh(0.7)), 35.0);
    // Only at the end: it may be empty in between. 0*80 + (1 + 1)*10 = 20 GBP.
    costs(&plan(loaded([80.0, 10.0]), Battery::new("b", "a", 1.0, 1.0).soc_mwh(1.0).end_soc_min_mwh(1.0)), 20.0);
}

#[test]
fn an_end_out_of_reach_is_named_and_priced() {
    // 0.4 MW for one hour: 0.6 MWh missing at 2 * M = 100 GBP/MWh: 60 GBP; 0.4 * 50 = 20 GBP of energy.
    let plan = plan(site("a", [50.0]), Battery::new("b", "a", 0.4, 2.0).end_soc_min_mwh(1.0));
    near(plan.totals.cost_gbp, 20.0, "cost_gbp");
    breaks(&plan, "end_soc", "b", 0.6, "mwh", 60.0);
}

#[test]
fn charge_and_discharge_never_burn_energy_at_a_negative_price() {
    // Full, efficiency 0.5 each way. Both at once would import 1 + 1 - 0.25 = 1.75 MW and earn 87.50; alone neither helps.
    let burner = || Battery::new("b", "a", 1.0, 1.0).charge_efficiency(0.5).discharge_efficiency(0.5).soc_mwh(1.0);
    costs(&plan(loaded([-50.0]), burner()), -50.0);
    // Two hours: 0.25 MW out (0.5 MWh less stored) makes room for 1 MW in: -50 * 0.75 - 50 * 2 = -137.50 GBP; an LP says -175.
    let two = plan(loaded([-50.0, -50.0]), burner());
    costs(&two, -137.5);
    for t in 0..2 {
        assert!(two.batteries[0].charge_mw[t] == 0.0 || two.batteries[0].discharge_mw[t] == 0.0);
    }
}

#[test]
fn a_battery_serves_its_own_region_only() {
    // Load at a (100 GBP/MWh), battery at b: 100 GBP.
    let problem = Problem::builder(hours(1))
        .region(loaded(100.0))
        .region(site("b", 10.0))
        .battery(Battery::new("x", "b", 1.0, 1.0).soc_mwh(1.0))
        .build()
        .unwrap();
    costs(&solve(&problem), 100.0);
}
