//! The instances of the benches are what their page says: the same from the same seed, as hard as promised, plannable.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_benches::fleet::Fleet;
use eca_benches::generator::drawn;
use eca_benches::hardness::{Fleetness, of_plan, of_problem};
use eca_core::{DeadlineKind, Engine, Problem, Settings};

fn draw(jobs: usize, periods: usize, regions: usize, seed: u64) -> Problem {
    Fleet::new(jobs, periods, regions, seed).problem().unwrap()
}

/// Means over five seeds: the sizes of the table in the benches' page.
fn means(jobs: usize, periods: usize, regions: usize) -> Fleetness {
    let all: Vec<Fleetness> = (1..=5).map(|seed| of_problem(&draw(jobs, periods, regions, seed))).collect();
    let mean = |f: &dyn Fn(&Fleetness) -> f64| all.iter().map(f).sum::<f64>() / 5.0;
    Fleetness {
        mean_work: mean(&|s| s.mean_work),
        mean_window: mean(&|s| s.mean_window),
        solid_share: mean(&|s| s.solid_share),
        hard_share: mean(&|s| s.hard_share),
        tight_share: mean(&|s| s.tight_share),
        online_share: mean(&|s| s.online_share),
        utilisation: mean(&|s| s.utilisation),
        largest_over_site: mean(&|s| s.largest_over_site),
    }
}

fn assert_near(name: &str, value: f64, wanted: f64, within: f64) {
    assert!((value - wanted).abs() <= within, "{name}: {value}, not {wanted} +- {within}");
}

#[test]
fn the_same_seed_gives_the_same_bytes_and_another_seed_others() {
    for fleet in [Fleet::new(30, 48, 2, 7), Fleet { every_feature: true, ..Fleet::new(30, 48, 2, 7) }] {
        let text = fleet.problem().unwrap().to_json().unwrap();
        assert_eq!(text, fleet.problem().unwrap().to_json().unwrap());
        assert_ne!(text, Fleet { seed: 8, ..fleet }.problem().unwrap().to_json().unwrap());
    }
}

/// Hashes of the documents: they change only where the generator is changed on purpose, and then all results are measured
/// again.
#[test]
fn the_instances_are_those_that_the_results_name() {
    let hash = |fleet: Fleet| fleet.problem().unwrap().hash()[..12].to_owned();
    assert_eq!(hash(Fleet::new(50, 48, 1, 1)), "85c5f3176c2f");
    assert_eq!(hash(Fleet { every_feature: true, ..Fleet::new(50, 48, 3, 1) }), "8d6f2dd8d977");
}

#[test]
fn statistics_are_those_promised() {
    for (periods, window) in [(48, 23.0), (336, 47.0)] {
        let s = means(2000, periods, 3);
        assert_near("work", s.mean_work, 7.5, 0.15);
        assert_near("window", s.mean_window, window, 1.0);
        assert_near("not preemptible", s.solid_share, 0.4, 0.02);
        assert_near("hard deadlines", s.hard_share, 0.25, 0.02);
        assert_near("online", s.online_share, 0.25, 0.01);
        assert_near("utilisation", s.utilisation, 0.6, 0.005);
        assert!(s.tight_share >= 0.08, "jobs without slack: {}", s.tight_share);
    }
}

#[test]
fn jobs_are_small_unless_the_fleet_is_lumpy() {
    for (jobs, periods, regions) in [(50, 48, 3), (200, 48, 1), (1000, 96, 3)] {
        for seed in 1..=5 {
            let fleet = Fleet::new(jobs, periods, regions, seed);
            let small = of_problem(&fleet.problem().unwrap()).largest_over_site;
            let large = of_problem(&Fleet { lumpy: true, ..fleet }.problem().unwrap()).largest_over_site;
            assert!(small <= 0.3, "{} seed {seed}: the largest job is {small} of a site", fleet.name());
            assert!((0.35..1.0).contains(&large), "{} seed {seed}: the largest job is {large} of a site", fleet.name());
        }
    }
}

#[test]
fn classes_are_identical_jobs_and_without_them_no_two_jobs_are() {
    let kinds = |problem: &Problem| {
        let mut texts: Vec<String> = problem
            .jobs()
            .iter()
            .map(|job| {
                let mut job = job.clone();
                job.id = "one".into();
                format!("{job:?}")
            })
            .collect();
        texts.sort();
        texts.dedup();
        texts.len()
    };
    let fleet = Fleet::new(500, 48, 3, 3);
    assert_eq!(kinds(&fleet.problem().unwrap()), 500);
    assert_eq!(kinds(&Fleet { classes: Some(20), ..fleet }.problem().unwrap()), 20);
}

