//! Chains of exchanges among known schedules: a job takes another of its own, and others move so that all fit, each time the
//! one whose move costs least at the prices of the LP. Powers differ a little from job to job, so that such chains fill
//! what is left of a capacity better than any job can by itself.
//!
//! Moves are compared at the prices of the LP and by what would be overloaded; what a chain really costs, with batteries, caps
//! and demand charges as they are, is looked at once it fits and might be worth it.

mod table;
mod walk;

use super::super::bound::Lagrangian;
use super::super::dual::Point;
use super::offers::Offers;
use crate::schedule::Schedule;
use rayon::prelude::*;
use table::Table;
use walk::Walk;

/// Searches side by side, each with dice of its own.
const SEARCHES: usize = 2;
/// Rounds of a descent, after each of which the best one is where all go on, and those without a better plan that end it.
const ROUNDS: usize = 14;
const PATIENCE: usize = 5;
/// Descents, in turn from where the search began, with other dice, and from the best plan.
const DESCENTS: usize = 4;
/// First and last temperature, as part of what is open.
const HEAT: (f64, f64) = (1e-2, 1e-4);

/// What is searched.
pub(super) struct Exchange<'a> {
    lagrangian: &'a Lagrangian<'a>,
    point: &'a Point,
    offers: &'a Offers,
    served_mw: Vec<f64>,
    served_gbp: f64,
    /// What each class may take.
    choices: Vec<Vec<Choice>>,
    /// Class of each job, and those jobs that have a choice.
    class: Vec<u32>,
    movable: Vec<u32>,
    capacity_mw: Vec<f64>,
    import_limit_mw: Vec<f64>,
    pue: Vec<f64>,
}

/// A schedule as the search sees it.
struct Choice {
    cost_gbp: f64,
    /// What it pays at the prices of the bound beyond the cheapest one of its class, GBP.
    regret_gbp: f64,
    mw: Vec<(usize, f64)>,
    millions: Vec<(usize, f64)>,
    /// What its inferences earn at the prices of the bound, GBP.
    credit_gbp: f64,
}

/// Where a search stands.
#[derive(Clone)]
struct State {
    /// The schedule of each job, by its place among those of the class.
    at: Vec<u32>,
    jobs_mw: Vec<f64>,
    own_gbp: f64,
    millions: Vec<f64>,
    total: f64,
    /// Up to how many MW of jobs fit into each cell.
    most_mw: Vec<f64>,
}

impl<'a> Exchange<'a> {
    /// Among the offers, beside services as they are served (IT load, cost and inferences).
    pub(super) fn new(
        lagrangian: &'a Lagrangian<'a>,
        point: &'a Point,
        offers: &'a Offers,
        served_mw: Vec<f64>,
        served_gbp: f64,
    ) -> Self {
        let (pool, grid) = (lagrangian.pool, lagrangian.grid);
        let value = grid.millions(point);
        let regrets = offers.regrets(lagrangian, point);
        let choices = offers.0.iter().zip(&regrets).map(|(offers, regrets)| {
            let each = offers.iter().zip(regrets).map(|((_, offer), &regret_gbp)| Choice {
                cost_gbp: offer.cost_gbp,
                regret_gbp,
                mw: offer.mw.clone(),
                millions: offer.millions.clone(),
                credit_gbp: offer.millions.iter().map(|&(cell, millions)| millions * value[cell]).sum(),
            });
            each.collect::<Vec<_>>()
        });
        let choices: Vec<Vec<Choice>> = choices.collect();
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let class: Vec<u32> = pool
            .classes
            .iter()
            .enumerate()
            .flat_map(|(c, class)| std::iter::repeat_n(number(c), class.members.len()))
            .collect();
        let may = |&job: &u32| {
            let c = class[job as usize] as usize;
            choices[c].len() > 1 && !pool.classes[c].shape.divisible
        };
        let movable = (0..number(class.len())).filter(may).collect();
        Self {
            lagrangian,
            point,
            offers,
            served_mw,
            served_gbp,
            choices,
            class,
            movable,
            capacity_mw: grid.capacity_mw(),
            import_limit_mw: grid.import_limit_mw(),
            pue: grid.pue(),
        }
    }

