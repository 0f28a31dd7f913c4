//! Batteries: `soc[t] = soc[t-1] + h * (charge_efficiency * charge - discharge / discharge_efficiency)`.
//!
//! Never charge and discharge at once: a binary for a period is added once an answer does both there, which happens at
//! prices of zero or below.

use super::{Draft, Frame, Rule, StorageColumns};
use crate::milp::Tag;
use crate::problem::Battery;

pub(super) struct Storage;

impl Rule for Storage {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        let h = frame.h;
        for (b, battery) in frame.problem.batteries().iter().enumerate() {
            let Some(r) = frame.problem.regions().iter().position(|region| region.id == battery.region) else {
                continue;
            };
            let mut columns = StorageColumns::default();
            let wear = h * battery.wear_gbp_per_mwh;
            let floor = battery.soc_min_mwh.min(battery.soc_mwh);
            for t in 0..frame.periods {
                let tag = |rule| Tag::new(rule).object(b).period(t);
                let milp = &mut draft.milp;
                let charge = milp.continuous(0.0, battery.power_capacity_mw, wear, tag("charge_mw"));
                let discharge = milp.continuous(0.0, battery.power_capacity_mw, wear, tag("discharge_mw"));
                columns.charge.push(charge);
                columns.discharge.push(discharge);
                columns.soc.push(milp.continuous(floor, battery.energy_capacity_mwh, 0.0, tag("soc_mwh")));
                draft.supply.at_mut((r, t)).columns.extend([(discharge, 1.0), (charge, -1.0)]);
            }
            if battery.end_soc_min_mwh.is_some() {
                let price = frame.ladder.end_soc_gbp_per_mwh;
                let short = draft.milp.continuous(0.0, f64::INFINITY, price, Tag::new("end_soc").object(b));
                columns.end_shortfall = Some(short);
            }
            draft.storage.push(columns);
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        let h = frame.h;
        for (b, (battery, columns)) in frame.problem.batteries().iter().zip(draft.storage.clone()).enumerate() {
            for t in 0..frame.periods {
                let (charge, discharge, soc) = (columns.charge[t], columns.discharge[t], columns.soc[t]);
                let tag = |rule| Tag::new(rule).object(b).period(t);
                let mut terms = vec![
                    (soc, 1.0),
                    (charge, -h * battery.charge_efficiency),
                    (discharge, h / battery.discharge_efficiency),
                ];
                let mut start = battery.soc_mwh;
                if let Some(before) = t.checked_sub(1) {
                    terms.push((columns.soc[before], -1.0));
                    start = 0.0;
                }
                draft.milp.row(start, start, &terms, tag("soc_balance"));
                if frame.lazy.storage.contains(&(b, t)) {
                    let power = battery.power_capacity_mw;
                    let charging = draft.milp.binary(0.0, tag("charging"));
                    let free = f64::NEG_INFINITY;
                    draft.milp.row(free, 0.0, &[(charge, 1.0), (charging, -power)], tag("exclusive_charge"));
                    draft.milp.row(free, power, &[(discharge, 1.0), (charging, power)], tag("exclusive_discharge"));
                    tighten(draft, battery, &columns, h, t, tag("exclusive"));
                }
            }
            if let (Some(end), Some(short), Some(&last)) =
                (battery.end_soc_min_mwh, columns.end_shortfall, columns.soc.last())
            {
                draft.milp.row(end, f64::INFINITY, &[(last, 1.0), (short, 1.0)], Tag::new("end_soc").object(b));
            }
        }
    }
}

/// What holds when only one of the two happens: all that is charged fits into what was empty, all that is discharged
/// was there. The binaries imply it; saying so makes their relaxation tight.
fn tighten(draft: &mut Draft, battery: &Battery, columns: &StorageColumns, h: f64, t: usize, tag: Tag) {
    let floor = battery.soc_min_mwh.min(battery.soc_mwh);
    let (charge, discharge) = (columns.charge[t], columns.discharge[t]);
    let (before, known) = match t.checked_sub(1) {
        Some(before) => (Some(columns.soc[before]), 0.0),
        None => (None, battery.soc_mwh),
    };
    let mut into = vec![(charge, h * battery.charge_efficiency)];
    into.extend(before.map(|soc| (soc, 1.0)));
    draft.milp.row(f64::NEG_INFINITY, battery.energy_capacity_mwh - known, &into, tag);
    let mut out = vec![(discharge, h / battery.discharge_efficiency)];
    out.extend(before.map(|soc| (soc, -1.0)));
    draft.milp.row(f64::NEG_INFINITY, known - floor, &out, tag);
}
