//! Every engine against the optimum on random small problems over every feature: no bound above it, no plan below it, no
//! engine further away than it says, and `columns` and `fleet` seldom further than 1 %. 2,000 problems with
//! `ECA_TEST_SCALE=large`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]
// This test looks at the wall clock only for what it prints: no plan depends on it.
#![allow(clippy::disallowed_methods)]

use eca_benches::generator::{Size, drawn, problem};
use eca_core::{CapKind, Engine, Error, Outcome, Plan, Problem, Settings};
use std::collections::BTreeMap;
use std::time::Instant;

/// Rounding of a plan to W and Wh and of the solver to its tolerance, as part of the objective or of GBP 1.
const ROUNDING: f64 = 1e-6;
/// What the room for rounding of a strict cap's least excess may be worth, as part of the objective or of GBP 1.
const ROOM_OF_CAPS: f64 = 1e-5;
/// What `columns` and `fleet` keep on most problems, as part of the objective.
const NEAR: f64 = 0.01;
/// Engines, and whether they may close what is open by a MILP: without nodes, schedules and bound are those of prices.
const ENGINES: [(Engine, bool, &str); 5] = [
    (Engine::Greedy, true, "greedy"),
    (Engine::Columns, true, "columns"),
    (Engine::Fleet, true, "fleet"),
    (Engine::Columns, false, "columns, no nodes"),
    (Engine::Fleet, false, "fleet, no nodes"),
];

fn count() -> u64 {
    let large = std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large");
    std::env::var("ECA_TEST_COUNT").ok().and_then(|n| n.parse().ok()).unwrap_or(if large { 2_000 } else { 80 })
}

/// A quarter is small, the others are tiny: there the optimum is found in milliseconds.
fn size(seed: u64) -> Size {
    if seed.is_multiple_of(4) { Size::Small } else { Size::Tiny }
}

fn solve(problem: &Problem, engine: Engine, nodes: bool, gap: f64) -> Result<Plan, Error> {
    let mut settings = Settings::default();
    settings.engine = engine;
    settings.gap = gap;
    settings.references = false;
    settings.node_limit = (!nodes).then_some(0);
    problem.solve(&settings)
}

/// Validation takes some running jobs that can neither go on nor stop by their own rules; the solve then says so.
fn cannot_go_on(problem: &Problem) -> bool {
    let running = |job: &eca_core::Job| job.state.as_ref().is_some_and(|state| state.point.is_some());
    problem.jobs().iter().any(|job| running(job) && (job.min_run_periods > 1 || job.migration.is_some()))
}

/// Distances from the optimum of one engine, as part of the objective or of GBP 1.
#[derive(Default)]
struct Row {
    away: Vec<(f64, u64)>,
    gaps: Vec<f64>,
    wall_s: f64,
}

/// What the order of strict caps looks at before money (docs/model.md): their excess in kg, then each promise, GBP.
fn order(problem: &Problem, plan: &Plan) -> (f64, [f64; 4]) {
    let strict = |id: &str| problem.carbon_caps().iter().any(|c| c.id.as_str() == id && c.kind == CapKind::Strict);
    let broken = |rule: &'static str| plan.broken_limits.iter().filter(move |limit| limit.rule == rule);
    let excess_kg = broken("carbon_cap").filter(|limit| strict(&limit.object)).map(|limit| limit.amount).sum();
    let paid = |rule| broken(rule).map(|limit| limit.price_gbp).sum();
    (excess_kg, ["undone", "shed", "it_overload", "import_overload"].map(paid))
}

/// Whether a plan comes after the best one in that order: then it may cost less.
fn trades(problem: &Problem, plan: &Plan, best: &Plan) -> bool {
    let ((excess, promises), (least, kept)) = (order(problem, plan), order(problem, best));
    excess > least + 1e-3 || promises.iter().zip(kept).any(|(&paid, kept)| paid > kept + 1e-3)
}

/// What is wrong with a plan, given the optimum.
fn wrong(problem: &Problem, plan: &Plan, best: &Plan) -> Option<String> {
    let scale = best.objective_gbp.abs().max(1.0);
    let room = ROUNDING * scale;
    if let Some(finding) = plan.check(problem).findings.first() {
        return Some(format!("check: {finding}"));
    }
    if !plan.bound_gbp.is_finite() || !plan.gap.is_finite() {
        return Some(format!("bound {} or gap {} is not finite", plan.bound_gbp, plan.gap));
    }
    if plan.bound_gbp > best.objective_gbp + room {
        return Some(format!("bound {} above the optimum {}", plan.bound_gbp, best.objective_gbp));
    }
    let strict = problem.carbon_caps().iter().any(|cap| cap.kind == CapKind::Strict);
    if plan.objective_gbp < best.bound_gbp - room && !(strict && trades(problem, plan, best)) {
        return Some(format!("objective {} below the optimum {}", plan.objective_gbp, best.bound_gbp));
    }
    let stated = plan.gap * plan.objective_gbp.abs().max(1.0);
    if plan.objective_gbp - best.objective_gbp > stated + room {
        return Some(format!(
            "{} is further from {} than its gap {}",
            plan.objective_gbp, best.objective_gbp, plan.gap
        ));
    }
    None
}

