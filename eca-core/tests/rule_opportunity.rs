//! Opportunities: taken where that pays, delivered in full, and never at the cost of a user, a commitment or a strict cap.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{
    BaselineGuard, Battery, CapMetric, CapWindow, CarbonCap, Commitment, DeadlineKind, Direction, Engine, Opportunity,
    Penalty, Plan, Problem, ProblemBuilder, Route, Service, ServicePoint, SettlementPeriod, flex,
};
use rule_support::*;

/// Settlement periods of the first day of the tests.
fn sps(numbers: impl IntoIterator<Item = u8>) -> Vec<SettlementPeriod> {
    numbers.into_iter().map(|k| SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap()).collect()
}

fn offer(id: &str, numbers: impl IntoIterator<Item = u8>, mw: f64, baseline: f64, price: f64) -> Opportunity {
    Opportunity::new(id, Route::DsoFlex, "a", sps(numbers), mw, baseline).price_gbp_per_mwh(price)
}

/// Half an hour at 4 MW: 20 GBP in the first half hour, 40 GBP in the second, 100 GBP later.
fn problem(all: impl IntoIterator<Item = Opportunity>) -> Problem {
    let builder = Problem::builder(half_hours(4)).region(site("a", [10.0, 20.0, 50.0, 50.0])).job(job("j", 0.5, 4.0));
    all.into_iter().fold(builder, ProblemBuilder::opportunity).build().unwrap()
}

/// A load of 6 MW at 10 GBP/MWh, and a battery of 4 MW that holds `mwh`.
fn load(periods: usize, mwh: f64, all: impl IntoIterator<Item = Opportunity>) -> ProblemBuilder {
    let builder = Problem::builder(half_hours(periods))
        .region(site("a", 10.0).overhead_mw(6.0))
        .battery(Battery::new("b", "a", 4.0, 8.0).soc_mwh(mwh));
    all.into_iter().fold(builder, ProblemBuilder::opportunity)
}

fn sold(plan: &Plan) -> Vec<Vec<f64>> {
    plan.opportunities.iter().map(|one| one.committed_mw.clone()).collect()
}

#[test]
fn what_pays_is_taken_and_what_does_not_is_left() {
    // Half an hour later costs 20 GBP more; 2 MWh at 12 GBP/MWh pay 24.
    let plan = solve(&problem([offer("o", [1], 4.0, 4.0, 12.0)]));
    assert_eq!((sold(&plan), places(&plan, 0)), (vec![vec![4.0]], ".a..".into()));
    near(plan.opportunities[0].revenue_gbp, 24.0, "revenue_gbp");
    costs(&plan, 40.0 - 24.0);
    let plan = solve(&problem([offer("o", [1], 4.0, 4.0, 9.0)]));
    assert_eq!((sold(&plan), plan.opportunities[0].taken), (vec![vec![0.0]], false));
    costs(&plan, 20.0);
}

#[test]
fn power_is_between_least_and_most_in_whole_steps() {
    // A MWh of battery is 2 MW for half an hour. In steps of 0.6 MW: 1.8. With a least of 2.2 MW: none.
    let of = |one: Opportunity| sold(&solve(&load(1, 1.0, [one]).build().unwrap()))[0][0];
    let one = || offer("o", [1], 4.0, 6.0, 100.0);
    assert_eq!(of(one()), 2.0);
    assert_eq!(of(one().step_mw(0.6)), 1.8);
    assert_eq!(of(one().min_mw(2.2)), 0.0);
    assert_eq!(of(one().min_mw(1.9)), 2.0);
    // Sold energy is whole kWh, rounded down: a third of a MWh is 666 W less than 0.668 MW.
    let plan = solve(&load(1, 1.0 / 3.0, [one()]).build().unwrap());
    near(sold(&plan)[0][0], 0.666, "a third, in kWh");
    // A margin for what import may be above its plan is kept back.
    assert_eq!(of(one().risk_margin_mw(0.5)), 1.5);
}

