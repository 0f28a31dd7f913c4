//! Calls that were made before a horizon starts count in it; gates that are closed and days that baselines need stay so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{
    Battery, Commitment, Horizon, Opportunity, Penalty, Problem, ProblemBuilder, Route, SettlementPeriod, Timestamp,
};
use rule_support::*;

fn sp(date: &str, k: u8) -> SettlementPeriod {
    SettlementPeriod::new(date.parse().unwrap(), k).unwrap()
}

/// Settlement periods of the day of the horizon, Tuesday 3 March 2026.
fn day(numbers: impl IntoIterator<Item = u8>) -> Vec<SettlementPeriod> {
    numbers.into_iter().map(|k| sp("2026-03-03", k)).collect()
}

/// A load of 6 MW and a battery with more than can be sold.
fn load(start: &str, periods: usize) -> ProblemBuilder {
    Problem::builder(Horizon::new(time(start), 30, periods).unwrap())
        .region(site("a", 10.0).overhead_mw(6.0))
        .battery(Battery::new("b", "a", 4.0, 8.0).soc_mwh(8.0))
}

/// Three hours from noon: SP25 to SP30, of which 2 MW may be sold in each.
fn noon(edit: &dyn Fn(Opportunity) -> Opportunity) -> Problem {
    let prices = [90.0, 50.0, 90.0, 90.0, 50.0, 90.0];
    let one = Opportunity::new("o", Route::DsoFlex, "a", day(25..=30), 2.0, 6.0).price_gbp_per_mwh(prices);
    load("2026-03-03T12:00:00Z", 6).opportunity(edit(one.min_mw(2.0).divisible(true))).build().unwrap()
}

fn shown(problem: &Problem) -> String {
    let plan = solve(problem);
    plan.opportunities[0].committed_mw.iter().map(|&mw| if mw > 0.0 { '#' } else { '.' }).collect()
}

fn of(edit: &dyn Fn(Opportunity) -> Opportunity) -> String {
    shown(&noon(edit))
}

#[test]
fn calls_before_the_horizon_count() {
    let by_day =
        |called: Vec<SettlementPeriod>| of(&|one| one.max_call_periods(3).max_calls_per_day(1).called(called.clone()));
    // A call of three in the day, unless there was one in the morning; one of the day before does not count.
    assert_eq!(by_day(vec![]).matches('#').count(), 3);
    assert_eq!(by_day(day([20])), "......");
    assert_eq!(by_day(vec![sp("2026-03-02", 20)]).matches('#').count(), 3);
    // A week begins on Monday.
    let by_week =
        |called: Vec<SettlementPeriod>| of(&|one| one.max_call_periods(3).max_calls_per_week(2).called(called.clone()));
    assert_eq!(by_week(vec![sp("2026-03-01", 20), sp("2026-03-02", 20)]).matches('#').count(), 3);
    assert_eq!(by_week(vec![sp("2026-03-02", 20), sp("2026-03-02", 30)]), "......");
    // More calls than there may be: nothing more, and no conflict.
    assert_eq!(by_day(day([18, 20, 22])), "......");
}

#[test]
fn a_call_under_way_goes_on_rests_and_is_not_called_again() {
    // Two settlement periods of three are over: one more, and no other call.
    assert_eq!(of(&|one| one.max_call_periods(3).max_calls_per_day(1).called(day([23, 24]))), "#.....");
    // It has been long enough already.
    assert_eq!(of(&|one| one.max_call_periods(2).min_call_periods(2).max_calls_per_day(1).called(day([24]))), "#.....");
    // It has had its length and rests for two.
    assert_eq!(of(&|one| one.max_call_periods(1).recovery_periods(2).called(day([24]))), "..#..#");
    // SP27 is sold already: SP28 with it, and what is a call of its own.
    assert_eq!(of(&|one| one.max_call_periods(2).called(day([27]))), "#..#.#");
    // Longer than it may be: no more of it, and no conflict.
    assert_eq!(of(&|one| one.max_call_periods(2).called(day([22, 23, 24]))), ".##.##");
}

