//! Cash of each route: worked cases of the balancing mechanism, distribution products and the demand flexibility service.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod settle_support;

use eca_core::settle::{EventRecord, FlowKind};
use serde_json::{Value, json};
use settle_support::{reading, settled, try_settled};

/// An event of one period, SP35 on 19 February 2026, against a fixed baseline of 6 MWh.
fn one(route: &str, committed: Value, price: Value) -> Value {
    json!({
        "format": "eca-event/1", "event_id": "one", "site": {"site_id": "s", "meter_id": "hall-a"}, "route": route,
        "periods": [{"settlement_date": "2026-02-19", "settlement_period": 35, "committed_mwh": committed,
                     "price_gbp_per_mwh": price}],
        "baseline": {"method": "fixed", "fixed_mwh": 6}
    })
}

fn run(event: &Value, metered_mwh: f64, system_price: &str) -> EventRecord {
    let head = "meter_id,start,end,import_wh,export_wh,quality\n";
    let meters = head.to_owned() + &reading("2026-02-19", 35, metered_mwh, "A");
    let prices = format!("start,system_price_gbp_per_mwh\n2026-02-19T17:00:00Z,{system_price}\n");
    settled(event, &meters, &prices)
}

fn cash(record: &EventRecord) -> Vec<i64> {
    record.periods[0].flows.iter().map(|flow| flow.cash_ugbp).collect()
}

#[test]
fn balancing_offer_330_and_315() {
    let offer = one("balancing_mechanism", json!(2.5), json!(150));
    let mut offer = offer;
    // Without the adjustment of a balancing acceptance: the baseline is fixed.
    let record = run(&offer, 3.8, "130");
    assert_eq!(cash(&record), [375_000_000, -6_000_000, -39_000_000]);
    assert_eq!(record.totals.cash_ugbp, 330_000_000);
    assert_eq!(record.totals.cash_ugbp, record.totals.delivered_wh * 150);
    let record = run(&offer, 3.8, "200");
    assert_eq!(cash(&record), [375_000_000, 0, -60_000_000]);
    assert_eq!(record.totals.cash_ugbp, 315_000_000);
    assert!(record.compensation.is_none());

    offer["terms"] = json!({
        "compensation": [{"route": "balancing_mechanism", "effective_from": "2026-02-01",
                          "regime": "direct_party_pays_supplier"}],
        "supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": "87.21"}]
    });
    let record = run(&offer, 3.8, "130");
    assert_eq!(record.periods[0].flows[3].cash_ugbp, -191_862_000);
    assert_eq!(record.totals.cash_ugbp, 138_138_000);
}

#[test]
fn balancing_bid_is_the_mirror_image() {
    let mut bid = one("balancing_mechanism", json!(2.0), json!(40));
    bid["direction"] = json!("up");
    // 7.5 used where 8 were accepted: 0.5 too little taken. The bid pays 80, the charge is 0.5 * (100 - 40), and the
    // energy that was not taken is cashed out at 100.
    let record = run(&bid, 7.5, "100");
    assert_eq!(cash(&record), [-80_000_000, -30_000_000, 50_000_000]);
    assert_eq!((record.totals.delivered_wh, record.totals.shortfall_wh), (1_500_000, 500_000));
}

#[test]
fn over_delivery_of_an_offer_is_cashed_out() {
    let record = run(&one("balancing_mechanism", json!(2.5), json!(150)), 3.0, "130");
    assert_eq!(cash(&record), [375_000_000, 0, 65_000_000]);
}

#[test]
fn sliding_scale_between_50_and_100_percent() {
    let mut event = one("dso_flex", json!(2.5), json!(300));
    event["terms"] = json!({"pay_factor": [
        {"delivered_frac": 0.5, "paid_frac": 0}, {"delivered_frac": 1, "paid_frac": 1}
    ]});
    // More than instructed is not paid; 88 % is paid at 0.76; half and less is not paid.
    assert_eq!(cash(&run(&event, 3.4, "0")), [750_000_000]);
    assert_eq!(cash(&run(&event, 3.8, "0")), [501_600_000]);
    assert_eq!(cash(&run(&event, 4.75, "0")), [0]);
    assert_eq!(cash(&run(&event, 5.5, "0")), [0]);
    // 0.6688 of the full pay of 750.
    assert_eq!(501_600_000 * 10_000, 750_000_000_i64 * 6_688);
}