#[test]
fn a_block_is_taken_whole_and_a_divisible_one_in_parts() {
    // 2 MWh: 2 MW twice, or 4 MW in the dearer half hour.
    let block = offer("o", [1, 2], 4.0, 6.0, 0.0).price_gbp_per_mwh([100.0, 140.0]);
    let plan = solve(&load(2, 2.0, [block.clone()]).build().unwrap());
    assert_eq!(sold(&plan), [[2.0, 2.0]]);
    near(plan.opportunities[0].revenue_gbp, 240.0, "revenue_gbp");
    let plan = solve(&load(2, 2.0, [block.divisible(true)]).build().unwrap());
    assert_eq!(sold(&plan), [[0.0, 4.0]]);
    near(plan.opportunities[0].revenue_gbp, 280.0, "revenue_gbp");
}

#[test]
fn a_block_that_is_not_wholly_seen_or_noticed_too_late_is_left() {
    let of = |one: Opportunity| sold(&solve(&load(2, 4.0, [one]).build().unwrap()));
    assert_eq!(of(offer("o", [2, 3], 2.0, 6.0, 100.0)), [[0.0, 0.0]]);
    assert_eq!(of(offer("o", [2, 3], 2.0, 6.0, 100.0).divisible(true)), [[2.0, 0.0]]);
    assert_eq!(of(offer("o", [1, 2], 2.0, 6.0, 100.0).notice_s(1.0)), [[0.0, 0.0]]);
    assert_eq!(of(offer("o", [1, 2], 2.0, 6.0, 100.0).notice_s(1800.0).divisible(true)), [[0.0, 2.0]]);
    assert_eq!(of(offer("o", [2], 2.0, 6.0, 100.0).notice_s(1801.0)), [[0.0]]);
}

#[test]
fn calls_have_a_length_a_rest_and_a_number() {
    let of = |edit: &dyn Fn(Opportunity) -> Opportunity| -> String {
        let prices = [90.0, 50.0, 90.0, 90.0, 50.0, 90.0];
        let one = offer("o", 1..=6, 2.0, 6.0, 0.0).price_gbp_per_mwh(prices).min_mw(2.0).divisible(true);
        let plan = solve(&load(6, 8.0, [edit(one)]).build().unwrap());
        sold(&plan)[0].iter().map(|&mw| if mw > 0.0 { '#' } else { '.' }).collect()
    };
    // 8 MWh are eight half hours of 2 MW.
    assert_eq!(of(&|one| one), "######");
    assert_eq!(of(&|one| one.max_call_periods(2)), "#.##.#");
    let single = of(&|one| one.max_call_periods(1));
    assert!(single.matches('#').count() == 3 && !single.contains("##"), "{single}");
    assert_eq!(of(&|one| one.max_call_periods(1).min_call_periods(1).max_calls_per_day(2)).matches('#').count(), 2);
    assert_eq!(of(&|one| one.max_call_periods(2).recovery_periods(2)), "##..##");
    assert_eq!(of(&|one| one.max_call_periods(3).max_calls_per_week(1)).matches('#').count(), 3);
    // Calls of three, with a rest of three: one at the start or at the end.
    let two = of(&|one| one.max_call_periods(3).min_call_periods(3).recovery_periods(3));
    assert_eq!(two.matches('#').count(), 3, "{two}");
}

#[test]
fn a_ramp_takes_its_part_of_the_first_half_hour() {
    // 5 MW within 10 min: 5 * (1/2 - 1/12) = 2.083 MWh. The job before it stands.
    let one = offer("o", [2], 5.0, 5.0, 60.0).ramp_min(10.0);
    let first = job("j", 0.5, 5.0).deadline(half_hours(1).end());
    let region = site("a", [10.0, 10.0, 10.0]);
    let problem = Problem::builder(half_hours(3)).region(region).job(first).opportunity(one).build().unwrap();
    let plan = solve(&problem);
    // 2.083 MWh in a half hour are 4.166 MW.
    near(sold(&plan)[0][0], 4.166, "committed_mw");
}

