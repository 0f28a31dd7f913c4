//! The engines for many jobs, from the first plan to the last: a simple plan at once, prices and their bound, schedules
//! near what prices single out, energy by a last dispatch.

use super::again::{self, Start};
use super::ascent::Top;
use super::bound::Lagrangian;
use super::columns::{self, Columns, Met};
use super::dual::{Grid, Point};
use super::fallback::AtHand;
use super::reduce::Pool;
use super::{Answer, Broken, Run, assemble, choice, exact, fleet, market, quick};
use crate::plan::Plan;
use crate::schedule::Schedule;
use crate::{CapKind, Error, Result, Warm};

/// The plan, and the prices that its bound is made of.
pub(super) struct Made {
    pub(super) answer: Answer,
    /// GBP/MWh of IT power by region and period.
    pub(super) prices: Option<Vec<Vec<f64>>>,
    /// Whether the search has come to an end or to a plan of its own; otherwise it is one that was at hand.
    pub(super) found: bool,
}

pub(super) fn solve(
    run: &mut Run<'_>,
    at_hand: &AtHand,
    warm: Option<&Warm>,
    by_columns: bool,
) -> Result<Option<Made>> {
    let pool = Pool::new(run.problem, &run.ladder);
    let grid = Grid::new(run.problem, &run.ladder);
    let lagrangian = Lagrangian { pool: &pool, grid: &grid };
    let mut best = first(run, &grid, at_hand);
    run.watch.tell(Some(best.0), None, 0);
    let by_columns = by_columns && columns::suits(&pool);
    let mut met = Met::new(pool.classes.len());
    let mut found = false;
    let top = match warm.and_then(|warm| start(run, &grid, warm)) {
        Some(start) => again::solve(run, &lagrangian, start, best.0, &mut met).map(|(top, near)| {
            if let Some(near) = near {
                best = (near.estimate, pool.in_order(near.schedules));
                found = true;
            }
            top
        }),
        None => fleet::prices(run, &lagrangian, by_columns),
    };
    let Some(mut top) = top else { return Ok(None) };
    let mut services = None;
    let enough = run.settings.gap;
    if best.0 - top.bound > enough * best.0.abs().max(1.0) {
        let tracked = if by_columns {
            together(run, &lagrangian, &mut top, enough, met)?
        } else {
            match fleet::track(run, &lagrangian, &top, fleet::THOROUGHLY, enough, None) {
                Some(start) => Some(polish(run, &lagrangian, &top, start, STAGES)?),
                None => None,
            }
        };
        if let Some(tracked) = tracked.filter(|tracked| tracked.estimate < best.0) {
            best = (tracked.estimate, pool.in_order(tracked.schedules));
            services = tracked.services;
            found = true;
        }
    }
    if run.control.cancel.is_cancelled() && !found {
        return Err(Error::Cancelled);
    }
    let searched = !run.is_over();
    let answer = dispatch(run, &grid, &top.point, best, services, top.bound)?;
    let answer = Answer { bound: proved(run, &lagrangian, &top.point, top.bound, &answer), ..answer };
    let answer = closed(run, answer)?;
    let h = run.problem.horizon().step_h();
    let prices = top.point.it.chunks(grid.periods.max(1)).map(|of| of.iter().map(|price| price / h).collect());
    Ok(Some(Made { answer, prices: Some(prices.collect()), found: found || searched }))
}

/// Schedules chosen together: a first plan near the prices of the ascent, then prices from an LP over schedules, a plan near
/// these, and MILPs over what the LP leaves open.
fn together(
    run: &mut Run<'_>,
    lagrangian: &Lagrangian<'_>,
    top: &mut Top,
    enough: f64,
    mut met: Met,
) -> Result<Option<fleet::Found>> {
    let work = (lagrangian.pool.jobs * fleet::mean_work(lagrangian.pool)).max(1);
    let rounds = (FIRST_WORK / work).clamp(FIRST_ROUNDS.0, FIRST_ROUNDS.1);
    let Some(mut best) = fleet::track(run, lagrangian, top, (rounds, fleet::THOROUGHLY.1), enough, Some(&mut met))
    else {
        return Ok(None);
    };
    let is_done = |run: &Run<'_>, best: &fleet::Found, top: &Top| {
        run.is_over() || best.estimate - top.bound <= enough * best.estimate.abs().max(1.0)
    };
    // LP and MILPs of large problems take their time: one stage of ruin and recreate is cheaper, before the LP where a job
    // is priced quickly.
    let large = !columns::is_small(lagrangian.pool);
    let quickly = fleet::mean_work(lagrangian.pool) <= lagrangian.pool.cells;
    if large && quickly && !is_done(run, &best, top) {
        best = polish(run, lagrangian, top, best, 1)?;
    }
    if !is_done(run, &best, top)
        && let Some(mut columns) = Columns::new(run, lagrangian, top, &met)?
    {
        if let Some(nearer) = fleet::track(run, lagrangian, &columns.top(top.bound), fleet::THOROUGHLY, enough, None)
            && nearer.estimate < best.estimate
        {
            best = nearer;
        }
        best = exchanged(run, lagrangian, top, &mut columns, best)?;
        if large {
            best = polish(run, lagrangian, top, best, 1)?;
        }
        for _ in 0..TURNS {
            if is_done(run, &best, top) || columns.is_exhausted() {
                break;
            }
            let before = best.estimate;
            best = columns.improve(run, top.bound, best)?;
            if best.estimate < before {
                best = exchanged(run, lagrangian, top, &mut columns, best)?;
                best = polish(run, lagrangian, top, best, 1)?;
            }
        }
    }
    polish(run, lagrangian, top, best, STAGES).map(Some)
}

