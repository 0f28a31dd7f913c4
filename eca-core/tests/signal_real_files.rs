//! Public files as their publishers wrote them. They are read in place and skipped where they are absent.
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and says what it skips")]

use eca_core::signal::{CarbonValue, Column, Duplicates, GapPolicy, ReadOptions, Signals, parse};
use eca_core::{Error, ErrorKind, Horizon, SettlementPeriod};

fn file(name: &str) -> Option<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/grid").join(name);
    #[allow(clippy::disallowed_methods, reason = "a test may look for its data")]
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: the public data file {name} is not here");
    }
    text
}

fn counts(signals: &Signals, region: &str, column: Column) -> (usize, usize) {
    let points = signals.get(region, column).unwrap().points();
    (points.len(), points.iter().filter(|point| point.value.is_none()).count())
}

#[test]
fn hourly_carbon_and_prices_of_2023() {
    let Some(text) = file("gb_de_fr_hourly_2023h1.csv") else { return };
    let options = ReadOptions::default()
        .map("gb.import_price_gbp_per_mwh", "gb_day_ahead_eur_per_mwh")
        .map("de.import_price_gbp_per_mwh", "de_day_ahead_eur_per_mwh");
    let refused = parse::csv::read(&text, &options).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Currency);
    let signals = parse::csv::read(&text, &options.rate("EUR", 1.0).unwrap()).unwrap();
    for region in ["gb", "de"] {
        for column in [Column::ImportPriceGbpPerMwh, Column::CarbonGPerKwh] {
            assert_eq!(counts(&signals, region, column), (4344, 0));
        }
    }
    let negative = |region| {
        let points = signals.get(region, Column::ImportPriceGbpPerMwh).unwrap().points();
        points.iter().filter(|point| point.value.is_some_and(|value| value < 0.0)).count()
    };
    assert_eq!((negative("gb"), negative("de")), (2, 86));
    assert_eq!(signals.get("gb", Column::CarbonGPerKwh).unwrap().points()[0].value, Some(91.44), "lifecycle");
    println!("hourly 2023: {:?}", signals.warnings());
    // A spring day of 46 half hours has no gap from hourly data.
    let day = Horizon::settlement_day("2023-03-26".parse().unwrap(), 30).unwrap();
    let aligned = signals.align("gb", Column::CarbonGPerKwh, &day, GapPolicy::Error).unwrap();
    assert_eq!((aligned.values.len(), aligned.filled.len()), (46, 0));
    let again = parse::csv::read(&signals.to_tidy_csv().unwrap(), &ReadOptions::default()).unwrap();
    for (region, column, signal) in signals.iter() {
        assert_eq!(again.get(region, column).unwrap().points(), signal.points());
    }
}

#[test]
fn system_prices_agree_with_our_settlement_clock() {
    let Some(text) = file("gb_system_price_hh_2023h1.csv") else { return };
    let mut rows = 0;
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let period = SettlementPeriod::new(cells[1].parse().unwrap(), cells[2].parse().unwrap()).unwrap();
        assert_eq!(period.start_utc(), cells[0].parse().unwrap(), "{line}");
        rows += 1;
    }
    let map = ReadOptions::default().map("gb.import_price_gbp_per_mwh", "market_index_gbp_per_mwh");
    let signals = parse::csv::read(&text, &map).unwrap();
    assert_eq!(counts(&signals, "gb", Column::SystemPriceGbpPerMwh), (8688, 0));
    assert_eq!(counts(&signals, "gb", Column::ImportPriceGbpPerMwh), (8688, 136));
    let prices = signals.get("gb", Column::SystemPriceGbpPerMwh).unwrap().points();
    let negative = prices.iter().filter(|point| point.value.is_some_and(|value| value < 0.0)).count();
    assert_eq!(negative, 218);
    println!("system prices 2023: {rows} rows agree with the settlement clock, {negative} negative");
}

#[test]
fn neso_2020_has_known_holes_that_stay_visible() {
    let mut year = Signals::new();
    for month in 1..=6 {
        let Some(text) = file(&format!("neso_gb_carbon_2020_{month:02}.csv")) else { return };
        let options = ReadOptions::default().carbon_value(CarbonValue::Actual);
        let read = match parse::neso::read_csv(&text, &options) {
            Err(error) => {
                assert_eq!(month, 6);
                assert_eq!(
                    error.to_string(),
                    "carbon_g_per_kwh of gb `2020-06-10T10:00:00Z`: is there twice, with 241 and 244; choose \
                     keep_first or keep_last"
                );
                parse::neso::read_csv(&text, &options.duplicates(Duplicates::KeepFirst)).unwrap()
            }
            Ok(read) => read,
        };
        let forecast = parse::neso::read_csv(&text, &ReadOptions::default().duplicates(Duplicates::KeepFirst)).unwrap();
        assert_eq!(counts(&forecast, "gb", Column::CarbonGPerKwh).1, 47, "month {month}");
        year.merge(read, Duplicates::Refuse).unwrap();
    }
    let day = |date: &str| Horizon::settlement_day(date.parse().unwrap(), 30).unwrap();
    let leap = year.align("gb", Column::CarbonGPerKwh, &day("2020-02-29"), GapPolicy::Error).unwrap_err();
    let Error::Gap { missing, first, .. } = leap else { panic!("{leap}") };
    assert_eq!((missing, first.as_str()), (48, "2020-02-29T00:00:00Z"));
    let holes =
        year.align("gb", Column::CarbonGPerKwh, &day("2020-06-10"), GapPolicy::Hold { max_periods: 1 }).unwrap();
    assert_eq!(holes.filled.len(), 2, "09:00 and 13:00");
    let filled = year.align("gb", Column::CarbonGPerKwh, &day("2020-02-29"), GapPolicy::Forecast).unwrap();
    println!("neso 2020: 29 February filled by forecast, mean {:.0} g/kWh", filled.values.iter().sum::<f64>() / 48.0);
    assert!(filled.values.iter().all(|value| (20.0..400.0).contains(value)));
}

#[test]
fn later_forecasts_replace_earlier_ones() {
    let Some(text) = file("neso_gb_forecast_vintages_2023-03-15_16.csv") else { return };
    let mut all = Signals::new();
    let mut vintages: Vec<&str> = text.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    vintages.dedup();
    assert_eq!(vintages.len(), 4);
    for issued in vintages {
        let rows: Vec<&str> = text.lines().filter(|line| line.starts_with(issued)).collect();
        let csv = rows.iter().fold("utc_start,gb_carbon_g_per_kwh\n".to_owned(), |csv, line| {
            csv + line.split_once(',').unwrap().1 + "\n"
        });
        let options = ReadOptions::default().issued_at(issued.parse().unwrap());
        all.merge(parse::csv::read(&csv, &options).unwrap(), Duplicates::KeepLast).unwrap();
        let last: Vec<&str> = rows.last().unwrap().split(',').collect();
        let points = all.get("gb", Column::CarbonGPerKwh).unwrap().points();
        assert_eq!(points.last().unwrap().value, Some(last[2].parse().unwrap()));
    }
}
