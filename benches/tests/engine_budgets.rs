//! An answer in time for any budget: from no time at all to a second there is a plan that passes its check, and it says
//! where it comes from. How long it took is printed, not judged: that depends on the machine. All 500 problems with
//! `ECA_TEST_SCALE=large`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// The wall clock is only read for what is printed.
#![allow(clippy::disallowed_methods)]

use eca_benches::fleet::Fleet;
use eca_benches::generator::{self, Dice, Size};
use eca_core::{Engine, Error, Outcome, Plan, Problem, Settings};
use std::collections::BTreeMap;
use std::time::Instant;

const BUDGETS_MS: [u32; 5] = [0, 1, 10, 100, 1000];
/// What a budget may be exceeded by, s.
const ROOM_S: f64 = 0.25;
const ENGINES: [Engine; 5] = [Engine::Auto, Engine::Columns, Engine::Auto, Engine::Fleet, Engine::Exact];

fn large() -> bool {
    std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large")
}

/// Half of the problems have every feature and few jobs, half have 20 to 300 jobs over a day.
fn problem(seed: u64) -> (String, Problem) {
    if seed.is_multiple_of(2) {
        return (format!("medium {seed}"), generator::problem(seed, Size::Medium));
    }
    let mut dice = Dice::new(seed);
    // Small ones are more frequent.
    let jobs = (20.0 * 15.0_f64.powf(dice.unit())).round() as usize;
    let mut fleet = Fleet::new(jobs, 48, dice.whole(1, 3), seed);
    fleet.every_feature = dice.chance(0.3);
    fleet.lumpy = dice.chance(0.3);
    fleet.carbon_cap = dice.chance(0.3);
    (format!("{} seed {seed}", fleet.name()), fleet.problem().unwrap())
}

/// Validation takes some running jobs that can neither go on nor stop by their own rules; the solve then says so.
fn cannot_go_on(problem: &Problem) -> bool {
    let running = |job: &eca_core::Job| job.state.as_ref().is_some_and(|state| state.point.is_some());
    problem.jobs().iter().any(|job| running(job) && (job.min_run_periods > 1 || job.migration.is_some()))
}

/// What is wrong with a plan made under a budget.
fn wrong(problem: &Problem, plan: &Plan, settings: &Settings) -> Option<String> {
    if let Some(finding) = plan.check(problem).findings.first() {
        return Some(format!("check: {finding}"));
    }
    if !["greedy", "exact", "columns", "fleet"].contains(&plan.engine.as_str()) || plan.engine_reason.is_empty() {
        return Some(format!("it does not say where it comes from: `{}`, `{}`", plan.engine, plan.engine_reason));
    }
    if !plan.bound_gbp.is_finite() || plan.bound_gbp > plan.objective_gbp {
        return Some(format!("bound {} of a plan of {}", plan.bound_gbp, plan.objective_gbp));
    }
    // The outcome says no more than the gap does; both are of the plan before and after rounding.
    let room = 1e-6 + 1e-6 / plan.objective_gbp.abs().max(1.0);
    let claims = match plan.outcome {
        Outcome::Optimal => 1e-6,
        Outcome::WithinGap => settings.gap,
        Outcome::Limit => f64::INFINITY,
    };
    (plan.gap > claims + 10.0 * room).then(|| format!("outcome {} with a gap of {}", plan.outcome, plan.gap))
}

#[derive(Default)]
struct Row {
    over_s: Vec<f64>,
    engines: BTreeMap<String, u32>,
    outcomes: BTreeMap<String, u32>,
}

#[test]
fn there_is_always_a_plan_and_it_says_where_it_comes_from() {
    let (mut rows, mut failures) = (BTreeMap::<u32, Row>::new(), Vec::new());
    let count = if large() { 500 } else { 40 };
    // 172: a battery whose energy is worth nothing, where nothing may be exported.
    for seed in (1..=count).chain((count < 172).then_some(172)) {
        let (name, problem) = problem(seed);
        for (n, budget_ms) in BUDGETS_MS.into_iter().enumerate() {
            let mut settings = Settings::default();
            settings.time_limit_s = Some(f64::from(budget_ms) / 1e3);
            settings.engine = ENGINES[(usize::try_from(seed).unwrap() / 2 + n) % ENGINES.len()];
            settings.gap = 1e-3;
            settings.references = seed % 4 < 2;
            let begun = Instant::now();
            let result = problem.solve(&settings);
            let over_s = begun.elapsed().as_secs_f64() - f64::from(budget_ms) / 1e3;
            let row = rows.entry(budget_ms).or_default();
            row.over_s.push(over_s);
            if over_s > ROOM_S {
                println!(
                    "{name}, {:?}, {budget_ms} ms: {over_s:.3} s more, references {}",
                    settings.engine, settings.references
                );
            }
            let what = match result {
                Ok(plan) => {
                    *row.engines.entry(plan.engine.clone()).or_default() += 1;
                    *row.outcomes.entry(plan.outcome.to_string()).or_default() += 1;
                    wrong(&problem, &plan, &settings)
                }
                Err(Error::Infeasible { .. }) if cannot_go_on(&problem) => None,
                Err(error) => Some(format!("error: {error}")),
            };
            if let Some(what) = what {
                println!("{name}, {:?}, {budget_ms} ms: {what}", settings.engine);
                failures.push(format!("{name}, {:?}, {budget_ms} ms: {what}", settings.engine));
            }
        }
    }
    let mut all = Vec::new();
    for (budget_ms, row) in &mut rows {
        all.extend(row.over_s.iter().copied());
        print(&format!("{budget_ms} ms"), &mut row.over_s);
        println!("        {:?} {:?}", row.engines, row.outcomes);
    }
    print("all", &mut all);
    assert!(failures.is_empty(), "{} failures: {failures:#?}", failures.len());
}

/// Seconds beyond the budget.
fn print(name: &str, over_s: &mut [f64]) {
    over_s.sort_by(f64::total_cmp);
    let at = |part: f64| over_s[((over_s.len() - 1) as f64 * part).round() as usize];
    let within = over_s.iter().filter(|&&s| s <= ROOM_S).count();
    println!(
        "{name:>8}: {within} of {} within the budget + 250 ms; beyond it p50 {:.3} p99 {:.3} p99.9 {:.3} most {:.3} s",
        over_s.len(),
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    );
}
