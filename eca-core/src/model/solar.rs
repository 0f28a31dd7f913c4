//! On-site solar: `0 <= solar_used <= solar_mw`; what is not used is curtailed.

use super::{Draft, Frame, Rule};
use crate::milp::Tag;

pub(super) struct Solar;

impl Rule for Solar {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (r, t) in frame.cells() {
            let available = frame.problem.regions()[r].solar_mw.at(t);
            if available > 0.0 {
                let used = draft.milp.continuous(0.0, available, 0.0, Tag::new("solar_used_mw").object(r).period(t));
                *draft.solar.at_mut((r, t)) = Some(used);
                draft.supply.at_mut((r, t)).columns.push((used, 1.0));
            }
        }
    }

    fn rows(&self, _frame: &Frame<'_>, _draft: &mut Draft) {}
}
