//! Commitments: energy below a baseline by settlement period, shortfalls at a price, and never at the cost of a user.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{
    BaselineGuard, Battery, Commitment, DeadlineKind, Direction, Engine, Horizon, Job, JobPoint, Outcome, Penalty,
    Plan, Problem, Rebound, Region, Route, Service, ServicePoint, SettlementPeriod,
};
use rule_support::*;

fn sp(date: &str, k: u8) -> SettlementPeriod {
    SettlementPeriod::new(date.parse().unwrap(), k).unwrap()
}

/// Settlement periods of the first day of the tests.
fn sps<const N: usize>(numbers: [u8; N]) -> [SettlementPeriod; N] {
    numbers.map(|k| sp("2026-03-02", k))
}

/// 4 MW less than 4 MW in the first half hour; 60 GBP/MWh are paid for it.
fn four_mw(penalty: Penalty) -> Commitment {
    Commitment::new("c", Route::WholesaleP415, "a", sps([1]), 4.0, 4.0).price_gbp_per_mwh(60.0).penalty(penalty)
}

/// Half an hour at 4 MW: 20 GBP in the first half hour, 40 GBP in the second.
fn half_an_hour() -> Job {
    job("j", 0.5, 4.0)
}

fn problem(job: Job, commitments: impl IntoIterator<Item = Commitment>) -> Problem {
    let builder = Problem::builder(half_hours(4)).region(site("a", [10.0, 20.0, 50.0, 50.0])).job(job);
    commitments.into_iter().fold(builder, eca_core::ProblemBuilder::commitment).build().unwrap()
}

fn numbers(plan: &Plan, c: usize) -> (Vec<f64>, Vec<f64>) {
    let of = |values: &[Option<f64>]| values.iter().map(|value| value.unwrap()).collect();
    (of(&plan.commitments[c].delivered_mwh), of(&plan.commitments[c].shortfall_mwh))
}

#[test]
fn a_job_makes_way_for_a_commitment() {
    // At once: 20 GBP and 2 MWh short at 100: 220. Half an hour later: 40. Paid: 2 MWh at 60.
    let plan = solve(&problem(half_an_hour(), [four_mw(Penalty::price(100.0))]));
    assert_eq!(places(&plan, 0), ".a..");
    costs(&plan, 40.0 - 120.0);
    assert_eq!(numbers(&plan, 0), (vec![2.0], vec![0.0]));
}

#[test]
fn a_cheap_shortfall_is_paid() {
    // At once: 20 + 2 * 5 = 30 GBP; later 40.
    let plan = solve(&problem(half_an_hour(), [four_mw(Penalty::price(5.0))]));
    assert_eq!(places(&plan, 0), "a...");
    breaks(&plan, "shortfall", "c", 2.0, "mwh", 10.0);
    near(plan.totals.cost_gbp, 20.0 - 120.0, "cost_gbp");
    assert_eq!(numbers(&plan, 0), (vec![0.0], vec![2.0]));
}

#[test]
fn without_a_price_a_shortfall_costs_more_than_any_energy() {
    // Twice the dearest energy: 2 * 50 = 100 GBP/MWh. It gives way only to the deadline.
    let plan = solve(&problem(half_an_hour(), [four_mw(Penalty::default())]));
    costs(&plan, 40.0 - 120.0);
    let now = solve(&problem(half_an_hour().deadline(half_hours(1).end()), [four_mw(Penalty::default())]));
    breaks(&now, "shortfall", "c", 2.0, "mwh", 200.0);
}

#[test]
fn a_commitment_that_collides_with_a_hard_deadline_falls_short_and_no_job_is_late() {
    let plan = solve(&problem(half_an_hour().deadline(half_hours(1).end()), [four_mw(Penalty::price(1e5))]));
    assert_eq!(places(&plan, 0), "a...");
    breaks(&plan, "shortfall", "c", 2.0, "mwh", 2e5);
    assert_eq!(plan.jobs[0].finished_at, Some(half_hours(1).end()));
}

