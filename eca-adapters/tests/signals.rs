//! Prices and carbon against a local server that answers in the documented shapes: pages, nulls, both regional forms,
//! refusals, delays, other forms, what is kept, days on which the clock changes.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[allow(dead_code, reason = "not every test uses all of it")]
#[path = "support/http.rs"]
mod http;

use eca_adapters::signals::{Feed, HttpSignals, Settings};
use eca_core::adapter::conformance::{self, FakeTime};
use eca_core::adapter::{AdapterError, FetchOptions, SignalSource};
use eca_core::signal::{CarbonValue, Column, Duplicates, ReadOptions, Signals, parse};
use eca_core::{SettlementDate, SettlementPeriod, Timestamp};
use http::{Reply, Server};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, Instant};

const CARBON: Column = Column::CarbonGPerKwh;
const PRICE: Column = Column::ImportPriceGbpPerMwh;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Quick attempts at a server.
fn settings(server: &Server) -> Settings {
    Settings::default().base_url(server.url()).attempts(3, Duration::from_millis(5)).timeout(Duration::from_secs(5))
}

fn span(from: &str, to: &str) -> FetchOptions {
    FetchOptions::new(at(from), at(from), at(to))
}

fn values(signals: &Signals, region: &str, column: Column) -> Vec<Option<f64>> {
    signals.get(region, column).unwrap().points().iter().map(|point| point.value).collect()
}

/// A folder of its own.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("signals").join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

const NATIONAL: &str = r#"{"data":[
  {"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z","intensity":{"forecast":210,"actual":205,"index":"moderate"}},
  {"from":"2026-02-19T17:30Z","to":"2026-02-19T18:00Z","intensity":{"forecast":null,"actual":null,"index":"moderate"}},
  {"from":"2026-02-19T18:00Z","to":"2026-02-19T18:30Z","intensity":{"forecast":190,"actual":null,"index":"moderate"}}]}"#;

fn neso_national() -> Feed {
    Feed::neso_national()
}

#[test]
fn national_carbon_with_nulls() {
    let server = Server::new(|_, _| Reply::ok(NATIONAL));
    let source = HttpSignals::new(neso_national(), settings(&server));
    let options = span("2026-02-19T17:00:00Z", "2026-02-19T18:30:00Z");
    let signals = source.fetch(&options).unwrap();
    assert_eq!(values(&signals, "gb", CARBON), [Some(210.0), None, Some(190.0)]);
    assert_eq!(signals.get("gb", CARBON).unwrap().provenance().retrieved_at, Some(options.now));
    // Whole days are asked for, and what is outside of the span is left out.
    assert_eq!(server.asked(), ["/intensity/2026-02-19T00:00Z/2026-02-20T00:00Z"]);
    let actual = HttpSignals::new(neso_national().carbon_value(CarbonValue::ActualElseForecast), settings(&server));
    let first = actual.fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z")).unwrap();
    assert_eq!(values(&first, "gb", CARBON), [Some(205.0)]);
}

const MIX: &str = r#"[{"fuel":"gas","perc":40.0},{"fuel":"wind","perc":45.5},{"fuel":"solar","perc":0},{"fuel":"hydro","perc":4.5},
  {"fuel":"nuclear","perc":10.0}]"#;

