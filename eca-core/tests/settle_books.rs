//! The books: records of several runs, the Social Tariff Fund, and monthly reports.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod settle_support;

use eca_core::settle::{
    Allocation, Beneficiary, Contribution, Embodied, EventRecord, FundEntryKind, Ledger, Matched, Micro, Sci,
    SettlementRun, distribute, parse_consumption, report,
};
use proptest::prelude::*;
use serde_json::json;
use settle_support::{event, meters, prices, settled};
use std::collections::BTreeMap;

fn record(run: SettlementRun) -> EventRecord {
    let mut made = settled(&event(), &meters(), &prices());
    made.run = run;
    made
}

#[test]
fn what_was_settled_is_never_overwritten() {
    let mut ledger = Ledger::default();
    assert_eq!(ledger.append(record(SettlementRun::Sf)).unwrap(), None);
    assert_eq!(ledger.append(record(SettlementRun::Sf)).unwrap(), None);
    assert_eq!(ledger.records().len(), 1);
    let mut other = record(SettlementRun::Sf);
    other.totals.cash_ugbp += 1;
    let error = ledger.append(other.clone()).unwrap_err().to_string();
    assert!(error.contains("SF after SF, must not replace what is settled"), "{error}");
    assert!(ledger.append(record(SettlementRun::Ii)).unwrap_err().to_string().contains("II after SF"));

    other.run = SettlementRun::R1;
    let change = ledger.append(other).unwrap().unwrap();
    assert_eq!((change.from, change.to, change.cash_ugbp), (SettlementRun::Sf, SettlementRun::R1, 1));
    assert_eq!(ledger.records().len(), 2);
    assert_eq!(ledger.latest()["evening"].run, SettlementRun::R1);

    let text = ledger.to_json_lines().unwrap();
    assert_eq!(Ledger::from_json_lines(&text).unwrap(), ledger);
    let error = Ledger::from_json_lines(&(text + "{}\n")).unwrap_err().to_string();
    assert!(error.contains("records line 3"), "{error}");
}

#[test]
fn runs_have_their_order() {
    let names: Vec<&str> = SettlementRun::NAMES.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["II", "SF", "R1", "R2", "R3", "RF", "DF"]);
    assert!(SettlementRun::NAMES.windows(2).all(|pair| pair[0].1 < pair[1].1));
    assert!(names.iter().all(|name| name.parse::<SettlementRun>().unwrap().to_string() == *name));
}

#[test]
fn a_watt_hour_is_claimed_once() {
    let mut ledger = Ledger::default();
    ledger.append(record(SettlementRun::Sf)).unwrap();
    let mut twin = record(SettlementRun::Sf);
    twin.event_id = "twin".into();
    let error = ledger.append(twin.clone()).unwrap_err().to_string();
    assert!(
        error.contains("must not claim 2026-02-19 SP35 of meter `hall-a` again: event `evening` has it"),
        "{error}"
    );
    twin.meter_id = "hall-b".into();
    ledger.append(twin).unwrap();
}

fn home(id: &str, weight: i64, cap_ugbp: Option<i64>) -> Beneficiary {
    Beneficiary { id: id.into(), weight, cap_ugbp }
}

fn given(amount_ugbp: i64) -> Vec<Contribution> {
    vec![Contribution { id: "evening".into(), amount_ugbp }]
}

