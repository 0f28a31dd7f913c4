//! Prices against differences: each limit of a random problem is moved a little both ways, and what the energy side of
//! the plan then costs is compared with what its explanation said.
//!
//! The cost is convex in each limit, so that a price lies between the differences on both sides; where they are equal the
//! price must be that difference. `ECA_TEST_SCALE=large` takes ten times as many problems.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use eca_benches::generator::{Dice, Size, problem};
use eca_core::explain::Explanation;
use eca_core::{CapKind, CapMetric, Plan, Problem, ProblemDocument, Series, Settings};
use std::collections::BTreeMap;

/// Limits are moved by this, in their unit.
const STEP: f64 = 1e-2;
/// Prices and differences agree within this part.
const TOLERANCE: f64 = 1e-4;

fn count() -> u64 {
    if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 5000 } else { 500 }
}

fn size(seed: u64) -> Size {
    match seed % 50 {
        0 => Size::Medium,
        1..=9 => Size::Small,
        _ => Size::Tiny,
    }
}

/// Moves one number of the document by so much.
type Apply = Box<dyn Fn(&mut ProblemDocument, f64)>;

/// One number of the document, how far it is moved, and what the cost is said to change by for each unit.
struct Move {
    kind: &'static str,
    slope: f64,
    step: f64,
    bends: bool,
    apply: Apply,
}

fn one(kind: &'static str, slope: f64, apply: impl Fn(&mut ProblemDocument, f64) + 'static) -> Move {
    Move { kind, slope, step: STEP, bends: false, apply: Box::new(apply) }
}

/// One value of a series, the others as they are.
fn bump(series: &mut Series, periods: usize, t: usize, by: f64) {
    let mut values: Vec<f64> = (0..periods).map(|t| series.at(t)).collect();
    values[t] += by;
    *series = values.into();
}

/// A period with a price where there is one: limits that do not bind say little.
fn dear(values: &[f64], dice: &mut Dice) -> usize {
    let priced: Vec<usize> = (0..values.len()).filter(|&t| values[t].abs() > 1e-6).collect();
    if priced.is_empty() || dice.chance(0.2) { dice.whole(0, values.len() - 1) } else { dice.of(&priced) }
}

fn region_moves(problem: &Problem, found: &Explanation, dice: &mut Dice) -> Vec<Move> {
    let r = dice.whole(0, found.regions.len() - 1);
    let (region, prices, n) = (&problem.regions()[r], &found.regions[r], problem.horizon().periods);
    let h = problem.horizon().step_h();
    let mut moves = Vec::new();
    let t = dear(&prices.it_capacity_gbp_per_mw, dice);
    moves.push(one("it_capacity", -prices.it_capacity_gbp_per_mw[t], move |d, by| {
        bump(&mut d.regions[r].it_capacity_mw, n, t, by);
    }));
    let t = dear(&prices.import_limit_gbp_per_mw, dice);
    if region.congestion_limit_mw.is_none() {
        moves.push(one("import_limit", -prices.import_limit_gbp_per_mw[t], move |d, by| {
            bump(&mut d.regions[r].import_limit_mw, n, t, by);
        }));
    }
    let t = dice.whole(0, n - 1);
    // A cap on the average is looser where there is more facility energy, overhead too.
    let averages = problem.carbon_caps().iter().any(|cap| cap.metric == CapMetric::GPerKwh);
    if !averages {
        moves.push(one("site_energy", prices.site_energy_gbp_per_mwh[t] * h, move |d, by| {
            bump(&mut d.regions[r].overhead_mw, n, t, by);
        }));
    }
    let t = dear(&prices.export_limit_gbp_per_mw, dice);
    moves.push(one("export_limit", -prices.export_limit_gbp_per_mw[t], move |d, by| {
        bump(&mut d.regions[r].export_limit_mw, n, t, by);
    }));
    let t = dear(&prices.solar_gbp_per_mw, dice);
    if region.solar_mw.at(t) > 0.0 {
        moves.push(one("solar", -prices.solar_gbp_per_mw[t], move |d, by| {
            bump(&mut d.regions[r].solar_mw, n, t, by);
        }));
    }
    moves
}