#[test]
fn no_work_is_left_undone_for_a_commitment() {
    // Leaving the job undone would cost 1 GBP, the shortfall 2,000: the job is done all the same.
    let late = half_an_hour().deadline(half_hours(1).end()).deadline_kind(DeadlineKind::Priced);
    let plan = solve(&problem(late.undone_penalty_gbp(1.0), [four_mw(Penalty::price(1000.0))]));
    // Done costs 20 GBP, undone 1: without the commitment it is left undone. It is no worse with it.
    assert!(plan.broken_limits.iter().all(|limit| limit.rule == "undone"), "{:?}", plan.broken_limits);
    let late = half_an_hour().deadline(half_hours(1).end()).deadline_kind(DeadlineKind::Priced);
    let plan = solve(&problem(late.undone_penalty_gbp(21.0), [four_mw(Penalty::price(1000.0))]));
    breaks(&plan, "shortfall", "c", 2.0, "mwh", 2000.0);
    assert_eq!(places(&plan, 0), "a...");
}

#[test]
fn no_inference_is_shed_for_a_commitment() {
    // Serving a million inferences of 1 Wh costs 1 MWh * 10 GBP; shedding them 11 GBP; the shortfall is 1 MWh at 500.
    let service = Service::new("s", [1e6, 0.0], [ServicePoint { wh_per_inference: 1.0, latency_ms: 1.0 }])
        .shed_penalty_gbp_per_million(11.0);
    let problem = Problem::builder(half_hours(2))
        .region(site("a", 10.0))
        .service(service)
        .commitment(Commitment::new("c", Route::DsoFlex, "a", sps([1]), 2.0, 2.0).penalty(Penalty::price(500.0)))
        .build()
        .unwrap();
    let plan = solve(&problem);
    breaks(&plan, "shortfall", "c", 1.0, "mwh", 500.0);
}

#[test]
fn energy_counts_by_settlement_period_not_by_step() {
    // 8 MW for a quarter of an hour are 4 MW on average: 2 MWh below a baseline of 8 MW are delivered.
    let horizon = Horizon::new(time("2026-03-02T00:00:00Z"), 15, 4).unwrap();
    let quarter = Job::gpu_hours("j", 0.25, [JobPoint::gpu_hours(8.0, 1.0)]);
    let problem = Problem::builder(horizon)
        .region(site("a", [10.0, 20.0, 90.0, 90.0]))
        .job(quarter)
        .commitment(Commitment::new("c", Route::WholesaleP415, "a", sps([1]), 4.0, 8.0).penalty(Penalty::price(1e3)))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 20.0);
    assert_eq!(numbers(&plan, 0).0, [2.0]);
}

#[test]
fn work_is_not_moved_into_a_guarded_window() {
    // The job stands in SP3, which is sold. SP2 is the next cheapest, but its import counts for the baseline: SP4 it is.
    let sold = |guard: Option<BaselineGuard>| {
        let one =
            Commitment::new("c", Route::BalancingMechanism, "a", sps([3]), 4.0, 4.0).penalty(Penalty::price(500.0));
        let one = guard.map_or(one.clone(), |guard| one.guard(guard));
        let region = site("a", [90.0, 20.0, 10.0, 50.0]);
        Problem::builder(half_hours(4)).region(region).job(half_an_hour()).commitment(one).build().unwrap()
    };
    assert_eq!(places(&solve(&sold(None)), 0), ".a..");
    let guard = BaselineGuard::new(sps([1, 2]), 0.0);
    let plan = solve(&sold(Some(guard.clone())));
    assert_eq!(places(&plan, 0), "...a");
    costs(&plan, 100.0);
    // Where the deadline leaves only the window or the event: a MWh in the window costs 2 * (500 + 10), one missing 500.
    let mut document = sold(Some(guard)).document().clone();
    document.jobs[0].deadline = Some(half_hours(3).end());
    let plan = solve(&Problem::from_document(document).unwrap());
    breaks(&plan, "shortfall", "c", 2.0, "mwh", 1000.0);
    // Room in MW and as a part: 4 MW may be imported on top of nothing.
    let mut roomy = BaselineGuard::new(sps([2]), 2.0);
    roomy.room_frac = 0.5;
    roomy.room_mw = 1.0;
    assert_eq!(places(&solve(&sold(Some(roomy))), 0), ".a..");
}

#[test]
fn a_guard_that_gives_way_is_listed_with_its_price() {
    // A load of 3 MW above 2 MW: 0.5 MWh too much, at twice the dearest energy of 10 + 5 GBP/MWh.
    let one = Commitment::new("c", Route::BalancingMechanism, "a", sps([2]), 0.0, 3.0).penalty(Penalty::price(5.0));
    let problem = Problem::builder(half_hours(2))
        .region(site("a", 10.0).overhead_mw(3.0))
        .commitment(one.guard(BaselineGuard::new(sps([1]), 2.0)))
        .build()
        .unwrap();
    breaks(&solve(&problem), "baseline_guard", "c", 0.5, "mwh", 15.0);
}

