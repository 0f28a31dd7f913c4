//! Answers of NESO, Elexon and Octopus, in the shapes these services use. The values are made up.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use eca_core::signal::{CarbonValue, Column, Duplicates, ReadOptions, Signals, parse};
use eca_core::{ErrorKind, Timestamp};

const CARBON: Column = Column::CarbonGPerKwh;
const PRICE: Column = Column::ImportPriceGbpPerMwh;

fn values(signals: &Signals, region: &str, column: Column) -> Vec<Option<f64>> {
    signals.get(region, column).unwrap().points().iter().map(|point| point.value).collect()
}

fn starts(signals: &Signals, region: &str, column: Column) -> Vec<String> {
    signals.get(region, column).unwrap().points().iter().map(|point| point.start.to_string()).collect()
}

const NATIONAL: &str = r#"{"data":[
 {"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z","intensity":{"forecast":210,"actual":204,"index":"moderate"}},
 {"from":"2026-02-19T17:30Z","to":"2026-02-19T18:00Z","intensity":{"forecast":215,"actual":null,"index":"moderate"}}]}"#;

const MIX: &str = r#"[{"fuel":"gas","perc":40.1},{"fuel":"wind","perc":30},{"fuel":"solar","perc":5.5},
 {"fuel":"hydro","perc":4.5},{"fuel":"nuclear","perc":19.9},{"fuel":"biomass","perc":0}]"#;

fn period(from: &str, to: &str, forecast: u16) -> String {
    format!(
        r#"{{"from":"2026-02-19T{from}Z","to":"2026-02-19T{to}Z","intensity":{{"forecast":{forecast},"index":"low"}},"generationmix":{MIX}}}"#
    )
}

#[test]
fn neso_national_gives_forecast_or_actual() {
    let read = |value| parse::neso::read(NATIONAL, &ReadOptions::default().carbon_value(value)).unwrap();
    assert_eq!(values(&read(CarbonValue::Forecast), "gb", CARBON), [Some(210.0), Some(215.0)]);
    assert_eq!(values(&read(CarbonValue::Actual), "gb", CARBON), [Some(204.0), None]);
    let either = read(CarbonValue::ActualElseForecast);
    assert_eq!(values(&either, "gb", CARBON), [Some(204.0), Some(215.0)]);
    assert_eq!(either.warnings(), ["1 periods have no actual yet, their forecast is used"]);
    assert_eq!(starts(&either, "gb", CARBON), ["2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z"]);
    let at: Timestamp = "2026-02-19T16:40Z".parse().unwrap();
    let issued = parse::neso::read(NATIONAL, &ReadOptions::default().region("london").issued_at(at)).unwrap();
    assert_eq!(issued.age_min(at.plus_min(25)), Some(25));
    assert_eq!(issued.regions().collect::<Vec<_>>(), ["london"]);
}