#[test]
fn three_percent_off_for_each_percent_below_95() {
    let mut event = one("dso_flex", json!(2.0), json!(100));
    // 0.95 - 1/3 is no decimal: the corner where nothing is left lies at 61 2/3 %, the contract stops paying at 63 %.
    event["terms"] = json!({"pay_factor": [
        {"delivered_frac": 0.63, "paid_frac": 0}, {"delivered_frac": 0.630001, "paid_frac": 0.040003},
        {"delivered_frac": 0.95, "paid_frac": 1}
    ]});
    assert_eq!(cash(&run(&event, 4.1, "0")), [190_000_000]);
    // 90 %: 0.85 of 180 GBP.
    assert_eq!(cash(&run(&event, 4.2, "0")), [153_000_000]);
    assert_eq!(cash(&run(&event, 4.74, "0")), [0]);
}

#[test]
fn availability_is_paid_for_power_and_time() {
    let mut event = one("dso_flex", json!(2.5), json!(300));
    event["periods"][0]["available_mw"] = json!(5);
    event["periods"][0]["availability_price_gbp_per_mw_h"] = json!(12.34);
    let record = run(&event, 3.5, "0");
    assert_eq!(cash(&record), [30_850_000, 750_000_000]);
    assert_eq!(record.periods[0].flows[0].flow, FlowKind::Availability);
}

#[test]
fn demand_flexibility_has_no_penalty() {
    let event = one("neso_dfs", json!(2.5), json!(241));
    assert_eq!(cash(&run(&event, 3.8, "5000")), [530_200_000]);
    assert_eq!(cash(&run(&event, 3.0, "5000")), [602_500_000]);
    // Used more than the baseline: nothing delivered, nothing paid, nothing owed.
    let record = run(&event, 7.0, "5000");
    assert_eq!((cash(&record), record.totals.shortfall_wh), (vec![0], 2_500_000));
}

#[test]
fn negative_prices_turn_signs() {
    let mut event = one("wholesale_p415", json!(2.5), json!(-20));
    event["submissions"] = accepted();
    event["terms"] =
        json!({"supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": 80}]});
    // Sold 2.5 at -20, and 0.1 more delivered at -35.
    assert_eq!(cash(&run(&event, 3.4, "-35")), [-50_000_000, -3_500_000]);
    // Short of 0.3 at a negative price earns.
    assert_eq!(cash(&run(&event, 3.8, "-35")), [-50_000_000, 10_500_000]);
}

#[test]
fn zero_deliveries() {
    let mut event = one("wholesale_p415", json!(2.5), json!(120));
    event["submissions"] = accepted();
    event["terms"] =
        json!({"supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": 80}]});
    let record = run(&event, 6.0, "180");
    assert_eq!(cash(&record), [300_000_000, -450_000_000]);
    assert_eq!((record.totals.delivered_wh, record.totals.shortfall_wh), (0, 2_500_000));
    assert_eq!(record.compensation.unwrap().received_ugbp, 0);
    // Nothing promised and nothing delivered.
    event["periods"][0]["committed_mwh"] = json!(0);
    assert_eq!(cash(&run(&event, 6.0, "180")), [0, 0]);
}

#[test]
fn turn_up_makes_the_supplier_pay() {
    let mut event = one("wholesale_p415", json!(1.0), json!(30));
    event["direction"] = json!("up");
    event["submissions"] = accepted();
    event["terms"] =
        json!({"supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": 80}]});
    // Bought 1 MWh at 30, took 1.2: 0.2 short at 50.
    let record = run(&event, 7.2, "50");
    assert_eq!(cash(&record), [-30_000_000, -10_000_000]);
    assert_eq!(record.totals.deviation_wh, -1_200_000);
    assert_eq!(record.compensation.unwrap().received_ugbp, -96_000_000);
}

#[test]
fn without_a_contract_notification_all_is_cashed_out() {
    let mut event = one("wholesale_p415", json!(2.5), json!(120));
    event["submissions"] = accepted();
    event["submissions"][1]["status"] = json!("missed");
    event["terms"] =
        json!({"supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": 80}]});
    let record = run(&event, 3.4, "180");
    assert_eq!(cash(&record), [0, 468_000_000]);
    assert!(record.findings[0].contains("ecvn for 2026-02-19 SP35 is not accepted"), "{:?}", record.findings);
}

