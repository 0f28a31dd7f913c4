//! Schedules chosen together. An LP over the schedules met so far gives prices, the prices the next schedules of each job,
//! until they bring nothing new. What the LP leaves open is small: a MILP decides it, first among the schedules that the LP
//! takes, then around the best plan. Near the bound, chains of exchanges fit schedules together better than a MILP does.

mod exchange;
mod master;
mod offers;

use super::Run;
use super::ascent::Top;
use super::bound::Lagrangian;
use super::fleet::{Found, mean_work};
use super::reduce::Pool;
use crate::Result;
use crate::milp::MilpOptions;
use crate::schedule::Schedule;
use exchange::Exchange;
use master::{Master, Relaxed, members};
pub(crate) use offers::Met;
use offers::Offers;

/// Up to so many classes are chosen from by an LP and MILPs.
const MOST: usize = 1500;
/// Up to so many all choose anew in one MILP.
const ALL: usize = 300;
/// Price lists near the best one, at least and at most; classes, and cells times classes, that all of them price; how far
/// they are from it.
const LISTS: (usize, usize) = (8, 120);
const LIST_CLASSES: usize = 24_000;
const LIST_WORK: usize = 10_000_000;
const SPREAD: f64 = 0.1;
/// Rounds of prices from the LP.
const ROUNDS: usize = 6;
/// What may be open between the LP and the bound, as part of the wanted gap.
const CLOSE: f64 = 0.2;
/// Part of the prices of the LP in those that schedules are looked for at; the rest is those of the best bound.
const STEP: f64 = 0.5;
/// Nodes of one MILP.
const NODES: u64 = 100;
/// MILPs without a better plan after which the search ends, where they are small and where each takes its time.
const PATIENCE: [usize; 2] = [3, 1];
/// Part of the classes that choose anew in later MILPs although the LP and the plan agree on them.
const AGAIN: f64 = 0.2;

/// Whether there are few enough classes.
pub(crate) fn suits(pool: &Pool<'_>) -> bool {
    pool.classes.len() <= MOST
}

/// Schedules to choose from, and what the LP over them says.
pub(crate) struct Columns<'a> {
    lagrangian: &'a Lagrangian<'a>,
    offers: Offers,
    relaxed: Relaxed,
    dice: u64,
    /// MILPs so far, and those since the last better plan.
    round: usize,
    idle: usize,
    /// Exchanges so far.
    exchanges: u64,
}

/// Whether one MILP may let all classes choose anew.
pub(crate) fn is_small(pool: &Pool<'_>) -> bool {
    pool.classes.len() <= ALL
}

impl<'a> Columns<'a> {
    /// From what has been met; nothing where there are too many classes or no time. Prices and bound get better.
    pub(crate) fn new(
        run: &mut Run<'_>,
        lagrangian: &'a Lagrangian<'a>,
        top: &mut Top,
        met: &Met,
    ) -> Result<Option<Self>> {
        let pool = lagrangian.pool;
        let mut dice = u64::from(run.settings.seed) ^ 0x5EED;
        let mut offers = Offers::new(pool.classes.len());
        offers.add_met(lagrangian, met);
        let classes = pool.classes.len().max(1);
        let lists = (LIST_CLASSES / classes).min(LIST_WORK / (classes * mean_work(pool))).clamp(LISTS.0, LISTS.1);
        for list in 0..=lists {
            if run.is_over() {
                return Ok(None);
            }
            #[allow(clippy::cast_precision_loss)]
            let spread = SPREAD * (list % 4) as f64 / 2.0;
            offers.price(lagrangian, &top.point, spread, &mut dice);
        }
        let relaxed = generate(run, lagrangian, top, &mut offers, &mut dice)?;
        Ok(relaxed.map(|relaxed| Self { lagrangian, offers, relaxed, dice, round: 0, idle: 0, exchanges: 0 }))
    }

    /// Prices and loads of the LP.
    pub(crate) fn top(&self, bound: f64) -> Top {
        Top { point: self.relaxed.point.clone(), bound, it_mw: self.relaxed.it_mw.clone(), steps: 1 }
    }

    /// Whether one MILP may let all choose anew.
    pub(crate) fn is_small(&self) -> bool {
        is_small(self.lagrangian.pool)
    }

