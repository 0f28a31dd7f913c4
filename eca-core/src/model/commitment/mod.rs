//! Commitments: energy below a frozen baseline, settlement period by settlement period, at one meter.
//!
//! `sum of shortfalls + baseline - metered >= sum of what is due`, `due = (1 - tolerance_frac) * committed`,
//! `metered = sum of h * import + ramp losses`; where more import is sold it is metered less baseline, less ramp losses. All
//! commitments of a region add up: a MWh is delivered once. What is missing is missing where it is cheapest; a shortfall is at
//! most what is due, but that of the dearest has no end, so that import above the baseline costs too. What was sold is paid for
//! whatever is delivered. A strict commitment has no shortfall in a plan that the model decides (C2); see `engine/firm.rs`.

mod guard;
mod meter;
mod rebound;
mod reserve;

pub(super) use guard::Guards;
pub(crate) use guard::{Window, guarded, guarded_of};
pub(crate) use meter::{Meter, Part, covered, meters, settlement_h};
pub(super) use rebound::Rebounds;
pub(crate) use rebound::rebounding;
pub(super) use rebound::{over, windows as rebound_windows};
pub(super) use reserve::Reserves;
pub(crate) use reserve::held;

use super::{Draft, Frame, Rule, opportunity};
use crate::milp::{Col, Tag};

pub(super) struct Commitments;

/// The rules whose slack is what a commitment asks for: none of them may break a promise to users.
pub(crate) const MARKET: [&str; 4] = ["shortfall", "baseline_guard", "rebound", "reserve"];

/// The shortfall of one part of a meter's commitments.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct MeterColumns {
    pub(crate) meter: Meter,
    pub(crate) shortfalls: Vec<Col>,
}

impl MeterColumns {
    /// Which commitment each shortfall of a strict one is of, and which of its settlement periods.
    pub(crate) fn strict(&self) -> impl Iterator<Item = (&Part, Col)> {
        self.meter.parts.iter().zip(self.shortfalls.iter().copied()).filter(|(part, _)| part.strict)
    }
}

impl Rule for Commitments {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for meter in meters(frame.problem, frame.ladder.shortfall_gbp_per_mwh) {
            let mut shortfalls = Vec::new();
            for (i, part) in meter.parts.iter().enumerate() {
                let tag = |rule| Tag::new(rule).object(part.commitment).part(part.index).period(meter.periods.start);
                let most = if i + 1 == meter.parts.len() { f64::INFINITY } else { part.due_mwh };
                shortfalls.push(draft.milp.continuous(0.0, most, part.penalty_gbp_per_mwh, tag("shortfall")));
                let sold = part.committed_mwh;
                draft.milp.continuous(sold, sold, -part.price_gbp_per_mwh, tag("committed_mwh"));
            }
            draft.meters.push(MeterColumns { meter, shortfalls });
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for MeterColumns { meter, shortfalls } in draft.meters.clone() {
            let tag = |rule| Tag::new(rule).object(meter.region).period(meter.periods.start);
            let mut terms: Vec<(Col, f64)> = shortfalls.iter().map(|&col| (col, 1.0)).collect();
            for t in meter.periods.clone() {
                let Some(import) = *draft.import.at((meter.region, t)) else { continue };
                terms.push((import, -meter.sign * frame.h));
                terms.extend(ramp_loss(draft, &meter, t).map(|loss| (loss, -1.0)));
            }
            // What is taken of opportunities comes before: it is whole, or not taken.
            let taken = opportunity::taken_at(draft, meter.region, meter.settlement_period, meter.sign);
            terms.extend(taken.into_iter().map(|(col, mwh)| (col, -mwh)));
            let due: f64 = meter.parts.iter().map(|part| part.due_mwh).sum();
            let asked = due + meter.sign * (meter.imported_mwh - meter.baseline_mwh);
            draft.milp.row(asked, f64::INFINITY, &terms, tag("delivery"));
        }
    }
}

/// Energy that a change of import at the start of a period costs because it takes time: `change * ramp_h / 2`, the area above
/// a straight line. None where changes are at once, or where the period before is not known.
fn ramp_loss(draft: &mut Draft, meter: &Meter, t: usize) -> Option<Col> {
    let before = t.checked_sub(1).filter(|_| meter.ramp_h > 0.0)?;
    let (import, earlier) = ((*draft.import.at((meter.region, t)))?, (*draft.import.at((meter.region, before)))?);
    let tag = Tag::new("ramp_loss").object(meter.region).period(t);
    let loss = draft.milp.continuous(0.0, f64::INFINITY, 0.0, tag);
    let half = meter.sign * meter.ramp_h / 2.0;
    draft.milp.row(0.0, f64::INFINITY, &[(loss, 1.0), (earlier, -half), (import, half)], tag);
    Some(loss)
}
