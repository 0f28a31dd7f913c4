//! A newcomer's first problem: one region, one job, four prices.
#![allow(clippy::unwrap_used)]

use eca_core::{Horizon, Job, JobPoint, Outcome, Problem, Region, Settings};

#[test]
fn the_job_runs_when_power_is_cheapest() {
    let horizon = Horizon::new("2026-03-02T00:00:00Z".parse().unwrap(), 30, 4).unwrap();
    let problem = Problem::builder(horizon)
        .region(
            Region::new("london")
                .it_capacity_mw(2.0)
                .import_limit_mw(4.0)
                .import_price_gbp_per_mwh([142.0, 96.5, 61.2, 88.0])
                .carbon_g_per_kwh([231.0, 187.0, 98.0, 120.0]),
        )
        .job(Job::inferences("embed", 1_000_000.0, [JobPoint::inferences(1.0, 2_000_000.0)]))
        .build()
        .unwrap();
    let plan = problem.solve(&Settings::default()).unwrap();
    assert_eq!(plan.outcome, Outcome::Optimal);
    assert_eq!(plan.jobs[0].region.iter().position(Option::is_some), Some(2));
    assert!((plan.totals.cost_gbp - 30.6).abs() < 1e-9, "{plan}");
    assert!((plan.totals.carbon_kg - 49.0).abs() < 1e-9, "{plan}");
    assert!((plan.references.unwrap().run_at_once.cost_gbp - 71.0).abs() < 1e-9, "{plan}");
    assert!(plan.check(&problem).passed());
}
