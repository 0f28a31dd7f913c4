//! Engines and solvers by name: one list for every language, and each name does what it says or says that it cannot.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Engine, ErrorKind, Problem, Settings, Solver};
use rule_support::*;
use std::collections::BTreeSet;

fn problem() -> Problem {
    // At once: 90 GBP. Cheapest: 10.
    Problem::builder(hours(3)).region(site("a", [90.0, 10.0, 50.0])).job(job("j", 1.0, 1.0)).build().unwrap()
}

#[test]
fn every_name_comes_back_as_itself() {
    let engines: Vec<&str> = Engine::NAMES.iter().map(|(name, _)| *name).collect();
    assert_eq!(engines, ["auto", "greedy", "exact", "columns", "fleet"]);
    let solvers: Vec<&str> = Solver::NAMES.iter().map(|(name, _)| *name).collect();
    assert_eq!(solvers, ["auto", "highs", "microlp"]);
    assert_eq!(engines.iter().collect::<BTreeSet<_>>().len(), engines.len());
    for &(name, engine) in Engine::NAMES {
        assert_eq!((engine.name(), engine.to_string().as_str()), (name, name));
        assert_eq!(name.parse::<Engine>().unwrap(), engine);
    }
    for &(name, solver) in Solver::NAMES {
        assert_eq!(name.parse::<Solver>().unwrap(), solver);
        assert_eq!(solver.to_string(), name);
    }
}

#[test]
fn another_name_is_refused_with_those_that_exist() {
    for name in ["fast", "", "Exact", "auto "] {
        let error = name.parse::<Engine>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown);
        let said = error.to_string();
        assert!(said.contains(&format!("`{name}`")), "{said}");
        assert!(said.contains("known: auto, greedy, exact, columns, fleet"), "{said}");
    }
    let said = "cplex".parse::<Solver>().unwrap_err().to_string();
    assert!(said.contains("names solver `cplex`") && said.contains("known: auto, highs, microlp"), "{said}");
}

#[test]
fn each_engine_makes_a_checked_plan() {
    let problem = problem();
    for &(name, engine) in Engine::NAMES {
        let mut settings = Settings::default();
        settings.engine = engine;
        let plan = problem.solve(&settings).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert!(plan.check(&problem).passed(), "{name}");
        assert!(plan.bound_gbp <= plan.objective_gbp && !plan.engine_reason.is_empty(), "{name}: {plan}");
        if engine != Engine::Auto {
            assert_eq!(plan.engine, name);
        }
    }
}

#[test]
fn greedy_is_the_better_of_the_two_policies() {
    let mut settings = Settings::default();
    settings.engine = Engine::Greedy;
    let plan = problem().solve(&settings).unwrap();
    assert_eq!(plan.engine, "greedy");
    near(plan.totals.cost_gbp, 10.0, "cost_gbp");
    assert!(plan.engine_reason.starts_with("as asked"), "{}", plan.engine_reason);
}
