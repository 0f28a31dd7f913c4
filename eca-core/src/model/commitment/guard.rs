//! The baseline guard: what counts for an in-day adjustment is not raised because something is sold.
//!
//! `sum of h * import <= H * (import_mw * (1 + room_frac) + room_mw) + baseline_guard` in each settlement period of the window;
//! before more import is sold, it is not lowered: `>= H * (import_mw * (1 - room_frac) - room_mw) - baseline_guard`.
//! `import_mw` is what the plan without the commitment imports there. Work that an event moves may go anywhere else. Gives
//! way only to promises: a MWh in the window costs more than any energy and any shortfall.

use super::meter::{covered, settlement_h};
use crate::milp::{Col, Tag};
use crate::model::{Draft, Frame, Rule, sign};
use crate::{BaselineGuard, Direction, Problem, SettlementPeriod};
use std::ops::Range;

pub(in crate::model) struct Guards;

/// One settlement period of a window.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Window {
    pub(crate) periods: Range<usize>,
    /// Most import, MWh; least where more import is sold.
    pub(crate) limit_mwh: f64,
    /// 1 where less import is sold, -1 where more.
    pub(crate) sign: f64,
}

impl Window {
    /// `s * sum of h * import <= s * limit_mwh + excess`.
    pub(super) fn row(&self, frame: &Frame<'_>, draft: &mut Draft, region: usize, excess: Col, tag: Tag) {
        let import = |t| *draft.import.at((region, t));
        let imports = self.periods.clone().filter_map(import);
        let mut terms: Vec<(Col, f64)> = imports.map(|col| (col, self.sign * frame.h)).collect();
        terms.push((excess, -1.0));
        draft.milp.row(f64::NEG_INFINITY, self.sign * self.limit_mwh, &terms, tag);
    }
}

/// One settlement period of the window of one commitment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Guarded {
    pub(crate) commitment: usize,
    pub(crate) region: usize,
    pub(crate) window: Window,
}

/// The settlement periods of a window that are wholly within the horizon.
pub(crate) fn guarded_of(problem: &Problem, guard: &BaselineGuard, direction: Direction) -> Vec<Window> {
    let sign = sign(direction);
    let limit_mw = |i: usize| guard.import_mw.at(i) * (1.0 + sign * guard.room_frac) + sign * guard.room_mw;
    windows(problem, &guard.settlement_periods, sign, limit_mw)
}

/// Settlement periods that are wholly within the horizon, with their limits in MW.
pub(super) fn windows(
    problem: &Problem,
    settlement_periods: &[SettlementPeriod],
    sign: f64,
    limit_mw: impl Fn(usize) -> f64,
) -> Vec<Window> {
    let all = settlement_periods.iter().enumerate();
    all.filter(|(_, period)| period.start_utc() >= problem.horizon().start)
        .filter_map(|(i, &period)| {
            let periods = covered(problem.horizon(), period)?;
            Some(Window { periods, limit_mwh: settlement_h() * limit_mw(i), sign })
        })
        .collect()
}

/// Every guarded settlement period that is wholly within the horizon.
pub(crate) fn guarded(problem: &Problem) -> Vec<Guarded> {
    let mut all = Vec::new();
    for (commitment, one) in problem.commitments().iter().enumerate() {
        let Some(guard) = &one.guard else { continue };
        let Some(region) = problem.regions().iter().position(|region| region.id == one.region) else { continue };
        let windows = guarded_of(problem, guard, one.direction).into_iter();
        all.extend(windows.map(|window| Guarded { commitment, region, window }));
    }
    all
}

impl Rule for Guards {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for guard in guarded(frame.problem) {
            let tag = Tag::new("baseline_guard").object(guard.commitment).period(guard.window.periods.start);
            let excess = draft.milp.continuous(0.0, f64::INFINITY, frame.ladder.end_soc_gbp_per_mwh, tag);
            draft.guards.push(excess);
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (guard, excess) in guarded(frame.problem).into_iter().zip(draft.guards.clone()) {
            let tag = Tag::new("baseline_guard").object(guard.commitment).period(guard.window.periods.start);
            guard.window.row(frame, draft, guard.region, excess, tag);
        }
    }
}
