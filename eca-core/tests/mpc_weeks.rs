//! SCENARIOS B: weeks of long interruptible jobs under forecasts that are wrong, the more so the further they look.
//!
//! Jobs come in working hours and are due the next working morning, or the next Monday or Thursday morning. The series is
//! carbon intensity; jobs are planned by it. A forecast made at `s` for `t` errs by what an AR(1) process gathers from `s`
//! to `t`: errors of neighbouring hours are alike, and grow with the lead to what published forecasts show.
// With the pure-Rust solver it would take minutes and show nothing that shorter tests do not.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and says what it found")]

mod mpc_support;

use eca_core::mpc::{Policy, Realised, Simulation, perfect, simulate};
use eca_core::{Engine, Horizon, Job, JobPoint, Problem, ProblemDocument, Region, Series, Timestamp};
use mpc_support::{Dice, file};

/// A week and the Monday morning after it.
const HOURS: usize = 7 * 24 + 9;
/// What one hour adds to the error of a forecast, g/kWh, and how much of the error the next hour keeps.
const ERROR: (f64, f64) = (12.0, 0.9);

/// Hourly carbon intensity from a Monday, 00:00 UTC, on.
fn synthetic(dice: &mut Dice) -> Vec<f64> {
    let (mut wind, phase) = (0.0, dice.part() * 6.3);
    let hour = |t: usize| std::f64::consts::TAU * t as f64 / 24.0;
    let daily = |t: usize| 35.0 * (hour(t) - 2.6).sin() + 12.0 * (2.0 * hour(t) + phase).sin();
    let next = |t: usize| {
        wind = 0.98 * wind + 9.0 * dice.normal();
        (180.0 + daily(t) + wind).max(15.0)
    };
    (0..HOURS).map(next).collect()
}

/// Weeks of Great Britain, January to June 2020: hourly means of what was measured.
fn measured() -> Option<Vec<Vec<f64>>> {
    let mut hours: Vec<(f64, f64)> = vec![(0.0, 0.0); 182 * 24];
    let start = Timestamp::parse("2020-01-01T00:00:00Z").unwrap();
    for month in 1..=6 {
        for line in file(&format!("grid/neso_gb_carbon_2020_{month:02}.csv"))?.lines().skip(1) {
            let mut fields = line.split(',');
            let at: Timestamp = fields.next().unwrap().parse().unwrap();
            let hour = usize::try_from(at.minutes_since(start) / 60).unwrap();
            if let Ok(value) = fields.next().unwrap().parse::<f64>() {
                hours[hour].0 += value;
                hours[hour].1 += 1.0;
            }
        }
    }
    // 6 January 2020 was a Monday. A week with a hole is left out.
    let week = |w: usize| hours.get(5 * 24 + w * 168..5 * 24 + w * 168 + HOURS);
    let weeks = (0..26).filter_map(week).filter(|week| week.iter().all(|hour| hour.1 > 0.0));
    Some(weeks.map(|week| week.iter().map(|(sum, n)| sum / n).collect()).collect())
}

/// Two jobs a working day: one due the next working morning, one the next Monday or Thursday morning.
fn jobs(dice: &mut Dice, start: Timestamp) -> Vec<Job> {
    let mut jobs = Vec::new();
    for day in 0..5 {
        for semi_weekly in [false, true] {
            let from = day * 24 + dice.whole(9, 16);
            let due = match (day, semi_weekly) {
                (4, _) | (3, true) => 7 * 24 + 9,
                (0..=2, true) => 3 * 24 + 9,
                _ => (day + 1) * 24 + 9,
            };
            let work = dice.whole(3, 10.min(due - from)) as f64;
            let hour = |t: usize| start.plus_min(60 * t as i64);
            let job = Job::gpu_hours(format!("{day}-{semi_weekly}"), work, [JobPoint::gpu_hours(1.0, 1.0)]);
            jobs.push(job.preemptible(true).earliest_start(hour(from)).deadline(hour(due)));
        }
    }
    jobs
}

fn week(series: &[f64], jobs_dice: &mut Dice) -> ProblemDocument {
    let start = Timestamp::parse("2026-03-02T00:00:00Z").unwrap();
    let region = Region::new("gb")
        .it_capacity_mw(100.0)
        .import_limit_mw(100.0)
        .import_price_gbp_per_mwh(series)
        .carbon_g_per_kwh(series);
    let horizon = Horizon::new(start, 60, series.len()).unwrap();
    let builder = Problem::builder(horizon).region(region);
    let builder = jobs(jobs_dice, start).into_iter().fold(builder, |builder, job| builder.job(job));
    builder.build().unwrap().document().clone()
}