/// What may be open, as part of the cost, where exchanges are worth their time: farther off, MILPs gain more.
const NEAR: f64 = 3e-3;

/// Better schedules by exchanges, services dispatched anew before.
fn exchanged(
    run: &mut Run<'_>,
    lagrangian: &Lagrangian<'_>,
    top: &Top,
    columns: &mut Columns<'_>,
    best: fleet::Found,
) -> Result<fleet::Found> {
    let open = (best.estimate - top.bound) / best.estimate.abs().max(1.0);
    if run.is_over() || open <= run.settings.gap || open > NEAR || !run.has_time_for_dispatch() {
        return Ok(best);
    }
    let schedules = lagrangian.pool.in_order(best.schedules.clone());
    let Some(answer) = exact::dispatch_strictly(run, &schedules)? else { return Ok(best) };
    let services = answer.decision.services;
    let served = lagrangian.grid.served(run.problem, &services);
    Ok(match columns.exchange(run, top.bound, &best, served) {
        Some((estimate, schedules)) if estimate < best.estimate => {
            fleet::Found { schedules, estimate, services: Some(services) }
        }
        _ => best,
    })
}

/// MILPs at most, each followed by a stage of ruin and recreate where it found a better plan.
const TURNS: usize = 12;

/// Rounds of tracking before the LP, at least and at most, and cells times jobs of all of them.
const FIRST_ROUNDS: (usize, usize) = (4, 24);
const FIRST_WORK: usize = 6_000_000;

/// Stages of ruin and recreate, services dispatched anew before each; trials of all together, for each job and at most.
const STAGES: usize = 4;
const TRIALS_PER_JOB: usize = 400;
const MOST_TRIALS: usize = 200_000;
/// Trials times cells at most: each looks at all of them.
const TRIAL_WORK: usize = 25_000_000;
/// More jobs than this are not ruined and recreated: tracking alone is near enough.
const MOST_JOBS: usize = 5000;

/// Better schedules by ruin and recreate.
fn polish(
    run: &mut Run<'_>,
    lagrangian: &Lagrangian<'_>,
    top: &Top,
    start: fleet::Found,
    stages: usize,
) -> Result<fleet::Found> {
    let (pool, grid) = (lagrangian.pool, lagrangian.grid);
    let mut best = start;
    if pool.jobs > MOST_JOBS {
        return Ok(best);
    }
    let trials = (TRIALS_PER_JOB * pool.jobs).min(MOST_TRIALS).min(TRIAL_WORK / pool.cells.max(1)) / STAGES;
    for stage in 0..stages {
        let value = best.estimate;
        if run.is_over() || value - top.bound <= run.settings.gap * value.abs().max(1.0) || !run.has_time_for_dispatch()
        {
            break;
        }
        let schedules = pool.in_order(best.schedules.clone());
        let Some(answer) = exact::dispatch_strictly(run, &schedules)? else { break };
        let services = answer.decision.services;
        let served = grid.served(run.problem, &services);
        let services = Some(services);
        let seed = u64::from(run.settings.seed) + stage as u64;
        let mut ruin = super::ruin::Ruin::new(lagrangian, &top.point, best.schedules.clone(), served, seed);
        let (watch, gap, bound) = (run.watch.clone(), run.settings.gap, top.bound);
        let mut told = f64::INFINITY;
        let over = &*run;
        let (estimate, schedules) = ruin.search(trials, &mut |known| {
            if known < told - 1e-6 * known.abs() {
                told = known;
                watch.tell(Some(known), None, 0);
            }
            !over.is_over() && known - bound > 0.9 * gap * known.abs().max(1.0)
        });
        if estimate >= best.estimate - 0.02 * (best.estimate - bound) && stage > 0 {
            if estimate < best.estimate {
                best = fleet::Found { schedules, estimate, services };
            }
            break;
        }
        best = fleet::Found { schedules, estimate, services };
    }
    Ok(best)
}

