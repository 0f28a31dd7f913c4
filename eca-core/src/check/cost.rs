//! Costs, totals, bound and outcome.
//!
//! ```text
//! money = sum h * import * (import_price + network_charge + congestion) - h * export * export_price
//!       + demand_charge_gbp_per_mw * max over t of import + sum h * wear * (charge + discharge)
//!       + startup, pause and migration costs of jobs + routing_cost_gbp_per_million * inferences routed / 1e6
//! objective_gbp = money + penalties;   gap = (objective - bound) / max(1, |objective|)
//! ```

use super::ledger::{Input, Ledger, Report, at};
use super::quantity::{CARBON_KG, ENERGY_MWH, FRAC, G_PER_KG, INFERENCES, MONEY_GBP, OPTIMAL_GAP, Sum};
use crate::Outcome;
use crate::plan::Totals;

/// Checks all sums; returns the totals as recomputed.
pub(super) fn check(input: &Input<'_>, ledger: &Ledger, report: &mut Report, penalty: Sum) -> Totals {
    let stated = &input.plan.totals;
    let cost = ledger.money_gbp.plus(energy_cost(input)).plus(wear(input));
    let energy = over_regions(input, |r, t| {
        let entry = input.plan.regions.get(r)?;
        Some(Sum::mw(at(&entry.facility_mw, t)).times(input.h))
    });
    let carbon = over_regions(input, |r, t| {
        let (region, entry) = (input.problem.regions().get(r)?, input.plan.regions.get(r)?);
        Some(Sum::mw(at(&entry.import_mw, t)).times(input.h * region.carbon_g_per_kwh.at(t)))
    });
    let inferences = ledger.total_inferences;
    for (field, sum, quantum, stated, unit) in [
        ("cost_gbp", cost, MONEY_GBP, stated.cost_gbp, "GBP"),
        ("penalty_gbp", penalty, MONEY_GBP, stated.penalty_gbp, "GBP"),
        ("energy_mwh", energy, ENERGY_MWH, stated.energy_mwh, "MWh"),
        ("carbon_kg", carbon, CARBON_KG, stated.carbon_kg, "kg"),
        ("inferences", inferences, INFERENCES, stated.inferences, "inferences"),
    ] {
        if !sum.restated(quantum).agrees(stated) {
            report.add("totals", field, None, format!("is {stated} {unit}, must be {} {unit}", sum.value));
        }
    }
    for (field, sum, scale, stated) in [
        ("cost_gbp_per_inference", cost, 1.0, stated.cost_gbp_per_inference),
        ("carbon_g_per_inference", carbon, G_PER_KG, stated.carbon_g_per_inference),
    ] {
        rate(report, field, sum.times(scale), inferences, stated);
    }
    objective(input, report, cost, penalty);
    let per_inference = |sum: Sum| (inferences.value > 0.0).then(|| sum.value / inferences.value);
    Totals {
        cost_gbp: cost.value,
        penalty_gbp: penalty.value,
        energy_mwh: energy.value,
        carbon_kg: carbon.value,
        inferences: inferences.value,
        cost_gbp_per_inference: per_inference(cost),
        carbon_g_per_inference: per_inference(carbon.times(G_PER_KG)),
    }
}

fn over_regions(input: &Input<'_>, value: impl Fn(usize, usize) -> Option<Sum>) -> Sum {
    let regions = 0..input.problem.regions().len();
    regions.flat_map(|r| (0..input.periods).map(move |t| (r, t))).filter_map(|(r, t)| value(r, t)).sum()
}