#[test]
fn the_fund_shares_out_by_rule_and_carries_what_caps_leave() {
    let homes = [home("b", 2, None), home("a", 1, None), home("c", 0, None)];
    let amounts = |allocation, whole| -> Vec<(String, i64)> {
        let entries = distribute(&given(whole), &homes, allocation, 0).unwrap();
        assert_eq!(entries.iter().map(|entry| entry.amount_ugbp).sum::<i64>(), 0);
        entries.into_iter().skip(1).map(|entry| (entry.id, entry.amount_ugbp)).collect()
    };
    let expected = |a: i64, b: i64| vec![("a".to_owned(), a), ("b".to_owned(), b), ("c".to_owned(), 0)];
    assert_eq!(amounts(Allocation::Equal, 101), expected(51, 50));
    assert_eq!(amounts(Allocation::ByWeight, 100), expected(33, 67));
    assert_eq!(amounts(Allocation::ByWeight, 0), expected(0, 0));

    // 1000 by weight would be 100, 300, 600: the cap of 350 leaves 250 to the others as 1 to 3.
    let homes = [home("a", 1, None), home("b", 3, None), home("c", 6, Some(350))];
    let entries = distribute(&given(900), &homes, Allocation::ByWeight, 100).unwrap();
    let shown: Vec<i64> = entries.iter().map(|entry| entry.amount_ugbp).collect();
    assert_eq!(shown, [-100, -900, 163, 487, 350]);
    // All at their caps: the rest is carried.
    let homes = [home("a", 1, Some(10)), home("b", 1, Some(20))];
    let entries = distribute(&given(100), &homes, Allocation::Equal, 0).unwrap();
    assert_eq!(entries.iter().map(|entry| entry.amount_ugbp).collect::<Vec<_>>(), [-100, 10, 20, 70]);
    assert_eq!(entries[3].entry, FundEntryKind::CarriedOut);
    // Nobody there: everything is carried.
    assert_eq!(distribute(&given(5), &[], Allocation::Equal, 0).unwrap()[1].amount_ugbp, 5);
}

