//! Divisible jobs: any share of each point in each cell, cheapest work first.
//!
//! In a cell, work costs as the lower hull of its points and of doing nothing says. The steps of all hulls in order of
//! their price, until the work is done, are the optimum: each hull is convex, and so is their sum.

use super::{Cheapest, Prices, Schedule, Shape};

/// A step of a hull: from one mix to the next.
struct Step {
    /// GBP for all of the work.
    price: f64,
    cell: (usize, usize),
    /// Point left and point taken; none for doing nothing.
    from: Option<usize>,
    to: usize,
    work: f64,
}

pub(super) fn cheapest(shape: &Shape, regions: &[usize], undone_gbp: f64, prices: &Prices<'_>) -> Option<Cheapest> {
    let mut steps = Vec::new();
    for &r in regions {
        for t in (shape.first..shape.end).filter(|&t| shape.allowed(r, t)) {
            hull(shape, r, t, prices, &mut steps);
        }
    }
    steps.sort_by(|a, b| a.price.total_cmp(&b.price));
    let mut shares = vec![vec![vec![0.0; shape.rate.len()]; prices.periods]; prices.mw.len() / prices.periods];
    let (mut left, mut cost) = (shape.left, 0.0);
    for step in steps {
        if left <= 0.0 || (shape.priced && step.price > undone_gbp) {
            break;
        }
        let share = (left / step.work).min(1.0);
        let cell = &mut shares[step.cell.0][step.cell.1];
        if let Some(from) = step.from {
            cell[from] -= share;
        }
        cell[step.to] += share;
        left -= share * step.work;
        cost += share * step.work * step.price;
    }
    if left > super::super::shape::WORK_TOLERANCE && !shape.priced {
        return None;
    }
    cost += if shape.priced { left.max(0.0) * undone_gbp } else { 0.0 };
    Some(Cheapest { cost_gbp: cost, schedule: Schedule::fluid(shares) })
}

fn hull(shape: &Shape, r: usize, t: usize, prices: &Prices<'_>, steps: &mut Vec<Step>) {
    let mut at: Option<usize> = None;
    let (mut work, mut cost) = (0.0, 0.0);
    loop {
        // The point reached at the lowest price from here; of two at one price the farther.
        let ahead = (0..shape.rate.len()).filter(|&l| shape.usable(r, t, l) && shape.rate[l] > work);
        let price = |l: usize| (prices.step(shape, r, t, l) - cost) / (shape.rate[l] - work);
        let best = ahead.min_by(|&a, &b| price(a).total_cmp(&price(b)).then(shape.rate[b].total_cmp(&shape.rate[a])));
        let Some(to) = best else { return };
        steps.push(Step { price: price(to), cell: (r, t), from: at, to, work: shape.rate[to] - work });
        (work, cost, at) = (shape.rate[to], prices.step(shape, r, t, to), Some(to));
    }
}
