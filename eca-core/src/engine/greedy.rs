//! Simple policies: what a data centre does without ECA, and a plan when time is up.
//!
//! Jobs are placed one after the other, in one run at the fastest points, where capacity is left.

use crate::Problem;
use crate::schedule::{Pricer, Prices, Schedule, Scratch, Shape, is_valid};

/// A policy keeps capacity where it can, and does the work whatever it costs: prices above any real one.
const OVERLOAD_GBP: f64 = 1e6;
const UNDONE_GBP: f64 = 1e9;

/// How a job's start is chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Policy {
    /// As soon as it may.
    AtOnce,
    /// When its own energy is cheapest.
    Cheapest,
}

/// Capacity left and prices, by region and period.
struct Site {
    free_mw: Vec<Vec<f64>>,
    price: Vec<Vec<f64>>,
}

/// A region, and periods with their points.
struct Candidate {
    region: usize,
    points: Vec<(usize, usize)>,
}

/// The schedule of every job and copy, in document order.
pub(crate) fn schedules(problem: &Problem, policy: Policy) -> Vec<Schedule> {
    let copies = problem.shapes().iter().map(|shape| shape.count as usize).sum();
    complete(problem, policy, vec![None; copies])
}

/// The given schedules, and one for every job and copy without, placed where they leave capacity.
pub(crate) fn complete(problem: &Problem, policy: Policy, given: Vec<Option<Schedule>>) -> Vec<Schedule> {
    let mut site = Site::new(problem);
    let shapes = problem.shapes();
    let copies = || shapes.iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    copies().zip(&given).filter_map(|(shape, given)| Some((shape, given.as_ref()?))).for_each(|(s, g)| site.take(s, g));
    // Jobs that are running keep their place; the others come in order of their windows.
    let mut order: Vec<(usize, &Shape)> = copies().enumerate().collect();
    order.sort_by_key(|(i, shape)| (shape.running.is_none(), shape.first, shape.end, *i));
    let mut all = given;
    for (i, shape) in order {
        if all[i].is_none() {
            all[i] = Some(site.place(shape, policy));
        }
    }
    all.into_iter().flatten().collect()
}

impl Site {
    fn new(problem: &Problem) -> Self {
        let periods = problem.horizon().periods;
        let table = |f: &dyn Fn(&crate::Region, usize) -> f64| -> Vec<Vec<f64>> {
            problem.regions().iter().map(|region| (0..periods).map(|t| f(region, t)).collect()).collect()
        };
        Self {
            free_mw: table(&|region, t| region.it_capacity_mw.at(t)),
            price: table(&|region, t| {
                region.pue_slope.at(t)
                    * (region.import_price_gbp_per_mwh.at(t)
                        + region.network_charge_gbp_per_mwh.at(t)
                        + region.congestion_gbp_per_mwh.at(t))
            }),
        }
    }

    /// Takes the capacity of a schedule that is given.
    fn take(&mut self, shape: &Shape, schedule: &Schedule) {
        for (t, r, l) in schedule.works() {
            self.free_mw[r][t] -= shape.power_mw[l];
        }
        for (r, by_period) in schedule.shares.iter().flatten().enumerate() {
            for (t, points) in by_period.iter().enumerate() {
                let power: f64 = points.iter().zip(&shape.power_mw).map(|(share, mw)| share * mw).sum();
                self.free_mw[r][t] -= power;
            }
        }
    }

    fn place(&mut self, shape: &Shape, policy: Policy) -> Schedule {
        let periods = self.free_mw.first().map_or(0, Vec::len);
        if shape.divisible {
            return self.pour(shape, policy, periods);
        }
        let mut schedule = Schedule::idle();
        let best = self.best(shape, policy, true).or_else(|| self.best(shape, policy, false));
        if let Some(best) = best.or_else(|| Self::scattered(shape)) {
            best.points.into_iter().for_each(|(t, l)| schedule.push(t, best.region, l));
        }
        if !is_valid(shape, &schedule) {
            schedule = self.by_the_rules(shape, periods).unwrap_or(schedule);
        }
        self.take(shape, &schedule);
        schedule
    }

    /// The cheapest of all schedules that the job's rules allow, most of its work done: for jobs that need more than one
    /// run, whose rules on runs, pauses and moves a policy does not know.
    fn by_the_rules(&self, shape: &Shape, periods: usize) -> Option<Schedule> {
        let flat = |table: &[Vec<f64>]| table.concat();
        let (mw, room) = (flat(&self.price), flat(&self.free_mw));
        let prices =
            Prices { periods, mw: &mw, millions: &[], square: &[], room: &room, overload: OVERLOAD_GBP, own: 1.0 };
        let found = Pricer::new(shape).cheapest(shape, UNDONE_GBP, &prices, &mut Scratch::default())?;
        Some(found.schedule)
    }

