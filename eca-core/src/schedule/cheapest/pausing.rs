//! One point, one region at a time, pauses.
//!
//! `run[n]` is the least cost of having done `n` periods of work and working in the last one, `idle[n]` of having done
//! them and not. A run begins with all of its compulsory periods at once, so that its age is no state. Pauses are
//! counted only where the schedule found without counting has too many.

use super::{Cheapest, Prices, Schedule, Scratch, Shape};

pub(super) fn cheapest(
    shape: &Shape,
    regions: &[usize],
    undone_gbp: f64,
    prices: &Prices<'_>,
    scratch: &mut Scratch,
) -> Option<Cheapest> {
    let mut best = shape.priced.then(|| Cheapest { cost_gbp: shape.left * undone_gbp, schedule: Schedule::idle() });
    for &r in regions {
        let mut table = Table::new(shape, r, undone_gbp, prices, scratch);
        let limit = shape.pauses_left.map(|left| left as usize);
        let free = table.solve(None);
        let Some((cost, end)) = free else { continue };
        // Without the limit it costs no more than with it.
        if best.as_ref().is_some_and(|known| known.cost_gbp <= cost) {
            continue;
        }
        let mut found = (cost, table.back(None, end));
        if let Some(limit) = limit
            && runs(&found.1) > limit + 1
        {
            let Some((cost, end)) = table.solve(Some(limit)) else { continue };
            found = (cost, table.back(Some(limit), end));
        }
        if best.as_ref().is_none_or(|known| found.0 < known.cost_gbp) {
            let works = found.1.into_iter().map(|t| (t, r, 0));
            best = Some(Cheapest { cost_gbp: found.0, schedule: Schedule::from_works(works) });
        }
    }
    best
}

/// Number of runs of consecutive periods.
fn runs(periods: &[usize]) -> usize {
    usize::from(!periods.is_empty()) + periods.windows(2).filter(|pair| pair[1] != pair[0] + 1).count()
}

/// Where the best schedule ends: so many pauses and so much work; whether it works in the period before `at`.
#[derive(Debug, Clone, Copy)]
struct End {
    at: usize,
    pauses: usize,
    work: usize,
    working: bool,
}

struct Table<'a> {
    shape: &'a Shape,
    undone_gbp: f64,
    /// Periods of all the work, of a compulsory run, of the window.
    need: usize,
    least: usize,
    window: usize,
    /// Cost of each period of the window; infinite where it may not work.
    step: Vec<f64>,
    /// Cost of going on after a pause in each period of the window.
    resume: Vec<f64>,
    startup: f64,
    scratch: &'a mut Scratch,
}

impl<'a> Table<'a> {
    fn new(shape: &'a Shape, r: usize, undone_gbp: f64, prices: &Prices<'_>, scratch: &'a mut Scratch) -> Self {
        let window = shape.first..shape.end;
        let mut step = std::mem::take(&mut scratch.enter);
        step.clear();
        step.extend(window.clone().map(
            |t| {
                if shape.allowed(r, t) { prices.step(shape, r, t, 0) } else { f64::INFINITY }
            },
        ));
        let mut resume = std::mem::take(&mut scratch.sums);
        resume.clear();
        let pause = prices.own * shape.pause_gbp;
        resume.extend(window.map(|t| pause + shape.pause_mw * prices.mw(r, t)));
        Self {
            shape,
            undone_gbp,
            need: shape.need(0),
            least: shape.min_run.max(1),
            window: step.len(),
            step,
            resume,
            startup: prices.own * shape.startup_gbp,
            scratch,
        }
    }

    fn at(&self, layer: usize, k: usize, n: usize, pauses: usize) -> usize {
        (layer * pauses + k) * (self.need + 1) + n
    }

    /// Fills the tables; the least cost and where it ends. With a limit, pauses are counted.
    fn solve(&mut self, limit: Option<usize>) -> Option<(f64, End)> {
        let pauses = limit.map_or(1, |limit| limit + 1);
        let size = (self.window + 1) * pauses * (self.need + 1);
        for table in [&mut self.scratch.run, &mut self.scratch.idle] {
            table.clear();
            table.resize(size, f64::INFINITY);
        }
        let start = self.at(0, 0, 0, pauses);
        self.scratch.idle[start] = 0.0;
        let mut best: Option<(f64, End)> = None;
        for i in 0..self.window {
            for k in 0..pauses {
                self.fill(i, k, pauses, limit.is_some());
                let at = self.at(i + 1, k, self.need, pauses);
                let done = self.scratch.run[at];
                if done < best.map_or(f64::INFINITY, |known| known.0) {
                    best = Some((done, End { at: i + 1, pauses: k, work: self.need, working: true }));
                }
            }
        }
        if self.shape.priced {
            for k in 0..pauses {
                for work in 1..self.need {
                    let at = self.at(self.window, k, work, pauses);
                    #[allow(clippy::cast_precision_loss)]
                    let undone = (self.shape.left - work as f64 * self.shape.rate[0]).max(0.0) * self.undone_gbp;
                    for (working, value) in [(true, self.scratch.run[at]), (false, self.scratch.idle[at])] {
                        if value + undone < best.map_or(f64::INFINITY, |known| known.0) {
                            best = Some((value + undone, End { at: self.window, pauses: k, work, working }));
                        }
                    }
                }
            }
        }
        best
    }

