//! IT capacity: `it = sum of loads`, `it <= it_capacity_mw + it_overload`.

use super::{Draft, Frame, Rule};
use crate::milp::Tag;

pub(super) struct Capacity;

impl Rule for Capacity {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        let price = frame.h * frame.ladder.overload_gbp_per_mwh;
        for (r, t) in frame.cells() {
            let tag = |rule| Tag::new(rule).object(r).period(t);
            *draft.it.at_mut((r, t)) = Some(draft.milp.continuous(0.0, f64::INFINITY, 0.0, tag("it_mw")));
            *draft.it_overload.at_mut((r, t)) =
                Some(draft.milp.continuous(0.0, f64::INFINITY, price, tag("it_overload")));
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (r, t) in frame.cells() {
            let (Some(it), Some(overload)) = (*draft.it.at((r, t)), *draft.it_overload.at((r, t))) else { continue };
            let capacity = frame.problem.regions()[r].it_capacity_mw.at(t);
            let limit = Tag::new("it_capacity").object(r).period(t);
            draft.milp.row(f64::NEG_INFINITY, capacity, &[(it, 1.0), (overload, -1.0)], limit);
        }
    }
}
