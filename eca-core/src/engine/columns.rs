//! Schedules chosen together: a MILP picks one of several for each job, energy as it follows. The schedules are those that
//! tracking has found and those that are cheapest at prices near the best ones. With many jobs a part of them chooses
//! while the others stay, part after part.

use super::ascent::Top;
use super::bound::Lagrangian;
use super::fleet::Found;
use super::watch::Heard;
use super::{Run, decode};
use crate::milp::{MilpOptions, MilpStatus};
use crate::model::{self, Choice, Frame, Group, JobColumns, JobLoad, Lazy, Offer};
use crate::schedule::{Prices, Schedule, Scratch};
use crate::{Error, Result};
use rayon::prelude::*;

/// Jobs that choose at once.
const PART: usize = 120;
/// Up to so many classes choose all at once, and up to so many in parts; a MILP is no help with more.
const ALL: usize = 260;
const MOST: usize = 600;
/// Schedules of one class that may be chosen from.
const OFFERS: usize = 24;
/// Price lists near the best one, and how far they are from it.
const LISTS: usize = 30;
const SPREAD: f64 = 0.04;
/// Parts without a better plan after which the search ends, and parts at most.
const PATIENCE: usize = 3;
const PARTS: usize = 12;
/// Nodes of one MILP.
const NODES: u64 = 200;

/// Schedules that have been met, by class.
#[derive(Debug, Default)]
pub(crate) struct Met(Vec<Vec<Schedule>>);

impl Met {
    pub(crate) fn new(classes: usize) -> Self {
        Self(vec![Vec::new(); classes])
    }

    pub(crate) fn add(&mut self, class: usize, schedule: &Schedule) {
        let known = &mut self.0[class];
        if !known.contains(schedule) {
            known.push(schedule.clone());
        }
    }

    pub(crate) fn add_all(&mut self, schedules: &[Vec<Schedule>]) {
        for (class, schedules) in schedules.iter().enumerate() {
            schedules.iter().for_each(|schedule| self.add(class, schedule));
        }
    }
}

/// Better schedules than those found so far, as far as there is time and work left.
pub(crate) fn improve(
    run: &mut Run<'_>,
    lagrangian: &Lagrangian<'_>,
    top: &Top,
    mut met: Met,
    found: Found,
) -> Result<Found> {
    if lagrangian.pool.classes.len() > MOST {
        return Ok(found);
    }
    near(run, lagrangian, top, &mut met);
    let offers = ranked(lagrangian, top, &met, &found);
    let mut search = Search { lagrangian, bound: top.bound, offers, best: found, dice: u64::from(run.settings.seed) };
    let classes = lagrangian.pool.classes.len();
    let (mut idle, mut whole) = (0, classes <= ALL);
    for part in 0..PARTS {
        let value = search.best.estimate;
        if run.is_over() || value - top.bound <= run.settings.gap * value.abs().max(1.0) {
            break;
        }
        let chosen = if whole { (0..classes).collect() } else { search.part(part) };
        let better = search.choose(run, &chosen)?;
        idle = if better { 0 } else { idle + 1 };
        // All at once: once is enough, and parts may still find what the nodes did not suffice for.
        whole = false;
        if idle >= PATIENCE {
            break;
        }
    }
    Ok(search.best)
}

/// Schedules that are cheapest at prices around those of the bound.
fn near(run: &Run<'_>, lagrangian: &Lagrangian<'_>, top: &Top, met: &mut Met) {
    let (pool, grid) = (lagrangian.pool, lagrangian.grid);
    let millions = grid.millions(&top.point);
    let mut dice = u64::from(run.settings.seed) ^ 0x5EED;
    for list in 0..=LISTS {
        if run.is_over() {
            return;
        }
        let spread = if list == 0 { 0.0 } else { SPREAD * (1.0 + (list % 3) as f64) / 2.0 };
        let mw: Vec<f64> =
            top.point.it.iter().map(|price| price * (1.0 + spread * (2.0 * unit(&mut dice) - 1.0))).collect();
        let prices = Prices { mw: &mw, ..lagrangian.prices(&top.point, &millions) };
        let found: Vec<Schedule> = pool
            .classes
            .par_iter()
            .with_min_len(16)
            .map_init(Scratch::default, |scratch, class| class.cheapest(&prices, scratch).schedule)
            .collect();
        found.iter().enumerate().for_each(|(class, schedule)| met.add(class, schedule));
    }
}

