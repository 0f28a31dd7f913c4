//! On-site solar is free, carbon-free, and curtailed where it cannot be used.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::Problem;
use rule_support::*;

#[test]
fn solar_serves_the_load_and_the_rest_is_curtailed() {
    // Load 1 MW. Hour 0: 0.4 solar, 0.6 import: 30 GBP and 60 kg. Hour 1: 1 of 3 MW used, no export allowed.
    let problem =
        Problem::builder(hours(2)).region(site("a", 50.0).overhead_mw(1.0).solar_mw([0.4, 3.0])).build().unwrap();
    let plan = solve(&problem);
    costs(&plan, 30.0);
    near_all(&plan.regions[0].solar_used_mw, &[0.4, 1.0], "solar_used_mw");
    near_all(&plan.regions[0].import_mw, &[0.6, 0.0], "import_mw");
    near(plan.totals.carbon_kg, 60.0, "carbon_kg");
    near(plan.totals.energy_mwh, 2.0, "energy_mwh");
}

#[test]
fn solar_is_curtailed_when_importing_is_paid() {
    // 1 MW at -10: -10 GBP, and the sun is left alone.
    let problem = Problem::builder(hours(1)).region(site("a", -10.0).overhead_mw(1.0).solar_mw(1.0)).build().unwrap();
    let plan = solve(&problem);
    costs(&plan, -10.0);
    near_all(&plan.regions[0].solar_used_mw, &[0.0], "solar_used_mw");
}

#[test]
fn a_job_follows_the_sun() {
    // Hour 0 costs 30; hour 1 has the dearer grid but 1 MW of sun: 0 GBP.
    let problem = Problem::builder(hours(2))
        .region(site("a", [30.0, 50.0]).solar_mw([0.0, 1.0]))
        .job(job("j", 1.0, 1.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 0.0);
    assert_eq!(places(&plan, 0), ".a");
}
