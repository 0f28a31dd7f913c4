//! Batteries. Stored energy is recomputed from charge and discharge alone; what the plan states has to agree.
//!
//! ```text
//! 0 <= charge, discharge <= power_capacity_mw;   charge * discharge = 0
//! soc[t] = soc[t-1] + h * (charge_efficiency * charge[t] - discharge[t] / discharge_efficiency),   soc[-1] = soc_mwh
//! min(soc_min_mwh, soc_mwh) <= soc[t] <= energy_capacity_mwh
//! soc[T-1] >= end_soc_min_mwh - end_soc_shortfall
//! ```

use super::ledger::{Input, Ledger, Report, SoftLimit, at};
use super::quantity::{ENERGY_MWH, Sum};
use crate::Battery;
use crate::plan::BatteryPlan;
use crate::problem::BatteryId;

/// The name of a battery in findings.
pub(super) fn object(id: &BatteryId) -> String {
    format!("battery `{id}`")
}

/// Checks all batteries.
pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report) {
    for (battery, entry) in input.problem.batteries().iter().zip(&input.plan.batteries) {
        let object = object(&battery.id);
        power(input, report, battery, entry, &object);
        let end = energy(input, report, battery, entry, &object);
        if let Some(wanted) = battery.end_soc_min_mwh {
            ledger.limit(SoftLimit {
                rule: "end_soc",
                object: battery.id.to_string(),
                period: None,
                whole_horizon: true,
                excess: Sum::exact(wanted).minus(end),
                unit: "mwh",
                quantum: ENERGY_MWH,
                price_gbp: input.prices.end_soc_gbp_per_mwh,
            });
        }
    }
}

fn power(input: &Input<'_>, report: &mut Report, battery: &Battery, entry: &BatteryPlan, object: &str) {
    let most = battery.power_capacity_mw;
    for t in 0..input.periods {
        let (charge, discharge) = (at(&entry.charge_mw, t), at(&entry.discharge_mw, t));
        if charge > 0.0 && discharge > 0.0 {
            let message = format!("charges {charge} MW and discharges {discharge} MW at once");
            report.add("exclusive", object, Some(t), message);
        }
        for (name, value) in [("charge_mw", charge), ("discharge_mw", discharge)] {
            if Sum::mw(value).minus(Sum::exact(most)).is_over() {
                report.add("battery_power", object, Some(t), format!("{name} is {value} MW, at most {most} MW"));
            }
        }
    }
}

/// Follows the stored energy and returns what is left at the end. After the first period in which the stated energy
/// differs the later ones say nothing new.
fn energy(input: &Input<'_>, report: &mut Report, battery: &Battery, entry: &BatteryPlan, object: &str) -> Sum {
    let least = battery.soc_min_mwh.min(battery.soc_mwh);
    let most = battery.energy_capacity_mwh;
    let mut soc = Sum::exact(battery.soc_mwh);
    let mut agreed = true;
    for t in 0..input.periods {
        let stored = Sum::mw(at(&entry.charge_mw, t)).times(input.h * battery.charge_efficiency);
        let taken = Sum::mw(at(&entry.discharge_mw, t)).times(input.h / battery.discharge_efficiency);
        soc = soc.plus(stored).minus(taken);
        let stated = at(&entry.soc_mwh, t);
        if agreed && !soc.restated(ENERGY_MWH).agrees(stated) {
            let message = format!("soc_mwh is {stated} MWh, charge and discharge make it {} MWh", soc.value);
            report.add("soc_balance", object, Some(t), message);
            agreed = false;
        }
        if Sum::exact(least).minus(soc).is_over() || soc.minus(Sum::exact(most)).is_over() {
            let message = format!("stores {} MWh, must be {least} to {most} MWh", soc.value);
            report.add("soc_bounds", object, Some(t), message);
        }
    }
    soc
}
