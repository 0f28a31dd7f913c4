//! Points on the grid of a horizon: holding, averaging, gaps and doubled times.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use eca_core::signal::{Column, Duplicates, GapPolicy, Point, Provenance, Signals};
use eca_core::{Error, Horizon, Timestamp};
use proptest::prelude::*;

const CARBON: Column = Column::CarbonGPerKwh;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

/// Points of `step` minutes from 2026-03-02T00:00Z on.
fn points(step: i64, values: &[Option<f64>]) -> Vec<Point> {
    let start = at("2026-03-02T00:00Z");
    (0..)
        .zip(values)
        .map(|(t, value)| Point::new(start.plus_min(t * step), start.plus_min((t + 1) * step), *value))
        .collect()
}

fn signals(step: i64, values: &[Option<f64>]) -> Signals {
    let mut signals = Signals::new();
    signals.insert("gb", CARBON, points(step, values), Provenance::new("test"), Duplicates::Refuse).unwrap();
    signals
}

fn horizon(step: u32, periods: usize) -> Horizon {
    Horizon::new(at("2026-03-02T00:00Z"), step, periods).unwrap()
}

#[test]
fn coarser_data_is_held_and_finer_data_is_averaged() {
    let hourly = signals(60, &[Some(100.0), Some(200.0)]);
    let aligned = hourly.align("gb", CARBON, &horizon(30, 4), GapPolicy::Error).unwrap();
    assert_eq!(aligned.values, [100.0, 100.0, 200.0, 200.0]);
    assert!(aligned.filled.is_empty() && aligned.provenance.notes.is_empty());
    let halves = signals(30, &[Some(100.0), Some(300.0), Some(50.0), None]);
    assert_eq!(halves.align_gaps("gb", CARBON, &horizon(60, 3)).unwrap(), [Some(200.0), None, None]);
    assert_eq!(halves.align_gaps("gb", CARBON, &horizon(5, 13)).unwrap()[5..7], [Some(100.0), Some(300.0)]);
}

#[test]
fn a_period_that_is_covered_in_part_is_a_gap() {
    let mut half = points(30, &[Some(100.0), Some(200.0), Some(300.0)]);
    half.remove(1);
    let mut signals = Signals::new();
    signals.insert("gb", CARBON, half, Provenance::new("test"), Duplicates::Refuse).unwrap();
    // The second half of the first hour and of the second one have no row at all.
    assert_eq!(signals.align_gaps("gb", CARBON, &horizon(60, 3)).unwrap(), [None, None, None]);
    assert_eq!(signals.align_gaps("gb", CARBON, &horizon(30, 3)).unwrap(), [Some(100.0), None, Some(300.0)]);
}

#[test]
fn uneven_points_count_by_their_time() {
    let start = at("2026-03-02T00:00Z");
    let uneven = vec![
        Point::new(start, start.plus_min(15), Some(100.0)),
        Point::new(start.plus_min(15), start.plus_min(60), Some(20.0)),
    ];
    let mut signals = Signals::new();
    signals.insert("gb", CARBON, uneven, Provenance::new("test"), Duplicates::Refuse).unwrap();
    // (15 * 100 + 45 * 20) / 60 = 40
    assert_eq!(signals.align_gaps("gb", CARBON, &horizon(60, 1)).unwrap(), [Some(40.0)]);
}

#[test]
fn a_gap_is_refused_by_name_with_what_to_do() {
    let error = signals(30, &[Some(1.0), None, None, Some(4.0)])
        .align("gb", CARBON, &horizon(30, 5), GapPolicy::default())
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "carbon_g_per_kwh of gb has no value for 3 of 5 periods, first 2026-03-02T00:30:00Z; the signal has values \
         from 2026-03-02T00:00:00Z to 2026-03-02T02:00:00Z; give the missing values or choose a gap policy (hold or \
         forecast)"
    );
}

#[test]
fn hold_fills_short_gaps_only_and_says_which() {
    let gapped = signals(30, &[Some(1.0), None, Some(3.0), None, None, Some(6.0)]);
    let hold = |max_periods| gapped.align("gb", CARBON, &horizon(30, 6), GapPolicy::Hold { max_periods });
    let held = hold(2).unwrap();
    assert_eq!((held.values, held.filled), (vec![1.0, 1.0, 3.0, 3.0, 3.0, 6.0], vec![1, 3, 4]));
    assert_eq!(held.provenance.notes, ["3 periods held from before"]);
    // The gap of two is too long as a whole; the gap of one is filled.
    let Error::Gap { missing, first, .. } = hold(1).unwrap_err() else { panic!("not a gap") };
    assert_eq!((missing, first.as_str()), (2, "2026-03-02T01:30:00Z"));
    assert!(hold(0).is_err());
}

