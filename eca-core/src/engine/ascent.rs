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
/// How much more the loads of later steps count than those of earlier ones: by this power of the step. More would leave too
/// few to count where there is time for few.
const LATER: i32 = 1;

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
    let mut ascent = Ascent::new(lagrangian, start, which, weight, pace);
    while ascent.top.steps < pace.steps && go_on(ascent.top.steps, ascent.top.bound) {
        ascent.step();
    }
    ascent.top
}

/// An ascent on its way.
pub(crate) struct Ascent<'a> {
    lagrangian: &'a Lagrangian<'a>,
    which: &'a [u32],
    weight: f64,
    pace: Pace,
    scale: f64,
    kg_scale: f64,
    point: Point,
    it: Memory,
    cap: Memory,
    /// The best so far.
    pub(crate) top: Top,
}

impl<'a> Ascent<'a> {
    pub(crate) fn new(lagrangian: &'a Lagrangian<'a>, start: Point, which: &'a [u32], weight: f64, pace: Pace) -> Self {
        let cells = start.it.len();
        let scale = typical(&start.it);
        Self {
            lagrangian,
            which,
            weight,
            pace,
            scale,
            kg_scale: scale / lagrangian.grid.typical_kg().max(1e-9),
            it: Memory::new(cells),
            cap: Memory::new(start.cap.len()),
            top: Top { point: start.clone(), bound: f64::NEG_INFINITY, it_mw: vec![0.0; cells], steps: 0 },
            point: start,
        }
    }

    /// The bound at the prices reached, and prices one step further.
    pub(crate) fn step(&mut self) {
        let valued = self.lagrangian.value(&self.point, self.which, self.weight);
        if valued.bound > self.top.bound {
            self.top.bound = valued.bound;
            self.top.point.clone_from(&self.point);
        }
        self.average(&valued.energy.it_mw);
        #[allow(clippy::cast_precision_loss)]
        let done = self.top.steps as f64 / self.pace.steps.max(1) as f64;
        self.top.steps += 1;
        let length = self.pace.first * (self.pace.last / self.pace.first).powf(done);
        let point = &mut self.point;
        self.it.step(&valued.short_mw, length * self.scale, &mut point.it);
        self.cap.step(&valued.excess_kg, length * self.kg_scale, &mut point.cap);
        for (price, window) in point.cap.iter_mut().zip(&self.lagrangian.grid.windows) {
            *price = price.clamp(0.0, window.price_gbp_per_kg);
        }
        peaks(self.lagrangian, &valued, length, point);
        for (price, node) in point.node.iter_mut().zip(&valued.energy.node) {
            *price += 0.3 * (node - *price);
        }
    }

    /// Later loads count more, wherever the ascent ends.
    fn average(&mut self, it_mw: &[f64]) {
        #[allow(clippy::cast_precision_loss)]
        let steps = self.top.steps as f64;
        let part = 1.0 - (steps / (steps + 1.0)).powi(LATER + 1);
        self.top.it_mw.iter_mut().zip(it_mw).for_each(|(mean, mw)| *mean += part * (mw - *mean));
    }
}

fn typical(prices: &[f64]) -> f64 {
    #[allow(clippy::cast_precision_loss)]
    let mean = prices.iter().map(|price| price.abs()).sum::<f64>() / prices.len().max(1) as f64;
    mean.max(1e-6)
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