/// Imports, exports and demand charges.
fn energy_cost(input: &Input<'_>) -> Sum {
    let mut cost = Sum::default();
    for (region, entry) in input.problem.regions().iter().zip(&input.plan.regions) {
        let mut highest = 0.0_f64;
        for t in 0..input.periods {
            let price = region.import_price_gbp_per_mwh.at(t)
                + region.network_charge_gbp_per_mwh.at(t)
                + region.congestion_gbp_per_mwh.at(t);
            let (import, export) = (at(&entry.import_mw, t), at(&entry.export_mw, t));
            cost.add(Sum::mw(import).times(input.h * price));
            cost = cost.minus(Sum::mw(export).times(input.h * region.export_price_gbp_per_mwh.at(t)));
            highest = highest.max(import);
        }
        cost.add(Sum::mw(highest).times(region.demand_charge_gbp_per_mw));
    }
    cost
}

fn wear(input: &Input<'_>) -> Sum {
    let mut cost = Sum::default();
    for (battery, entry) in input.problem.batteries().iter().zip(&input.plan.batteries) {
        for power in entry.charge_mw.iter().chain(&entry.discharge_mw) {
            cost.add(Sum::mw(*power).times(input.h * battery.wear_gbp_per_mwh));
        }
    }
    cost
}

/// A sum for each inference: none without inferences.
fn rate(report: &mut Report, field: &str, sum: Sum, inferences: Sum, stated: Option<f64>) {
    let wrong = match stated {
        None => inferences.is_over(),
        Some(_) if inferences.value <= 0.0 => true,
        Some(stated) => {
            !sum.restated(inferences.slack * stated.abs() + FRAC * sum.value.abs()).agrees(stated * inferences.value)
        }
    };
    if wrong {
        let must = if inferences.value > 0.0 { (sum.value / inferences.value).to_string() } else { "none".to_owned() };
        let stated = stated.map_or("none".to_owned(), |stated| stated.to_string());
        report.add("totals", field, None, format!("is {stated}, must be {must}"));
    }
}

/// Objective, bound, gap and outcome.
fn objective(input: &Input<'_>, report: &mut Report, cost: Sum, penalty: Sum) {
    let plan = input.plan;
    let objective = cost.plus(penalty).restated(MONEY_GBP);
    let parts = Sum::rounded(plan.totals.cost_gbp, MONEY_GBP).plus(Sum::rounded(plan.totals.penalty_gbp, MONEY_GBP));
    for sum in [objective, parts.restated(MONEY_GBP)] {
        if !sum.agrees(plan.objective_gbp) {
            let message =
                format!("objective_gbp is {} GBP, cost and penalties are {} GBP", plan.objective_gbp, sum.value);
            report.add("objective", "plan", None, message);
            break;
        }
    }
    // Rounding the plan can make it cheaper than any exact one, by as much as rounding can move its cost.
    let bound = Sum::rounded(plan.bound_gbp, MONEY_GBP).minus(Sum::exact(plan.objective_gbp));
    if bound.restated(objective.slack).is_over() {
        let message = format!("bound_gbp is {} GBP, above the objective of {} GBP", plan.bound_gbp, plan.objective_gbp);
        report.add("bound", "plan", None, message);
    }
    let scale = plan.objective_gbp.abs().max(1.0);
    let gap = bound.times(-1.0 / scale);
    let expected = Sum { value: gap.value.max(0.0), slack: (gap.slack + MONEY_GBP / scale) + FRAC };
    if !expected.agrees(plan.gap) {
        report.add("gap", "plan", None, format!("gap is {}, objective and bound make it {}", plan.gap, expected.value));
    }
    let asked = plan.provenance.options.get("gap").and_then(|text| text.parse::<f64>().ok());
    let most = match plan.outcome {
        Outcome::Optimal => Some(OPTIMAL_GAP),
        Outcome::WithinGap => asked,
        Outcome::Limit => None,
    };
    let rounding = Sum { value: plan.gap, slack: objective.slack / scale + expected.slack };
    if let Some(most) = most.filter(|most| rounding.minus(Sum::exact(*most)).is_over()) {
        let message = format!("is called {}, but its gap is {}, at most {most}", plan.outcome, plan.gap);
        report.add("outcome", "plan", None, message);
    }
}
