//! Readings of every kind and days of every length: what is counted, what is left out, what is refused by name.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

mod settle_support;

use eca_core::settle::{Event, PriceTable, Quality, Readings, SettlementRun, Volumes, settle};
use eca_core::{SettlementDate, SettlementPeriod};
use serde_json::{Value, json};
use settle_support::{event, meters, prices, reading, settled, try_settled};
use std::fmt::Write;

const HEAD: &str = "meter_id,start,end,import_wh,export_wh,quality\n";

fn volumes(rows: &str) -> eca_core::Result<Volumes> {
    Readings::parse(&(HEAD.to_owned() + rows))?.volumes("m", None)
}

fn sp(day: &str, number: u8) -> SettlementPeriod {
    SettlementPeriod::new(day.parse().unwrap(), number).unwrap()
}

#[test]
fn intervals_that_divide_a_period_add_up() {
    for minutes in [1, 2, 3, 5, 6, 10, 15, 30] {
        let start = sp("2026-02-19", 35).start_utc();
        let mut rows = String::new();
        for at in (0..30).step_by(minutes) {
            let (from, to) = (start.plus_min(at), start.plus_min(at + i64::try_from(minutes).unwrap()));
            writeln!(rows, "m,{from},{to},{},{at},A", 1000 + at).unwrap();
        }
        let counted = volumes(&rows).unwrap().get(sp("2026-02-19", 35)).unwrap();
        let parts = 30 / i64::try_from(minutes).unwrap();
        let ats: i64 = (0..30).step_by(minutes).sum();
        assert_eq!((counted.import_wh, counted.export_wh), (1000 * parts + ats, ats), "{minutes} min");
        assert_eq!(counted.quality, Quality::Actual);
    }
}

#[test]
fn intervals_that_do_not_divide_a_period_are_refused() {
    for (from, to) in [
        ("17:00:00", "17:20:00"),
        ("17:00:00", "18:00:00"),
        ("17:05:00", "17:20:00"),
        ("17:20:00", "17:40:00"),
        ("17:30:00", "17:30:00"),
        ("17:30:00", "17:00:00"),
    ] {
        let error = volumes(&format!("m,2026-02-19T{from}Z,2026-02-19T{to}Z,1,0,A\n")).unwrap_err().to_string();
        assert!(error.contains("meters line 2") && error.contains("does not divide"), "{error}");
    }
}

#[test]
fn readings_that_cannot_be_are_refused_with_the_line() {
    let good = "m,2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,1,0,A\n";
    for (bad, words) in [
        ("m,2026-02-19T17:30:00Z,2026-02-19T18:00:00Z,-1,0,A", "import_wh = `-1`, must be whole Wh from 0"),
        ("m,2026-02-19T17:30:00Z,2026-02-19T18:00:00Z,1.5,0,A", "import_wh = `1.5`"),
        ("m,2026-02-19T17:30:00Z,2026-02-19T18:00:00Z,1,,A", "export_wh = ``"),
        ("m,2026-02-19T17:30:00Z,2026-02-19T18:00:00Z,1,0,X", "quality = `X`, must be A (actual) or E (estimated)"),
        ("m,2026-02-19T17:30:00,2026-02-19T18:00:00Z,1,0,A", "has no offset"),
        (",2026-02-19T17:30:00Z,2026-02-19T18:00:00Z,1,0,A", "meter_id is empty"),
        ("m,2026-02-19T17:30:00Z,2026-02-19T18:00:00Z,1,0", "found record with 5 fields"),
        ("m,2026-02-19T17:30:00Z,2026-02-19T18:00:00Z,100000000001,0,A", "must be whole Wh"),
    ] {
        let error = volumes(&format!("{good}{bad}\n")).unwrap_err().to_string();
        assert!(error.contains("line 3") && error.contains(words), "{error}");
    }
    let error =
        Readings::parse("meter_id,start,end,import_kwh,export_wh,quality\nm,a,b,1,0,A\n").unwrap_err().to_string();
    assert!(error.contains("meters line 1: has `import_kwh` and no column `import_wh`; convert the values"), "{error}");
    let error = Readings::parse(&(HEAD.to_owned() + good)).unwrap().volumes("n", None).unwrap_err().to_string();
    assert!(error.contains("meter `n`") && error.contains("known: `m`"), "{error}");
}

