//! One walk from plan to plan, each step a chain of exchanges.

use super::super::unit;
use super::table::{Block, LANES, Table, bit};
use super::{Exchange, State};

/// Moves that follow the first one of a chain.
const FOLLOW: usize = 12;
/// Jobs among which the one with the largest regret begins a chain; schedules of which the one with the least is tried.
const DRAWS: (usize, usize) = (3, 2);
/// How often a walk looks at all schedules, and at how many at most.
const LOOKS: usize = 2000;
const MOST_WORK: usize = 4_000_000;
/// Schedules that may be looked at in the time that it takes to dispatch a cell.
const DISPATCH: usize = 5;
/// Less than this is rounding of what is kept in single precision, MW.
const ROUNDING_MW: f32 = 2e-6;

/// One search.
pub(super) struct Walk<'a> {
    table: &'a Table<'a>,
    exchange: &'a Exchange<'a>,
    now: State,
    /// The schedule of each movable job in the table, and the room that is left.
    taken: Vec<u32>,
    room: Vec<Block>,
    dice: u64,
    /// Schedules looked at so far.
    work: usize,
    /// Moves of the chain: movable job and where it was.
    chain: Vec<(u32, u32)>,
    /// Room without a job while it is looked at, and what is too much then, by block.
    rest: Vec<Block>,
    too_much: Vec<f32>,
}

impl<'a> Walk<'a> {
    pub(super) fn new(table: &'a Table<'a>, now: State, seed: u64) -> Self {
        Self {
            table,
            exchange: table.exchange,
            taken: table.taken(&now),
            room: table.room(&now),
            now,
            dice: seed,
            work: 0,
            chain: Vec::new(),
            rest: vec![[0.0; LANES]; table.blocks],
            too_much: vec![0.0; table.blocks],
        }
    }

    /// The best state met within the work of a round.
    pub(super) fn run(mut self, heat: f64) -> State {
        let mut best = self.now.clone();
        let enough = if self.table.may.is_empty() { 0 } else { (LOOKS * self.table.place.len()).min(MOST_WORK) };
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
        let mut next = Some((f32::NEG_INFINITY, job, to));
        let mut change = 0.0;
        let mut changed = false;
        while let Some((_, job, to)) = next.filter(|(cost, ..)| *cost < 0.0 || self.chain.len() < 2) {
            change += f64::from(self.put(job, to));
            let hot = self.overloaded();
            // What looks dearer at the prices of the LP is seldom worth a dispatch.
            if hot == 0 && change < margin && self.settle(margin) {
                changed = true;
                break;
            }
            next = if self.chain.len() > FOLLOW { None } else { self.next(hot) };
        }
        if !changed {
            while let Some((job, from)) = self.chain.pop() {
                self.taken[job as usize] = from;
            }
        }
        self.chain.clear();
        self.room = self.table.room(&self.now);
        changed
    }

    /// A job that pays more than it might, and another schedule for it.
    fn first(&mut self) -> Option<(u32, u32)> {
        let table = self.table;
        let regret = |schedule: u32| table.regret_gbp[schedule as usize];
        let mut job = table.may[self.below(table.may.len())];
        for _ in 0..self.below(DRAWS.0 + 1) {
            let other = table.may[self.below(table.may.len())];
            if regret(self.taken[other as usize]) > regret(self.taken[job as usize]) {
                job = other;
            }
        }
        let mut to = self.schedule_of(job);
        for _ in 0..self.below(DRAWS.1 + 1) {
            let other = self.schedule_of(job);
            if regret(other) < regret(to) {
                to = other;
            }
        }
        (to != self.taken[job as usize]).then_some((job, to))
    }

    /// One of the schedules of a job.
    fn schedule_of(&mut self, job: u32) -> u32 {
        let (first, end) = self.table.of[job as usize];
        first + u32::try_from(self.below((end - first) as usize)).unwrap_or(0)
    }

    /// Cells in which there is too much, as bits.
    fn overloaded(&self) -> u64 {
        let rooms = self.room.as_flattened().iter().enumerate();
        rooms.filter(|(_, room)| **room < -ROUNDING_MW).fold(0, |cells, (n, _)| cells | bit(n))
    }

    /// The move of another job that costs least now, among half of the jobs: which half is drawn, so that chains differ.
    /// Where the chain has overloaded a cell only jobs in such cells move.
    // Iterators zipped here take half as long again.
    #[allow(clippy::needless_range_loop)]
    fn next(&mut self, hot: u64) -> Option<(f32, u32, u32)> {
        let table = self.table;
        let now: f32 = self.room.iter().map(too_much).sum();
        let mut best: Option<(f32, u32, u32)> = None;
        let (mut coins, mut left) = (0_u64, 0);
        for &job in &table.may {
            let at = self.taken[job as usize];
            if hot != 0 && !table.draws(at, hot) {
                continue;
            }
            if left == 0 {
                (coins, left) = (self.draw(), u64::BITS);
            }
            left -= 1;
            let skipped = coins & 1 == 0;
            coins >>= 1;
            if skipped || self.chain.iter().any(|&(moved, _)| moved == job) {
                continue;
            }
            let mut without = -now;
            for (block, mw) in table.mw(at).iter().enumerate() {
                for lane in 0..LANES {
                    self.rest[block][lane] = self.room[block][lane] + mw[lane];
                }
                self.too_much[block] = too_much(&self.rest[block]);
                without += self.too_much[block];
            }
            let own = table.cost_gbp[at as usize];
            let (first, end) = table.of[job as usize];
            for to in (first..end).filter(|&to| to != at) {
                let (begun, last) = table.span[to as usize];
                let mw = table.mw(to);
                let mut over = without;
                for block in usize::from(begun)..=usize::from(last) {
                    over += beyond(&mw[block], &self.rest[block]) - self.too_much[block];
                }
                let cost = table.cost_gbp[to as usize] - own + table.penalty * over;
                if best.is_none_or(|(least, ..)| cost < least) {
                    best = Some((cost, job, to));
                }
            }
            self.work += (end - first) as usize;
        }
        best
    }

