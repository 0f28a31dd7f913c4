//! Many jobs: prices by ascent, a bound over all jobs at these prices, schedules by tracking, energy by a last dispatch.

use super::ascent::{Pace, Top, climb};
use super::assemble::Decision;
use super::bound::Lagrangian;
use super::columns::Met;
use super::dual::{Grid, Point};
use super::reduce::Pool;
use super::track::{Pull, Track};
use super::{Run, quick};
use crate::schedule::Schedule;

/// Classes that stand for all while prices are far off: how many, for how many steps, the first and the last of what length.
const SAMPLES: [(usize, usize, f64, f64); 2] = [(2000, 80, 0.1, 0.01), (10_000, 40, 0.015, 0.002)];
/// Cells times classes of all steps with all jobs: about a second of one core.
const FULL_WORK: usize = 30_000_000;
/// Rounds of tracking: as many as a second or two of one core allow, within these.
const ROUNDS: (usize, usize) = (8, 80);
/// Steps after which the bound is looked at.
const LOOK: usize = 8;
/// Rounds without a better plan after which tracking ends: with few jobs, and with so many that the first rounds find what
/// there is to find.
const PATIENCE: (usize, usize) = (12, 3);
const MANY_JOBS: usize = 5000;
/// How strongly jobs are drawn to what regions supply at the prices, as many rounds as there is work for.
pub(crate) const THOROUGHLY: (usize, Pull) = (usize::MAX, Pull { first: 0.0005, growth: 1.0, follow: 0.25 });

/// Schedules and what they are estimated to cost.
pub(crate) struct Found {
    /// By class and member.
    pub(crate) schedules: Vec<Vec<Schedule>>,
    pub(crate) estimate: f64,
    /// Inferences by service, region, point and period at which the estimate holds; none where services choose by rule.
    pub(crate) services: Option<Services>,
}

/// Inferences by service, region, point and period.
pub(crate) type Services = Vec<Vec<Vec<Vec<f64>>>>;

/// Prices and their bound; none where there was no time for either.
/// `rough` where an LP makes them better.
pub(crate) fn prices(run: &Run<'_>, lagrangian: &Lagrangian<'_>, rough: bool) -> Option<Top> {
    let pool = lagrangian.pool;
    let all = pool.all();
    let mut point = lagrangian.grid.plain();
    let mut go_on = |_: usize, _: f64| !run.is_over();
    let mut sampled = false;
    for (size, steps, first, last) in SAMPLES {
        if all.len() > 2 * size {
            let stride = all.len() / size;
            let sample: Vec<u32> = all.iter().copied().step_by(stride).collect();
            let counted: f64 = sample.iter().map(|&c| pool.classes[c as usize].count()).sum();
            #[allow(clippy::cast_precision_loss)]
            let weight = pool.jobs as f64 / counted;
            point = climb(lagrangian, point, &sample, weight, Pace { first, last, steps }, &mut go_on).point;
            sampled = true;
        }
    }
    let pace = Pace {
        first: if sampled { 0.01 } else { 0.1 },
        last: 0.0004,
        steps: affordable(pool, all.len(), 6, if rough { 100 } else { 200 }),
    };
    let watch = &run.watch;
    let top = climb(lagrangian, point, &all, 1.0, pace, &mut |step, bound| {
        if bound.is_finite() && step % LOOK == 0 {
            watch.tell(None, Some(bound), 0);
        }
        !run.is_over()
    });
    if top.bound.is_finite() {
        watch.tell(None, Some(top.bound), 0);
    }
    (top.steps > 0).then_some(top)
}

/// Steps with `classes`, or rounds with as many jobs, that a second or two of one core allow, within limits.
pub(super) fn affordable(pool: &Pool<'_>, classes: usize, least: usize, most: usize) -> usize {
    (FULL_WORK / (classes * mean_work(pool)).max(1)).clamp(least, most)
}

/// Cells that pricing of a class looks at, in the mean; a job with more states counts its cells more often.
pub(super) fn mean_work(pool: &Pool<'_>) -> usize {
    let sum: usize = pool.classes.iter().map(|class| class.pricer.effort(class.shape)).sum();
    sum / pool.classes.len().max(1) + 1
}

/// Schedules near what regions supply at the prices; those met on the way are noted.
pub(crate) fn track(
    run: &Run<'_>,
    lagrangian: &Lagrangian<'_>,
    top: &Top,
    (most_rounds, pull): (usize, Pull),
    enough: f64,
    mut met: Option<&mut Met>,
) -> Option<Found> {
    let pool = lagrangian.pool;
    let rounds = affordable(pool, pool.jobs, ROUNDS.0, ROUNDS.1).min(most_rounds);
    let mut track = Track::new(lagrangian, top.point.clone(), &top.it_mw, pull);
    let mut best: Option<(f64, Vec<Vec<Schedule>>)> = None;
    let patience = if pool.jobs > MANY_JOBS { PATIENCE.1 } else { PATIENCE.0 };
    let mut idle = 0;
    for round in 0..rounds {
        if !track.round(round == 0, &|| !run.is_over()) {
            break;
        }
        let estimate = track.estimate();
        if let Some(met) = &mut met {
            met.add_all(&track.schedules);
        }
        idle += 1;
        if best.as_ref().is_none_or(|known| estimate < known.0) {
            best = Some((estimate, track.schedules.clone()));
            run.watch.tell(Some(estimate), None, 0);
            idle = 0;
        }
        let known = best.as_ref().map_or(f64::INFINITY, |known| known.0);
        if idle >= patience || known - top.bound <= enough * known.abs().max(1.0) {
            break;
        }
    }
    let (estimate, schedules) = best?;
    Some(Found { schedules, estimate, services: None })
}

/// The plan without a solver.
pub(crate) fn decide(run: &Run<'_>, grid: &Grid, point: &Point, schedules: Vec<Schedule>) -> Decision {
    let jobs_mw = quick::load(run.problem, &run.accounts(&schedules));
    let served = quick::serve(grid, point, &jobs_mw);
    quick::decide(run.problem, grid, point, &jobs_mw, &served, schedules)
}