#[test]
fn one_region_with_data_as_a_list_or_as_an_object() {
    let period = format!(
        r#"{{"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z","intensity":{{"forecast":98,"index":"low"}},"generationmix":{MIX}}}"#
    );
    let region = format!(
        r#"{{"regionid":13,"dnoregion":"UKPN London","shortname":"London","postcode":"SW1","data":[{period}]}}"#
    );
    for (data, feed, path) in [
        (format!("[{region}]"), Feed::neso_region(13, "hall-1"), "/regionid/13"),
        (region.clone(), Feed::neso_region(13, "hall-1"), "/regionid/13"),
        (region.clone(), Feed::neso_postcode("SW1", "hall-1"), "/postcode/SW1"),
        (format!(r#"{{"data":[{period}]}}"#), Feed::neso_postcode("SW1", "hall-1"), "/postcode/SW1"),
    ] {
        let body = format!(r#"{{"data":{data}}}"#);
        let server = Server::new(move |_, _| Reply::ok(body.clone()));
        let signals = HttpSignals::new(feed, settings(&server));
        let signals = signals.fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z")).unwrap();
        assert_eq!(values(&signals, "hall-1", CARBON), [Some(98.0)]);
        assert_eq!(values(&signals, "hall-1", Column::RenewableShareFrac), [Some(0.5)]);
        assert_eq!(signals.regions().collect::<Vec<_>>(), ["hall-1"]);
        assert_eq!(server.asked(), [format!("/regional/intensity/2026-02-19T00:00Z/2026-02-20T00:00Z{path}")]);
    }
}

#[test]
fn all_regions_by_one_question_and_another_region_than_asked_for() {
    let region = |id: u16, g: u16| {
        format!(
            r#"{{"regionid":{id},"shortname":"x","intensity":{{"forecast":{g},"index":"low"}},"generationmix":{MIX}}}"#
        )
    };
    let body = format!(
        r#"{{"data":[{{"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z","regions":[{},{},{},{}]}}]}}"#,
        region(1, 22),
        region(13, 231),
        region(14, 240),
        region(18, 150)
    );
    let server = Server::new(move |_, _| Reply::ok(body.clone()));
    let source = HttpSignals::new(Feed::neso_regions([(13, "london"), (1, "far-north")]), settings(&server));
    let options = span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z");
    let signals = source.fetch(&options).unwrap();
    assert_eq!(signals.regions().collect::<Vec<_>>(), ["far-north", "london"]);
    assert_eq!(
        (values(&signals, "london", CARBON), values(&signals, "far-north", CARBON)),
        (vec![Some(231.0)], vec![Some(22.0)])
    );
    let one = r#"{"data":[{"regionid":12,"data":[{"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z","intensity":{"forecast":98}}]}]}"#;
    let server = Server::new(move |_, _| Reply::ok(one));
    let error = HttpSignals::new(Feed::neso_region(13, "london"), settings(&server)).fetch(&options).unwrap_err();
    assert!(matches!(error, AdapterError::BadReading { .. }) && error.to_string().contains("south-england"), "{error}");
}

/// Agile rates of a day, newest first, three pages; each page names the next one at an address of its own.
fn agile(path: &str, day: SettlementDate) -> Reply {
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
fn system_prices(path: &str) -> Reply {
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

#[test]
fn failures_that_pass_are_tried_again() {
    let failures = [
        Reply::status(500, "oops"),
        Reply::status(429, "slow down").header("Retry-After", "0"),
        Reply::ok(NATIONAL).cut(),
        Reply::ok(NATIONAL).late(Duration::from_millis(700)),
    ];
    for failure in failures {
        let said = failure.clone();
        let server = Server::new(move |before, _| if before < 2 { failure.clone() } else { Reply::ok(NATIONAL) });
        let source = HttpSignals::new(neso_national(), settings(&server).timeout(Duration::from_millis(300)));
        let signals = source.fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z")).unwrap();
        assert_eq!(values(&signals, "gb", CARBON), [Some(210.0)], "{said:?}");
        assert_eq!(server.asked().len(), 3, "{said:?}");
    }
    let server = Server::new(|_, _| Reply::status(503, "never"));
    let error = HttpSignals::new(neso_national(), settings(&server))
        .fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T18:00:00Z"));
    let error = error.unwrap_err();
    assert!(error.is_passing() && error.to_string().contains("status 503, after 3 attempts"), "{error}");
    assert_eq!(server.asked().len(), 3);
}

#[test]
fn pauses_grow_and_a_service_that_wants_to_be_left_alone_is() {
    let server = Server::new(|before, _| if before < 2 { Reply::status(500, "") } else { Reply::ok(NATIONAL) });
    let source = HttpSignals::new(neso_national(), settings(&server).attempts(3, Duration::from_millis(100)));
    let begun = Instant::now();
    source.fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z")).unwrap();
    assert!(begun.elapsed() >= Duration::from_millis(100 + 200));
    // One second is waited for; an hour is not, and nothing is asked before it is over.
    let server = Server::new(|before, _| match before {
        0 => Reply::status(429, "").header("Retry-After", "1"),
        1 => Reply::ok(NATIONAL),
        _ => Reply::status(429, "").header("Retry-After", "3600"),
    });
    let source = HttpSignals::new(neso_national(), settings(&server).fresh_s(0));
    let begun = Instant::now();
    source.fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z")).unwrap();
    assert!(begun.elapsed() >= Duration::from_secs(1) && server.asked().len() == 2);
    let next_day = span("2026-02-20T17:00:00Z", "2026-02-20T17:30:00Z");
    let error = source.fetch(&next_day).unwrap_err();
    assert!(error.to_string().contains("asks to wait 3600 s") && error.is_passing(), "{error}");
    let error = source.fetch(&next_day).unwrap_err();
    assert!(error.to_string().contains("left alone") && server.asked().len() == 3, "{error}");
}

#[test]
fn refusals_are_final_and_other_forms_are_named() {
    let options = span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z");
    let server = Server::new(|_, _| Reply::status(404, "no such thing"));
    let error = HttpSignals::new(neso_national(), settings(&server)).fetch(&options).unwrap_err();
    assert!(
        matches!(&error, AdapterError::Refused { message, .. } if message.contains("404: no such thing")),
        "{error}"
    );
    assert_eq!(server.asked().len(), 1);
    let period = r#""from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z""#;
    let drifts = [
        (format!(r#"{{"data":[{{{period},"intensity":{{"forecast":"high"}}}}]}}"#), "intensity.forecast"),
        (format!(r#"{{"data":[{{{period},"carbon":{{"forecast":1}}}}]}}"#), "neither `intensity` nor `generationmix`"),
        (r#"{"items":[]}"#.to_owned(), "no list `data`"),
        ("<html>maintenance</html>".to_owned(), "is not the JSON"),
        (r#"{"error":{"code":"400 Bad Request","message":"Please enter a valid date"}}"#.to_owned(), "valid date"),
    ];
    for (drift, named) in drifts {
        let good = Server::new(move |before, _| Reply::ok(if before == 0 { drift.as_str() } else { NATIONAL }));
        let source = HttpSignals::new(neso_national(), settings(&good));
        let error = source.fetch(&options).unwrap_err();
        assert!(matches!(error, AdapterError::BadReading { .. }) && error.to_string().contains(named), "{error}");
        // It was not kept: the next question is asked again.
        assert!(source.fetch(&options).is_ok() && good.asked().len() == 2);
    }
}

#[test]
fn answers_are_kept_and_their_age_is_judged() {
    let folder = folder("ages");
    let server = Server::new(|before, _| if before < 2 { Reply::ok(NATIONAL) } else { Reply::status(500, "") });
    let source = HttpSignals::new(neso_national(), settings(&server).cache(&folder).fresh_s(600));
    let (from, to) = (at("2026-02-19T17:00:00Z"), at("2026-02-19T17:30:00Z"));
    let ask = |source: &HttpSignals, after_s: i64| source.fetch(&FetchOptions::new(from.plus_s(after_s), from, to));
    let retrieved = |signals: &Signals| signals.get("gb", CARBON).unwrap().provenance().retrieved_at.unwrap();
    assert_eq!(retrieved(&ask(&source, 0).unwrap()), from);
    assert_eq!(retrieved(&ask(&source, 600).unwrap()), from);
    assert_eq!(server.asked().len(), 1);
    assert_eq!(retrieved(&ask(&source, 601).unwrap()), from.plus_s(601));
    assert_eq!(server.asked().len(), 2);
    // From here on there is no answer. Half an hour is allowed.
    let old = ask(&source, 2401).unwrap();
    assert_eq!(retrieved(&old), from.plus_s(601));
    assert!(old.warnings()[0].contains("status 500") && old.warnings()[0].contains("2026-02-19T17:10:01Z"), "{old:?}");
    let error = ask(&source, 2402).unwrap_err();
    assert!(matches!(error, AdapterError::Stale { age_s: 1801, limit_s: 1800, .. }), "{error:?}");
    // Another process, offline: the same answer, and nobody is asked.
    let asked = server.asked().len();
    let offline = HttpSignals::new(neso_national(), settings(&server).cache(&folder).offline(true));
    assert_eq!(retrieved(&ask(&offline, 1800).unwrap()), from.plus_s(601));
    assert!(matches!(ask(&offline, 2402).unwrap_err(), AdapterError::Stale { .. }));
    // What was answered later is not known yet.
    assert!(matches!(ask(&offline, 0).unwrap_err(), AdapterError::Unreachable { .. }));
    let other = offline.fetch(&span("2026-02-25T17:00:00Z", "2026-02-25T17:30:00Z")).unwrap_err();
    assert!(other.to_string().contains("offline"), "{other}");
    assert_eq!(server.asked().len(), asked);
    // A file that somebody broke is none.
    let file = std::fs::read_dir(&folder).unwrap().next().unwrap().unwrap().path();
    std::fs::write(file, "{").unwrap();
    assert!(matches!(ask(&offline, 1800).unwrap_err(), AdapterError::Unreachable { .. }));
}

#[test]
fn no_network_is_an_error_that_says_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let quick = Settings::default().base_url(address).attempts(2, Duration::from_millis(5));
    let error = HttpSignals::new(neso_national(), quick).fetch(&span("2026-02-19T17:00:00Z", "2026-02-19T17:30:00Z"));
    assert!(matches!(error.unwrap_err(), AdapterError::Unreachable { .. }));
}

/// Every half hour of the days that are asked for, until two days after `now`.
fn forecast(path: &str, now: Timestamp) -> Reply {
    let times: Vec<&str> = path.split('/').filter(|part| part.contains('T')).collect();
    let (from, to) = (at(times[0]), at(times[1]).unix_s().min(now.plus_min(2880).unix_s()));
    let count = (to - from.unix_s()) / 1800;
    let minute = |at: Timestamp| at.to_string().replace(":00Z", "Z");
    let periods: Vec<String> = (0..count.max(0))
        .map(|n| {
            let (start, end) = (from.plus_min(30 * n), from.plus_min(30 * (n + 1)));
            format!(
                r#"{{"from":"{}","to":"{}","intensity":{{"forecast":{}}}}}"#,
                minute(start),
                minute(end),
                100 + n % 48
            )
        })
        .collect();
    Reply::ok(format!(r#"{{"data":[{}]}}"#, periods.join(",")))
}

#[test]
fn every_feed_conforms() {
    let now = at("2026-03-02T09:00:00Z");
    let day = SettlementDate::parse("2026-03-02").unwrap();
    let server = Server::new(move |_, path| forecast(path, now));
    let source = HttpSignals::new(neso_national(), settings(&server));
    assert_eq!(conformance::signal_source(&source, "gb", CARBON, 24, &FakeTime::new(now)), []);
    let server =
        Server::new(move |_, path| if path.contains("period_from=21") { agile_empty() } else { agile(path, day) });
    let source = HttpSignals::new(Feed::octopus_agile("A", "_C", "london"), settings(&server));
    assert_eq!(conformance::signal_source(&source, "london", PRICE, 12, &FakeTime::new(now)), []);
    let server = Server::new(|_, path| system_prices(path));
    let source = HttpSignals::new(Feed::elexon_system_prices("gb"), settings(&server));
    assert_eq!(conformance::signal_source(&source, "gb", Column::SystemPriceGbpPerMwh, 12, &FakeTime::new(now)), []);
}

fn agile_empty() -> Reply {
    Reply::ok(r#"{"count":0,"next":null,"previous":null,"results":[]}"#)
}

#[test]
fn a_real_month_over_http_is_the_month_of_the_file() {
    let Some(folder) = std::env::var_os("ECA_TEST_DATA").map(PathBuf::from) else {
        eprintln!("skipped: ECA_TEST_DATA is not set");
        return;
    };
    let text = std::fs::read_to_string(folder.join("grid/neso_gb_carbon_2020_03.csv")).unwrap();
    let options =
        ReadOptions::default().carbon_value(CarbonValue::ActualElseForecast).duplicates(Duplicates::KeepFirst);
    let file = parse::neso::read_csv(&text, &options).unwrap();
    // The server reads the file by itself.
    let rows: Vec<(String, String, String)> = text
        .lines()
        .skip(1)
        .map(|line| line.replace('"', ""))
        .map(|line| {
            let cells: Vec<&str> = line.split(',').collect();
            let number = |cell: &str| if cell.trim().is_empty() { "null".to_owned() } else { cell.trim().to_owned() };
            (cells[0].trim().to_owned(), number(cells[1]), number(cells[2]))
        })
        .collect();
    let server = Server::new(move |_, path| {
        let times: Vec<Timestamp> = path.split('/').filter(|part| part.contains('T')).map(at).collect();
        let period = |(start, actual, forecast): &(String, String, String)| {
            let from = at(&format!("{}Z", start.trim_end_matches('Z').replace(' ', "T")));
            let inside = from >= times[0] && from < times[1];
            let minute = |at: Timestamp| at.to_string().replace(":00Z", "Z");
            inside.then(|| {
                let (from, to) = (minute(from), minute(from.plus_min(30)));
                format!(r#"{{"from":"{from}","to":"{to}","intensity":{{"forecast":{forecast},"actual":{actual}}}}}"#)
            })
        };
        let periods: Vec<String> = rows.iter().filter_map(period).collect();
        Reply::ok(format!(r#"{{"data":[{}]}}"#, periods.join(",")))
    });
    let (from, to) = file.get("gb", CARBON).unwrap().span().unwrap();
    let source = HttpSignals::new(neso_national().carbon_value(CarbonValue::ActualElseForecast), settings(&server));
    let fetched = source.fetch(&FetchOptions::new(to, from, to)).unwrap();
    assert_eq!(fetched.get("gb", CARBON).unwrap().points(), file.get("gb", CARBON).unwrap().points());
    assert!(fetched.get("gb", CARBON).unwrap().points().len() > 1400 && server.asked().len() >= 3);
}

/// A day of the example as the two services would answer it: region, start, price, carbon.
fn day_server(csv: &str) -> Server {
    let mut rows: BTreeMap<String, Vec<(Timestamp, f64, f64)>> = BTreeMap::new();
    for line in csv.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let row = (at(cells[0]), cells[2].parse().unwrap(), cells[3].parse().unwrap());
        rows.entry(cells[1].to_owned()).or_default().push(row);
    }
    Server::new(move |_, path| {
        let of = |marks: [&str; 2]| {
            if path.contains(marks[0]) {
                &rows["london"]
            } else {
                assert!(path.contains(marks[1]));
                &rows["north-scotland"]
            }
        };
        let list: Vec<String> = if path.contains("/standard-unit-rates/") {
            let rate = |(start, price, _): &(Timestamp, f64, f64)| {
                let end = start.plus_min(30);
                format!(
                    r#"{{"value_exc_vat":{0},"value_inc_vat":0,"valid_from":"{start}","valid_to":"{end}"}}"#,
                    price / 10.0
                )
            };
            of(["-C/", "-P/"]).iter().rev().map(rate).collect()
        } else {
            let period = |(start, _, g): &(Timestamp, f64, f64)| {
                format!(r#"{{"from":"{start}","to":"{}","intensity":{{"forecast":{g}}}}}"#, start.plus_min(30))
            };
            of(["/regionid/13", "/regionid/1"]).iter().map(period).collect()
        };
        let list = list.join(",");
        if path.contains("/standard-unit-rates/") {
            return Reply::ok(format!(r#"{{"count":1,"next":null,"previous":null,"results":[{list}]}}"#));
        }
        let id = if path.ends_with("/13") { 13 } else { 1 };
        Reply::ok(format!(r#"{{"data":{{"regionid":{id},"data":[{list}]}}}}"#))
    })
}

/// Runs the controller on the example, with these sources of signals, for four hours.
fn controller(name: &str, signals: &str) -> (Output, serde_json::Value) {
    let folder = folder(name);
    std::fs::create_dir_all(&folder).unwrap();
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    std::fs::copy(examples.join("live/site.json"), folder.join("site.json")).unwrap();
    let config = format!(
        "[site]\nproblem = \"site.json\"\n[controller]\nview_periods = 24\n[time]\ntick_s = 1800\n\
         start = \"2026-03-02T00:00:00Z\"\nend = \"2026-03-02T04:00:00Z\"\n{signals}\n[[clusters]]\nkind = \"memory\"\n\
         [[meters]]\nkind = \"memory\"\nregion = \"london\"\n[output]\nstatus = \"status.json\"\nevents = \"events\"\n"
    );
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_eca-controller")).arg(folder.join("config.toml")).output().unwrap();
    let status = std::fs::read_to_string(folder.join("status.json")).unwrap_or_else(|_| "null".into());
    (output, serde_json::from_str(&status).unwrap())
}

#[test]
fn the_controller_plans_the_same_over_http_as_from_a_file() {
    let csv = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/c/day.csv");
    let server = day_server(&std::fs::read_to_string(&csv).unwrap());
    let url = server.url();
    let cache = folder("controller_cache");
    let mut http = String::new();
    for (region, group) in [("london", "_C"), ("north-scotland", "_P")] {
        let at = format!("region = \"{region}\"\nbase_url = \"{url}\"\ncache = {cache:?}");
        http += &format!("[[signals]]\nkind = \"octopus\"\nproduct = \"AGILE-1\"\ngsp_group = \"{group}\"\n{at}\n");
        http += &format!("[[signals]]\nkind = \"neso\"\n{at}\n");
    }
    let (output, over_http) = controller("over_http", &http);
    assert!(output.status.success(), "{output:?}");
    let (_, from_file) = controller("from_file", &format!("[[signals]]\nkind = \"file\"\npath = {csv:?}"));
    assert_eq!(over_http["ledger"]["entries"], from_file["ledger"]["entries"], "{over_http:#}");
    assert!(over_http["ledger"]["entries"]["eca"]["cost_gbp"].as_f64().unwrap() > 0.0);
    // Offline from what was kept: nobody is asked, and a kept answer is as old as it is.
    let asked = server.asked().len();
    let offline = http.replace("cache =", "offline = true\ncache =");
    let (output, _) = controller("offline", &offline);
    assert!(output.status.success() && server.asked().len() == asked, "{output:?}");
}

#[test]
fn a_wrong_source_is_said_with_line_and_key() {
    let of = |text: &str| {
        let (output, _) = controller("wrong", &format!("[[signals]]\n{text}"));
        assert_eq!(output.status.code(), Some(2));
        String::from_utf8(output.stderr).unwrap()
    };
    for (text, expected) in [
        (
            "kind = \"neso\"\nregion = \"hall-1\"",
            "line 11: `region`: is no region of the service; give `gsp_group`, one of _P north-scotland",
        ),
        ("kind = \"neso\"\nbase_url = \"localhost\"", "line 11: `base_url`: must begin with http:// or https://"),
        (
            "kind = \"neso\"\nvalue = \"real\"",
            "line 11: `value`: is `real`, must be forecast, actual or actual_else_forecast",
        ),
        ("kind = \"octopus\"", "line 10: `kind`: `octopus` needs the key `product`, which is missing"),
        ("kind = \"entsoe\"", "line 10: `kind`: is `entsoe`; this program was built with: file, neso,"),
    ] {
        let said = of(text);
        assert!(said.contains(expected), "{said}");
    }
}