    /// Whether the last MILPs found nothing better.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.idle >= PATIENCE[usize::from(!self.is_small())]
    }

    /// Better schedules by chains of exchanges, beside services as they are served (IT load, cost, inferences).
    pub(crate) fn exchange(
        &mut self,
        run: &Run<'_>,
        bound: f64,
        best: &Found,
        (served_mw, served_gbp, served_millions): (Vec<f64>, f64, Vec<f64>),
    ) -> Option<(f64, Vec<Vec<Schedule>>)> {
        self.offers.add(self.lagrangian, &best.schedules);
        self.relaxed.fit(&self.offers);
        self.exchanges += 1;
        let seed = self.dice.wrapping_add(self.exchanges);
        let exchange = Exchange::new(self.lagrangian, &self.relaxed.point, &self.offers, served_mw, served_gbp);
        let gap = run.settings.gap;
        exchange.search(&best.schedules, served_millions, seed, best.estimate - bound, &mut |known| {
            run.watch.tell(Some(known), None, 0);
            !run.is_over() && known - bound > 0.9 * gap * known.abs().max(1.0)
        })
    }

    /// Better schedules than those found so far, by one MILP more. Each time other schedules may be chosen.
    pub(crate) fn improve(&mut self, run: &mut Run<'_>, bound: f64, best: Found) -> Result<Found> {
        self.offers.add(self.lagrangian, &best.schedules);
        self.relaxed.fit(&self.offers);
        let may = self.may(&best, bound);
        self.round += 1;
        let found = self.choose(run, &may, &best, bound)?;
        self.idle = if found.is_some() { 0 } else { self.idle + 1 };
        Ok(found.unwrap_or(best))
    }

    /// The offers that may be taken next: those of the plan, and with them those of the LP, or those that cost little.
    fn may(&mut self, best: &Found, bound: f64) -> Vec<Vec<bool>> {
        let small = self.is_small();
        let regrets = self.offers.regrets(self.lagrangian, &self.relaxed.point);
        let open = (best.estimate - bound).max(0.0);
        let mut may = Vec::with_capacity(regrets.len());
        for (c, offers) in self.offers.0.iter().enumerate() {
            let taken = &self.relaxed.taken[c];
            let used = |p: usize| best.schedules[c].contains(&offers[p].0);
            let settled = (0..offers.len()).all(|p| !used(p) || taken[p] > WHOLE)
                && taken.iter().all(|x| (x - x.round()).abs() < WHOLE);
            let (free, most) = match REACH.get(self.round) {
                Some(&reach) => (small || !settled, reach * open),
                None => (!settled || unit(&mut self.dice) < AGAIN, open),
            };
            let each = (0..offers.len()).map(|p| used(p) || taken[p] > WHOLE || free && regrets[c][p] <= most);
            may.push(each.collect());
        }
        may
    }

    /// Lets the jobs choose; a better plan, if there is one.
    fn choose(&self, run: &mut Run<'_>, may: &[Vec<bool>], best: &Found, bound: f64) -> Result<Option<Found>> {
        let enough = run.settings.gap * best.estimate.abs().max(1.0);
        let options = MilpOptions {
            // Nothing is proved here: the bound comes from the prices.
            gap: 0.2 * run.settings.gap,
            time_limit_s: run.left_for_search_s(),
            node_limit: Some(run.settings.node_limit.unwrap_or(NODES)),
            target: Some(bound + 0.99 * enough),
            ..run.options()
        };
        let master = Master::new(run, self.lagrangian, &self.offers);
        let found = master.choose(run, &self.offers, may, best, options)?;
        let better = found.filter(|found| found.objective < best.estimate - 1e-9 * best.estimate.abs().max(1.0));
        let Some(found) = better else { return Ok(None) };
        let Some(schedules) = whole(self.lagrangian.pool, &self.offers, &found.taken) else { return Ok(None) };
        run.watch.tell(Some(found.objective), None, run.report.nodes);
        Ok(Some(Found { schedules, estimate: found.objective, services: Some(found.services) }))
    }
}

/// Prices from the LP, schedules from the prices, in turn.
fn generate(
    run: &mut Run<'_>,
    lagrangian: &Lagrangian<'_>,
    top: &mut Top,
    offers: &mut Offers,
    dice: &mut u64,
) -> Result<Option<Relaxed>> {
    let all = lagrangian.pool.all();
    let mut last: Option<Relaxed> = None;
    let mut before: Option<Master> = None;
    for _ in 0..ROUNDS {
        if run.is_over() {
            break;
        }
        let master = Master::new(run, lagrangian, offers);
        let start = match (&before, last.as_mut().and_then(|last| last.basis.take())) {
            (Some(before), Some(basis)) => Some(master.carry(&basis, before)),
            _ => None,
        };
        let Some(relaxed) = master.relax(run, lagrangian, start)? else { break };
        before = Some(master);
        let between = blend(&relaxed.point, &top.point);
        let mut added = 0;
        for point in [&relaxed.point, &between] {
            added += offers.price(lagrangian, point, 0.0, dice);
            let valued = lagrangian.value(point, &all, 1.0);
            if valued.bound > top.bound {
                top.bound = valued.bound;
                top.point = point.clone();
                run.watch.tell(None, Some(top.bound), 0);
            }
        }
        let open = relaxed.objective - top.bound;
        last = Some(relaxed);
        if added == 0 || open <= CLOSE * run.settings.gap * top.bound.abs().max(1.0) {
            break;
        }
    }
    Ok(last)
}

/// Prices between two points.
fn blend(lp: &super::dual::Point, best: &super::dual::Point) -> super::dual::Point {
    let mix = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| STEP * a + (1.0 - STEP) * b).collect();
    super::dual::Point {
        it: mix(&lp.it, &best.it),
        cap: mix(&lp.cap, &best.cap),
        peak: mix(&lp.peak, &best.peak),
        node: mix(&lp.node, &best.node),
    }
}

/// How dear schedules may be in the first MILPs, as part of what is open: at first none but those of the plan and the LP.
const REACH: [f64; 5] = [-1.0, 0.01, 0.04, 0.2, 1.0];
/// Numbers of jobs are whole up to this.
const WHOLE: f64 = 1e-6;

/// Schedules of all jobs, where the numbers of each class are whole and add up.
fn whole(pool: &Pool<'_>, offers: &Offers, taken: &[Vec<f64>]) -> Option<Vec<Vec<Schedule>>> {
    let each = pool.classes.iter().zip(&offers.0).zip(taken);
    each.map(|((class, offers), taken)| members(!class.shape.divisible, class.members.len(), offers, taken)).collect()
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
