//! One walk from plan to plan, each step a chain of exchanges.

use super::super::unit;
use super::{Choice, Exchange, Scores, State};

/// Moves that follow the first one of a chain.
const FOLLOW: usize = 6;
/// Jobs among which the one with the largest regret begins a chain; schedules of which the one with the least is tried.
const DRAWS: (usize, usize) = (3, 2);
/// How often a walk looks at all cells of all schedules, and how many cells at most.
const LOOKS: usize = 2000;
const MOST_WORK: usize = 30_000_000;

/// One search.
pub(super) struct Walk<'a> {
    exchange: &'a Exchange<'a>,
    now: State,
    dice: u64,
    /// Cells looked at so far.
    work: usize,
    /// Moves of the chain: job and where it was.
    chain: Vec<(u32, u32)>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(exchange: &'a Exchange<'a>, now: State, seed: u64) -> Self {
        Self { exchange, now, dice: seed, work: 0, chain: Vec::new() }
    }

    /// The best state met within the work of a round.
    pub(super) fn run(mut self, heat: f64) -> State {
        let mut best = self.now.clone();
        let enough = (LOOKS * self.exchange.size).min(MOST_WORK);
        while self.work < enough {
            let margin = -heat * self.unit().max(1e-12).ln();
            if self.attempt(margin) && self.now.total < best.total {
                best = self.now.clone();
            }
        }
        best
    }

    /// One chain; whether the plan changed. It may get dearer by the margin.
    fn attempt(&mut self, margin: f64) -> bool {
        self.work += 16;
        let Some((job, to)) = self.first() else { return false };
        let (total, scores) = (self.now.total, self.now.scores.clone());
        let mut next = Some((f64::NEG_INFINITY, job, to));
        while let Some((_, job, to)) = next.filter(|(cost, ..)| *cost < 0.0 || self.chain.len() < 2) {
            self.chain.push((job, self.now.at[job as usize]));
            self.put(job, to);
            self.exchange.judge(&mut self.now);
            // A battery looks at each period some dozen times.
            self.work += 40 * self.now.jobs_mw.len();
            if self.now.total < total + margin {
                self.chain.clear();
                return true;
            }
            next = if self.chain.len() > FOLLOW { None } else { self.next() };
        }
        while let Some((job, from)) = self.chain.pop() {
            self.put(job, from);
        }
        (self.now.total, self.now.scores) = (total, scores);
        false
    }

    /// A job that pays too much, rather, and a schedule for which it pays little.
    fn first(&mut self) -> Option<(u32, u32)> {
        let exchange = self.exchange;
        let movable = &exchange.movable;
        let regret = |walk: &Self, job: u32| walk.choices(job)[walk.now.at[job as usize] as usize].regret_gbp;
        let mut job = movable[self.below(movable.len())];
        for _ in 0..self.below(DRAWS.0 + 1) {
            let other = movable[self.below(movable.len())];
            if regret(self, other) > regret(self, job) {
                job = other;
            }
        }
        let choices = self.choices(job);
        let mut to = self.below(choices.len());
        for _ in 0..self.below(DRAWS.1 + 1) {
            let other = self.below(choices.len());
            if choices[other].regret_gbp < choices[to].regret_gbp {
                to = other;
            }
        }
        let to = u32::try_from(to).unwrap_or(u32::MAX);
        (to != self.now.at[job as usize]).then_some((job, to))
    }

    /// The move of another job that costs least now. Where the chain has overloaded a cell only jobs in such cells move.
    fn next(&mut self) -> Option<(f64, u32, u32)> {
        let exchange = self.exchange;
        let over = |now: &State, cell: usize| now.jobs_mw[cell] > now.scores.most_mw[cell] + 1e-9;
        let mut last = self.chain.iter().flat_map(|&(job, from)| {
            let choices = self.choices(job);
            choices[self.now.at[job as usize] as usize].mw.iter().chain(&choices[from as usize].mw)
        });
        let hot = last.any(|&(cell, _)| over(&self.now, cell));
        let mut best: Option<(f64, u32, u32)> = None;
        let mut work = 0;
        let Scores { more, less, most_mw: most } = &self.now.scores;
        let overload = exchange.lagrangian.grid.overload;
        // Taken out while its job is looked at.
        let mut load = std::mem::take(&mut self.now.jobs_mw);
        let excess = |load: f64, most: f64| (load - most).max(0.0);
        for &job in &exchange.movable {
            let at = self.now.at[job as usize] as usize;
            let choices = &exchange.choices[exchange.class[job as usize] as usize];
            let old = &choices[at];
            work += old.mw.len();
            let may = !hot || old.mw.iter().any(|&(cell, _)| load[cell] > most[cell] + 1e-9);
            if !may || self.chain.iter().any(|&(moved, _)| moved == job) {
                continue;
            }
            let mut without = old.credit_gbp - old.cost_gbp;
            for &(cell, mw) in &old.mw {
                let rest = load[cell] - mw;
                without -= less[cell] * mw + overload * (excess(load[cell], most[cell]) - excess(rest, most[cell]));
                load[cell] = rest;
            }
            for (to, choice) in choices.iter().enumerate().filter(|(to, _)| *to != at) {
                let mut cost = without + choice.cost_gbp - choice.credit_gbp;
                for &(cell, mw) in &choice.mw {
                    let now = load[cell];
                    cost += more[cell] * mw + overload * (excess(now + mw, most[cell]) - excess(now, most[cell]));
                }
                work += choice.mw.len();
                if best.is_none_or(|(least, ..)| cost < least) {
                    best = Some((cost, job, u32::try_from(to).unwrap_or(u32::MAX)));
                }
            }
            for &(cell, mw) in &old.mw {
                load[cell] += mw;
            }
        }
        self.now.jobs_mw = load;
        self.work += work;
        best
    }

    /// Gives a job another schedule.
    fn put(&mut self, job: u32, to: u32) {
        let choices = self.choices(job);
        let now = &mut self.now;
        let (old, new) = (&choices[now.at[job as usize] as usize], &choices[to as usize]);
        now.at[job as usize] = to;
        now.own_gbp += new.cost_gbp - old.cost_gbp;
        for (choice, sign) in [(old, -1.0), (new, 1.0)] {
            choice.mw.iter().for_each(|&(cell, mw)| now.jobs_mw[cell] += sign * mw);
            if !now.millions.is_empty() {
                choice.millions.iter().for_each(|&(cell, millions)| now.millions[cell] += sign * millions);
            }
        }
    }

    fn choices(&self, job: u32) -> &'a [Choice] {
        &self.exchange.choices[self.exchange.class[job as usize] as usize]
    }

    fn unit(&mut self) -> f64 {
        unit(&mut self.dice)
    }

    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }
}
