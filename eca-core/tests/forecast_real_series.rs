//! Back-tests on public series. They are read in place and skipped where they are absent.
// With the pure-Rust solver it would take minutes and show nothing that shorter tests do not.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and says what it skips")]

use eca_core::Horizon;
use eca_core::forecast::{Backtest, BacktestSettings, Settings};
use eca_core::signal::{CarbonValue, Column, Duplicates, ReadOptions, Signals, parse};

fn file(name: &str) -> Option<String> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(name);
    #[allow(clippy::disallowed_methods, reason = "a test may look for its data")]
    let text = std::fs::read_to_string(path).ok();
    if text.is_none() {
        println!("skipped: the public data file {name} is not here");
    }
    text
}

fn horizon(start: &str, step: u32, periods: usize) -> Horizon {
    Horizon::new(start.parse().unwrap(), step, periods).unwrap()
}

#[test]
fn carbon_of_great_britain_2020_day_ahead() {
    let mut year = Signals::new();
    for month in 1..=6 {
        let Some(text) = file(&format!("grid/neso_gb_carbon_2020_{month:02}.csv")) else { return };
        let options = ReadOptions::default().carbon_value(CarbonValue::Actual).duplicates(Duplicates::KeepFirst);
        year.merge(parse::neso::read_csv(&text, &options).unwrap(), Duplicates::Refuse).unwrap();
    }
    let history = horizon("2020-01-01T00:00Z", 30, 48 * 182);
    let values = year.align_gaps("gb", Column::CarbonGPerKwh, &history).unwrap();
    let settings = Settings::default().limits(0.0, f64::INFINITY);
    let report = Backtest::run(&history, &values, &settings, &BacktestSettings::daily(&history, 56)).unwrap();
    println!("carbon GB 2020, g/kWh: {report}");
    assert!(report.skill > 0.0 && report.model.rmse < report.naive_day.rmse, "{report}");
    for coverage in &report.coverage {
        assert!((coverage.below_frac - coverage.quantile).abs() < 0.12, "{report}");
    }
}

#[test]
fn day_ahead_prices_of_2023() {
    let Some(text) = file("grid/gb_de_fr_hourly_2023h1.csv") else { return };
    let options = ReadOptions::default().rate("EUR", 1.0).unwrap();
    for region in ["gb", "de"] {
        let target = format!("{region}.import_price_gbp_per_mwh");
        let options = options.clone().map(target, format!("{region}_day_ahead_eur_per_mwh"));
        let signals = parse::csv::read(&text, &options).unwrap();
        let history = horizon("2023-01-01T00:00Z", 60, 24 * 181);
        for column in [Column::ImportPriceGbpPerMwh, Column::CarbonGPerKwh] {
            let values = signals.align_gaps(region, column, &history).unwrap();
            let choices = BacktestSettings::daily(&history, 56);
            let report = Backtest::run(&history, &values, &Settings::default(), &choices).unwrap();
            println!("{region} 2023 {column} (EUR as GBP at rate 1): {report}");
            assert!(report.skill > 0.0, "{region} {column}: {report}");
        }
    }
}

#[test]
fn load_of_a_cluster_over_28_days() {
    let Some(text) = file("workload/google2011_cpu_hourly.csv") else { return };
    // Row 672 repeats row 0, so that there are only 28 days of data.
    let mut values: Vec<Option<f64>> = Vec::new();
    for line in text.lines().skip(1).take(672) {
        values.push(line.rsplit(',').next().and_then(|cell| cell.parse().ok()));
    }
    assert!(values.len() == 672 && values.iter().all(Option::is_some));
    // The file has no dates; the first of May is a guess that only names the days.
    let history = horizon("2011-05-01T00:00Z", 60, 672);
    let report =
        Backtest::run(&history, &values, &Settings::default(), &BacktestSettings::daily(&history, 14)).unwrap();
    println!(
        "cluster load, share of capacity: {report}; mae {:.4} naive {:.4}",
        report.model.mae, report.naive_day.mae
    );
    assert!(report.skill >= 0.0, "{report}");
}
