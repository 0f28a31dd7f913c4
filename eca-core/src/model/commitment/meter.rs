//! What is owed at one meter in one settlement period.

use crate::model::sign;
use crate::problem::{Commitment, CommitmentKind};
use crate::time::SETTLEMENT_PERIOD_MIN;
use crate::unit::min_to_h;
use crate::{Horizon, Problem, SettlementPeriod};
use std::ops::Range;

/// One commitment in one settlement period.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part {
    /// The commitment.
    pub(crate) commitment: usize,
    /// Which of its settlement periods.
    pub(crate) index: usize,
    pub(crate) committed_mwh: f64,
    /// What has to come, so that nothing is fined.
    pub(crate) due_mwh: f64,
    pub(crate) price_gbp_per_mwh: f64,
    pub(crate) penalty_gbp_per_mwh: f64,
    /// Nothing that is due may be missing.
    pub(crate) strict: bool,
}

/// One region in one settlement period, with all that is sold there: cheapest shortfall first, what is strict last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Meter {
    pub(crate) region: usize,
    pub(crate) settlement_period: SettlementPeriod,
    /// The periods of the horizon.
    pub(crate) periods: Range<usize>,
    /// Import of the settlement period before the horizon, MWh.
    pub(crate) imported_mwh: f64,
    /// 1 where less import is sold, -1 where more.
    pub(crate) sign: f64,
    /// The lowest baseline of all parts, MWh, the highest where more import is sold: nothing is delivered twice.
    pub(crate) baseline_mwh: f64,
    /// Hours in which a change of import takes effect.
    pub(crate) ramp_h: f64,
    pub(crate) parts: Vec<Part>,
}

impl Meter {
    /// Whether it is that of a region and settlement period, for less import or for more.
    pub(crate) fn is_at(&self, region: usize, settlement_period: SettlementPeriod, sign: f64) -> bool {
        (self.region, self.settlement_period) == (region, settlement_period) && self.sign.total_cmp(&sign).is_eq()
    }
}

/// Every meter and settlement period in which something is due, by region and time.
pub(crate) fn meters(problem: &Problem, default_gbp_per_mwh: f64) -> Vec<Meter> {
    let mut all: Vec<Meter> = Vec::new();
    for (f, commitment) in problem.commitments().iter().enumerate() {
        let Some(region) = problem.regions().iter().position(|region| region.id == commitment.region) else { continue };
        for (index, &settlement_period) in commitment.settlement_periods.iter().enumerate() {
            let Some(periods) = covered(problem.horizon(), settlement_period) else { continue };
            let part = part(commitment, f, index, default_gbp_per_mwh);
            let baseline_mwh = settlement_h() * commitment.baseline_mw.at(index);
            let ramp_h = min_to_h(commitment.ramp_min);
            let before = settlement_period.start_utc() < problem.horizon().start;
            let imported_mwh = commitment.imported_mwh.filter(|_| before).unwrap_or(0.0);
            let sign = sign(commitment.direction);
            match all.iter_mut().find(|meter| meter.is_at(region, settlement_period, sign)) {
                Some(meter) => {
                    meter.baseline_mwh = sign * (sign * meter.baseline_mwh).min(sign * baseline_mwh);
                    meter.ramp_h = meter.ramp_h.max(ramp_h);
                    meter.imported_mwh = meter.imported_mwh.max(imported_mwh);
                    meter.parts.push(part);
                }
                None => all.push(Meter {
                    region,
                    settlement_period,
                    periods,
                    imported_mwh,
                    sign,
                    baseline_mwh,
                    ramp_h,
                    parts: vec![part],
                }),
            }
        }
    }
    for meter in &mut all {
        // What may not be missing is served first. The sort is stable: what costs the same stays in the order of the document.
        meter.parts.sort_by(|a, b| {
            a.strict.cmp(&b.strict).then_with(|| a.penalty_gbp_per_mwh.total_cmp(&b.penalty_gbp_per_mwh))
        });
    }
    all.sort_by_key(|meter| (meter.region, meter.settlement_period));
    all
}

fn part(commitment: &Commitment, f: usize, index: usize, default_gbp_per_mwh: f64) -> Part {
    let committed_mwh = settlement_h() * commitment.committed_mw.at(index);
    let given = commitment.penalty.price_gbp_per_mwh.as_ref();
    Part {
        commitment: f,
        index,
        committed_mwh,
        due_mwh: (1.0 - commitment.penalty.tolerance_frac) * committed_mwh,
        price_gbp_per_mwh: commitment.price_gbp_per_mwh.at(index),
        penalty_gbp_per_mwh: given.map_or(default_gbp_per_mwh, |price| price.at(index)),
        strict: commitment.kind == CommitmentKind::Strict,
    }
}

/// Hours of a settlement period.
pub(crate) fn settlement_h() -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let minutes = SETTLEMENT_PERIOD_MIN as f64;
    min_to_h(minutes)
}

/// The periods of a settlement period that ends within the horizon; none where it is over, or ends later.
pub(crate) fn covered(horizon: &Horizon, settlement_period: SettlementPeriod) -> Option<Range<usize>> {
    let (start, end) = (settlement_period.start_utc().max(horizon.start), settlement_period.end_utc());
    if end <= horizon.start || end > horizon.end() {
        return None;
    }
    let step = i64::from(horizon.step_min);
    let period = |at: crate::Timestamp| usize::try_from(at.minutes_since(horizon.start) / step).ok();
    Some(period(start)?..period(end)?)
}
