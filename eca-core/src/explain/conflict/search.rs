//! Schedules that fit: in each round a few jobs are taken out and put back, each where it is best then. What is better
//! stays, what is worse does so less and less (threshold accepting). Rounds are counted and drawn with a fixed seed, so
//! that the answer is the same on every machine.

use super::dice::Dice;
use super::pool::{Entry, Pool};
use crate::Problem;
use crate::schedule::{Account, Schedule};

/// Rounds of one search, and the most jobs that are moved in one.
const ROUNDS: usize = 2_500;
const MOST_MOVED: usize = 8;
/// How warm it starts, as a part of what a round changes, and how much of that blurs where a job is put.
const WARM: f64 = 0.3;
const BLUR: f64 = 0.3;
/// Rounds after which it is known how much a round changes.
const FIRST: usize = 20;
/// Power this little beyond a limit is rounding, MW.
const NOTHING_MW: f64 = 1e-9;
/// What must not be is at last so many times as dear as at first.
const GROWTH: f64 = 300.0;

/// What a search looks for: the least of what may give way, all else kept.
#[derive(Debug, Clone)]
pub(super) struct Aim {
    /// IT power for batch jobs, by cell, MW.
    pub(super) room_mw: Vec<f64>,
    /// What commitments leave room for or ask for.
    pub(super) quotas: Vec<Quota>,
    /// Carbon of load beyond this counts, kg; all of it where there is none.
    pub(super) kg_limit: Option<f64>,
    /// Price of that carbon for each kg, and whether it may give way.
    pub(super) kg: (f64, bool),
    /// Price of a MW of power beyond the room: of the highest in each region where it may give way, else of each cell.
    pub(super) mw: (f64, bool),
    /// Price of a MW and period on the wrong side of a quota, and whether it may give way.
    pub(super) owed: (f64, bool),
    /// Price of each period that a job is late; none where no job may be.
    pub(super) late: Option<f64>,
}

/// IT power summed over some cells: at most so much where the sign is 1, at least where it is -1.
#[derive(Debug, Clone)]
pub(super) struct Quota {
    pub(super) cells: Vec<usize>,
    pub(super) limit_mw: f64,
    pub(super) sign: f64,
}

impl Quota {
    /// How far a load is on the wrong side, MW.
    fn over_mw(&self, load_mw: f64) -> f64 {
        (self.sign * (load_mw - self.limit_mw)).max(0.0)
    }
}

/// What was found.
#[derive(Debug, Clone)]
pub(super) struct Found {
    pub(super) schedules: Vec<Schedule>,
    pub(super) accounts: Vec<Account>,
    /// Power beyond the room, added up over cells, MW.
    pub(super) over_mw: f64,
    /// Power on the wrong side of quotas, added up, MW.
    pub(super) owed_mw: f64,
    /// Carbon of the load, kg.
    pub(super) kg: f64,
    /// Periods that each job is late, the latest of its copies.
    pub(super) late: Vec<usize>,
}

pub(super) struct Search<'a> {
    open: &'a Problem,
    pool: Pool,
    periods: usize,
    /// The job of each copy.
    jobs: Vec<usize>,
}

impl<'a> Search<'a> {
    pub(super) fn new(open: &'a Problem, pool: Pool) -> Self {
        let copies = open.shapes().iter().enumerate();
        let jobs = copies.flat_map(|(j, shape)| std::iter::repeat_n(j, shape.count as usize)).collect();
        Self { open, pool, periods: open.horizon().periods, jobs }
    }

    /// The best schedules it can find; none where a job has no choice at all.
    pub(super) fn run(&self, aim: &Aim) -> Option<Found> {
        let choices = |i: usize| {
            if aim.late.is_some() { self.pool.entries[self.jobs[i]].len() } else { self.pool.in_time[self.jobs[i]] }
        };
        if (0..self.jobs.len()).any(|i| choices(i) == 0) {
            return None;
        }
        let mut dice = Dice::new(7);
        let mut state = State::new(aim, self.periods, self.jobs.len());
        // Jobs with little choice first; the last ones fill what is left.
        let mut order: Vec<usize> = (0..self.jobs.len()).collect();
        order.sort_by_key(|&i| (choices(i), i));
        for &i in &order {
            let entries = &self.pool.entries[self.jobs[i]][..choices(i)];
            let prices: Vec<f64> = entries.iter().map(|entry| state.after(entry, 1.0)).collect();
            let best = (0..entries.len()).min_by(|&a, &b| prices[a].total_cmp(&prices[b]))?;
            state.change(None, Some(&entries[best]));
            state.chosen[i] = best;
        }
        let best = self.anneal(&mut state, &choices, &mut dice);
        Some(self.found(aim, &best))
    }

