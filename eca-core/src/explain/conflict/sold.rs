//! Changes of power targets and commitments: what they say, and what they make of a document.

use super::document::Change;
use super::market::{Owed, Raise};
use super::repair::{MW_QUANTUM, digits_up, mw_up, short};
use crate::model::{ramps_mw, settlement_h};
use crate::problem::{Commitment, PowerTarget, ProblemDocument, TargetPower};
use crate::{Problem, Series, SettlementPeriod};

/// Less than this is rounding, MW or MWh.
const NOTHING: f64 = 1e-6;

/// Every target raised as far as it gave way.
pub(super) fn target_changes(problem: &Problem, owed: &Owed, margin: f64) -> Vec<Change> {
    let step_min = f64::from(problem.horizon().step_min);
    let mut changes = Vec::new();
    for &(k, raise, mw) in owed.raised.iter().filter(|(.., mw)| *mw > NOTHING) {
        let target = &problem.targets()[k];
        let (field, from, by, unit) = match raise {
            Raise::Power => ("power_mw", highest(&target.power_mw), mw, "mw"),
            Raise::Rebound => ("rebound_max_mw", target.rebound_max_mw.unwrap_or(0.0), mw, "mw"),
            Raise::Ramp => {
                let ramp = target.ramp_mw_per_min.unwrap_or(0.0);
                let fall = ramps_mw(target, step_min).map_or(0.0, |(fall, _)| fall);
                ("ramp_mw_per_min", ramp, mw * ramp / fall.max(NOTHING), "mw_per_min")
            }
        };
        let to = match raise {
            Raise::Ramp => digits_up(from + by * (1.0 + margin)),
            _ => mw_up(from, by * (1.0 + margin)),
        };
        changes.push(Change::number("targets", target.id.as_str(), field, [from, to], unit));
    }
    changes
}

/// The highest power that is asked for, MW.
pub(super) fn highest(power: &TargetPower) -> f64 {
    match power {
        TargetPower::Constant(power) => *power,
        TargetPower::Values(values) => values.iter().flatten().copied().fold(0.0, f64::max),
    }
}

/// Less sold in every settlement period in which something is missing, and guards and rebounds as wide as they gave way.
pub(super) fn commitment_changes(problem: &Problem, owed: &Owed, margin: f64) -> Vec<Change> {
    let mut changes = Vec::new();
    let mut less_mwh = vec![0.0; problem.commitments().len()];
    let mut given_up = vec![0; problem.commitments().len()];
    for short in &owed.short {
        let own = &problem.commitments()[short.commitment];
        let from = own.committed_mw.at(short.index);
        let due_part = 1.0 - own.penalty.tolerance_frac;
        let by = short.mwh / (settlement_h() * due_part.max(NOTHING)) * (1.0 + margin);
        let (field, to) = if short.given_up {
            given_up[short.commitment] += 1;
            ("settlement_periods", 0.0)
        } else if short.mwh > NOTHING {
            let to = ((from - by + 1e-9) / MW_QUANTUM).floor() * MW_QUANTUM;
            ("committed_mw", crate::unit::round_to(to, 1e-6).max(0.0))
        } else {
            continue;
        };
        less_mwh[short.commitment] += settlement_h() * (from - to);
        let settlement_period = own.settlement_periods.get(short.index).copied();
        let one = Change::number("commitments", own.id.as_str(), field, [from, to], "mw");
        changes.push(Change { settlement_period, ..one });
    }
    for (f, own) in problem.commitments().iter().enumerate() {
        // With its last settlement period the commitment is gone.
        if given_up[f] == own.settlement_periods.len() {
            continue;
        }
        if let Some(guard) = own.guard.as_ref().filter(|_| owed.guard_mwh[f] > NOTHING) {
            let to = mw_up(guard.room_mw, owed.guard_mwh[f] / settlement_h() * (1.0 + margin));
            changes.push(Change::number("commitments", own.id.as_str(), "guard.room_mw", [guard.room_mw, to], "mw"));
        }
        if let Some(rebound) = own.rebound.as_ref().filter(|_| owed.rebound_mwh[f] > NOTHING) {
            let left = sold_mwh(own) - less_mwh[f];
            let to = digits_up(rebound.max_frac + owed.rebound_mwh[f] * (1.0 + margin) / left.max(NOTHING));
            changes.push(Change::number(
                "commitments",
                own.id.as_str(),
                "rebound.max_frac",
                [rebound.max_frac, to],
                "frac",
            ));
        }
    }
    changes
}