#[test]
fn neso_one_region_as_list_or_object() {
    let periods = format!("[{},{}]", period("17:00", "17:30", 90), period("17:30", "18:00", 95));
    let list =
        format!(r#"{{"data":[{{"regionid":13,"dnoregion":"UKPN London","shortname":"London","data":{periods}}}]}}"#);
    let object = format!(r#"{{"data":{{"regionid":13,"shortname":"London","data":{periods}}}}}"#);
    let bare = format!(r#"{{"data":{{"data":{periods}}}}}"#);
    let options = ReadOptions::default();
    for text in [&list, &object] {
        let signals = parse::neso::read(text, &options).unwrap();
        assert_eq!(values(&signals, "london", CARBON), [Some(90.0), Some(95.0)]);
        assert_eq!(values(&signals, "london", Column::RenewableShareFrac), [Some(0.4), Some(0.4)]);
    }
    let error = parse::neso::read(&bare, &options).unwrap_err();
    assert!(error.to_string().contains("does not name its region; give the region"), "{error}");
    let named = parse::neso::read(&bare, &options.clone().region("london")).unwrap();
    assert_eq!(values(&named, "london", CARBON), [Some(90.0), Some(95.0)]);
    let error = parse::neso::read(&list, &options.carbon_value(CarbonValue::Actual)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}

#[test]
fn neso_all_regions_gives_sites_and_leaves_sums_out() {
    let region = |id, forecast| {
        format!(
            r#"{{"regionid":{id},"shortname":"x","intensity":{{"forecast":{forecast},"index":"low"}},"generationmix":{MIX}}}"#
        )
    };
    let text = format!(
        r#"{{"data":[{{"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z","regions":[{},{},{}]}}]}}"#,
        region(1, 10),
        region(13, 200),
        region(15, 150)
    );
    let all = parse::neso::read(&text, &ReadOptions::default()).unwrap();
    assert_eq!(all.regions().collect::<Vec<_>>(), ["london", "north-scotland"]);
    assert_eq!(all.warnings(), ["regions that are sums of others (England, Scotland, Wales, GB) are not read"]);
    let one = parse::neso::read(&text, &ReadOptions::default().region_name(1, "orkney")).unwrap();
    assert_eq!(one.regions().collect::<Vec<_>>(), ["orkney"]);
    for id in [15, 16, 17, 99] {
        let sum = format!(r#"{{"data":[{{"regionid":{id},"data":[{}]}}]}}"#, period("17:00", "17:30", 90));
        let error = parse::neso::read(&sum, &ReadOptions::default()).unwrap_err();
        assert!(error.to_string().contains("must be 1 to 14"), "{error}");
    }
    let asked = parse::neso::read(&text, &ReadOptions::default().region_name(15, "england"));
    assert_eq!(asked.unwrap_err().kind(), ErrorKind::Value);
}

#[test]
fn neso_mix_that_does_not_add_up_is_a_gap() {
    let text = r#"{"data":[{"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z","generationmix":[{"fuel":"wind","perc":30}]}]}"#;
    let signals = parse::neso::read(text, &ReadOptions::default()).unwrap();
    assert_eq!(values(&signals, "gb", Column::RenewableShareFrac), [None]);
    assert_eq!(signals.warnings(), ["1 generation mixes do not add up to 100 % and are left as gaps"]);
}

#[test]
fn what_the_service_refuses_and_what_is_no_answer_are_said() {
    let read = |text: &str| parse::neso::read(text, &ReadOptions::default());
    let error = read(r#"{"error":{"code":"400 Bad Request","message":"Please enter a valid date"}}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "neso line 0: the service answered with an error: 400 Bad Request Please enter a valid date"
    );
    assert!(read("<html>").unwrap_err().to_string().contains("is not the JSON of this service"));
    assert!(read(r#"{"info":1}"#).unwrap_err().to_string().contains("has no list `data`"));
    let naive = NATIONAL.replace("17:00Z", "17:00");
    assert!(read(&naive).unwrap_err().to_string().contains("line 1: from `2026-02-19T17:00`: has no offset"));
    let text = NATIONAL.replace("210", "\"210\"");
    assert!(read(&text).unwrap_err().to_string().contains("line 1: intensity.forecast: invalid type: string"));
    let negative = NATIONAL.replace("210", "-210");
    assert_eq!(read(&negative).unwrap_err().kind(), ErrorKind::Value);
    assert_eq!(read(r#"{"data":[]}"#).unwrap().warnings(), ["the answer has no data"]);
}

#[test]
fn neso_csv_reads_the_columns_of_the_service() {
    let text = "Datetime (UTC),Actual Carbon Intensity (gCO2/kWh),Forecast Carbon Intensity (gCO2/kWh),Index\n\
                2020-01-01T00:00Z,180,183,moderate\n2020-01-01T00:30,182,,\n";
    let read = |value| parse::neso::read_csv(text, &ReadOptions::default().carbon_value(value)).unwrap();
    assert_eq!(values(&read(CarbonValue::Forecast), "gb", CARBON), [Some(183.0), None]);
    assert_eq!(values(&read(CarbonValue::Actual), "gb", CARBON), [Some(180.0), Some(182.0)]);
    let naive = text.replace(" (UTC)", "");
    let error = parse::neso::read_csv(&naive, &ReadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "Datetime in line 3 `2020-01-01T00:30`: has no offset; write Z or +00:00");
    let other = text.replace("Actual", "actual");
    assert!(parse::neso::read_csv(&other, &ReadOptions::default()).unwrap_err().to_string().contains("`Actual`"));
}

fn system(date: &str, period: u8, start: &str, sell: f64, buy: f64) -> String {
    format!(
        r#"{{"settlementDate":"{date}","settlementPeriod":{period},"startTime":"{start}","createdDateTime":"2026-02-19T18:00:00Z","systemSellPrice":{sell},"systemBuyPrice":{buy},"bsadDefaulted":false,"netImbalanceVolume":291.9,"replacementPrice":null}}"#
    )
}

#[test]
fn elexon_system_prices_follow_the_settlement_clock() {
    let body = |records: &[String]| format!(r#"{{"metadata":{{}},"data":[{}]}}"#, records.join(","));
    let text = body(&[
        system("2026-02-19", 35, "2026-02-19T17:00:00Z", 180.0, 180.0),
        system("2026-02-19", 36, "2026-02-19T17:30:00Z", -20.0, 21.0),
        // One hour wrong in summer, as seen in the examples of the service.
        system("2023-09-18", 2, "2023-09-18T00:30:00Z", 90.0, 90.0),
    ]);
    let signals = parse::elexon::system_prices(&text, &ReadOptions::default()).unwrap();
    let column = Column::SystemPriceGbpPerMwh;
    assert_eq!(
        starts(&signals, "gb", column),
        ["2023-09-17T23:30:00Z", "2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z"]
    );
    assert_eq!(values(&signals, "gb", column), [Some(90.0), Some(180.0), Some(21.0)]);
    assert_eq!(
        signals.warnings(),
        [
            "startTime disagrees with settlement date and period in 1 records, which are right; first 2023-09-18 SP2 says \
         2023-09-18T00:30:00Z and starts 2023-09-17T23:30:00Z",
            "system buy and sell price differ in 1 records, the buy price is taken",
        ]
    );
    let beyond = body(&[system("2026-03-29", 47, "2026-03-29T23:00:00Z", 1.0, 1.0)]);
    let error = parse::elexon::system_prices(&beyond, &ReadOptions::default()).unwrap_err();
    assert!(error.to_string().contains("line 1: settlement_period `47`: 2026-03-29 has settlement periods 1 to 46"));
    // The 50 half hours of the long day, as a bare list.
    let long: Vec<String> =
        (1..=50).map(|k| system("2026-10-25", k, "2026-10-24T23:00:00Z", f64::from(k), f64::from(k))).collect();
    let signals = parse::elexon::system_prices(&format!("[{}]", long.join(",")), &ReadOptions::default()).unwrap();
    assert_eq!(starts(&signals, "gb", column)[49], "2026-10-25T23:30:00Z");
    assert!(signals.warnings()[0].contains("in 49 records"));
}

#[test]
fn elexon_market_index_is_weighted_by_volume() {
    let row = |provider: &str, period: u8, price: f64, volume: f64| {
        format!(
            r#"{{"startTime":"2026-02-19T00:00:00Z","dataProvider":"{provider}","settlementDate":"2026-02-19","settlementPeriod":{period},"price":{price},"volume":{volume}}}"#
        )
    };
    let rows = [
        row("APXMIDP", 1, 60.0, 300.0),
        row("N2EXMIDP", 1, 80.0, 100.0),
        row("N2EXMIDP", 2, 0.0, 0.0),
        row("APXMIDP", 2, 61.3, 77.7),
        row("APXMIDP", 3, 0.0, 0.0),
        row("N2EXMIDP", 3, 0.0, 0.0),
    ];
    let text = format!(r#"{{"data":[{}]}}"#, rows.join(","));
    let signals = parse::elexon::market_index(&text, &ReadOptions::default()).unwrap();
    // (60 * 300 + 80 * 100) / 400 = 65; one trade keeps its price; no trade is no price.
    assert_eq!(values(&signals, "gb", PRICE), [Some(65.0), Some(61.3), None]);
    assert!(signals.warnings().iter().any(|w| w == "1 settlement periods have no traded volume and are left as gaps"));
    let negative = text.replace("\"volume\":100", "\"volume\":-100");
    let error = parse::elexon::market_index(&negative, &ReadOptions::default()).unwrap_err();
    assert_eq!(error.to_string(), "elexon market-index line 2: volume is -100 MWh, must be at least 0");
    let as_export = ReadOptions::default().column(Column::ExportPriceGbpPerMwh).region("london");
    let signals = parse::elexon::market_index(&text, &as_export).unwrap();
    assert_eq!(values(&signals, "london", Column::ExportPriceGbpPerMwh).len(), 3);
}

#[test]
fn octopus_rates_become_gbp_per_mwh_in_order() {
    let text = r#"{"count":3,"next":"https://api.example/rates/?page=2","previous":null,"results":[
      {"value_exc_vat":12.5,"value_inc_vat":13.125,"valid_from":"2026-02-19T18:00:00Z","valid_to":null,"payment_method":null},
      {"value_exc_vat":-2.0,"value_inc_vat":-2.1,"valid_from":"2026-02-19T17:30:00Z","valid_to":"2026-02-19T18:00:00Z"},
      {"value_exc_vat":19.5,"value_inc_vat":20.475,"valid_from":"2026-02-19T17:00:00Z","valid_to":"2026-02-19T17:30:00Z"}]}"#;
    let signals = parse::octopus::read(text, &ReadOptions::default()).unwrap();
    assert_eq!(values(&signals, "gb", PRICE), [Some(195.0), Some(-20.0), Some(125.0)]);
    assert_eq!(signals.get("gb", PRICE).unwrap().span().unwrap().1.to_string(), "2026-02-19T18:30:00Z");
    assert_eq!(
        signals.warnings(),
        [
            "1 rates have no end and are taken to hold for 30 min",
            "the answer has more pages, next https://api.example/rates/?page=2",
        ]
    );
    assert_eq!(parse::octopus::next_page(text).unwrap().as_deref(), Some("https://api.example/rates/?page=2"));
    let vat = parse::octopus::read(text, &ReadOptions::default().inc_vat(true)).unwrap();
    assert_eq!(values(&vat, "gb", PRICE)[0], Some(204.75));
    let last = text.replace("\"https://api.example/rates/?page=2\"", "null");
    assert_eq!(parse::octopus::next_page(&last).unwrap(), None);
    // Two payment methods have two prices for the same half hour.
    let twice =
        text.replace("17:30:00Z\",\"valid_to\":\"2026-02-19T18:00", "17:00:00Z\",\"valid_to\":\"2026-02-19T17:30");
    assert_eq!(parse::octopus::read(&twice, &ReadOptions::default()).unwrap_err().kind(), ErrorKind::Time);
    assert!(parse::octopus::read(&twice, &ReadOptions::default().duplicates(Duplicates::KeepFirst)).is_ok());
}
