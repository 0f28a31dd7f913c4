//! Backward: the schedule that has the least cost, from its end to its start.

use super::{Best, End, Schedule, Source, State, Table};

impl Table<'_> {
    /// The schedule that ends so, and its pauses.
    pub(super) fn back(&mut self, best: &Best) -> (Schedule, usize) {
        let mut works = Vec::new();
        let mut paused = 0;
        let mut next = match best.end {
            End::Never => None,
            End::Done { layer, state, point } => {
                works.push((self.shape.first + layer - 1, self.places[state.g], point));
                Some(self.source(layer, state, best.cost - self.step_cost(layer, state.g, point)))
            }
            End::Working { state } => Some(Source::Run { layer: self.window, state }),
            End::Idle { g, k, n } => Some(Source::Idle { layer: self.window, g, k, n }),
        };
        let mut resumed = matches!(best.end, End::Idle { .. });
        while let Some(source) = next.take() {
            next = match source {
                Source::Start => None,
                Source::Run { layer: 0, .. } => None,
                Source::Run { layer, state } => {
                    let (point, before, value) = self.point(layer, state);
                    works.push((self.shape.first + layer - 1, self.places[state.g], point));
                    Some(self.source(layer, before, value))
                }
                Source::Idle { layer, g, k, n } => {
                    paused += usize::from(!std::mem::take(&mut resumed));
                    self.stopped(layer, g, k, n)
                }
            };
        }
        works.sort_unstable();
        (Schedule::from_works(self.trimmed(works)), paused)
    }

    /// Without the periods after the work was done: rounding of work states can leave some.
    fn trimmed(&self, works: Vec<(usize, usize, usize)>) -> Vec<(usize, usize, usize)> {
        let mut done = 0.0;
        let needed = works.iter().position(|&(_, _, l)| {
            done += self.shape.rate[l];
            self.shape.is_done(done)
        });
        works.into_iter().take(needed.map_or(usize::MAX, |last| last + 1)).collect()
    }

    fn step_cost(&self, layer: usize, g: usize, l: usize) -> f64 {
        self.prices.step(self.shape, self.places[g], self.shape.first + layer - 1, l)
    }

    /// The point at which a working state was reached, the state it was entered with and the cost before it.
    fn point(&mut self, layer: usize, state: State) -> (usize, State, f64) {
        let value = self.scratch.run[self.run_at(layer, state)];
        self.enter(layer, state.g);
        let (r, t) = (self.places[state.g], self.shape.first + layer - 1);
        let mut nearest = (f64::INFINITY, 0, state, value);
        for l in (0..self.shape.rate.len()).filter(|&l| self.shape.usable(r, t, l)) {
            let cost = self.prices.step(self.shape, r, t, l);
            for n in (0..self.states()).filter(|&n| self.work.next(n, l) == state.n) {
                let before = self.scratch.enter[self.enter_at(state.k, state.a, n)];
                let off = (before + cost - value).abs();
                if off < nearest.0 {
                    nearest = (off, l, State { n, ..state }, before);
                }
            }
        }
        (nearest.1, nearest.2, nearest.3)
    }

    /// Where a state that costs so much before its period comes from.
    fn source(&mut self, layer: usize, to: State, value: f64) -> Source {
        let mut nearest = (f64::INFINITY, Source::Start);
        let mut offer = |cost: f64, source: Source| {
            let off = (cost - value).abs();
            if off < nearest.0 {
                nearest = (off, source);
            }
        };
        if self.shape.home.is_none() && (to.n, to.k, to.a) == (0, 0, 1) {
            offer(self.prices.own * self.shape.startup_gbp, Source::Start);
        }
        for a in 1..=self.ages {
            let state = State { a, ..to };
            if (a + 1).min(self.ages) == to.a {
                offer(self.scratch.run[self.run_at(layer - 1, state)], Source::Run { layer: layer - 1, state });
            }
            let Some(delay) = self.delay.filter(|&delay| self.leaves(layer, delay)) else { continue };
            if (a + 1 + delay).min(self.ages) != to.a {
                continue;
            }
            let cost = self.arrival(layer, to.g, false, true);
            for g in (0..self.places.len()).filter(|&g| g != to.g) {
                let (layer, state) = (layer - 1 - delay, State { g, ..state });
                offer(self.scratch.run[self.run_at(layer, state)] + cost, Source::Run { layer, state });
            }
        }
        if self.shape.preemptible && to.a == 1 && (!self.counted || to.k > 0) {
            let k = if self.counted { to.k - 1 } else { to.k };
            for g in 0..self.places.len() {
                if let Some((layer, cost)) = self.pause_before(layer, to.g, g) {
                    let idle = self.scratch.idle[self.idle_at(layer, g, k, to.n)];
                    offer(idle + cost, Source::Idle { layer, g, k, n: to.n });
                }
            }
        }
        nearest.1
    }

    /// The run that was stopped before an idle state; none where the job was idle from the beginning.
    fn stopped(&self, mut layer: usize, g: usize, k: usize, n: usize) -> Option<Source> {
        let value = self.scratch.idle[self.idle_at(layer, g, k, n)];
        while layer > 0 {
            let state = State { g, k, a: self.ages, n };
            if self.may_end(self.ages) && self.scratch.run[self.run_at(layer - 1, state)] == value {
                return Some(Source::Run { layer: layer - 1, state });
            }
            layer -= 1;
        }
        None
    }
}
