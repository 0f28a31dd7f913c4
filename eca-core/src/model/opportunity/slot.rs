//! Which settlement periods of an opportunity may be taken at all.

use crate::model::covered;
use crate::problem::{Direction, Opportunity, Route};
use crate::time::SETTLEMENT_PERIOD_MIN;
use crate::{Problem, SettlementPeriod, flex};
use std::ops::Range;

/// A settlement period of an opportunity that may be taken.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Slot {
    /// Which of its settlement periods.
    pub(crate) index: usize,
    pub(crate) settlement_period: SettlementPeriod,
    /// The periods of the horizon.
    pub(crate) periods: Range<usize>,
}

/// The settlement periods that may be taken: wholly within the horizon, with the notice that is needed (C5) and an open
/// gate (C6), with a meter that proves them (C19), not called already (C9), and with no commitment at the meter that excludes them. One that is all or nothing has all of them or none.
pub(crate) fn slots(problem: &Problem, one: &Opportunity) -> Vec<Slot> {
    if one.meter_interval_min.is_some_and(|min| SETTLEMENT_PERIOD_MIN % i64::from(min) != 0) {
        return Vec::new();
    }
    let all: Vec<Slot> = one
        .settlement_periods
        .iter()
        .enumerate()
        .filter(|&(_, &period)| in_time(problem, one, period) && !sold(problem, one, period))
        .filter(|(_, period)| !one.called.contains(period))
        .filter_map(|(index, &settlement_period)| {
            Some(Slot { index, settlement_period, periods: covered(problem.horizon(), settlement_period)? })
        })
        .collect();
    if one.divisible || all.len() == one.settlement_periods.len() { all } else { Vec::new() }
}

fn in_time(problem: &Problem, one: &Opportunity, period: SettlementPeriod) -> bool {
    let start = problem.horizon().start;
    #[allow(clippy::cast_precision_loss)]
    let left_s = (period.start_utc().unix_s() - start.unix_s()) as f64;
    let open = one.route != Route::WholesaleP415 || period.gate_closure() > start;
    open && left_s >= one.notice_s
}

/// Whether what is sold at the meter leaves no way for it: the other direction, or a route that excludes this one (C11).
fn sold(problem: &Problem, one: &Opportunity, period: SettlementPeriod) -> bool {
    let here = problem.commitments().iter().filter(|known| known.region == one.region);
    let mut here = here.filter(|known| known.settlement_periods.contains(&period));
    here.any(|known| clash((one.direction, one.route), (known.direction, known.route)))
}

/// Whether two sales at one meter exclude each other in a settlement period.
fn clash(one: (Direction, Route), other: (Direction, Route)) -> bool {
    one.0 != other.0 || flex::excludes(one.1, other.1)
}

/// Whether two opportunities exclude each other in a settlement period that both have (C11).
pub(crate) fn exclusive(one: &Opportunity, other: &Opportunity) -> bool {
    let group = one.exclusive_group.is_some() && one.exclusive_group == other.exclusive_group;
    group || (one.region == other.region && clash((one.direction, one.route), (other.direction, other.route)))
}
