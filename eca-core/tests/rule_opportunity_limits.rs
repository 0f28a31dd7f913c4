//! What may come back after an opportunity, and what can neither be proved nor controlled: then it is left.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Direction, JobState, Opportunity, Problem, ProblemBuilder, Rebound, Route, SettlementPeriod};
use rule_support::*;

fn sps(numbers: impl IntoIterator<Item = u8>) -> Vec<SettlementPeriod> {
    numbers.into_iter().map(|k| SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap()).collect()
}

/// Up to 4 MW below 4 MW in the first half hour.
fn offer(price: f64) -> Opportunity {
    Opportunity::new("o", Route::DsoFlex, "a", sps([1]), 4.0, 4.0).price_gbp_per_mwh(price)
}

/// Half an hour at 4 MW: 20 GBP in the first half hour, 40 GBP in the second, 100 GBP later.
fn problem(one: Opportunity) -> Problem {
    let builder = Problem::builder(half_hours(4)).region(site("a", [10.0, 20.0, 50.0, 50.0])).job(job("j", 0.5, 4.0));
    builder.opportunity(one).build().unwrap()
}

#[test]
fn only_a_part_of_what_is_sold_comes_back() {
    let of = |numbers: &[u8], max_frac: f64| {
        let rebound = Rebound::new(sps(numbers.iter().copied()), 0.0, max_frac);
        let plan = solve(&problem(offer(45.0).rebound(rebound)));
        near(plan.objective_gbp, plan.totals.cost_gbp, "objective_gbp");
        (places(&plan, 0), plan.opportunities[0].committed_mw[0], plan.totals.cost_gbp.round())
    };
    // 2 MWh are sold for 90 GBP, and come back at 40 GBP: all of them may.
    assert_eq!(of(&[2, 3], 1.0), (".a..".into(), 4.0, 40.0 - 90.0));
    // Half of them may not: they come back an hour and a half later at 100 GBP, 80 GBP dearer than 20.
    assert_eq!(of(&[2, 3], 0.5), ("...a".into(), 4.0, 100.0 - 90.0));
    // Nowhere at all: it is left.
    assert_eq!(of(&[2, 3, 4], 0.5), ("a...".into(), 0.0, 20.0));
    // What is not within the horizon is not planned.
    assert_eq!(of(&[4, 5], 0.5), (".a..".into(), 4.0, 40.0 - 90.0));
}

#[test]
fn what_is_taken_up_may_be_missing_later_only_in_part() {
    // Half an hour at 4 MW costs 20 GBP in the second half hour and 100 GBP in the first, where 2 MWh more are paid 90 GBP.
    let of = |max_frac: f64| {
        let rebound = Rebound::new(sps([2]), 4.0, max_frac);
        let mut up = Opportunity::new("o", Route::DsoFlex, "a", sps([1]), 4.0, 0.0).price_gbp_per_mwh(45.0);
        up.direction = Direction::Up;
        let builder =
            Problem::builder(half_hours(4)).region(site("a", [50.0, 10.0, 60.0, 60.0])).job(job("j", 0.5, 4.0));
        let plan = solve(&builder.opportunity(up.rebound(rebound)).build().unwrap());
        (places(&plan, 0), plan.opportunities[0].committed_mw[0], plan.totals.cost_gbp.round())
    };
    // The second half hour uses 2 MWh less than its 4 MW: all that was taken up.
    assert_eq!(of(1.0), ("a...".into(), 4.0, 100.0 - 90.0));
    assert_eq!(of(0.9), (".a..".into(), 0.0, 20.0));
}

#[test]
fn the_check_sees_what_comes_back_and_a_commitment_keeps_the_limit() {
    let rebound = |max_frac| Rebound::new(sps([2, 3]), 0.0, max_frac);
    let asked = problem(offer(45.0).rebound(rebound(1.0)));
    let plan = solve(&asked);
    assert_eq!(asked.accept(&plan).unwrap().commitments()[0].rebound, Some(rebound(1.0)));
    let found = plan.check(&problem(offer(45.0).rebound(rebound(0.5)))).to_string();
    assert!(found.contains("1 MWh more come back than 0.5 of the 2 MWh that are sold"), "{found}");
    let found = plan.check(&problem(offer(45.0).meter_interval_min(20))).to_string();
    assert!(found.contains("a meter that is read every 20 min does not prove"), "{found}");
}

