//! Opportunities: what is taken is allowed, and is delivered in full.
//!
//! Where an opportunity is taken in a settlement period (`s` = 1 for less import, -1 for more):
//! ```text
//! s * (baseline - metered) - losses of its ramp >= H * risk_margin + what is due to commitments there and comes
//!                                                   + all that is taken there
//! ```

use super::commitment::{PERIOD_H, PERIOD_MIN, covered, due_and_delivered, import, over};
use super::ledger::{Input, Ledger, Report};
use super::quantity::{POWER_MW, Sum};
use crate::plan::OpportunityPlan;
use crate::problem::{Direction, Opportunity, Route};
use crate::{SettlementDate, SettlementPeriod, flex};
use std::collections::BTreeMap;

/// Parts of a step that are rounding.
const ROUNDING: f64 = 1e-6;

/// Whether more import is sold.
pub(super) fn sign(direction: Direction) -> f64 {
    if direction == Direction::Up { -1.0 } else { 1.0 }
}

pub(super) fn object(one: &Opportunity) -> String {
    format!("opportunity `{}`", one.id)
}

/// What is taken of all opportunities of a region in a settlement period, MWh.
pub(super) fn taken_mwh(input: &Input<'_>, r: usize, period: SettlementPeriod, sign: f64) -> Sum {
    let each = input.problem.opportunities().iter().zip(&input.plan.opportunities);
    let here = each.filter(|(one, _)| {
        input.region(one.region.as_str()) == Some(r) && self::sign(one.direction).total_cmp(&sign).is_eq()
    });
    let mw = here.flat_map(|(one, entry)| one.settlement_periods.iter().zip(&entry.committed_mw));
    mw.filter(|(known, _)| **known == period).map(|(_, mw)| Sum::exact(PERIOD_H * mw)).sum()
}

pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report) {
    for (one, entry) in input.problem.opportunities().iter().zip(&input.plan.opportunities) {
        size(one, entry, report);
        place(input, one, entry, report);
        calls(one, entry, report);
        upkeep(input, one, entry, report);
        guard(input, one, entry, report);
        rebound(input, one, entry, report);
        let paid: f64 = prices(one, entry).sum();
        if !Sum::rounded(paid, super::quantity::MONEY_GBP).agrees(entry.revenue_gbp) {
            let message = format!("revenue_gbp is {} GBP, must be {paid} GBP", entry.revenue_gbp);
            report.add("opportunity", &object(one), None, message);
        }
        ledger.money_gbp = ledger.money_gbp.minus(Sum::exact(paid));
        for (i, period) in taken(one, entry) {
            deliver(input, one, i, period, report);
        }
    }
    exclusive(input, report);
}

fn prices<'a>(one: &'a Opportunity, entry: &'a OpportunityPlan) -> impl Iterator<Item = f64> + 'a {
    entry.committed_mw.iter().enumerate().map(|(i, mw)| PERIOD_H * mw * one.price_gbp_per_mwh.at(i))
}

/// The settlement periods that are taken.
fn taken<'a>(one: &'a Opportunity, entry: &'a OpportunityPlan) -> impl Iterator<Item = (usize, SettlementPeriod)> + 'a {
    let all = one.settlement_periods.iter().zip(&entry.committed_mw).enumerate();
    all.filter(|(_, (_, mw))| **mw > 0.0).map(|(i, (period, _))| (i, *period))
}

/// Steps of power, least and most; all or nothing where it is not divisible.
fn size(one: &Opportunity, entry: &OpportunityPlan, report: &mut Report) {
    let mut wrong = |message: String| report.add("opportunity", &object(one), None, message);
    for &mw in entry.committed_mw.iter().filter(|&&mw| mw != 0.0) {
        let steps = mw / one.step_mw;
        if (steps - steps.round()).abs() > ROUNDING * steps.abs().max(1.0) {
            wrong(format!("takes {mw} MW, must be a multiple of {} MW", one.step_mw));
        }
        if mw < one.min_mw - POWER_MW || mw > one.max_mw + POWER_MW {
            wrong(format!("takes {mw} MW, must be {} to {} MW", one.min_mw, one.max_mw));
        }
    }
    let first = entry.committed_mw.first().copied().unwrap_or(0.0);
    if !one.divisible && entry.committed_mw.iter().any(|mw| (mw - first).abs() > POWER_MW) {
        wrong("takes different powers, must take all of its settlement periods at one power, or none".to_owned());
    }
    if entry.taken != entry.committed_mw.iter().any(|&mw| mw > 0.0) {
        wrong(format!("says taken = {}, which its powers deny", entry.taken));
    }
}

