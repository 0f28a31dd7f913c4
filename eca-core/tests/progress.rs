//! What a caller hears while a solve runs, and how it stops one. The pure-Rust solver says nothing before the end.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{
    Battery, CapMetric, CapWindow, CarbonCap, Control, DeadlineKind, Engine, Error, Job, JobPoint, Outcome, Problem,
    Progress, Settings, Solved,
};
use rule_support::*;
use std::sync::{Arc, Mutex};

/// A demand charge on jobs that hardly fit: plans are found at once, a proof takes far longer than any limit here.
fn hard() -> Problem {
    let price: Vec<f64> = (0..16).map(|t| 60.0 + 40.0 * f64::from((7 * t) % 16) / 16.0).collect();
    let region = site("london", price).it_capacity_mw(4.3).import_limit_mw(9.0).demand_charge_gbp_per_mw(900.0);
    let jobs = (0..7u32).map(|i| {
        let point = JobPoint::gpu_hours(1.0 + 0.17 * f64::from(i % 5), f64::from(10 + i % 3));
        Job::gpu_hours(format!("job-{i}"), f64::from(20 + 5 * (i % 7)), [point])
            .preemptible(true)
            .pause_cost_gbp(f64::from(3 + i % 4))
            .min_run_periods(2)
            .deadline_kind(DeadlineKind::Priced)
    });
    jobs.fold(Problem::builder(half_hours(16)).region(region), |builder, job| builder.job(job)).build().unwrap()
}

/// One connection and a battery that would do two opposite things at once, and a cap that cannot be kept: several steps.
fn stepwise() -> Problem {
    let region = site("a", [-80.0, 20.0, -60.0, 90.0, 10.0, 70.0])
        .it_capacity_mw(6.0)
        .import_limit_mw(8.0)
        .export_limit_mw(8.0)
        .export_price_gbp_per_mwh([-70.0, 25.0, -50.0, 95.0, 5.0, 60.0]);
    let battery = Battery::new("b", "a", 3.0, 6.0).charge_efficiency(0.9).discharge_efficiency(0.9).soc_mwh(3.0);
    let jobs = (0..4u32).map(|i| job(&format!("j{i}"), f64::from(1 + i % 3), 2.0 + 0.5 * f64::from(i)));
    jobs.fold(Problem::builder(hours(6)).region(region).battery(battery), |builder, job| builder.job(job))
        .carbon_cap(CarbonCap::strict("all", CapMetric::Kg, 150.0, CapWindow::Horizon))
        .build()
        .unwrap()
}

fn watched(problem: &Problem, settings: &Settings) -> (Solved, Vec<Progress>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&seen);
    let mut control = Control::default();
    control.progress = Some(Arc::new(move |progress: &Progress| heard.lock().unwrap().push(*progress)));
    let solved = problem.solve_with(settings, &control).unwrap();
    let seen = seen.lock().unwrap().clone();
    (solved, seen)
}

fn nodes(limit: u64) -> Settings {
    let mut settings = exact();
    settings.node_limit = Some(limit);
    settings.references = false;
    settings
}

/// Everything that the documentation of `Progress` promises.
fn judge(seen: &[Progress]) {
    for pair in seen.windows(2) {
        let (a, b) = (&pair[0], &pair[1]);
        assert!(a.elapsed_s <= b.elapsed_s && a.nodes <= b.nodes && a.step <= b.step, "{a:?} {b:?}");
        if a.step == b.step {
            let dearer = a.incumbent_gbp.is_some_and(|a| b.incumbent_gbp.is_none_or(|b| b > a));
            let weaker = a.bound_gbp.is_some_and(|a| b.bound_gbp.is_none_or(|b| b < a - 1e-9 * a.abs()));
            assert!(!dearer && !weaker, "{a:?} {b:?}");
        }
    }
    for progress in seen {
        if let (Some(incumbent), Some(bound)) = (progress.incumbent_gbp, progress.bound_gbp) {
            assert!(bound <= incumbent, "{progress:?}");
            assert!(progress.gap().unwrap() >= 0.0);
        }
        assert!(progress.step >= 1);
    }
}

