//! Offers: their price against plans with and without them, what can be delivered, and nothing sold twice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::flex::{ImportError, OfferRequest, check_offer};
use eca_core::{Battery, Commitment, Error, Job, JobPoint, Penalty, Problem, Route, Settings, SettlementPeriod};
use rule_support::*;

fn sps<const N: usize>(numbers: [u8; N]) -> [SettlementPeriod; N] {
    numbers.map(|k| SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap())
}

/// An hour of work at 5 MW in two hours: 50 GBP/MWh in the first, 80 in the second.
fn training(edit: impl FnOnce(Job) -> Job) -> Problem {
    let region = site("a", [50.0, 50.0, 80.0, 80.0]);
    Problem::builder(half_hours(4)).region(region).job(edit(job("train", 1.0, 5.0))).build().unwrap()
}

fn request<const N: usize>(periods: [u8; N], mw: &[f64]) -> OfferRequest {
    OfferRequest::new("a", Route::DsoFlex, sps(periods), mw.iter().copied())
}

#[test]
fn five_mw_for_an_hour_cost_what_waiting_costs() {
    // 5 MWh move from 50 to 80 GBP/MWh: 150 GBP, 30 GBP/MWh; a margin of 5 on top.
    let mut request = request([1, 2], &[5.0]);
    request.margin_gbp_per_mwh = 5.0;
    let offers = training(|job| job).offers(&request, &exact()).unwrap();
    let rung = &offers.rungs[0];
    near(rung.price_gbp_per_mwh.unwrap(), 35.0, "price");
    near(rung.cost_gbp.unwrap(), 150.0, "cost");
    let parts = rung.parts.unwrap();
    near(parts.event_energy_gbp, -250.0, "saved in the event");
    near(parts.rebound_energy_gbp, 400.0, "made up for");
    assert!(rung.exact && rung.refused.is_none());
    assert_eq!((rung.energy_mwh.clone(), rung.deliverable_mwh.clone()), (vec![2.5, 2.5], vec![2.5, 2.5]));
    assert_eq!(rung.baseline_mw, [5.0, 5.0]);
}

#[test]
fn a_checkpoint_is_part_of_the_price() {
    // Half an hour off in the middle: a pause of 12 GBP and 0.5 MWh, or waiting. SP2 off: work in SP1 and SP3.
    let problem = training(|job| job.preemptible(true).pause_cost_gbp(12.0).deadline(at(2).plus_min(-30)));
    let offers = problem.offers(&request([2], &[5.0]), &exact()).unwrap();
    let rung = &offers.rungs[0];
    // 2.5 MWh from 50 to 80: 75 GBP, and the pause: 87 GBP for 2.5 MWh.
    near(rung.price_gbp_per_mwh.unwrap(), 34.8, "price");
    near(rung.parts.unwrap().checkpoint_gbp, 12.0, "checkpoint");
}

#[test]
fn what_a_deadline_needs_is_not_offered() {
    // The job must be done after an hour: nothing can be delivered.
    let problem = training(|job| job.deadline(at(1)));
    let offers = problem.offers(&request([1, 2], &[5.0, 1.0]), &exact()).unwrap();
    for rung in &offers.rungs {
        assert_eq!((rung.price_gbp_per_mwh, rung.cost_with_gbp), (None, None), "{rung:?}");
        assert_eq!(rung.deliverable_mwh, [0.0, 0.0]);
        assert_eq!(rung.refused.as_deref(), Some("0.000 MW can be delivered in every period"));
    }
}

#[test]
fn what_can_be_delivered_is_what_a_battery_and_a_pause_give() {
    // A load of 3 MW, a battery of 2 MW with 0.6 MWh: 0.6 MWh in one period, not 1.0.
    let region = site("a", 10.0).overhead_mw(3.0);
    let problem = Problem::builder(half_hours(2))
        .region(region)
        .battery(Battery::new("b", "a", 2.0, 1.0).soc_mwh(0.6))
        .build()
        .unwrap();
    let offer = |mw: f64| Commitment::new("o", Route::DsoFlex, "a", sps([1]), mw, 3.0);
    assert_eq!(check_offer(&problem, &offer(2.0), &exact()).unwrap(), [0.6]);
    assert_eq!(check_offer(&problem, &offer(1.0), &exact()).unwrap(), [0.5]);
    // What is sold is not there a second time, on another route neither.
    let sold = Commitment::new("s", Route::WholesaleP415, "a", sps([1]), 0.8, 3.0).penalty(Penalty::price(100.0));
    let mut document = problem.document().clone();
    document.commitments.push(sold);
    let problem = Problem::from_document(document).unwrap();
    assert_eq!(check_offer(&problem, &offer(2.0), &exact()).unwrap(), [0.2]);
}