/// Within the horizon, with the notice it needs, and not against what is sold there.
fn place(input: &Input<'_>, one: &Opportunity, entry: &OpportunityPlan, report: &mut Report) {
    let covered = covered(input);
    let start = input.horizon().start;
    for (_, period) in taken(one, entry) {
        let mut wrong = |message: &str| {
            report.add("opportunity", &object(one), None, format!("is taken in {period}, {message}"));
        };
        if !covered.contains_key(&period) || period.start_utc() < start {
            wrong("which is not within the horizon");
        }
        if ((period.start_utc().unix_s() - start.unix_s()) as f64) < one.notice_s {
            wrong("which starts before its notice is over");
        }
        if one.route == Route::WholesaleP415 && period.gate_closure() <= start {
            wrong("whose gate is closed");
        }
        if one.called.contains(&period) {
            wrong("which is called already");
        }
        if let Some(min) = one.meter_interval_min.filter(|&min| PERIOD_MIN % f64::from(min) != 0.0) {
            wrong(&format!("which a meter that is read every {min} min does not prove"));
        }
        let sold = input.problem.commitments().iter().filter(|known| known.region == one.region);
        for known in sold.filter(|known| known.settlement_periods.contains(&period)) {
            if known.direction != one.direction || flex::excludes(known.route, one.route) {
                wrong(&format!("where commitment `{}` excludes it", known.id));
            }
        }
    }
}

/// Half hours since 1970.
fn clock(period: SettlementPeriod) -> i64 {
    period.start_utc().unix_s() / 1800
}

/// One call: first and last half hour, the day on which it starts, and whether each end was called already.
struct Call {
    first: i64,
    last: i64,
    date: SettlementDate,
    called: (bool, bool),
    /// Whether this plan takes any of it, and whether any of it was called already.
    taken: bool,
    known: bool,
}

/// The calls of what is taken and what was called already.
fn runs(one: &Opportunity, entry: &OpportunityPlan) -> Vec<Call> {
    let mut all: Vec<(SettlementPeriod, bool)> = taken(one, entry).map(|(_, period)| (period, false)).collect();
    all.extend(one.called.iter().map(|&period| (period, true)));
    all.sort_by_key(|(period, _)| clock(*period));
    let mut runs: Vec<Call> = Vec::new();
    for (period, called) in all {
        let (at, date) = (clock(period), period.settlement_date());
        match runs.last_mut().filter(|run| run.last + 1 == at) {
            Some(run) => {
                (run.last, run.called.1) = (at, called);
                run.taken |= !called;
                run.known |= called;
            }
            None => {
                runs.push(Call { first: at, last: at, date, called: (called, called), taken: !called, known: called });
            }
        }
    }
    runs
}

/// Length of calls, rest after them, and their number. What was called already is not judged by itself.
fn calls(one: &Opportunity, entry: &OpportunityPlan, report: &mut Report) {
    if !one.divisible {
        return;
    }
    let runs = runs(one, entry);
    let mut wrong = |message: String| report.add("opportunity", &object(one), None, message);
    for run in runs.iter().filter(|run| run.taken) {
        let (length, date) = (run.last - run.first + 1, run.date);
        let least = if run.known { 1 } else { i64::from(one.min_call_periods.unwrap_or(1)) };
        let most = one.max_call_periods.map_or(i64::MAX, i64::from);
        if !(least..=most).contains(&length) {
            wrong(format!("has a call of {length} settlement periods on {date}, must be {least} to {most}"));
        }
    }
    for pair in runs.windows(2).filter(|pair| !(pair[0].called.1 && pair[1].called.0)) {
        let rest = pair[1].first - pair[0].last - 1;
        if rest < i64::from(one.recovery_periods) {
            let least = one.recovery_periods;
            wrong(format!("rests {rest} settlement periods before its call on {}, must rest {least}", pair[1].date));
        }
    }
    let alone = self::runs(one, &OpportunityPlan { committed_mw: Vec::new(), ..entry.clone() });
    let count = |runs: &[Call], span: fn(SettlementDate) -> SettlementDate| {
        let mut counts: BTreeMap<SettlementDate, u32> = BTreeMap::new();
        runs.iter().for_each(|run| *counts.entry(span(run.date)).or_default() += 1);
        counts
    };
    let day: fn(SettlementDate) -> SettlementDate = |date| date;
    let monday: fn(SettlementDate) -> SettlementDate = |date| date.plus_days(1 - i64::from(date.weekday()));
    for (what, most, span) in [("day", one.max_calls_per_day, day), ("week from", one.max_calls_per_week, monday)] {
        let (Some(most), known) = (most, count(&alone, span)) else { continue };
        for (date, count) in count(&runs, span) {
            if count > most.max(known.get(&date).copied().unwrap_or(0)) {
                wrong(format!("has {count} calls in the {what} {date}, may have {most}"));
            }
        }
    }
}

