//! One delivered event, settled step by step against numbers worked out on paper (docs/settlement.md).
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod settle_support;

use serde_json::json;
use settle_support::{event, meters, prices, settled};

/// Pounds and pence, half away from zero.
fn pence(ugbp: i64) -> i64 {
    let whole = ugbp.abs() / 10_000 + i64::from(ugbp.abs() % 10_000 >= 5_000);
    whole * ugbp.signum()
}

#[test]
fn baseline_is_6_000_and_not_5_490() {
    let record = settled(&event(), &meters(), &prices());
    assert_eq!(record.baseline.periods[0].baseline_wh, 6_000_000);
    let days = &record.baseline.days[0];
    assert_eq!(days.used.len(), 10);
    assert_eq!(days.excluded.len(), 2);
    assert_eq!(days.excluded[0].settlement_date.to_string(), "2026-02-17");

    let mut naive = event();
    naive["baseline"]["event_days"] = json!([]);
    assert_eq!(settled(&naive, &meters(), &prices()).baseline.periods[0].baseline_wh, 5_490_000);
}

#[test]
fn volumes_and_cash_of_each_period() {
    let record = settled(&event(), &meters(), &prices());
    let deviation: Vec<i64> = record.periods.iter().map(|period| period.deviation_wh).collect();
    assert_eq!(deviation, [2_600_000, 2_200_000]);
    let flows: Vec<Vec<i64>> =
        record.periods.iter().map(|period| period.flows.iter().map(|flow| flow.cash_ugbp).collect()).collect();
    assert_eq!(flows, [[300_000_000, 18_000_000], [337_500_000, -63_000_000]]);
    assert_eq!(record.periods[0].cash_ugbp, 318_000_000);
    assert_eq!(record.periods[1].cash_ugbp, 274_500_000);
    assert_eq!((record.periods[0].shortfall_wh, record.periods[1].shortfall_wh), (0, 300_000));
    assert_eq!(record.findings, Vec::<String>::new());
    assert!(record.complete);
}

#[test]
fn mutualised_592_50_and_the_supplier_418_61() {
    let record = settled(&event(), &meters(), &prices());
    assert_eq!(record.totals.cash_ugbp, 592_500_000);
    let supplier = record.compensation.unwrap();
    assert_eq!((supplier.received_ugbp, pence(supplier.received_ugbp)), (418_608_000, 41_861));
    assert_eq!(pence(supplier.own_part_ugbp.unwrap()), 1_674);
    assert_eq!(pence(supplier.net_ugbp.unwrap()), 40_186);
    assert_eq!(record.totals.site_ugbp, 474_000_000);
    assert_eq!(record.totals.social_tariff_ugbp, 23_700_000);
}

#[test]
fn the_supplier_is_out_of_balance_by_what_was_not_notified_only() {
    // Bought 12.0 MWh, the baseline; metered 7.2; the deviation of 4.8 is added back.
    let imbalance_wh = |event: &serde_json::Value| {
        let record = settled(event, &meters(), &prices());
        let sum = |of: fn(&eca_core::settle::PeriodRecord) -> i64| record.periods.iter().map(of).sum::<i64>();
        (sum(|p| p.baseline_wh), sum(|p| p.import_wh), sum(|p| p.baseline_wh - p.import_wh - p.deviation_wh))
    };
    assert_eq!(imbalance_wh(&event()), (12_000_000, 7_200_000, 0));
    let mut lost = event();
    lost["submissions"][0]["status"] = json!("rejected");
    assert_eq!(imbalance_wh(&lost).2, 4_800_000, "nothing is added back: the supplier has bought it in vain");
}

#[test]
fn direct_173_89() {
    let mut direct = event();
    direct["terms"]["compensation"] =
        json!([{"route": "wholesale_p415", "effective_from": "2026-02-19", "regime": "direct_party_pays_supplier"}]);
    let record = settled(&direct, &meters(), &prices());
    assert_eq!((record.totals.cash_ugbp, pence(record.totals.cash_ugbp)), (173_892_000, 17_389));
    assert_eq!(record.compensation.unwrap().received_ugbp, 418_608_000);

    // A regime that begins the next day does not hold yet.
    direct["terms"]["compensation"][0]["effective_from"] = json!("2026-02-20");
    assert_eq!(settled(&direct, &meters(), &prices()).totals.cash_ugbp, 592_500_000);
}

#[test]
fn a_lost_notification_costs_337_50() {
    let mut lost = event();
    lost["submissions"][0]["status"] = json!("rejected");
    lost["submissions"][0]["reason"] = json!("unit not known");
    let record = settled(&lost, &meters(), &prices());
    assert_eq!(record.totals.cash_ugbp, -337_500_000);
    let imbalance: i64 = record.periods.iter().map(|period| period.flows[1].cash_ugbp).sum();
    assert_eq!(imbalance, -975_000_000);
    assert_eq!(record.totals.deviation_wh, 0);
    assert_eq!(record.compensation.unwrap().received_ugbp, 0);
    assert!(record.findings[0].contains("wman for 2026-02-19 SP35 was turned down: unit not known"));
}

#[test]
fn carbon_799_5_kg_by_average_and_1330_by_marginal() {
    let record = settled(&event(), &meters(), &prices());
    assert_eq!(record.carbon.avoided_mg, Some(799_500_000));
    assert_eq!(record.carbon.marginal_avoided_mg, Some(1_330_000_000));
    // 3.4 * 210 + 3.8 * 205 + 6.5 * 200 + 6.5 * 195
    assert_eq!(record.carbon.location_based_mg, Some(714_000_000 + 779_000_000 + 1_300_000_000 + 1_267_500_000));
}

#[test]
fn the_rebound_is_charged_to_the_event() {
    let record = settled(&event(), &meters(), &prices());
    let rebound: Vec<i64> = record.rebound.iter().map(|period| period.rebound_wh).collect();
    assert_eq!(rebound, [500_000, 500_000]);
    let customer = record.customer.unwrap();
    assert_eq!(customer.avoided_import_ugbp, 364_000_000 + 330_000_000);
    assert_eq!(customer.rebound_ugbp, 60_000_000 + 55_000_000);
    assert_eq!(customer.net_ugbp, 474_000_000 - 23_700_000 + 694_000_000 - 115_000_000);
    assert_eq!(customer.cost_before_ugbp, (840 + 900 + 720 + 660) * 1_000_000);
    // 3.4 * 140 + 3.8 * 150 + 6.5 * 120 + 6.5 * 110 - 450.30
    assert_eq!(customer.cost_after_ugbp, (476 + 570 + 780 + 715) * 1_000_000 - 450_300_000);
}
