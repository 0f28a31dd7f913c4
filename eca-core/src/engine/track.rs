//! Schedules whose loads come near what the regions would supply: jobs in turn take their cheapest schedule at prices
//! that rise with load, regions answer, prices follow what is left between the two.

use super::bound::Lagrangian;
use super::dual::{Point, Rising, Served, Wanted};
use super::reduce::Class;
use crate::schedule::{Prices, Schedule, Scratch};
use rayon::prelude::*;

/// How strongly prices rise with load: so much of the typical price for a load of the whole capacity.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pull {
    pub(crate) first: f64,
    pub(crate) growth: f64,
    /// Part of the mismatch that moves prices after each round.
    pub(crate) follow: f64,
}

/// Schedules of all jobs and what they load.
pub(crate) struct Track<'a> {
    lagrangian: &'a Lagrangian<'a>,
    /// Jobs in the order in which they choose: class and place.
    order: Vec<(u32, u32)>,
    block: usize,
    capacity_mw: Vec<f64>,
    typical: f64,
    mean_mw: f64,
    pub(crate) point: Point,
    pull: Pull,
    strength: f64,
    /// By class and member.
    pub(crate) schedules: Vec<Vec<Schedule>>,
    pub(crate) jobs_mw: Vec<f64>,
    pub(crate) served: Served,
    near_mw: Vec<f64>,
    weight: Vec<f64>,
    millions: Vec<f64>,
}

impl<'a> Track<'a> {
    /// From prices and what regions supply at them on average, MW by cell; no job has a schedule yet.
    pub(crate) fn new(lagrangian: &'a Lagrangian<'a>, point: Point, it_mw: &[f64], pull: Pull) -> Self {
        let pool = lagrangian.pool;
        let mut order: Vec<(u32, u32)> = Vec::with_capacity(pool.jobs);
        let number = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        for (c, class) in pool.classes.iter().enumerate() {
            order.extend((0..class.members.len()).map(|m| (number(c), number(m))));
        }
        // Those with the least choice first; large before small.
        let choice = |&(c, _): &(u32, u32)| {
            let class: &Class<'_> = &pool.classes[c as usize];
            let window = class.shape.end - class.shape.first;
            #[allow(clippy::cast_precision_loss)]
            let slack = (window * class.pricer.regions().len()) as f64;
            let largest = class.shape.power_mw.iter().copied().fold(0.0, f64::max);
            (slack / largest.max(1e-9), c)
        };
        order.sort_by(|a, b| choice(a).0.total_cmp(&choice(b).0).then(a.cmp(b)));
        #[allow(clippy::cast_precision_loss)]
        let typical = point.it.iter().map(|price| price.abs()).sum::<f64>() / point.it.len().max(1) as f64;
        Self {
            order,
            block: (pool.jobs / 2500).clamp(1, 8),
            capacity_mw: lagrangian.grid.capacity_mw(),
            typical: typical.max(1e-6),
            mean_mw: mean_mw(lagrangian),
            pull,
            strength: pull.first,
            schedules: pool.classes.iter().map(|class| vec![Schedule::idle(); class.members.len()]).collect(),
            jobs_mw: vec![0.0; pool.cells],
            served: Served::none(pool.cells),
            near_mw: it_mw.to_vec(),
            weight: vec![0.0; pool.cells],
            millions: lagrangian.grid.millions(&point),
            point,
            lagrangian,
        }
    }

    /// One round: every job chooses once more, then services, then regions; false where `go_on` said to stop in between.
    pub(crate) fn round(&mut self, first: bool, go_on: &dyn Fn() -> bool) -> bool {
        for cell in 0..self.weight.len() {
            self.weight[cell] = self.strength * self.typical / self.mean_mw;
        }
        // Services come first: jobs make room for them where they can.
        self.serve(0.0);
        let mut price = vec![0.0; self.weight.len()];
        let blocks = self.order.len().div_ceil(self.block);
        let order = std::mem::take(&mut self.order);
        for (b, block) in order.chunks(self.block).enumerate() {
            if !go_on() {
                self.order = order;
                return false;
            }
            // While jobs come for the first time, they may take the part of the supply that is theirs.
            #[allow(clippy::cast_precision_loss)]
            let part = if first { (b as f64 + 0.5) / blocks as f64 } else { 1.0 };
            for (cell, price) in price.iter_mut().enumerate() {
                let room = (self.near_mw[cell] - self.served.mw[cell]) * part;
                *price = self.point.it[cell] + self.weight[cell] * (self.jobs_mw[cell] - room);
            }
            self.choose(block, &price);
        }
        self.order = order;
        self.serve(self.lagrangian.grid.overload);
        self.answer();
        self.strength *= self.pull.growth;
        true
    }