    /// The best single run; one that the deadline cuts off only where the deadline has a price and nothing else fits.
    fn best(&self, shape: &Shape, policy: Policy, within_capacity: bool) -> Option<Candidate> {
        let mut best: Option<(f64, usize, usize)> = None;
        for r in shape.regions() {
            if shape.home.is_some_and(|home| home != r) {
                continue;
            }
            let last = if shape.running.is_some() { shape.first + 1 } else { shape.end };
            for from in shape.first..last {
                let Some(score) = self.run(shape, policy, within_capacity, r, from, &mut |_, _| ()) else { continue };
                if best.is_none_or(|known| score < known.0) {
                    best = Some((score, r, from));
                }
            }
        }
        let (_, region, from) = best?;
        let mut points = Vec::new();
        self.run(shape, policy, within_capacity, region, from, &mut |t, l| points.push((t, l)))?;
        Some(Candidate { region, points })
    }

    /// How good a run is that begins in a period (lower is better); none where it does not get done.
    fn run(
        &self,
        shape: &Shape,
        policy: Policy,
        within_capacity: bool,
        r: usize,
        from: usize,
        visit: &mut impl FnMut(usize, usize),
    ) -> Option<f64> {
        let (mut work, mut price) = (0.0, 0.0);
        for t in from..shape.end {
            let fits =
                |&l: &usize| shape.usable(r, t, l) && (!within_capacity || shape.power_mw[l] <= self.free_mw[r][t]);
            let l = (0..shape.rate.len()).filter(fits).max_by(|&a, &b| shape.rate[a].total_cmp(&shape.rate[b]))?;
            work += shape.rate[l];
            price += shape.power_mw[l] * self.price[r][t];
            visit(t, l);
            if shape.is_done(work) {
                #[allow(clippy::cast_precision_loss)]
                return Some(if policy == Policy::AtOnce { t as f64 } else { price });
            }
        }
        None
    }

    /// No single run does the work: the first allowed periods of the region that does most, pauses or not.
    fn scattered(shape: &Shape) -> Option<Candidate> {
        let candidates = shape.regions().into_iter().filter(|&r| shape.home.is_none_or(|home| home == r)).map(|r| {
            let (mut work, mut points) = (0.0, Vec::new());
            for t in shape.first..shape.end {
                if shape.is_done(work) {
                    break;
                }
                let usable = (0..shape.rate.len()).filter(|&l| shape.usable(r, t, l));
                match usable.max_by(|&a, &b| shape.rate[a].total_cmp(&shape.rate[b])) {
                    Some(l) => {
                        work += shape.rate[l];
                        points.push((t, l));
                    }
                    None if !shape.preemptible && !points.is_empty() => break,
                    None => {}
                }
            }
            // A job that may not pause and would be cut short stays where it is: better idle than broken.
            if !shape.preemptible && !shape.is_done(work) && shape.running.is_none() {
                points.clear();
            }
            (-work, Candidate { region: r, points })
        });
        candidates.min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, candidate)| candidate)
    }

    /// A divisible job fills what is free, in order of time or price, and overloads the rest if it must.
    fn pour(&mut self, shape: &Shape, policy: Policy, periods: usize) -> Schedule {
        let points = shape.rate.len();
        let mut shares = vec![vec![vec![0.0; points]; periods]; self.free_mw.len()];
        let mut cells: Vec<(usize, usize)> =
            shape.regions().into_iter().flat_map(|r| (shape.first..shape.end).map(move |t| (r, t))).collect();
        cells.retain(|&(r, t)| shape.allowed(r, t));
        match policy {
            Policy::AtOnce => cells.sort_by_key(|&(r, t)| (t, r)),
            Policy::Cheapest => cells.sort_by(|a, b| self.price[a.0][a.1].total_cmp(&self.price[b.0][b.1])),
        }
        let mut left = shape.left;
        for within_capacity in [true, false] {
            for &(r, t) in &cells {
                let usable = (0..points).filter(|&l| shape.usable(r, t, l));
                let Some(l) = usable.max_by(|&a, &b| shape.rate[a].total_cmp(&shape.rate[b])) else { continue };
                let taken: f64 = shares[r][t].iter().sum();
                let mut share = (1.0 - taken).min(left / shape.rate[l]);
                if within_capacity && shape.power_mw[l] > 0.0 {
                    share = share.min(self.free_mw[r][t].max(0.0) / shape.power_mw[l]);
                }
                if share > 0.0 {
                    shares[r][t][l] += share;
                    left -= share * shape.rate[l];
                    self.free_mw[r][t] -= share * shape.power_mw[l];
                }
            }
        }
        Schedule::fluid(shares)
    }
}
