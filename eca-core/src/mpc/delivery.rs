//! What is delivered of commitments: imports as they were against what is due, settlement period by settlement period.
//!
//! It is written from docs/model.md like the twin, and shares no arithmetic with what makes plans.

use super::twin::Flows;
use crate::problem::{Commitment, CommitmentKind, Direction, ProblemDocument, Region, RegionId};
use crate::time::SETTLEMENT_PERIOD_MIN;
use crate::{Horizon, SettlementPeriod, unit};
use serde::{Deserialize, Serialize};

/// One meter in the settlement period that is under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Metering {
    region: RegionId,
    settlement_period: SettlementPeriod,
    /// Imported in it so far, MWh; none where its beginning is not known.
    imported_mwh: Option<f64>,
    /// How far import fell and rose at the starts of its periods, MW.
    fell_mw: f64,
    rose_mw: f64,
    /// The last import, MW.
    last_mw: f64,
}

/// What one settlement period of one meter brings.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Delivery {
    pub(super) revenue_gbp: f64,
    pub(super) shortfall_mwh: f64,
    /// At the prices given; a shortfall without a price costs nothing here.
    pub(super) shortfall_gbp: f64,
}

/// A part of what is due at a meter.
struct Part {
    due_mwh: f64,
    /// No price of its own: above all others.
    price_gbp_per_mwh: Option<f64>,
    strict: bool,
}

/// Notes the imports of period `t`; what is over by its end is settled.
pub(super) fn meter(under_way: &mut Vec<Metering>, site: &ProblemDocument, t: usize, flows: &Flows) -> Vec<Delivery> {
    let mut settled = Vec::new();
    for (region, &import_mw) in site.regions.iter().zip(&flows.import_mw) {
        let here: Vec<&Commitment> = site.commitments.iter().filter(|one| one.region == region.id).collect();
        if here.is_empty() {
            under_way.retain(|known| known.region != region.id);
            continue;
        }
        let now = note(under_way, &site.horizon, t, region, import_mw, &here);
        if site.horizon.start_of(t + 1) >= now.settlement_period.end_utc() {
            settled.extend(settle(now, &here));
        }
    }
    settled
}

/// The meter of a region with one period more.
fn note<'a>(
    under_way: &'a mut Vec<Metering>,
    horizon: &Horizon,
    t: usize,
    region: &Region,
    import_mw: f64,
    here: &[&Commitment],
) -> &'a Metering {
    let start = horizon.start_of(t);
    let settlement_period = SettlementPeriod::containing(start);
    let known = under_way.iter().position(|known| known.region == region.id);
    let last_mw = known.map_or(import_mw, |i| under_way[i].last_mw);
    let i = match known.filter(|&i| under_way[i].settlement_period == settlement_period) {
        Some(i) => i,
        None => {
            let said = here.iter().filter(|one| one.settlement_periods.contains(&settlement_period));
            let said = said.filter_map(|one| one.imported_mwh).reduce(f64::max);
            let imported_mwh = if start == settlement_period.start_utc() { Some(0.0) } else { said };
            let fresh = Metering {
                region: region.id.clone(),
                settlement_period,
                imported_mwh,
                fell_mw: 0.0,
                rose_mw: 0.0,
                last_mw,
            };
            under_way.retain(|known| known.region != region.id);
            under_way.push(fresh);
            under_way.len() - 1
        }
    };
    let now = &mut under_way[i];
    let energy = horizon.step_h() * import_mw;
    now.imported_mwh = now.imported_mwh.map(|mwh| mwh + energy);
    now.fell_mw += (last_mw - import_mw).max(0.0);
    now.rose_mw += (import_mw - last_mw).max(0.0);
    now.last_mw = import_mw;
    now
}

/// What came of what was due; nothing where nothing was, or where it is not known what was imported.
fn settle(now: &Metering, here: &[&Commitment]) -> Option<Delivery> {
    #[allow(clippy::cast_precision_loss)]
    let hours = unit::min_to_h(SETTLEMENT_PERIOD_MIN as f64);
    let index = |one: &Commitment| one.settlement_periods.iter().position(|known| *known == now.settlement_period);
    let sold: Vec<(&Commitment, usize)> = here.iter().filter_map(|one| Some((*one, index(one)?))).collect();
    let down = sold.first()?.0.direction == Direction::Down;
    let s = if down { 1.0 } else { -1.0 };
    let mut delivery = Delivery::default();
    let mut parts = Vec::new();
    let (mut baseline_mw, mut ramp_min) = (f64::INFINITY, 0.0_f64);
    for &(one, i) in &sold {
        let committed_mwh = hours * one.committed_mw.at(i);
        delivery.revenue_gbp += one.price_gbp_per_mwh.at(i) * committed_mwh;
        baseline_mw = baseline_mw.min(s * one.baseline_mw.at(i));
        ramp_min = ramp_min.max(one.ramp_min);
        parts.push(Part {
            due_mwh: (1.0 - one.penalty.tolerance_frac) * committed_mwh,
            price_gbp_per_mwh: one.penalty.price_gbp_per_mwh.as_ref().map(|price| price.at(i)),
            strict: one.kind == CommitmentKind::Strict,
        });
    }
    let Some(imported_mwh) = now.imported_mwh else { return Some(delivery) };
    let changed_mw = if down { now.fell_mw } else { now.rose_mw };
    let mut left = hours * baseline_mw - s * imported_mwh - unit::min_to_h(ramp_min) / 2.0 * changed_mw;
    let dear = |part: &Part| (part.strict, part.price_gbp_per_mwh.unwrap_or(f64::INFINITY));
    // What may not be missing first, then the dearest, the later one of two that cost the same.
    parts.reverse();
    parts.sort_by(|a, b| dear(b).0.cmp(&dear(a).0).then_with(|| dear(b).1.total_cmp(&dear(a).1)));
    for (place, part) in parts.iter().enumerate() {
        // Import above the baseline is missing of the dearest.
        let least = if place == 0 { f64::NEG_INFINITY } else { 0.0 };
        let came = left.min(part.due_mwh).max(least);
        left = (left - came).max(0.0);
        let short = (part.due_mwh - came).max(0.0);
        delivery.shortfall_mwh += short;
        delivery.shortfall_gbp += part.price_gbp_per_mwh.unwrap_or(0.0) * short;
    }
    Some(delivery)
}