#[test]
fn two_commitments_at_one_meter_deliver_their_sum() {
    // A battery of 2 MWh carries 4 MW of a load of 6 MW through the half hour: 2 MWh less than 6 MW is all there is.
    let both = |first: f64, second: f64| {
        let one = |id: &str, route, mw: f64, price: f64| {
            Commitment::new(id, route, "a", sps([2]), mw, 6.0).penalty(Penalty::price(price))
        };
        Problem::builder(half_hours(3))
            .region(site("a", 10.0).overhead_mw(6.0))
            .battery(Battery::new("b", "a", 4.0, 2.0).soc_mwh(2.0))
            .commitment(one("dear", Route::WholesaleP415, first, 300.0))
            .commitment(one("cheap", Route::DsoFlex, second, 200.0))
            .build()
            .unwrap()
    };
    let plan = solve(&both(3.0, 1.0));
    assert!(plan.broken_limits.is_empty(), "{:?}", plan.broken_limits);
    assert_eq!((numbers(&plan, 0).0, numbers(&plan, 1).0), (vec![1.5], vec![0.5]));
    // 1 MWh too much is sold: the MWh that is there is not sold twice, and what is missing is missing where it is cheapest.
    let plan = solve(&both(3.0, 3.0));
    breaks(&plan, "shortfall", "cheap", 1.0, "mwh", 200.0);
    assert_eq!((numbers(&plan, 0).0, numbers(&plan, 1).0), (vec![1.5], vec![0.5]));
}

#[test]
fn the_lowest_baseline_counts_for_all_at_a_meter() {
    let one = |id: &str, baseline: f64| {
        Commitment::new(id, Route::DsoFlex, "a", sps([2]), 1.0, baseline).penalty(Penalty::price(100.0))
    };
    let problem = Problem::builder(half_hours(2))
        .region(site("a", 10.0).overhead_mw(4.0))
        .commitment(one("high", 6.0))
        .commitment(one("low", 5.0))
        .build()
        .unwrap();
    // 1 MW below 5 MW: half a MWh for both together.
    let plan = solve(&problem);
    near(plan.totals.penalty_gbp, 50.0, "penalty_gbp");
    near(numbers(&plan, 0).0[0] + numbers(&plan, 1).0[0], 0.5, "delivered");
}

#[test]
fn import_above_the_baseline_is_a_shortfall_too() {
    // 6 MW are imported, the baseline is 4 MW: 1 MWh too much, and 0.5 MWh committed.
    let problem = Problem::builder(half_hours(1))
        .region(site("a", 10.0).overhead_mw(6.0))
        .commitment(Commitment::new("c", Route::WholesaleP415, "a", sps([1]), 1.0, 4.0).penalty(Penalty::price(100.0)))
        .build()
        .unwrap();
    let plan = solve(&problem);
    breaks(&plan, "shortfall", "c", 1.5, "mwh", 150.0);
    assert_eq!(numbers(&plan, 0).0, [-1.0]);
}

#[test]
fn a_ramp_of_ten_minutes_takes_a_sixth_of_the_first_half_hour() {
    // 5 MW off within 10 min: 5 * (0.5 - 1/12) = 2.083 MWh of 2.5. It is free to be down before.
    let region = |price: [f64; 3]| site("a", price);
    let day = |price, job: Job| {
        let commitment = Commitment::new("c", Route::DsoFlex, "a", sps([2]), 5.0, 5.0);
        Problem::builder(half_hours(3))
            .region(region(price))
            .job(job)
            .commitment(commitment.penalty(Penalty::price(60.0)).ramp_min(10.0))
            .build()
            .unwrap()
    };
    // The job stands at the first half hour.
    let first = job("j", 0.5, 5.0).deadline(half_hours(1).end());
    let plan = solve(&day([10.0, 10.0, 10.0], first));
    breaks(&plan, "shortfall", "c", 2.5 - 2.083_333, "mwh", 25.0);
    // It may wait: 0.41667 MWh short cost 25 GBP, waiting costs 2.5 MWh * (19 - 10) = 22.50 GBP.
    let plan = solve(&day([10.0, 10.0, 19.0], job("j", 0.5, 5.0)));
    costs(&plan, 47.5);
    let plan = solve(&day([10.0, 10.0, 21.0], job("j", 0.5, 5.0)));
    breaks(&plan, "shortfall", "c", 2.5 - 2.083_333, "mwh", 25.0);
}

