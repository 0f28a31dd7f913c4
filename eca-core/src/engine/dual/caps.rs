//! Carbon caps at given prices: carbon makes imports dearer; what a cap allows for energy or inferences makes these cheaper.

use super::Grid;
use crate::model::{self, Ladder};
use crate::problem::{CapKind, CapMetric};
use crate::{Horizon, Problem};
use std::ops::Range;

/// kg for each million inferences of 1 g.
const KG_PER_MILLION_G: f64 = 1e3;

/// One window of one cap.
#[derive(Debug, Clone)]
pub(crate) struct Window {
    /// Index of the cap.
    pub(crate) cap: usize,
    pub(crate) range: Range<usize>,
    /// Price of a kg too much, GBP; of a strict cap, as dear as may be without breaking promises.
    pub(crate) price_gbp_per_kg: f64,
    pub(crate) strict: bool,
    metric: CapMetric,
    limit: f64,
    /// kg for one MW imported in one period, by region; none where the cap does not count the region.
    kg_per_mw: Vec<Option<Vec<f64>>>,
    h: f64,
}

pub(super) fn windows(problem: &Problem, ladder: &Ladder) -> Vec<Window> {
    let horizon: &Horizon = problem.horizon();
    let h = horizon.step_h();
    let mut all = Vec::new();
    for (c, cap) in problem.carbon_caps().iter().enumerate() {
        let kg_per_mw: Vec<Option<Vec<f64>>> = problem
            .regions()
            .iter()
            .map(|region| {
                let counted = cap.regions.as_ref().is_none_or(|ids| ids.contains(&region.id));
                counted.then(|| (0..horizon.periods).map(|t| h * region.carbon_g_per_kwh.at(t)).collect())
            })
            .collect();
        let strict = cap.kind == CapKind::Strict;
        let price_gbp_per_kg = if strict { ladder.strict_gbp_per_kg } else { cap.price_gbp_per_kg.unwrap_or(0.0) };
        for range in model::windows(cap.window, horizon) {
            all.push(Window {
                cap: c,
                range,
                price_gbp_per_kg,
                strict,
                metric: cap.metric,
                limit: cap.limit,
                kg_per_mw: kg_per_mw.clone(),
                h,
            });
        }
    }
    all
}

impl Window {
    pub(super) fn counts_inferences(&self) -> bool {
        self.metric == CapMetric::GPerInference
    }

    fn cells(&self, periods: usize) -> impl Iterator<Item = (usize, usize, usize, f64)> + '_ {
        self.kg_per_mw
            .iter()
            .enumerate()
            .filter_map(|(r, kg)| kg.as_ref().map(|kg| (r, kg)))
            .flat_map(move |(r, kg)| self.range.clone().map(move |t| (r, t, r * periods + t, kg[t])))
    }

    /// Carbon of one MW in every cell it counts, in sum, and the number of these cells.
    pub(super) fn carbon(&self, periods: usize) -> (f64, f64) {
        self.cells(periods).fold((0.0, 0.0), |(sum, count), (.., kg)| (sum + kg, count + 1.0))
    }

    /// Carbon less what is allowed, kg.
    pub(super) fn excess(&self, grid: &Grid, import_mw: &[f64], it_mw: &[f64], millions: &[f64]) -> f64 {
        let mut sum = if self.metric == CapMetric::Kg { -self.limit } else { 0.0 };
        for (r, t, cell, kg) in self.cells(grid.periods) {
            sum += kg * import_mw[cell];
            match self.metric {
                CapMetric::Kg => {}
                CapMetric::GPerKwh => {
                    let site = grid.cell(r, t);
                    sum -= self.limit * self.h * (site.overhead_mw + site.pue * it_mw[cell]);
                }
                CapMetric::GPerInference => {
                    sum -= self.limit * KG_PER_MILLION_G * millions.get(cell).copied().unwrap_or(0.0);
                }
            }
        }
        sum
    }
}

/// What caps add to the prices of a cell.
pub(super) struct Effect {
    pub(super) import: Vec<f64>,
    /// Credit of one MW of IT load.
    pub(super) it: Vec<f64>,
    /// What does not depend on any decision.
    pub(super) constant: f64,
}

impl Effect {
    pub(super) fn new(windows: &[Window], prices: &[f64], grid: &Grid) -> Self {
        let cells = grid.regions * grid.periods;
        let mut effect = Self { import: vec![0.0; cells], it: vec![0.0; cells], constant: 0.0 };
        for (window, &price) in windows.iter().zip(prices).filter(|(_, price)| **price != 0.0) {
            if window.metric == CapMetric::Kg {
                effect.constant -= price * window.limit;
            }
            for (r, t, cell, kg) in window.cells(grid.periods) {
                effect.import[cell] += price * kg;
                if window.metric == CapMetric::GPerKwh {
                    let site = grid.cell(r, t);
                    effect.it[cell] += price * window.limit * window.h * site.pue;
                    effect.constant -= price * window.limit * window.h * site.overhead_mw;
                }
            }
        }
        effect
    }
}

/// GBP earned by a million inferences, by cell; empty where no cap counts them.
pub(super) fn millions(windows: &[Window], prices: &[f64], regions: usize, periods: usize) -> Vec<f64> {
    if !windows.iter().any(Window::counts_inferences) {
        return Vec::new();
    }
    let mut value = vec![0.0; regions * periods];
    for (window, price) in windows.iter().zip(prices).filter(|(window, _)| window.counts_inferences()) {
        for (.., cell, _) in window.cells(periods) {
            value[cell] += price * window.limit * KG_PER_MILLION_G;
        }
    }
    value
}