    fn fill(&mut self, i: usize, k: usize, pauses: usize, counted: bool) {
        let width = self.need + 1;
        let (now, before) = (self.at(i + 1, k, 0, pauses), self.at(i, k, 0, pauses));
        // Going on.
        let step = self.step[i];
        if step < f64::INFINITY {
            let (head, tail) = self.scratch.run.split_at_mut(now);
            let (from, to) = (&head[before..before + width - 1], &mut tail[1..width]);
            for (to, from) in to.iter_mut().zip(from) {
                *to = from + step;
            }
            // A fresh run that ends here.
            let (mut cost, mut length) = (0.0, 0);
            while length < self.least.min(self.need) && length <= i {
                cost += self.step[i - length];
                length += 1;
                if length == self.least {
                    self.fresh(i, k, pauses, counted, length, cost, length..width);
                } else {
                    // Shorter only where it finishes the job.
                    self.fresh(i, k, pauses, counted, length, cost, self.need..width);
                }
            }
        }
        // Stopping, or staying idle.
        for n in 0..width {
            self.scratch.idle[now + n] = self.scratch.idle[before + n].min(self.scratch.run[before + n]);
        }
        // One run that is all the work is done, not stopped.
        self.scratch.idle[now + self.need] = f64::INFINITY;
    }

    /// Runs of `length` that begin at period `i + 1 - length`, after being idle there, and end with the given work.
    #[allow(clippy::too_many_arguments)]
    fn fresh(
        &mut self,
        i: usize,
        k: usize,
        pauses: usize,
        counted: bool,
        length: usize,
        cost: f64,
        works: std::ops::Range<usize>,
    ) {
        let begin = i + 1 - length;
        for n in works {
            let value = self.entry(begin, k, n - length, pauses, counted) + cost;
            let at = self.at(i + 1, k, n, pauses);
            if value < self.scratch.run[at] {
                self.scratch.run[at] = value;
            }
        }
    }

    /// Cost of beginning a run in period `begin` with work `n` done, its first period not included.
    fn entry(&self, begin: usize, k: usize, n: usize, pauses: usize, counted: bool) -> f64 {
        match (n, counted, k) {
            (0, _, 0) => self.startup,
            (0, ..) | (_, true, 0) => f64::INFINITY,
            (_, counted, k) => {
                let from = if counted { k - 1 } else { k };
                self.scratch.idle[self.at(begin, from, n, pauses)] + self.resume[begin]
            }
        }
    }

    /// The working periods of the schedule that ends there.
    fn back(&self, limit: Option<usize>, end: End) -> Vec<usize> {
        let pauses = limit.map_or(1, |limit| limit + 1);
        let End { at: mut layer, pauses: mut k, work: mut n, mut working } = end;
        let mut periods = Vec::new();
        while n > 0 && layer > 0 {
            if !working {
                let value = self.scratch.idle[self.at(layer, k, n, pauses)];
                layer -= 1;
                working = self.scratch.idle[self.at(layer, k, n, pauses)] != value;
                continue;
            }
            let value = self.scratch.run[self.at(layer, k, n, pauses)];
            let i = layer - 1;
            if self.scratch.run[self.at(i, k, n - 1, pauses)] + self.step[i] == value {
                periods.push(self.shape.first + i);
                (layer, n) = (i, n - 1);
                continue;
            }
            let Some(length) = self.origin(i, k, n, pauses, limit.is_some(), value) else { break };
            periods.extend((0..length).map(|back| self.shape.first + i - back));
            (layer, n) = (i + 1 - length, n - length);
            working = false;
            if n > 0 && limit.is_some() {
                k -= 1;
            }
        }
        periods.reverse();
        periods
    }

    /// Length of the fresh run that gave the value.
    fn origin(&self, i: usize, k: usize, n: usize, pauses: usize, counted: bool, value: f64) -> Option<usize> {
        let longest = if n == self.need { n.min(self.least) } else { self.least };
        let mut cost = 0.0;
        for length in 1..=longest.min(i + 1).min(n) {
            cost += self.step[i + 1 - length];
            let whole = length == self.least || n == self.need;
            if whole && self.entry(i + 1 - length, k, n - length, pauses, counted) + cost == value {
                return Some(length);
            }
        }
        None
    }
}

impl Drop for Table<'_> {
    fn drop(&mut self) {
        self.scratch.enter = std::mem::take(&mut self.step);
        self.scratch.sums = std::mem::take(&mut self.resume);
    }
}