#[test]
fn hold_looks_back_before_the_horizon_but_not_further_than_allowed() {
    let gapped = signals(30, &[Some(7.0), None, None, None, Some(5.0)]);
    let later = Horizon::new(at("2026-03-02T01:00Z"), 30, 3).unwrap();
    // The gap begins half an hour before the horizon, so it is three periods long.
    let held = gapped.align("gb", CARBON, &later, GapPolicy::Hold { max_periods: 3 }).unwrap();
    assert_eq!(held.values, [7.0, 7.0, 5.0]);
    assert!(gapped.align("gb", CARBON, &later, GapPolicy::Hold { max_periods: 2 }).is_err());
    let none_before = signals(30, &[None, Some(5.0)]);
    assert!(none_before.align("gb", CARBON, &horizon(30, 2), GapPolicy::Hold { max_periods: 9 }).is_err());
}

#[test]
fn forecast_fills_gaps_from_the_daily_shape() {
    let day = |t: usize| if t % 48 < 24 { 100.0 } else { 200.0 };
    let values: Vec<Option<f64>> = (0..48 * 20).map(|t| (t % 48 != 30).then(|| day(t))).collect();
    let known = signals(30, &values);
    let gap_day = Horizon::new(at("2026-03-20T00:00Z"), 30, 48).unwrap();
    let filled = known.align("gb", CARBON, &gap_day, GapPolicy::Forecast).unwrap();
    assert_eq!(filled.filled, [30]);
    assert!((filled.values[30] - 200.0).abs() < 10.0, "{}", filled.values[30]);
    // Tomorrow is not known at all, and carbon is never below zero.
    let tomorrow = Horizon::new(at("2026-03-22T00:00Z"), 30, 48).unwrap();
    let all = known.align("gb", CARBON, &tomorrow, GapPolicy::Forecast).unwrap();
    assert_eq!(all.filled.len(), 48);
    assert!(all.values.iter().all(|value| *value >= 0.0));
    assert!((all.values[3] - 100.0).abs() < 15.0 && (all.values[40] - 200.0).abs() < 15.0);
    assert_eq!(all.provenance.notes, ["48 periods filled by forecast"]);
    let short = signals(30, &[Some(1.0), None]);
    let error = short.align("gb", CARBON, &horizon(30, 2), GapPolicy::Forecast).unwrap_err();
    assert!(error.to_string().contains("give more history"), "{error}");
}

#[test]
fn two_values_for_one_time_are_refused_or_chosen() {
    let mut doubled = points(30, &[Some(1.0), Some(2.0)]);
    doubled.push(Point { value: Some(9.0), ..doubled[1] });
    let read = |duplicates| {
        let mut signals = Signals::new();
        signals.insert("gb", CARBON, doubled.clone(), Provenance::new("test"), duplicates)?;
        signals.align("gb", CARBON, &horizon(30, 2), GapPolicy::Error).map(|aligned| aligned.values)
    };
    assert_eq!(
        read(Duplicates::Refuse).unwrap_err().to_string(),
        "carbon_g_per_kwh of gb `2026-03-02T00:30:00Z`: is there twice, with 2 and 9; choose keep_first or keep_last"
    );
    assert_eq!(read(Duplicates::KeepFirst).unwrap(), [1.0, 2.0]);
    assert_eq!(read(Duplicates::KeepLast).unwrap(), [1.0, 9.0]);
}

#[test]
fn equal_values_and_empty_ones_are_no_conflict() {
    let mut repeated = points(30, &[Some(1.0), Some(2.0)]);
    repeated.extend(points(30, &[Some(1.0), None, None]));
    let mut signals = Signals::new();
    signals.insert("gb", CARBON, repeated, Provenance::new("test"), Duplicates::Refuse).unwrap();
    let values: Vec<Option<f64>> = signals.get("gb", CARBON).unwrap().points().iter().map(|p| p.value).collect();
    assert_eq!(values, [Some(1.0), Some(2.0), None]);
}

#[test]
fn overlaps_are_conflicts_too() {
    let mut overlapping = points(30, &[Some(1.0), Some(2.0)]);
    overlapping.push(Point::new(at("2026-03-02T00:15Z"), at("2026-03-02T00:45Z"), Some(2.0)));
    let error =
        Signals::new().insert("gb", CARBON, overlapping, Provenance::new("test"), Duplicates::Refuse).unwrap_err();
    assert!(error.to_string().contains("overlaps the interval from 2026-03-02T00:00:00Z"), "{error}");
}

#[test]
fn values_that_cannot_be_true_are_refused() {
    for (column, value, message) in [
        (CARBON, -1.0, "must be at least 0"),
        (CARBON, f64::NAN, "must be a finite number"),
        (Column::ImportPriceGbpPerMwh, f64::INFINITY, "must be a finite number"),
        (Column::RenewableShareFrac, 80.0, "must be at most 1"),
        (Column::SolarMw, -0.1, "must be at least 0"),
    ] {
        let error = Signals::new()
            .insert("gb", column, points(30, &[Some(value)]), Provenance::new("test"), Duplicates::Refuse)
            .unwrap_err();
        assert!(matches!(error, Error::Value { .. }) && error.to_string().contains(message), "{error}");
    }
    let mut negative_price = Signals::new();
    let point = points(30, &[Some(-150.0)]);
    negative_price.insert("gb", Column::SystemPriceGbpPerMwh, point, Provenance::new("t"), Duplicates::Refuse).unwrap();
}

