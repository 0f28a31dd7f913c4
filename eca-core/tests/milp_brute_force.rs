//! Solvers against brute force on tiny models. `ECA_TEST_SCALE=large` draws ten times as many.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, unreachable_pub, missing_docs)]

#[path = "milp_brute_force/instances.rs"]
mod instances;
#[path = "milp_brute_force/judge.rs"]
mod judge;

use eca_core::milp::{self, Milp, MilpOptions, MilpSolution, MilpStatus};
use eca_core::{Control, Solver};
use instances::{Instance, instance};
use judge::Fraction;
use std::collections::BTreeMap;

fn count() -> u64 {
    // How many instances a test draws is a choice of who runs it.
    #[allow(clippy::disallowed_methods)]
    let scale = std::env::var("ECA_TEST_SCALE").unwrap_or_default();
    if scale == "large" { 100_000 } else { 10_000 }
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

/// What is wrong with an answer; none where it is right.
fn wrong(milp: &Milp, answer: &MilpSolution, minimum: Option<Fraction>) -> Option<&'static str> {
    match (minimum, answer.status) {
        (None, MilpStatus::Infeasible) => None,
        (None, _) => Some("a plan where none is feasible"),
        (Some(_), MilpStatus::Infeasible) => Some("infeasible where a plan exists"),
        (Some(_), MilpStatus::Unbounded) => Some("unbounded between bounds"),
        (Some(_), MilpStatus::Limit | MilpStatus::Cancelled) => Some("no end within its limit"),
        (Some(least), MilpStatus::Optimal) => {
            let Some(values) = &answer.values else { return Some("optimal without values") };
            if milp.violation(values) > 1e-6 {
                Some("a point that breaks a row, bound or integrality")
            } else if !close(answer.objective, least.value()) {
                Some("wrong objective")
            } else if answer.bound > least.value() + 1e-6 * least.value().abs().max(1.0) {
                Some("a bound above the minimum")
            } else {
                None
            }
        }
    }
}

fn options(presolve: bool) -> MilpOptions {
    let mut options = MilpOptions::exact();
    options.presolve = presolve;
    options
}

fn solve(milp: &Milp, solver: Solver, options: &MilpOptions) -> MilpSolution {
    milp::solve(milp, solver, options, &Control::default()).unwrap()
}

/// Counts of what was drawn, printed so that a reader sees that the test tests something.
#[derive(Default)]
struct Tally(BTreeMap<&'static str, u64>);

impl Tally {
    fn add(&mut self, what: &'static str, holds: bool) {
        *self.0.entry(what).or_default() += u64::from(holds);
    }

    fn of(&self, what: &str) -> u64 {
        self.0.get(what).copied().unwrap_or(0)
    }

    fn draw(&mut self, instance: &Instance, minimum: Option<Fraction>) {
        let model = &instance.model;
        let fluid = model.columns.iter().filter(|c| !c.integer).count();
        self.add("feasible", minimum.is_some());
        self.add("infeasible", minimum.is_none());
        self.add("without slack", !instance.has_slack);
        self.add("mixed", fluid > 0);
        self.add("fractional minimum", minimum.is_some_and(|f| f.num % f.den != 0));
        for row in &model.rows {
            self.add("rows", true);
            self.add("rows that are equalities", row.lower == row.upper);
            self.add("rows that are ranges", row.lower != row.upper && row.lower.is_some() && row.upper.is_some());
        }
    }
}

#[test]
fn highs_agrees_with_brute_force() {
    let (mut tally, mut failures) = (Tally::default(), Vec::new());
    for seed in 1..=count() {
        let instance = instance(seed);
        let (milp, minimum) = (instance.model.milp(), instance.model.minimum());
        tally.draw(&instance, minimum);
        for presolve in [true, false] {
            if !presolve && seed % 4 != 0 {
                continue;
            }
            tally.add("solved without presolve", !presolve);
            let answer = solve(&milp, Solver::Highs, &options(presolve));
            if let Some(what) = wrong(&milp, &answer, minimum) {
                failures.push(format!(
                    "seed {seed}, presolve {presolve}: {what}: {:?} {} where the minimum is {:?}\n{:?}",
                    answer.status,
                    answer.objective,
                    minimum.map(Fraction::value),
                    instance.model
                ));
            }
        }
    }
    println!("HiGHS against brute force, {} instances: {:?}, {} differences", count(), tally.0, failures.len());
    assert!(failures.is_empty(), "{} differences:\n{}", failures.len(), failures.join("\n"));
    // The draw is of the kinds that have shown wrong answers; without them agreement would say little.
    assert!(tally.of("feasible") * 3 > count() && tally.of("infeasible") * 10 > count());
    assert!((tally.of("rows that are equalities") + tally.of("rows that are ranges")) * 2 >= tally.of("rows"));
    assert_eq!(tally.of("without slack") * 2, count());
    assert!(tally.of("fractional minimum") * 20 > count());
}

/// microlp is known to differ on some models. Each difference is listed, and for each HiGHS and brute force agree: the
/// difference is microlp's. A new kind of difference is no failure here; a difference of HiGHS is.
#[cfg(feature = "microlp")]
#[test]
fn differences_of_microlp_are_its_own() {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    let mut kinds: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    let mut options = options(true);
    options.time_limit_s = Some(2.0);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(|_| {}));
    let mut judged = Vec::new();
    for seed in 1..=count() {
        let instance = instance(seed);
        let (milp, minimum) = (instance.model.milp(), instance.model.minimum());
        let run = || milp::solve(&milp, Solver::Microlp, &options, &Control::default());
        let kind = match catch_unwind(AssertUnwindSafe(run)) {
            Ok(Ok(answer)) => wrong(&milp, &answer, minimum).map(str::to_owned),
            Ok(Err(error)) => Some(format!("error: {error}")),
            Err(_) => Some("panic".to_owned()),
        };
        if let Some(kind) = kind {
            kinds.entry(kind).or_default().push(seed);
            let highs = solve(&milp, Solver::Highs, &MilpOptions::exact());
            judged.push((seed, wrong(&milp, &highs, minimum)));
        }
    }
    std::panic::set_hook(hook);
    println!("microlp against brute force, {} instances: {} differences", count(), judged.len());
    for (kind, seeds) in &kinds {
        println!("  {kind}: {} (seeds {seeds:?})", seeds.len());
    }
    let listed: usize = kinds.values().map(Vec::len).sum();
    assert_eq!(judged.len(), listed, "each listed instance is judged for HiGHS");
    let of_highs: Vec<_> = judged.iter().filter(|(_, wrong)| wrong.is_some()).collect();
    assert!(of_highs.is_empty(), "HiGHS is wrong too: {of_highs:?}");
}