fn battery_moves(problem: &Problem, found: &Explanation, dice: &mut Dice) -> Vec<Move> {
    let mut moves = Vec::new();
    if found.batteries.is_empty() {
        return moves;
    }
    let b = dice.whole(0, found.batteries.len() - 1);
    let (battery, prices) = (&problem.batteries()[b], &found.batteries[b]);
    // Below its reserve, what is in store is the floor too.
    if battery.soc_mwh >= battery.soc_min_mwh + STEP || battery.soc_min_mwh == 0.0 {
        moves.push(one("stored", -prices.stored_gbp_per_mwh[0], move |d, by| d.batteries[b].soc_mwh += by));
    }
    if battery.soc_mwh > battery.soc_min_mwh {
        moves.push(one("reserve", prices.reserve_gbp_per_mwh, move |d, by| d.batteries[b].soc_min_mwh += by));
    }
    moves.push(one("battery_power", -prices.power_capacity_gbp_per_mw, move |d, by| {
        d.batteries[b].power_capacity_mw += by;
    }));
    moves.push(one("battery_energy", -prices.energy_capacity_gbp_per_mwh, move |d, by| {
        d.batteries[b].energy_capacity_mwh += by;
    }));
    if let Some(end) = battery.end_soc_min_mwh {
        moves.push(one("end_soc", prices.end_soc_gbp_per_mwh, move |d, by| {
            d.batteries[b].end_soc_min_mwh = Some(end + by);
        }));
    }
    moves
}

fn other_moves(problem: &Problem, plan: &Plan, found: &Explanation, dice: &mut Dice) -> Vec<Move> {
    let mut moves = Vec::new();
    if !found.carbon_caps.is_empty() {
        let c = dice.whole(0, found.carbon_caps.len() - 1);
        let (cap, prices) = (&problem.carbon_caps()[c], &found.carbon_caps[c]);
        // A limit on an average allows so much for each unit of it.
        let allowed = |window: &eca_core::explain::CapWindowPrice| match cap.metric {
            CapMetric::Kg => 1.0,
            _ => window.limit_kg / cap.limit,
        };
        let slope: f64 = prices.windows.iter().map(|window| -window.carbon_gbp_per_kg * allowed(window)).sum();
        // A strict cap has room for the rounding of the plan; a step is well above it.
        let room = if cap.kind == CapKind::Strict { 1e-4 * plan.totals.carbon_kg.max(1.0) } else { 0.0 };
        let step = STEP * cap.limit;
        if cap.limit > 0.0 && prices.windows.iter().all(|window| step * allowed(window) >= room) {
            let apply = move |d: &mut ProblemDocument, by: f64| d.carbon_caps[c].limit += by;
            moves.push(Move {
                kind: "carbon_cap",
                slope,
                step,
                bends: cap.metric != CapMetric::Kg,
                apply: Box::new(apply),
            });
        }
    }
    if !found.services.is_empty() {
        let (s, n) = (dice.whole(0, found.services.len() - 1), problem.horizon().periods);
        let t = dice.whole(0, n - 1);
        let millions = STEP;
        let apply = move |d: &mut ProblemDocument, by: f64| bump(&mut d.services[s].demand_inferences, n, t, by * 1e6);
        let slope = found.services[s].serving_gbp_per_million[t];
        moves.push(Move { kind: "serving", slope, step: millions, bends: false, apply: Box::new(apply) });
    }
    // More power for a job, everywhere: its energy, priced where and when it runs. Default prices of promises look at the
    // energy of jobs, so only where none is paid.
    if !found.jobs.is_empty() && plan.broken_limits.is_empty() {
        let i = dice.whole(0, found.jobs.len() - 1);
        let j = problem.jobs().iter().position(|job| job.id == found.jobs[i].id).unwrap();
        // Energy of pauses and moves does not grow with power.
        let job = &problem.jobs()[j];
        let plain = job.pause_energy_mwh == 0.0 && job.migration.is_none_or(|migration| migration.energy_mwh == 0.0);
        let slope: f64 = found.jobs.iter().filter(|worth| worth.id == job.id).map(|worth| worth.energy_gbp).sum();
        if plain {
            let apply = move |d: &mut ProblemDocument, by: f64| {
                d.jobs[j].points.iter_mut().for_each(|point| point.power_mw *= 1.0 + by);
            };
            moves.push(Move { kind: "job_energy", slope, step: 1e-3, bends: false, apply: Box::new(apply) });
        }
    }
    moves
}