#[test]
fn more_import_is_sold_too() {
    // The load is 6 MW; above 6 MW the empty battery takes 3 MW for 15 GBP/MWh more than the energy costs.
    let more = |price: f64| offer("o", [1], 3.0, 6.0, price).direction(Direction::Up);
    let plan = solve(&load(2, 0.0, [more(15.0)]).build().unwrap());
    assert_eq!(sold(&plan), [[3.0]]);
    // More than that may go in and out again: it costs nothing here.
    let import = &plan.regions[0].import_mw;
    assert!(import[0] >= 9.0 - 1e-6, "{import:?}");
    near(import[0] + import[1], 12.0, "import_mw of both");
    costs(&plan, 60.0 - 22.5);
    // A rise takes time: from 6 MW at once to 9 MW in 20 min, in the second half hour, brings 1.5 - 3 / 6 = 1 MWh.
    let rise = offer("o", [2], 3.0, 6.0, 19.0).direction(Direction::Up).ramp_min(20.0).step_mw(0.5).min_mw(2.5);
    let plan = solve(&load(2, 0.0, [rise]).build().unwrap());
    // 4 MW of battery: a rise of 4 MW loses 2/3 MWh of 2, which leaves 4/3: 2.5 MW in steps of half a MW.
    assert_eq!(sold(&plan), [[2.5]]);
    // A site is not above and below its baseline at once, whatever the baselines.
    let both = [offer("down", [1], 1.0, 10.0, 90.0), more(90.0).direction(Direction::Up)];
    let plan = solve(&load(2, 0.0, both).build().unwrap());
    assert_eq!(sold(&plan).iter().filter(|mw| mw[0] > 0.0).count(), 1);
}

#[test]
fn a_commitment_to_use_more_is_kept_or_costs_what_is_missing() {
    let one = |mw: f64| {
        let one =
            Commitment::new("c", Route::BalancingMechanism, "a", sps([1]), mw, 6.0).penalty(Penalty::price(100.0));
        let mut document = load(2, 0.0, []).commitment(one).build().unwrap().document().clone();
        document.commitments[0].direction = Direction::Up;
        solve(&Problem::from_document(document).unwrap())
    };
    let plan = one(3.0);
    assert!(plan.broken_limits.is_empty() && plan.regions[0].import_mw[0] >= 9.0, "{:?}", plan.regions[0]);
    // 4 MW is all the battery takes.
    breaks(&one(5.0), "shortfall", "c", 0.5, "mwh", 50.0);
}

#[test]
fn two_at_one_meter_deliver_their_sum_and_exclude_each_other_where_contracts_say_so() {
    let two = |second: Opportunity| load(1, 1.5, [offer("one", [1], 2.0, 6.0, 100.0), second]).build().unwrap();
    assert_eq!(sold(&solve(&two(offer("two", [1], 4.0, 6.0, 90.0)))), [[2.0], [1.0]]);
    // What is sold before counts below the lower baseline too: 1.25 MWh below 5.5 MW, less the 0.5 MWh that are due.
    let due = Commitment::new("c", Route::DsoFlex, "a", sps([1]), 1.0, 6.0).penalty(Penalty::price(900.0));
    let problem = load(1, 1.5, [offer("o", [1], 4.0, 5.5, 90.0)]).commitment(due).build().unwrap();
    assert_eq!(sold(&solve(&problem)), [[1.5]]);
    // A lower baseline leaves less for both together.
    assert_eq!(sold(&solve(&two(offer("two", [1], 4.0, 5.5, 90.0)))), [[2.0], [0.5]]);
    let group = |one: Opportunity| one.exclusive_group("dno".to_owned());
    let plan = solve(
        &load(1, 1.5, [group(offer("one", [1], 2.0, 6.0, 100.0)), group(offer("two", [1], 4.0, 6.0, 90.0))])
            .build()
            .unwrap(),
    );
    assert_eq!(sold(&plan), [[0.0], [3.0]]);
    let mut bm = offer("two", [1], 4.0, 6.0, 90.0);
    bm.route = Route::BalancingMechanism;
    let mut dfs = offer("one", [1], 2.0, 6.0, 100.0);
    dfs.route = Route::NesoDfs;
    assert!(flex::excludes(bm.route, dfs.route));
    assert_eq!(sold(&solve(&load(1, 1.5, [dfs, bm]).build().unwrap())), [[0.0], [3.0]]);
}

