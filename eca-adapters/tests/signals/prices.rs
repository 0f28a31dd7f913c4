//! Prices: Agile rates in pages, system prices by settlement date, the market index in parts.

use super::{PRICE, at, settings, span, values};
use crate::http::{Reply, Server};
use eca_adapters::signals::{Feed, HttpSignals};
use eca_core::adapter::{FetchOptions, SignalSource};
use eca_core::signal::Column;
use eca_core::{SettlementDate, SettlementPeriod};

/// Agile rates of a day, newest first, three pages; each page names the next one at an address of its own.
pub(super) fn agile(path: &str, day: SettlementDate) -> Reply {
    let page: usize = path.split_once("page=").map_or(1, |(_, n)| n[..1].parse().unwrap());
    let count = usize::from(day.periods());
    let rate = |n: usize| {
        let period = SettlementPeriod::new(day, u8::try_from(count - n).unwrap()).unwrap();
        format!(
            r#"{{"value_exc_vat":{0},"value_inc_vat":{0},"valid_from":"{1}","valid_to":"{2}","payment_method":null}}"#,
            count - n,
            period.start_utc(),
            period.end_utc()
        )
    };
    let rates: Vec<String> = ((page - 1) * 20..(page * 20).min(count)).map(rate).collect();
    let next = if page < 3 {
        format!(r#""https://elsewhere.example/x/?page={}&page_size=20""#, page + 1)
    } else {
        "null".into()
    };
    Reply::ok(format!(r#"{{"count":{count},"next":{next},"previous":null,"results":[{}]}}"#, rates.join(",")))
}

#[test]
fn agile_rates_come_in_pages_on_days_of_46_48_and_50_periods() {
    for (day, count) in [("2026-03-29", 46_usize), ("2026-03-02", 48), ("2026-10-25", 50)] {
        let day = SettlementDate::parse(day).unwrap();
        let server = Server::new(move |_, path| agile(path, day));
        let source = HttpSignals::new(Feed::octopus_agile("AGILE-24-10-01", "_C", "london"), settings(&server));
        let (from, to) = (day.midnight(), day.plus_days(1).midnight());
        let signals = source.fetch(&FetchOptions::new(from, from, to)).unwrap();
        let points = signals.get("london", PRICE).unwrap().points();
        // 10 GBP/MWh for each p/kWh; prices count the settlement periods.
        let expected: Vec<Option<f64>> = (1..=count).map(|n| Some(n as f64 * 10.0)).collect();
        assert_eq!(points.iter().map(|point| point.value).collect::<Vec<_>>(), expected);
        assert_eq!((points[0].start, points[count - 1].end), (from, to));
        let asked = server.asked();
        assert_eq!(asked.len(), 3, "{asked:?}");
        let path = "/v1/products/AGILE-24-10-01/electricity-tariffs/E-1R-AGILE-24-10-01-C/standard-unit-rates/?";
        assert!(asked.iter().all(|asked| asked.starts_with(path)), "{asked:?}");
        assert!(asked[0].contains("page_size=1500&period_from=") && asked[2].ends_with("?page=3&page_size=20"));
    }
}

#[test]
fn pages_that_go_round_are_an_error() {
    let body = r#"{"count":1,"next":"http://x/?page=2","previous":null,"results":[]}"#;
    let server = Server::new(move |_, _| Reply::ok(body));
    let source = HttpSignals::new(Feed::octopus_agile("A", "_C", "london"), settings(&server));
    let error = source.fetch(&span("2026-03-02T00:00:00Z", "2026-03-03T00:00:00Z")).unwrap_err();
    assert!(error.to_string().contains("no end") && server.asked().len() == 2, "{error} {:?}", server.asked());
}

/// System prices of one settlement date, as many as it has periods.
pub(super) fn system_prices(path: &str) -> Reply {
    let day = SettlementDate::parse(path.rsplit('/').next().unwrap()).unwrap();
    let price = |n: u8| {
        let start = SettlementPeriod::new(day, n).unwrap().start_utc();
        format!(
            r#"{{"settlementDate":"{day}","settlementPeriod":{n},"startTime":"{start}","systemSellPrice":{n}.5,"systemBuyPrice":{n}.5,"netImbalanceVolume":1.0}}"#
        )
    };
    let prices: Vec<String> = (1..=day.periods()).map(price).collect();
    Reply::ok(format!(r#"{{"metadata":{{}},"data":[{}]}}"#, prices.join(",")))
}

#[test]
fn system_prices_are_asked_for_by_settlement_date_also_when_the_clock_changes() {
    for (first, counts) in [("2026-03-28", [48_u8, 46, 48]), ("2026-10-24", [48, 50, 48])] {
        let server = Server::new(|_, path| system_prices(path));
        let source = HttpSignals::new(Feed::elexon_system_prices("gb"), settings(&server));
        let first = SettlementDate::parse(first).unwrap();
        let (from, to) = (first.midnight(), first.plus_days(3).midnight());
        let signals = source.fetch(&FetchOptions::new(to.plus_min(60), from, to)).unwrap();
        let expected: Vec<Option<f64>> =
            counts.iter().flat_map(|&n| (1..=n).map(|n| Some(f64::from(n) + 0.5))).collect();
        assert_eq!(values(&signals, "gb", Column::SystemPriceGbpPerMwh), expected);
        let paths: Vec<String> =
            (0..3).map(|day| format!("/balancing/settlement/system-prices/{}", first.plus_days(day))).collect();
        assert_eq!(server.asked(), paths);
        // A price is known after its period: days to come are not asked for.
        assert!(source.fetch(&FetchOptions::new(from, to, to.plus_min(60))).unwrap().is_empty());
        assert_eq!(server.asked().len(), 3);
    }
}

#[test]
fn the_market_index_is_asked_for_in_parts_and_weighted_by_volume() {
    let body = |day: &str| {
        format!(
            r#"{{"data":[{{"startTime":"{day}T00:00:00Z","dataProvider":"APXMIDP","settlementDate":"{day}","settlementPeriod":1,"price":80.0,"volume":300.0}},
                 {{"startTime":"{day}T00:00:00Z","dataProvider":"N2EXMIDP","settlementDate":"{day}","settlementPeriod":1,"price":0,"volume":0}}]}}"#
        )
    };
    let server =
        Server::new(move |_, path| Reply::ok(body(path.split_once("from=").map(|(_, day)| &day[..10]).unwrap())));
    let source = HttpSignals::new(Feed::elexon_market_index("london"), settings(&server));
    let (from, to) = (at("2026-02-01T00:00:00Z"), at("2026-02-11T00:00:00Z"));
    let signals = source.fetch(&FetchOptions::new(to, from, to)).unwrap();
    assert_eq!(values(&signals, "london", PRICE), [Some(80.0), Some(80.0)]);
    let path = "/balancing/pricing/market-index?from=";
    let parts = ["2026-02-01T00:00Z&to=2026-02-07T00:00Z", "2026-02-07T00:00Z&to=2026-02-11T00:00Z"];
    assert_eq!(server.asked(), parts.map(|part| format!("{path}{part}")));
}
