//! Money, carbon and broken limits of a plan, from its rounded numbers.

use super::round_gbp;
use crate::engine::Run;
use crate::model::windows;
use crate::plan::{BrokenLimit, Plan, Totals};
use crate::problem::{CapKind, CapMetric, CarbonCap};
use crate::schedule::Account;
use crate::unit::{carbon_kg, g_to_kg, inferences_to_millions, kg_to_g, round_to};
use std::ops::Range;

/// Amounts up to these come from rounding: W, Wh, an inference.
const LEAST_MW: f64 = 2e-6;
const LEAST_MWH: f64 = 2e-6;
const LEAST_INFERENCES: f64 = 1.0;
const LEAST_FRAC: f64 = 1e-9;

/// Fills in totals, broken limits and objective.
pub(super) fn settle(run: &Run<'_>, accounts: &[Account], plan: &mut Plan) {
    plan.broken_limits = broken(run, plan);
    let cost = energy_gbp(run, plan) + service_gbp(run, plan) - super::market::paid_gbp(run, plan)
        + accounts.iter().map(|a| a.cost_gbp).sum::<f64>();
    let penalty: f64 = plan.broken_limits.iter().map(|limit| limit.price_gbp).sum();
    let all = 0..run.problem.horizon().periods;
    let regions = 0..run.problem.regions().len();
    let carbon = regions.clone().map(|r| region_kg(run, plan, r, all.clone())).sum::<f64>();
    let inferences = regions.map(|r| region_inferences(run, plan, r, all.clone())).sum::<f64>();
    let ratio = |value: f64| (inferences > 0.0).then(|| value / inferences);
    plan.totals = Totals {
        cost_gbp: round_gbp(cost),
        penalty_gbp: round_gbp(penalty),
        energy_mwh: round_to(facility_mwh(run, plan), super::QUANTUM),
        carbon_kg: round_to(carbon, super::QUANTUM),
        inferences: inferences + 0.0,
        cost_gbp_per_inference: ratio(round_gbp(cost)),
        carbon_g_per_inference: ratio(kg_to_g(round_to(carbon, super::QUANTUM))),
    };
    plan.objective_gbp = round_gbp(plan.totals.cost_gbp + plan.totals.penalty_gbp);
}

fn energy_gbp(run: &Run<'_>, plan: &Plan) -> f64 {
    let h = run.problem.horizon().step_h();
    let regions = run.problem.regions().iter().zip(&plan.regions).map(|(region, power)| {
        let bought: f64 = power
            .import_mw
            .iter()
            .enumerate()
            .map(|(t, import)| {
                let price = region.import_price_gbp_per_mwh.at(t)
                    + region.network_charge_gbp_per_mwh.at(t)
                    + region.congestion_gbp_per_mwh.at(t);
                h * import * price
            })
            .sum();
        let sold: f64 = power
            .export_mw
            .iter()
            .enumerate()
            .map(|(t, export)| h * export * region.export_price_gbp_per_mwh.at(t))
            .sum();
        let peak = power.import_mw.iter().copied().fold(0.0, f64::max);
        bought - sold + region.demand_charge_gbp_per_mw * peak
    });
    let wear = run.problem.batteries().iter().zip(&plan.batteries).map(|(battery, power)| {
        let through: f64 = power.charge_mw.iter().chain(&power.discharge_mw).sum();
        h * through * battery.wear_gbp_per_mwh
    });
    regions.chain(wear).sum()
}

fn service_gbp(run: &Run<'_>, plan: &Plan) -> f64 {
    let each = run.problem.services().iter().zip(&plan.services);
    each.flat_map(|(service, served)| {
        served.inferences.iter().map(|(region, values)| {
            inferences_to_millions(values.iter().sum()) * service.routing_cost_gbp_per_million.of(region)
        })
    })
    .sum()
}

fn facility_mwh(run: &Run<'_>, plan: &Plan) -> f64 {
    let h = run.problem.horizon().step_h();
    plan.regions.iter().flat_map(|region| &region.facility_mw).sum::<f64>() * h
}

