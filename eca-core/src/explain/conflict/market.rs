//! What is owed to others in the elastic model: power targets and commitments, with all that a commitment asks for.
//!
//! A target gives way by a higher power, rebound limit or ramp. A commitment gives way by less that is sold: with it falls
//! what a battery has to hold, and what may come back after the event. Its guard and its rebound may be widened at the same
//! price, each MWh like one that is missing.

use super::elastic::{Give, Terms};
use crate::milp::{Col, Milp, Tag};
use crate::model::{Draft, Meter, guarded, held, rebounding, settlement_h};
use crate::{Problem, SettlementPeriod};

const FREE: f64 = f64::INFINITY;

/// Which field of a target is raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raise {
    Power,
    Rebound,
    Ramp,
}

const RAISES: [Raise; 3] = [Raise::Power, Raise::Rebound, Raise::Ramp];

/// What is missing of one commitment in one settlement period.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Short {
    pub(super) commitment: usize,
    /// Which of its settlement periods.
    pub(super) index: usize,
    pub(super) mwh: f64,
    /// More is missing at the meter than is due: it is above the baseline.
    pub(super) given_up: bool,
}

/// How far everything owed gave way.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Owed {
    /// By target and field, MW; of a ramp, MW of a fall.
    pub(super) raised: Vec<(usize, Raise, f64)>,
    /// By target and period, MW of power.
    pub(super) over: Vec<(usize, usize, f64)>,
    pub(super) short: Vec<Short>,
    /// MWh more in each settlement period of a guard, and in all of a rebound, by commitment.
    pub(super) guard_mwh: Vec<f64>,
    pub(super) rebound_mwh: Vec<f64>,
}

/// Columns that say how far everything gives way.
pub(super) struct Reliefs {
    raised: Vec<(usize, Raise, Col)>,
    guard: Vec<Col>,
    rebound: Vec<Col>,
}

/// Most and price of what gives way so.
fn bounds(give: Give) -> (f64, f64) {
    match give {
        Give::Hard => (0.0, 0.0),
        Give::Priced(price) | Give::Balance(price) => (FREE, price),
        Give::Free => (FREE, 0.0),
    }
}

/// Bends targets and commitments. The columns and rows that it adds are the same for all terms.
pub(super) fn bend(lp: &mut Milp, problem: &Problem, draft: &Draft, terms: &Terms) -> Reliefs {
    let raised = targets(lp, problem, draft, &terms.targets);
    for columns in &draft.meters {
        shortfalls(lp, problem, &columns.meter, &columns.shortfalls, &terms.commitments);
    }
    let mut relief = || -> Vec<Col> {
        let each = terms.commitments.iter().enumerate().map(|(f, give)| {
            let (upper, price) = bounds(*give);
            lp.continuous(0.0, upper, price, Tag::new("relief").object(f))
        });
        each.collect()
    };
    let (guard, rebound) = (relief(), relief());
    for (one, &excess) in guarded(problem).iter().zip(&draft.guards) {
        lp.set_bounds(excess, 0.0, FREE);
        let tag = Tag::new("relief").object(one.commitment).period(one.window.periods.start);
        lp.row(-FREE, 0.0, &[(excess, 1.0), (guard[one.commitment], -1.0)], tag);
    }
    rebounds(lp, problem, draft, &rebound);
    reserves(lp, problem, draft, &terms.commitments);
    Reliefs { raised, guard, rebound }
}

