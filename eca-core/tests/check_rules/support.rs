//! Plans written by hand.

use eca_core::plan::{BatteryPlan, BrokenLimit, JobPlan, RegionPlan, ServicePlan, Totals};
use eca_core::{Horizon, Plan, Problem, Timestamp};
use std::collections::BTreeMap;

pub(crate) fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

pub(crate) fn horizon(step_min: u32, periods: usize) -> Horizon {
    Horizon::new(time("2026-03-02T00:00:00Z"), step_min, periods).unwrap()
}

/// An optimal plan without anything in it.
pub(crate) fn empty(problem: &Problem) -> Plan {
    let totals = r#"{"cost_gbp":0.0,"penalty_gbp":0.0,"energy_mwh":0.0,"carbon_kg":0.0,"inferences":0.0,
        "cost_gbp_per_inference":null,"carbon_g_per_inference":null}"#;
    let hash = problem.hash();
    Plan::from_json(&format!(
        r#"{{"format":"eca-plan/1","problem_hash":"{hash}","outcome":"optimal","engine":"by_hand",
        "engine_reason":"test","objective_gbp":0.0,"bound_gbp":0.0,"gap":0.0,"totals":{totals},
        "references":{{"run_at_once":{totals},"cheapest_start":{totals}}},"jobs":[],"services":[],"batteries":[],
        "regions":[],"broken_limits":[],
        "provenance":{{"solver":"none","solver_version":"0","options":{{}},"eca_version":"0"}}}}"#
    ))
    .unwrap()
}

/// Sets the totals, and objective and bound that follow from them.
pub(crate) fn totals(plan: &mut Plan, cost: f64, penalty: f64, energy_mwh: f64, carbon_kg: f64, inferences: f64) {
    plan.totals = Totals {
        cost_gbp: cost,
        penalty_gbp: penalty,
        energy_mwh,
        carbon_kg,
        inferences,
        cost_gbp_per_inference: (inferences > 0.0).then(|| cost / inferences),
        carbon_g_per_inference: (inferences > 0.0).then(|| carbon_kg * 1000.0 / inferences),
    };
    plan.objective_gbp = cost + penalty;
    plan.bound_gbp = cost + penalty;
}

/// A job that is done at `end`; `cells` is region and point for each period.
pub(crate) fn job(
    id: &str,
    cells: &[Option<(&str, usize)>],
    power_mw: &[f64],
    inferences: &[f64],
    end: &str,
) -> JobPlan {
    JobPlan {
        id: id.into(),
        copy: 0,
        region: cells.iter().map(|cell| cell.map(|(region, _)| region.into())).collect(),
        point: cells.iter().map(|cell| cell.map(|(_, point)| point)).collect(),
        shares: None,
        power_mw: power_mw.to_vec(),
        inferences: inferences.to_vec(),
        finished_at: Some(time(end)),
        pauses: 0,
        migrations: 0,
        undone_frac: 0.0,
    }
}

/// A region that takes all its power from the grid, with a PUE slope of 1 and no overhead.
pub(crate) fn plain(id: &str, mw: &[f64]) -> RegionPlan {
    region(id, [mw, mw, mw, &vec![0.0; mw.len()], &vec![0.0; mw.len()]])
}

/// A region from IT, facility, import, export and solar, MW.
pub(crate) fn region(id: &str, [it, facility, import, export, solar]: [&[f64]; 5]) -> RegionPlan {
    RegionPlan {
        id: id.into(),
        it_mw: it.to_vec(),
        facility_mw: facility.to_vec(),
        import_mw: import.to_vec(),
        export_mw: export.to_vec(),
        solar_used_mw: solar.to_vec(),
    }
}

pub(crate) fn battery(id: &str, charge: &[f64], discharge: &[f64], soc: &[f64]) -> BatteryPlan {
    BatteryPlan { id: id.into(), charge_mw: charge.to_vec(), discharge_mw: discharge.to_vec(), soc_mwh: soc.to_vec() }
}

/// A service from inferences by region, point and period.
pub(crate) fn service(id: &str, points: &[(&str, &[&[f64]])], shed: &[f64]) -> ServicePlan {
    let mut entry = ServicePlan {
        id: id.into(),
        inferences: BTreeMap::new(),
        point_inferences: BTreeMap::new(),
        shed: shed.to_vec(),
    };
    for (region, rows) in points {
        let sums = (0..shed.len()).map(|t| rows.iter().map(|row| row[t]).sum()).collect();
        entry.inferences.insert((*region).into(), sums);
        entry.point_inferences.insert((*region).into(), rows.iter().map(|row| row.to_vec()).collect());
    }
    entry
}

pub(crate) fn broken(
    rule: &str,
    object: &str,
    period: Option<usize>,
    amount: f64,
    unit: &str,
    price: f64,
) -> BrokenLimit {
    BrokenLimit { rule: rule.into(), object: object.into(), period, amount, unit: unit.into(), price_gbp: price }
}

#[track_caller]
pub(crate) fn passes(problem: &Problem, plan: &Plan) {
    let check = plan.check(problem);
    assert!(check.passed(), "{check}");
}

/// The plan passes; changed by `change` it is found to break `rule`.
#[track_caller]
pub(crate) fn breaks(problem: &Problem, plan: &Plan, rule: &str, change: impl FnOnce(&mut Plan)) {
    passes(problem, plan);
    let mut changed = plan.clone();
    change(&mut changed);
    let check = changed.check(problem);
    assert!(check.findings.iter().any(|finding| finding.rule == rule), "no `{rule}` among:\n{check}");
}

/// The plan passes; for a changed problem it is found to break `rule`. The hash is made to fit.
#[track_caller]
pub(crate) fn breaks_in(problem: &Problem, plan: &Plan, rule: &str) {
    let mut plan = plan.clone();
    plan.problem_hash = problem.hash();
    let check = plan.check(problem);
    assert!(check.findings.iter().any(|finding| finding.rule == rule), "no `{rule}` among:\n{check}");
}

/// As [`breaks_in`], but the plan is right for this problem too.
#[track_caller]
pub(crate) fn passes_in(problem: &Problem, plan: &Plan) {
    let mut plan = plan.clone();
    plan.problem_hash = problem.hash();
    passes(problem, &plan);
}
