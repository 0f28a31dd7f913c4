//! Tidy and wide series files: names, units, currencies, gaps and refusals.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use eca_core::signal::{CarbonAccounting, Column, Duplicates, GapPolicy, ReadOptions, Signals, parse::csv};
use eca_core::{Error, ErrorKind, Horizon, Timestamp};

const PRICE: Column = Column::ImportPriceGbpPerMwh;
const CARBON: Column = Column::CarbonGPerKwh;

fn values(signals: &Signals, region: &str, column: Column) -> Vec<Option<f64>> {
    signals.get(region, column).unwrap().points().iter().map(|point| point.value).collect()
}

fn refused(text: &str, options: &ReadOptions) -> Error {
    csv::read(text, options).unwrap_err()
}

#[test]
fn tidy_with_several_regions_gaps_and_any_offset() {
    let text = "start,region,import_price_gbp_per_mwh,carbon_g_per_kwh,comment\n\
                2026-07-01T01:00+01:00,london,80.5,210,\"a, b\"\n\
                2026-07-01T01:00+01:00,north-scotland,60,20,\n\
                2026-07-01T01:30+01:00,london,-5,,x\n\
                2026-07-01T01:30+01:00,north-scotland,61,21,\n";
    let signals = csv::read(text, &ReadOptions::default()).unwrap();
    assert_eq!(signals.regions().collect::<Vec<_>>(), ["london", "north-scotland"]);
    assert_eq!(values(&signals, "london", PRICE), [Some(80.5), Some(-5.0)]);
    assert_eq!(values(&signals, "london", CARBON), [Some(210.0), None]);
    assert_eq!(signals.warnings(), ["columns not used: comment; map them to use them"]);
    let first = signals.get("london", PRICE).unwrap().points()[0];
    assert_eq!((first.start, first.end), ("2026-07-01T00:00Z".parse().unwrap(), "2026-07-01T00:30Z".parse().unwrap()));
    assert_eq!(signals.get("london", PRICE).unwrap().provenance().source, "csv import_price_gbp_per_mwh");
}

#[test]
fn wide_names_split_at_the_longest_known_column() {
    let text = "utc_start,north_scotland_marginal_carbon_g_per_kwh,gb_solar_kw,north_scotland_carbon_g_per_kwh\n\
                2026-07-01T00:00:00,400,1500,30\n2026-07-01 00:30,410,,31\n";
    let signals = csv::read(text, &ReadOptions::default()).unwrap();
    assert_eq!(values(&signals, "north_scotland", Column::MarginalCarbonGPerKwh), [Some(400.0), Some(410.0)]);
    assert_eq!(values(&signals, "north_scotland", CARBON), [Some(30.0), Some(31.0)]);
    assert_eq!(values(&signals, "gb", Column::SolarMw), [Some(1.5), None]);
}

#[test]
fn units_are_converted_only_where_the_name_says_them() {
    let text = "start,region,import_price_p_per_kwh,export_price_gbp_per_kwh,network_charge_pence_per_kwh,\
                renewable_share_percent,congestion_limit_kw,carbon_kg_per_mwh,solar\n\
                2026-07-01T00:00Z,a,20.475,0.05,1.2,40,2500,180,9\n2026-07-01T00:30Z,a,,,,,,,\n";
    let signals = csv::read(text, &ReadOptions::default()).unwrap();
    for (column, value) in [
        (PRICE, 204.75),
        (Column::ExportPriceGbpPerMwh, 50.0),
        (Column::NetworkChargeGbpPerMwh, 12.0),
        (Column::RenewableShareFrac, 0.4),
        (Column::CongestionLimitMw, 2.5),
        (CARBON, 180.0),
    ] {
        assert!((values(&signals, "a", column)[0].unwrap() - value).abs() < 1e-12, "{column}");
    }
    assert!(signals.get("a", Column::SolarMw).is_err(), "no unit, no value");
    assert_eq!(signals.warnings(), ["columns not used: solar; map them to use them"]);
}