    /// Some jobs are taken out and put back one by one, each where it is best then, until the rounds are over.
    fn anneal(&self, state: &mut State<'_>, choices: &dyn Fn(usize) -> usize, dice: &mut Dice) -> Vec<usize> {
        let movable: Vec<usize> = (0..self.jobs.len()).filter(|&i| choices(i) > 1).collect();
        let mut best = (state.price(GROWTH), state.chosen.clone());
        if movable.is_empty() {
            return best.1;
        }
        let mut warm = 0.0;
        for round in 0..ROUNDS {
            // Counts of rounds are small.
            #[allow(clippy::cast_precision_loss)]
            let way = round as f64 / ROUNDS as f64;
            let growth = 1.0 + (GROWTH - 1.0) * way * way;
            let heat = warm * (1.0 - way) * (1.0 - way);
            let before = state.price(growth);
            let part = self.part(&movable, dice);
            let old: Vec<usize> = part.iter().map(|&i| state.chosen[i]).collect();
            part.iter().for_each(|&i| state.change(Some(&self.pool.entries[self.jobs[i]][state.chosen[i]]), None));
            for &i in &part {
                let entries = &self.pool.entries[self.jobs[i]][..choices(i)];
                let mut least = (f64::INFINITY, 0);
                for (k, entry) in entries.iter().enumerate() {
                    let price = state.after(entry, growth) + BLUR * heat * dice.unit();
                    if price < least.0 {
                        least = (price, k);
                    }
                }
                state.change(None, Some(&entries[least.1]));
                state.chosen[i] = least.1;
            }
            let after = state.price(growth);
            if round < FIRST {
                // A count of rounds is small.
                #[allow(clippy::cast_precision_loss)]
                let each = FIRST as f64;
                warm += WARM * (after - before).abs() / each;
            }
            if after > before + heat * dice.unit() {
                for (&i, &k) in part.iter().zip(&old) {
                    let entries = &self.pool.entries[self.jobs[i]];
                    state.change(Some(&entries[state.chosen[i]]), Some(&entries[k]));
                    state.chosen[i] = k;
                }
            }
            let price = state.price(GROWTH);
            if price < best.0 {
                best = (price, state.chosen.clone());
            }
        }
        best.1
    }

    /// A few jobs in some order.
    fn part(&self, movable: &[usize], dice: &mut Dice) -> Vec<usize> {
        let wanted = (2 + dice.below(MOST_MOVED - 1)).min(movable.len());
        let mut part = Vec::with_capacity(wanted);
        while part.len() < wanted {
            let i = movable[dice.below(movable.len())];
            if !part.contains(&i) {
                part.push(i);
            }
        }
        part
    }

    fn found(&self, aim: &Aim, chosen: &[usize]) -> Found {
        let entries: Vec<&Entry> = self.jobs.iter().zip(chosen).map(|(&j, &k)| &self.pool.entries[j][k]).collect();
        let mut load = vec![0.0; aim.room_mw.len()];
        let mut late = vec![0; self.open.jobs().len()];
        for (&j, entry) in self.jobs.iter().zip(&entries) {
            entry.cells.iter().for_each(|&(cell, mw)| load[cell] += mw);
            late[j] = late[j].max(entry.late);
        }
        let over = load.iter().zip(&aim.room_mw).map(|(load, room)| load - room).filter(|over| *over > NOTHING_MW);
        let owed = aim.quotas.iter().map(|quota| quota.over_mw(quota.cells.iter().map(|&cell| load[cell]).sum()));
        let owed_mw: f64 = owed.filter(|over| *over > NOTHING_MW).sum();
        let schedules: Vec<Schedule> = entries.iter().map(|entry| entry.schedule.clone()).collect();
        let shapes = self.jobs.iter().map(|&j| &self.open.shapes()[j]);
        Found {
            accounts: shapes.zip(&schedules).map(|(shape, schedule)| Account::new(shape, schedule)).collect(),
            schedules,
            over_mw: over.sum(),
            owed_mw,
            kg: entries.iter().map(|entry| entry.kg).sum(),
            late,
        }
    }
}

/// Load and what it costs, kept up to date move by move.
struct State<'a> {
    aim: &'a Aim,
    periods: usize,
    load_mw: Vec<f64>,
    /// Power beyond the room, added up over cells.
    over_mw: f64,
    /// The quota of each cell, the load of each quota, and power on the wrong side of them.
    quota: Vec<Option<usize>>,
    quota_mw: Vec<f64>,
    owed_mw: f64,
    kg: f64,
    late: usize,
    chosen: Vec<usize>,
    /// The most power beyond the room, by region.
    peaks: Vec<f64>,
}

impl<'a> State<'a> {
    fn new(aim: &'a Aim, periods: usize, copies: usize) -> Self {
        let cells = aim.room_mw.len();
        let over = aim.room_mw.iter().map(|room| (-room).max(0.0)).sum();
        let mut quota = vec![None; cells];
        aim.quotas.iter().enumerate().for_each(|(q, one)| one.cells.iter().for_each(|&cell| quota[cell] = Some(q)));
        Self {
            aim,
            periods,
            load_mw: vec![0.0; cells],
            over_mw: over,
            quota,
            quota_mw: vec![0.0; aim.quotas.len()],
            owed_mw: aim.quotas.iter().map(|quota| quota.over_mw(0.0)).sum(),
            kg: 0.0,
            late: 0,
            chosen: vec![0; copies],
            peaks: vec![0.0; cells / periods.max(1)],
        }
        .with_peaks()
    }