#[test]
fn what_cannot_be_proved_or_controlled_is_left() {
    let taken = |one: Opportunity| solve(&problem(one)).opportunities[0].taken;
    // Half hours are proved by readings of 1, 10, 15 and 30 min, and not by those of 20 and 60 min.
    assert!([1, 10, 15, 30].into_iter().all(|min| taken(offer(45.0).meter_interval_min(min))));
    assert!(![7, 20, 60].into_iter().any(|min| taken(offer(45.0).meter_interval_min(min))));
    let builder =
        Problem::builder(half_hours(1)).region(site("a", 10.0)).opportunity(offer(45.0).meter_interval_min(0));
    assert!(builder.build().unwrap_err().to_string().contains("meter_interval_min = 0 min, must be at least 1"));
    // A job that runs and cannot be stopped runs on, whatever is paid: it is not controllable within the notice.
    let running = |can_stop: bool| {
        let state = JobState {
            region: "a".into(),
            point: Some(0),
            done_inferences: 0.0,
            done_gpu_hours: 0.0,
            running_since: None,
            can_stop,
            pauses: 0,
        };
        let builder = Problem::builder(half_hours(4)).region(site("a", [10.0, 20.0, 50.0, 50.0]));
        let plan = solve(
            &builder.job(job("j", 0.5, 4.0).preemptible(true).state(state)).opportunity(offer(900.0)).build().unwrap(),
        );
        (places(&plan, 0), plan.opportunities[0].taken)
    };
    assert_eq!(running(true), (".a..".into(), true));
    assert_eq!(running(false), ("a...".into(), false));
}

/// Two jobs of half an hour and one opportunity with a limit on what comes back: every place and every power by enumeration.
#[test]
fn every_choice_of_what_comes_back_is_no_better() {
    let mut dice = 0x5851_f42d_4c95_7f2d_u64;
    let mut roll = |most: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % most
    };
    let (mut taken, mut limited) = (0, 0);
    for case in 0..40 {
        let prices: Vec<f64> = (0..4).map(|_| 10.0 + 10.0 * roll(5) as f64).collect();
        let mw = [1.0 + roll(3) as f64, 1.0 + roll(3) as f64];
        let (base, frac, paid) = (roll(3) as f64, roll(5) as f64 * 0.25, 20.0 + 10.0 * roll(6) as f64);
        let (divisible, baseline) = (roll(2) == 0, 2.0 + roll(4) as f64);
        let one = Opportunity::new("o", Route::DsoFlex, "a", sps([1, 2]), 3.0, baseline);
        let one = one.price_gbp_per_mwh(paid).step_mw(1.0).divisible(divisible);
        let least = |frac: f64| {
            let mut best = (f64::INFINITY, false);
            for (i, j) in (0..4).flat_map(|i| (0..4).map(move |j| (i, j))) {
                let mut import = [0.0; 4];
                import[i] += mw[0];
                import[j] += mw[1];
                let cost: f64 = import.iter().zip(&prices).map(|(mw, price)| 0.5 * mw * price).sum();
                let back: f64 = import[2..].iter().map(|mw| 0.5 * (mw - base).max(0.0)).sum();
                for (a, b) in (0..4).flat_map(|a| (0..4).map(move |b| (f64::from(a), f64::from(b)))) {
                    let sold = 0.5 * (a + b);
                    let comes = [a, b].iter().zip(&import).all(|(sold, mw)| *sold == 0.0 || sold + mw <= baseline);
                    if comes && (divisible || a == b) && (sold == 0.0 || back <= frac * sold + 1e-9) {
                        let total = cost - paid * sold;
                        if total < best.0 - 1e-9 {
                            best = (total, sold > 0.0);
                        }
                    }
                }
            }
            best
        };
        let (gbp, sells) = least(frac);
        taken += i32::from(sells);
        limited += i32::from(least(f64::INFINITY).0 < gbp - 1e-9);
        let builder: ProblemBuilder = Problem::builder(half_hours(4)).region(site("a", prices.clone()));
        let builder = builder.job(job("i", 0.5, mw[0])).job(job("j", 0.5, mw[1]));
        let plan = solve(&builder.opportunity(one.rebound(Rebound::new(sps([3, 4]), base, frac))).build().unwrap());
        near(plan.objective_gbp, gbp, &format!("case {case}"));
    }
    assert!(taken >= 10 && limited >= 3, "{taken} taken, {limited} limited");
}