#[test]
fn no_engine_is_further_from_the_optimum_than_it_says() {
    let (mut rows, mut failures) = (BTreeMap::<&str, Row>::new(), Vec::new());
    let (mut compared, mut unproved, mut exact_s) = (0_u32, Vec::new(), 0.0);
    for seed in 1..=count() {
        let problem = problem(seed, size(seed));
        let begun = Instant::now();
        let best = match solve(&problem, Engine::Exact, true, 0.0) {
            Ok(best) => best,
            Err(Error::Infeasible { .. }) if cannot_go_on(&problem) => continue,
            Err(error) => panic!("seed {seed}: {error}"),
        };
        exact_s += begun.elapsed().as_secs_f64();
        compared += 1;
        // Where a strict cap is exceeded, its least excess is kept with room for rounding: what that is worth stays open.
        let exceeded = order(&problem, &best).0 > 0.0 && best.gap <= ROOM_OF_CAPS;
        if best.outcome != Outcome::Optimal && !exceeded {
            unproved.push((seed, best.gap));
        }
        for (engine, nodes, name) in ENGINES {
            let begun = Instant::now();
            let result = solve(&problem, engine, nodes, 1e-4);
            let row = rows.entry(name).or_default();
            row.wall_s += begun.elapsed().as_secs_f64();
            let what = match result {
                Ok(plan) => {
                    let mut away = (plan.objective_gbp - best.objective_gbp) / best.objective_gbp.abs().max(1.0);
                    // Cheaper than the optimum only because it breaks a strict cap further: not near it.
                    if away < -ROUNDING {
                        away = f64::INFINITY;
                    }
                    row.away.push((away, seed));
                    row.gaps.push(plan.gap);
                    wrong(&problem, &plan, &best)
                }
                Err(error) => Some(format!("error: {error}")),
            };
            if let Some(what) = what {
                println!("seed {seed} {:?} {name}: {what}; {:?}", size(seed), drawn(&problem));
                failures.push(format!("seed {seed} {name}: {what}"));
            }
        }
    }
    println!("{compared} problems; exact took {exact_s:.1} s; not proved optimal: {unproved:?}");
    println!(
        "{:>18} {:>11} {:>11} {:>10} {:>10} {:>8}",
        "engine", "within 1 %", "within 0.1%", "worst", "mean gap", "wall s"
    );
    for (name, row) in &mut rows {
        row.away.sort_by(|a, b| b.0.total_cmp(&a.0));
        println!(
            "{name:>18} {:>9.2} % {:>9.2} % {:>10.4} {:>10.5} {:>8.1}   furthest: {:?}",
            100.0 * share(row, NEAR),
            100.0 * share(row, 0.1 * NEAR),
            row.away.first().map_or(0.0, |worst| worst.0),
            row.gaps.iter().sum::<f64>() / row.gaps.len().max(1) as f64,
            row.wall_s,
            &row.away[..row.away.len().min(12)]
        );
    }
    assert!(failures.is_empty(), "{} failures: {failures:#?}", failures.len());
    assert!(unproved.is_empty(), "the reference is not the optimum: {unproved:?}");
    for name in ["columns", "fleet"] {
        assert!(
            share(&rows[name], NEAR) >= 0.95,
            "{name} is within 1 % on {:.2} % only",
            100.0 * share(&rows[name], NEAR)
        );
    }
}

/// Part of the problems whose plan is at most so far from the optimum.
fn share(row: &Row, near: f64) -> f64 {
    let within = row.away.iter().filter(|(away, _)| *away <= near).count();
    within as f64 / row.away.len().max(1) as f64
}

/// Prints what every engine says of the problem of `ECA_TEST_SEED`.
#[test]
#[ignore = "a tool for looking at one failure"]
fn one_seed() {
    let seed: u64 = std::env::var("ECA_TEST_SEED").expect("ECA_TEST_SEED").parse().expect("a number");
    let problem = problem(seed, size(seed));
    println!("{}", problem.to_json().unwrap());
    println!("{:?}", drawn(&problem));
    for (engine, nodes, name) in [(Engine::Exact, true, "exact")].into_iter().chain(ENGINES) {
        match solve(&problem, engine, nodes, if name == "exact" { 0.0 } else { 1e-4 }) {
            Ok(plan) => {
                println!(
                    "{name}: {} bound {} gap {} {:?}",
                    plan.objective_gbp, plan.bound_gbp, plan.gap, plan.broken_limits
                );
                for job in &plan.jobs {
                    println!("   {} {:?} {:?} {:?}", job.id, job.point, job.power_mw, job.shares);
                }
                for battery in &plan.batteries {
                    println!("   {} {:?} {:?}", battery.id, battery.charge_mw, battery.discharge_mw);
                }
                for region in &plan.regions {
                    println!(
                        "   {} it {:?} import {:?} export {:?}",
                        region.id, region.it_mw, region.import_mw, region.export_mw
                    );
                }
            }
            Err(error) => println!("{name}: {error}"),
        }
    }
}