/// The cheapest plan at hand, its cost without a solver.
fn first(run: &Run<'_>, grid: &Grid, at_hand: &AtHand) -> (f64, Vec<Schedule>) {
    let mut best: Option<(f64, &Vec<Schedule>)> = None;
    // With many jobs one look is enough.
    let others = at_hand.cheapest.len() <= 20_000;
    let others = others.then(|| [Some(at_hand.at_once(run.problem)), at_hand.shifted.as_ref()]);
    for schedules in std::iter::once(&at_hand.cheapest).chain(others.into_iter().flatten().flatten()) {
        let cost = quick::cost(run, grid, schedules);
        if best.is_none_or(|known| cost < known.0) {
            best = Some((cost, schedules));
        }
    }
    best.map_or((f64::INFINITY, Vec::new()), |(cost, schedules)| (cost, schedules.clone()))
}

/// Prices and load that the last solve handed over.
fn start(run: &Run<'_>, grid: &Grid, warm: &Warm) -> Option<Start> {
    let h = run.problem.horizon().step_h();
    let mut point = grid.plain();
    point.it = warm.prices(run.problem)?.into_iter().flatten().map(|price| price * h).collect();
    for (price, window) in point.cap.iter_mut().zip(&grid.windows) {
        let id = &run.problem.carbon_caps()[window.cap].id;
        let start = run.problem.horizon().start_of(window.range.start);
        let known = warm.cap_price_gbp_per_kg(id, start).unwrap_or(0.0);
        *price = known.clamp(0.0, window.price_gbp_per_kg);
    }
    Some(Start { point, it_mw: warm.it_mw(run.problem) })
}

/// Energy for the schedules: by a solver where there is time, else with services as they were when the schedules were made
/// for them.
fn dispatch(
    run: &mut Run<'_>,
    grid: &Grid,
    point: &Point,
    (estimate, schedules): (f64, Vec<Schedule>),
    services: Option<fleet::Services>,
    bound: f64,
) -> Result<Answer> {
    if run.has_time_for_dispatch()
        && let Some(answer) = exact::dispatch_strictly(run, &schedules)?
    {
        return Ok(Answer { bound, ..answer });
    }
    let decision = match services {
        Some(services) => quick::with_services(run, grid, point, services, schedules),
        None => fleet::decide(run, grid, point, schedules),
    };
    // What it costs to the penny is said of the plan that is made of it: making one takes seconds with many jobs.
    Ok(Answer { decision, objective: estimate, bound, broken: Broken::new() })
}

/// A gap above this is much.
const MUCH: f64 = 0.01;

/// What prices leave open where choices are few: one MILP of the whole problem goes on from the answer. It also keeps the
/// order of strict caps, which a price does not. Without nodes it is left out.
fn closed(run: &mut Run<'_>, answer: Answer) -> Result<Answer> {
    let strict = run.problem.carbon_caps().iter().any(|cap| cap.kind == CapKind::Strict);
    let open = answer.objective - answer.bound > run.settings.gap * answer.objective.abs().max(1.0);
    let much = answer.objective - answer.bound > MUCH * answer.objective.abs().max(1.0);
    let may = choice::is_small(run.problem, much) && run.settings.node_limit != Some(0) && run.has_time_for_dispatch();
    if !may || run.control.cancel.is_cancelled() || !(open || strict) {
        return Ok(answer);
    }
    let start = answer.decision.schedules.clone();
    let found = match market::solve(run, &mut |run, edit| exact::plan(run, &start, edit)) {
        Err(Error::Cancelled) => None,
        other => other?,
    };
    // Stopped on the way, it may have come no further in the order of strict caps.
    let better = |found: &Answer| if strict { !run.is_over() } else { found.objective <= answer.objective };
    Ok(match found {
        Some(found) if better(&found) => Answer { bound: found.bound.max(answer.bound), ..found },
        Some(found) => Answer { bound: found.bound.max(answer.bound), ..answer },
        None => answer,
    })
}

/// What the prices prove of the order in which strict caps are kept (docs/model.md). A plan that breaks no promise shows
/// that the best one exceeds the caps by no more in sum; one that breaks promises shows nothing, and the caps prove nothing.
fn proved(run: &Run<'_>, lagrangian: &Lagrangian<'_>, point: &Point, bound: f64, answer: &Answer) -> f64 {
    let windows = &lagrangian.grid.windows;
    if windows.iter().all(|window| !window.strict) {
        return bound;
    }
    let plan: Plan = assemble::plan(run, &answer.decision);
    let strict = |object: &str| {
        windows.iter().any(|window| window.strict && run.problem.carbon_caps()[window.cap].id.as_str() == object)
    };
    let (mut excess_kg, mut broken) = (0.0, false);
    for limit in &plan.broken_limits {
        match limit.rule.as_str() {
            "carbon_cap" if strict(&limit.object) => excess_kg += limit.amount,
            rule => broken |= super::strict::PROMISES.contains(&rule),
        }
    }
    if !broken {
        let dearest = windows.iter().zip(&point.cap).filter(|(window, _)| window.strict).map(|(_, price)| *price);
        return bound - dearest.fold(0.0, f64::max) * excess_kg;
    }
    let mut free = point.clone();
    for (price, _) in free.cap.iter_mut().zip(windows).filter(|(_, window)| window.strict) {
        *price = 0.0;
    }
    lagrangian.value(&free, &lagrangian.pool.all(), 1.0).bound
}
