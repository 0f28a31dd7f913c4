//! How much of its work a job could do alone: the test behind "this job cannot meet its deadline".

use super::Shape;

/// The most work (as a fraction of the whole) that one job can do in its window with all sites to itself.
///
/// Exact over all job rules: more work done is never worse, so the best work for each state is all that counts.
pub(crate) fn most_work(shape: &Shape) -> f64 {
    if shape.divisible {
        let sum: f64 =
            shape.regions().iter().flat_map(|&r| (shape.first..shape.end).map(move |t| shape.best_rate(r, t))).sum();
        return sum.min(shape.left);
    }
    if shape.left <= super::shape::WORK_TOLERANCE {
        return shape.left;
    }
    one_run(shape).unwrap_or_else(|| Search::new(shape).run()).min(shape.left)
}

/// Whether a running job has any way to go on that its rules allow, all sites to itself.
///
/// A job that has not started, or may stop at once, always has one: to do nothing.
pub(crate) fn can_go_on(shape: &Shape) -> bool {
    shape.running.is_none() || shape.end == 0 || Search::new(shape).goes_on()
}

/// All of the work in one run without moving, where that is possible: the common case.
fn one_run(shape: &Shape) -> Option<f64> {
    if shape.running.is_some() || shape.home.is_some() {
        return None;
    }
    for r in shape.regions() {
        let mut work = 0.0;
        for t in shape.first..shape.end {
            let rate = shape.best_rate(r, t);
            work = if rate > 0.0 { work + rate } else { 0.0 };
            if shape.is_done(work) {
                return Some(work);
            }
        }
    }
    None
}

/// Nothing reaches this state.
const NONE: f64 = f64::NEG_INFINITY;

/// Best work by state, one layer for each period; layer 0 is the period before the horizon.
struct Search<'a> {
    shape: &'a Shape,
    regions: usize,
    ages: usize,
    pauses: usize,
    /// Whether the number of pauses matters.
    counted: bool,
    /// `running[t + 1][state]`: it works in period `t`.
    running: Vec<Vec<f64>>,
    /// `ended[t + 1][region, pauses]`: it worked until period `t` or before, and may pause after it.
    ended: Vec<Vec<f64>>,
}

impl<'a> Search<'a> {
    fn new(shape: &'a Shape) -> Self {
        let regions = shape.regions().iter().max().map_or(0, |r| r + 1).max(shape.home.map_or(0, |r| r + 1));
        let longest = (shape.end - shape.first.min(shape.end)).max(1);
        let limit = if shape.preemptible { shape.pauses_left.map(|left| left as usize) } else { Some(0) };
        let counted = limit.is_some_and(|most| most < longest);
        let pauses = if counted { limit.unwrap_or(0) + 1 } else { 1 };
        let before = shape.running.map_or(0, |running| running.age);
        let ages = shape.min_run.clamp(1, longest + before + 1);
        Self { shape, regions, ages, pauses, counted, running: Vec::new(), ended: Vec::new() }
    }

    fn at(&self, r: usize, age: usize, k: usize) -> usize {
        (r * self.ages + age.clamp(1, self.ages) - 1) * self.pauses + k
    }

    fn run(mut self) -> f64 {
        let mut best: f64 = 0.0;
        self.begin();
        for t in 0..self.shape.end {
            best = self.step(t).max(best);
            if self.shape.is_done(best) {
                break;
            }
        }
        best
    }

    /// Whether some schedule is done, has paused as it may, or (where it may not pause) works up to the deadline.
    fn goes_on(mut self) -> bool {
        self.begin();
        let mut last = NONE;
        for t in 0..self.shape.end {
            last = self.step(t);
            if self.shape.is_done(last) {
                return true;
            }
        }
        let stopped = self.ended.last().is_some_and(|ended| ended.iter().any(|&work| work > NONE));
        // Age counts too: a run cut off by the deadline must still be long enough.
        let oldest = self.running.last().is_some_and(|layer| {
            (0..self.regions).any(|r| (0..self.pauses).any(|k| layer[self.at(r, self.ages, k)] > NONE))
        });
        if self.shape.preemptible { stopped } else { last > NONE && oldest && self.shape.min_run <= self.ages }
    }