#[test]
fn no_user_no_commitment_and_no_strict_cap_pays_for_an_opportunity() {
    // Shedding a million inferences of 1 Wh costs 11 GBP, the buyer pays 500 for its MWh.
    let service = Service::new("s", [1e6, 0.0], [ServicePoint { wh_per_inference: 1.0, latency_ms: 1.0 }]);
    let builder = Problem::builder(half_hours(2)).region(site("a", 10.0));
    let shed =
        builder.service(service.shed_penalty_gbp_per_million(11.0)).opportunity(offer("o", [1], 2.0, 2.0, 500.0));
    let plan = solve(&shed.build().unwrap());
    assert_eq!((sold(&plan), plan.broken_limits.len()), (vec![vec![0.0]], 0));
    // A priced deadline: undone costs 1 GBP and the work 20, so it is left undone with or without; what is free is sold.
    let undone = job("j", 0.5, 4.0).deadline(half_hours(1).end()).deadline_kind(DeadlineKind::Priced);
    let builder = Problem::builder(half_hours(2)).region(site("a", 10.0));
    let problem =
        builder.job(undone.undone_penalty_gbp(1.0)).opportunity(offer("o", [1], 4.0, 4.0, 5.0)).build().unwrap();
    assert_eq!(sold(&solve(&problem)), [[4.0]]);
    // A commitment that is short by 0.5 MWh stays as short as it is: nothing is left for a buyer who pays more.
    let one = Commitment::new("c", Route::WholesaleP415, "a", sps([1]), 4.0, 6.0).penalty(Penalty::price(50.0));
    let problem = load(1, 1.5, [offer("o", [1], 1.0, 6.0, 900.0)]).commitment(one).build().unwrap();
    let plan = solve(&problem);
    breaks(&plan, "shortfall", "c", 0.5, "mwh", 25.0);
    assert_eq!(sold(&plan), [[0.0]]);
    // A strict cap: half an hour later the job's 2 MWh are 40 kg more.
    let capped = |kg: f64| {
        let cap = CarbonCap::strict("cap", CapMetric::Kg, kg, CapWindow::Horizon);
        let region = site("a", [10.0, 10.0]).carbon_g_per_kwh([100.0, 120.0]);
        let builder = Problem::builder(half_hours(2)).region(region).job(job("j", 0.5, 4.0)).carbon_cap(cap);
        sold(&solve(&builder.opportunity(offer("o", [1], 4.0, 4.0, 500.0)).build().unwrap()))[0][0]
    };
    assert_eq!((capped(240.0), capped(220.0), capped(190.0)), (4.0, 0.0, 0.0));
}

#[test]
fn import_before_the_event_is_not_raised_for_it() {
    // The battery is empty: what is sold in SP3 is charged before, but not in the window.
    let one = |guard: Option<BaselineGuard>| {
        let one = offer("o", [3], 2.0, 6.0, 500.0);
        let plan = solve(&load(3, 0.0, [one.guard(guard)]).build().unwrap());
        sold(&plan)[0][0]
    };
    assert_eq!(one(None), 2.0);
    assert_eq!(one(Some(BaselineGuard::new(sps([1, 2]), 6.0))), 0.0);
    assert_eq!(one(Some(BaselineGuard::new(sps([2]), 6.0))), 2.0);
}

#[test]
fn what_was_taken_becomes_a_commitment() {
    let problem =
        problem([offer("o", [1], 4.0, 4.0, 12.0).penalty(Penalty::price(70.0)), offer("p", [2], 4.0, 4.0, 1.0)]);
    let plan = solve(&problem);
    let after = problem.accept(&plan).unwrap();
    assert!(after.opportunities().is_empty());
    let one = &after.commitments()[0];
    assert_eq!((after.commitments().len(), one.id.as_str(), one.committed_mw.at(0)), (1, "o", 4.0));
    assert_eq!(one.penalty, Penalty::price([70.0]));
    let again = solve(&after);
    near(again.objective_gbp, plan.objective_gbp, "objective_gbp");
    assert_eq!(again.commitments[0].shortfall_mwh, [Some(0.0)]);
    assert!(problem.accept(&again).is_err());
}

