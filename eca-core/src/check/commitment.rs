//! Commitments: what is delivered in each settlement period, and what is missing.
//!
//! ```text
//! metered   = imported_mwh + sum h * import + ramp_min / 60 / 2 * sum max(0, import[t-1] - import[t])
//! delivered = lowest baseline of all commitments of the region - metered            in one settlement period
//! due       = (1 - tolerance_frac) * committed
//! ```
//!
//! What is delivered goes to what is due first, to the dearest shortfall first (the later one of the document where two cost
//! the same), then to the rest of what is committed in the same order. Import above the baseline is the dearest's shortfall.

use super::ledger::{Input, Ledger, Report, SoftLimit, at};
use super::quantity::{ENERGY_MWH, POWER_MW, Sum};
use crate::plan::CommitmentPlan;
use crate::{Commitment, SettlementPeriod};
use std::collections::BTreeMap;

/// Minutes and hours of a settlement period.
const PERIOD_MIN: f64 = 30.0;
const PERIOD_H: f64 = 0.5;

/// One commitment in one settlement period.
struct Owed<'a> {
    commitment: &'a Commitment,
    entry: &'a CommitmentPlan,
    index: usize,
    penalty: f64,
}

impl Owed<'_> {
    fn committed(&self) -> f64 {
        PERIOD_H * self.commitment.committed_mw.at(self.index)
    }

    fn due(&self) -> f64 {
        self.committed() * (1.0 - self.commitment.penalty.tolerance_frac)
    }
}

/// The periods of the horizon in each settlement period that is wholly in it, or of which the rest is.
fn covered(input: &Input<'_>) -> BTreeMap<SettlementPeriod, Vec<usize>> {
    let mut all: BTreeMap<SettlementPeriod, Vec<usize>> = BTreeMap::new();
    for t in 0..input.periods {
        all.entry(input.horizon().settlement_period_of(t)).or_default().push(t);
    }
    let end = input.horizon().end();
    all.retain(|period, _| period.end_utc() <= end);
    all
}

fn penalty(input: &Input<'_>, commitment: &Commitment, index: usize) -> f64 {
    let given = commitment.penalty.price_gbp_per_mwh.as_ref();
    given.map_or(input.prices.shortfall_gbp_per_mwh, |price| price.at(index))
}

/// Checks deliveries, notes shortfalls, and takes what is paid for commitments from the money.
pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report) {
    for (period, times) in covered(input) {
        for r in 0..input.problem.regions().len() {
            let mut owed: Vec<Owed<'_>> = Vec::new();
            for (commitment, entry) in input.problem.commitments().iter().zip(&input.plan.commitments) {
                let index = commitment.settlement_periods.iter().position(|known| *known == period);
                if let (Some(index), true) = (index, input.region(commitment.region.as_str()) == Some(r)) {
                    owed.push(Owed { commitment, entry, index, penalty: penalty(input, commitment, index) });
                }
            }
            if !owed.is_empty() {
                meter(input, ledger, report, r, period, &times, owed);
            }
        }
    }
    guards(input, ledger);
    nothing_elsewhere(input, report);
}

fn meter(
    input: &Input<'_>,
    ledger: &mut Ledger,
    report: &mut Report,
    r: usize,
    period: SettlementPeriod,
    times: &[usize],
    mut owed: Vec<Owed<'_>>,
) {
    let mut left = delivered(input, r, period, times, &owed);
    owed.reverse();
    owed.sort_by(|a, b| b.penalty.total_cmp(&a.penalty));
    let mut shares = Vec::new();
    for (place, one) in owed.iter().enumerate() {
        let share = if place == 0 { left.value.min(one.due()) } else { left.value.clamp(0.0, one.due()) };
        left.value = (left.value - share).max(0.0);
        shares.push(share);
    }
    for (one, share) in owed.iter().zip(&mut shares) {
        let more = left.value.min(one.committed() - one.due());
        left.value -= more;
        *share += more;
    }
    for (one, value) in owed.iter().zip(shares) {
        let share = Sum { value, slack: left.slack };
        let short = Sum::exact(one.due()).minus(share);
        let object = format!("commitment `{}`", one.commitment.id);
        let stated = one.entry.delivered_mwh.get(one.index).copied().flatten().unwrap_or(f64::NAN);
        if !share.restated(ENERGY_MWH).agrees(stated) {
            let message = format!("delivered_mwh is {stated} MWh in {period}, must be {value} MWh");
            report.add("delivered_mwh", &object, times.first().copied(), message);
        }
        let stated = one.entry.shortfall_mwh.get(one.index).copied().flatten().unwrap_or(f64::NAN);
        let must = Sum { value: short.value.max(0.0), ..short };
        if !must.restated(ENERGY_MWH).agrees(stated) {
            let message = format!("shortfall_mwh is {stated} MWh in {period}, must be {} MWh", must.value);
            report.add("shortfall_mwh", &object, times.first().copied(), message);
        }
        ledger.limit(SoftLimit {
            rule: "shortfall",
            object: one.commitment.id.to_string(),
            period: times.first().copied(),
            whole_horizon: false,
            excess: short,
            unit: "mwh",
            quantum: ENERGY_MWH,
            price_gbp: one.penalty,
        });
        let paid = one.commitment.price_gbp_per_mwh.at(one.index) * one.committed();
        ledger.money_gbp = ledger.money_gbp.minus(Sum::exact(paid));
    }
}