/// Forecasts with the errors of one week: `news[t]` is what becomes known in hour `t`.
fn forecast<'a>(world: &'a ProblemDocument, news: &'a [f64]) -> impl FnMut(Timestamp, &mut ProblemDocument) + 'a {
    move |now, part| {
        let s = world.horizon.period_of(now).unwrap();
        let mut error = 0.0;
        let expected = part.regions[0].carbon_g_per_kwh.clone();
        let values = (0..part.horizon.periods).map(|i| {
            error = ERROR.1 * error + news[s + i];
            (expected.at(i) - error).max(1.0)
        });
        let values: Vec<f64> = values.collect();
        part.regions[0].import_price_gbp_per_mwh = Series::Values(values.clone());
        part.regions[0].carbon_g_per_kwh = Series::Values(values);
    }
}

fn walk(
    world: &ProblemDocument,
    policy: Policy,
    forecast: &mut dyn FnMut(Timestamp, &mut ProblemDocument),
) -> Realised {
    let mut simulation = Simulation::default();
    simulation.policy = policy;
    simulation.view_periods = 96;
    // A few jobs that share nothing scarce: prices settle it, no MILP is needed.
    simulation.controller.solve.engine = Engine::Columns;
    let realised = simulate(world, &simulation, forecast).unwrap();
    assert!(realised.late.is_empty() && realised.open.is_empty(), "{policy:?}: {realised:?}");
    realised
}

/// Mean and half the width of its 95 % interval.
fn mean(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (n - 1.0);
    // Student's quantile: 1.96 for many weeks, 2.05 for 30.
    (mean, (1.96 + 2.5 / n) * (variance / n).sqrt())
}

/// Carbon saved against running at once, % of it: planned once, again and again, with perfect forecasts.
fn compare(what: &str, weeks: &[Vec<f64>], seeds: usize) {
    let mut gains = Vec::new();
    let mut saved = [0.0; 3];
    let mut base = 0.0;
    for seed in 0..seeds {
        let mut dice = Dice::new(1 + seed as u64);
        let series = weeks.get(seed % weeks.len().max(1)).cloned().unwrap_or_else(|| synthetic(&mut dice));
        let world = week(&series, &mut dice);
        let news: Vec<f64> = (0..HOURS).map(|_| ERROR.0 * dice.normal()).collect();
        let kg = |realised: &Realised| realised.entry.carbon_kg;
        let at_once = kg(&walk(&world, Policy::RunAtOnce, &mut perfect));
        let once = kg(&walk(&world, Policy::PlanOnce, &mut forecast(&world, &news)));
        let again = kg(&walk(&world, Policy::Replan, &mut forecast(&world, &news)));
        // With capacity for all, planning each job once with a perfect forecast is the optimum.
        let best = kg(&walk(&world, Policy::PlanOnce, &mut perfect));
        assert!(best <= once + 1e-6 && best <= again + 1e-6, "seed {seed}: {best}, {once}, {again}");
        base += at_once;
        for (sum, kg) in saved.iter_mut().zip([once, again, best]) {
            *sum += at_once - kg;
        }
        gains.push(100.0 * (once - again) / at_once);
    }
    let (gain, half) = mean(&gains);
    println!(
        "{what}, {seeds} weeks: saved once {:.2} %, again and again {:.2} %, perfect {:.2} %; planning again gains {gain:.3} +- {half:.3} % (95 %)",
        100.0 * saved[0] / base,
        100.0 * saved[1] / base,
        100.0 * saved[2] / base
    );
    assert!(gain - half > 0.0, "{what}: {gain} +- {half}");
}

/// 200 weeks with `ECA_TEST_SCALE=large`.
#[allow(clippy::disallowed_methods, reason = "the size of a test")]
fn seeds(quick: usize) -> usize {
    if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 200 } else { quick }
}

#[test]
fn planning_again_beats_planning_once_on_synthetic_weeks() {
    compare("synthetic", &[], seeds(20));
}

#[test]
fn planning_again_beats_planning_once_on_measured_weeks() {
    let Some(weeks) = measured() else { return };
    assert!(weeks.len() >= 20, "{}", weeks.len());
    compare("GB 2020", &weeks, seeds(weeks.len()));
}