#[test]
fn every_engine_takes_it_or_gives_a_plan_without() {
    let problem = problem([offer("o", [1], 4.0, 4.0, 12.0)]);
    for (name, engine) in Engine::NAMES {
        let mut settings = exact();
        settings.engine = *engine;
        let plan = problem.solve(&settings).unwrap();
        assert!(plan.check(&problem).passed(), "{name}: {}", plan.check(&problem));
        near(plan.objective_gbp, if *engine == Engine::Greedy { 20.0 } else { 16.0 }, name);
    }
}

#[test]
fn the_explanation_names_what_is_taken() {
    if !cfg!(feature = "highs") {
        return;
    }
    let problem = load(1, 1.0, [offer("o", [1], 4.0, 6.0, 100.0), offer("p", [1], 4.0, 6.0, -5.0)]).build().unwrap();
    let explanation = solve(&problem).explain(&problem).unwrap();
    let named: Vec<_> = explanation.binding.iter().filter(|one| one.text.contains("opportunity")).collect();
    assert_eq!(named.len(), 1, "{named:?}");
    assert!(named[0].text.starts_with("opportunity `o` is taken with 2 MW and pays 100.00 GBP"), "{}", named[0].text);
}

#[test]
fn the_check_sees_what_is_not_sold_so() {
    let one = offer("o", [1, 2], 4.0, 4.0, 0.0).price_gbp_per_mwh([12.0, -12.0]);
    let problem = problem([one.divisible(true).min_mw(1.0).max_call_periods(1)]);
    let good = solve(&problem);
    assert_eq!(sold(&good), [[4.0, 0.0]]);
    let found = |edit: &dyn Fn(&mut Plan)| {
        let mut plan = good.clone();
        edit(&mut plan);
        plan.check(&problem).findings.iter().map(|finding| finding.message.clone()).collect::<Vec<_>>().join("; ")
    };
    assert!(found(&|plan| plan.opportunities[0].committed_mw[0] = 3.9991).contains("a multiple of 0.002 MW"));
    assert!(found(&|plan| plan.opportunities[0].committed_mw[0] = 0.5).contains("must be 1 to 4 MW"));
    assert!(
        found(&|plan| plan.opportunities[0].committed_mw[0] = 3.0).contains("revenue_gbp is 24 GBP, must be 18 GBP")
    );
    assert!(found(&|plan| plan.opportunities[0].committed_mw[1] = 1.0).contains("is short of"));
    assert!(found(&|plan| plan.opportunities[0].committed_mw[1] = 1.0).contains("has a call of 2 settlement periods"));
    assert!(found(&|plan| plan.opportunities[0].taken = false).contains("says taken = false"));
    assert!(found(&|plan| plan.opportunities.clear()).contains("opportunity `o` is missing"));
    assert!(found(&|plan| plan.opportunities[0].revenue_gbp = 25.0).contains("must be 24 GBP"));
}

#[test]
fn what_is_no_opportunity_is_refused_with_the_reason() {
    let refused = |edit: &dyn Fn(Opportunity) -> Opportunity| -> String {
        let one = edit(offer("o", [1, 2], 4.0, 4.0, 12.0));
        let builder = Problem::builder(half_hours(4)).region(site("a", 10.0)).opportunity(one);
        builder.build().unwrap_err().to_string()
    };
    assert!(refused(&|one| one.step_mw(0.003)).contains("step_mw = 0.003 MW, must be a multiple of 0.002"));
    assert!(refused(&|one| one.min_mw(5.0)).contains("max_mw = 4 MW, must be at least 5"));
    assert!(refused(&|one| one.recovery_periods(2)).contains("must be left out unless divisible is true"));
    assert!(refused(&|one| one.divisible(true).max_calls_per_day(0)).contains("must be at least 1"));
    assert!(
        refused(&|one| one.divisible(true).min_call_periods(3).max_call_periods(2))
            .contains("at least min_call_periods")
    );
    assert!(refused(&|one| one.price_gbp_per_mwh([1.0; 3])).contains("price_gbp_per_mwh = 3 values"));
    assert!(refused(&|one| one.risk_margin_mw(-1.0)).contains("risk_margin_mw"));
}

