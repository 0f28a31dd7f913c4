//! Opportunities: what may be sold, taken where it pays.
//!
//! `accepted` is 0 or 1, `steps` is whole: `least * accepted <= steps <= most * accepted`, sold is `steps * step_mw` (C4, C20).
//! Where accepted (`s` = 1 for less import, -1 for more):
//! `s * (baseline - metered) - H * risk_margin >= sum of due - sum of shortfalls + sum of what is taken here` (C1, C2, C11, C18).
//! What is taken comes whole: a shortfall is never planned for. Where it is left, the row has no force.

mod calls;
mod most;
mod rebound;
mod slot;
mod upkeep;

use slot::{Slot, exclusive, slots as slots_of};

use super::{Draft, Frame, Rule, guarded_of, settlement_h};
use crate::milp::{Col, Tag};
use crate::problem::{Direction, Opportunity};
use crate::unit::min_to_h;

pub(super) struct Opportunities;

/// Part of a step that is rounding.
const ROUNDING: f64 = 1e-9;

/// The columns of one settlement period of an opportunity; of one that is all or nothing they are the same in all.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SlotColumns {
    pub(crate) slot: Slot,
    /// 1 where it is taken.
    pub(crate) accepted: Col,
    /// How many steps of power are sold.
    pub(crate) steps: Col,
}

/// What one opportunity adds to the model.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct OpportunityColumns {
    pub(crate) region: usize,
    pub(crate) sign: f64,
    pub(crate) step_mw: f64,
    pub(crate) slots: Vec<SlotColumns>,
}

/// 1 for less import, -1 for more.
pub(crate) fn sign(direction: Direction) -> f64 {
    match direction {
        Direction::Down => 1.0,
        Direction::Up => -1.0,
    }
}

/// Least and most steps of power.
fn steps(one: &Opportunity) -> (f64, f64) {
    let least = (one.min_mw / one.step_mw - ROUNDING).ceil().max(1.0);
    (least, (one.max_mw / one.step_mw + ROUNDING).floor())
}

impl Rule for Opportunities {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (o, one) in frame.problem.opportunities().iter().enumerate() {
            let region = frame.problem.regions().iter().position(|region| region.id == one.region).unwrap_or(0);
            let mut slots: Vec<SlotColumns> = Vec::new();
            for slot in slots_of(frame.problem, one) {
                let step_gbp = settlement_h() * one.step_mw * one.price_gbp_per_mwh.at(slot.index);
                let tag = |rule| Tag::new(rule).object(o).part(slot.index).period(slot.periods.start);
                let (accepted, steps) = match slots.first().filter(|_| !one.divisible) {
                    Some(first) => (first.accepted, first.steps),
                    None => {
                        let accepted = draft.milp.binary(0.0, tag("opportunity_accepted"));
                        (accepted, draft.milp.integer(0.0, steps(one).1, 0.0, tag("opportunity_steps")))
                    }
                };
                draft.milp.add_cost(steps, -step_gbp);
                slots.push(SlotColumns { slot, accepted, steps });
            }
            let sign = sign(one.direction);
            draft.opportunities.push(OpportunityColumns { region, sign, step_mw: one.step_mw, slots });
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        let all = draft.opportunities.clone();
        for (o, (one, columns)) in frame.problem.opportunities().iter().zip(&all).enumerate() {
            let (least, most) = steps(one);
            let own = if one.divisible { columns.slots.len() } else { columns.slots.len().min(1) };
            for slot in &columns.slots[..own] {
                let tag = Tag::new("opportunity_size").object(o).period(slot.slot.periods.start);
                let (accepted, steps) = (slot.accepted, slot.steps);
                draft.milp.row(f64::NEG_INFINITY, 0.0, &[(accepted, least), (steps, -1.0)], tag);
                draft.milp.row(f64::NEG_INFINITY, 0.0, &[(steps, 1.0), (accepted, -most)], tag);
                guards(frame, draft, o, columns.region, slot.accepted);
            }
            for slot in &columns.slots {
                deliver(frame, draft, o, one, columns, slot);
            }
            calls::rows(draft, o, one, columns);
            rebound::rows(frame, draft, o, one, columns);
            upkeep::rows(frame.problem, draft, o, one, columns);
            for (other, theirs) in frame.problem.opportunities().iter().zip(&all).skip(o + 1) {
                if exclusive(one, other) {
                    one_of(draft, o, columns, theirs);
                }
            }
        }
    }
}