/// Baseline less what is metered, MWh.
fn delivered(input: &Input<'_>, r: usize, period: SettlementPeriod, times: &[usize], owed: &[Owed<'_>]) -> Sum {
    let baseline = owed.iter().map(|one| PERIOD_H * one.commitment.baseline_mw.at(one.index));
    let ramp_h = owed.iter().map(|one| one.commitment.ramp_min).fold(0.0, f64::max) * PERIOD_H / PERIOD_MIN;
    let mut left = Sum::exact(baseline.fold(f64::INFINITY, f64::min));
    if period.start_utc() < input.horizon().start {
        let imported = owed.iter().filter_map(|one| one.commitment.imported_mwh).fold(0.0, f64::max);
        left = left.minus(Sum::exact(imported));
    }
    let import = |t: usize| import(input, r, t);
    for &t in times {
        left = left.minus(import(t).times(input.h));
        if let Some(before) = t.checked_sub(1).filter(|_| ramp_h > 0.0) {
            let fall = import(before).minus(import(t));
            left = left.minus(Sum { value: fall.value.max(0.0), ..fall }.times(ramp_h / 2.0));
        }
    }
    left
}

/// Import in the window before an event, above what the plan without it imports.
fn guards(input: &Input<'_>, ledger: &mut Ledger) {
    let covered = covered(input);
    for commitment in input.problem.commitments() {
        let Some(guard) = &commitment.guard else { continue };
        let Some(r) = input.region(commitment.region.as_str()) else { continue };
        for (i, period) in guard.settlement_periods.iter().enumerate() {
            let Some(times) = covered.get(period).filter(|_| period.start_utc() >= input.horizon().start) else {
                continue;
            };
            let allowed = PERIOD_H * (guard.import_mw.at(i) + guard.import_mw.at(i) * guard.room_frac + guard.room_mw);
            let import: Sum = times.iter().map(|&t| import(input, r, t)).sum();
            ledger.limit(SoftLimit {
                rule: "baseline_guard",
                object: commitment.id.to_string(),
                period: times.first().copied(),
                whole_horizon: false,
                excess: import.times(input.h).minus(Sum::exact(allowed)),
                unit: "mwh",
                quantum: ENERGY_MWH,
                price_gbp: input.prices.end_soc_gbp_per_mwh,
            });
        }
    }
}

/// Import closes the balance: facility and each battery are rounded before it is.
fn import(input: &Input<'_>, r: usize, t: usize) -> Sum {
    let Some(entry) = input.plan.regions.get(r) else { return Sum::default() };
    let batteries = input.problem.batteries().iter().filter(|b| input.region(b.region.as_str()) == Some(r)).count();
    Sum::mw(at(&entry.import_mw, t)).restated(POWER_MW * (1.0 + batteries as f64))
}

/// A settlement period that is not within the horizon has no numbers.
fn nothing_elsewhere(input: &Input<'_>, report: &mut Report) {
    let covered = covered(input);
    for (commitment, entry) in input.problem.commitments().iter().zip(&input.plan.commitments) {
        let cells = commitment.settlement_periods.iter().zip(entry.delivered_mwh.iter().zip(&entry.shortfall_mwh));
        for (period, (delivered, shortfall)) in cells {
            if !covered.contains_key(period) && (delivered.is_some() || shortfall.is_some()) {
                let message = format!("says what is delivered in {period}, which is not within the horizon");
                report.add("delivered_mwh", &format!("commitment `{}`", commitment.id), None, message);
            }
        }
    }
}
