//! Ruin and recreate: a job that pays more than it would at the prices of the bound, and jobs that stand where it would
//! rather be, are taken out and put back in another order, each by its cheapest schedule with what is left; the plan stays
//! where it got better, and now and then where it did not.
//!
//! Energy is convex, so the prices of its nodes bound from below what a change of load costs: most trials are refused
//! without another look at it.

use super::bound::Lagrangian;
use super::dual::{Energy, Point};
use super::reduce::Class;
use crate::schedule::{Prices, Schedule, Scratch};

/// Jobs taken out at once, at least and at most.
const JOBS: (usize, usize) = (2, 7);
/// Jobs taken out at most, and the share of trials that take jobs out only because they may work at the same time.
const MOST: usize = 10;
const ALIKE: f64 = 0.3;
/// Looks for a job that competes for a cell before it is given up.
const LOOKS: usize = 40;
/// First and last temperature, as part of the objective.
const HEAT: (f64, f64) = (2e-5, 2e-7);

/// What is searched, and where it stands.
pub(crate) struct Ruin<'a> {
    lagrangian: &'a Lagrangian<'a>,
    /// Prices of the bound: what the others would pay for a cell.
    point: &'a Point,
    served_mw: Vec<f64>,
    served_gbp: f64,
    capacity_mw: Vec<f64>,
    pue: Vec<f64>,
    /// Jobs as class and member, and by period those that may work in it.
    jobs: Vec<(u32, u32)>,
    by_period: Vec<Vec<u32>>,
    /// Jobs that draw power in each cell.
    by_cell: Vec<Vec<u32>>,
    /// What each job pays at the prices of the bound, beyond its cheapest schedule, GBP.
    regret: Vec<f64>,
    /// The least a job of each class can pay at these prices.
    least: Vec<f64>,
    millions: Vec<f64>,
    now: State,
    scratch: Scratch,
    dice: u64,
}

#[derive(Debug, Clone)]
struct State {
    schedules: Vec<Vec<Schedule>>,
    jobs_mw: Vec<f64>,
    own_gbp: f64,
    /// Millions of inferences by cell, services included; empty where no cap counts them.
    millions: Vec<f64>,
    energy: Energy,
    total: f64,
}

/// A job that was taken out: where it is and what it did.
struct Out {
    job: u32,
    old: Schedule,
    new: Schedule,
}

impl<'a> Ruin<'a> {
    /// From schedules by class and member, and services as they are served.
    pub(crate) fn new(
        lagrangian: &'a Lagrangian<'a>,
        point: &'a Point,
        schedules: Vec<Vec<Schedule>>,
        served: (Vec<f64>, f64, Vec<f64>),
        seed: u64,
    ) -> Self {
        let (pool, grid) = (lagrangian.pool, lagrangian.grid);
        let (served_mw, served_gbp, served_millions) = served;
        let mut jobs_mw = vec![0.0; pool.cells];
        let mut own_gbp = 0.0;
        let mut jobs = Vec::with_capacity(pool.jobs);
        let mut by_period = vec![Vec::new(); pool.periods];
        let mut millions = if grid.counts_inferences() { served_millions } else { Vec::new() };
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        for (c, class) in pool.classes.iter().enumerate() {
            for (m, schedule) in schedules[c].iter().enumerate() {
                let job = number(jobs.len());
                jobs.push((number(c), number(m)));
                own_gbp += class.own_cost(schedule);
                class.loads(schedule, pool.periods, |cell, mw| jobs_mw[cell] += mw);
                if !millions.is_empty() {
                    class.millions(schedule, pool.periods, |cell, more| millions[cell] += more);
                }
                by_period[class.shape.first..class.shape.end].iter_mut().for_each(|jobs| jobs.push(job));
            }
        }
        let now = State { schedules, jobs_mw, own_gbp, millions, energy: Energy::default(), total: f64::INFINITY };
        let mut ruin = Self {
            lagrangian,
            point,
            served_mw,
            served_gbp,
            capacity_mw: grid.capacity_mw(),
            pue: grid.pue(),
            jobs,
            by_period,
            by_cell: vec![Vec::new(); pool.cells],
            regret: Vec::new(),
            least: Vec::new(),
            millions: grid.millions(point),
            now,
            scratch: Scratch::default(),
            dice: seed,
        };
        ruin.index();
        (ruin.now.energy, ruin.now.total) = ruin.price(&ruin.now.jobs_mw, ruin.now.own_gbp, &ruin.now.millions);
        ruin
    }

