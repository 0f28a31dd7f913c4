//! Which engine takes which feature: every feature in a small problem of its own, planned by every engine and judged by
//! the optimum. The table in docs/engines.md is written from the same list (`ECA_UPDATE=1`).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod rule_support;

#[path = "engine_table/features.rs"]
mod features;

use eca_core::{Engine, Error, Outcome, Plan, Problem, Settings};
use features::FEATURES;
use std::path::Path;

/// Rounding of plans to W and Wh, as part of the objective or of GBP 1.
const ROUNDING: f64 = 1e-6;

fn engines() -> impl Iterator<Item = (&'static str, Engine)> {
    Engine::NAMES.iter().copied().filter(|(_, engine)| *engine != Engine::Auto)
}

fn solve(problem: &Problem, engine: Engine) -> Result<Plan, Error> {
    let mut settings = Settings::default();
    settings.engine = engine;
    settings.references = false;
    settings.gap = if engine == Engine::Exact { 0.0 } else { 1e-4 };
    problem.solve(&settings)
}

fn best(problem: &Problem) -> Plan {
    let plan = solve(problem, Engine::Exact).unwrap();
    assert_eq!(plan.outcome, Outcome::Optimal, "{plan}");
    plan
}

/// Carbon over caps, kg.
fn excess_kg(plan: &Plan) -> f64 {
    plan.broken_limits.iter().filter(|limit| limit.rule == "carbon_cap").map(|limit| limit.amount).sum()
}

#[test]
fn every_feature_changes_what_the_best_plan_costs() {
    for feature in FEATURES {
        let (with, without) = (best(&feature.problem(true)), best(&feature.problem(false)));
        let change = (with.objective_gbp - without.objective_gbp).abs();
        assert!(change > 0.5, "{}: {} with it, {} without", feature.name, with.objective_gbp, without.objective_gbp);
    }
}

#[test]
fn every_engine_plans_every_feature_within_its_own_gap() {
    for feature in FEATURES {
        let problem = feature.problem(true);
        let best = best(&problem);
        let scale = best.objective_gbp.abs().max(1.0);
        for (name, engine) in engines() {
            let what = format!("{}, {name}", feature.name);
            let plan = match solve(&problem, engine) {
                Ok(plan) => plan,
                // Refused with the reason, as the table says; `exact` refuses none.
                Err(Error::Unsupported { .. }) if engine != Engine::Exact => continue,
                // Simple policies do not look at targets: where one is not met, there is no plan.
                Err(Error::Infeasible { .. }) if name == "greedy" && feature.name.contains("target") => continue,
                Err(error) => panic!("{what}: {error}"),
            };
            let check = plan.check(&problem);
            assert!(check.passed(), "{what}: {check}");
            let room = ROUNDING * scale;
            let (bound, objective) = (plan.bound_gbp, plan.objective_gbp);
            assert!(bound.is_finite() && bound <= best.objective_gbp + room, "{what}: bound {bound}, best {best}");
            // Schedules of a simple policy do not look at caps; what is cheaper for that says by how much it exceeds one.
            let trades = name == "greedy" && excess_kg(&plan) > excess_kg(&best) + 1.0;
            assert!(trades || objective >= best.objective_gbp - room, "{what}: {objective} below the optimum {best}");
            let stated = plan.gap * objective.abs().max(1.0);
            assert!(objective - best.objective_gbp <= stated + room, "{what}: {objective}, gap {}, {best}", plan.gap);
            println!(
                "{what}: {:.5} of the optimum away, gap {:.5}",
                (objective - best.objective_gbp) / scale,
                plan.gap
            );
        }
    }
}

/// A row for each feature, a column for each engine: `yes`, or why not.
fn table() -> String {
    let names: Vec<&str> = engines().map(|(name, _)| name).collect();
    let mut text = format!("| feature | {} |\n|---|{}\n", names.join(" | "), "---|".repeat(names.len()));
    for feature in FEATURES {
        let problem = feature.problem(true);
        let cells = engines().map(|(_, engine)| match solve(&problem, engine) {
            Ok(_) => "yes".to_owned(),
            Err(error) => format!("refused: {error}"),
        });
        text += &format!("| {} | {} |\n", feature.name, cells.collect::<Vec<_>>().join(" | "));
    }
    text
}

#[test]
fn the_table_of_the_documentation_is_that_of_the_engines() {
    const BEGIN: &str = "<!-- table: begin -->\n";
    const END: &str = "<!-- table: end -->";
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/engines.md");
    let text = std::fs::read_to_string(&path).unwrap();
    let (head, rest) = text.split_once(BEGIN).expect("docs/engines.md has a table");
    let (written, tail) = rest.split_once(END).expect("the table ends");
    let table = table();
    if std::env::var_os("ECA_UPDATE").is_some() {
        std::fs::write(&path, format!("{head}{BEGIN}{table}{END}{tail}")).unwrap();
        return;
    }
    assert!(
        written == table,
        "docs/engines.md is out of date; run ECA_UPDATE=1 cargo test -p eca-core --test engine_table"
    );
}