#[test]
fn a_tolerance_is_missing_without_a_penalty() {
    // 5 % of 2 MWh may be missing: 1.9 MWh are due, and a load of 0.3 MW leaves 1.85.
    let problem = Problem::builder(half_hours(1))
        .region(site("a", 10.0).overhead_mw(0.3))
        .commitment(four_mw(Penalty::price(100.0).tolerance_frac(0.05)))
        .build()
        .unwrap();
    let plan = solve(&problem);
    breaks(&plan, "shortfall", "c", 0.05, "mwh", 5.0);
    assert_eq!(numbers(&plan, 0), (vec![1.85], vec![0.05]));
}

#[test]
fn a_plan_that_starts_within_a_settlement_period_counts_what_was_imported() {
    // Ten minutes at 3 MW are over; 4 MW may be imported on average: 1.5 MWh are left for 20 min, and 6 MW are 2 MWh.
    let horizon = Horizon::new(time("2026-03-02T00:10:00Z"), 5, 4).unwrap();
    let build = |imported: Option<f64>| {
        let one = Commitment::new("c", Route::WholesaleP415, "a", sps([1]), 2.0, 6.0).penalty(Penalty::price(100.0));
        let one = imported.map_or(one.clone(), |mwh| one.imported_mwh(mwh));
        Problem::builder(horizon).region(site("a", 10.0).overhead_mw(6.0)).commitment(one).build()
    };
    breaks(&solve(&build(Some(0.5)).unwrap()), "shortfall", "c", 0.5, "mwh", 50.0);
    let error = build(None).unwrap_err().to_string();
    assert!(error.contains("imported_mwh") && error.contains("2026-03-02 SP1"), "{error}");
}

#[test]
fn settlement_periods_outside_the_horizon_are_not_planned() {
    let one = Commitment::new(
        "c",
        Route::WholesaleP415,
        "a",
        [sp("2026-03-01", 48), sp("2026-03-02", 2), sp("2026-03-02", 9)],
        1.0,
        1.0,
    )
    .price_gbp_per_mwh([1000.0, 100.0, 1000.0]);
    let problem = Problem::builder(half_hours(4)).region(site("a", 10.0)).commitment(one).build().unwrap();
    let plan = solve(&problem);
    costs(&plan, -50.0);
    assert_eq!(plan.commitments[0].delivered_mwh, [None, Some(0.5), None]);
}

/// The event keeps a load of 2 MW off in the settlement periods it names, wherever they are in UTC.
fn night(start: &str, hours: usize, periods: &[SettlementPeriod], expected: &[f64]) {
    let horizon = Horizon::new(time(start), 30, 2 * hours).unwrap();
    let always =
        Region::new("a").it_capacity_mw(9.0).import_limit_mw(9.0).import_price_gbp_per_mwh(10.0).carbon_g_per_kwh(1.0);
    // Divisible work that fills all but the event: what is left of it decides where the load is.
    let work = Job::gpu_hours("j", (hours as f64) - periods.len() as f64 / 2.0, [JobPoint::gpu_hours(2.0, 1.0)])
        .preemptible(true);
    let commitment = Commitment::new("c", Route::WholesaleP415, "a", periods.iter().copied(), 2.0, 2.0);
    let problem = Problem::builder(horizon).region(always).job(work).commitment(commitment).build().unwrap();
    let plan = solve(&problem);
    assert!(plan.broken_limits.is_empty(), "{:?}", plan.broken_limits);
    near_all(&plan.regions[0].import_mw, expected, "import_mw");
}

#[test]
fn an_event_across_midnight_stands_on_two_settlement_days() {
    night("2026-03-02T23:00:00Z", 2, &[sp("2026-03-02", 48), sp("2026-03-03", 1)], &[2.0, 0.0, 0.0, 2.0]);
}

#[test]
fn an_event_on_the_day_of_46_periods() {
    // 29 March 2026: SP2 is 00:30 UTC, SP3 is 01:00 UTC, 02:00 in London.
    night("2026-03-29T00:00:00Z", 2, &[sp("2026-03-29", 2), sp("2026-03-29", 3)], &[2.0, 0.0, 0.0, 2.0]);
    night("2026-03-29T22:00:00Z", 2, &[sp("2026-03-29", 46), sp("2026-03-30", 1)], &[2.0, 0.0, 0.0, 2.0]);
    assert!(SettlementPeriod::new("2026-03-29".parse().unwrap(), 47).is_err());
}