    /// Who is where, and what each job would rather pay.
    fn index(&mut self) {
        let periods = self.lagrangian.pool.periods;
        let prices = self.lagrangian.prices(self.point, &self.millions);
        let classes = &self.lagrangian.pool.classes;
        self.least = classes.iter().map(|class| class.cheapest(&prices, &mut self.scratch).cost_gbp).collect();
        for (job, &(c, m)) in self.jobs.iter().enumerate() {
            let schedule = &self.now.schedules[c as usize][m as usize];
            let number = u32::try_from(job).unwrap_or(u32::MAX);
            classes[c as usize].loads(schedule, periods, |cell, _| self.by_cell[cell].push(number));
            self.regret.push(self.paid(c as usize, schedule) - self.least[c as usize]);
        }
    }

    /// What a schedule pays at the prices of the bound.
    fn paid(&self, c: usize, schedule: &Schedule) -> f64 {
        let class = &self.lagrangian.pool.classes[c];
        let mut paid = class.own_cost(schedule);
        class.loads(schedule, self.lagrangian.pool.periods, |cell, mw| paid += mw * self.point.it[cell]);
        if !self.millions.is_empty() {
            class.millions(schedule, self.lagrangian.pool.periods, |cell, more| paid -= more * self.millions[cell]);
        }
        paid
    }

    /// Searches for so many trials; the best plan and its cost. `go_on` is asked now and then and told the best cost.
    pub(crate) fn search(&mut self, trials: usize, go_on: &mut dyn FnMut(f64) -> bool) -> (f64, Vec<Vec<Schedule>>) {
        let mut best = (self.now.total, self.now.schedules.clone());
        if self.jobs.is_empty() || self.by_period.is_empty() {
            return best;
        }
        let scale = self.now.total.abs().max(1.0);
        for trial in 0..trials {
            if trial % 64 == 0 && !go_on(best.0) {
                break;
            }
            #[allow(clippy::cast_precision_loss)]
            let done = trial as f64 / trials as f64;
            let heat = HEAT.0 * (HEAT.1 / HEAT.0).powf(done) * scale;
            let margin = -heat * self.unit().max(1e-12).ln();
            if self.attempt(margin) && self.now.total < best.0 - 1e-9 * scale {
                best = (self.now.total, self.now.schedules.clone());
            }
        }
        best
    }