    /// The jobs of a block choose at once, each without its own load.
    fn choose(&mut self, block: &[(u32, u32)], price: &[f64]) {
        let (pool, periods) = (self.lagrangian.pool, self.lagrangian.grid.periods);
        let square: Vec<f64> = self.weight.iter().map(|weight| 0.5 * weight).collect();
        let overload = self.lagrangian.grid.overload;
        // The tolerance lets a job fit where the room is its own power but for rounding.
        let room: Vec<f64> = (0..self.weight.len())
            .map(|cell| self.capacity_mw[cell] - self.served.mw[cell] - self.jobs_mw[cell] + 1e-9)
            .collect();
        let (schedules, weight, millions) = (&self.schedules, &self.weight, &self.millions);
        let found: Vec<Schedule> = block
            .par_iter()
            .with_min_len(4)
            .map_init(
                || (Scratch::default(), price.to_vec(), room.clone()),
                |(scratch, mine, free), &(c, m)| {
                    let class = &pool.classes[c as usize];
                    let old = &schedules[c as usize][m as usize];
                    class.loads(old, periods, |cell, mw| {
                        mine[cell] -= weight[cell] * mw;
                        free[cell] += mw;
                    });
                    let prices =
                        Prices { periods, mw: mine, millions, square: &square, room: free, overload, own: 1.0 };
                    let best = class.cheapest(&prices, scratch);
                    class.loads(old, periods, |cell, _| {
                        mine[cell] = price[cell];
                        free[cell] = room[cell];
                    });
                    best.schedule
                },
            )
            .collect();
        for (&(c, m), schedule) in block.iter().zip(found) {
            let class = &pool.classes[c as usize];
            let slot = &mut self.schedules[c as usize][m as usize];
            if *slot != schedule {
                class.loads(slot, periods, |cell, mw| self.jobs_mw[cell] -= mw);
                class.loads(&schedule, periods, |cell, mw| self.jobs_mw[cell] += mw);
                *slot = schedule;
            }
        }
    }

    /// Services take what is best for them; `overload` is what they think a MW beyond the capacity costs.
    fn serve(&mut self, overload: f64) {
        let rising = Rising {
            it: &self.point.it,
            weight: &self.weight,
            near_mw: &self.near_mw,
            other_mw: &self.jobs_mw,
            capacity_mw: &self.capacity_mw,
            overload,
        };
        self.served = self.lagrangian.grid.menu.settle(&rising, &self.millions);
    }

    /// Regions move towards the load, prices towards what is left between the two.
    fn answer(&mut self) {
        let load: Vec<f64> = self.jobs_mw.iter().zip(&self.served.mw).map(|(jobs, served)| jobs + served).collect();
        let energy = self.lagrangian.grid.evaluate(&self.point, Wanted::Near(&load, &self.weight));
        self.near_mw = energy.it_mw;
        let gaps = load.iter().zip(&self.near_mw).map(|(load, near)| load - near);
        for ((price, weight), gap) in self.point.it.iter_mut().zip(&self.weight).zip(gaps) {
            *price += self.pull.follow * weight * gap;
        }
    }

    /// What the plan would cost: jobs exactly, energy with services as they stand.
    pub(crate) fn estimate(&self) -> f64 {
        let (pool, grid) = (self.lagrangian.pool, self.lagrangian.grid);
        let load: Vec<f64> = self.jobs_mw.iter().zip(&self.served.mw).map(|(jobs, served)| jobs + served).collect();
        let energy = grid.evaluate(&self.point, Wanted::Fixed(&load));
        let mut millions = Vec::new();
        if !self.millions.is_empty() {
            millions = grid.menu.millions(&self.served, pool.cells);
            for (class, schedules) in pool.classes.iter().zip(&self.schedules) {
                for schedule in schedules {
                    class.millions(schedule, pool.periods, |cell, more| millions[cell] += more);
                }
            }
        }
        let chunks = pool.classes.par_chunks(256).zip(self.schedules.par_chunks(256));
        let own = |(class, schedules): (&Class<'_>, &Vec<Schedule>)| -> f64 {
            schedules.iter().map(|schedule| class.own_cost(schedule)).sum()
        };
        let parts: Vec<f64> = chunks.map(|(classes, schedules)| classes.iter().zip(schedules).map(own).sum()).collect();
        parts.iter().sum::<f64>() + self.served.gbp + grid.paid(&self.point, &energy, &load, &millions)
    }
}

/// Mean power of a job, MW.
fn mean_mw(lagrangian: &Lagrangian<'_>) -> f64 {
    let largest = |class: &Class<'_>| class.shape.power_mw.iter().copied().fold(0.0, f64::max);
    let sum: f64 = lagrangian.pool.classes.iter().map(|class| class.count() * largest(class)).sum();
    #[allow(clippy::cast_precision_loss)]
    let mean = sum / lagrangian.pool.jobs.max(1) as f64;
    mean.max(1e-9)
}
