//! Facility power is affine in IT power, import is limited, and energy is power times hours.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::Problem;
use rule_support::*;

#[test]
fn facility_power_is_overhead_plus_slope_times_it() {
    // Idle 0.5 MW; running 0.5 + 1.2 * 2 = 2.9 MW. Cheapest two hours in a row: 1 and 2.
    // 0.5*80 + 2.9*40 + 2.9*50 + 0.5*90 = 40 + 116 + 145 + 45 = 346 GBP; 2*0.5 + 2*2.9 = 6.8 MWh; * 100 g/kWh = 680 kg.
    let problem = Problem::builder(hours(4))
        .region(site("a", [80.0, 40.0, 50.0, 90.0]).overhead_mw(0.5).pue_slope(1.2))
        .job(job("j", 2.0, 2.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 346.0);
    assert_eq!(places(&plan, 0), ".aa.");
    near_all(&plan.regions[0].it_mw, &[0.0, 2.0, 2.0, 0.0], "it_mw");
    near_all(&plan.regions[0].facility_mw, &[0.5, 2.9, 2.9, 0.5], "facility_mw");
    near(plan.totals.energy_mwh, 6.8, "energy_mwh");
    near(plan.totals.carbon_kg, 680.0, "carbon_kg");
}

#[test]
fn a_cool_hour_beats_a_hot_one_at_the_same_price() {
    // 2 MW * 1.5 * 50 = 150 against 2 MW * 1.1 * 50 = 110 GBP.
    let problem = Problem::builder(hours(2))
        .region(site("a", 50.0).pue_slope([1.5, 1.1]))
        .job(job("j", 1.0, 2.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 110.0);
    assert_eq!(places(&plan, 0), ".a");
}

#[test]
fn a_half_hour_is_half_a_mwh_for_each_mw() {
    // One hour of work is two half hours: 0.5 h * 2 MW * (40 + 30) = 70 GBP, 2 MWh, 200 kg.
    let problem = Problem::builder(half_hours(4))
        .region(site("a", [60.0, 40.0, 30.0, 80.0]))
        .job(job("j", 1.0, 2.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 70.0);
    assert_eq!(places(&plan, 0), ".aa.");
    near(plan.totals.energy_mwh, 2.0, "energy_mwh");
    near(plan.totals.carbon_kg, 200.0, "carbon_kg");
}

#[test]
fn import_beyond_the_firm_limit_needs_a_nonfirm_hour() {
    // 2 MW do not fit through 1 MW; only hour 2 allows 1 MW more: 2 * 90 = 180 GBP, though other hours cost 20.
    let problem = Problem::builder(hours(4))
        .region(site("a", [10.0, 10.0, 90.0, 10.0]).import_limit_mw(1.0).nonfirm_import_mw([0.0, 0.0, 1.0, 0.0]))
        .job(job("j", 1.0, 2.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 180.0);
    assert_eq!(places(&plan, 0), "..a.");
}

#[test]
fn a_hard_deadline_is_kept_by_overloading_the_connection() {
    // 2 MW through 1.5 MW: 0.5 MW too much. M = 50, overload price 2 * 2 * 50 = 200 GBP/MWh: 0.5 * 1 h * 200 = 100 GBP.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).import_limit_mw(1.5))
        .job(job("j", 1.0, 2.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 100.0, "cost_gbp");
    breaks(&plan, "import_overload", "a", 0.5, "mw", 100.0);
}

#[test]
fn a_negative_price_is_earned_only_on_what_is_used() {
    // 2 MW for one hour at -20: -40 GBP; nothing else may draw power, whatever it would earn.
    let problem = Problem::builder(hours(2)).region(site("a", [-10.0, -20.0])).job(job("j", 1.0, 2.0)).build().unwrap();
    let plan = solve(&problem);
    costs(&plan, -40.0);
    near_all(&plan.regions[0].import_mw, &[0.0, 2.0], "import_mw");
}
