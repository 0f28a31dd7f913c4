//! Calls of divisible opportunities: their length (C7), the rest after them and their number (C9).
//!
//! With `a[k]` = settlement period `k` is taken, and `k + 1` the one that follows on the clock:
//! `s[k] >= a[k] - a[k-1]`; `a[k+i] >= s[k]` for `i < min_call_periods`; `sum of a[k..=k+max] <= max`;
//! `a[k'] + a[k] - a[k+1] <= 1` for `k'` in the rest after `k`; sums of `s` over a day and a week.

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

pub(super) fn rows(draft: &mut Draft, o: usize, one: &Opportunity, columns: &OpportunityColumns) {
    let limited = one.min_call_periods.is_some_and(|least| least > 1) || one.max_call_periods.is_some();
    let counted = one.max_calls_per_day.is_some() || one.max_calls_per_week.is_some();
    if !one.divisible || !(limited || counted || one.recovery_periods > 0) {
        return;
    }
    let taken: BTreeMap<i64, Col> =
        columns.slots.iter().map(|slot| (clock(slot.slot.settlement_period), slot.accepted)).collect();
    let tag = |k: i64| Tag::new("opportunity_call").object(o).part(usize::try_from(k.rem_euclid(1 << 30)).unwrap_or(0));
    let below = f64::NEG_INFINITY;
    let mut by_day: BTreeMap<SettlementDate, Vec<(Col, f64)>> = BTreeMap::new();
    let mut by_week: BTreeMap<SettlementDate, Vec<(Col, f64)>> = BTreeMap::new();
    for slot in &columns.slots {
        let (k, date) = (clock(slot.slot.settlement_period), slot.slot.settlement_period.settlement_date());
        let a = |k: i64| taken.get(&k).copied();
        let start = draft.milp.continuous(0.0, 1.0, 0.0, tag(k));
        let mut terms = vec![(slot.accepted, 1.0), (start, -1.0)];
        terms.extend(a(k - 1).map(|before| (before, -1.0)));
        draft.milp.row(below, 0.0, &terms, tag(k));
        for i in 1..i64::from(one.min_call_periods.unwrap_or(1)) {
            // Where the next one cannot be taken, no call that needs it starts.
            let mut terms = vec![(start, 1.0)];
            terms.extend(a(k + i).map(|next| (next, -1.0)));
            draft.milp.row(below, 0.0, &terms, tag(k));
        }
        if let Some(most) = one.max_call_periods {
            let run: Vec<_> = (0..=i64::from(most)).filter_map(|i| a(k + i)).map(|col| (col, 1.0)).collect();
            draft.milp.row(below, f64::from(most), &run, tag(k));
        }
        for rest in 2..=i64::from(one.recovery_periods) {
            let Some(later) = a(k + rest) else { continue };
            let mut terms = vec![(later, 1.0), (slot.accepted, 1.0)];
            terms.extend(a(k + 1).map(|next| (next, -1.0)));
            draft.milp.row(below, 1.0, &terms, tag(k));
        }
        by_day.entry(date).or_default().push((start, 1.0));
        by_week.entry(monday(date)).or_default().push((start, 1.0));
    }
    for (most, sums) in [(one.max_calls_per_day, by_day), (one.max_calls_per_week, by_week)] {
        let Some(most) = most else { continue };
        for starts in sums.into_values() {
            draft.milp.row(below, f64::from(most), &starts, tag(0));
        }
    }
}
