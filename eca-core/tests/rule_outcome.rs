//! What a plan says about itself: outcome, bound, gap, references, and which settings are refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Control, ErrorKind, Outcome, Plan, Problem, Settings};
use rule_support::*;

fn problem() -> Problem {
    // At once: 90 GBP. Cheapest: 10.
    Problem::builder(hours(3)).region(site("a", [90.0, 10.0, 50.0])).job(job("j", 1.0, 1.0)).build().unwrap()
}

#[test]
fn an_optimal_plan_has_its_bound_at_its_cost() {
    let plan = solve(&problem());
    near(plan.bound_gbp, 10.0, "bound_gbp");
    assert!(plan.gap <= 1e-6 && plan.bound_gbp <= plan.objective_gbp, "{plan}");
    assert_eq!(plan.problem_hash, problem().hash());
    assert_eq!(plan.engine, "exact");
}

#[test]
fn simple_policies_stand_beside_the_plan() {
    let plan = solve(&problem());
    near(plan.references.unwrap().run_at_once.cost_gbp, 90.0, "run_at_once");
    near(plan.references.unwrap().cheapest_start.cost_gbp, 10.0, "cheapest_start");
    near(plan.references.unwrap().run_at_once.carbon_kg, 100.0, "run_at_once carbon");
}

#[test]
fn out_of_time_there_is_still_a_plan_and_it_says_so() {
    let mut settings = Settings::default();
    settings.time_limit_s = Some(0.0);
    let problem = problem();
    let plan = problem.solve(&settings).unwrap();
    assert!(plan.bound_gbp <= plan.objective_gbp);
    assert!(plan.check(&problem).passed());
    // Whatever was found in no time costs no more than running at once.
    assert!(plan.objective_gbp <= 90.0 + TOLERANCE);
    if plan.gap > 1e-4 {
        assert_eq!(plan.outcome, Outcome::Limit);
    }
}

#[test]
fn the_same_problem_gives_the_same_bytes() {
    let once = solve(&problem()).to_json().unwrap();
    assert_eq!(once, solve(&problem()).to_json().unwrap());
    assert_eq!(Plan::from_json(&once).unwrap().to_json().unwrap(), once);
}

#[test]
fn a_change_of_the_problem_changes_its_hash() {
    let other =
        Problem::builder(hours(3)).region(site("a", [90.0, 10.0, 50.000001])).job(job("j", 1.0, 1.0)).build().unwrap();
    assert_ne!(problem().hash(), other.hash());
    let check = solve(&problem()).check(&other);
    assert!(check.findings.iter().any(|finding| finding.rule == "hash"), "{check}");
}

#[test]
fn settings_out_of_range_are_refused() {
    for (gap, time_limit_s) in [(2.0, None), (f64::NAN, None), (-0.1, None), (0.0, Some(-1.0)), (0.0, Some(f64::NAN))] {
        let mut settings = Settings::default();
        settings.gap = gap;
        settings.time_limit_s = time_limit_s;
        let error = problem().solve(&settings).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Value, "{error}");
    }
}

#[test]
fn a_cancelled_solve_says_so() {
    let control = Control::default();
    control.cancel.cancel();
    let error = problem().solve_with(&exact(), &control).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
}