    /// One trial; whether the plan changed. It may get dearer by the margin.
    fn attempt(&mut self, margin: f64) -> bool {
        let mut out = self.take_out();
        if out.is_empty() {
            return false;
        }
        let mut own_gbp = self.now.own_gbp;
        let mut jobs_mw = std::mem::take(&mut self.now.jobs_mw);
        for taken in &out {
            let class = self.class(taken.job);
            own_gbp -= class.own_cost(&taken.old);
            class.loads(&taken.old, self.lagrangian.pool.periods, |cell, mw| jobs_mw[cell] -= mw);
        }
        self.put_back(&mut out, &mut jobs_mw);
        let periods = self.lagrangian.pool.periods;
        // What the prices of the nodes say of the change: it costs no less.
        let mut least = -self.now.own_gbp;
        let mut changed = false;
        for taken in &out {
            let class = self.class(taken.job);
            own_gbp += class.own_cost(&taken.new);
            changed |= taken.old != taken.new;
            for (schedule, sign) in [(&taken.old, -1.0), (&taken.new, 1.0)] {
                class.loads(schedule, periods, |cell, mw| {
                    least += sign * mw * self.now.energy.node[cell] * self.pue[cell];
                });
            }
        }
        least += own_gbp;
        if changed && (least < margin || self.prices_are_not_all()) {
            let mut millions = self.now.millions.clone();
            if !millions.is_empty() {
                for taken in &out {
                    let class = self.class(taken.job);
                    class.millions(&taken.old, periods, |cell, more| millions[cell] -= more);
                    class.millions(&taken.new, periods, |cell, more| millions[cell] += more);
                }
            }
            let (energy, total) = self.price(&jobs_mw, own_gbp, &millions);
            if total < self.now.total + margin {
                for taken in out {
                    let (c, m) = self.jobs[taken.job as usize];
                    let class = self.class(taken.job);
                    class.loads(&taken.old, periods, |cell, _| self.by_cell[cell].retain(|&job| job != taken.job));
                    class.loads(&taken.new, periods, |cell, _| self.by_cell[cell].push(taken.job));
                    self.regret[taken.job as usize] = self.paid(c as usize, &taken.new) - self.least[c as usize];
                    self.now.schedules[c as usize][m as usize] = taken.new;
                }
                self.now.jobs_mw = jobs_mw;
                (self.now.own_gbp, self.now.millions, self.now.energy, self.now.total) =
                    (own_gbp, millions, energy, total);
                return true;
            }
        }
        for taken in &out {
            let class = self.class(taken.job);
            class.loads(&taken.new, periods, |cell, mw| jobs_mw[cell] -= mw);
            class.loads(&taken.old, periods, |cell, mw| jobs_mw[cell] += mw);
        }
        self.now.jobs_mw = jobs_mw;
        false
    }

    /// Whether more than the prices of the nodes decides: caps and demand charges.
    fn prices_are_not_all(&self) -> bool {
        !self.lagrangian.grid.windows.is_empty()
            || self.lagrangian.grid.demand_charges().iter().any(|&charge| charge > 0.0)
    }

    fn class(&self, job: u32) -> &'a Class<'a> {
        &self.lagrangian.pool.classes[self.jobs[job as usize].0 as usize]
    }

    fn out(&self, job: u32) -> Out {
        let (c, m) = self.jobs[job as usize];
        Out { job, old: self.now.schedules[c as usize][m as usize].clone(), new: Schedule::idle() }
    }

    fn take_out(&mut self) -> Vec<Out> {
        if self.unit() < ALIKE { self.around() } else { self.rivals() }
    }

    /// Jobs that may work around a period at random.
    fn around(&mut self) -> Vec<Out> {
        let count = JOBS.0 + self.below(JOBS.1 - JOBS.0 + 1);
        let middle = self.below(self.by_period.len());
        let mut out: Vec<Out> = Vec::with_capacity(count);
        for _ in 0..LOOKS {
            if out.len() >= count {
                break;
            }
            let near = (middle + self.below(5)).saturating_sub(2).min(self.by_period.len() - 1);
            if self.by_period[near].is_empty() {
                continue;
            }
            let pick = self.below(self.by_period[near].len());
            let job = self.by_period[near][pick];
            if out.iter().all(|taken| taken.job != job) {
                out.push(self.out(job));
            }
        }
        out
    }

