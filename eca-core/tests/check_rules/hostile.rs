//! A plan from a stranger gives findings and never a panic.

use crate::support::*;
use eca_core::{Battery, Job, JobPoint, Plan, Problem, Region, Service, ServicePoint};

fn problem() -> Problem {
    Problem::builder(horizon(30, 2))
        .region(Region::new("a").it_capacity_mw(4.0).import_limit_mw(8.0))
        .battery(Battery::new("store", "a", 1.0, 2.0))
        .job(Job::inferences("job", 1e6, [JobPoint::inferences(1.0, 2e6)]).count(2_u32))
        .service(Service::new("chat", 2e6, [ServicePoint { wh_per_inference: 0.5, latency_ms: 0.0 }]))
        .build()
        .unwrap()
}

fn plan() -> Plan {
    let mut plan = empty(&problem());
    let first = job("job", &[Some(("a", 0)), None], &[1.0, 0.0], &[1e6, 0.0], "2026-03-02T00:30:00Z");
    let mut second = first.clone();
    second.copy = 1;
    plan.jobs = vec![first, second];
    plan.services.push(service("chat", &[("a", &[&[2e6, 2e6]])], &[0.0, 0.0]));
    plan.batteries.push(battery("store", &[0.0; 2], &[0.0; 2], &[0.0; 2]));
    plan.regions.push(plain("a", &[4.0, 2.0]));
    totals(&mut plan, 0.0, 0.0, 3.0, 0.0, 6e6);
    plan
}

#[test]
fn wrong_shapes_are_findings() {
    let changes: Vec<fn(&mut Plan)> = vec![
        |plan| plan.jobs.clear(),
        |plan| plan.jobs.swap(0, 1),
        |plan| drop(plan.jobs.pop()),
        |plan| plan.jobs.push(plan.jobs[0].clone()),
        |plan| plan.jobs[0].id = "other".into(),
        |plan| plan.jobs[0].copy = u32::MAX,
        |plan| plan.jobs[0].region.clear(),
        |plan| plan.jobs[0].point.push(None),
        |plan| plan.jobs[0].power_mw.clear(),
        |plan| plan.jobs[0].inferences = vec![0.0; 1000],
        |plan| plan.jobs[0].point[0] = Some(usize::MAX),
        |plan| plan.jobs[0].point[0] = None,
        |plan| plan.jobs[0].region[0] = None,
        |plan| plan.jobs[0].region[0] = Some("nowhere".into()),
        |plan| plan.jobs[0].power_mw[0] = f64::NAN,
        |plan| plan.jobs[0].inferences[0] = -1.0,
        |plan| plan.jobs[0].undone_frac = f64::NAN,
        |plan| plan.jobs[0].undone_frac = 1.5,
        |plan| plan.jobs[0].shares = Some(std::collections::BTreeMap::new()),
        |plan| plan.services.clear(),
        |plan| plan.services[0].shed.clear(),
        |plan| plan.services[0].id = "other".into(),
        |plan| drop(plan.services[0].inferences.insert("nowhere".into(), vec![0.0; 2])),
        |plan| drop(plan.services[0].inferences.insert("a".into(), vec![])),
        |plan| drop(plan.services[0].point_inferences.insert("a".into(), vec![])),
        |plan| drop(plan.services[0].point_inferences.insert("a".into(), vec![vec![]])),
        |plan| drop(plan.services[0].point_inferences.insert("nowhere".into(), vec![vec![0.0; 2]])),
        |plan| plan.batteries.push(plan.batteries[0].clone()),
        |plan| plan.batteries[0].soc_mwh = vec![f64::INFINITY; 2],
        |plan| plan.batteries[0].charge_mw[0] = -0.1,
        |plan| plan.batteries[0].discharge_mw.clear(),
        |plan| plan.regions.clear(),
        |plan| plan.regions[0].id = "b".into(),
        |plan| plan.regions[0].it_mw[0] = f64::NAN,
        |plan| plan.regions[0].facility_mw.clear(),
        |plan| plan.regions[0].import_mw[0] = f64::NEG_INFINITY,
        |plan| plan.regions[0].export_mw.push(0.0),
        |plan| plan.regions[0].solar_used_mw.clear(),
        |plan| plan.objective_gbp = f64::NAN,
        |plan| plan.bound_gbp = f64::NEG_INFINITY,
        |plan| plan.gap = f64::NAN,
        |plan| plan.totals.cost_gbp = f64::NAN,
        |plan| plan.totals.cost_gbp_per_inference = Some(f64::NAN),
        |plan| plan.references.as_mut().unwrap().run_at_once.carbon_kg = f64::NAN,
        |plan| plan.broken_limits.push(broken("shed", "chat", Some(usize::MAX), f64::NAN, "inferences", 0.0)),
    ];
    for change in changes {
        breaks(&problem(), &plan(), "document", change);
    }
}

/// Numbers that are finite, but whose sums are not.
#[test]
fn huge_numbers_are_findings() {
    let changes: Vec<fn(&mut Plan)> = vec![
        |plan| plan.jobs[0].power_mw[0] = f64::MAX,
        |plan| plan.jobs[0].inferences = vec![f64::MAX; 2],
        |plan| plan.services[0].shed[0] = f64::MAX,
        |plan| drop(plan.services[0].point_inferences.insert("a".into(), vec![vec![f64::MAX; 2]])),
        |plan| plan.batteries[0].charge_mw = vec![f64::MAX; 2],
        |plan| plan.batteries[0].soc_mwh = vec![f64::MAX; 2],
        |plan| plan.regions[0].it_mw = vec![f64::MAX; 2],
        |plan| plan.regions[0].facility_mw = vec![f64::MAX; 2],
        |plan| plan.regions[0].import_mw = vec![f64::MAX; 2],
        |plan| plan.regions[0].solar_used_mw = vec![f64::MAX; 2],
        |plan| plan.objective_gbp = f64::MAX,
        |plan| (plan.objective_gbp, plan.bound_gbp) = (f64::MAX, f64::MIN),
        |plan| plan.totals.inferences = f64::MAX,
        |plan| plan.totals.cost_gbp_per_inference = Some(f64::MAX),
        |plan| plan.broken_limits.push(broken("shed", "chat", Some(usize::MAX), f64::MAX, "inferences", 0.0)),
        |plan| plan.jobs[0].pauses = u32::MAX,
    ];
    for (i, change) in changes.into_iter().enumerate() {
        let mut changed = plan();
        passes(&problem(), &changed);
        change(&mut changed);
        assert!(!changed.check(&problem()).passed(), "change {i} was not found");
    }
}

#[test]
fn a_plan_of_another_problem_is_found() {
    let other = Problem::builder(horizon(60, 3)).region(Region::new("x")).build().unwrap();
    let check = plan().check(&other);
    assert!(check.findings.iter().any(|finding| finding.rule == "hash"));
    assert!(check.findings.iter().any(|finding| finding.rule == "document"));
    assert!(check.to_string().contains("belongs to problem"));
}
