//! Everything at once: several points, moves, a state before the horizon.
//!
//! States after each period: working in a region with a run of some age (counted up to `min_run_periods`), so many pauses
//! and so much work; or idle there, the run having ended in an earlier period. Layer 0 is the period before the window.

use super::{Cheapest, Prices, Schedule, Scratch, Shape, Work};

/// Nothing reaches this state.
const NEVER: f64 = f64::INFINITY;

pub(super) fn cheapest(
    shape: &Shape,
    regions: &[usize],
    work: &Work,
    undone_gbp: f64,
    prices: &Prices<'_>,
    scratch: &mut Scratch,
) -> Option<Cheapest> {
    // First without counting pauses: it costs no more, and is the answer where it has few enough.
    let mut table = Table::new(shape, regions, work, prices, scratch, false);
    let free = table.solve(undone_gbp)?;
    let (schedule, pauses) = table.back(&free);
    let limit = if shape.preemptible { shape.pauses_left.map(|left| left as usize) } else { None };
    if limit.is_none_or(|limit| pauses <= limit) {
        return Some(Cheapest { cost_gbp: free.cost, schedule });
    }
    let mut table = Table::new(shape, regions, work, prices, scratch, true);
    let best = table.solve(undone_gbp)?;
    let (schedule, _) = table.back(&best);
    Some(Cheapest { cost_gbp: best.cost, schedule })
}

/// How the best schedule ends.
struct Best {
    cost: f64,
    end: End,
}

enum End {
    /// It never works.
    Never,
    /// It is done in the period of this layer, at this point, from this state before it.
    Done { layer: usize, state: State, point: usize },
    /// It works in the last period.
    Working { state: State },
    /// It was stopped before.
    Idle { g: usize, k: usize, n: usize },
}

/// Region, pauses, age and work.
#[derive(Debug, Clone, Copy)]
struct State {
    g: usize,
    k: usize,
    a: usize,
    n: usize,
}

/// Where a period of work is entered from.
#[derive(Debug, Clone, Copy)]
enum Source {
    Start,
    Run { layer: usize, state: State },
    Idle { layer: usize, g: usize, k: usize, n: usize },
}

struct Table<'a> {
    shape: &'a Shape,
    places: Vec<usize>,
    home: Option<usize>,
    work: &'a Work,
    prices: &'a Prices<'a>,
    scratch: &'a mut Scratch,
    window: usize,
    delay: Option<usize>,
    ages: usize,
    pauses: usize,
    counted: bool,
}

impl<'a> Table<'a> {
    fn new(
        shape: &'a Shape,
        regions: &[usize],
        work: &'a Work,
        prices: &'a Prices<'a>,
        scratch: &'a mut Scratch,
        counted: bool,
    ) -> Self {
        let mut places = regions.to_vec();
        // Its home is a place even where it may not work there any more.
        if let Some(home) = shape.home
            && !places.contains(&home)
        {
            places.push(home);
        }
        let window = shape.end - shape.first.min(shape.end);
        let before = shape.running.map_or(0, |running| running.age);
        let limit = shape.pauses_left.map_or(0, |left| left as usize).min(window);
        Self {
            home: shape.home.and_then(|home| places.iter().position(|&r| r == home)),
            places,
            work,
            prices,
            scratch,
            window,
            delay: shape.migration.map(|migration| migration.periods as usize),
            ages: shape.min_run.clamp(1, window + before + 1),
            pauses: if counted { limit + 1 } else { 1 },
            counted,
            shape,
        }
    }

    fn states(&self) -> usize {
        self.work.states()
    }

    fn run_at(&self, layer: usize, s: State) -> usize {
        (((layer * self.places.len() + s.g) * self.pauses + s.k) * self.ages + s.a - 1) * self.states() + s.n
    }

    fn idle_at(&self, layer: usize, g: usize, k: usize, n: usize) -> usize {
        ((layer * self.places.len() + g) * self.pauses + k) * self.states() + n
    }

    fn enter_at(&self, k: usize, a: usize, n: usize) -> usize {
        (k * self.ages + a - 1) * self.states() + n
    }

    /// Whether a run of so counted an age may end.
    fn may_end(&self, a: usize) -> bool {
        a == self.ages && self.shape.min_run.max(1) <= self.ages
    }

    fn solve(&mut self, undone_gbp: f64) -> Option<Best> {
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
    fn enter(&mut self, layer: usize, g: usize) {
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
    fn leaves(&self, layer: usize, delay: usize) -> bool {
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
    fn pause_before(&self, layer: usize, g: usize, from: usize) -> Option<(usize, f64)> {
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
    fn arrival(&self, layer: usize, g: usize, paused: bool, moved: bool) -> f64 {
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

    /// The schedule that ends so, and its pauses.
    fn back(&mut self, best: &Best) -> (Schedule, usize) {
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

/// Lowers each value to that of the source plus a cost, where that is less.
fn lower(values: &mut [f64], source: &[f64], cost: f64) {
    for (value, source) in values.iter_mut().zip(source) {
        let other = source + cost;
        *value = if other < *value { other } else { *value };
    }
}