/// What a meter with a load of 6 MW and a battery delivers, by enumeration of what is taken: energy is all that couples.
#[test]
fn every_choice_of_what_to_take_is_no_better() {
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let mut roll = |most: u64| {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        dice % most
    };
    for case in 0..40 {
        let mwh = roll(9) as f64 * 0.5;
        let all: Vec<Opportunity> = (0..3)
            .map(|i| {
                let numbers: Vec<u8> = (1..=3).filter(|_| roll(3) > 0).collect();
                let numbers = if numbers.is_empty() { vec![1] } else { numbers };
                let prices: Vec<f64> = numbers.iter().map(|_| roll(60) as f64 - 5.0).collect();
                let one = offer(&format!("o{i}"), numbers, 1.0 + roll(3) as f64, 6.0 - roll(2) as f64 * 0.5, 0.0);
                let one = one.price_gbp_per_mwh(prices).step_mw(1.0).min_mw(1.0).divisible(roll(2) == 0);
                if one.divisible && roll(2) == 0 {
                    one.max_call_periods(1).recovery_periods(roll(3) as u32)
                } else {
                    one
                }
            })
            .collect();
        // No more than the load is imported, so that nothing is charged.
        let mut document = load(3, mwh, all.clone()).build().unwrap().document().clone();
        document.regions[0].import_limit_mw = 6.0.into();
        let plan = solve(&Problem::from_document(document).unwrap());
        near(plan.objective_gbp, judge(mwh, &all), &format!("case {case}: {all:?}"));
    }
}

/// The least cost: the energy of the battery saves 10 GBP/MWh wherever it goes, and what is taken earns its price. `mw[k]` of
/// battery in half hour `k` is at least what is asked there, and at most 4 MW; all of it at most `mwh` in store.
fn judge(mwh: f64, all: &[Opportunity]) -> f64 {
    let choices: Vec<Vec<Vec<f64>>> = all.iter().map(takes).collect();
    let mut best = f64::INFINITY;
    for a in &choices[0] {
        for b in &choices[1] {
            for c in &choices[2] {
                let (mut need, mut paid) = (0.0, 0.0);
                let mut possible = true;
                for k in 0..3 {
                    let sold = a[k] + b[k] + c[k];
                    let three = [a, b, c];
                    let lowest = three.iter().zip(all).filter(|(t, _)| t[k] > 0.0);
                    let lowest = lowest.map(|(_, one)| one.baseline_mw.at(0)).fold(6.0_f64, f64::min);
                    let power = if sold > 0.0 { sold + 6.0 - lowest } else { 0.0 };
                    possible &= power <= 4.0;
                    need += 0.5 * power;
                    for (t, one) in [a, b, c].iter().zip(all) {
                        let at =
                            one.settlement_periods.iter().position(|sp| usize::from(sp.settlement_period()) == k + 1);
                        paid += at.map_or(0.0, |i| 0.5 * t[k] * one.price_gbp_per_mwh.at(i));
                    }
                }
                if possible && need <= mwh + 1e-9 {
                    // What is left of the store is used as well: 4 MW for 1.5 h is more than there ever is.
                    best = best.min(10.0 * (9.0 - mwh) - paid);
                }
            }
        }
    }
    best
}

/// Every way to take one, MW in each of the three half hours.
fn takes(one: &Opportunity) -> Vec<Vec<f64>> {
    let numbers: Vec<usize> = one.settlement_periods.iter().map(|sp| usize::from(sp.settlement_period()) - 1).collect();
    let most = one.max_mw as u64;
    let mut all = Vec::new();
    let base = most + 1;
    for code in 0..base.pow(3) {
        let mw: Vec<f64> = (0..3).map(|k| (code / base.pow(k) % base) as f64).collect();
        if (0..3).any(|k| mw[k] > 0.0 && !numbers.contains(&k)) {
            continue;
        }
        if !one.divisible && numbers.iter().any(|&k| mw[k] != mw[numbers[0]]) {
            continue;
        }
        let on: Vec<bool> = mw.iter().map(|&mw| mw > 0.0).collect();
        if one.max_call_periods == Some(1) && on[1] && (on[0] || on[2]) {
            continue;
        }
        if one.recovery_periods >= 2 && on[0] && on[2] && !on[1] {
            continue;
        }
        all.push(mw);
    }
    all
}
