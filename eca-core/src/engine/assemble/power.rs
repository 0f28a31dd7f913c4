//! Power and stored energy, rounded so that balances and limits still hold.

use super::{Decision, QUANTUM};
use crate::engine::Run;
use crate::plan::{BatteryPlan, RegionPlan, ServicePlan};
use crate::schedule::Account;
use crate::unit::{inferences_to_mw, round_to};

/// Charge and discharge to the nearest watt. Each period aims at the stored energy of the exact answer, so that rounding
/// does not add up: it stays within 1 Wh of the limits and is as often for as against.
pub(super) fn batteries(run: &Run<'_>, decision: &Decision) -> Vec<BatteryPlan> {
    let h = run.problem.horizon().step_h();
    let each = run.problem.batteries().iter().zip(&decision.storage);
    each.map(|(battery, (charges, discharges))| {
        let (into, out) = (h * battery.charge_efficiency, h / battery.discharge_efficiency);
        let (mut exact, mut soc) = (battery.soc_mwh, battery.soc_mwh);
        let mut plan = BatteryPlan { id: battery.id.clone(), charge_mw: vec![], discharge_mw: vec![], soc_mwh: vec![] };
        for (&charge, &discharge) in charges.iter().zip(discharges) {
            exact += into * charge - out * discharge;
            let change = exact - soc;
            let (mut charged, mut discharged) = (0.0, 0.0);
            if charge > discharge && change > 0.0 {
                charged = round_inwards(change / into, battery.power_capacity_mw);
            } else if discharge > charge && change < 0.0 {
                discharged = round_inwards(-change / out, battery.power_capacity_mw);
            }
            soc += into * charged - out * discharged;
            plan.charge_mw.push(charged);
            plan.discharge_mw.push(discharged);
            plan.soc_mwh.push(round_to(soc.clamp(0.0, battery.energy_capacity_mwh), QUANTUM));
        }
        plan
    })
    .collect()
}

/// Rounds to the quantum, down where up would exceed the limit.
fn round_inwards(value: f64, limit: f64) -> f64 {
    let rounded = round_to(value, QUANTUM);
    let rounded = if rounded > limit { round_to((limit / QUANTUM).floor() * QUANTUM, QUANTUM) } else { rounded };
    rounded.max(0.0)
}

/// Power at each region: IT from jobs and services, facility from IT, import or export from the balance.
pub(super) fn regions(
    run: &Run<'_>,
    decision: &Decision,
    accounts: &[Account],
    services: &[ServicePlan],
    batteries: &[BatteryPlan],
) -> Vec<RegionPlan> {
    let problem = run.problem;
    let horizon = problem.horizon();
    let h = horizon.step_h();
    let mut batch_mw = vec![vec![0.0; horizon.periods]; problem.regions().len()];
    for step in accounts.iter().flat_map(|account| &account.steps) {
        batch_mw[step.region][step.period] += step.mw;
    }
    let each = problem.regions().iter().enumerate();
    each.map(|(r, region)| {
        let mut plan = RegionPlan {
            id: region.id.clone(),
            it_mw: vec![],
            facility_mw: vec![],
            import_mw: vec![],
            export_mw: vec![],
            solar_used_mw: vec![],
        };
        for t in 0..horizon.periods {
            let online: f64 = problem
                .services()
                .iter()
                .zip(services)
                .filter_map(|(service, plan)| Some((service, plan.point_inferences.get(&region.id)?)))
                .flat_map(|(service, points)| service.points.iter().zip(points))
                .map(|(point, values)| inferences_to_mw(values[t], point.wh_per_inference, h))
                .sum();
            let it = batch_mw[r][t] + online;
            let facility = region.overhead_mw.at(t) + region.pue_slope.at(t) * it;
            let storage: f64 = problem
                .batteries()
                .iter()
                .zip(batteries)
                .filter(|(battery, _)| battery.region == region.id)
                .map(|(_, plan)| plan.discharge_mw[t] - plan.charge_mw[t])
                .sum();
            let facility = round_to(facility, QUANTUM);
            let mut solar = round_inwards(decision.solar[r][t], region.solar_mw.at(t));
            let mut net = facility - storage - solar;
            // A watt more than the export limit from rounding is a watt of solar not used.
            let over = (-net - region.export_limit_mw.at(t)).max(0.0);
            if over > 0.0 && solar > 0.0 {
                let cut = over.min(solar);
                solar -= cut;
                net += cut;
            }
            plan.it_mw.push(round_to(it, QUANTUM));
            plan.facility_mw.push(facility);
            plan.solar_used_mw.push(round_to(solar, QUANTUM));
            plan.import_mw.push(round_to(net.max(0.0), QUANTUM));
            plan.export_mw.push(round_to((-net).max(0.0), QUANTUM));
        }
        plan
    })
    .collect()
}