    /// From schedules by class and member: better ones and what they cost, where there are any. `go_on` is asked after each
    /// round and told the best cost; `open` is what that cost may be above the best possible one, GBP.
    pub(super) fn search(
        &self,
        schedules: &[Vec<Schedule>],
        served_millions: Vec<f64>,
        seed: u64,
        open: f64,
        go_on: &mut dyn FnMut(f64) -> bool,
    ) -> Option<(f64, Vec<Vec<Schedule>>)> {
        let start = self.state(schedules, served_millions)?;
        if self.movable.is_empty() || open <= 0.0 {
            return None;
        }
        let bound = start.total - open;
        let mut best = start.clone();
        for descent in 0..DESCENTS {
            let from = if descent % 2 == 0 { &start } else { &best };
            let dice = seed ^ (descent as u64).wrapping_mul(0xA076_1D64_78BD_642F);
            let found = self.descend(from.clone(), bound, open, dice, &mut |known| go_on(known.min(best.total)));
            if found.total < best.total {
                best = found;
            }
            if !go_on(best.total) {
                break;
            }
        }
        if best.total >= start.total {
            return None;
        }
        let mut found: Vec<Vec<Schedule>> = schedules.iter().map(|of| Vec::with_capacity(of.len())).collect();
        for (&c, &at) in self.class.iter().zip(&best.at) {
            found[c as usize].push(self.offers.0[c as usize][at as usize].0.clone());
        }
        for (c, of) in schedules.iter().enumerate().filter(|(c, _)| self.lagrangian.pool.classes[*c].shape.divisible) {
            found[c].clone_from(of);
        }
        Some((best.total, found))
    }

    /// Walks side by side, cooler from round to round.
    fn descend(&self, mut best: State, bound: f64, open: f64, seed: u64, go_on: &mut dyn FnMut(f64) -> bool) -> State {
        let mut idle = 0;
        for round in 0..ROUNDS {
            if idle >= PATIENCE || !go_on(best.total) {
                break;
            }
            #[allow(clippy::cast_precision_loss)]
            let done = round as f64 / ROUNDS as f64;
            let heat = open * HEAT.0 * (HEAT.1 / HEAT.0).powf(done);
            let table = Table::new(self, &best, best.total - bound);
            let walk = |search: usize| {
                let dice = seed ^ ((round * SEARCHES + search) as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93);
                Walk::new(&table, best.clone(), dice).run(heat)
            };
            let found: Vec<State> = (0..SEARCHES).into_par_iter().map(walk).collect();
            let before = best.total;
            best = found.into_iter().fold(best, |best, state| if state.total < best.total { state } else { best });
            idle = if best.total < before - 0.01 * heat.max(1e-9 * open) { 0 } else { idle + 1 };
        }
        best
    }

    /// The state of schedules that are all among the offers; those of divisible jobs need not be.
    fn state(&self, schedules: &[Vec<Schedule>], mut millions: Vec<f64>) -> Option<State> {
        let pool = self.lagrangian.pool;
        if !self.lagrangian.grid.counts_inferences() {
            millions.clear();
        }
        let mut at = Vec::with_capacity(self.class.len());
        let mut jobs_mw = vec![0.0; pool.cells];
        let mut own_gbp = 0.0;
        for (c, class) in pool.classes.iter().enumerate() {
            for schedule in &schedules[c] {
                own_gbp += class.own_cost(schedule);
                class.loads(schedule, pool.periods, |cell, mw| jobs_mw[cell] += mw);
                if !millions.is_empty() {
                    class.millions(schedule, pool.periods, |cell, more| millions[cell] += more);
                }
                let known = self.offers.0[c].iter().position(|(known, _)| known == schedule);
                at.push(match known {
                    Some(place) => u32::try_from(place).unwrap_or(u32::MAX),
                    None if class.shape.divisible => 0,
                    None => return None,
                });
            }
        }
        let mut state = State { at, jobs_mw, own_gbp, millions, total: 0.0, most_mw: Vec::new() };
        self.judge(&mut state);
        Some(state)
    }

    /// What a state costs, and what fits beside it.
    fn judge(&self, state: &mut State) {
        let (energy, paid) = self.lagrangian.supplied(self.point, &state.jobs_mw, &self.served_mw, &state.millions);
        state.total = state.own_gbp + self.served_gbp + paid;
        let most = |cell: usize| {
            // A battery that takes power can leave it to the load.
            let node = self.import_limit_mw[cell] - energy.import_mw[cell] + (-energy.storage_mw[cell]).max(0.0);
            // The tolerance lets a job fit where the room is its own power but for rounding.
            (self.capacity_mw[cell] - self.served_mw[cell]).min(state.jobs_mw[cell] + node / self.pue[cell]) + 1e-9
        };
        state.most_mw = (0..state.jobs_mw.len()).map(most).collect();
    }

