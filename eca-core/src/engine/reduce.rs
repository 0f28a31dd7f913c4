//! Jobs as classes: identical jobs are one class that is priced once.

use crate::Problem;
use crate::model::Ladder;
use crate::schedule::{Cheapest, Pricer, Prices, Schedule, Scratch, Shape, walk};
use crate::unit::inferences_to_millions;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Jobs with the same rules, times and costs.
#[derive(Debug)]
pub(crate) struct Class<'a> {
    pub(crate) shape: &'a Shape,
    pub(crate) undone_gbp: f64,
    pub(crate) pricer: Pricer,
    /// Places of its jobs in the order of jobs and copies.
    pub(crate) members: Vec<u32>,
}

impl Class<'_> {
    /// Number of jobs.
    #[allow(clippy::cast_precision_loss)]
    pub(crate) fn count(&self) -> f64 {
        self.members.len() as f64
    }

    /// The cheapest schedule; doing nothing where the rules leave none, which validation has excluded.
    pub(crate) fn cheapest(&self, prices: &Prices<'_>, scratch: &mut Scratch) -> Cheapest {
        self.pricer
            .cheapest(self.shape, self.undone_gbp, prices, scratch)
            .unwrap_or(Cheapest { cost_gbp: 0.0, schedule: Schedule::idle() })
    }

    /// Own costs of a schedule and the price of what it leaves undone, GBP.
    pub(crate) fn own_cost(&self, schedule: &Schedule) -> f64 {
        let mut cost = 0.0;
        let mut work = 0.0;
        match &schedule.shares {
            None => walk(self.shape, schedule, |at| {
                cost += at.cost_gbp;
                work += self.shape.rate[at.point];
            }),
            Some(shares) => {
                for points in shares.iter().flatten() {
                    work += points.iter().zip(&self.shape.rate).map(|(share, rate)| share * rate).sum::<f64>();
                }
            }
        }
        let undone = if self.shape.is_done(work) { 0.0 } else { self.shape.left - work };
        cost + undone * self.undone_gbp
    }

    /// Cell and MW of every working period of a schedule.
    pub(crate) fn loads(&self, schedule: &Schedule, periods: usize, mut visit: impl FnMut(usize, f64)) {
        match &schedule.shares {
            None => walk(self.shape, schedule, |at| visit(at.region * periods + at.period, at.mw)),
            Some(shares) => {
                for (r, by_period) in shares.iter().enumerate() {
                    for (t, points) in by_period.iter().enumerate() {
                        let mw: f64 = points.iter().zip(&self.shape.power_mw).map(|(share, power)| share * power).sum();
                        if mw != 0.0 {
                            visit(r * periods + t, mw);
                        }
                    }
                }
            }
        }
    }

    /// Cell and millions of inferences of every working period, the last one cut to what is left.
    pub(crate) fn millions(&self, schedule: &Schedule, periods: usize, mut visit: impl FnMut(usize, f64)) {
        let all = inferences_to_millions(self.shape.inferences);
        if all <= 0.0 {
            return;
        }
        for step in crate::schedule::Account::new(self.shape, schedule).steps {
            visit(step.region * periods + step.period, step.work * all);
        }
    }
}

/// All jobs of a problem, as classes.
#[derive(Debug)]
pub(crate) struct Pool<'a> {
    pub(crate) classes: Vec<Class<'a>>,
    pub(crate) jobs: usize,
    pub(crate) periods: usize,
    pub(crate) cells: usize,
}

/// What a pricing of classes found.
#[derive(Debug, Clone, Default)]
pub(crate) struct Priced {
    /// Sum of the least costs, each times the number of its jobs.
    pub(crate) value: f64,
    /// IT load by cell, MW.
    pub(crate) mw: Vec<f64>,
    /// Inferences by cell, millions; empty where no cap counts them.
    pub(crate) millions: Vec<f64>,
}

/// Classes that one thread prices before the results are put together; fixed, so that sums do not depend on threads.
const CHUNK: usize = 128;