/// At most one of two in a settlement period (C11).
fn one_of(draft: &mut Draft, o: usize, ours: &OpportunityColumns, theirs: &OpportunityColumns) {
    let mut known = Vec::new();
    for slot in &ours.slots {
        let Some(other) = theirs.slots.iter().find(|other| other.slot.settlement_period == slot.slot.settlement_period)
        else {
            continue;
        };
        let pair = (slot.accepted, other.accepted);
        if !known.contains(&pair) {
            known.push(pair);
            let tag = Tag::new("opportunity_exclusive").object(o).period(slot.slot.periods.start);
            draft.milp.row(f64::NEG_INFINITY, 1.0, &[(pair.0, 1.0), (pair.1, 1.0)], tag);
        }
    }
}

/// What is taken comes whole, below what is due to commitments at the meter.
fn deliver(
    frame: &Frame<'_>,
    draft: &mut Draft,
    o: usize,
    one: &Opportunity,
    columns: &OpportunityColumns,
    at: &SlotColumns,
) {
    let (h, s, r) = (settlement_h(), columns.sign, columns.region);
    let tag = |rule| Tag::new(rule).object(o).part(at.slot.index).period(at.slot.periods.start);
    let mut terms: Vec<(Col, f64)> = Vec::new();
    // What is asked of import where nothing is left free.
    let mut asked = h * (one.risk_margin_mw.at(at.slot.index) - s * one.baseline_mw.at(at.slot.index));
    // The most that the row can lack where this one is not taken.
    let mut lacking = asked;
    for meter in draft.meters.iter().filter(|columns| columns.meter.is_at(r, at.slot.settlement_period, s)) {
        terms.extend(meter.shortfalls.iter().map(|&col| (col, 1.0)));
        let due: f64 = meter.meter.parts.iter().map(|part| part.due_mwh).sum();
        (asked, lacking) = (asked + due, lacking + due);
    }
    for (col, mwh) in taken_at(draft, r, at.slot.settlement_period, s) {
        terms.push((col, -mwh));
        if col != at.steps {
            lacking += mwh * draft.milp.upper(col);
        }
    }
    let ramp_h = min_to_h(one.ramp_min);
    for t in at.slot.periods.clone() {
        let Some(import) = *draft.import.at((r, t)) else { continue };
        terms.push((import, -s * frame.h));
        let most = most::import_mw(frame, r, t);
        lacking += if s > 0.0 { frame.h * most } else { 0.0 };
        let Some(before) = t.checked_sub(1).filter(|_| ramp_h > 0.0) else { continue };
        let Some(earlier) = *draft.import.at((r, before)) else { continue };
        let half = ramp_h / 2.0;
        let loss = draft.milp.continuous(0.0, f64::INFINITY, 0.0, tag("opportunity_ramp_loss"));
        let row = [(loss, 1.0), (earlier, -s * half), (import, s * half)];
        draft.milp.row(0.0, f64::INFINITY, &row, tag("opportunity_ramp_loss"));
        terms.push((loss, -1.0));
        lacking += half * if s > 0.0 { most::import_mw(frame, r, before) } else { most };
    }
    let lacking = lacking.max(0.0);
    terms.push((at.accepted, -lacking));
    draft.milp.row(asked - lacking, f64::INFINITY, &terms, tag("opportunity_delivery"));
}

/// Everything that may be taken at a meter in a settlement period: steps, and MWh of one.
pub(super) fn taken_at(
    draft: &Draft,
    region: usize,
    settlement_period: crate::SettlementPeriod,
    sign: f64,
) -> Vec<(Col, f64)> {
    let here = draft.opportunities.iter().filter(|one| one.region == region && one.sign.total_cmp(&sign).is_eq());
    let slots = here.flat_map(|one| one.slots.iter().map(move |slot| (slot, settlement_h() * one.step_mw)));
    slots.filter(|(slot, _)| slot.slot.settlement_period == settlement_period).map(|(s, mwh)| (s.steps, mwh)).collect()
}

/// What a baseline is adjusted by is not moved for what is taken (C12).
fn guards(frame: &Frame<'_>, draft: &mut Draft, o: usize, r: usize, accepted: Col) {
    let one = &frame.problem.opportunities()[o];
    let Some(guard) = &one.guard else { return };
    for window in guarded_of(frame.problem, guard, one.direction) {
        let s = window.sign;
        let tag = Tag::new("opportunity_guard").object(o).period(window.periods.start);
        let mut terms = Vec::new();
        let mut lacking = -s * window.limit_mwh;
        for t in window.periods.clone() {
            terms.extend((*draft.import.at((r, t))).map(|import| (import, s * frame.h)));
            lacking += if s > 0.0 { frame.h * most::import_mw(frame, r, t) } else { 0.0 };
        }
        let lacking = lacking.max(0.0);
        terms.push((accepted, lacking));
        draft.milp.row(f64::NEG_INFINITY, s * window.limit_mwh + lacking, &terms, tag);
    }
}