#[test]
fn an_event_on_the_day_of_50_periods() {
    // 25 October 2026 starts at 23:00 UTC; SP5 is 01:00 UTC, the second 01:00 in London; SP50 is 23:30 UTC.
    night("2026-10-25T00:00:00Z", 2, &[sp("2026-10-25", 4), sp("2026-10-25", 5)], &[2.0, 0.0, 0.0, 2.0]);
    night("2026-10-25T23:00:00Z", 2, &[sp("2026-10-25", 50), sp("2026-10-26", 1)], &[2.0, 0.0, 0.0, 2.0]);
}

#[test]
fn every_engine_asked_for_keeps_a_commitment_or_says_what_it_costs() {
    let problem = problem(half_an_hour(), [four_mw(Penalty::price(100.0))]);
    for (name, engine) in Engine::NAMES {
        let mut settings = exact();
        settings.engine = *engine;
        let plan = problem.solve(&settings).unwrap();
        assert!(plan.check(&problem).passed(), "{name}: {}", plan.check(&problem));
        if *engine == Engine::Greedy {
            breaks(&plan, "shortfall", "c", 2.0, "mwh", 200.0);
        } else {
            assert_eq!((&*plan.engine, plan.outcome), ("exact", Outcome::Optimal), "{name}");
            costs(&plan, -80.0);
        }
    }
}

#[test]
fn the_check_sees_a_delivery_that_is_not_one() {
    let problem = problem(half_an_hour(), [four_mw(Penalty::price(5.0))]);
    let good = solve(&problem);
    let found = |edit: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        edit(&mut plan);
        plan.check(&problem).findings.iter().map(|finding| finding.rule.clone()).collect::<Vec<_>>()
    };
    assert_eq!(found(&|plan| plan.commitments[0].delivered_mwh[0] = Some(0.1)), ["delivered_mwh"]);
    assert_eq!(found(&|plan| plan.commitments[0].shortfall_mwh[0] = Some(1.9)), ["shortfall_mwh"]);
    assert_eq!(found(&|plan| plan.commitments[0].shortfall_mwh[0] = None), ["shortfall_mwh"]);
    assert_eq!(found(&|plan| plan.commitments.clear()), ["document"]);
    assert!(found(&|plan| plan.broken_limits.clear()).contains(&"shortfall".to_owned()));
    assert!(found(&|plan| plan.broken_limits[0].amount = 1.0).contains(&"broken_limits".to_owned()));
    // What is paid for it is part of the money.
    let unpaid = found(&|plan| {
        plan.totals.cost_gbp += 120.0;
        plan.objective_gbp += 120.0;
    });
    assert!(unpaid.contains(&"totals".to_owned()), "{unpaid:?}");
}

/// A load of 6 MW at 10 GBP/MWh, and a battery of 4 MW and 4 MWh with `soc_mwh` in it.
fn with_battery(prices: impl Into<eca_core::Series>, soc_mwh: f64, one: Commitment) -> Problem {
    let builder = Problem::builder(half_hours(4)).region(site("a", prices).overhead_mw(6.0));
    builder.battery(Battery::new("b", "a", 4.0, 4.0).soc_mwh(soc_mwh)).commitment(one).build().unwrap()
}

#[test]
fn what_comes_back_after_an_event_is_limited() {
    // 2 MWh are sold in SP2. Recharging in SP3 costs 1 GBP/MWh, later 50: without a limit all 2 MWh come back there for
    // SP4. With a limit of a quarter 0.5 MWh may.
    let one = |rebound: Option<Rebound>| {
        let one = Commitment::new("c", Route::DsoFlex, "a", sps([2]), 4.0, 6.0).penalty(Penalty::price(500.0));
        let one = rebound.map_or(one.clone(), |rebound| one.rebound(rebound));
        solve(&with_battery([10.0, 10.0, 1.0, 50.0], 2.0, one))
    };
    near(one(None).regions[0].import_mw[2], 10.0, "import_mw");
    let plan = one(Some(Rebound::new(sps([3]), 6.0, 0.25)));
    near(plan.regions[0].import_mw[2], 7.0, "import_mw");
    assert!(plan.broken_limits.is_empty(), "{:?}", plan.broken_limits);
    // A load of 6 MW against 5 MW: 1 MWh comes back, a quarter of the MWh that is sold may. Twice the dearest energy, 500 + 10.
    let one = Commitment::new("c", Route::DsoFlex, "a", sps([2]), 2.0, 8.0).penalty(Penalty::price(500.0));
    let one = one.rebound(Rebound::new(sps([3, 4]), 5.0, 0.25));
    let region = site("a", 10.0).overhead_mw(6.0);
    let plan = solve(&Problem::builder(half_hours(4)).region(region).commitment(one).build().unwrap());
    breaks(&plan, "rebound", "c", 0.75, "mwh", 765.0);
}