#[test]
fn the_check_counts_what_is_called_too() {
    let plan = solve(&noon(&|one| one.max_call_periods(3).max_calls_per_day(1)));
    let found = |edit: &dyn Fn(Opportunity) -> Opportunity| plan.check(&noon(edit)).to_string();
    assert!(
        found(&|one| one.max_calls_per_day(1).called(day([20])))
            .contains("has 2 calls in the day 2026-03-03, may have 1")
    );
    assert!(found(&|one| one.called(day([27]))).contains("is taken in 2026-03-03 SP27, which is called already"));
    let plan = solve(&noon(&|one| one));
    let found = |edit: &dyn Fn(Opportunity) -> Opportunity| plan.check(&noon(edit)).to_string();
    assert!(
        found(&|one| one.recovery_periods(2).called(day([23]))).contains("rests 1 settlement periods before its call")
    );
    assert!(found(&|one| one.max_call_periods(6).called(day([24]))).contains("has a call of 7 settlement periods"));
}

#[test]
fn what_is_called_is_of_a_divisible_one_and_in_order() {
    let refused = |called: Vec<SettlementPeriod>, divisible: bool| {
        let one = Opportunity::new("o", Route::DsoFlex, "a", day([25]), 2.0, 6.0).called(called).divisible(divisible);
        load("2026-03-03T12:00:00Z", 2).opportunity(one).build().unwrap_err().to_string()
    };
    assert_eq!(
        refused(day([20]), false),
        "opportunity `o` has called = `2026-03-03 SP20`, must be left out unless divisible is true: it is one call"
    );
    assert_eq!(
        refused(day([20, 20]), true),
        "opportunity `o` has called[1] = `2026-03-03 SP20`, must be after `2026-03-03 SP20`"
    );
}

fn by(route: Route, mut one: Opportunity) -> Opportunity {
    one.route = route;
    one
}

#[test]
fn wholesale_is_sold_until_its_gate_closes() {
    // The gate of SP27 closes at noon, that of SP28 half an hour later.
    let sold = |route: Route| of(&|one| by(route, one));
    assert_eq!(sold(Route::WholesaleP415), "...###");
    assert_eq!(sold(Route::DsoFlex), "######");
    let late = solve(&noon(&|one| one)).check(&noon(&|one| by(Route::WholesaleP415, one)));
    assert!(late.to_string().contains("is taken in 2026-03-03 SP27, whose gate is closed"), "{late}");
}

/// Two hours on both sides of midnight, of which 1.5 MW may be sold in each half hour; the second day pays more.
fn midnight(left: Option<u32>, edit: &dyn Fn(ProblemBuilder) -> ProblemBuilder) -> Problem {
    let periods = (45..=48).map(|k| sp("2026-03-02", k)).chain((1..=4).map(|k| sp("2026-03-03", k)));
    let prices = [50.0, 50.0, 50.0, 50.0, 60.0, 60.0, 60.0, 60.0];
    let one = Opportunity::new("o", Route::DsoFlex, "a", periods, 1.5, 6.0).price_gbp_per_mwh(prices).min_mw(1.5);
    let builder = load("2026-03-02T22:00:00Z", 8).opportunity(one.divisible(true).event_days_left(left));
    edit(builder).build().unwrap()
}

#[test]
fn a_baseline_keeps_the_days_it_wants() {
    let days = |left| shown(&midnight(left, &|builder| builder));
    assert_eq!(days(None), "########");
    assert_eq!(days(Some(2)), "########");
    assert_eq!(days(Some(1)), "....####");
    assert_eq!(days(Some(0)), "........");
    // The first day is an event day already.
    let sold =
        Commitment::new("c", Route::DsoFlex, "a", [sp("2026-03-02", 45)], 1.0, 6.0).penalty(Penalty::price(900.0));
    assert_eq!(shown(&midnight(Some(1), &|builder| builder.commitment(sold.clone()))), "########");
    // Another buyer at the meter makes it one: then the second day is spared.
    let other = Opportunity::new("p", Route::DsoFlex, "a", [sp("2026-03-02", 45)], 1.5, 6.0).price_gbp_per_mwh(500.0);
    let both = midnight(Some(1), &|builder| builder.opportunity(other.clone()));
    assert_eq!(shown(&both), "####....");
    let found = solve(&midnight(None, &|builder| builder)).check(&midnight(Some(1), &|builder| builder)).to_string();
    assert!(found.contains("makes event days of 2 days, its baseline can spare 1"), "{found}");
}