/// The cost with a limit moved; none where the document is refused (a job no longer fits, a limit below zero) or the
/// schedules cannot be run under a strict cap.
fn moved(problem: &Problem, plan: &Plan, change: &Move, by: f64) -> Option<f64> {
    let mut document = problem.document().clone();
    (change.apply)(&mut document, by);
    plan.dispatch_gbp(&Problem::from_document(document).ok()?).ok()
}

#[derive(Default)]
struct Tally {
    compared: u64,
    /// The differences on both sides are the same.
    smooth: u64,
    /// And not zero: the price says something.
    priced: u64,
    /// At the end of what is possible: one difference only.
    one_sided: u64,
}

#[test]
fn prices_are_differences() {
    let mut tallies = BTreeMap::<&'static str, Tally>::new();
    let (mut failures, mut explained) = (Vec::new(), 0);
    for seed in 1..=count() {
        let problem = problem(seed, size(seed));
        let mut settings = Settings::default();
        (settings.gap, settings.node_limit, settings.references) = (1e-2, Some(1), false);
        // Some running jobs can neither go on nor stop by their own rules.
        let Ok(plan) = problem.solve(&settings) else { continue };
        let found = plan.explain(&problem).unwrap_or_else(|error| panic!("seed {seed}: {error}"));
        explained += 1;
        let dice = &mut Dice::new(seed);
        let mut moves = region_moves(&problem, &found, dice);
        moves.extend(battery_moves(&problem, &found, dice));
        moves.extend(other_moves(&problem, &plan, &found, dice));
        let now = plan.dispatch_gbp(&problem).unwrap();
        for change in moves {
            let (step, slope) = (change.step, change.slope);
            let right = moved(&problem, &plan, &change, step).map(|cost| (cost - now) / step);
            let left = moved(&problem, &plan, &change, -step).map(|cost| (now - cost) / step);
            let tolerance = TOLERANCE * slope.abs().max(1.0) + 1e-9 * now.abs() / step;
            let tally = tallies.entry(change.kind).or_default();
            let (low, high) = match (left, right) {
                // The limit of an average is a factor: the cost is smooth in it, but may bend either way.
                (Some(left), Some(right)) if change.bends => (Some(left.min(right)), Some(left.max(right))),
                other => other,
            };
            if low.is_some_and(|low| slope < low - tolerance) || high.is_some_and(|high| slope > high + tolerance) {
                failures.push(format!("seed {seed} {}: {left:?} <= {slope} <= {right:?}", change.kind));
            }
            match (left, right) {
                (Some(left), Some(right)) => {
                    tally.compared += 1;
                    let smooth = (right - left).abs() <= 2.0 * tolerance;
                    tally.smooth += u64::from(smooth);
                    tally.priced += u64::from(smooth && slope.abs() > 1e-3);
                }
                (None, None) => {}
                _ => tally.one_sided += 1,
            }
        }
    }
    println!("{explained} explained; compared, same on both sides, of these with a price, with one side only:");
    for (kind, tally) in &tallies {
        println!("  {kind}: {} {} {} {}", tally.compared, tally.smooth, tally.priced, tally.one_sided);
    }
    assert!(failures.is_empty(), "{} prices are no differences:\n{}", failures.len(), failures.join("\n"));
    assert!(explained * 10 >= count() * 9, "{explained} explained");
    let all = |of: fn(&Tally) -> u64| tallies.values().map(of).sum::<u64>();
    assert!(all(|t| t.smooth) * 10 >= all(|t| t.compared) * 8, "most limits must have one price");
    for (kind, tally) in &tallies {
        assert!(tally.priced >= 5, "{kind}: too few prices to say anything");
    }
}