#[test]
fn what_is_told_holds_and_ends_with_the_plan() {
    let (solved, seen) = watched(&hard(), &nodes(40));
    judge(&seen);
    assert!(seen.len() > 3, "{seen:?}");
    // Heard before the end, and not only at the end.
    assert!(
        seen.iter().rev().skip(1).any(|p| p.engine == "exact" && p.incumbent_gbp.is_some() && p.bound_gbp.is_some())
    );
    let last = seen.last().unwrap();
    assert_eq!((last.incumbent_gbp, last.bound_gbp), (Some(solved.plan.objective_gbp), Some(solved.plan.bound_gbp)));
    assert_eq!((last.engine, last.nodes), (solved.plan.engine.as_str(), solved.report.nodes));
}

#[test]
fn no_bound_told_is_above_the_optimum() {
    // A hard instance cut short: what was told then against the best that a longer search finds.
    let (_, short) = watched(&hard(), &nodes(20));
    let (long, _) = watched(&hard(), &nodes(40));
    for progress in &short {
        assert!(progress.bound_gbp.is_none_or(|bound| bound <= long.plan.objective_gbp + 1e-6), "{progress:?}");
        // A plan of the only step stays a plan.
        assert!(progress.incumbent_gbp.is_none_or(|found| found >= long.plan.bound_gbp - 1e-6), "{progress:?}");
    }
}

#[test]
fn steps_are_counted_and_kilograms_are_not_told_as_money() {
    let problem = stepwise();
    let (solved, seen) = watched(&problem, &exact());
    judge(&seen);
    let last = seen.last().unwrap();
    assert_eq!(last.incumbent_gbp, Some(solved.plan.objective_gbp));
    assert!(last.step > 2, "{seen:?}");
    let excess = solved.plan.broken_limits.iter().find(|broken| broken.rule == "carbon_cap").unwrap().amount;
    for progress in &seen {
        assert!(progress.incumbent_gbp.is_none_or(|told| (told - excess).abs() > 0.01), "{progress:?}");
    }
}

#[test]
fn watching_changes_nothing() {
    for problem in [hard(), stepwise()] {
        let (watched, _) = watched(&problem, &nodes(20));
        assert_eq!(problem.solve(&nodes(20)).unwrap().to_json().unwrap(), watched.plan.to_json().unwrap());
    }
}

#[test]
fn the_caller_stops_a_solve_and_gets_the_best_plan_so_far() {
    let problem = hard();
    let mut control = Control::default();
    let cancel = control.cancel.clone();
    control.progress = Some(Arc::new(move |progress: &Progress| {
        if progress.incumbent_gbp.is_some() {
            cancel.cancel();
        }
    }));
    // A limit, so that a solve that does not listen ends, and fails the test.
    let solved = problem.solve_with(&nodes(5_000), &control).unwrap();
    assert_eq!(solved.plan.outcome, Outcome::Limit);
    assert!(solved.report.nodes < 5_000);
    assert!(solved.plan.check(&problem).passed());
}

#[test]
fn a_solve_stopped_before_it_began_is_cancelled() {
    for &(name, engine) in Engine::NAMES {
        let control = Control::default();
        control.cancel.cancel();
        let mut settings = nodes(10);
        settings.engine = engine;
        match hard().solve_with(&settings, &control) {
            Err(Error::Cancelled | Error::Unsupported { .. }) => {}
            // Greedy has nothing to stop; others may hand over what they have.
            Ok(solved) => assert!(solved.plan.check(&hard()).passed(), "{name}"),
            Err(error) => panic!("{name}: {error}"),
        }
    }
}

#[test]
fn a_panic_in_the_callers_function_stops_the_solve_and_no_more() {
    let problem = hard();
    let mut control = Control::default();
    control.progress = Some(Arc::new(|_: &Progress| panic!("a caller's mistake")));
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let answer = problem.solve_with(&nodes(5_000), &control);
    std::panic::set_hook(hook);
    match answer {
        Ok(solved) => assert_eq!(solved.plan.outcome, Outcome::Limit),
        Err(error) => assert!(matches!(error, Error::Cancelled), "{error}"),
    }
}