#[test]
fn overlapping_offers_deliver_their_sum() {
    let problem = training(|job| job);
    let mut wholesale = request([1, 2], &[3.0]);
    wholesale.route = Route::WholesaleP415;
    // The gate of the first period is closed when the horizon starts.
    let late = problem.offers(&wholesale, &exact()).unwrap();
    assert!(late.rungs[0].refused.as_ref().unwrap().contains("gate of `2026-03-02 SP1`"), "{late}");
    let first = problem.offers(&request([1, 2], &[3.0]), &exact()).unwrap();
    let sold = first.commitment("first", &first.rungs[0], Penalty::price(500.0));
    let mut document = problem.document().clone();
    document.commitments.push(sold);
    let problem = Problem::from_document(document).unwrap();
    let mut other = request([1, 2], &[2.0, 3.0]);
    other.route = Route::NesoDfs;
    let second = problem.offers(&other, &exact()).unwrap();
    // 2 MW more are there, and free: the job waits in any case. 3 MW are not.
    near(second.rungs[0].price_gbp_per_mwh.unwrap(), 0.0, "price");
    assert_eq!(second.rungs[1].refused.as_deref(), Some("2.000 MW can be delivered in every period"));
    let mut document = problem.document().clone();
    document.commitments.push(second.commitment("second", &second.rungs[0], Penalty::price(500.0)));
    let plan = solve(&Problem::from_document(document).unwrap());
    assert!(plan.broken_limits.is_empty(), "{:?}", plan.broken_limits);
    near_all(&plan.regions[0].import_mw[..2], &[0.0, 0.0], "import_mw");
}

#[test]
fn routes_that_exclude_each_other_are_not_offered_together() {
    let mut document = training(|job| job).document().clone();
    document.commitments.push(Commitment::new("bm", Route::BalancingMechanism, "a", sps([2]), 1.0, 5.0));
    let problem = Problem::from_document(document).unwrap();
    let mut dfs = request([1, 2], &[1.0]);
    dfs.route = Route::NesoDfs;
    let offers = problem.offers(&dfs, &exact()).unwrap();
    let why = "commitment `bm` excludes this route in `2026-03-02 SP2`";
    assert_eq!(offers.rungs[0].refused.as_deref(), Some(why));
}

#[test]
fn terms_of_the_product_are_kept() {
    let problem = training(|job| job);
    let mut small = request([1, 2], &[0.5, 1.0, 1.0005]);
    small.min_mw = 1.0;
    let offers = problem.offers(&small, &exact()).unwrap();
    assert_eq!(offers.rungs[0].refused.as_deref(), Some("below the least power of 1 MW"));
    // 0.50025 MWh are sold as 0.500: whole kWh, rounded down.
    assert_eq!(offers.rungs[2].energy_mwh, [0.5, 0.5]);
    let mut hurried = request([2], &[1.0]);
    hurried.notice_s = 1801.0;
    let offers = problem.offers(&hurried, &exact()).unwrap();
    assert_eq!(offers.rungs[0].refused.as_deref(), Some("1800 s ahead; the notice is 1801 s"));
    let late = problem.offers(&request([4, 5], &[1.0]), &exact()).unwrap();
    assert_eq!(late.rungs[0].refused.as_deref(), Some("`2026-03-02 SP5` is not within the horizon"));
    let error = problem.offers(&request([1], &[-1.0]), &exact()).unwrap_err();
    assert!(matches!(error, Error::Value { .. }), "{error}");
    let error = problem.offers(&request([1], &[]), &exact()).unwrap_err();
    assert!(error.to_string().contains("at least one power"), "{error}");
}

