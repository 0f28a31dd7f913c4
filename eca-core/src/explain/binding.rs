//! What stops the plan from being cheaper, dearest first.

use super::document::{BatteryPrices, Binding, CapPrices, Explanation, Limit, RegionPrices};
use super::prices::{PRICE_QUANTUM, price};
use crate::{Battery, Horizon, Problem};

/// `deadlines` has what one period more saves, by job; `sold` what is asked of the sites and owed by them.
pub(super) fn list(
    explanation: &Explanation,
    problem: &Problem,
    deadlines: &[(usize, f64)],
    sold: Vec<Binding>,
) -> Vec<Binding> {
    let horizon = problem.horizon();
    let mut all: Vec<Binding> = Vec::new();
    explanation.regions.iter().for_each(|region| of_region(region, horizon, &mut all));
    let batteries = problem.batteries().iter().zip(&explanation.batteries);
    batteries.for_each(|(battery, prices)| of_battery(battery, prices, &mut all));
    explanation.carbon_caps.iter().for_each(|cap| of_cap(cap, horizon, &mut all));
    deadlines.iter().for_each(|&(job, worth)| of_deadline(problem, job, worth, &mut all));
    all.extend(sold);
    // The sort is stable: what is worth the same stays in the order of the document.
    all.sort_by(|a, b| b.worth_gbp.total_cmp(&a.worth_gbp));
    all
}

pub(super) fn push(
    all: &mut Vec<Binding>,
    limit: Limit,
    object: &str,
    unit: &str,
    periods: Vec<usize>,
    worth: f64,
    what: String,
) {
    let worth = price(worth);
    if worth < 2.0 * PRICE_QUANTUM {
        return;
    }
    // A limit from below is relieved by less of it.
    let change =
        if matches!(limit, Limit::BatteryReserve | Limit::EndSoc | Limit::Commitment) { "less" } else { "more" };
    let text = format!("{what}: one {} {change} saves {worth:.2} GBP", name(unit));
    all.push(Binding { limit, object: object.into(), periods, worth_gbp: worth, unit: unit.into(), text });
}

fn name(unit: &str) -> &str {
    match unit {
        "mw" => "MW",
        "mwh" => "MWh",
        other => other,
    }
}

/// "in 3 periods, first 2026-03-02T09:00:00Z".
pub(super) fn when(periods: &[usize], horizon: &Horizon) -> String {
    let first = periods.first().map_or(horizon.start, |&t| horizon.start_of(t));
    match periods.len() {
        1 => format!("at {first}"),
        count => format!("in {count} periods, first {first}"),
    }
}

fn of_region(region: &RegionPrices, horizon: &Horizon, all: &mut Vec<Binding>) {
    let limits = [
        (Limit::ItCapacity, &region.it_capacity_gbp_per_mw, "IT capacity of", "is full"),
        (Limit::ImportLimit, &region.import_limit_gbp_per_mw, "the import limit of", "is reached"),
        (Limit::ExportLimit, &region.export_limit_gbp_per_mw, "the export limit of", "is reached"),
        (Limit::Solar, &region.solar_gbp_per_mw, "solar of", "is used up"),
    ];
    for (limit, values, what, state) in limits {
        let periods: Vec<usize> = (0..values.len()).filter(|&t| values[t] > PRICE_QUANTUM).collect();
        let text = format!("{what} `{}` {state} {}", region.id, when(&periods, horizon));
        push(all, limit, region.id.as_str(), "mw", periods, values.iter().sum(), text);
    }
}

fn of_battery(battery: &Battery, prices: &BatteryPrices, all: &mut Vec<Binding>) {
    let id = battery.id.as_str();
    // An empty battery is no reserve that could be given up.
    let reserve = if battery.soc_min_mwh > 0.0 { prices.reserve_gbp_per_mwh } else { 0.0 };
    let limits = [
        (Limit::BatteryPower, prices.power_capacity_gbp_per_mw, "mw", "works at full power"),
        (Limit::BatteryEnergy, prices.energy_capacity_gbp_per_mwh, "mwh", "is full"),
        (Limit::BatteryReserve, reserve, "mwh", "is at its reserve"),
        (Limit::EndSoc, prices.end_soc_gbp_per_mwh, "mwh", "must end as full as it does"),
    ];
    for (limit, worth, unit, state) in limits {
        push(all, limit, id, unit, Vec::new(), worth, format!("battery `{id}` {state}"));
    }
}

fn of_cap(cap: &CapPrices, horizon: &Horizon, all: &mut Vec<Binding>) {
    let binding = cap.windows.iter().filter(|window| window.carbon_gbp_per_kg > PRICE_QUANTUM);
    let periods: Vec<usize> = binding.clone().map(|window| window.first_period).collect();
    let worth = binding.map(|window| window.carbon_gbp_per_kg).sum();
    let text = match (cap.windows.len(), periods.len()) {
        (0 | 1, _) => format!("carbon cap `{}` is reached", cap.id),
        (_, count) => format!(
            "carbon cap `{}` is reached in {count} of its windows, the first from {}",
            cap.id,
            when(&periods[..periods.len().min(1)], horizon).trim_start_matches("at ")
        ),
    };
    push(all, Limit::CarbonCap, cap.id.as_str(), "kg", periods, worth, text);
}

fn of_deadline(problem: &Problem, job: usize, worth: f64, all: &mut Vec<Binding>) {
    let job = &problem.jobs()[job];
    let Some(deadline) = job.deadline else { return };
    let text = format!("job `{}` must be done by {deadline}", job.id);
    push(all, Limit::Deadline, job.id.as_str(), "period", Vec::new(), worth, text);
}
