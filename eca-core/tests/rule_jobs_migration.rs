//! Moves between regions: cost, duration, energy on arrival; live where nothing but the move lies between.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Job, Migration, Plan, Problem};
use rule_support::*;

fn moves(cost_gbp: f64, periods: u32, energy_mwh: f64) -> Migration {
    Migration { cost_gbp, periods, energy_mwh }
}

fn plan(a: &[f64], b: &[f64], job: Job) -> Plan {
    solve(&Problem::builder(hours(a.len())).region(site("a", a)).region(site("b", b)).job(job).build().unwrap())
}

#[test]
fn a_move_pays_if_it_saves_more_than_it_costs() {
    // 100 GBP in either region; 20 + the cost of the move.
    let with = |cost| plan(&[10.0, 90.0], &[90.0, 10.0], job("j", 2.0, 1.0).migration(moves(cost, 0, 0.0)));
    let moved = with(79.0);
    costs(&moved, 99.0);
    assert_eq!((places(&moved, 0).as_str(), moved.jobs[0].migrations, moved.jobs[0].pauses), ("ab", 1, 0));
    costs(&with(81.0), 100.0);
}

#[test]
fn a_live_move_is_no_pause() {
    // Hour 0 at a, moving, hour 2 at b: 10 + 10 + 5 = 25 GBP; the pause of 50 GBP is not due, and it may not pause anyway.
    let job = job("j", 2.0, 1.0).migration(moves(5.0, 1, 0.0)).pause_cost_gbp(50.0);
    for preemptible in [false, true] {
        let plan = plan(&[10.0, 90.0, 90.0], &[90.0, 90.0, 10.0], job.clone().preemptible(preemptible));
        costs(&plan, 25.0);
        assert_eq!((places(&plan, 0).as_str(), plan.jobs[0].migrations, plan.jobs[0].pauses), ("a.b", 1, 0));
    }
}

#[test]
fn a_longer_gap_than_the_move_is_a_pause_too() {
    // Hour 0 at a, hour 3 at b, one hour of it moving: 20 + move 5 + pause 7 = 32 GBP.
    let job = job("j", 2.0, 1.0).migration(moves(5.0, 1, 0.0)).pause_cost_gbp(7.0);
    let (a, b) = ([10.0, 90.0, 90.0, 90.0], [90.0, 90.0, 90.0, 10.0]);
    let paused = plan(&a, &b, job.clone().preemptible(true));
    costs(&paused, 32.0);
    assert_eq!((paused.jobs[0].migrations, paused.jobs[0].pauses), (1, 1));
    // Where it may not pause: two hours in a row, 100 GBP.
    costs(&plan(&a, &b, job), 100.0);
}

#[test]
fn a_move_takes_its_periods() {
    // Two periods on the way: too long for three hours: 100 GBP. One: 20.
    let with = |periods| {
        plan(
            &[10.0, 90.0, 90.0],
            &[90.0, 90.0, 10.0],
            job("j", 2.0, 1.0).preemptible(true).migration(moves(0.0, periods, 0.0)),
        )
    };
    costs(&with(2), 100.0);
    costs(&with(1), 20.0);
}

#[test]
fn the_energy_of_a_move_is_drawn_on_arrival_in_the_new_region() {
    // 10 at a, (1 + 0.5) * 20 at b: 40 GBP.
    let plan = plan(&[10.0, 90.0], &[90.0, 20.0], job("j", 2.0, 1.0).migration(moves(0.0, 0, 0.5)));
    costs(&plan, 40.0);
    near_all(&plan.regions[1].it_mw, &[0.0, 1.5], "it_mw of b");
    near_all(&plan.regions[0].it_mw, &[1.0, 0.0], "it_mw of a");
}

#[test]
fn moving_and_pausing_draw_both_energies() {
    // Hour 0 at a, hour 2 at b after a pause: (1 + 0.5 + 0.25) * 20 = 35, and 10: 45 GBP.
    let job = job("j", 2.0, 1.0).preemptible(true).migration(moves(0.0, 0, 0.5)).pause_energy_mwh(0.25);
    let plan = plan(&[10.0, 900.0, 900.0], &[900.0, 900.0, 20.0], job);
    costs(&plan, 45.0);
    near_all(&plan.regions[1].it_mw, &[0.0, 0.0, 1.75], "it_mw of b");
}

#[test]
fn a_live_move_counts_towards_the_length_of_a_run() {
    // Hour 0 at a, moving, hour 2 at b: a run of three. Then a pause, and hour 4 finishes: 30 GBP.
    // If the move did not count the run would have two hours and had to go on in hour 3: 110.
    let job = job("j", 3.0, 1.0).preemptible(true).min_run_periods(3_u32).migration(moves(0.0, 1, 0.0));
    let plan = plan(&[10.0, 90.0, 90.0, 90.0, 90.0], &[90.0, 90.0, 10.0, 90.0, 10.0], job);
    costs(&plan, 30.0);
    assert_eq!(places(&plan, 0), "a.b.b");
}

#[test]
fn a_live_move_is_allowed_where_no_pause_is() {
    let job = job("j", 2.0, 1.0).preemptible(true).max_pauses(0_u32).migration(moves(5.0, 1, 0.0));
    costs(&plan(&[10.0, 90.0, 90.0], &[90.0, 90.0, 10.0], job), 25.0);
}
