//! Demand charge: `demand_charge_gbp_per_mw * peak`, `peak >= import[t]` for every period.

use super::{Draft, Frame, Rule};
use crate::milp::Tag;

pub(super) struct DemandCharge;

impl Rule for DemandCharge {
    fn columns(&self, _frame: &Frame<'_>, _draft: &mut Draft) {}

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (r, region) in frame.problem.regions().iter().enumerate() {
            let price = region.demand_charge_gbp_per_mw;
            if price <= 0.0 {
                continue;
            }
            let tag = Tag::new("demand_charge").object(r);
            let peak = draft.milp.continuous(0.0, f64::INFINITY, price, tag);
            for t in 0..frame.periods {
                if let Some(import) = *draft.import.at((r, t)) {
                    draft.milp.row(0.0, f64::INFINITY, &[(peak, 1.0), (import, -1.0)], tag.period(t));
                }
            }
        }
    }
}
