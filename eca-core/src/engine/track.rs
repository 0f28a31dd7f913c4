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
    /// How many choose before time and the part of the supply are looked at again.
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
    /// What services would draw if they came before jobs.
    wanted_mw: Vec<f64>,
    weight: Vec<f64>,
    millions: Vec<f64>,
}

/// What jobs see while they choose, by cell.
struct Desk {
    price: Vec<f64>,
    room: Vec<f64>,
    /// Half of the weight: what a MW adds to its own price.
    square: Vec<f64>,
    /// Part of the supply that those who have chosen may take.
    part: f64,
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
            block: (pool.jobs / 2500).max(1),
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
            wanted_mw: vec![0.0; pool.cells],
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
        // Where services would like to be, jobs see it in the price and make room where they can. Once jobs stand, services
        // take no more than what is left: a job that is pushed out may find no other place.
        self.serve(0.0);
        self.wanted_mw.clone_from(&self.served.mw);
        if !first {
            self.serve(self.lagrangian.grid.overload);
        }
        let cells = self.weight.len();
        let square: Vec<f64> = self.weight.iter().map(|weight| 0.5 * weight).collect();
        let mut desk = Desk { price: vec![0.0; cells], room: vec![0.0; cells], square, part: 1.0 };
        let mut scratch = Scratch::default();
        let blocks = self.order.len().div_ceil(self.block);
        let order = std::mem::take(&mut self.order);
        for (b, block) in order.chunks(self.block).enumerate() {
            if !go_on() {
                self.order = order;
                return false;
            }
            // While jobs come for the first time, they may take the part of the supply that is theirs.
            #[allow(clippy::cast_precision_loss)]
            if first || b == 0 {
                desk.part = if first { (b as f64 + 0.5) / blocks as f64 } else { 1.0 };
                (0..cells).for_each(|cell| self.mark(&mut desk, cell));
            }
            for &job in block {
                self.choose(job, &mut desk, &mut scratch);
            }
        }
        self.order = order;
        self.serve(self.lagrangian.grid.overload);
        self.answer();
        self.strength *= self.pull.growth;
        true
    }

    /// Price and room of a cell for the job that chooses next.
    fn mark(&self, desk: &mut Desk, cell: usize) {
        let near = (self.near_mw[cell] - self.wanted_mw[cell]) * desk.part;
        desk.price[cell] = self.point.it[cell] + self.weight[cell] * (self.jobs_mw[cell] - near);
        // The tolerance lets a job fit where the room is its own power but for rounding.
        desk.room[cell] = self.capacity_mw[cell] - self.served.mw[cell] - self.jobs_mw[cell] + 1e-9;
    }

    /// A job chooses anew, without its own load. One after the other: jobs that choose at once choose the same, and what a
    /// job costs is less than what a second thread has to be told.
    fn choose(&mut self, (c, m): (u32, u32), desk: &mut Desk, scratch: &mut Scratch) {
        let (pool, periods) = (self.lagrangian.pool, self.lagrangian.grid.periods);
        let class = &pool.classes[c as usize];
        let old = std::mem::take(&mut self.schedules[c as usize][m as usize]);
        class.loads(&old, periods, |cell, mw| {
            desk.price[cell] -= self.weight[cell] * mw;
            desk.room[cell] += mw;
        });
        let prices = Prices {
            periods,
            mw: &desk.price,
            millions: &self.millions,
            square: &desk.square,
            room: &desk.room,
            overload: self.lagrangian.grid.overload,
            own: 1.0,
        };
        let new = class.cheapest(&prices, scratch).schedule;
        if old != new {
            class.loads(&old, periods, |cell, mw| self.jobs_mw[cell] -= mw);
            class.loads(&new, periods, |cell, mw| self.jobs_mw[cell] += mw);
            class.loads(&new, periods, |cell, _| self.mark(desk, cell));
        }
        class.loads(&old, periods, |cell, _| self.mark(desk, cell));
        self.schedules[c as usize][m as usize] = new;
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