#[test]
fn duplicate_readings_count_once() {
    let row = "m,2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,3400000,0,A\n";
    let counted = volumes(&row.repeat(3)).unwrap();
    assert_eq!(counted.get(sp("2026-02-19", 35)).unwrap().import_wh, 3_400_000);
    assert_eq!(counted.duplicates, 2);
    let other = row.replace("3400000", "3400001");
    let error = volumes(&(row.to_owned() + &other)).unwrap_err().to_string();
    assert!(error.contains("line 3") && error.contains("differs from the one in line 2"), "{error}");
    let shorter = "m,2026-02-19T17:00:00Z,2026-02-19T17:15:00Z,3400000,0,E\n";
    assert!(volumes(&(row.to_owned() + shorter)).is_err());
    let overlap = "m,2026-02-19T17:15:00Z,2026-02-19T17:30:00Z,1,0,A\n";
    let error = volumes(&(row.to_owned() + overlap)).unwrap_err().to_string();
    assert!(error.contains("overlaps the one from 2026-02-19T17:00:00Z"), "{error}");
}

#[test]
fn an_actual_reading_replaces_an_estimate_in_any_order() {
    let actual = "m,2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,3400000,0,A\n";
    let estimate = "m,2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,5000000,0,E\n";
    for rows in [format!("{actual}{estimate}"), format!("{estimate}{actual}")] {
        let counted = volumes(&rows).unwrap().get(sp("2026-02-19", 35)).unwrap();
        assert_eq!((counted.import_wh, counted.quality), (3_400_000, Quality::Actual));
    }
}

#[test]
fn estimated_readings_are_settled_and_not_final() {
    let text = meters().replace("3400000,0,A", "3400000,0,E");
    let record = settled(&event(), &text, &prices());
    assert_eq!(record.totals.cash_ugbp, 592_500_000);
    assert!(!record.complete);
    assert_eq!(record.findings, ["2026-02-19 SP35 has estimated readings; settle it again at a later run"]);
}

#[test]
fn missing_readings_leave_their_period_out_of_every_sum() {
    let lost = reading("2026-02-19", 36, 3.8, "A");
    let half = lost.replace("18:00:00Z,3800000", "17:45:00Z,1900000");
    for text in [meters().replace(&lost, ""), meters().replace(&lost, &half)] {
        let record = settled(&event(), &text, &prices());
        assert_eq!(record.totals.cash_ugbp, 318_000_000);
        assert_eq!((record.totals.committed_wh, record.totals.shortfall_wh), (2_500_000, 0));
        assert_eq!(record.periods[1].quality, Quality::Missing);
        assert!(record.periods[1].flows.is_empty());
        // 546 - 100 - 97.5 kg are left.
        assert_eq!(record.carbon.avoided_mg, Some(348_500_000));
        assert_eq!(record.compensation.unwrap().received_ugbp, 226_746_000);
        assert!(!record.complete);
        assert!(record.findings[0].contains("SP36 has no complete readings"), "{:?}", record.findings);
    }
}

#[test]
fn late_readings_come_in_at_a_later_run() {
    let dated = |text: String| {
        let mut lines = text.lines();
        let mut all = format!("{},received_at\n", lines.next().unwrap());
        for line in lines {
            let received = if line.contains(",3800000,") { "2026-03-05T00:00:00Z" } else { "2026-02-20T06:00:00Z" };
            writeln!(all, "{line},{received}").unwrap();
        }
        all
    };
    let (text, document) = (dated(meters()), Event::from_json(&event().to_string()).unwrap());
    let prices = PriceTable::parse(&prices()).unwrap();
    let run = |cut: Option<&str>, run| {
        let cut = cut.map(|cut| cut.parse().unwrap());
        settle(&document, &Readings::parse(&text).unwrap().volumes("hall-a", cut).unwrap(), &prices, run).unwrap()
    };
    let first = run(Some("2026-02-27T00:00:00Z"), SettlementRun::Ii);
    assert_eq!((first.totals.cash_ugbp, first.complete), (318_000_000, false));
    assert!(first.findings.contains(&"1 readings had not arrived at the cut-off".to_owned()), "{:?}", first.findings);
    let second = run(None, SettlementRun::Sf);
    assert_eq!((second.totals.cash_ugbp, second.complete), (592_500_000, true));
}

