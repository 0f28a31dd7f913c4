//! What one solve hands to the next, with numbers worked out by hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use super::Warm;
use crate::schedule::is_valid;
use crate::{Control, DeadlineKind, Horizon, Job, JobPoint, JobState, Migration, Problem, Region, Settings, Timestamp};

fn at(h: u32) -> Timestamp {
    Timestamp::parse("2026-03-02T00:00:00Z").unwrap().plus_min(i64::from(h) * 60)
}

/// `periods` hours from hour `from` of 2 March 2026.
fn later(from: u32, periods: usize) -> Horizon {
    Horizon::new(at(from), 60, periods).unwrap()
}

fn hours(periods: usize) -> Horizon {
    later(0, periods)
}

fn site(id: &str, price: impl Into<crate::Series>) -> Region {
    Region::new(id).it_capacity_mw(10.0).import_limit_mw(20.0).import_price_gbp_per_mwh(price)
}

/// A job of so many hours at 1 MW.
fn job(hours: f64) -> Job {
    Job::gpu_hours("j", hours, [JobPoint::gpu_hours(1.0, 1.0)])
}

fn problem(horizon: Horizon, region: Region, jobs: impl IntoIterator<Item = Job>) -> Problem {
    jobs.into_iter().fold(Problem::builder(horizon).region(region), |builder, job| builder.job(job)).build().unwrap()
}

fn hand_over(problem: &Problem) -> Warm {
    problem.solve_warm(&Settings::default(), &Control::default(), None).unwrap().warm
}

/// Where each job works: the first letter of the region for each period, or a dot.
fn places(problem: &Problem, warm: &Warm) -> Vec<String> {
    let schedules = warm.schedules(problem);
    assert!(problem.shapes().iter().zip(&schedules).all(|(shape, schedule)| is_valid(shape, schedule)));
    let letter = |cell: &Option<(usize, usize)>| {
        cell.map_or('.', |(r, _)| problem.regions()[r].id.as_str().chars().next().unwrap())
    };
    let periods = problem.horizon().periods;
    schedules.iter().map(|schedule| schedule.by_period(periods).iter().map(letter).collect()).collect()
}

fn place(problem: &Problem, warm: &Warm) -> String {
    places(problem, warm).remove(0)
}

#[track_caller]
fn near_all(found: &[f64], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}: {found:?}");
    assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-9), "{what}: {found:?}, expected {expected:?}");
}