#[test]
fn a_battery_holds_what_is_sold_from_it_until_it_is_due() {
    // 4 MWh in store, 1 MWh of it is sold in each of SP3 and SP4. SP1 costs 90: 2 MWh may be used there, and in SP3 1 MWh.
    let one = |reserve: bool| {
        let one = Commitment::new("c", Route::DsoFlex, "a", sps([3, 4]), 2.0, 6.0).penalty(Penalty::price(5.0));
        solve(&with_battery([90.0, 90.0, 10.0, 10.0], 4.0, if reserve { one.reserve("b") } else { one }))
    };
    // Without: a shortfall costs 5 + 10 GBP/MWh, the energy saves 90.
    near(one(false).batteries[0].soc_mwh[1], 0.0, "soc_mwh");
    let plan = one(true);
    near(plan.batteries[0].soc_mwh[1], 2.0, "soc_mwh");
    near(plan.batteries[0].soc_mwh[2], 1.0, "soc_mwh");
    assert!(plan.broken_limits.is_empty(), "{:?}", plan.broken_limits);
    // What was never there is missing, at a price: 1 MWh in store, and prices that leave it no time to charge.
    let mut document = with_battery(10.0, 1.0, four_mw(Penalty::price(5.0))).document().clone();
    document.commitments[0] =
        Commitment::new("c", Route::DsoFlex, "a", sps([2]), 4.0, 6.0).penalty(Penalty::price(5.0)).reserve("b");
    document.regions[0].import_limit_mw = 6.0.into();
    let plan = solve(&Problem::from_document(document).unwrap());
    let short = plan.broken_limits.iter().find(|limit| limit.rule == "reserve").unwrap();
    near(short.amount, 1.0, "reserve");
}

#[test]
fn a_reserve_is_a_battery_behind_the_same_meter() {
    let one = four_mw(Penalty::default()).reserve("b");
    let builder = Problem::builder(half_hours(4)).region(site("a", 10.0)).region(site("z", 10.0));
    let error = builder.battery(Battery::new("b", "z", 1.0, 1.0)).commitment(one).build().unwrap_err().to_string();
    assert!(error.contains("battery at its region") && error.contains("`b`"), "{error}");
}

#[test]
fn a_site_that_exports_too_much_does_not_trade_wholesale() {
    let build = |export: f64, most: Option<f64>, route: Route| {
        let region = site("a", 10.0).export_limit_mw(export).p511_export_max_mw(most);
        let one = Commitment::new("c", route, "a", sps([1]), 1.0, 4.0);
        Problem::builder(half_hours(4)).region(region).commitment(one).build().map_err(|error| error.to_string())
    };
    let error = build(2.0, None, Route::WholesaleP415).unwrap_err();
    assert!(error.contains("export_limit_mw = 2 MW, must be 0 where wholesale_p415 is sold"), "{error}");
    let error = build(2.0, Some(1.0), Route::WholesaleP415).unwrap_err();
    assert!(error.contains("at most p511_export_max_mw, 1 MW"), "{error}");
    assert!(build(2.0, Some(2.0), Route::WholesaleP415).is_ok() && build(0.0, None, Route::WholesaleP415).is_ok());
    assert!(build(2.0, None, Route::DsoFlex).is_ok());
}

#[test]
fn more_import_that_is_exported_at_once_is_no_sale() {
    // Export pays 8 GBP/MWh, import costs 10, and a MWh more of import is fined 100: nothing may do both.
    let mut one = Commitment::new("c", Route::DsoFlex, "a", sps([1]), 4.0, 6.0).penalty(Penalty::price(100.0));
    one.direction = Direction::Up;
    let region = site("a", 10.0).overhead_mw(6.0).export_limit_mw(10.0).export_price_gbp_per_mwh(8.0);
    let plan = solve(&Problem::builder(half_hours(2)).region(region).commitment(one).build().unwrap());
    breaks(&plan, "shortfall", "c", 2.0, "mwh", 200.0);
}
