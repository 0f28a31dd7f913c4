//! Amounts of work that a job can have done: sums of the rates of its points.

use super::Shape;
use std::collections::BTreeMap;

/// Sums this close are the same.
const SAME: f64 = 1e-12;
/// More states than this are rounded to so many equal parts of the work.
const MOST_STATES: usize = 2048;

/// States of work, in order, the first one none; done is one more than the last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Work {
    /// By point and state: the state one period later.
    next: Vec<Vec<u32>>,
    /// Part of the whole work left, by state.
    pub(super) left: Vec<f64>,
}

impl Work {
    /// The states; where there are too many, a second set follows that counts more work than is done.
    pub(super) fn new(shape: &Shape) -> (Self, Option<Self>) {
        match sums(shape) {
            Some(sums) => (Self::of(shape, &sums, false), None),
            None => (Self::of(shape, &equal_parts(shape), false), Some(Self::of(shape, &equal_parts(shape), true))),
        }
    }

    /// With these states; work between two of them counts as the lower one, or as the upper one.
    fn of(shape: &Shape, sums: &[f64], up: bool) -> Self {
        let place = |sum: f64| -> u32 {
            let below = sums.partition_point(|&known| known <= sum + SAME).saturating_sub(1);
            let place = if up && sums[below] + SAME < sum { below + 1 } else { below };
            u32::try_from(if shape.is_done(sum) { sums.len() } else { place }).unwrap_or(u32::MAX)
        };
        let next = shape.rate.iter().map(|rate| sums.iter().map(|sum| place(sum + rate)).collect()).collect();
        Self { next, left: sums.iter().map(|sum| (shape.left - sum).max(0.0)).collect() }
    }

    /// Number of states that are not done.
    pub(super) fn states(&self) -> usize {
        self.left.len()
    }

    /// The state after one period at a point; `states()` where the work is done.
    pub(super) fn next(&self, n: usize, l: usize) -> usize {
        self.next[l][n] as usize
    }

    /// The state after one period at a point, for each state.
    pub(super) fn after(&self, l: usize) -> &[u32] {
        &self.next[l]
    }
}

/// All sums that are not done, in order; none where there are too many.
fn sums(shape: &Shape) -> Option<Vec<f64>> {
    #[allow(clippy::cast_possible_truncation)]
    let key = |sum: f64| (sum / SAME).round() as i64;
    let mut known = BTreeMap::from([(0, 0.0)]);
    let mut fresh = vec![0.0];
    while let Some(sum) = fresh.pop() {
        for rate in &shape.rate {
            let next = sum + rate;
            if shape.is_done(next) || known.contains_key(&key(next)) {
                continue;
            }
            if known.len() >= MOST_STATES {
                return None;
            }
            known.insert(key(next), next);
            fresh.push(next);
        }
    }
    Some(known.into_values().collect())
}

#[allow(clippy::cast_precision_loss)]
fn equal_parts(shape: &Shape) -> Vec<f64> {
    (0..MOST_STATES).map(|n| shape.left * n as f64 / MOST_STATES as f64).collect()
}