    /// A job that pays too much, and jobs that stand where it would rather be.
    fn rivals(&mut self) -> Vec<Out> {
        let mut seed = self.below(self.jobs.len());
        for _ in 0..self.below(12) {
            let other = self.below(self.jobs.len());
            if self.regret[other] > self.regret[seed] {
                seed = other;
            }
        }
        let number = u32::try_from(seed).unwrap_or(u32::MAX);
        let class = self.class(number);
        let mut out = vec![self.out(number)];
        // Prices a little off show other places that are nearly as good.
        let spread = 0.06 * self.unit();
        let mut dice = self.dice;
        let near = |price: &f64| price * (1.0 + spread * (2.0 * super::columns::unit(&mut dice) - 1.0));
        let mw: Vec<f64> = self.point.it.iter().map(near).collect();
        self.dice = dice;
        let prices = Prices { mw: &mw, ..self.lagrangian.prices(self.point, &self.millions) };
        let wish = class.cheapest(&prices, &mut self.scratch).schedule;
        let mut wanted = Vec::new();
        class.loads(&wish, self.lagrangian.pool.periods, |cell, mw| wanted.push((cell, mw)));
        let mut freed = vec![0.0; wanted.len()];
        for at in 0..wanted.len() {
            let (cell, mw) = wanted[at];
            let own: f64 = self.draws(&out[0], cell);
            let room = self.capacity_mw[cell] - self.served_mw[cell] - self.now.jobs_mw[cell] + own;
            let mut looks = 0;
            while room + freed[at] + 1e-9 < mw && looks < LOOKS && out.len() < MOST && !self.by_cell[cell].is_empty() {
                looks += 1;
                let pick = self.below(self.by_cell[cell].len());
                let job = self.by_cell[cell][pick];
                if out.iter().any(|taken| taken.job == job) {
                    continue;
                }
                let rival = self.out(job);
                for (freed, &(cell, _)) in freed.iter_mut().zip(&wanted) {
                    *freed += self.draws(&rival, cell);
                }
                out.push(rival);
            }
        }
        out
    }

    /// What a job draws in a cell, MW.
    fn draws(&self, out: &Out, at: usize) -> f64 {
        let mut drawn = 0.0;
        self.class(out.job).loads(&out.old, self.lagrangian.pool.periods, |cell, mw| {
            if cell == at {
                drawn += mw;
            }
        });
        drawn
    }

    /// Each job takes its cheapest schedule in what is left, in the order in which they were taken out.
    fn put_back(&mut self, out: &mut [Out], jobs_mw: &mut [f64]) {
        const SHARES: [f64; 5] = [0.0, 0.25, 0.5, 1.0, 1.0];
        let (pool, grid) = (self.lagrangian.pool, self.lagrangian.grid);
        let share = SHARES[self.below(SHARES.len())];
        let energy = self.now.energy.node.iter().zip(&self.pue).map(|(node, pue)| node * pue);
        let price: Vec<f64> = energy.zip(&self.point.it).map(|(energy, it)| energy + share * (it - energy)).collect();
        let loads = jobs_mw.iter().zip(&self.served_mw).map(|(jobs, served)| jobs + served);
        // The tolerance lets a job fit where the room is its own power but for rounding.
        let mut room: Vec<f64> = self.capacity_mw.iter().zip(loads).map(|(most, load)| most - load + 1e-9).collect();
        for taken in out {
            let class = &pool.classes[self.jobs[taken.job as usize].0 as usize];
            let prices = Prices {
                periods: pool.periods,
                mw: &price,
                millions: &self.millions,
                square: &[],
                room: &room,
                overload: grid.overload,
                own: 1.0,
            };
            taken.new = class.cheapest(&prices, &mut self.scratch).schedule;
            class.loads(&taken.new, pool.periods, |cell, mw| {
                jobs_mw[cell] += mw;
                room[cell] -= mw;
            });
        }
    }

    /// Energy for a load of the jobs, and what all costs.
    fn price(&self, jobs_mw: &[f64], own_gbp: f64, millions: &[f64]) -> (Energy, f64) {
        let (energy, paid) = self.lagrangian.supplied(self.point, jobs_mw, &self.served_mw, millions);
        (energy, own_gbp + self.served_gbp + paid)
    }

    fn unit(&mut self) -> f64 {
        super::columns::unit(&mut self.dice)
    }

    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }
}
