//! The baseline guard: what counts for an in-day adjustment is not raised because something is sold.
//!
//! `sum of h * import <= H * (import_mw * (1 + room_frac) + room_mw) + baseline_guard` in each settlement period of the window.
//! `import_mw` is what the plan without the commitment imports there. Work that an event moves may go anywhere else. Gives
//! way only to promises: a MWh in the window costs more than any energy and any shortfall.

use super::meter::{covered, settlement_h};
use crate::Problem;
use crate::milp::{Col, Tag};
use crate::model::{Draft, Frame, Rule};
use std::ops::Range;

pub(in crate::model) struct Guards;

/// One settlement period of the window of one commitment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Guarded {
    pub(crate) commitment: usize,
    pub(crate) region: usize,
    pub(crate) periods: Range<usize>,
    /// Most import, MWh.
    pub(crate) most_mwh: f64,
}

/// Every guarded settlement period that is wholly within the horizon.
pub(crate) fn guarded(problem: &Problem) -> Vec<Guarded> {
    let mut all = Vec::new();
    for (commitment, one) in problem.commitments().iter().enumerate() {
        let Some(guard) = &one.guard else { continue };
        let Some(region) = problem.regions().iter().position(|region| region.id == one.region) else { continue };
        for (i, &period) in guard.settlement_periods.iter().enumerate() {
            let whole = period.start_utc() >= problem.horizon().start;
            let Some(periods) = covered(problem.horizon(), period).filter(|_| whole) else { continue };
            let most_mw = guard.import_mw.at(i) * (1.0 + guard.room_frac) + guard.room_mw;
            all.push(Guarded { commitment, region, periods, most_mwh: settlement_h() * most_mw });
        }
    }
    all
}

impl Rule for Guards {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for guard in guarded(frame.problem) {
            let tag = Tag::new("baseline_guard").object(guard.commitment).period(guard.periods.start);
            let excess = draft.milp.continuous(0.0, f64::INFINITY, frame.ladder.end_soc_gbp_per_mwh, tag);
            draft.guards.push(excess);
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (guard, excess) in guarded(frame.problem).into_iter().zip(draft.guards.clone()) {
            let tag = Tag::new("baseline_guard").object(guard.commitment).period(guard.periods.start);
            let import = |t| *draft.import.at((guard.region, t));
            let mut terms: Vec<(Col, f64)> =
                guard.periods.clone().filter_map(import).map(|col| (col, frame.h)).collect();
            terms.push((excess, -1.0));
            draft.milp.row(f64::NEG_INFINITY, guard.most_mwh, &terms, tag);
        }
    }
}