/// What is taken in six half hours from noon, by enumeration, with calls before, in and after them.
#[test]
fn every_choice_of_calls_is_no_better() {
    let mut dice = 0x2545_f491_4f6c_dd1d_u64;
    let mut roll = |most: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % most
    };
    let mut limited = 0;
    for case in 0..80 {
        let prices: Vec<f64> = (0..6).map(|_| 20.0 + roll(8) as f64 * 10.0).collect();
        let called: Vec<u8> = (21..=32).filter(|_| roll(5) == 0).collect();
        let rules = Rules {
            least: 1 + roll(3) as usize,
            most: 3 + roll(2) as usize,
            rest: roll(4) as usize,
            calls: 1 + roll(3) as usize,
        };
        let one = Opportunity::new("o", Route::DsoFlex, "a", day(25..=30), 2.0, 6.0)
            .price_gbp_per_mwh(prices.clone())
            .min_mw(2.0)
            .divisible(true)
            .min_call_periods(rules.least as u32)
            .max_call_periods(rules.most as u32)
            .recovery_periods(rules.rest as u32)
            .max_calls_per_day(rules.calls as u32)
            .called(day(called.iter().copied()));
        let plan = solve(&load("2026-03-03T12:00:00Z", 6).opportunity(one.step_mw(2.0)).build().unwrap());
        let before: Vec<usize> = called.iter().map(|&k| usize::from(k)).collect();
        let best = (0..64_u32)
            .filter(|set| {
                rules.allow(&before, &(0..6).filter(|i| set & (1 << i) != 0).map(|i| 25 + i).collect::<Vec<_>>())
            })
            .map(|set| (0..6).filter(|i| set & (1 << i) != 0).map(|i| prices[i]).sum::<f64>())
            .fold(0.0, f64::max);
        near(plan.opportunities[0].revenue_gbp, best, &format!("case {case}: called {called:?}"));
        limited += i32::from(!called.is_empty() && best < prices.iter().sum::<f64>());
    }
    assert!(limited > 40, "{limited}");
}

struct Rules {
    least: usize,
    most: usize,
    rest: usize,
    calls: usize,
}

impl Rules {
    /// Whether these settlement periods may be taken where others are called already.
    fn allow(&self, called: &[usize], taken: &[usize]) -> bool {
        if taken.iter().any(|k| called.contains(k)) {
            return false;
        }
        let on = |k: usize| called.contains(&k) || taken.contains(&k);
        let starts = |on: &dyn Fn(usize) -> bool| (1..49).filter(|&k| on(k) && !on(k - 1)).count();
        let known = starts(&|k| called.contains(&k));
        if starts(&on) > self.calls.max(known) {
            return false;
        }
        for first in (1..49).filter(|&k| on(k) && !on(k - 1)) {
            let run: Vec<usize> = (first..49).take_while(|&k| on(k)).collect();
            let (old, new) = (run.iter().any(|k| called.contains(k)), run.iter().any(|k| taken.contains(k)));
            if new && (run.len() > self.most || (!old && run.len() < self.least)) {
                return false;
            }
            let end = first + run.len() - 1;
            for later in end + 2..=end + self.rest {
                if on(later) && !(called.contains(&end) && called.contains(&later)) {
                    return false;
                }
            }
        }
        true
    }
}

#[test]
fn periods_of_the_clock_change_follow_one_another() {
    // 29 March 2026: SP2 ends at 01:00 UTC, where the clock jumps to 02:00; SP3 follows it.
    let start: Timestamp = time("2026-03-29T00:00:00Z");
    let periods: Vec<SettlementPeriod> = (0..4).map(|i| SettlementPeriod::containing(start.plus_min(30 * i))).collect();
    let one = Opportunity::new("o", Route::DsoFlex, "a", periods[2..].to_vec(), 2.0, 6.0).price_gbp_per_mwh(50.0);
    let one = one.min_mw(2.0).divisible(true).max_call_periods(3).called(periods[..2].to_vec());
    let problem = load("2026-03-29T01:00:00Z", 2).opportunity(one).build().unwrap();
    assert_eq!(shown(&problem), "#.");
}
