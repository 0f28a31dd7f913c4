//! Commitments: what is delivered in each settlement period, and what is missing.
//!
//! ```text
//! metered   = imported_mwh + sum h * import + ramp_min / 60 / 2 * sum max(0, import[t-1] - import[t])
//! delivered = lowest baseline of all commitments of the region - metered            in one settlement period
//!             (more import: metered, less the losses of a rise - highest baseline), less what is taken of opportunities
//! due       = (1 - tolerance_frac) * committed
//! ```
//!
//! What is delivered goes to what is due first, to strict commitments and then to the dearest shortfall first (the later one of the document where two cost
//! the same), then to the rest of what is committed in the same order. Import above the baseline is the dearest's shortfall.

use super::ledger::{Input, Ledger, Report, SoftLimit, at};
use super::opportunity::{sign, taken_mwh};
use super::quantity::{ENERGY_MWH, POWER_MW, Sum};
use crate::plan::CommitmentPlan;
use crate::{Commitment, CommitmentKind, Rebound, SettlementPeriod};
use std::collections::BTreeMap;

/// Minutes and hours of a settlement period.
pub(super) const PERIOD_MIN: f64 = 30.0;
pub(super) const PERIOD_H: f64 = 0.5;

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

    fn is_strict(&self) -> bool {
        self.commitment.kind == CommitmentKind::Strict
    }

    fn due(&self) -> f64 {
        self.committed() * (1.0 - self.commitment.penalty.tolerance_frac)
    }
}

/// The periods of the horizon in each settlement period that is wholly in it, or of which the rest is.
pub(super) fn covered(input: &Input<'_>) -> BTreeMap<SettlementPeriod, Vec<usize>> {
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
                if let Some(index) = here(input, commitment, r, period) {
                    owed.push(Owed { commitment, entry, index, penalty: penalty(input, commitment, index) });
                }
            }
            if !owed.is_empty() {
                meter(input, ledger, report, r, period, &times, owed);
            }
        }
    }
    guards(input, ledger);
    rebounds(input, ledger);
    reserves(input, ledger);
    nothing_elsewhere(input, report);
}

/// Which settlement period of a commitment it is, at a region.
fn here(input: &Input<'_>, commitment: &Commitment, r: usize, period: SettlementPeriod) -> Option<usize> {
    let index = commitment.settlement_periods.iter().position(|known| *known == period)?;
    (input.region(commitment.region.as_str()) == Some(r)).then_some(index)
}

/// What is due to commitments of a region and direction in a settlement period and comes, MWh.
pub(super) fn due_and_delivered(input: &Input<'_>, r: usize, period: SettlementPeriod, s: f64) -> Sum {
    let each = input.problem.commitments().iter().zip(&input.plan.commitments);
    let each = each.filter(|(commitment, _)| sign(commitment.direction).total_cmp(&s).is_eq());
    let parts = each.filter_map(|(commitment, entry)| {
        let index = here(input, commitment, r, period)?;
        let owed = Owed { commitment, entry, index, penalty: 0.0 };
        let short = entry.shortfall_mwh.get(index).copied().flatten().unwrap_or(0.0);
        Some(Sum::exact(owed.due()).minus(Sum::rounded(short, ENERGY_MWH)))
    });
    parts.sum()
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
    owed.sort_by(|a, b| b.is_strict().cmp(&a.is_strict()).then_with(|| b.penalty.total_cmp(&a.penalty)));
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
        if one.is_strict() && short.is_over() {
            let message = format!("{} MWh that are due in {period} are missing, and none may be", short.value);
            report.add("shortfall", &object, times.first().copied(), message);
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

/// Baseline less what is metered and what is taken of opportunities, MWh; metered less baseline where more import is sold.
fn delivered(input: &Input<'_>, r: usize, period: SettlementPeriod, times: &[usize], owed: &[Owed<'_>]) -> Sum {
    let s = owed.first().map_or(1.0, |one| sign(one.commitment.direction));
    let baseline = owed.iter().map(|one| s * PERIOD_H * one.commitment.baseline_mw.at(one.index));
    let ramp_h = owed.iter().map(|one| one.commitment.ramp_min).fold(0.0, f64::max) * PERIOD_H / PERIOD_MIN;
    let mut left = Sum::exact(baseline.fold(f64::INFINITY, f64::min));
    if period.start_utc() < input.horizon().start {
        let imported = owed.iter().filter_map(|one| one.commitment.imported_mwh).fold(0.0, f64::max);
        left = left.minus(Sum::exact(s * imported));
    }
    let import = |t: usize| import(input, r, t);
    for &t in times {
        left = left.minus(import(t).times(s * input.h));
        if let Some(before) = t.checked_sub(1).filter(|_| ramp_h > 0.0) {
            let change = import(before).minus(import(t)).times(s);
            left = left.minus(Sum { value: change.value.max(0.0), ..change }.times(ramp_h / 2.0));
        }
    }
    left.minus(taken_mwh(input, r, period, s))
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
            let s = sign(commitment.direction);
            let room = guard.import_mw.at(i) * guard.room_frac + guard.room_mw;
            let allowed = PERIOD_H * (guard.import_mw.at(i) + s * room);
            let import: Sum = times.iter().map(|&t| import(input, r, t)).sum();
            ledger.limit(SoftLimit {
                rule: "baseline_guard",
                object: commitment.id.to_string(),
                period: times.first().copied(),
                whole_horizon: false,
                excess: import.times(input.h).minus(Sum::exact(allowed)).times(s),
                unit: "mwh",
                quantum: ENERGY_MWH,
                price_gbp: input.prices.end_soc_gbp_per_mwh,
            });
        }
    }
}

