//! Pauses: their cost and energy when the job resumes, and how many there may be.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Job, Plan, Problem};
use rule_support::*;

fn plan(price: &[f64], job: Job) -> Plan {
    solve(&Problem::builder(hours(price.len())).region(site("a", price)).job(job).build().unwrap())
}

#[test]
fn a_pause_costs_money_and_energy_in_the_period_of_resuming() {
    // 10 + 20, a pause of 5 GBP, and 0.5 MWh more at 20: 45 GBP. In one piece: 110.
    let plan =
        plan(&[10.0, 100.0, 20.0], job("j", 2.0, 1.0).preemptible(true).pause_cost_gbp(5.0).pause_energy_mwh(0.5));
    costs(&plan, 45.0);
    near_all(&plan.jobs[0].power_mw, &[1.0, 0.0, 1.5], "power_mw");
    assert_eq!(plan.jobs[0].pauses, 1);
}

#[test]
fn a_dear_pause_is_not_made() {
    // In one piece 110 GBP; with a pause 30 + its cost.
    let with = |cost: f64| plan(&[10.0, 100.0, 20.0], job("j", 2.0, 1.0).preemptible(true).pause_cost_gbp(cost));
    costs(&with(79.0), 109.0);
    costs(&with(81.0), 110.0);
}

#[test]
fn the_energy_of_a_pause_is_power_over_the_step() {
    // 0.5 MWh in half an hour is 1 MW more: 0.5 h * (10 + 2*20) = 25 GBP.
    let problem = Problem::builder(half_hours(3))
        .region(site("a", [10.0, 900.0, 20.0]))
        .job(job("j", 1.0, 1.0).preemptible(true).pause_energy_mwh(0.5))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 25.0);
    near_all(&plan.jobs[0].power_mw, &[1.0, 0.0, 2.0], "power_mw");
}

#[test]
fn the_energy_of_a_pause_counts_towards_capacity() {
    // Resuming needs 1.5 MW, the site has 1.2: 0.3 MW of overload at 4 * 100 = 400 GBP/MWh is dearer than one piece.
    let problem = Problem::builder(hours(3))
        .region(site("a", [10.0, 100.0, 20.0]).it_capacity_mw(1.2))
        .job(job("j", 2.0, 1.0).preemptible(true).pause_energy_mwh(0.5))
        .build()
        .unwrap();
    costs(&solve(&problem), 110.0);
}

#[test]
fn the_number_of_pauses_is_limited() {
    // Any: hours 0, 2, 4: 36. One: 0 and 4, 5: 10 + 14 + 40 = 64. None: 0, 1, 2: 122. Not preemptible: the same.
    let price = [10.0, 100.0, 12.0, 100.0, 14.0, 40.0];
    let free = || job("j", 3.0, 1.0).preemptible(true);
    costs(&plan(&price, free()), 36.0);
    costs(&plan(&price, free().max_pauses(2_u32)), 36.0);
    costs(&plan(&price, free().max_pauses(1_u32)), 64.0);
    costs(&plan(&price, free().max_pauses(0_u32)), 122.0);
    costs(&plan(&price, job("j", 3.0, 1.0)), 122.0);
}