    fn with_peaks(mut self) -> Self {
        (0..self.peaks.len()).for_each(|r| self.peaks[r] = self.peak(r));
        self
    }

    fn peak(&self, r: usize) -> f64 {
        let cells = r * self.periods..(r + 1) * self.periods;
        let over = self.load_mw[cells.clone()].iter().zip(&self.aim.room_mw[cells]).map(|(load, room)| load - room);
        over.fold(0.0, f64::max)
    }

    /// Takes one schedule out and puts another in.
    fn change(&mut self, old: Option<&Entry>, new: Option<&Entry>) {
        for (entry, sign) in [(old, -1.0), (new, 1.0)] {
            let Some(entry) = entry else { continue };
            for &(cell, mw) in &entry.cells {
                let room = self.aim.room_mw[cell];
                let before = (self.load_mw[cell] - room).max(0.0);
                self.load_mw[cell] += sign * mw;
                self.over_mw += (self.load_mw[cell] - room).max(0.0) - before;
                if let Some(q) = self.quota[cell] {
                    let quota = &self.aim.quotas[q];
                    let before = quota.over_mw(self.quota_mw[q]);
                    self.quota_mw[q] += sign * mw;
                    self.owed_mw += quota.over_mw(self.quota_mw[q]) - before;
                }
            }
            self.kg += sign * entry.kg;
        }
        self.late = self.late + new.map_or(0, |entry| entry.late) - old.map_or(0, |entry| entry.late);
        if self.aim.mw.1 {
            (0..self.peaks.len()).for_each(|r| self.peaks[r] = self.peak(r));
        }
    }

    /// What the state costs; `growth` makes what must not be dearer.
    fn price(&self, growth: f64) -> f64 {
        self.priced([self.over_mw, self.owed_mw], self.peaks.iter().sum(), self.kg, self.late, growth)
    }

    fn priced(&self, [over_mw, owed_mw]: [f64; 2], peaks_mw: f64, kg: f64, late: usize, growth: f64) -> f64 {
        let aim = self.aim;
        let mw = if aim.mw.1 { aim.mw.0 * peaks_mw } else { growth * aim.mw.0 * over_mw };
        let carbon =
            aim.kg.0 * aim.kg_limit.map_or(kg, |limit| (kg - limit).max(0.0)) * if aim.kg.1 { 1.0 } else { growth };
        // A count of periods is small.
        #[allow(clippy::cast_precision_loss)]
        let late = aim.late.unwrap_or(0.0) * late as f64;
        let owed = aim.owed.0 * owed_mw * if aim.owed.1 { 1.0 } else { growth };
        mw + owed + carbon + late
    }

    /// What the state would cost with one more schedule.
    fn after(&self, entry: &Entry, growth: f64) -> f64 {
        let over = |cell: usize, more: f64| (self.load_mw[cell] + more - self.aim.room_mw[cell]).max(0.0);
        let (mut over_mw, mut peaks_mw) = (self.over_mw, self.peaks.iter().sum::<f64>());
        if self.aim.mw.1 {
            // Cells of a schedule are in order of time; it is in few regions, so each is looked at when it changes.
            let mut at: Option<(usize, f64)> = None;
            for &(cell, mw) in &entry.cells {
                let r = cell / self.periods;
                let peak = at.filter(|(known, _)| *known == r).map_or(self.peaks[r], |(_, peak)| peak);
                let higher = peak.max(over(cell, mw));
                peaks_mw += higher - peak;
                at = Some((r, higher));
            }
        } else {
            over_mw += entry.cells.iter().map(|&(cell, mw)| over(cell, mw) - over(cell, 0.0)).sum::<f64>();
        }
        let owed_mw = self.owed_mw + self.more_owed(entry);
        self.priced([over_mw, owed_mw], peaks_mw, self.kg + entry.kg, self.late + entry.late, growth)
    }

    /// Power on the wrong side of quotas that one more schedule adds, below zero where it takes some away.
    fn more_owed(&self, entry: &Entry) -> f64 {
        if self.quota_mw.is_empty() {
            return 0.0;
        }
        // Cells of a quota follow one another in a schedule.
        let (mut more, mut at): (f64, Option<(usize, f64)>) = (0.0, None);
        for &(cell, mw) in &entry.cells {
            let Some(q) = self.quota[cell] else { continue };
            let quota = &self.aim.quotas[q];
            let load = at.filter(|(known, _)| *known == q).map_or(self.quota_mw[q], |(_, load)| load);
            more += quota.over_mw(load + mw) - quota.over_mw(load);
            at = Some((q, load + mw));
        }
        more
    }
}