#[test]
fn instances_with_every_feature_have_it() {
    let fleet = Fleet { every_feature: true, ..Fleet::new(1000, 96, 3, 1) };
    let problem = fleet.problem().unwrap();
    let has = drawn(&problem);
    for feature in [
        "regions: several",
        "region: overhead",
        "region: pue",
        "region: non-firm import",
        "region: export",
        "region: demand charge",
        "region: network charge",
        "region: congestion price",
        "region: congestion limit",
        "region: solar",
        "battery: losses",
        "battery: wear",
        "battery: end wanted",
        "service: several points",
        "service: latency limit",
        "service: network latency",
        "service: routing cost",
        "job: not preemptible",
        "job: preemptible",
        "job: divisible",
        "job: several points",
        "job: priced deadline",
        "job: startup cost",
        "job: pause cost",
        "job: pause energy",
        "job: min run",
        "job: max pauses",
        "job: migration",
        "job: run_when carbon",
        "job: run_when renewable",
        "job: running",
        "job: paused",
        "job: cannot stop",
        "cap: kg",
        "cap: g/kWh",
        "cap: g/inference",
        "cap: day",
        "cap: rolling",
    ] {
        assert!(has.contains(&feature), "{feature} is missing");
    }
    let hard = problem.jobs().iter().filter(|job| job.deadline_kind == DeadlineKind::Hard).count();
    assert!(hard > 0 && hard < 1000);
}

#[test]
fn every_seed_gives_a_problem_that_is_not_refused() {
    for seed in 0..200 {
        for (jobs, periods, regions) in [(40, 48, 3), (40, 96, 1), (5, 6, 2)] {
            let fleet = Fleet::new(jobs, periods, regions, seed);
            for fleet in [fleet, Fleet { lumpy: true, ..fleet }, Fleet { every_feature: true, ..fleet }] {
                let problem = fleet.problem();
                assert!(problem.is_ok(), "{} seed {seed}: {}", fleet.name(), problem.unwrap_err());
            }
        }
    }
}

#[test]
fn a_plan_shows_congestion_and_keeps_its_promises() {
    let problem = draw(20, 24, 2, 1);
    let mut settings = Settings::default();
    settings.gap = 1e-2;
    settings.time_limit_s = Some(20.0);
    settings.references = false;
    let load = of_plan(&problem, &problem.solve(&settings).unwrap());
    assert!(load.binding_share > 0.02, "cells at their limit: {}", load.binding_share);
    assert!((0.4..0.8).contains(&load.utilisation), "utilisation {}", load.utilisation);
    assert!(load.undone_share < 0.1, "undone jobs: {}", load.undone_share);
}

#[test]
fn a_simple_policy_keeps_the_rules_of_every_job() {
    for seed in 1..=5 {
        let problem = Fleet { every_feature: true, ..Fleet::new(300, 96, 3, seed) }.problem().unwrap();
        let mut settings = Settings::default();
        settings.references = false;
        settings.engine = eca_core::Engine::Greedy;
        // A plan that breaks a rule is refused by its own check.
        let plan = problem.solve(&settings).unwrap();
        assert!(plan.check(&problem).passed());
    }
}

/// An LP over schedules finds prices whose bound the ascent only comes near, and with them plans that are near the bound.
/// These have too many choices for the MILP of `exact`, which would close what is open.
#[test]
fn prices_of_the_lp_raise_the_bound_and_bring_plans_near_it() {
    let plain = Fleet::new(200, 24, 2, 1);
    let fleets = [
        plain,
        Fleet { carbon_cap: true, ..Fleet::new(200, 24, 2, 2) },
        Fleet { every_feature: true, ..Fleet::new(200, 24, 2, 3) },
    ];
    for fleet in fleets {
        let problem = fleet.problem().unwrap();
        let solve = |engine: Engine, gap: f64| {
            let mut settings = Settings::default();
            settings.engine = engine;
            settings.gap = gap;
            settings.node_limit = Some(5);
            settings.references = false;
            problem.solve(&settings).unwrap()
        };
        let (ascent, lp) = (solve(Engine::Fleet, 0.02), solve(Engine::Columns, 1e-4));
        assert!(lp.bound_gbp >= ascent.bound_gbp, "{}: {} under {}", fleet.name(), lp.bound_gbp, ascent.bound_gbp);
        assert!(lp.gap <= 0.004, "{}: gap {}", fleet.name(), lp.gap);
    }
}