#[test]
fn probability_and_risk_follow_from_what_is_left() {
    // 5 MW can be delivered; import is above its plan by at most 1 MW in 7 of 10 cases. 4 MW leave 1 MW.
    let mut request = request([1, 2], &[4.0, 5.0]);
    request.import_error_mw =
        [(0.1, -1.0), (0.5, 0.0), (0.9, 2.0)].map(|(quantile, mw)| ImportError { quantile, mw }).to_vec();
    request.shortfall_gbp_per_mwh = 100.0;
    let offers = training(|job| job).offers(&request, &exact()).unwrap();
    let probability = |i: usize| offers.rungs[i].delivery_probability_frac.unwrap();
    near(probability(0), 0.7, "4 MW");
    near(probability(1), 0.5, "5 MW");
    // Expected above 1 MW: 0.2 MW, of 4 MW, at 100 GBP/MWh: 5 GBP/MWh. All 5 MWh move for 4 of them: 150 / 4 = 37.50.
    near(offers.rungs[0].risk_gbp_per_mwh, 5.0, "risk");
    near(offers.rungs[0].price_gbp_per_mwh.unwrap(), 42.5, "price");
    request.least_probability_frac = 0.6;
    let offers = training(|job| job).offers(&request, &exact()).unwrap();
    assert!(offers.rungs[0].price_gbp_per_mwh.is_some());
    assert_eq!(offers.rungs[1].refused.as_deref(), Some("delivered with probability 0.50, least is 0.6"));
}

#[test]
fn only_a_rung_with_a_price_is_sold() {
    let offers = training(|job| job).offers(&request([1, 2], &[5.0, 50.0]), &Settings::default()).unwrap();
    let sold = offers.sold(0, "evening", Penalty::default()).unwrap();
    assert_eq!(
        (sold.price_gbp_per_mwh.at(0), sold.committed_mw.at(1)),
        (offers.rungs[0].price_gbp_per_mwh.unwrap(), 5.0)
    );
    let refused = |rung| offers.sold(rung, "x", Penalty::default()).unwrap_err().to_string();
    assert!(
        refused(1).contains("rung 1 of 50 MW has price_gbp_per_mwh = null, must be offered to be sold"),
        "{}",
        refused(1)
    );
    assert!(refused(2).contains("known: 0 to 1"), "{}", refused(2));
}

#[test]
fn a_ladder_has_a_rung_for_each_length_and_power() {
    let mut request = request([1, 2], &[2.5, 5.0]);
    request.lengths = Some(vec![1, 2]);
    let offers = training(|job| job).offers(&request, &exact()).unwrap();
    let shape: Vec<(usize, f64)> = offers.rungs.iter().map(|rung| (rung.energy_mwh.len(), rung.mw)).collect();
    assert_eq!(shape, [(1, 2.5), (1, 5.0), (2, 2.5), (2, 5.0)]);
    // One period: the job starts half an hour later, 2.5 MWh move to 80: 75 GBP whatever is sold of it.
    near(offers.rungs[0].price_gbp_per_mwh.unwrap(), 60.0, "half of it");
    near(offers.rungs[1].price_gbp_per_mwh.unwrap(), 30.0, "all of it");
}

#[test]
fn what_is_not_proved_is_labelled() {
    // A wide gap and no search: prices are on the safe side and say by how much.
    let points = [JobPoint::gpu_hours(5.0, 2.0), JobPoint::gpu_hours(2.0, 1.0)];
    let mut builder = Problem::builder(half_hours(8)).region(site("a", (1..=8).map(f64::from).collect::<Vec<_>>()));
    for i in 0..3 {
        builder = builder.job(Job::gpu_hours(format!("j{i}"), 3.0, points).preemptible(true).pause_cost_gbp(0.3));
    }
    let problem = builder.build().unwrap();
    let mut rough = Settings::default();
    rough.gap = 0.5;
    let [rough, exact] = [rough, exact()].map(|settings| problem.offers(&request([1, 2], &[2.0]), &settings).unwrap());
    let (rough, exact) = (&rough.rungs[0], &exact.rungs[0]);
    assert!(exact.exact);
    if !rough.exact {
        assert!(rough.gap_gbp_per_mwh > 0.0, "{rough:?}");
    }
    let price = |rung: &eca_core::flex::Rung| rung.price_gbp_per_mwh.unwrap();
    assert!(price(rough) >= price(exact) - 1e-5, "{rough:?}");
    assert!(price(rough) <= price(exact) + rough.gap_gbp_per_mwh + 1e-5, "{rough:?}");
}
