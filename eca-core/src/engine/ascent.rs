//! Prices that make the bound high: steps along the mismatch of load and supply, each as long as the last ones were of
//! one mind (Adam), shorter and shorter. The loads on the way, averaged, are nearly what the best plan draws.

use super::bound::{Lagrangian, Valued};
use super::dual::Point;

/// How prices are moved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pace {
    /// Length of the first and the last step, as part of the typical price.
    pub(crate) first: f64,
    pub(crate) last: f64,
    pub(crate) steps: usize,
}

/// Memory of directions and of their squares.
const KEEP: f64 = 0.8;
const KEEP_SQUARE: f64 = 0.95;
/// Part of the steps, at the end, whose loads are averaged.
const AVERAGED: f64 = 0.5;

/// Where the ascent came to.
#[derive(Debug, Clone, Default)]
pub(crate) struct Top {
    /// The prices of the best bound.
    pub(crate) point: Point,
    pub(crate) bound: f64,
    /// Average of what regions supply, MW by cell.
    pub(crate) it_mw: Vec<f64>,
    pub(crate) steps: usize,
}

/// Climbs from a point with some classes standing for all; `go_on` is asked before each step.
pub(crate) fn climb(
    lagrangian: &Lagrangian<'_>,
    start: Point,
    which: &[u32],
    weight: f64,
    pace: Pace,
    go_on: &mut dyn FnMut(usize, f64) -> bool,
) -> Top {
    let cells = start.it.len();
    let scale = typical(&start.it);
    let kg_scale = scale / lagrangian.grid.typical_kg().max(1e-9);
    let mut point = start;
    let mut it = Memory::new(cells);
    let mut cap = Memory::new(point.cap.len());
    let mut top = Top { point: point.clone(), bound: f64::NEG_INFINITY, ..Top::default() };
    let (mut it_mw, mut averaged) = (vec![0.0; cells], 0.0);
    for step in 0..pace.steps {
        if !go_on(step, top.bound) {
            break;
        }
        top.steps = step + 1;
        let valued = lagrangian.value(&point, which, weight);
        if valued.bound > top.bound {
            top.bound = valued.bound;
            top.point.clone_from(&point);
        }
        #[allow(clippy::cast_precision_loss)]
        let done = step as f64 / pace.steps.max(1) as f64;
        if done >= 1.0 - AVERAGED {
            averaged += 1.0;
            add(&mut it_mw, &valued.energy.it_mw);
        }
        let length = pace.first * (pace.last / pace.first).powf(done);
        it.step(&valued.short_mw, length * scale, &mut point.it);
        cap.step(&valued.excess_kg, length * kg_scale, &mut point.cap);
        for (price, window) in point.cap.iter_mut().zip(&lagrangian.grid.windows) {
            *price = price.clamp(0.0, window.price_gbp_per_kg);
        }
        peaks(lagrangian, &valued, length, &mut point);
        for (price, node) in point.node.iter_mut().zip(&valued.energy.node) {
            *price += 0.3 * (node - *price);
        }
    }
    if averaged > 0.0 {
        it_mw.iter_mut().for_each(|mw| *mw /= averaged);
    }
    Top { it_mw, ..top }
}

fn typical(prices: &[f64]) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let mean = prices.iter().map(|price| price.abs()).sum::<f64>() / prices.len().max(1) as f64;
    mean.max(1e-6)
}

fn add(sum: &mut [f64], more: &[f64]) {
    sum.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
}

/// Moves demand charges towards the periods of high import; in sum they stay the charge.
fn peaks(lagrangian: &Lagrangian<'_>, valued: &Valued, length: f64, point: &mut Point) {
    let periods = lagrangian.grid.periods;
    for (r, charge) in lagrangian.grid.demand_charges().into_iter().enumerate().filter(|(_, charge)| *charge > 0.0) {
        let range = r * periods..(r + 1) * periods;
        let most = valued.energy.import_mw[range.clone()].iter().copied().fold(1e-9, f64::max);
        let part = &mut point.peak[range.clone()];
        for (price, import) in part.iter_mut().zip(&valued.energy.import_mw[range]) {
            // A period that was never a peak can become one.
            *price = (*price + 1e-6 * charge) * (10.0 * length * import / most).exp();
        }
        let sum: f64 = part.iter().sum();
        part.iter_mut().for_each(|price| *price *= charge / sum);
    }
}

/// Running means of directions and of their squares.
struct Memory {
    mean: Vec<f64>,
    square: Vec<f64>,
    steps: i32,
}

impl Memory {
    fn new(size: usize) -> Self {
        Self { mean: vec![0.0; size], square: vec![0.0; size], steps: 0 }
    }

    fn step(&mut self, direction: &[f64], length: f64, values: &mut [f64]) {
        self.steps += 1;
        let (fresh, fresh_square) = (1.0 - KEEP.powi(self.steps), 1.0 - KEEP_SQUARE.powi(self.steps));
        for (((mean, square), g), value) in self.mean.iter_mut().zip(&mut self.square).zip(direction).zip(values) {
            *mean = KEEP * *mean + (1.0 - KEEP) * g;
            *square = KEEP_SQUARE * *square + (1.0 - KEEP_SQUARE) * g * g;
            let root = (*square / fresh_square).sqrt();
            if root > 1e-12 {
                *value += length * (*mean / fresh) / root;
            }
        }
    }
}