    /// The period before the horizon.
    fn begin(&mut self) {
        let shape = self.shape;
        let states = self.regions * self.ages * self.pauses;
        let mut before = vec![NONE; states];
        let mut paused = vec![NONE; self.regions * self.pauses];
        if let Some(running) = shape.running {
            before[self.at(running.region, running.age, 0)] = 0.0;
            if running.age >= shape.min_run {
                paused[running.region * self.pauses] = 0.0;
            }
        } else if let Some(home) = shape.home {
            paused[home * self.pauses] = 0.0;
        }
        self.running.push(before);
        self.ended.push(paused);
    }

    /// Adds the layer of period `t`; returns its most work.
    fn step(&mut self, t: usize) -> f64 {
        let layer = self.layer(t);
        let best = layer.iter().copied().fold(NONE, f64::max);
        let ended = self.ended_after(&layer);
        self.running.push(layer);
        self.ended.push(ended);
        best
    }

    fn layer(&self, t: usize) -> Vec<f64> {
        let shape = self.shape;
        let delay = shape.migration.map(|m| m.periods as usize);
        let mut layer = vec![NONE; self.regions * self.ages * self.pauses];
        for r in (0..self.regions).filter(|&r| shape.allowed(r, t)) {
            let rate = shape.best_rate(r, t);
            let mut reach = |state: usize, work: f64| layer[state] = f64::max(layer[state], work + rate);
            if shape.home.is_none() {
                reach(self.at(r, 1, 0), 0.0);
            }
            for age in 1..=self.ages {
                for k in 0..self.pauses {
                    reach(self.at(r, age + 1, k), self.running[t][self.at(r, age, k)]);
                    let leaves = |delay: usize| t > delay || (t == delay && !(shape.pinned && delay > 0));
                    let Some(delay) = delay.filter(|&delay| leaves(delay)) else { continue };
                    for from in (0..self.regions).filter(|&from| from != r) {
                        reach(self.at(r, age + delay + 1, k), self.running[t - delay][self.at(from, age, k)]);
                    }
                }
            }
            if shape.preemptible {
                self.resume(t, r, delay, &mut reach);
            }
        }
        layer
    }

    /// A new run after a pause that began at or before the layers looked at.
    fn resume(&self, t: usize, r: usize, delay: Option<usize>, reach: &mut impl FnMut(usize, f64)) {
        let paused_at_start = self.shape.running.is_none();
        for k in 0..self.pauses {
            let next = if self.counted { k + 1 } else { k };
            if next >= self.pauses {
                continue;
            }
            // `ended[i]` holds runs that ended in period i - 1 or before; a pause lasts one period or more.
            let same = if paused_at_start && self.shape.home == Some(r) {
                Some(t.saturating_sub(1))
            } else {
                t.checked_sub(1)
            };
            if let Some(layer) = same {
                reach(self.at(r, 1, next), self.ended[layer][r * self.pauses + k]);
            }
            let Some(delay) = delay else { continue };
            for from in (0..self.regions).filter(|&from| from != r) {
                let layer = if paused_at_start && self.shape.home == Some(from) {
                    Some(t.saturating_sub(delay + 1))
                } else {
                    t.checked_sub(delay + 1)
                };
                if let Some(layer) = layer {
                    reach(self.at(r, 1, next), self.ended[layer][from * self.pauses + k]);
                }
            }
        }
    }

    fn ended_after(&self, layer: &[f64]) -> Vec<f64> {
        let mut ended = self.ended.last().cloned().unwrap_or_default();
        for r in 0..self.regions {
            for k in 0..self.pauses {
                // Only the oldest age may stop; where runs must be longer than the window, none.
                if self.shape.min_run <= self.ages {
                    let slot = &mut ended[r * self.pauses + k];
                    *slot = slot.max(layer[self.at(r, self.ages, k)]);
                }
            }
        }
        ended
    }
}