/// Carbon of the imports of a region, kg.
fn region_kg(run: &Run<'_>, plan: &Plan, r: usize, range: Range<usize>) -> f64 {
    let h = run.problem.horizon().step_h();
    let region = &run.problem.regions()[r];
    range.map(|t| carbon_kg(h * plan.regions[r].import_mw[t], region.carbon_g_per_kwh.at(t))).sum()
}

/// Inferences done in a region, batch and online.
fn region_inferences(run: &Run<'_>, plan: &Plan, r: usize, range: Range<usize>) -> f64 {
    let id = &run.problem.regions()[r].id;
    let copies = run.problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    let batch: f64 = plan
        .jobs
        .iter()
        .zip(copies)
        .map(|(job, shape)| match &job.shares {
            None => {
                let here = |t: &usize| job.region[*t].as_ref() == Some(id);
                range.clone().filter(here).map(|t| job.inferences[t]).sum::<f64>()
            }
            Some(shares) => {
                let points = shares.get(id).into_iter().flatten().zip(&shape.rate);
                points.map(|(share, rate)| share[range.clone()].iter().sum::<f64>() * rate * shape.inferences).sum()
            }
        })
        .sum();
    let online: f64 = plan
        .services
        .iter()
        .filter_map(|service| service.inferences.get(id))
        .map(|values| values[range.clone()].iter().sum::<f64>())
        .sum();
    batch + online
}

fn broken(run: &Run<'_>, plan: &Plan) -> Vec<BrokenLimit> {
    let mut broken = Vec::new();
    caps(run, plan, &mut broken);
    super::market::shortfalls(run, plan, &mut broken);
    super::market::guards(run, plan, &mut broken);
    super::market::rebounds(run, plan, &mut broken);
    super::market::reserves(run, plan, &mut broken);
    jobs(run, plan, &mut broken);
    let h = run.problem.horizon().step_h();
    for (service, served) in run.problem.services().iter().zip(&plan.services) {
        for (t, &shed) in served.shed.iter().enumerate().filter(|&(_, &shed)| shed >= LEAST_INFERENCES) {
            let price = inferences_to_millions(shed) * service.shed_penalty_gbp_per_million;
            broken.push(limit("shed", service.id.as_str(), Some(t), shed, "inferences", price));
        }
    }
    for (battery, power) in run.problem.batteries().iter().zip(&plan.batteries) {
        let (Some(end), Some(last)) = (battery.end_soc_min_mwh, power.soc_mwh.last()) else { continue };
        if end - last > LEAST_MWH {
            let price = (end - last) * run.ladder.end_soc_gbp_per_mwh;
            broken.push(limit("end_soc", battery.id.as_str(), None, end - last, "mwh", price));
        }
    }
    for (region, power) in run.problem.regions().iter().zip(&plan.regions) {
        // Import is what is left of facility, solar and each battery, all rounded.
        let batteries = run.problem.batteries().iter().filter(|battery| battery.region == region.id).count();
        #[allow(clippy::cast_precision_loss)]
        let rounded_terms = (1 + batteries) as f64;
        for t in 0..run.problem.horizon().periods {
            let connection = region.import_limit_mw.at(t) + region.nonfirm_import_mw.at(t);
            let import_limit =
                region.congestion_limit_mw.as_ref().map_or(connection, |most| connection.min(most.at(t)));
            let over = [
                ("it_overload", power.it_mw[t] - region.it_capacity_mw.at(t), LEAST_MW),
                ("import_overload", power.import_mw[t] - import_limit, rounded_terms * LEAST_MW),
            ];
            for (rule, amount, _) in over.into_iter().filter(|&(_, amount, least)| amount > least) {
                let price = h * amount * run.ladder.overload_gbp_per_mwh;
                broken.push(limit(rule, region.id.as_str(), Some(t), amount, "mw", price));
            }
        }
    }
    targets(run, plan, &mut broken);
    broken
}