#[test]
fn a_foreign_price_needs_a_rate() {
    let text = "utc_start,gb_day_ahead_eur_per_mwh,fr_import_price_eur_per_mwh\n\
                2023-01-01T00:00:00Z,67.65,-0.1\n2023-01-01T01:00:00Z,55.81,-1.33\n";
    let map = ReadOptions::default().map("gb.import_price_gbp_per_mwh", "gb_day_ahead_eur_per_mwh");
    // Both a plain and a mapped name are refused by the name of the column.
    let error = refused(text, &ReadOptions::default());
    assert_eq!(
        error.to_string(),
        "column `fr_import_price_eur_per_mwh` is in EUR; give the rate (for example gbp_per_eur = 0.88)"
    );
    assert!(refused(text, &map).to_string().starts_with("column `fr_import_price_eur_per_mwh` is in EUR"));
    let only_gb = text.replace("fr_import_price_eur_per_mwh", "fr_day_ahead_eur_per_mwh");
    assert!(refused(&only_gb, &map).to_string().starts_with("column `gb_day_ahead_eur_per_mwh` is in EUR"));
    let signals = csv::read(&only_gb, &map.clone().rate("eur", 0.88).unwrap()).unwrap();
    assert_eq!(values(&signals, "gb", PRICE)[0], Some(67.65 * 0.88));
    let rate = signals.get("gb", PRICE).unwrap().provenance().rate.clone().unwrap();
    assert_eq!((rate.currency.as_str(), rate.gbp_per_unit), ("EUR", 0.88));
    assert_eq!(signals.warnings(), ["columns not used: fr_day_ahead_eur_per_mwh; map them to use them"]);
    // Another currency, also without a unit behind it.
    for title in ["price_usd_per_mwh", "price_usd", "Price ($/MWh)", "gb_chf_per_kwh"] {
        let text = format!("start,{title}\n2023-01-01T00:00Z,1\n2023-01-01T01:00Z,1\n");
        let map = ReadOptions::default().map("gb.import_price_gbp_per_mwh", title).rate("EUR", 1.0).unwrap();
        assert_eq!(refused(&text, &map).kind(), ErrorKind::Currency, "{title}");
    }
    for rate in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(ReadOptions::default().rate("EUR", rate).is_err());
    }
}

#[test]
fn lifecycle_carbon_is_the_default_and_direct_a_choice() {
    let text = "utc_start,gb_carbon_direct_g_per_kwh,gb_carbon_lifecycle_g_per_kwh\n\
                2023-01-01T00:00:00Z,62.55,91.44\n2023-01-01T01:00:00Z,65.09,94.66\n";
    let lifecycle = csv::read(text, &ReadOptions::default()).unwrap();
    assert_eq!(values(&lifecycle, "gb", CARBON), [Some(91.44), Some(94.66)]);
    let direct = csv::read(text, &ReadOptions::default().carbon_accounting(CarbonAccounting::Direct)).unwrap();
    assert_eq!(values(&direct, "gb", CARBON), [Some(62.55), Some(65.09)]);
    let notes = &lifecycle.get("gb", CARBON).unwrap().provenance().notes;
    assert_eq!(notes, &["lifecycle carbon", "`gb_carbon_direct_g_per_kwh` is there too and not used"]);
    let mapped = ReadOptions::default().map("gb.carbon_g_per_kwh", "gb_carbon_direct_g_per_kwh");
    assert_eq!(values(&csv::read(text, &mapped).unwrap(), "gb", CARBON), [Some(62.55), Some(65.09)]);
}

#[test]
fn a_missing_row_stays_a_gap_and_an_hour_is_held() {
    let text = "start,gb_carbon_g_per_kwh\n2026-03-02T00:00Z,1\n2026-03-02T01:00Z,2\n2026-03-02T03:00Z,4\n";
    let signals = csv::read(text, &ReadOptions::default()).unwrap();
    let horizon = Horizon::new("2026-03-02T00:00Z".parse().unwrap(), 30, 8).unwrap();
    let found = signals.align_gaps("gb", CARBON, &horizon).unwrap();
    assert_eq!(found, [Some(1.0), Some(1.0), Some(2.0), Some(2.0), None, None, Some(4.0), Some(4.0)]);
    // Declared shorter, each value holds for half an hour only.
    let half = csv::read(text, &ReadOptions::default().step_min(30)).unwrap();
    assert_eq!(half.align_gaps("gb", CARBON, &horizon).unwrap()[..3], [Some(1.0), None, Some(2.0)]);
    let odd = text.replace("T03:00Z", "T02:20Z");
    assert!(csv::read(&odd, &ReadOptions::default()).unwrap().warnings()[0].contains("not on one grid"));
}

#[test]
fn the_end_of_an_interval_can_be_given() {
    let text = "start,end,region,carbon_g_per_kwh\n2026-03-02T00:00Z,2026-03-02T02:00Z,gb,7\n";
    let signals = csv::read(text, &ReadOptions::default()).unwrap();
    let horizon = Horizon::new("2026-03-02T00:00Z".parse().unwrap(), 60, 2).unwrap();
    assert_eq!(signals.align("gb", CARBON, &horizon, GapPolicy::Error).unwrap().values, [7.0, 7.0]);
    let alone = "start,region,carbon_g_per_kwh\n2026-03-02T00:00Z,gb,7\n";
    assert!(refused(alone, &ReadOptions::default()).to_string().contains("give step_min or a column `end`"));
    assert!(csv::read(alone, &ReadOptions::default().step_min(30)).is_ok());
    let backwards = text.replace("T02:00Z", "T00:00Z");
    assert_eq!(refused(&backwards, &ReadOptions::default()).kind(), ErrorKind::Time);
}

