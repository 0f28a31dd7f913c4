//! Random problems over all features are planned, and every plan is judged by the checker.
//!
//! `ECA_TEST_SCALE=large` plans 25 times as many. A failure names seed and size, and its document can be printed with
//! `ECA_TEST_SEED=<seed> cargo test -p eca-benches --test random_plans -- one_seed --nocapture --ignored`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_benches::generator::{Size, binding, drawn, problem};
use eca_core::{Error, Outcome, Plan, Problem, Settings};
use std::collections::BTreeMap;
use std::time::Instant;

/// Seconds for one plan: a hard one ends with the best plan so far, which must pass its check too.
const LIMIT_S: f64 = 1.0;

fn scale() -> u64 {
    if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 25 } else { 1 }
}

/// Most problems are tiny: all rules meet in them, and they are cheap.
/// Time that the engines keep for a last dispatch, s for each region and period, and what writing a small plan takes.
const DISPATCH_S_PER_CELL: f64 = 4e-4 + 1e-5;

fn size(seed: u64) -> Size {
    match seed % 50 {
        0 => Size::Medium,
        1..=6 => Size::Small,
        _ => Size::Tiny,
    }
}

fn settings(seed: u64) -> Settings {
    let mut settings = Settings::default();
    settings.references = seed.is_multiple_of(8);
    match size(seed) {
        Size::Tiny => settings.gap = if seed.is_multiple_of(3) { 0.0 } else { 1e-4 },
        Size::Small => settings.gap = 1e-3,
        Size::Medium => settings.gap = 1e-2,
    }
    settings.time_limit_s = Some(LIMIT_S);
    settings
}

/// What is wrong with a plan, in a few words that are the same for the same defect.
fn wrong(problem: &Problem, plan: &Plan, elapsed_s: f64) -> Option<String> {
    if let Some(finding) = plan.check(problem).findings.first() {
        return Some(format!("check: {finding}"));
    }
    if plan.bound_gbp > plan.objective_gbp {
        return Some(format!("bound {} above objective {}", plan.bound_gbp, plan.objective_gbp));
    }
    // What a last dispatch takes is kept back from the search: it may end so much before the limit.
    let kept_s = DISPATCH_S_PER_CELL * (problem.regions().len() * problem.horizon().periods) as f64;
    if plan.outcome == Outcome::Limit && elapsed_s < LIMIT_S - kept_s {
        return Some(format!("outcome limit before the time limit, gap {}", plan.gap));
    }
    None
}

/// Validation takes some running jobs that can neither go on nor stop by their own rules; the solve then says so.
fn cannot_go_on(problem: &Problem) -> bool {
    let running = |job: &eca_core::Job| job.state.as_ref().is_some_and(|state| state.point.is_some());
    problem.jobs().iter().any(|job| running(job) && (job.min_run_periods > 1 || job.migration.is_some()))
}

#[test]
fn every_plan_passes_its_check() {
    let count = 1_500 * scale();
    let (mut failures, mut impossible, mut outcomes) = (Vec::new(), Vec::new(), BTreeMap::new());
    let (mut has, mut binds) = (BTreeMap::<&str, u64>::new(), BTreeMap::<&str, u64>::new());
    for seed in 1..=count {
        let (problem, settings) = (problem(seed, size(seed)), settings(seed));
        drawn(&problem).into_iter().for_each(|name| *has.entry(name).or_default() += 1);
        let begun = Instant::now();
        let before = failures.len();
        let result = problem.solve(&settings);
        let elapsed_s = begun.elapsed().as_secs_f64();
        if elapsed_s > 5.0 * LIMIT_S {
            println!("seed {seed} {:?}: {elapsed_s:.1} s for a limit of {LIMIT_S} s", size(seed));
        }
        match result {
            Ok(plan) => {
                *outcomes.entry(format!("{:?}", plan.outcome)).or_insert(0_u64) += 1;
                binding(&problem, &plan).into_iter().for_each(|name| *binds.entry(name).or_default() += 1);
                failures.extend(wrong(&problem, &plan, elapsed_s).map(|what| (seed, what)));
            }
            // No schedule keeps the rules of such a job.
            Err(Error::Infeasible { .. }) if cannot_go_on(&problem) => impossible.push(seed),
            Err(error) => failures.push((seed, format!("error: {error}"))),
        }
        for (seed, what) in &failures[before..] {
            println!("seed {seed} {:?}: {what}", size(*seed));
        }
    }
    println!("{count} problems planned: {outcomes:?}, {} failures", failures.len());
    println!(
        "{} are infeasible, with a running job that may not be able to go on: seeds {impossible:?}",
        impossible.len()
    );
    assert!(impossible.len() as u64 * 100 <= count);
    println!("how many have: {has:#?}");
    println!("how many plans show: {binds:#?}");
    assert!(failures.is_empty(), "{} of {count} problems fail; listed above", failures.len());
    for (name, number) in has.iter().chain(&binds) {
        assert!(number * 200 >= count, "{name} is too rare to be tested: {number} of {count}");
    }
}

/// The same problem and the same work limits give the same bytes.
#[test]
fn two_runs_give_the_same_bytes() {
    for seed in 1..=100 * scale() {
        let size = if seed.is_multiple_of(20) { Size::Small } else { Size::Tiny };
        let mut settings = Settings::default();
        settings.node_limit = Some(10);
        settings.gap = 1e-3;
        settings.references = seed.is_multiple_of(4);
        let plan = || problem(seed, size).solve(&settings).map(|plan| plan.to_json().unwrap());
        match (plan(), plan()) {
            (Ok(first), Ok(second)) => assert_eq!(first, second, "seed {seed} {size:?}"),
            (first, second) => {
                let text = |result: Result<String, Error>| result.map_err(|e| e.to_string());
                assert_eq!(text(first), text(second), "seed {seed} {size:?}");
            }
        }
    }
}

/// Prints the document and the plan of `ECA_TEST_SEED`.
#[test]
#[ignore = "a tool for looking at one failure"]
fn one_seed() {
    let seed: u64 = std::env::var("ECA_TEST_SEED").expect("ECA_TEST_SEED").parse().expect("a number");
    let problem = problem(seed, size(seed));
    println!("{}", problem.to_json().unwrap());
    match problem.solve(&settings(seed)) {
        Ok(plan) => println!("{}", plan.to_json().unwrap()),
        Err(error) => println!("{error}"),
    }
}
