//! Forward: the least cost of every state, layer by layer.

use super::{Best, End, NEVER, State, Table};

impl Table<'_> {
    pub(super) fn solve(&mut self, undone_gbp: f64) -> Option<Best> {
        let (layers, places, states) = (self.window + 1, self.places.len(), self.states());
        for (table, width) in [(&mut self.scratch.run, self.ages), (&mut self.scratch.idle, 1)] {
            table.clear();
            table.resize(layers * places * self.pauses * width * states, NEVER);
        }
        self.begin();
        let mut best = self.never(undone_gbp);
        for layer in 1..layers {
            for g in 0..places {
                self.stop(layer, g);
                if self.shape.allowed(self.places[g], self.shape.first + layer - 1) {
                    self.enter(layer, g);
                    self.step(layer, g, &mut best);
                }
            }
        }
        if self.shape.priced {
            self.ends(undone_gbp, &mut best);
        }
        best
    }

    /// The period before the window.
    fn begin(&mut self) {
        let Some(g) = self.home else { return };
        match self.shape.running {
            Some(running) => {
                let a = running.age.clamp(1, self.ages);
                let at = self.run_at(0, State { g, k: 0, a, n: 0 });
                self.scratch.run[at] = 0.0;
            }
            None => {
                let at = self.idle_at(0, g, 0, 0);
                self.scratch.idle[at] = 0.0;
            }
        }
    }

    /// Doing nothing at all, where that is allowed.
    fn never(&self, undone_gbp: f64) -> Option<Best> {
        let shape = self.shape;
        let stopped = self.window == 0
            || shape.running.is_none_or(|running| running.age >= shape.min_run) && !shape.must_continue;
        let cost = shape.left * undone_gbp;
        (shape.priced && stopped).then_some(Best { cost, end: End::Never })
    }

    /// Idle in the period of this layer: stopped before, or in the period before.
    fn stop(&mut self, layer: usize, g: usize) {
        for k in 0..self.pauses {
            let states = self.states();
            let (now, before) = (self.idle_at(layer, g, k, 0), self.idle_at(layer - 1, g, k, 0));
            self.scratch.idle.copy_within(before..before + states, now);
            if self.shape.preemptible && self.may_end(self.ages) {
                let run = self.run_at(layer - 1, State { g, k, a: self.ages, n: 0 });
                lower(&mut self.scratch.idle[now..now + states], &self.scratch.run[run..run + states], 0.0);
            }
        }
    }

    /// Ways to work in the period of this layer, cheapest for each state.
    pub(super) fn enter(&mut self, layer: usize, g: usize) {
        let size = self.pauses * self.ages * self.states();
        self.scratch.enter.clear();
        self.scratch.enter.resize(size, NEVER);
        let shape = self.shape;
        if shape.home.is_none() {
            let at = self.enter_at(0, 1, 0);
            self.scratch.enter[at] = self.prices.own * shape.startup_gbp;
        }
        for k in 0..self.pauses {
            for a in 1..=self.ages {
                self.go_on(State { g, k, a, n: 0 }, layer - 1, (a + 1).min(self.ages), 0.0);
                let Some(delay) = self.delay.filter(|&delay| self.leaves(layer, delay)) else { continue };
                let cost = self.arrival(layer, g, false, true);
                for from in (0..self.places.len()).filter(|&from| from != g) {
                    let state = State { g: from, k, a, n: 0 };
                    self.go_on(state, layer - 1 - delay, (a + 1 + delay).min(self.ages), cost);
                }
            }
        }
        if shape.preemptible {
            self.resume(layer, g);
        }
    }

    /// Whether a live move that arrives in this layer can have begun: not before the window, and not at its beginning by a
    /// job that may not be stopped.
    pub(super) fn leaves(&self, layer: usize, delay: usize) -> bool {
        layer > delay + 1 || (layer == delay + 1 && !(self.shape.pinned && delay > 0))
    }

    /// From runs in a layer to entering with another age.
    fn go_on(&mut self, from: State, layer: usize, a: usize, cost: f64) {
        let (source, target, states) = (self.run_at(layer, from), self.enter_at(from.k, a, 0), self.states());
        lower(&mut self.scratch.enter[target..target + states], &self.scratch.run[source..source + states], cost);
    }

    fn resume(&mut self, layer: usize, g: usize) {
        for k in usize::from(self.counted)..self.pauses {
            let from_k = if self.counted { k - 1 } else { k };
            for from in 0..self.places.len() {
                let Some((source, cost)) = self.pause_before(layer, g, from) else { continue };
                let (source, target) = (self.idle_at(source, from, from_k, 0), self.enter_at(k, 1, 0));
                let states = self.states();
                let idle = &self.scratch.idle[source..source + states];
                lower(&mut self.scratch.enter[target..target + states], idle, cost);
            }
        }
    }

    /// The layer in which a job that resumes here was last idle at the latest, and what that costs.
    pub(super) fn pause_before(&self, layer: usize, g: usize, from: usize) -> Option<(usize, f64)> {
        let waits = if from == g { 0 } else { self.delay? };
        let cost = self.arrival(layer, g, true, from != g);
        // A job that was paused before the horizon has waited long enough.
        let paused = self.shape.running.is_none() && self.home == Some(from);
        match (layer - 1).checked_sub(waits) {
            Some(source) => Some((source, cost)),
            None if paused => Some((0, cost)),
            None => None,
        }
    }

    /// Costs of arriving.
    pub(super) fn arrival(&self, layer: usize, g: usize, paused: bool, moved: bool) -> f64 {
        let shape = self.shape;
        let price = self.prices.mw(self.places[g], shape.first + layer - 1);
        let mut cost = 0.0;
        if paused {
            cost += self.prices.own * shape.pause_gbp + shape.pause_mw * price;
        }
        if let Some(migration) = shape.migration.filter(|_| moved) {
            cost += self.prices.own * migration.cost_gbp + shape.move_mw * price;
        }
        cost
    }

    /// Works one period at each point.
    fn step(&mut self, layer: usize, g: usize, best: &mut Option<Best>) {
        let (shape, states) = (self.shape, self.states());
        let (r, t) = (self.places[g], shape.first + layer - 1);
        for l in (0..shape.rate.len()).filter(|&l| shape.usable(r, t, l)) {
            let cost = self.prices.step(shape, r, t, l);
            for k in 0..self.pauses {
                for a in 1..=self.ages {
                    let enter = self.enter_at(k, a, 0);
                    let run = self.run_at(layer, State { g, k, a, n: 0 });
                    let entered = &self.scratch.enter[enter..enter + states];
                    let run = &mut self.scratch.run[run..run + states];
                    for (n, (before, &next)) in entered.iter().zip(self.work.after(l)).enumerate() {
                        let value = before + cost;
                        match run.get_mut(next as usize) {
                            Some(known) => *known = if value < *known { value } else { *known },
                            None if value < best.as_ref().map_or(NEVER, |known| known.cost) => {
                                let state = State { g, k, a, n };
                                *best = Some(Best { cost: value, end: End::Done { layer, state, point: l } });
                            }
                            None => {}
                        }
                    }
                }
            }
        }
    }

    /// Schedules that are not done at the end of the window.
    fn ends(&self, undone_gbp: f64, best: &mut Option<Best>) {
        let mut offer = |cost: f64, end: End| {
            if cost < best.as_ref().map_or(NEVER, |known| known.cost) {
                *best = Some(Best { cost, end });
            }
        };
        for g in 0..self.places.len() {
            for k in 0..self.pauses {
                for n in 0..self.states() {
                    let undone = self.work.left[n] * undone_gbp;
                    if self.may_end(self.ages) && self.window > 0 {
                        let state = State { g, k, a: self.ages, n };
                        offer(self.scratch.run[self.run_at(self.window, state)] + undone, End::Working { state });
                    }
                    if self.shape.preemptible {
                        offer(self.scratch.idle[self.idle_at(self.window, g, k, n)] + undone, End::Idle { g, k, n });
                    }
                }
            }
        }
    }
}

/// Lowers each value to that of the source plus a cost, where that is less.
fn lower(values: &mut [f64], source: &[f64], cost: f64) {
    for (value, source) in values.iter_mut().zip(source) {
        let other = source + cost;
        *value = if other < *value { other } else { *value };
    }
}