    /// Gives a job another of its schedules.
    fn put(&self, state: &mut State, job: u32, to: u32) {
        let choices = self.choices_of(job);
        let from = std::mem::replace(&mut state.at[job as usize], to);
        let (old, new) = (&choices[from as usize], &choices[to as usize]);
        state.own_gbp += new.cost_gbp - old.cost_gbp;
        for (choice, sign) in [(old, -1.0), (new, 1.0)] {
            choice.mw.iter().for_each(|&(cell, mw)| state.jobs_mw[cell] += sign * mw);
            if !state.millions.is_empty() {
                choice.millions.iter().for_each(|&(cell, millions)| state.millions[cell] += sign * millions);
            }
        }
    }

    fn choices_of(&self, job: u32) -> &[Choice] {
        &self.choices[self.class[job as usize] as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::dual::Grid;
    use crate::engine::reduce::Pool;
    use crate::model::Ladder;
    use crate::{Horizon, Job, JobPoint, Problem, Region};

    /// Power of jobs of one period, MW.
    const JOBS_MW: [f64; 9] = [0.52, 0.47, 0.41, 0.37, 0.31, 0.29, 0.23, 0.19, 0.11];
    /// What fits into the cheap period, MW, and the prices of both, GBP/MWh.
    const ROOM_MW: f64 = 1.5;
    const PRICES: [f64; 2] = [10.0, 90.0];

    /// Pairs of a cheap and a dear hour, each with its jobs.
    fn problem(pairs: usize) -> Problem {
        let horizon = Horizon::new("2026-03-02T00:00:00Z".parse().unwrap(), 60, 2 * pairs).unwrap();
        let region = Region::new("hall")
            .it_capacity_mw([ROOM_MW, 9.0].repeat(pairs))
            .import_limit_mw(20.0)
            .import_price_gbp_per_mwh(PRICES.repeat(pairs))
            .carbon_g_per_kwh(100.0);
        let mut builder = Problem::builder(horizon).region(region);
        for pair in 0..pairs {
            for (n, mw) in JOBS_MW.into_iter().enumerate() {
                let points = [JobPoint::inferences(mw, 1e6 * mw)];
                let mut job = Job::inferences(format!("j{pair}-{n}"), 1e6 * mw, points);
                job.earliest_start = Some(horizon.start_of(2 * pair));
                job.deadline = Some(horizon.start_of(2 * pair + 2));
                builder = builder.job(job);
            }
        }
        builder.build().unwrap()
    }

    /// The fullest cheap period over all subsets of jobs, MW.
    fn fullest_mw() -> f64 {
        let sum = |set: u32| JOBS_MW.iter().enumerate().map(|(n, mw)| f64::from(set >> n & 1) * mw).sum::<f64>();
        (0..1 << JOBS_MW.len()).map(sum).filter(|mw| *mw <= ROOM_MW + 1e-9).fold(0.0, f64::max)
    }

    /// What is known of pairs with all jobs in their dear hours.
    pub(super) fn in_pairs(pairs: usize, look: impl FnOnce(&Exchange<'_>, &[Vec<Schedule>])) {
        let problem = problem(pairs);
        let ladder = Ladder::new(problem.document(), problem.shapes());
        let (pool, grid) = (Pool::new(&problem, &ladder), Grid::new(&problem, &ladder));
        let lagrangian = Lagrangian { pool: &pool, grid: &grid };
        let mut offers = Offers::new(pool.classes.len());
        let mut point = grid.plain();
        let mut dice = 7;
        for prices in [[1.0, 2.0], [2.0, 1.0]] {
            let at = Point { it: prices.repeat(pairs), ..point.clone() };
            offers.price(&lagrangian, &at, 0.0, &mut dice);
        }
        let start: Vec<Vec<Schedule>> = offers.0.iter().map(|of| vec![of[of.len() - 1].0.clone()]).collect();
        // What the LP says of two periods: the rent of the cheap one is what the other costs more.
        point.it = vec![point.it[1]; 2 * pairs];
        look(&Exchange::new(&lagrangian, &point, &offers, vec![0.0; 2 * pairs], 0.0), &start);
    }

    #[test]
    fn chains_fill_what_no_single_move_can() {
        // The cheap hours of ten pairs fill more than one block.
        for pairs in [1, 10] {
            in_pairs(pairs, |exchange, start| {
                let before = exchange.state(start, Vec::new()).unwrap().total;
                let count = pairs as f64;
                assert!((before - count * PRICES[1] * JOBS_MW.iter().sum::<f64>()).abs() < 1e-9, "{before}");
                let best = before - count * (PRICES[1] - PRICES[0]) * fullest_mw();
                let (after, found) = exchange.search(start, Vec::new(), 1, before - best, &mut |_| true).unwrap();
                assert!((after - best).abs() < 1e-9, "{pairs}: {after} after {before}, the best is {best}");
                assert!((exchange.state(&found, Vec::new()).unwrap().total - after).abs() < 1e-9);
            });
        }
    }
}