#[test]
fn unknown_names_say_what_there_is() {
    let known = signals(30, &[Some(1.0)]);
    let horizon = horizon(30, 1);
    let error = known.align("fr", CARBON, &horizon, GapPolicy::Error).unwrap_err();
    assert!(error.to_string().ends_with("known: gb"), "{error}");
    let error = known.align("gb", Column::SolarMw, &horizon, GapPolicy::Error).unwrap_err();
    assert!(error.to_string().ends_with("known: carbon_g_per_kwh"), "{error}");
    assert!("carbon".parse::<Column>().is_err());
    for column in Column::ALL {
        assert_eq!(column.name().parse::<Column>().unwrap(), column);
        assert_eq!(serde_json::to_string(&column).unwrap(), format!("\"{column}\""));
    }
}

#[test]
fn age_counts_from_the_issue_and_has_a_limit() {
    let now = at("2026-03-02T06:00Z");
    let mut provenance = Provenance::new("neso");
    assert!(provenance.check_age(now, 60).unwrap_err().to_string().contains("age = unknown min"));
    provenance.retrieved_at = Some(at("2026-03-02T05:50Z"));
    assert_eq!(provenance.age_min(now), Some(10));
    provenance.issued_at = Some(at("2026-03-02T04:59Z"));
    assert_eq!(provenance.age_min(now), Some(61));
    assert!(provenance.check_age(now, 61).is_ok());
    assert_eq!(
        provenance.check_age(now, 60).unwrap_err().to_string(),
        "signal of neso has age = 61 min, must be at most 60; fetch it again or say when it was retrieved"
    );
}

#[test]
fn merged_signals_are_as_old_as_their_oldest_part() {
    let part = |start: &str, value, hour: &str| {
        let mut provenance = Provenance::new("neso");
        provenance.retrieved_at = Some(at(hour));
        let point = Point::new(at(start), at(start).plus_min(30), Some(value));
        let mut signals = Signals::new();
        signals.insert("gb", CARBON, vec![point], provenance, Duplicates::Refuse).unwrap();
        signals
    };
    let mut both = part("2026-03-02T00:30Z", 2.0, "2026-03-02T04:00Z");
    both.merge(part("2026-03-02T00:00Z", 1.0, "2026-03-02T03:00Z"), Duplicates::Refuse).unwrap();
    assert_eq!(both.align("gb", CARBON, &horizon(30, 2), GapPolicy::Error).unwrap().values, [1.0, 2.0]);
    assert_eq!(both.age_min(at("2026-03-02T05:00Z")), Some(120));
    assert!(both.check_age(at("2026-03-02T05:00Z"), 119).is_err());
    let newer = part("2026-03-02T00:30Z", 5.0, "2026-03-02T05:00Z");
    assert!(both.clone().merge(newer.clone(), Duplicates::Refuse).is_err());
    both.merge(newer, Duplicates::KeepLast).unwrap();
    assert_eq!(both.align("gb", CARBON, &horizon(30, 2), GapPolicy::Error).unwrap().values, [1.0, 5.0]);
    both.copy(CARBON, "gb", "london").unwrap();
    assert_eq!(both.regions().collect::<Vec<_>>(), ["gb", "london"]);
}

proptest! {
    #[test]
    fn averages_keep_the_sum_and_gaps_never_shrink(
        values in prop::collection::vec(prop::option::weighted(0.9, 0.0_f64..500.0), 24),
    ) {
        let signals = signals(5, &values);
        let fine = signals.align_gaps("gb", CARBON, &horizon(5, 24)).unwrap();
        prop_assert_eq!(&fine, &values);
        for (step, per) in [(15, 3), (30, 6), (60, 12)] {
            let coarse = signals.align_gaps("gb", CARBON, &horizon(step, 24 / per)).unwrap();
            for (mean, parts) in coarse.iter().zip(values.chunks(per)) {
                let sum: Option<f64> = parts.iter().copied().sum();
                prop_assert_eq!(mean.is_some(), sum.is_some());
                if let (Some(mean), Some(sum)) = (mean, sum) {
                    prop_assert!((mean * parts.len() as f64 - sum).abs() < 1e-6);
                }
            }
        }
    }

    #[test]
    fn the_order_of_the_source_does_not_matter(
        values in prop::collection::vec(0.0_f64..500.0, 12).prop_shuffle(),
        turn in 0_usize..12,
    ) {
        let values: Vec<Option<f64>> = values.into_iter().map(Some).collect();
        let mut shuffled = points(30, &values);
        shuffled.rotate_left(turn);
        shuffled.reverse();
        let mut other = Signals::new();
        other.insert("gb", CARBON, shuffled, Provenance::new("test"), Duplicates::Refuse).unwrap();
        prop_assert_eq!(other, signals(30, &values));
    }
}