/// An event over a whole day against a fixed baseline of 3 MWh, with 1 MWh used in each period and sold at 100.
fn whole_day(day: &str) -> (Value, String, u8) {
    let date: SettlementDate = day.parse().unwrap();
    let mut meters = HEAD.to_owned();
    let mut periods = Vec::new();
    for number in 1..=date.periods() {
        meters += &reading(day, number, 1.0, "A");
        periods.push(json!({"settlement_date": day, "settlement_period": number, "committed_mwh": 2,
                            "price_gbp_per_mwh": number}));
    }
    let event = json!({
        "format": "eca-event/1", "event_id": "day", "site": {"site_id": "s", "meter_id": "hall-a"},
        "route": "neso_dfs", "periods": periods, "baseline": {"method": "fixed", "fixed_mwh": 3}
    });
    (event, meters, date.periods())
}

#[test]
fn clock_change_days_have_46_and_50_periods() {
    for (day, count) in
        [("2026-03-29", 46), ("2026-10-25", 50), ("2026-01-15", 48), ("2027-03-28", 46), ("2027-10-31", 50)]
    {
        let (event, meters, periods) = whole_day(day);
        assert_eq!(periods, count);
        let record = settled(&event, &meters, "start\n");
        let count = i64::from(count);
        assert_eq!(record.totals.delivered_wh, 2_000_000 * count);
        // 2 MWh at 1, 2, ... GBP.
        assert_eq!(record.totals.cash_ugbp, count * (count + 1) * 1_000_000);
    }
    let (mut event, meters, _) = whole_day("2026-03-29");
    event["periods"][45]["settlement_period"] = json!(47);
    let error = try_settled(&event, &meters, "start\n").unwrap_err().to_string();
    assert!(error.contains("2026-03-29 has settlement periods 1 to 46"), "{error}");
}

#[test]
fn an_event_across_midnight_is_one_event() {
    let mut document = event();
    document["route"] = json!("neso_dfs");
    document["baseline"] = json!({"method": "fixed", "fixed_mwh": 6});
    document["rebound_periods"] = json!([]);
    document["submissions"] = json!([]);
    let period = |day: &str, number: u8| {
        json!({"settlement_date": day, "settlement_period": number,
        "committed_mwh": 2.5, "price_gbp_per_mwh": 100})
    };
    // Midnight in London is 23:00 UTC in summer.
    document["periods"] = json!([period("2026-07-01", 48), period("2026-07-02", 1)]);
    let meters = HEAD.to_owned() + &reading("2026-07-01", 48, 3.5, "A") + &reading("2026-07-02", 1, 4.0, "A");
    assert!(meters.contains("2026-07-01T22:30:00Z,2026-07-01T23:00:00Z"));
    let record = settled(&document, &meters, "start\n");
    assert_eq!((record.totals.delivered_wh, record.totals.cash_ugbp), (4_500_000, 450_000_000));
    document["periods"] = json!([period("2026-07-02", 1), period("2026-07-01", 48)]);
    let error = try_settled(&document, &meters, "start\n").unwrap_err().to_string();
    assert!(error.contains("must be behind the period before it"), "{error}");
}

#[test]
fn tables_may_be_json() {
    let volumes = Readings::parse(
        r#"[{"meter_id": "m", "start": "2026-02-19T17:00:00Z", "end": "2026-02-19T17:30:00Z", "import_wh": 3400000,
            "export_wh": 0, "quality": "A", "received_at": null}]"#,
    );
    assert_eq!(volumes.unwrap().volumes("m", None).unwrap().get(sp("2026-02-19", 35)).unwrap().import_wh, 3_400_000);
    let table = PriceTable::parse(
        r#"[{"settlement_date": "2026-02-19", "settlement_period": 35, "system_price_gbp_per_mwh": -12.345}]"#,
    );
    let row = table.unwrap().get(sp("2026-02-19", 35));
    assert_eq!(row.system_price_gbp_per_mwh.unwrap().millionths(), -12_345_000);
}