fn running(region: &str, done_gpu_hours: f64, since: Timestamp) -> JobState {
    let text =
        format!(r#"{{"region":"{region}","point":0,"done_gpu_hours":{done_gpu_hours},"running_since":"{since}"}}"#);
    serde_json::from_str(&text).unwrap()
}

fn priced(warm: Warm, problem: &Problem, prices: &[&[f64]]) -> Warm {
    warm.with_prices(problem, prices.iter().map(|prices| prices.to_vec()).collect())
}

#[test]
fn prices_move_with_the_clock() {
    let first = problem(hours(4), site("a", 50.0), []);
    let warm = priced(hand_over(&first), &first, &[&[10.0, 20.0, 30.0, 40.0]]);
    let next = problem(later(1, 3), site("a", 50.0), []);
    near_all(&warm.prices(&next).unwrap()[0], &[20.0, 30.0, 40.0], "one hour later");
    // Less than a day is known: the last price goes on.
    let next = problem(later(2, 4), site("a", 50.0), []);
    near_all(&warm.prices(&next).unwrap()[0], &[30.0, 40.0, 40.0, 40.0], "two hours later");
    let next = problem(later(30, 2), site("a", 50.0), []);
    near_all(&warm.prices(&next).unwrap()[0], &[40.0, 40.0], "long after");
}

#[test]
fn after_the_known_day_the_same_time_of_day_is_expected() {
    let first = problem(hours(26), site("a", 50.0), []);
    let known: Vec<f64> = (0..26).map(f64::from).collect();
    let warm = priced(hand_over(&first), &first, &[&known]);
    let next = problem(later(24, 27), site("a", 50.0), []);
    let prices = warm.prices(&next).unwrap().remove(0);
    // Hours 24 and 25 are known; 26 is hour 2, ..., 47 is hour 23, 48 is hour 24 again, 49 is 25, 50 is hour 2.
    near_all(&prices[..4], &[24.0, 25.0, 2.0, 3.0], "from 24 on");
    near_all(&prices[23..], &[23.0, 24.0, 25.0, 2.0], "from 47 on");
}

#[test]
fn prices_are_found_by_name_and_on_another_step() {
    let two = |horizon: Horizon, first: &str, second: &str| {
        let region = |id: &str| site(id, 70.0).pue_slope(1.5).network_charge_gbp_per_mwh(10.0);
        Problem::builder(horizon).region(region(first)).region(region(second)).build().unwrap()
    };
    let first = two(hours(2), "a", "b");
    let warm = priced(hand_over(&first), &first, &[&[1.0, 2.0], &[3.0, 4.0]]);
    let half_hours = Horizon::new(at(0), 30, 4).unwrap();
    let prices = warm.prices(&two(half_hours, "b", "new")).unwrap();
    near_all(&prices[0], &[3.0, 3.0, 4.0, 4.0], "b in half hours");
    near_all(&prices[1], &[120.0; 4], "a new region: its own energy price, 1.5 * (70 + 10)");
    let none = hand_over(&first);
    assert!(none.prices(&first).is_none());
}

#[test]
fn prices_of_energy_follow_the_forecast_and_rents_stay() {
    // Old energy prices are 1.5 * (30 + 10) = 60. A price of 60 is energy alone, 100 has a rent of 40, 20 is own power.
    let region = |price: [f64; 3]| site("a", price).pue_slope(1.5).network_charge_gbp_per_mwh(10.0);
    let first = problem(hours(3), region([30.0; 3]), []);
    let warm = priced(hand_over(&first), &first, &[&[60.0, 100.0, 20.0]]);
    let prices = |import: [f64; 3]| warm.prices(&problem(hours(3), region(import), [])).unwrap().remove(0);
    near_all(&prices([30.0; 3]), &[60.0, 100.0, 20.0], "the same forecast");
    near_all(&prices([40.0; 3]), &[75.0, 100.0, 35.0], "10 GBP/MWh more: 15 with the power for cooling");
    near_all(&prices([70.0; 3]), &[120.0, 120.0, 80.0], "energy dearer than energy and rent were");
    near_all(&prices([-30.0; 3]), &[-30.0, 100.0, -70.0], "negative prices");
}

#[test]
fn the_load_moves_with_the_clock() {
    // Cheapest: 1 MW in hours 1 and 2.
    let price = [90.0, 10.0, 20.0, 80.0];
    let warm = hand_over(&problem(hours(4), site("a", price), [job(2.0)]));
    near_all(&warm.it_mw(&problem(later(1, 3), site("a", 50.0), [])).unwrap(), &[1.0, 1.0, 0.0], "an hour later");
    assert_eq!(warm.it_mw(&problem(hours(4), site("new", 50.0), [])), None);
}

#[test]
fn prices_of_caps_are_those_of_the_window_or_the_one_before() {
    let first = problem(hours(2), site("a", 50.0), []);
    let mut warm = hand_over(&first);
    let cap = crate::problem::CapId::from("day");
    warm.cap_prices_gbp_per_kg.insert(cap.clone(), [(at(0), 0.1), (at(24), 0.2)].into());
    assert_eq!(warm.cap_price_gbp_per_kg(&cap, at(0)), Some(0.1));
    assert_eq!(warm.cap_price_gbp_per_kg(&cap, at(23)), Some(0.1));
    assert_eq!(warm.cap_price_gbp_per_kg(&cap, at(48)), Some(0.2));
    assert_eq!(warm.cap_price_gbp_per_kg(&cap, at(0).plus_min(-60)), Some(0.1));
    assert_eq!(warm.cap_price_gbp_per_kg(&"other".into(), at(0)), None);
}

#[test]
fn the_last_plan_goes_on_an_hour_later() {
    // Cheapest: hours 1, 2 and 4. An hour later nothing has been done, and prices are the other way round.
    let price = [90.0, 10.0, 20.0, 80.0, 30.0, 90.0];
    let work = || job(3.0).preemptible(true).pause_cost_gbp(1.0);
    let warm = hand_over(&problem(hours(6), site("a", price), [work()]));
    let next = problem(later(1, 5), site("a", [90.0, 80.0, 10.0, 70.0, 20.0]), [work()]);
    assert_eq!(place(&next, &warm), "aa.a.");
    // As a start it does no harm: hours 2, 3 and 4 of the new horizon.
    let plan = next.solve_warm(&Settings::default(), &Control::default(), Some(&warm)).unwrap().plan;
    assert!((plan.totals.cost_gbp - 100.0).abs() < 1e-6, "{plan}");
}

#[test]
fn a_job_that_did_less_than_planned_goes_on_and_one_that_did_more_stops() {
    let price = [10.0, 20.0, 30.0, 40.0, 50.0];
    let warm = hand_over(&problem(hours(5), site("a", price), [job(3.0).preemptible(true)]));
    let after = |done: f64| {
        let work = job(3.0).preemptible(true).state(running("a", done, at(0)));
        problem(later(1, 4), site("a", &price[1..]), [work])
    };
    assert_eq!(place(&after(1.0), &warm), "aa..");
    assert_eq!(place(&after(0.2), &warm), "aaa.");
    assert_eq!(place(&after(2.0), &warm), "a...");
}

#[test]
fn jobs_come_and_go() {
    let region = || site("a", [10.0, 10.0, 20.0, 20.0, 30.0, 30.0]).it_capacity_mw(1.0);
    let named = |id: &str| Job::gpu_hours(id, 2.0, [JobPoint::gpu_hours(1.0, 1.0)]);
    let stays = || named("stays").deadline(at(2));
    let warm = hand_over(&problem(hours(6), region(), [named("old"), stays()]));
    // `stays` keeps its place, `new` takes the cheapest one that is left.
    assert_eq!(places(&problem(hours(6), region(), [named("new"), stays()]), &warm), ["..aa..", "aa...."]);
}

#[test]
fn a_schedule_that_breaks_a_rule_gives_way_to_the_greedy_policy() {
    let region = |id: &str| site(id, [10.0, 90.0, 10.0, 90.0, 90.0, 95.0]);
    let warm = hand_over(&problem(hours(6), region("a"), [job(2.0).preemptible(true)]));
    let with = |work: Job| place(&problem(hours(6), region("a"), [work]), &warm);
    assert_eq!(with(job(2.0).preemptible(true)), "a.a...");
    assert_eq!(with(job(2.0)), "aa....", "may not pause");
    assert_eq!(with(job(2.0).preemptible(true).min_run_periods(2)), "aa....", "runs are longer");
    assert_eq!(with(job(2.0).preemptible(true).max_pauses(0)), "aa....", "no pause is left");
    assert_eq!(with(job(2.0).preemptible(true).earliest_start(at(1))), ".aa...", "starts later");
    assert_eq!(with(job(2.0).preemptible(true).deadline(at(2))), "aa....", "is due earlier");
    // Another region than before: its name is gone.
    assert_eq!(place(&problem(hours(6), region("b"), [job(2.0).preemptible(true)]), &warm), "bb....");
    // Another step: the periods are no longer the same ones.
    let half_hours = problem(Horizon::new(at(0), 30, 6).unwrap(), site("a", 50.0), [job(2.0).preemptible(true)]);
    assert_eq!(place(&half_hours, &warm), "aaaa..");
}

#[test]
fn a_move_that_is_under_way_arrives_as_planned() {
    // Two hours in `a`, one moving, two in `b`: the price in `a` rises for good.
    let of = |values: [f64; 6], from: u32| values[from as usize..].to_vec();
    let migration = Migration { cost_gbp: 1.0, periods: 1, energy_mwh: 0.0 };
    let build = |from: u32, work: Job| {
        let a = site("a", of([10.0, 10.0, 90.0, 90.0, 90.0, 90.0], from));
        let b = site("b", of([90.0, 90.0, 90.0, 10.0, 10.0, 90.0], from));
        let horizon = later(from, 6 - from as usize);
        Problem::builder(horizon).region(a).region(b).job(work.preemptible(true).migration(migration)).build().unwrap()
    };
    let warm = hand_over(&build(0, job(4.0)));
    assert_eq!(place(&build(2, job(4.0).state(running("a", 2.0, at(0)))), &warm), ".bb.");
    assert_eq!(place(&build(1, job(4.0).state(running("a", 1.0, at(0)))), &warm), "a.bb.");
}

#[test]
fn a_late_job_with_a_price_keeps_what_it_can() {
    let work = || job(3.0).preemptible(true).deadline_kind(DeadlineKind::Priced);
    let warm = hand_over(&problem(hours(4), site("a", 10.0), [work()]));
    // Capacity is gone for two hours: what was planned no longer fits, what can be done is done.
    let next = problem(hours(4), site("a", 10.0).it_capacity_mw([0.0, 0.0, 5.0, 5.0]), [work()]);
    assert_eq!(place(&next, &warm), "..aa");
}

#[test]
fn divisible_jobs_keep_their_shares() {
    let first = problem(hours(4), site("a", [10.0, 20.0, 30.0, 40.0]), [job(2.5).divisible(true)]);
    let warm = hand_over(&first);
    let shares = |problem: &Problem| warm.schedules(problem)[0].shares.as_ref().unwrap()[0].concat();
    near_all(&shares(&first), &[1.0, 1.0, 0.5, 0.0], "as they were");
    let next = problem(later(1, 3), site("a", 10.0), [job(1.2).divisible(true)]);
    near_all(&shares(&next), &[1.0, 0.2, 0.0], "an hour later, less is left");
    let json = serde_json::to_string(&warm).unwrap();
    assert_eq!(serde_json::from_str::<Warm>(&json).unwrap(), warm);
}
