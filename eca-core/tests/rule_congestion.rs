//! Congestion moves load out: as a price on imports and as a limit on them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Job, JobPoint, Plan, Problem};
use rule_support::*;

fn import_of(plan: &Plan, r: usize) -> f64 {
    plan.regions[r].import_mw.iter().sum()
}

#[test]
fn import_price_network_charge_and_congestion_add_up() {
    // 40 + 12.50 + 7.50 = 60 GBP/MWh for 2 MWh: 120 GBP.
    let problem = Problem::builder(hours(1))
        .region(site("a", 40.0).network_charge_gbp_per_mwh(12.5).congestion_gbp_per_mwh(7.5))
        .job(job("j", 1.0, 2.0))
        .build()
        .unwrap();
    costs(&solve(&problem), 120.0);
}

#[test]
fn a_congestion_price_moves_load_to_the_other_region() {
    // a costs 50 and b 55: at 4 GBP/MWh of congestion the job stays (54), at 6 it leaves (55).
    let problem = |congestion: f64| {
        Problem::builder(hours(1))
            .region(site("a", 50.0).congestion_gbp_per_mwh(congestion))
            .region(site("b", 55.0))
            .job(job("j", 1.0, 1.0))
            .build()
            .unwrap()
    };
    let stays = solve(&problem(4.0));
    costs(&stays, 54.0);
    assert_eq!(places(&stays, 0), "a");
    let leaves = solve(&problem(6.0));
    costs(&leaves, 55.0);
    assert_eq!(places(&leaves, 0), "b");
    // A negative price draws load in: 50 - 20 = 30.
    costs(&solve(&problem(-20.0)), 30.0);
}

#[test]
fn load_leaves_step_by_step_as_congestion_rises() {
    // Four divisible jobs' worth of work; b takes it at 52, 56, 60 and 64 GBP/MWh, 1 MWh each hour; a costs 50 + congestion.
    let problem = |congestion: f64| {
        Problem::builder(hours(4))
            .region(site("a", 50.0).congestion_gbp_per_mwh(congestion))
            .region(site("b", [52.0, 56.0, 60.0, 64.0]).import_limit_mw(1.0).it_capacity_mw(1.0))
            .job(Job::gpu_hours("j", 4.0, [JobPoint::gpu_hours(1.0, 1.0)]).divisible(true))
            .build()
            .unwrap()
    };
    // Congestion 0, 4, 8, 12, 16: every hour of b below 50 + congestion is used, so 4, 3, 2, 1, 0 MWh stay in a.
    let mut before = f64::INFINITY;
    for (congestion, stays) in [(0.0, 4.0), (4.0, 3.0), (8.0, 2.0), (12.0, 1.0), (16.0, 0.0)] {
        let plan = solve(&problem(congestion));
        let here = import_of(&plan, 0);
        near(here, stays, "import of a");
        assert!(here <= before + TOLERANCE);
        before = here;
    }
}

#[test]
fn congestion_moves_load_in_time() {
    // 20 + 40 in hour 0 against 50 in hour 1.
    let problem = Problem::builder(hours(2))
        .region(site("a", [20.0, 50.0]).congestion_gbp_per_mwh([40.0, 0.0]))
        .job(job("j", 1.0, 1.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 50.0);
    assert_eq!(places(&plan, 0), ".a");
}

#[test]
fn exports_do_not_pay_the_congestion_price() {
    // 2 MW of sun sold at 40: -80 GBP.
    let problem = Problem::builder(hours(1))
        .region(
            site("a", 50.0)
                .solar_mw(2.0)
                .export_limit_mw(5.0)
                .export_price_gbp_per_mwh(40.0)
                .congestion_gbp_per_mwh(30.0),
        )
        .build()
        .unwrap();
    costs(&solve(&problem), -80.0);
}

#[test]
fn a_congestion_limit_below_the_connection_counts() {
    // 2 MW do not fit through 1 MW in hour 0: hour 1 at 50: 100 GBP.
    let problem = Problem::builder(hours(2))
        .region(site("a", [10.0, 50.0]).import_limit_mw(5.0).nonfirm_import_mw(2.0).congestion_limit_mw([1.0, 10.0]))
        .job(job("j", 1.0, 2.0))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 100.0);
    assert_eq!(places(&plan, 0), ".a");
}

#[test]
fn a_congestion_limit_above_the_connection_does_not_widen_it() {
    // 8 MW through min(5 + 2, 10) = 7 MW: 1 MW too much at 4 * 50 = 200 GBP/MWh.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).import_limit_mw(5.0).nonfirm_import_mw(2.0).congestion_limit_mw(10.0))
        .job(job("j", 1.0, 8.0))
        .build()
        .unwrap();
    breaks(&solve(&problem), "import_overload", "a", 1.0, "mw", 200.0);
}