impl<'a> Pool<'a> {
    pub(crate) fn new(problem: &'a Problem, ladder: &Ladder) -> Self {
        let periods = problem.horizon().periods;
        let mut classes: Vec<Class<'a>> = Vec::new();
        let mut known: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
        let mut place = 0_u32;
        let mut members: Vec<Vec<u32>> = Vec::new();
        let mut shapes: Vec<(&'a Shape, f64)> = Vec::new();
        for shape in problem.shapes() {
            let undone_gbp = if shape.priced { ladder.undone_gbp[shape.job] } else { 0.0 };
            let alike = known.entry(hash(shape, undone_gbp)).or_default();
            let class = alike
                .iter()
                .copied()
                .find(|&c| shapes[c].1.to_bits() == undone_gbp.to_bits() && shapes[c].0.same_rules(shape));
            let class = class.unwrap_or_else(|| {
                alike.push(shapes.len());
                shapes.push((shape, undone_gbp));
                members.push(Vec::new());
                shapes.len() - 1
            });
            members[class].extend(place..place + shape.count);
            place += shape.count;
        }
        let pricers: Vec<Pricer> = shapes.par_iter().map(|(shape, _)| Pricer::new(shape)).collect();
        for (((shape, undone_gbp), pricer), members) in shapes.into_iter().zip(pricers).zip(members) {
            classes.push(Class { shape, undone_gbp, pricer, members });
        }
        Self { classes, jobs: place as usize, periods, cells: periods * problem.regions().len() }
    }

    /// Prices classes, each weighted; sums only.
    pub(crate) fn price(&self, which: &[u32], weight: f64, prices: &Prices<'_>) -> Priced {
        let counts = !prices.millions.is_empty();
        let parts: Vec<Priced> = which
            .par_chunks(CHUNK)
            .map_init(Scratch::default, |scratch, chunk| {
                let mut part = Priced { value: 0.0, mw: vec![0.0; self.cells], millions: Vec::new() };
                if counts {
                    part.millions = vec![0.0; self.cells];
                }
                for &c in chunk {
                    let class = &self.classes[c as usize];
                    let count = class.count() * weight;
                    let best = class.cheapest(prices, scratch);
                    part.value += count * best.cost_gbp;
                    class.loads(&best.schedule, self.periods, |cell, mw| part.mw[cell] += count * mw);
                    if counts {
                        class.millions(&best.schedule, self.periods, |cell, sum| part.millions[cell] += count * sum);
                    }
                }
                part
            })
            .collect();
        let mut sum = Priced { value: 0.0, mw: vec![0.0; self.cells], millions: Vec::new() };
        if counts {
            sum.millions = vec![0.0; self.cells];
        }
        for part in parts {
            sum.value += part.value;
            sum.mw.iter_mut().zip(&part.mw).for_each(|(sum, mw)| *sum += mw);
            sum.millions.iter_mut().zip(&part.millions).for_each(|(sum, more)| *sum += more);
        }
        sum
    }

    /// All classes.
    pub(crate) fn all(&self) -> Vec<u32> {
        (0..u32::try_from(self.classes.len()).unwrap_or(u32::MAX)).collect()
    }

    /// Schedules by class and member in the order of jobs and copies.
    pub(crate) fn in_order(&self, by_class: Vec<Vec<Schedule>>) -> Vec<Schedule> {
        let mut all = vec![Schedule::idle(); self.jobs];
        for (class, schedules) in self.classes.iter().zip(by_class) {
            for (&place, schedule) in class.members.iter().zip(schedules) {
                all[place as usize] = schedule;
            }
        }
        all
    }
}

fn hash(shape: &Shape, undone_gbp: f64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (shape.first, shape.end, shape.left.to_bits(), undone_gbp.to_bits(), shape.min_run).hash(&mut hasher);
    for (rate, power) in shape.rate.iter().zip(&shape.power_mw) {
        (rate.to_bits(), power.to_bits()).hash(&mut hasher);
    }
    hasher.finish()
}