/// What comes back after an event, above the baseline: a part of what was sold at most.
fn rebounds(input: &Input<'_>, ledger: &mut Ledger) {
    for commitment in input.problem.commitments() {
        let (Some(rebound), Some(r)) = (&commitment.rebound, input.region(commitment.region.as_str())) else {
            continue;
        };
        let (first, over) = over(input, rebound, r, sign(commitment.direction));
        let sold: f64 =
            (0..commitment.settlement_periods.len()).map(|i| PERIOD_H * commitment.committed_mw.at(i)).sum();
        if first.is_some() {
            ledger.limit(SoftLimit {
                rule: "rebound",
                object: commitment.id.to_string(),
                period: first,
                whole_horizon: false,
                excess: over.minus(Sum::exact(rebound.max_frac * sold)),
                unit: "mwh",
                quantum: ENERGY_MWH,
                price_gbp: input.prices.end_soc_gbp_per_mwh,
            });
        }
    }
}

/// What comes above the baseline after an event (below it, where more is sold), MWh, and the first period of it.
pub(super) fn over(input: &Input<'_>, rebound: &Rebound, r: usize, s: f64) -> (Option<usize>, Sum) {
    let covered = covered(input);
    let (mut first, mut over) = (None, Sum::default());
    for (i, period) in rebound.settlement_periods.iter().enumerate() {
        let Some(times) = covered.get(period).filter(|_| period.start_utc() >= input.horizon().start) else {
            continue;
        };
        first = first.or(times.first().copied());
        let imported: Sum = times.iter().map(|&t| import(input, r, t)).sum();
        let above = imported.times(input.h).minus(Sum::exact(PERIOD_H * rebound.baseline_mw.at(i))).times(s);
        over = over.plus(Sum { value: above.value.max(0.0), ..above });
    }
    (first, over)
}

/// What is sold from a battery is in it until it is due.
fn reserves(input: &Input<'_>, ledger: &mut Ledger) {
    let horizon = input.horizon();
    for commitment in input.problem.commitments() {
        let Some(id) = &commitment.reserve else { continue };
        let pairs = input.problem.batteries().iter().zip(&input.plan.batteries);
        for (battery, entry) in pairs.filter(|(battery, _)| battery.id == *id) {
            for t in 0..input.periods {
                let sold: f64 = commitment
                    .settlement_periods
                    .iter()
                    .enumerate()
                    .filter(|(_, k)| k.start_utc() >= horizon.start_of(t + 1) && k.end_utc() <= horizon.end())
                    .map(|(i, _)| PERIOD_H * commitment.committed_mw.at(i))
                    .sum();
                if sold <= 0.0 {
                    continue;
                }
                let least = battery.soc_min_mwh + sold / battery.discharge_efficiency;
                // Stored energy adds up what was rounded before.
                let stored = Sum { value: at(&entry.soc_mwh, t), slack: ENERGY_MWH * (t as f64 + 2.0) };
                ledger.limit(SoftLimit {
                    rule: "reserve",
                    object: commitment.id.to_string(),
                    period: Some(t),
                    whole_horizon: false,
                    excess: Sum::exact(least).minus(stored),
                    unit: "mwh",
                    quantum: ENERGY_MWH,
                    price_gbp: input.prices.end_soc_gbp_per_mwh,
                });
            }
        }
    }
}

/// Import closes the balance: facility and each battery are rounded before it is.
pub(super) fn import(input: &Input<'_>, r: usize, t: usize) -> Sum {
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
