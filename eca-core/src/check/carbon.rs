//! Carbon caps, window by window.
//!
//! ```text
//! carbon  = sum over t in window, r in scope of h * import * carbon_g_per_kwh
//! kg:               carbon <= limit + excess
//! g_per_kwh:        carbon <= limit * sum(h * facility) + excess
//! g_per_inference:  carbon <= limit / 1000 * inferences + excess
//! ```
//!
//! Facility energy and inferences are those of the window and of the regions in scope.

use super::ledger::{Input, Ledger, SoftLimit, at};
use super::quantity::{CARBON_KG, G_PER_KG, Sum};
use crate::{CapKind, CapMetric, CapWindow, CarbonCap};
use std::ops::Range;

/// Notes for each window by how much its cap is exceeded.
pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger) {
    for cap in input.problem.carbon_caps() {
        let excess: Vec<Sum> = (0..input.periods).map(|t| period(input, ledger, cap, t)).collect();
        let fixed = if cap.metric == CapMetric::Kg { cap.limit } else { 0.0 };
        for window in windows(input, cap.window) {
            let sum: Sum = excess.get(window.clone()).into_iter().flatten().copied().sum();
            ledger.limit(SoftLimit {
                rule: "carbon_cap",
                object: cap.id.to_string(),
                period: Some(window.start),
                whole_horizon: window.len() == input.periods,
                excess: sum.minus(Sum::exact(fixed)),
                unit: "kg",
                quantum: CARBON_KG,
                price_gbp: if cap.kind == CapKind::Priced { cap.price_gbp_per_kg.unwrap_or(0.0) } else { 0.0 },
            });
        }
    }
}

/// Carbon of one period less what a cap on a rate allows for it, kg.
fn period(input: &Input<'_>, ledger: &Ledger, cap: &CarbonCap, t: usize) -> Sum {
    let mut excess = Sum::default();
    for (r, (region, entry)) in input.problem.regions().iter().zip(&input.plan.regions).enumerate() {
        if !input.in_scope(cap.regions.as_deref(), r) {
            continue;
        }
        excess.add(Sum::mw(at(&entry.import_mw, t)).times(input.h * region.carbon_g_per_kwh.at(t)));
        let allowed = match cap.metric {
            CapMetric::Kg => Sum::default(),
            CapMetric::GPerKwh => Sum::mw(at(&entry.facility_mw, t)).times(input.h * cap.limit),
            CapMetric::GPerInference => {
                let done = ledger.inferences.get(r).and_then(|row| row.get(t)).copied().unwrap_or_default();
                done.times(cap.limit / G_PER_KG)
            }
        };
        excess = excess.minus(allowed);
    }
    excess
}

/// The windows of a cap, as ranges of periods.
fn windows(input: &Input<'_>, window: CapWindow) -> Vec<Range<usize>> {
    let periods = input.periods;
    match window {
        CapWindow::Horizon => std::iter::once(0..periods).collect(),
        CapWindow::Day => {
            let date = |t: usize| input.horizon().settlement_date_of(t);
            let mut days: Vec<Range<usize>> = Vec::new();
            for t in 0..periods {
                match days.last_mut() {
                    Some(day) if date(day.start) == date(t) => day.end = t + 1,
                    _ => days.push(t..t + 1),
                }
            }
            days
        }
        CapWindow::RollingH(hours) => {
            let fitting = (1..=periods).take_while(|&n| n as f64 * input.h <= hours * (1.0 + 1e-9)).last();
            let length = fitting.unwrap_or(1).min(periods);
            (0..=periods - length).map(|start| start..start + length).collect()
        }
    }
}
