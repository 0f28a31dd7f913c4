//! Carbon caps: `sum of h * import * carbon_g_per_kwh <= limit * denominator + excess` over each window, in kg.
//!
//! The denominator of `g_per_kwh` is facility energy, not imports: a battery that imports more to waste it would
//! otherwise lower the average.

use super::{CapColumn, Draft, Frame, Rule};
use crate::Horizon;
use crate::milp::Tag;
use crate::problem::{CapKind, CapMetric, CapWindow, CarbonCap};
use std::ops::Range;

pub(super) struct CarbonCaps;

/// kg for each million inferences of 1 g: 1e6 g.
const KG_PER_MILLION_G: f64 = 1e3;

/// The windows of a cap, as ranges of periods.
pub(crate) fn windows(window: CapWindow, horizon: &Horizon) -> Vec<Range<usize>> {
    let periods = horizon.periods;
    match window {
        CapWindow::Horizon => std::iter::once(0..periods).collect(),
        CapWindow::Day => {
            let days = horizon.day_index();
            let mut ranges: Vec<Range<usize>> = Vec::new();
            for t in 0..periods {
                match ranges.last_mut() {
                    Some(range) if days[range.start] == days[t] => range.end = t + 1,
                    _ => ranges.push(t..t + 1),
                }
            }
            ranges
        }
        CapWindow::RollingH(hours) => {
            // Validated to be a whole number of periods, at least one.
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let length = ((hours / horizon.step_h()).round() as usize).clamp(1, periods.max(1));
            (0..=periods - length).map(|from| from..from + length).collect()
        }
    }
}

impl Rule for CarbonCaps {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (c, cap) in frame.problem.carbon_caps().iter().enumerate() {
            for range in windows(cap.window, frame.problem.horizon()) {
                let strict = cap.kind == CapKind::Strict;
                let price = if strict { 0.0 } else { cap.price_gbp_per_kg.unwrap_or(0.0) };
                let tag = Tag::new("carbon_cap").object(c).period(range.start);
                let excess = draft.milp.continuous(0.0, f64::INFINITY, price, tag);
                draft.caps.push(CapColumn { cap: c, excess, strict });
            }
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        let mut columns = draft.caps.clone().into_iter();
        for (c, cap) in frame.problem.carbon_caps().iter().enumerate() {
            for range in windows(cap.window, frame.problem.horizon()) {
                let Some(column) = columns.next() else { return };
                let tag = Tag::new("carbon_cap").object(c).period(range.start);
                let (mut terms, limit) = balance(frame, draft, cap, range);
                terms.push((column.excess, -1.0));
                draft.milp.row(f64::NEG_INFINITY, limit, &terms, tag);
            }
        }
    }
}

/// `carbon - limit * denominator` as terms, and what it must not exceed.
fn balance(
    frame: &Frame<'_>,
    draft: &Draft,
    cap: &CarbonCap,
    range: Range<usize>,
) -> (Vec<(crate::milp::Col, f64)>, f64) {
    let h = frame.h;
    let mut terms = Vec::new();
    let mut limit = if cap.metric == CapMetric::Kg { cap.limit } else { 0.0 };
    for (r, region) in frame.problem.regions().iter().enumerate() {
        if cap.regions.as_ref().is_some_and(|ids| !ids.contains(&region.id)) {
            continue;
        }
        for t in range.clone() {
            let (Some(import), Some(it)) = (*draft.import.at((r, t)), *draft.it.at((r, t))) else { continue };
            // MWh * g/kWh = kg.
            terms.push((import, h * region.carbon_g_per_kwh.at(t)));
            match cap.metric {
                CapMetric::Kg => {}
                CapMetric::GPerKwh => {
                    terms.push((it, -cap.limit * h * region.pue_slope.at(t)));
                    limit += cap.limit * h * region.overhead_mw.at(t);
                }
                CapMetric::GPerInference => {
                    let kg = cap.limit * KG_PER_MILLION_G;
                    let inferences = draft.inferences.at((r, t));
                    terms.extend(inferences.columns.iter().map(|&(col, millions)| (col, -kg * millions)));
                    limit += kg * inferences.constant;
                }
            }
        }
    }
    (terms, limit)
}