/// The schedules of each class that cost least at the prices of the bound; those in use always among them.
fn ranked(lagrangian: &Lagrangian<'_>, top: &Top, met: &Met, found: &Found) -> Vec<Vec<(Schedule, Offer)>> {
    let (pool, grid) = (lagrangian.pool, lagrangian.grid);
    let value = grid.millions(&top.point);
    let each = pool.classes.par_iter().zip(&met.0).zip(&found.schedules);
    each.map(|((class, met), used)| {
        let mut all: Vec<(bool, f64, Schedule, Offer)> = Vec::with_capacity(met.len());
        for schedule in met.iter().chain(used.iter().filter(|schedule| !met.contains(schedule))) {
            let mut offer = Offer { cost_gbp: class.own_cost(schedule), ..Offer::default() };
            class.loads(schedule, pool.periods, |cell, mw| offer.mw.push((cell, mw)));
            if !value.is_empty() {
                class.millions(schedule, pool.periods, |cell, millions| offer.millions.push((cell, millions)));
            }
            let load: f64 = offer.mw.iter().map(|&(cell, mw)| mw * top.point.it[cell]).sum();
            let credit: f64 = offer.millions.iter().map(|&(cell, millions)| millions * value[cell]).sum();
            let cost = offer.cost_gbp + load - credit;
            if !all.iter().any(|known| known.2 == *schedule) {
                all.push((!used.contains(schedule), cost, schedule.clone(), offer));
            }
        }
        all.sort_by(|a, b| (a.0, a.1).partial_cmp(&(b.0, b.1)).unwrap_or(std::cmp::Ordering::Equal));
        all.truncate(OFFERS.max(used.len()));
        all.into_iter().map(|(_, _, schedule, offer)| (schedule, offer)).collect()
    })
    .collect()
}

struct Search<'a> {
    lagrangian: &'a Lagrangian<'a>,
    bound: f64,
    offers: Vec<Vec<(Schedule, Offer)>>,
    best: Found,
    dice: u64,
}

