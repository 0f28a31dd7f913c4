//! One run at one point that is not interrupted: every start is looked at, its cost is a difference of sums.

use super::{Cheapest, Prices, Schedule, Scratch, Shape};

pub(super) fn cheapest(
    shape: &Shape,
    regions: &[usize],
    undone_gbp: f64,
    prices: &Prices<'_>,
    scratch: &mut Scratch,
) -> Option<Cheapest> {
    let length = shape.need(0);
    let startup = prices.own * shape.startup_gbp;
    let idle = shape.priced.then_some(shape.left * undone_gbp);
    let mut best: Option<(f64, usize, usize, usize)> = idle.map(|cost| (cost, 0, 0, 0));
    for &r in regions {
        let sums = &mut scratch.sums;
        sums.clear();
        sums.push(0.0);
        let mut sum = 0.0;
        // Periods in which it may not work begin the count of whole runs again.
        let mut open_since = shape.first;
        for t in shape.first..shape.end {
            let open = shape.allowed(r, t);
            if open {
                sum += prices.step(shape, r, t, 0);
            } else {
                open_since = t + 1;
            }
            sums.push(sum);
            let to = t + 1;
            if open && to >= open_since + length {
                let from = to - length;
                let cost = startup + sum - sums[from - shape.first];
                if best.is_none_or(|known| cost < known.0) {
                    best = Some((cost, r, from, to));
                }
            }
        }
        // Runs that the deadline cuts off.
        if shape.priced {
            let shortest = shape.min_run.max(1);
            let first_cut = (shape.end + 1).saturating_sub(length).max(open_since);
            for from in first_cut..(shape.end + 1).saturating_sub(shortest) {
                #[allow(clippy::cast_precision_loss)]
                let done = (shape.end - from) as f64 * shape.rate[0];
                let cost = startup + sum - sums[from - shape.first] + (shape.left - done) * undone_gbp;
                if best.is_none_or(|known| cost < known.0) {
                    best = Some((cost, r, from, shape.end));
                }
            }
        }
    }
    let (cost_gbp, r, from, to) = best?;
    Some(Cheapest { cost_gbp, schedule: Schedule::from_works((from..to).map(|t| (t, r, 0))) })
}
