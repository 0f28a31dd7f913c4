//! Convex piecewise linear functions of one number, as steps in order of their slope.

/// A piece: how much it costs to go one further, and how far it goes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Step {
    pub(super) slope: f64,
    pub(super) length: f64,
}

/// A convex function on `from ..= from + sum of lengths`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Pwl {
    pub(super) from: f64,
    /// Value at `from`.
    pub(super) value: f64,
    pub(super) steps: Vec<Step>,
}

impl Pwl {
    /// One point.
    pub(super) fn point(from: f64) -> Self {
        Self { from, value: 0.0, steps: Vec::new() }
    }

    /// Adds a piece at the right end; where it is less steep than what stands there, both become their lower hull.
    pub(super) fn push(&mut self, slope: f64, length: f64) {
        if length <= 0.0 {
            return;
        }
        let mut piece = Step { slope, length };
        while let Some(last) = self.steps.last()
            && last.slope > piece.slope
        {
            let length = last.length + piece.length;
            piece = Step { slope: (last.slope * last.length + piece.slope * piece.length) / length, length };
            self.steps.pop();
        }
        self.steps.push(piece);
    }

    /// The least sum of both over all ways to split a number between them, into `out`.
    pub(super) fn add(&self, other: &Self, out: &mut Self) {
        out.from = self.from + other.from;
        out.value = self.value + other.value;
        out.steps.clear();
        let (mut i, mut j) = (0, 0);
        while i < self.steps.len() || j < other.steps.len() {
            let left = self.steps.get(i).map_or(f64::INFINITY, |step| step.slope);
            let right = other.steps.get(j).map_or(f64::INFINITY, |step| step.slope);
            if left <= right {
                out.steps.push(self.steps[i]);
                i += 1;
            } else {
                out.steps.push(other.steps[j]);
                j += 1;
            }
        }
    }

    /// How far `self` goes where the two together go to `at`, at least cost.
    pub(super) fn split(&self, other: &Self, at: f64) -> f64 {
        let mut left = at - self.from - other.from;
        let (mut i, mut j, mut own) = (0, 0, self.from);
        while left > 0.0 && (i < self.steps.len() || j < other.steps.len()) {
            let mine = self.steps.get(i).map_or(f64::INFINITY, |step| step.slope);
            let theirs = other.steps.get(j).map_or(f64::INFINITY, |step| step.slope);
            if mine <= theirs {
                let taken = self.steps[i].length.min(left);
                own += taken;
                left -= taken;
                i += 1;
            } else {
                left -= other.steps[j].length.min(left);
                j += 1;
            }
        }
        own
    }

    /// Leaves out what lies outside.
    pub(super) fn limit(&mut self, low: f64, high: f64) {
        let mut cut = 0;
        while self.from < low {
            let Some(step) = self.steps.get_mut(cut) else { break };
            let taken = step.length.min(low - self.from);
            self.value += taken * step.slope;
            if taken < step.length {
                step.length -= taken;
                self.from = low;
            } else {
                self.from += taken;
                cut += 1;
            }
        }
        self.steps.drain(..cut);
        let mut end = self.from;
        let mut keep = 0;
        for step in &mut self.steps {
            if end >= high {
                break;
            }
            step.length = step.length.min(high - end);
            end += step.length;
            keep += 1;
        }
        self.steps.truncate(keep);
    }

    /// Value at `at`, and the slope to its right (to its left at the right end).
    pub(super) fn at(&self, at: f64) -> (f64, f64) {
        let (mut value, mut left, mut slope) = (self.value, at - self.from, 0.0);
        for step in &self.steps {
            slope = step.slope;
            let taken = step.length.min(left.max(0.0));
            value += taken * step.slope;
            left -= taken;
            if left <= 0.0 && taken < step.length {
                break;
            }
        }
        (value, slope)
    }
}
