//! Calls of divisible opportunities: their length (C7), the rest after them and their number (C9).
//!
//! With `a[k]` = settlement period `k` is taken, and `k + 1` the one that follows on the clock; `a` is 1 where `called` says that
//! the contract is called already, before the horizon or in it:
//! `s[k] >= a[k] - a[k-1]`; `a[k+i] >= s[k]` for `i < min_call_periods`, up to what is called already; `sum of a[k..=k+max] <= max`;
//! `a[k'] + a[k] - a[k+1] <= 1` for `k'` in the rest after `k`; sums of `s` over a day and a week. What is called already breaks none
//! of these by itself: it leaves less to take.

use super::OpportunityColumns;
use crate::milp::{Col, Tag};
use crate::model::Draft;
use crate::problem::Opportunity;
use crate::{SettlementDate, SettlementPeriod};
use std::collections::BTreeMap;

/// Settlement periods on the clock, counted from any one.
fn clock(period: SettlementPeriod) -> i64 {
    period.start_utc().unix_s() / 1800
}

/// Monday of the week.
fn monday(date: SettlementDate) -> SettlementDate {
    date.plus_days(1 - i64::from(date.weekday()))
}

/// A settlement period that may be called.
#[derive(Clone, Copy)]
struct Cell {
    date: SettlementDate,
    /// Whether it is taken; none where it is called already.
    open: Option<Col>,
}

/// A row of what is taken, with what is called already as numbers.
#[derive(Default)]
struct Sum {
    terms: Vec<(Col, f64)>,
    called: f64,
}

impl Sum {
    /// `factor * a[k]`.
    fn plus(mut self, cells: &BTreeMap<i64, Cell>, k: i64, factor: f64) -> Self {
        match cells.get(&k).map(|cell| cell.open) {
            Some(Some(col)) => self.terms.push((col, factor)),
            Some(None) => self.called += factor,
            None => {}
        }
        self
    }

    fn at_most(self, draft: &mut Draft, most: f64, tag: Tag) {
        draft.milp.row(f64::NEG_INFINITY, most - self.called, &self.terms, tag);
    }
}

pub(super) fn rows(draft: &mut Draft, o: usize, one: &Opportunity, columns: &OpportunityColumns) {
    let limited = one.min_call_periods.is_some_and(|least| least > 1) || one.max_call_periods.is_some();
    let counted = one.max_calls_per_day.is_some() || one.max_calls_per_week.is_some();
    if !one.divisible || !(limited || counted || one.recovery_periods > 0) {
        return;
    }
    let called = one.called.iter().map(|&period| (period, None));
    let open = columns.slots.iter().map(|slot| (slot.slot.settlement_period, Some(slot.accepted)));
    let cells: BTreeMap<i64, Cell> = called
        .chain(open)
        .map(|(period, open)| (clock(period), Cell { date: period.settlement_date(), open }))
        .collect();
    let is_called = |k: i64| cells.get(&k).is_some_and(|cell| cell.open.is_none());
    let tag = |k: i64| Tag::new("opportunity_call").object(o).part(usize::try_from(k.rem_euclid(1 << 30)).unwrap_or(0));
    let mut starts = Vec::new();
    for (&k, cell) in &cells {
        let start = draft.milp.continuous(0.0, 1.0, 0.0, tag(k));
        let begins = Sum { terms: vec![(start, -1.0)], called: 0.0 };
        begins.plus(&cells, k, 1.0).plus(&cells, k - 1, -1.0).at_most(draft, 0.0, tag(k));
        starts.push((cell.date, start, is_called(k) && !is_called(k - 1)));
        if cell.open.is_some() {
            for i in 1..i64::from(one.min_call_periods.unwrap_or(1)) {
                // A call that what is called already goes on is long enough.
                if is_called(k + i) {
                    break;
                }
                // Where the next one cannot be taken, no call that needs it starts.
                let needs = Sum { terms: vec![(start, 1.0)], called: 0.0 };
                needs.plus(&cells, k + i, -1.0).at_most(draft, 0.0, tag(k));
            }
        }
        if let Some(most) = one.max_call_periods {
            let run = (0..=i64::from(most)).fold(Sum::default(), |sum, i| sum.plus(&cells, k + i, 1.0));
            let most = f64::from(most).max(run.called);
            run.at_most(draft, most, tag(k));
        }
        for rest in (2..=i64::from(one.recovery_periods)).filter(|rest| !(is_called(k) && is_called(k + rest))) {
            if cells.contains_key(&(k + rest)) {
                let rested = Sum::default().plus(&cells, k + rest, 1.0).plus(&cells, k, 1.0);
                rested.plus(&cells, k + 1, -1.0).at_most(draft, 1.0, tag(k));
            }
        }
    }
    count(draft, &starts, one.max_calls_per_day, |date| date, tag(0));
    count(draft, &starts, one.max_calls_per_week, monday, tag(0));
}

/// At most so many calls start in each span of days; those that are called already count, and may be more by themselves.
fn count(
    draft: &mut Draft,
    starts: &[(SettlementDate, Col, bool)],
    most: Option<u32>,
    span: impl Fn(SettlementDate) -> SettlementDate,
    tag: Tag,
) {
    let Some(most) = most else { return };
    let mut sums: BTreeMap<SettlementDate, (Vec<(Col, f64)>, f64)> = BTreeMap::new();
    for &(date, start, called) in starts {
        let (terms, known) = sums.entry(span(date)).or_default();
        terms.push((start, 1.0));
        *known += f64::from(u8::from(called));
    }
    for (terms, known) in sums.into_values() {
        draft.milp.row(f64::NEG_INFINITY, f64::from(most).max(known), &terms, tag);
    }
}