    /// Gives a job another schedule of the table; what that costs at the prices of the LP, GBP.
    fn put(&mut self, job: u32, to: u32) -> f32 {
        let from = std::mem::replace(&mut self.taken[job as usize], to);
        self.chain.push((job, from));
        for ((room, old), new) in self.room.iter_mut().zip(self.table.mw(from)).zip(self.table.mw(to)) {
            for lane in 0..LANES {
                room[lane] += old[lane] - new[lane];
            }
        }
        self.table.cost_gbp[to as usize] - self.table.cost_gbp[from as usize]
    }

    /// Takes the plan at the end of the chain, if it costs no more than now and the margin.
    fn settle(&mut self, margin: f64) -> bool {
        self.work += DISPATCH * self.now.jobs_mw.len();
        let mut after = self.now.clone();
        for &(job, _) in &self.chain {
            let place = self.table.place[self.taken[job as usize] as usize];
            self.exchange.put(&mut after, self.exchange.movable[job as usize], place);
        }
        self.exchange.judge(&mut after);
        let better = after.total < self.now.total + margin;
        if better {
            self.now = after;
        }
        better
    }

    fn draw(&mut self) -> u64 {
        self.unit();
        self.dice ^ (self.dice >> 29)
    }

    fn unit(&mut self) -> f64 {
        unit(&mut self.dice)
    }

    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fn below(&mut self, count: usize) -> usize {
        ((self.unit() * count as f64) as usize).min(count.saturating_sub(1))
    }
}

/// What is too much in a block, MW.
fn too_much(room: &Block) -> f32 {
    beyond(&[0.0; LANES], room)
}

/// By how much loads are beyond the room in a block, MW.
#[inline(always)]
fn beyond(mw: &Block, room: &Block) -> f32 {
    const HALF: usize = LANES / 2;
    let mut over = [0.0; LANES];
    for lane in 0..LANES {
        let beyond = mw[lane] - room[lane];
        over[lane] = if beyond > 0.0 { beyond } else { 0.0 };
    }
    let mut sums = [0.0; HALF];
    for lane in 0..HALF {
        sums[lane] = over[lane] + over[lane + HALF];
    }
    (sums[0] + sums[2]) + (sums[1] + sums[3])
}

#[cfg(test)]
mod tests {
    use super::super::tests::in_pairs;
    use super::*;

    #[test]
    fn moves_cost_what_their_loads_say_in_every_block() {
        in_pairs(10, |exchange, start| {
            let state = exchange.state(start, Vec::new()).unwrap();
            let open = state.total;
            let table = Table::new(exchange, &state, open);
            assert_eq!((table.scarce.len(), table.blocks), (10, 2));
            let mut walk = Walk::new(&table, state.clone(), 5);
            let energy: Vec<f64> =
                exchange.pue.iter().zip(&exchange.point.node).map(|(pue, node)| pue * node).collect();
            let mut now = state.clone();
            // What loads cost and by how much they are too much, from the schedules themselves.
            let worth = |state: &State| {
                let over = state.jobs_mw.iter().zip(&state.most_mw).map(|(mw, most)| (mw - most).max(0.0));
                let cost: f64 = state.jobs_mw.iter().zip(&energy).map(|(mw, price)| mw * price).sum();
                state.own_gbp + cost + f64::from(table.penalty) * over.sum::<f64>()
            };
            let mut overloaded = 0;
            for _ in 0..40 {
                let (cost, job, to) = walk.next(0).unwrap();
                let before = worth(&now);
                exchange.put(&mut now, exchange.movable[job as usize], table.place[to as usize]);
                let said = worth(&now) - before;
                assert!((said - f64::from(cost)).abs() < 1e-3, "{cost} GBP, by its loads {said} GBP");
                walk.put(job, to);
                walk.chain.clear();
                overloaded += usize::from(walk.overloaded() != 0);
                // Any other move, so that too much comes about.
                let job = table.may[walk.below(table.may.len())];
                let to = walk.schedule_of(job);
                exchange.put(&mut now, exchange.movable[job as usize], table.place[to as usize]);
                walk.put(job, to);
                walk.chain.clear();
            }
            assert!(overloaded > 5, "{overloaded}");
        });
    }
}