#[test]
fn wrong_cells_are_refused_with_their_line() {
    let file =
        |cell: &str| format!("start,region,carbon_g_per_kwh\n2026-03-02T00:00Z,gb,1\n2026-03-02T00:30Z,gb,{cell}\n");
    for cell in ["NaN", "inf", "-inf", "infinity", "n/a", "1 2", "0x1"] {
        let error = refused(&file(cell), &ReadOptions::default());
        assert_eq!(
            error.to_string(),
            format!(
                "csv line 3: `{cell}` in column `carbon_g_per_kwh` is no finite number; leave a missing value empty"
            )
        );
    }
    assert_eq!(
        refused(&file("-4"), &ReadOptions::default()).to_string(),
        "csv line 3: column `carbon_g_per_kwh` has -4 g/kWh, must be at least 0"
    );
    assert_eq!(refused(&file("1,2"), &ReadOptions::default()).to_string(), "csv line 3: has 4 cells, the header has 3");
    assert_eq!(
        refused(&file("1").replace("00:30Z", "00:30"), &ReadOptions::default()).to_string(),
        "start in line 3 `2026-03-02T00:30`: has no offset; write Z or +00:00"
    );
    assert_eq!(
        refused(&file("1").replace("gb,1\n2026-03-02T00:30Z,gb", "gb,1\n2026-03-02T00:30Z,"), &ReadOptions::default())
            .to_string(),
        "csv line 3: has no region"
    );
    let doubled = file("1").replace("00:30Z,gb,1", "00:00Z,gb,2");
    let step = ReadOptions::default().step_min(30);
    assert!(refused(&doubled, &step).to_string().contains("is there twice, with 1 and 2"));
    assert!(csv::read(&doubled, &step.duplicates(Duplicates::KeepLast)).is_ok());
}

#[test]
fn wrong_headers_say_what_is_there() {
    for (text, part) in [
        ("time,gb_solar_mw\n", "has no column `start` or `utc_start`; found time, gb_solar_mw"),
        ("start;gb_solar_mw\n", "cells must be separated by commas"),
        ("", "has no column `start` or `utc_start`"),
        ("start,price\n", "no column has a known name; found start, price"),
        ("start,gb_solar_mw,gb_solar_mw\n", "column `gb_solar_mw` is defined twice"),
        ("start,gb_solar_w,gb_solar_kw\n", "by `gb_solar_w` and `gb_solar_kw`"),
    ] {
        let error = refused(text, &ReadOptions::default()).to_string();
        assert!(error.contains(part), "{error}");
    }
    let map = |target: &str, source: &str| {
        refused("start,x_g_per_kwh\n", &ReadOptions::default().map(target, source)).to_string()
    };
    assert!(map("gb.carbon_g_per_kwh", "y").contains("names column `y` in source, which does not exist; known: start"));
    assert!(map("gb.carbon", "x_g_per_kwh").contains("column `carbon`"));
    assert!(map("carbon_g_per_kwh", "x_g_per_kwh").contains("has no region; write it like gb.carbon_g_per_kwh"));
    assert!(map("gb.import_price_gbp_per_mwh", "x_g_per_kwh").contains("has another unit"));
}

#[test]
fn a_mapped_column_is_for_its_region_only_in_a_tidy_file() {
    let text = "start,region,carbon_g_per_kwh,site_g_per_kwh\n\
                2026-03-02T00:00Z,a,1,10\n2026-03-02T00:00Z,b,2,20\n\
                2026-03-02T00:30Z,a,3,30\n2026-03-02T00:30Z,b,4,40\n";
    let options = ReadOptions::default().map("b.carbon_g_per_kwh", "site_g_per_kwh");
    let signals = csv::read(text, &options).unwrap();
    assert_eq!(values(&signals, "a", CARBON), [Some(1.0), Some(3.0)]);
    assert_eq!(values(&signals, "b", CARBON), [Some(20.0), Some(40.0)]);
}

#[test]
fn what_is_written_reads_back_equal() {
    let text = "start,end,region,import_price_gbp_per_mwh,carbon_g_per_kwh\n\
                2026-03-02T00:00:00Z,2026-03-02T00:30:00Z,\"a, b\",,0.1\n\
                2026-03-02T00:00:00Z,2026-03-02T01:00:00Z,\"a, b\",-80.25,\n\
                2026-03-02T00:30:00Z,2026-03-02T01:00:00Z,\"a, b\",,\n";
    let signals = csv::read(text, &ReadOptions::default()).unwrap();
    let written = signals.to_tidy_csv().unwrap();
    let again = csv::read(&written, &ReadOptions::default()).unwrap();
    assert_eq!(written, text);
    assert_eq!(again, signals);
    let age = signals.age_min(Timestamp::EPOCH);
    assert_eq!(age, None, "a file does not say how old it is");
}
