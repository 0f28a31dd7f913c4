//! Schedules to choose from: for each job all single runs, and for jobs with other rules what is cheapest at some prices.

use super::dice::Dice;
use crate::Problem;
use crate::schedule::{Account, Pricer, Prices, Schedule, Scratch, Shape, is_valid};

/// Most single runs of one job; of more, every so many-th is taken.
const MOST_RUNS: usize = 600;
/// Schedules of a job that are made by pricing it, each at other prices.
const PRICED: usize = 12;

/// A schedule that can be chosen.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) schedule: Schedule,
    /// Power by cell (`region * periods + period`), MW.
    pub(super) cells: Vec<(usize, f64)>,
    /// Carbon of its load, kg.
    pub(super) kg: f64,
    /// Periods after the deadline.
    pub(super) late: usize,
}

/// The choices of every job; copies share those of their job.
pub(super) struct Pool {
    pub(super) entries: Vec<Vec<Entry>>,
    /// Of each job, how many of its entries are not late: they come first.
    pub(super) in_time: Vec<usize>,
}

impl Pool {
    /// `open` is `problem` with every deadline at the end of the horizon; `kg` and `rent` are prices of one MW by cell.
    pub(super) fn new(problem: &Problem, open: &Problem, kg: &[f64], rent: &[f64]) -> Self {
        let periods = open.horizon().periods;
        let mut dice = Dice::new(1);
        let mut scratch = Scratch::default();
        let mut pool = Self { entries: Vec::new(), in_time: Vec::new() };
        for (shape, own) in open.shapes().iter().zip(problem.shapes()) {
            let mut schedules = runs(shape, periods);
            let plain =
                shape.rate.len() == 1 && !shape.preemptible && shape.home.is_none() && shape.migration.is_none();
            if !plain || shape.divisible {
                schedules.extend(priced(shape, own.end, [kg, rent], periods, &mut dice, &mut scratch));
            }
            let mut entries: Vec<Entry> =
                schedules.into_iter().map(|s| entry(shape, own.end, s, kg, periods)).collect();
            entries.sort_by_key(|entry| entry.late);
            pool.in_time.push(entries.iter().filter(|entry| entry.late == 0).count());
            pool.entries.push(entries);
        }
        pool
    }
}

fn entry(shape: &Shape, end: usize, schedule: Schedule, kg: &[f64], periods: usize) -> Entry {
    let account = Account::new(shape, &schedule);
    let cells: Vec<(usize, f64)> =
        account.steps.iter().map(|step| (step.region * periods + step.period, step.mw)).collect();
    Entry {
        kg: cells.iter().map(|&(cell, mw)| kg[cell] * mw).sum(),
        late: account.finished.map_or(0, |last| (last + 1).saturating_sub(end)),
        cells,
        schedule,
    }
}

/// Every run at one point without a pause that does all the work.
fn runs(shape: &Shape, periods: usize) -> Vec<Schedule> {
    let mut all = Vec::new();
    if shape.divisible || shape.is_done(0.0) {
        return all;
    }
    for r in shape.regions() {
        for l in 0..shape.rate.len() {
            let length = shape.need(l);
            for from in shape.first..(shape.end + 1).saturating_sub(length).min(periods) {
                if (from..from + length).all(|t| shape.usable(r, t, l)) {
                    let schedule = Schedule::from_works((from..from + length).map(|t| (t, r, l)));
                    if shape.home.is_none() || is_valid(shape, &schedule) {
                        all.push(schedule);
                    }
                }
            }
        }
    }
    let every = all.len().div_ceil(MOST_RUNS).max(1);
    all.into_iter().step_by(every).collect()
}

/// What is cheapest at prices near those of carbon, of scarce capacity, or of both.
fn priced(
    shape: &Shape,
    end: usize,
    [kg, rent]: [&[f64]; 2],
    periods: usize,
    dice: &mut Dice,
    scratch: &mut Scratch,
) -> Vec<Schedule> {
    let pricer = Pricer::new(shape);
    let dearest = kg.iter().zip(rent).map(|(a, b)| a.abs() + b.abs()).fold(1e-6, f64::max);
    let mut all: Vec<Schedule> = Vec::new();
    for k in 0..PRICED {
        let part = dice.unit();
        let wide = if k == 0 { 0.0 } else { dice.unit() };
        let mut prices: Vec<f64> = kg.iter().zip(rent).map(|(kg, rent)| kg + part * rent).collect();
        for (cell, price) in prices.iter_mut().enumerate() {
            *price += wide * dearest * dice.unit();
            // Every third looks beyond the deadline.
            if cell % periods >= end && k % 3 != 2 {
                *price += 1e4 * dearest;
            }
        }
        let prices = Prices { periods, mw: &prices, millions: &[], square: &[], room: &[], overload: 0.0, own: 0.0 };
        if let Some(found) = pricer.cheapest(shape, 0.0, &prices, scratch)
            && !all.contains(&found.schedule)
        {
            all.push(found.schedule);
        }
    }
    all
}