#[test]
fn prices_are_refused_with_the_line() {
    for (text, words) in [
        ("start,system_price_gbp_per_mwh\n2026-02-19T17:10:00Z,1\n", "is not the start of a settlement period"),
        ("start,system_price_gbp_per_mwh\n2026-02-19T17:00:00Z,1,2\n", "line 2"),
        ("start,system_price_gbp_per_mwh\n2026-02-19T17:00:00Z,1e3\n", "must be a decimal number"),
        ("start,system_price_gbp_per_mwh\n2026-02-19T17:00:00Z,1.2345678\n", "at most 6 decimal places"),
        ("start\n2026-02-19T17:00:00Z\n2026-02-19T17:00:00Z\n", "2026-02-19 SP35 comes twice"),
        ("settlement_date,settlement_period\n2026-03-29,47\n", "settlement periods 1 to 46"),
        ("settlement_date,settlement_period\n2026-03-29,x\n", "settlement_period = `x`"),
        ("price\n1\n", "time"),
    ] {
        let error = PriceTable::parse(text).unwrap_err().to_string();
        assert!(error.contains(words) && error.contains("prices line"), "{error}");
    }
}

#[test]
fn a_known_quantity_in_another_unit_is_not_left_aside() {
    let prices = |head: &str| PriceTable::parse(&format!("start,{head}\n2026-02-19T17:00:00Z,1\n"));
    for (head, known) in [
        ("system_price_gbp_per_kwh", "system_price_gbp_per_mwh"),
        ("import_price_p_per_kwh", "import_price_gbp_per_mwh"),
        ("system_price_eur_per_mwh", "system_price_gbp_per_mwh"),
        ("carbon_kg_per_kwh", "carbon_g_per_kwh"),
        ("marginal_carbon_g_per_mwh", "marginal_carbon_g_per_kwh"),
    ] {
        let error = prices(head).unwrap_err().to_string();
        let words =
            format!("prices line 1: has `{head}` and no column `{known}`; convert the values and name the column so");
        assert!(error.contains(&words), "{error}");
    }
    // What measures something else, and a second unit beside the right one, are left aside.
    for head in ["carbon_index", "carbon_forecast_g_per_kwh", "solar_gbp_per_mwh", "import_wh", "region"] {
        assert!(prices(head).is_ok(), "{head}");
    }
    assert!(PriceTable::parse("start,carbon_g_per_kwh,carbon_kg_per_kwh\n2026-02-19T17:00:00Z,1,2\n").is_ok());
    let error = PriceTable::parse(r#"[{"start": "2026-02-19T17:00:00Z", "carbon_kg_per_kwh": 1}]"#).unwrap_err();
    assert!(error.to_string().contains("prices line 1: has `carbon_kg_per_kwh`"), "{error}");
    let error = eca_core::settle::parse_consumption("start,consumption_kwh\n2026-02-01T00:00:00Z,1\n").unwrap_err();
    assert!(error.to_string().contains("has `consumption_kwh` and no column `consumption_wh`"), "{error}");
    let head = "start,consumption_wh,generation_mwh\n";
    let error = eca_core::settle::parse_consumption(head).unwrap_err().to_string();
    assert!(error.contains("has `generation_mwh` and no column `generation_wh`"), "{error}");
}

#[test]
fn a_file_without_rows_is_told_apart_from_one_without_the_meter() {
    assert!(Readings::parse("").unwrap_err().to_string().contains("meters line 1: has no column `meter_id`"));
    let error = Readings::parse(HEAD).unwrap().volumes("m", None).unwrap_err().to_string();
    assert!(error.contains("known: none, the file has no readings"), "{error}");
}

#[test]
fn prices_beyond_what_a_price_can_be_are_of_another_unit() {
    let prices = |name: &str, value: &str| PriceTable::parse(&format!("start,{name}\n2026-02-19T17:00:00Z,{value}\n"));
    for (name, good, bad, words) in [
        ("system_price_gbp_per_mwh", "-100000", "100000.01", "100000.01 GBP/MWh, must be from -100000 to 100000"),
        ("network_charge_gbp_per_mwh", "100000", "-180000000", "-180000000 GBP/MWh"),
        ("carbon_g_per_kwh", "0", "-1", "-1 g/kWh, must be from 0 to 10000; check the unit"),
        ("carbon_g_per_kwh", "10000", "210000", "210000 g/kWh"),
        ("marginal_carbon_g_per_kwh", "-10000", "10001", "10001 g/kWh, must be from -10000"),
    ] {
        assert!(prices(name, good).is_ok());
        let error = prices(name, bad).unwrap_err().to_string();
        assert!(error.contains(&format!("prices line 2: {name} = {words}")), "{error}");
    }
}

#[test]
fn events_are_refused_by_field() {
    let refused = |change: &dyn Fn(&mut Value), words: &str| {
        let mut document = event();
        change(&mut document);
        let error = Event::from_json(&document.to_string()).unwrap_err().to_string();
        assert!(error.contains(words), "`{error}` does not say `{words}`");
    };
    refused(&|e| e["format"] = json!("eca-event/2"), "`eca-event/2` is not `eca-event/1`");
    refused(&|e| e["event_id"] = json!(""), "event_id");
    refused(&|e| e["route"] = json!("p415"), "route");
    refused(&|e| e["periods"] = json!([]), "must have at least one period");
    refused(&|e| e["periods"][0]["committed_mwh"] = json!(-1), "periods[0].committed_mwh = -1 MWh, must be from 0");
    refused(&|e| e["periods"][0]["price_gbp_per_mwh"] = json!(100_001), "periods[0].price_gbp_per_mwh");
    refused(&|e| e["periods"][0]["price_gbp_per_mwh"] = json!(0.123_456_7), "periods[0].price_gbp_per_mwh");
    refused(&|e| e["periods"][0]["comitted_mwh"] = json!(1), "comitted_mwh");
    refused(&|e| e["rebound_periods"][0]["settlement_period"] = json!(36), "rebound after the event");
    refused(&|e| e["sharing"]["site_frac"] = json!(80), "sharing.site_frac = 80, must be from 0 to 1");
    refused(&|e| e["site"]["loss_factor"] = json!(0), "site.loss_factor");
    refused(&|e| e["references"] = json!({"obp_id": "x".repeat(65)}), "references.obp_id");
    refused(
        &|e| {
            e["terms"]["pay_factor"] =
                json!([{"delivered_frac": 1, "paid_frac": 1}, {"delivered_frac": 1, "paid_frac": 0}])
        },
        "must rise in delivered_frac",
    );
    refused(
        &|e| e["submissions"][0]["periods"] = json!([{"settlement_date": "2026-02-19", "settlement_period": 40}]),
        "submissions.periods = 2026-02-19 SP40, must be a period of the event",
    );
    for (field, count) in [("inferences_before", -1), ("inferences_after", -5), ("sla_breaches", -1)] {
        refused(
            &|e| e["operations"] = json!({field: count}),
            &format!("operations.{field} = {count}, must be at least 0"),
        );
    }
    // An order of fields is no promise, at any depth.
    refused(&|e| e["periods"][1] = json!(["2026-02-19", 36, 2.5, 135]), "periods[1]: an array; must be an object");
    refused(&|e| e["rebound_periods"][0] = json!(["2026-02-19", 37]), "rebound_periods[0]: an array");
    refused(&|e| e["baseline"]["event_days"][0] = json!(["2026-02-17", "market"]), "baseline.event_days[0]: an array");
    refused(&|e| e["site"] = json!(["london-1", "hall-a"]), "site: an array; must be an object");
    for (name, value, words) in [
        ("working_days", json!(0), "baseline.params.working_days = 0, must be at least 1"),
        ("other_days", json!(0), "baseline.params.other_days = 0"),
        ("lookback_days", json!(0), "baseline.params.lookback_days = 0"),
        ("factor_min_percent", json!(130), "factor_min_percent = 130 percent, must be at most factor_max_percent, 120"),
    ] {
        let mut document = event();
        document["baseline"]["params"] = json!({name: value});
        let error = try_settled(&document, &meters(), &prices()).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
    assert!(Event::from_json("[]").unwrap_err().to_string().contains("must be an object"));
    let mut document = event();
    document["baseline"]["method"] = json!("p376");
    let error = try_settled(&document, &meters(), &prices()).unwrap_err().to_string();
    assert!(error.contains("baseline `p376`") && error.contains("mid_8_of_10"), "{error}");
}