fn targets(lp: &mut Milp, problem: &Problem, draft: &Draft, gives: &[Give]) -> Vec<(usize, Raise, Col)> {
    let mut raised = Vec::new();
    for (k, &give) in gives.iter().enumerate() {
        let (upper, price) = bounds(give);
        for raise in RAISES {
            let peak = lp.continuous(0.0, upper, price, Tag::new("relief").object(k));
            for column in draft.targets.iter().filter(|column| column.target == k) {
                let asked = problem.targets()[k].power_mw.at(column.period).is_some();
                let own = match (column.ramp, asked) {
                    (true, _) => Raise::Ramp,
                    (false, true) => Raise::Power,
                    (false, false) => Raise::Rebound,
                };
                if own == raise {
                    lp.set_bounds(column.excess, 0.0, FREE);
                    let tag = Tag::new("relief").object(k).period(column.period);
                    lp.row(-FREE, 0.0, &[(column.excess, 1.0), (peak, -1.0)], tag);
                }
            }
            raised.push((k, raise, peak));
        }
    }
    raised
}

/// What may be missing at a meter: of each commitment that gives way what is due; more than all that is due, import above
/// the baseline, only where every commitment gives way, at the price of one that has a price.
fn shortfalls(lp: &mut Milp, problem: &Problem, meter: &Meter, columns: &[Col], gives: &[Give]) {
    let give = |i: usize| gives[meter.parts[i].commitment];
    let is = |i: &usize, free: bool| (give(*i) == Give::Free) == free;
    let parts = 0..meter.parts.len();
    let hard = parts.clone().any(|i| give(i) == Give::Hard);
    let priced = parts.clone().rfind(|i| is(i, false));
    let open = if hard { None } else { priced.or(parts.clone().next_back()) };
    // One that is gone takes its baseline with it.
    let baseline = |i: &usize| {
        let part = &meter.parts[*i];
        meter.sign * settlement_h() * problem.commitments()[part.commitment].baseline_mw.at(part.index)
    };
    let rest = parts.clone().filter(|i| is(i, false)).map(|i| baseline(&i)).fold(FREE, f64::min);
    let mut room = if rest.is_finite() { (rest - meter.sign * meter.baseline_mwh).max(0.0) } else { 0.0 };
    for (i, &col) in columns.iter().enumerate() {
        let due = meter.parts[i].due_mwh;
        let most = if give(i) == Give::Free { due + std::mem::take(&mut room) } else { due };
        let (upper, price) = bounds(give(i));
        lp.set_bounds(col, 0.0, if open == Some(i) { upper } else { upper.min(most) });
        lp.set_cost(col, price);
    }
}

/// What is sold less, MWh, for each MWh that is missing of what is due in a settlement period.
fn less_sold(problem: &Problem, draft: &Draft, f: usize, counts: impl Fn(usize) -> bool) -> Vec<(Col, f64)> {
    let due_part = 1.0 - problem.commitments()[f].penalty.tolerance_frac;
    let all = draft.meters.iter().flat_map(|columns| columns.meter.parts.iter().zip(&columns.shortfalls));
    let own = all.filter(|(part, _)| part.commitment == f && part.due_mwh > 0.0 && counts(part.index));
    own.map(|(_, &col)| (col, 1.0 / due_part)).collect()
}

/// `sum of over <= max_frac * (sold - less sold) + relief`: the column of the row takes what is on its right.
fn rebounds(lp: &mut Milp, problem: &Problem, draft: &Draft, reliefs: &[Col]) {
    let excesses: Vec<Col> = draft.milp.columns_of("rebound").collect();
    for (one, excess) in rebounding(problem).into_iter().zip(excesses) {
        let f = one.commitment;
        let max_frac = problem.commitments()[f].rebound.as_ref().map_or(0.0, |rebound| rebound.max_frac);
        lp.set_bounds(excess, -FREE, FREE);
        let mut terms = vec![(excess, 1.0), (reliefs[f], -1.0)];
        terms.extend(less_sold(problem, draft, f, |_| true).into_iter().map(|(col, mwh)| (col, max_frac * mwh)));
        lp.row(-FREE, 0.0, &terms, Tag::new("relief").object(f));
    }
}