/// No more days become event days than the baseline of one that is taken can spare.
fn upkeep(input: &Input<'_>, one: &Opportunity, entry: &OpportunityPlan, report: &mut Report) {
    let (Some(left), true) = (one.event_days_left, entry.taken) else { return };
    let here = input.problem.opportunities().iter().zip(&input.plan.opportunities);
    let here = here.filter(|(known, _)| known.region == one.region);
    let mut days: Vec<SettlementDate> =
        here.flat_map(|(known, theirs)| taken(known, theirs).map(|(_, period)| period.settlement_date())).collect();
    let sold = input.problem.commitments().iter().filter(|known| known.region == one.region);
    let sold: Vec<SettlementDate> =
        sold.flat_map(|known| &known.settlement_periods).map(|period| period.settlement_date()).collect();
    days.retain(|day| !sold.contains(day));
    days.sort_unstable();
    days.dedup();
    if days.len() > usize::try_from(left).unwrap_or(usize::MAX) {
        let message = format!("makes event days of {} days, its baseline can spare {left}", days.len());
        report.add("opportunity", &object(one), None, message);
    }
}

/// At most one of those that exclude each other.
fn exclusive(input: &Input<'_>, report: &mut Report) {
    let all: Vec<_> = input.problem.opportunities().iter().zip(&input.plan.opportunities).collect();
    for (i, (one, entry)) in all.iter().enumerate() {
        for (other, theirs) in &all[i + 1..] {
            let group = one.exclusive_group.is_some() && one.exclusive_group == other.exclusive_group;
            let clash = one.direction != other.direction || flex::excludes(one.route, other.route);
            if !(group || one.region == other.region && clash) {
                continue;
            }
            let both = taken(one, entry).find(|(_, period)| taken(other, theirs).any(|(_, known)| known == *period));
            if let Some((_, period)) = both {
                let message = format!("is taken in {period} together with `{}`, which excludes it", other.id);
                report.add("opportunity", &object(one), None, message);
            }
        }
    }
}

/// Import before the event, where it counts for the baseline.
fn guard(input: &Input<'_>, one: &Opportunity, entry: &OpportunityPlan, report: &mut Report) {
    let (Some(guard), true, Some(r)) = (&one.guard, entry.taken, input.region(one.region.as_str())) else { return };
    let (covered, s) = (covered(input), sign(one.direction));
    for (i, period) in guard.settlement_periods.iter().enumerate() {
        let Some(times) = covered.get(period).filter(|_| period.start_utc() >= input.horizon().start) else { continue };
        let room = guard.import_mw.at(i) * guard.room_frac + guard.room_mw;
        let limit = PERIOD_H * (guard.import_mw.at(i) + s * room);
        let imported: Sum = times.iter().map(|&t| import(input, r, t)).sum();
        let excess = imported.times(input.h).minus(Sum::exact(limit)).times(s);
        if excess.is_over() {
            let message = format!("is taken, but import in {period} is {} MWh beyond its guard", excess.value);
            report.add("opportunity", &object(one), times.first().copied(), message);
        }
    }
}

/// What comes back after it: a part of what is sold at most.
fn rebound(input: &Input<'_>, one: &Opportunity, entry: &OpportunityPlan, report: &mut Report) {
    let (Some(rebound), true, Some(r)) = (&one.rebound, entry.taken, input.region(one.region.as_str())) else { return };
    let (first, back) = over(input, rebound, r, sign(one.direction));
    let sold: f64 = entry.committed_mw.iter().map(|mw| PERIOD_H * mw).sum();
    let excess = back.minus(Sum::exact(rebound.max_frac * sold));
    if excess.is_over() {
        let message = format!(
            "is taken, but {} MWh more come back than {} of the {sold} MWh that are sold",
            excess.value, rebound.max_frac
        );
        report.add("opportunity", &object(one), first, message);
    }
}

/// All that is taken comes.
fn deliver(input: &Input<'_>, one: &Opportunity, i: usize, period: SettlementPeriod, report: &mut Report) {
    let covered = covered(input);
    let (Some(r), Some(times)) = (input.region(one.region.as_str()), covered.get(&period)) else { return };
    let s = sign(one.direction);
    let ramp_h = one.ramp_min * PERIOD_H / PERIOD_MIN;
    let mut left = Sum::exact(s * PERIOD_H * one.baseline_mw.at(i));
    for &t in times {
        left = left.minus(import(input, r, t).times(s * input.h));
        if let Some(before) = t.checked_sub(1).filter(|_| ramp_h > 0.0) {
            let change = import(input, r, before).minus(import(input, r, t)).times(s);
            left = left.minus(Sum { value: change.value.max(0.0), ..change }.times(ramp_h / 2.0));
        }
    }
    let asked = taken_mwh(input, r, period, s)
        .plus(due_and_delivered(input, r, period, s))
        .plus(Sum::exact(PERIOD_H * one.risk_margin_mw.at(i)));
    let short = asked.minus(left);
    if short.is_over() {
        let message = format!("is short of {} MWh in {period}, must be delivered in full", short.value);
        report.add("opportunity", &object(one), times.first().copied(), message);
    }
}
