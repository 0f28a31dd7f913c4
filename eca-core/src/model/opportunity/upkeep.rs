//! Upkeep of baselines: what is taken makes event days of no more days than a baseline can spare (C13).
//!
//! `e[d] >= a[k]` for every settlement period `k` of day `d` that may be taken at the meter, of whatever opportunity;
//! where `k` of this one is taken, `sum of e <= event_days_left`. Days with a commitment at the meter are event days already, and
//! not counted.

use super::OpportunityColumns;
use crate::Problem;
use crate::SettlementDate;
use crate::milp::{Col, Tag};
use crate::model::Draft;
use crate::problem::Opportunity;
use std::collections::BTreeMap;

pub(super) fn rows(problem: &Problem, draft: &mut Draft, o: usize, one: &Opportunity, columns: &OpportunityColumns) {
    let Some(left) = one.event_days_left else { return };
    let tag = Tag::new("opportunity_upkeep").object(o);
    let sold = problem.commitments().iter().filter(|known| known.region == one.region);
    let sold: Vec<SettlementDate> =
        sold.flat_map(|known| &known.settlement_periods).map(|period| period.settlement_date()).collect();
    let mut days: BTreeMap<SettlementDate, Vec<Col>> = BTreeMap::new();
    for slot in draft.opportunities.iter().filter(|known| known.region == columns.region).flat_map(|known| &known.slots)
    {
        let date = slot.slot.settlement_period.settlement_date();
        if !sold.contains(&date) {
            days.entry(date).or_default().push(slot.accepted);
        }
    }
    let mut sum = Vec::new();
    for taken in days.into_values() {
        let event = draft.milp.continuous(0.0, 1.0, 0.0, tag);
        for col in taken {
            draft.milp.row(f64::NEG_INFINITY, 0.0, &[(col, 1.0), (event, -1.0)], tag);
        }
        sum.push((event, 1.0));
    }
    #[allow(clippy::cast_precision_loss)]
    let most = sum.len() as f64;
    let spared = most - f64::from(left);
    if spared > 0.0 {
        for slot in &columns.slots {
            let mut terms = sum.clone();
            terms.push((slot.accepted, spared));
            draft.milp.row(f64::NEG_INFINITY, most, &terms, tag);
        }
    }
}
