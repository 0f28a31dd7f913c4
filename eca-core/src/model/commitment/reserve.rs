//! Reservation of storage: what is sold from a battery is in it until it is due (C14).
//!
//! `soc[t] + reserve >= soc_min_mwh + sum of H * committed_mw[k] / discharge_efficiency` over the settlement periods `k` that start
//! at the end of period `t` or later. That it is not discharged for anything else, and not charged while it delivers, follows.
//! Gives way only to promises, at the price of energy missing at the end.

use super::meter::settlement_h;
use crate::Problem;
use crate::milp::Tag;
use crate::model::{Draft, Frame, Rule};

pub(in crate::model) struct Reserves;

/// What a battery must hold at the end of a period.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Held {
    pub(crate) commitment: usize,
    pub(crate) battery: usize,
    pub(crate) period: usize,
    pub(crate) least_mwh: f64,
}

/// Every battery and period in which something is held.
pub(crate) fn held(problem: &Problem) -> Vec<Held> {
    let horizon = problem.horizon();
    let mut all = Vec::new();
    for (commitment, one) in problem.commitments().iter().enumerate() {
        let Some(id) = &one.reserve else { continue };
        let Some(battery) = problem.batteries().iter().position(|battery| battery.id == *id) else { continue };
        let own = &problem.batteries()[battery];
        for period in 0..horizon.periods {
            let end = horizon.start_of(period + 1);
            let later = one.settlement_periods.iter().enumerate();
            let later = later.filter(|(_, k)| k.start_utc() >= end && k.end_utc() <= horizon.end());
            let sold: f64 = later.map(|(i, _)| settlement_h() * one.committed_mw.at(i)).sum();
            if sold > 0.0 {
                let least_mwh = own.soc_min_mwh + sold / own.discharge_efficiency;
                all.push(Held { commitment, battery, period, least_mwh });
            }
        }
    }
    all
}

impl Rule for Reserves {
    fn columns(&self, _: &Frame<'_>, _: &mut Draft) {}

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for held in held(frame.problem) {
            let Some(&soc) = draft.storage.get(held.battery).and_then(|columns| columns.soc.get(held.period)) else {
                continue;
            };
            let tag = Tag::new("reserve").object(held.commitment).period(held.period);
            let short = draft.milp.continuous(0.0, f64::INFINITY, frame.ladder.end_soc_gbp_per_mwh, tag);
            draft.milp.row(held.least_mwh, f64::INFINITY, &[(soc, 1.0), (short, 1.0)], tag);
        }
    }
}
