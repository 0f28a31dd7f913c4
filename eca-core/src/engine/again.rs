//! A plan from what the last solve handed over: its prices are nearly right and so is its load, so that a plan near the two
//! is looked for after the first step of the ascent already, and after more steps where it is not good enough.

use super::Run;
use super::ascent::{Ascent, Pace, Top, climb};
use super::bound::Lagrangian;
use super::columns::Met;
use super::dual::Point;
use super::fleet::{self, Found};
use super::track::Pull;

/// What the last solve handed over.
pub(super) struct Start {
    pub(super) point: Point,
    /// IT load of the last plan, MW by cell; none where it is not known everywhere.
    pub(super) it_mw: Option<Vec<f64>>,
}

/// Steps of the ascent at most, and after how many (and after the first) a plan is looked for.
const STEPS: usize = 60;
const LEG: usize = 8;
const PACE: (f64, f64) = (0.003, 0.0004);
/// Rounds of tracking in each leg. The pull to a load that was a plan is stronger than that to one which is only supplied.
const ROUNDS: (usize, Pull) = (8, Pull { first: 0.01, growth: 1.0, follow: 0.25 });
/// So many legs like the last one must be enough for what is still missing, or there is no other.
const FAR: f64 = 4.0;

/// What is left after the legs needs better prices, and a load that many steps agree on.
const FURTHER: (f64, f64) = (0.03, 0.0004);

/// Prices, their bound and the best plan found on the way; none where there was no time for a bound. `at_hand` is what the
/// best plan known before costs, GBP.
pub(super) fn solve(
    run: &Run<'_>,
    lagrangian: &Lagrangian<'_>,
    start: Start,
    at_hand: f64,
    met: &mut Met,
) -> Option<(Top, Option<Found>)> {
    let pool = lagrangian.pool;
    let all = pool.all();
    let steps = fleet::affordable(pool, all.len(), 6, STEPS);
    let pace = Pace { first: PACE.0, last: PACE.1, steps };
    let mut ascent = Ascent::new(lagrangian, start.point, &all, 1.0, pace);
    let mut best: Option<Found> = None;
    let too_much = |best: &Option<Found>, bound: f64| {
        let known = best.as_ref().map_or(at_hand, |best| best.estimate.min(at_hand));
        known - bound - run.settings.gap * known.abs().max(1.0)
    };
    let mut missing = f64::INFINITY;
    while ascent.top.steps < steps {
        let until = if ascent.top.steps == 0 { 1 } else { (ascent.top.steps / LEG + 1) * LEG };
        while ascent.top.steps < until.min(steps) && !run.is_over() {
            ascent.step();
        }
        let bound = ascent.top.bound;
        if !bound.is_finite() {
            break;
        }
        run.watch.tell(None, Some(bound), 0);
        if too_much(&best, bound) <= 0.0 || run.is_over() {
            break;
        }
        let mut near = ascent.top.clone();
        if let Some(it_mw) = &start.it_mw {
            near.it_mw.clone_from(it_mw);
        }
        let found = fleet::track(run, lagrangian, &near, ROUNDS, run.settings.gap, Some(met));
        best = [best, found].into_iter().flatten().min_by(|a, b| a.estimate.total_cmp(&b.estimate));
        let before = std::mem::replace(&mut missing, too_much(&best, bound));
        if missing <= 0.0 || before - missing < missing / FAR {
            break;
        }
    }
    if too_much(&best, ascent.top.bound) > 0.0 && !run.is_over() {
        let pace = Pace { first: FURTHER.0, last: FURTHER.1, steps };
        let further = climb(lagrangian, ascent.top.point.clone(), &all, 1.0, pace, &mut |_, _| !run.is_over());
        if further.bound > ascent.top.bound {
            ascent.top = further;
        }
        run.watch.tell(None, Some(ascent.top.bound), 0);
    }
    let best = best.filter(|best| best.estimate < at_hand);
    (ascent.top.steps > 0).then_some((ascent.top, best))
}