impl Search<'_> {
    /// Classes that choose next: around a period that moves through the horizon, at random.
    fn part(&mut self, part: usize) -> Vec<usize> {
        let pool = self.lagrangian.pool;
        let periods = pool.periods.max(1);
        // Steps of the golden section reach every part of the horizon soon.
        #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let middle = ((part as f64 * 0.618_034).fract() * periods as f64) as usize;
        let mut ranked: Vec<(f64, usize)> = pool
            .classes
            .iter()
            .enumerate()
            .map(|(c, class)| {
                let (first, end) = (class.shape.first, class.shape.end);
                #[allow(clippy::cast_precision_loss)]
                let away = (first.saturating_sub(middle) + middle.saturating_sub(end)) as f64 / periods as f64;
                let choice = if self.offers[c].len() > 1 { 0.0 } else { 10.0 };
                (4.0 * away + choice + unit(&mut self.dice), c)
            })
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut chosen: Vec<usize> = ranked.into_iter().take(PART).map(|(_, c)| c).collect();
        chosen.sort_unstable();
        chosen
    }

    /// Lets some classes choose again; whether the plan got better.
    fn choose(&mut self, run: &mut Run<'_>, chosen: &[usize]) -> Result<bool> {
        let (choice, other_gbp) = self.choice(chosen);
        let ladder = run.ladder.clone();
        let (lazy, problem) = (Lazy::default(), run.problem);
        let frame = Frame {
            problem,
            shapes: problem.shapes(),
            ladder: &ladder,
            h: problem.horizon().step_h(),
            periods: problem.horizon().periods,
            lazy: &lazy,
            load: JobLoad::Chosen(&choice),
        };
        let mut draft = model::build(&frame);
        for cap in draft.caps.clone().into_iter().filter(|cap| cap.strict) {
            draft.milp.add_cost(cap.excess, ladder.strict_gbp_per_kg);
        }
        let start = self.start(chosen, &draft.jobs);
        let enough = run.settings.gap * self.best.estimate.abs().max(1.0);
        let options = MilpOptions {
            // Nothing is proved here: the bound comes from the prices.
            gap: 0.2 * run.settings.gap,
            time_limit_s: run.left_for_search_s(),
            node_limit: Some(run.settings.node_limit.unwrap_or(NODES)),
            target: Some(self.bound + 0.9 * enough - other_gbp),
            start,
            ..run.options()
        };
        let solution = match run.call(&draft.milp, &options, Heard::Nothing) {
            Err(Error::Cancelled) => return Ok(false),
            other => other?,
        };
        let Some(values) = solution.values.filter(|_| solution.status != MilpStatus::Infeasible) else {
            return Ok(false);
        };
        let estimate = solution.objective + other_gbp;
        if estimate >= self.best.estimate - 1e-9 * self.best.estimate.abs().max(1.0) {
            return Ok(false);
        }
        self.best.estimate = estimate;
        self.best.services = Some(decode::services(problem, &draft, &values));
        for (&c, columns) in chosen.iter().zip(&draft.jobs) {
            let JobColumns::Chosen(columns) = columns else { continue };
            self.take(c, &columns.iter().map(|column| values[column.index()]).collect::<Vec<f64>>());
        }
        run.watch.tell(Some(estimate), None, run.report.nodes);
        Ok(true)
    }

    /// What there is to choose from, and what the jobs that do not choose cost by themselves.
    fn choice(&self, chosen: &[usize]) -> (Choice, f64) {
        let (pool, grid) = (self.lagrangian.pool, self.lagrangian.grid);
        let counts = grid.counts_inferences();
        let mut choice = Choice { given_mw: vec![0.0; pool.cells], ..Choice::default() };
        if counts {
            choice.given_millions = vec![0.0; pool.cells];
        }
        let mut other_gbp = 0.0;
        let mut next = chosen.iter().peekable();
        for (c, class) in pool.classes.iter().enumerate() {
            if next.next_if(|&&other| other == c).is_some() {
                let offers = self.offers[c].iter().map(|(_, offer)| offer.clone()).collect();
                choice.groups.push(Group { count: class.count(), whole: !class.shape.divisible, offers });
                continue;
            }
            for schedule in &self.best.schedules[c] {
                other_gbp += class.own_cost(schedule);
                class.loads(schedule, pool.periods, |cell, mw| choice.given_mw[cell] += mw);
                if counts {
                    class.millions(schedule, pool.periods, |cell, more| choice.given_millions[cell] += more);
                }
            }
        }
        (choice, other_gbp)
    }

    /// The schedules in use, as a point of the MILP.
    fn start(&self, chosen: &[usize], columns: &[JobColumns]) -> Vec<(usize, f64)> {
        let mut start = Vec::new();
        for (&c, columns) in chosen.iter().zip(columns) {
            let JobColumns::Chosen(columns) = columns else { continue };
            for (column, (schedule, _)) in columns.iter().zip(&self.offers[c]) {
                #[allow(clippy::cast_precision_loss)]
                let used = self.best.schedules[c].iter().filter(|other| *other == schedule).count() as f64;
                start.push((column.index(), used));
            }
        }
        start
    }

    /// The jobs of a class take schedules in these numbers.
    fn take(&mut self, c: usize, numbers: &[f64]) {
        let class = &self.lagrangian.pool.classes[c];
        let offers = &self.offers[c];
        let members = class.members.len();
        if class.shape.divisible {
            let parts = numbers.iter().zip(offers).map(|(number, (schedule, _))| (number / class.count(), schedule));
            self.best.schedules[c] = vec![mixed(parts); members];
        } else {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            let each = numbers
                .iter()
                .zip(offers)
                .flat_map(|(number, (schedule, _))| std::iter::repeat_n(schedule, number.round().max(0.0) as usize));
            let taken: Vec<Schedule> = each.take(members).cloned().collect();
            if taken.len() == members {
                self.best.schedules[c] = taken;
            }
        }
        // A mix can be chosen again.
        for schedule in &self.best.schedules[c] {
            if !self.offers[c].iter().any(|(known, _)| known == schedule) {
                let mut offer = Offer { cost_gbp: class.own_cost(schedule), ..Offer::default() };
                let (pool, grid) = (self.lagrangian.pool, self.lagrangian.grid);
                class.loads(schedule, pool.periods, |cell, mw| offer.mw.push((cell, mw)));
                if grid.counts_inferences() {
                    class.millions(schedule, pool.periods, |cell, more| offer.millions.push((cell, more)));
                }
                self.offers[c].push((schedule.clone(), offer));
                break;
            }
        }
    }
}

/// Shares of several fluid schedules.
fn mixed<'s>(parts: impl Iterator<Item = (f64, &'s Schedule)>) -> Schedule {
    let mut sum: Option<crate::schedule::Shares> = None;
    for (part, schedule) in parts.filter(|(part, _)| *part > 0.0) {
        let Some(shares) = &schedule.shares else { continue };
        let sum = sum.get_or_insert_with(|| {
            shares.iter().map(|by| by.iter().map(|points| vec![0.0; points.len()]).collect()).collect()
        });
        for (to, from) in sum.iter_mut().flatten().flatten().zip(shares.iter().flatten().flatten()) {
            *to += part * from;
        }
    }
    sum.map_or_else(Schedule::idle, Schedule::fluid)
}

/// A number from 0 to 1, the same for the same state (SplitMix64).
pub(super) fn unit(state: &mut u64) -> f64 {
    *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^= z >> 31;
    #[allow(clippy::cast_precision_loss)]
    let part = (z >> 11) as f64 / (1_u64 << 53) as f64;
    part
}