#[test]
fn a_notification_at_gate_closure_is_too_late() {
    let mut event = one("wholesale_p415", json!(2.5), json!(120));
    event["submissions"] = accepted();
    event["terms"] =
        json!({"supplier_compensation_price": [{"effective_from": "2026-01-01", "price_gbp_per_mwh": 80}]});
    for (sent, active) in [("2026-02-19T15:59:59Z", true), ("2026-02-19T16:00:00Z", false)] {
        event["submissions"][0]["sent_at"] = json!(sent);
        assert_eq!(run(&event, 3.4, "180").periods[0].active, active, "{sent}");
    }
    event["submissions"][0]["sent_at"] = json!("2026-02-19T12:00:00Z");
    event["submissions"][0]["status"] = json!("sent");
    assert!(!run(&event, 3.4, "180").periods[0].active, "sent is not accepted");
}

#[test]
fn losses_count_on_the_deviation() {
    let mut event = one("neso_dfs", json!(5), json!(100));
    event["site"]["loss_factor"] = json!(1.02);
    assert_eq!(run(&event, 3.5, "0").totals.deviation_wh, 2_550_000);
}

#[test]
fn a_missing_price_or_reference_price_is_named() {
    let mut event = one("wholesale_p415", json!(2.5), json!(120));
    event["submissions"] = accepted();
    let meters = "meter_id,start,end,import_wh,export_wh,quality\n".to_owned() + &reading("2026-02-19", 35, 3.4, "A");
    let error = try_settled(&event, &meters, "start,system_price_gbp_per_mwh\n").unwrap_err().to_string();
    assert!(error.contains("system_price_gbp_per_mwh of the price file has no value"), "{error}");
    let prices = "start,system_price_gbp_per_mwh\n2026-02-19T17:00:00Z,1\n";
    let error = try_settled(&event, &meters, prices).unwrap_err().to_string();
    assert!(error.contains("terms.supplier_compensation_price = none for 2026-02-19"), "{error}");
}

/// All submissions in time.
fn accepted() -> Value {
    ["wman", "ecvn", "delivered_volume"]
        .map(|flow| json!({"flow": flow, "status": "accepted", "sent_at": "2026-02-19T12:00:00Z"}))
        .into_iter()
        .collect()
}

#[test]
fn known_products_have_names_dates_and_a_pay_that_falls_with_delivery() {
    let products = eca_core::settle::products();
    let find = |id: &str| products.iter().find(|product| product.id == id).unwrap();
    let mw = |id: &str| find(id).min_mw.map(|mw| mw.to_string());
    assert_eq!((mw("dfs_2022").as_deref(), mw("dfs_2026").as_deref()), (Some("1"), Some("0.1")));
    assert_eq!((find("slow_reserve").response_s, find("slow_reserve").duration_min), (Some(900), Some(60)));
    // The pay factor of a product goes into the terms of an event as it is: 90 % delivered, 0.85 of the price.
    let mut event = one("dso_flex", json!(2.0), json!(100));
    event["terms"] = json!({"pay_factor": find("dso_peak_reduction").pay_factor});
    assert_eq!(cash(&run(&event, 4.2, "0")), [153_000_000]);
    let mut names: Vec<&str> = products.iter().map(|product| product.id).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), products.len());
    assert!(products.iter().all(|product| product.version == "2026-11-23"));
}

#[test]
fn a_baseline_on_its_own_is_that_of_the_event() {
    use eca_core::settle::{BaselineRequest, Readings, baseline};
    let request = |periods: &str, method: &str| {
        let text = format!(
            r#"{{"meter_id": "hall", "periods": {periods}, "baseline": {{"method": "{method}", "fixed_mwh": 6}}}}"#
        );
        BaselineRequest::from_json(&text).unwrap()
    };
    let meters = Readings::parse(
        "meter_id,start,end,import_wh,export_wh,quality\nhall,2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,4500000,0,A",
    )
    .unwrap();
    let evening = r#"[{"settlement_date": "2026-02-19", "settlement_period": 35},
                      {"settlement_date": "2026-02-19", "settlement_period": 36}]"#;
    let found = baseline(&request(evening, "fixed"), &meters, None).unwrap();
    assert_eq!(found.periods.iter().map(|each| each.baseline_wh).collect::<Vec<_>>(), [6_000_000, 6_000_000]);
    let refused =
        |periods: &str, method: &str| baseline(&request(periods, method), &meters, None).unwrap_err().to_string();
    assert!(refused("[]", "fixed").contains("must have at least one period"));
    assert!(refused(evening, "guess").contains("baseline `guess`"));
    let back = r#"[{"settlement_date": "2026-02-19", "settlement_period": 36},
                   {"settlement_date": "2026-02-19", "settlement_period": 35}]"#;
    assert!(refused(back, "fixed").contains("in order of time"));
}
