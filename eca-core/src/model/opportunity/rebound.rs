//! The rebound of what is taken: what comes back after it is a part of what is sold at most (C10).
//!
//! `over[g] >= s * (sum of h * import - H * baseline_mw[g])`, `over >= 0`; where any of it is taken,
//! `sum of over <= max_frac * sum of sold`. Hard, as all that is asked of an opportunity: what cannot be kept is left.

use super::{OpportunityColumns, most};
use crate::milp::Tag;
use crate::model::commitment::{Window, over, rebound_windows};
use crate::model::{Draft, Frame, settlement_h};
use crate::problem::Opportunity;

pub(super) fn rows(frame: &Frame<'_>, draft: &mut Draft, o: usize, one: &Opportunity, columns: &OpportunityColumns) {
    let Some(rebound) = &one.rebound else { return };
    let windows = rebound_windows(frame.problem, rebound, one.direction);
    let over_tag = |t| Tag::new("opportunity_rebound_over").object(o).period(t);
    let mut sum = over(frame, draft, columns.region, &windows, over_tag);
    // The most that can ever come back: the row has no force where nothing is taken.
    let lacking: f64 = windows.iter().map(|window| most_mwh(frame, columns.region, window)).sum();
    // One that is all or nothing has the same columns in all of its settlement periods.
    #[allow(clippy::cast_precision_loss)]
    let (own, times) = match (one.divisible, columns.slots.len()) {
        (true, slots) => (slots, 1.0),
        (false, slots) => (slots.min(1), slots as f64),
    };
    let mwh = times * settlement_h() * one.step_mw;
    sum.extend(columns.slots[..own].iter().map(|slot| (slot.steps, -rebound.max_frac * mwh)));
    for slot in columns.slots[..own].iter().filter(|_| !windows.is_empty()) {
        let mut terms = sum.clone();
        terms.push((slot.accepted, lacking));
        let tag = Tag::new("opportunity_rebound").object(o).period(slot.slot.periods.start);
        draft.milp.row(f64::NEG_INFINITY, lacking, &terms, tag);
    }
}

/// The most that import can be beyond the baseline of a settlement period, MWh.
fn most_mwh(frame: &Frame<'_>, r: usize, window: &Window) -> f64 {
    let most = window.periods.clone().map(|t| frame.h * most::import_mw(frame, r, t)).sum::<f64>();
    (if window.sign > 0.0 { most } else { 0.0 } - window.sign * window.limit_mwh).max(0.0)
}