/// A battery holds less where less is sold, and nothing where the commitment is gone.
fn reserves(lp: &mut Milp, problem: &Problem, draft: &Draft, gives: &[Give]) {
    let shorts: Vec<Col> = draft.milp.columns_of("reserve").collect();
    for (held, short) in held(problem).into_iter().zip(shorts) {
        let f = held.commitment;
        let end = problem.horizon().start_of(held.period + 1);
        let later = |index: usize| problem.commitments()[f].settlement_periods[index].start_utc() >= end;
        let efficiency = problem.batteries()[held.battery].discharge_efficiency;
        lp.set_bounds(short, 0.0, FREE);
        let mut terms = vec![(short, 1.0)];
        terms.extend(less_sold(problem, draft, f, later).into_iter().map(|(col, mwh)| (col, -mwh / efficiency)));
        let most = if gives[f] == Give::Free { FREE } else { 0.0 };
        lp.row(-FREE, most, &terms, Tag::new("relief").object(f).period(held.period));
    }
}

/// How far everything gave way, where it has a price.
pub(super) fn read(problem: &Problem, draft: &Draft, terms: &Terms, reliefs: &Reliefs, values: &[f64]) -> Owed {
    let priced = |give: Give| matches!(give, Give::Priced(_) | Give::Balance(_));
    let value = |col: Col| values[col.index()].max(0.0);
    let raised = reliefs.raised.iter().filter(|(k, ..)| priced(terms.targets[*k]));
    let power = draft.targets.iter().filter(|column| !column.ramp && priced(terms.targets[column.target]));
    let mut short = Vec::new();
    for columns in &draft.meters {
        let parts = columns.meter.parts.iter().zip(&columns.shortfalls);
        let given_up = parts.clone().any(|(part, &col)| value(col) > part.due_mwh + super::filter::NOTHING);
        let parts = parts.filter(|(part, _)| priced(terms.commitments[part.commitment]));
        short.extend(parts.map(|(part, &col)| Short {
            commitment: part.commitment,
            index: part.index,
            mwh: value(col),
            given_up,
        }));
    }
    let by_commitment = |columns: &[Col]| {
        let each = columns.iter().zip(&terms.commitments);
        each.map(|(&col, &give)| if priced(give) { value(col) } else { 0.0 }).collect()
    };
    debug_assert!(short.iter().all(|one| one.commitment < problem.commitments().len()));
    Owed {
        raised: raised.map(|&(k, raise, col)| (k, raise, value(col))).collect(),
        over: power.map(|column| (column.target, column.period, value(column.excess))).collect(),
        short,
        guard_mwh: by_commitment(&reliefs.guard),
        rebound_mwh: by_commitment(&reliefs.rebound),
    }
}

/// The commitments at the meter whose delivery row has this region and first period.
pub(super) fn at_meter(draft: &Draft, region: usize, period: usize) -> impl Iterator<Item = usize> + '_ {
    let meters = draft.meters.iter().map(|columns| &columns.meter);
    let here = meters.filter(move |meter| (meter.region, meter.periods.start) == (region, period));
    here.flat_map(|meter| meter.parts.iter().map(|part| part.commitment))
}

/// "2 MWh, 2026-03-02 SP35 to 2026-03-02 SP36": what is sold within the horizon, and when.
pub(super) fn sold(problem: &Problem, f: usize) -> String {
    let own = &problem.commitments()[f];
    let planned: Vec<(usize, SettlementPeriod)> = own
        .settlement_periods
        .iter()
        .copied()
        .enumerate()
        .filter(|&(_, period)| crate::model::covered(problem.horizon(), period).is_some())
        .collect();
    let mwh: f64 = planned.iter().map(|&(i, _)| settlement_h() * own.committed_mw.at(i)).sum();
    let mwh = super::repair::short(mwh);
    match (planned.first(), planned.last()) {
        (Some((_, first)), Some((_, last))) if first != last => format!("{mwh} MWh, {first} to {last}"),
        (Some((_, only)), _) => format!("{mwh} MWh, {only}"),
        _ => format!("{mwh} MWh"),
    }
}
