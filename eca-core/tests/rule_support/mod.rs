//! Small problems for one rule each, and what their plans say.
#![allow(dead_code, unreachable_pub)]

use eca_core::{Horizon, Job, JobPoint, Outcome, Plan, Problem, Region, Settings, Timestamp};

/// Money, energy and carbon agree within this.
pub const TOLERANCE: f64 = 1e-4;

pub fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// `periods` hours from 2 March 2026, 00:00 UTC (London winter time).
pub fn hours(periods: usize) -> Horizon {
    Horizon::new(time("2026-03-02T00:00:00Z"), 60, periods).unwrap()
}

pub fn half_hours(periods: usize) -> Horizon {
    Horizon::new(time("2026-03-02T00:00:00Z"), 30, periods).unwrap()
}

/// Hour `h` of the first day.
pub fn at(h: u32) -> Timestamp {
    time("2026-03-02T00:00:00Z").plus_min(i64::from(h) * 60)
}

/// A site of 10 MW of IT behind 20 MW of import; facility power is IT power; 100 g/kWh.
pub fn site(id: &str, price: impl Into<eca_core::Series>) -> Region {
    Region::new(id).it_capacity_mw(10.0).import_limit_mw(20.0).import_price_gbp_per_mwh(price).carbon_g_per_kwh(100.0)
}

/// A job of so many hours at `mw`: with hourly periods, as many periods.
pub fn job(id: &str, hours: f64, mw: f64) -> Job {
    Job::gpu_hours(id, hours, [JobPoint::gpu_hours(mw, 1.0)])
}

/// Proved to the end.
pub fn exact() -> Settings {
    let mut settings = Settings::default();
    settings.gap = 0.0;
    settings
}

/// The optimal plan, checked.
#[track_caller]
pub fn solve(problem: &Problem) -> Plan {
    let plan = problem.solve(&exact()).unwrap();
    assert_eq!(plan.outcome, Outcome::Optimal, "{plan}");
    let check = plan.check(problem);
    assert!(check.passed(), "{check}");
    plan
}

#[track_caller]
pub fn near(found: f64, expected: f64, what: &str) {
    assert!((found - expected).abs() <= TOLERANCE * expected.abs().max(1.0), "{what}: {found}, expected {expected}");
}

#[track_caller]
pub fn near_all(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: {found:?}");
    for (f, e) in found.iter().zip(expected) {
        assert!((f - e).abs() <= TOLERANCE * e.abs().max(1.0), "{what}: {found:?}, expected {expected:?}");
    }
}

/// The plan costs so much, and nothing is broken.
#[track_caller]
pub fn costs(plan: &Plan, gbp: f64) {
    assert!(plan.broken_limits.is_empty(), "{:?}", plan.broken_limits);
    near(plan.totals.cost_gbp, gbp, "cost_gbp");
    near(plan.objective_gbp, gbp, "objective_gbp");
}

/// The plan breaks one limit: rule, object, amount, unit and price.
#[track_caller]
pub fn breaks(plan: &Plan, rule: &str, object: &str, amount: f64, unit: &str, price_gbp: f64) {
    assert_eq!(plan.broken_limits.len(), 1, "{:?}", plan.broken_limits);
    let broken = &plan.broken_limits[0];
    assert_eq!((&*broken.rule, &*broken.object, &*broken.unit), (rule, object, unit));
    near(broken.amount, amount, "amount");
    near(broken.price_gbp, price_gbp, "price_gbp");
    near(plan.totals.penalty_gbp, price_gbp, "penalty_gbp");
    near(plan.objective_gbp, plan.totals.cost_gbp + price_gbp, "objective_gbp");
}

/// Where job `j` works, one letter for each period: the first of the region's name, or a dot.
pub fn places(plan: &Plan, j: usize) -> String {
    let letter =
        |id: &Option<eca_core::problem::RegionId>| id.as_ref().and_then(|id| id.as_str().chars().next()).unwrap_or('.');
    plan.jobs[j].region.iter().map(letter).collect()
}

/// At which point job `j` works, one digit for each period, or a dot.
pub fn points(plan: &Plan, j: usize) -> String {
    plan.jobs[j].point.iter().map(|l| l.map_or(".".to_owned(), |l| l.to_string())).collect()
}