/// All that a commitment sells, MWh.
pub(super) fn sold_mwh(own: &Commitment) -> f64 {
    (0..own.settlement_periods.len()).map(|i| settlement_h() * own.committed_mw.at(i)).sum()
}

/// The change as a part of what the commitment sells, of what its guard allows, or of the target.
pub(super) fn relative(problem: &Problem, change: &Change, from: f64, to: f64) -> f64 {
    let own = problem.commitments().iter().find(|own| change.list == "commitments" && own.id.as_str() == change.id);
    let of = match (own, change.field.as_str()) {
        (Some(own), "committed_mw" | "settlement_periods") => sold_mwh(own) / settlement_h(),
        (Some(own), "guard.room_mw") => own.guard.as_ref().map_or(1.0, |guard| guard.import_mw.max()).max(1.0),
        (Some(_), _) => 1.0,
        (None, _) => from.abs(),
    };
    (to - from).abs() / of.max(1e-9)
}

/// What a change of a target or a commitment is called.
pub(super) fn words(change: &Change, from: f64, to: f64) -> String {
    let id = &change.id;
    let more = short(to - from);
    match change.field.as_str() {
        "power_mw" => format!("{more} MW more for power target `{id}`"),
        "rebound_max_mw" => format!("{more} MW more after power target `{id}`"),
        "ramp_mw_per_min" => format!("{more} MW/min more ramp for power target `{id}`"),
        "guard.room_mw" => format!("{more} MW more before commitment `{id}`"),
        "rebound.max_frac" => {
            format!("{} % instead of {} % back after commitment `{id}`", short(100.0 * to), short(100.0 * from))
        }
        field => {
            let period = change.settlement_period.map(|period| period.to_string()).unwrap_or_default();
            let mwh = short(settlement_h() * (from - to));
            if field == "settlement_periods" {
                format!("commitment `{id}` is given up in {period} ({mwh} MWh)")
            } else {
                format!("commitment `{id}` falls {mwh} MWh short in {period}")
            }
        }
    }
}

/// Makes a change of a target; none where there is no such field.
pub(super) fn change_target(target: &mut PowerTarget, field: &str, to: f64) -> Option<()> {
    match field {
        "power_mw" => {
            let by = to - highest(&target.power_mw);
            target.power_mw = match &target.power_mw {
                TargetPower::Constant(_) => TargetPower::Constant(to),
                TargetPower::Values(values) => {
                    TargetPower::Values(values.iter().map(|value| value.map(|power| power + by)).collect())
                }
            };
        }
        "rebound_max_mw" => target.rebound_max_mw = Some(to),
        "ramp_mw_per_min" => target.ramp_mw_per_min = Some(to),
        _ => return None,
    }
    Some(())
}

/// Makes a change of a commitment; none where there is no such commitment, field or settlement period.
pub(super) fn change_commitment(document: &mut ProblemDocument, change: &Change, to: f64) -> Option<()> {
    let f = document.commitments.iter().position(|own| own.id.as_str() == change.id)?;
    let own = &mut document.commitments[f];
    let index = |own: &Commitment| {
        let asked: SettlementPeriod = change.settlement_period?;
        own.settlement_periods.iter().position(|period| *period == asked)
    };
    match change.field.as_str() {
        "committed_mw" => {
            let i = index(own)?;
            let mut values: Vec<f64> = (0..own.settlement_periods.len()).map(|k| own.committed_mw.at(k)).collect();
            values[i] = to;
            own.committed_mw = Series::Values(values);
        }
        "settlement_periods" => {
            let i = index(own)?;
            if own.settlement_periods.len() == 1 {
                document.commitments.remove(f);
            } else {
                give_up(own, i);
            }
        }
        "guard.room_mw" => own.guard.as_mut()?.room_mw = to,
        "rebound.max_frac" => own.rebound.as_mut()?.max_frac = to,
        _ => return None,
    }
    Some(())
}

/// A commitment without one of its settlement periods.
fn give_up(own: &mut Commitment, i: usize) {
    own.settlement_periods.remove(i);
    let price = own.penalty.price_gbp_per_mwh.as_mut();
    let series = [&mut own.committed_mw, &mut own.baseline_mw, &mut own.price_gbp_per_mwh].into_iter().chain(price);
    for values in series {
        if let Series::Values(values) = values {
            values.remove(i);
        }
    }
}
