//! Carbon of NESO: nationwide, of a region in both forms, of all regions; a month of real values.

use super::{CARBON, NATIONAL, at, settings, span, values};
use crate::http::{Reply, Server};
use eca_adapters::signals::{Feed, HttpSignals};
use eca_core::Timestamp;
use eca_core::adapter::{AdapterError, FetchOptions, SignalSource};
use eca_core::signal::{CarbonValue, Column, Duplicates, ReadOptions, parse};
use std::path::PathBuf;

#[test]
fn national_carbon_with_nulls() {
    let server = Server::new(|_, _| Reply::ok(NATIONAL));
    let source = HttpSignals::new(Feed::neso_national(), settings(&server));
    let options = span("2026-02-19T17:00:00Z", "2026-02-19T18:30:00Z");
    let signals = source.fetch(&options).unwrap();
    assert_eq!(values(&signals, "gb", CARBON), [Some(210.0), None, Some(190.0)]);
    assert_eq!(signals.get("gb", CARBON).unwrap().provenance().retrieved_at, Some(options.now));
    // Whole days are asked for, and what is outside of the span is left out.
    assert_eq!(server.asked(), ["/intensity/2026-02-19T00:00Z/2026-02-20T00:00Z"]);
    let actual =
        HttpSignals::new(Feed::neso_national().carbon_value(CarbonValue::ActualElseForecast), settings(&server));
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
    let source =
        HttpSignals::new(Feed::neso_national().carbon_value(CarbonValue::ActualElseForecast), settings(&server));
    let fetched = source.fetch(&FetchOptions::new(to, from, to)).unwrap();
    assert_eq!(fetched.get("gb", CARBON).unwrap().points(), file.get("gb", CARBON).unwrap().points());
    assert!(fetched.get("gb", CARBON).unwrap().points().len() > 1400 && server.asked().len() >= 3);
}