#[test]
fn a_fund_that_cannot_be_is_refused() {
    for (contributions, homes, carried, words) in [
        (given(-1), vec![], 0, "contribution `evening` has amount_ugbp = -1"),
        (given(1), vec![home("a", -2, None)], 0, "beneficiary `a` has weight = -2"),
        (given(1), vec![home("a", 1, Some(-3))], 0, "beneficiary `a` has cap_ugbp = -3"),
        (given(1), vec![home("a", 1, None), home("a", 1, None)], 0, "beneficiary `a` is defined twice"),
        (given(1), vec![], -4, "carried_in_ugbp = -4"),
    ] {
        let error = distribute(&contributions, &homes, Allocation::Equal, carried).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

proptest! {
    #[test]
    fn the_fund_sums_to_zero_and_keeps_its_caps(
        amounts in prop::collection::vec(0_i64..1_000_000_007, 0..6),
        homes in prop::collection::vec((0_i64..50, prop::option::of(0_i64..400_000_000)), 0..30),
        by_weight: bool,
        carried in 0_i64..1_000_000,
    ) {
        let contributions: Vec<_> =
            amounts.iter().enumerate().map(|(i, amount)| Contribution { id: i.to_string(), amount_ugbp: *amount }).collect();
        let homes: Vec<_> = homes.iter().enumerate().map(|(i, (weight, cap))| home(&i.to_string(), *weight, *cap)).collect();
        let allocation = if by_weight { Allocation::ByWeight } else { Allocation::Equal };
        let entries = distribute(&contributions, &homes, allocation, carried).unwrap();
        prop_assert_eq!(entries.iter().map(|entry| entry.amount_ugbp).sum::<i64>(), 0);
        let got: BTreeMap<&str, i64> = entries
            .iter()
            .filter(|entry| entry.entry == FundEntryKind::Distribution)
            .map(|entry| (entry.id.as_str(), entry.amount_ugbp))
            .collect();
        let weight = |to: &Beneficiary| if by_weight { to.weight } else { to.weight.min(1) };
        let open: Vec<&Beneficiary> = homes
            .iter()
            .filter(|to| weight(to) > 0 && to.cap_ugbp.is_none_or(|cap| got[to.id.as_str()] < cap))
            .collect();
        for to in &homes {
            let amount = got[to.id.as_str()];
            prop_assert!(amount >= 0 && to.cap_ugbp.is_none_or(|cap| amount <= cap));
            prop_assert!(weight(to) > 0 || amount == 0);
        }
        // Whoever is below its cap has its part of what such homes have together, to one unit.
        let (sum, weights): (i64, i64) =
            (open.iter().map(|to| got[to.id.as_str()]).sum(), open.iter().map(|to| weight(to)).sum());
        for to in &open {
            let exact = i128::from(sum) * i128::from(weight(to));
            let off = i128::from(got[to.id.as_str()]) * i128::from(weights) - exact;
            prop_assert!(off.abs() <= i128::from(weights), "{} has {}", to.id, got[to.id.as_str()]);
        }
        let left = entries.iter().any(|entry| entry.entry == FundEntryKind::CarriedOut);
        prop_assert!(!left || open.is_empty());
    }
}

#[test]
fn sci_0_04035_grams_for_each_inference() {
    // 2 kWh at a PUE of 1.25 and 150 g/kWh; 1000 kg over 4 years, one hour of the whole device; 10,000 inferences.
    let embodied = Embodied { total_mg: 1_000_000_000, life_h: 4 * 8760, reserved_frac: Micro::ONE };
    let score = Sci::of(375_000, Some(embodied), Micro::ONE, 10_000).unwrap();
    assert_eq!((score.operational_mg, score.embodied_mg), (375_000, 28_539));
    assert_eq!(score.ug_per_inference(), Some(40_354));
    assert_eq!(Sci::of(1, None, Micro::ONE, 0).unwrap().ug_per_inference(), None);
}

#[test]
fn matched_62_5_and_77_5_percent() {
    let hours = |grid: Option<Micro>| [0, 5, 15, 20].map(|generation| (10, generation, grid));
    let matched = Matched::of(hours("0.4".parse().ok())).unwrap();
    assert_eq!(matched.share().unwrap().to_string(), "0.625");
    assert_eq!(matched.share_with_grid().unwrap().to_string(), "0.775");
    assert_eq!(Matched::of(hours(None)).unwrap().share_with_grid(), None);
    assert_eq!(Matched::of([]).unwrap().share(), None);
}

#[test]
fn a_report_has_a_month_for_events_and_consumption() {
    let mut ledger = Ledger::default();
    ledger.append(record(SettlementRun::Sf)).unwrap();
    ledger.append(record(SettlementRun::R1)).unwrap();
    // 31 January 23:30 and 1 February 00:00 are months apart; the two half hours of 00:00 are one UTC hour.
    let used = parse_consumption(
        "start,consumption_wh,carbon_g_per_kwh,generation_wh,grid_cfe_frac,inferences\n\
         2026-01-31T23:30:00Z,1000000,100,0,0.5,\n\
         2026-02-01T00:00:00Z,2000000,150,3000000,0.4,9000\n\
         2026-02-01T00:30:00Z,2000000,50,0,0.4,1000\n",
    );
    let months = report(&ledger, &used.unwrap(), None).unwrap();
    assert_eq!(months.iter().map(|month| month.month.as_str()).collect::<Vec<_>>(), ["2026-01", "2026-02"]);
    let february = &months[1];
    assert_eq!((february.events, february.cash_ugbp, february.not_final), (1, 592_500_000, 0));
    assert_eq!(february.carbon_avoided_mg, Some(799_500_000));
    assert_eq!(february.marginal_carbon_avoided_mg, Some(1_330_000_000));
    assert_eq!(february.location_based_mg, Some(400_000_000));
    let sci = february.sci.unwrap();
    assert_eq!((sci.operational_mg, sci.inferences, sci.ug_per_inference()), (400_000_000, 10_000, Some(40_000_000)));
    // The hour has 4 MWh of load and 3 of generation, though its second half hour has none.
    assert_eq!(february.matched.unwrap().share().unwrap().to_string(), "0.75");
    assert_eq!(february.matched.unwrap().share_with_grid().unwrap().to_string(), "0.85");
    assert_eq!((months[0].events, months[0].matched, months[0].sci), (0, None, None));
    let error = parse_consumption("start,consumption_wh,grid_cfe_frac\n2026-02-01T00:00:00Z,1,40\n").unwrap_err();
    assert!(error.to_string().contains("grid_cfe_frac = 40, must be from 0 to 1"));
}

#[test]
fn claim_and_true_reduction_stand_side_by_side() {
    let mut document = event();
    document["periods"][0]["counterfactual_mwh"] = json!(5.7);
    let period = &settled(&document, &meters(), &prices()).periods[0];
    assert_eq!(period.deviation_wh, 2_600_000);
    assert_eq!((period.true_reduction_wh, period.baseline_effect_wh), (Some(2_300_000), Some(300_000)));
}