/// Targets exceeded. Strict ones too: the caller refuses a plan with one of them.
fn targets(run: &Run<'_>, plan: &Plan, broken: &mut Vec<BrokenLimit>) {
    let horizon = run.problem.horizon();
    let h = horizon.step_h();
    for target in run.problem.targets() {
        let Some((region, power)) =
            run.problem.regions().iter().zip(&plan.regions).find(|(region, _)| region.id.as_str() == target.place())
        else {
            continue;
        };
        let batteries = run.problem.batteries().iter().filter(|battery| battery.region == region.id).count();
        #[allow(clippy::cast_precision_loss)]
        let least = (1 + batteries) as f64 * LEAST_MW;
        let price = crate::model::target_price(target, &run.ladder);
        let ramps = crate::model::ramps_mw(target, f64::from(horizon.step_min));
        for (t, &import) in power.import_mw.iter().enumerate() {
            let over = target.limit_mw(t).map_or(0.0, |most| import - most);
            let ramp = match ramps {
                Some((fall, rise)) if crate::model::ramps_at(target, t) => {
                    let before = power.import_mw[t - 1];
                    (before - import - fall).max(import - before - rise)
                }
                _ => 0.0,
            };
            for (rule, amount, least) in [("target", over, least), ("target_ramp", ramp, 2.0 * least)] {
                if amount > least {
                    broken.push(limit(rule, target.id.as_str(), Some(t), amount, "mw", h * amount * price));
                }
            }
        }
    }
}

pub(super) fn limit(
    rule: &str,
    object: &str,
    period: Option<usize>,
    amount: f64,
    unit: &str,
    price_gbp: f64,
) -> BrokenLimit {
    BrokenLimit {
        rule: rule.into(),
        object: object.into(),
        period,
        amount,
        unit: unit.into(),
        price_gbp: round_gbp(price_gbp),
    }
}

fn caps(run: &Run<'_>, plan: &Plan, broken: &mut Vec<BrokenLimit>) {
    for cap in run.problem.carbon_caps() {
        for range in windows(cap.window, run.problem.horizon()) {
            let excess = excess_kg(run, plan, cap, range.clone());
            if excess > rounding_kg(run, cap, range.clone()) {
                let price = if cap.kind == CapKind::Strict { 0.0 } else { cap.price_gbp_per_kg.unwrap_or(0.0) };
                broken.push(limit("carbon_cap", cap.id.as_str(), Some(range.start), excess, "kg", excess * price));
            }
        }
    }
}

/// Carbon above what a cap allows in a window, kg.
fn excess_kg(run: &Run<'_>, plan: &Plan, cap: &CarbonCap, range: Range<usize>) -> f64 {
    let h = run.problem.horizon().step_h();
    let regions = run.problem.regions().iter().enumerate();
    let in_scope = regions.filter(|(_, region)| cap.regions.as_ref().is_none_or(|ids| ids.contains(&region.id)));
    let (mut carbon, mut allowed) = (0.0, if cap.metric == CapMetric::Kg { cap.limit } else { 0.0 });
    for (r, _) in in_scope {
        carbon += region_kg(run, plan, r, range.clone());
        allowed += match cap.metric {
            CapMetric::Kg => 0.0,
            CapMetric::GPerKwh => {
                carbon_kg(h * plan.regions[r].facility_mw[range.clone()].iter().sum::<f64>(), cap.limit)
            }
            CapMetric::GPerInference => g_to_kg(cap.limit * region_inferences(run, plan, r, range.clone())),
        };
    }
    carbon - allowed
}

/// Carbon that rounding to the watt can add in a window, kg.
fn rounding_kg(run: &Run<'_>, cap: &CarbonCap, range: Range<usize>) -> f64 {
    let h = run.problem.horizon().step_h();
    let cells =
        run.problem.regions().iter().flat_map(|region| range.clone().map(move |t| region.carbon_g_per_kwh.at(t)));
    let facility = if cap.metric == CapMetric::GPerKwh { cap.limit } else { 0.0 };
    super::QUANTUM + cells.map(|carbon| carbon_kg(h * super::QUANTUM, carbon + facility)).sum::<f64>()
}

fn jobs(run: &Run<'_>, plan: &Plan, broken: &mut Vec<BrokenLimit>) {
    let copies = run.problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    for (shape, job) in copies.zip(&plan.jobs).filter(|(_, job)| job.undone_frac > LEAST_FRAC) {
        let object = if shape.count == 1 { job.id.to_string() } else { format!("{}#{}", job.id, job.copy) };
        let price = job.undone_frac * run.ladder.undone_gbp[shape.job];
        broken.push(limit("undone", &object, None, job.undone_frac, "frac", price));
    }
}
