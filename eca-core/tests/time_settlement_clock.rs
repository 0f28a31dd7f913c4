//! The settlement clock: worked days, clock changes, and round trips over many years.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use eca_core::{Error, Horizon, SettlementDate, SettlementPeriod, Timestamp};
use proptest::prelude::*;

fn at(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn date(text: &str) -> SettlementDate {
    SettlementDate::parse(text).unwrap()
}

fn start(day: &str, period: u8) -> Timestamp {
    SettlementPeriod::new(date(day), period).unwrap().start_utc()
}

/// A day, its number of periods, and the start in UTC of some of them.
type Day = (&'static str, u8, &'static [(u8, &'static str)]);

#[test]
fn worked_days() {
    let days: [Day; 6] = [
        (
            "2026-01-15",
            48,
            &[(1, "2026-01-15T00:00Z"), (3, "2026-01-15T01:00Z"), (35, "2026-01-15T17:00Z"), (48, "2026-01-15T23:30Z")],
        ),
        (
            "2026-03-29",
            46,
            &[
                (1, "2026-03-29T00:00Z"),
                (3, "2026-03-29T02:00+01:00"),
                (35, "2026-03-29T18:00+01:00"),
                (46, "2026-03-29T22:30Z"),
            ],
        ),
        (
            "2026-07-01",
            48,
            &[(1, "2026-06-30T23:00Z"), (3, "2026-07-01T00:00Z"), (35, "2026-07-01T16:00Z"), (48, "2026-07-01T22:30Z")],
        ),
        (
            "2026-10-25",
            50,
            &[
                (1, "2026-10-24T23:00Z"),
                (3, "2026-10-25T01:00+01:00"),
                (5, "2026-10-25T01:00+00:00"),
                (35, "2026-10-25T16:00Z"),
                (50, "2026-10-25T23:30Z"),
            ],
        ),
        ("2027-03-28", 46, &[]),
        ("2027-10-31", 50, &[]),
    ];
    for (day, periods, starts) in days {
        assert_eq!(date(day).periods(), periods, "{day}");
        for (period, utc) in starts {
            assert_eq!(start(day, *period), at(utc), "{day} SP{period}");
            assert_eq!(SettlementPeriod::containing(at(utc)), SettlementPeriod::new(date(day), *period).unwrap());
        }
    }
}

#[test]
fn a_period_beyond_the_day_is_refused_and_says_how_many_there_are() {
    for (day, periods) in [("2026-01-15", 48), ("2026-03-29", 46), ("2026-10-25", 50)] {
        for period in [0, periods + 1, 51, 255] {
            let error = SettlementPeriod::new(date(day), period).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("settlement_period `{period}`: {day} has settlement periods 1 to {periods}")
            );
        }
    }
    let json = r#"{"settlement_date":"2026-03-29","settlement_period":47}"#;
    assert!(serde_json::from_str::<SettlementPeriod>(json).is_err());
    let last = serde_json::from_str::<SettlementPeriod>(&json.replace("47", "46")).unwrap();
    assert_eq!(serde_json::to_string(&last).unwrap(), json.replace("47", "46"));
    assert_eq!(last.next(), SettlementPeriod::new(date("2026-03-30"), 1).unwrap());
}

#[test]
fn gate_closes_one_hour_before_also_across_the_clock_change() {
    let period = SettlementPeriod::new(date("2026-03-29"), 3).unwrap();
    assert_eq!(period.gate_closure(), at("2026-03-29T00:00Z"));
    let period = SettlementPeriod::new(date("2026-10-25"), 1).unwrap();
    assert_eq!(period.gate_closure(), at("2026-10-24T22:00Z"));
}

#[test]
fn times_without_offset_are_refused_with_the_cure() {
    for (text, cure) in [
        ("2026-03-29T02:00:00", "has no offset; write Z or +00:00"),
        ("2026-03-29 02:00", "has no offset; write Z or +00:00"),
        ("2026-03-29", "has no time of day; write T00:00:00Z behind it"),
        ("tomorrow", "is not a time; write it like 2026-03-02T00:00:00Z"),
        ("2026-13-01T00:00Z", "is not a time; write it like 2026-03-02T00:00:00Z"),
        ("2026-03-29T02:00:00.5Z", "has a fraction of a second; write whole seconds"),
        ("1812-03-29T02:00:00Z", "is outside the years 1900 to 2199"),
    ] {
        let error = Timestamp::parse(text).unwrap_err();
        assert!(matches!(error, Error::Time { .. }));
        assert_eq!(error.to_string(), format!("time stamp `{text}`: {cure}"));
    }
    assert_eq!(at("2026-02-19T17:00Z").to_string(), "2026-02-19T17:00:00Z");
    assert_eq!(at("2026-02-19T17:00:00.000Z"), at("2026-02-19T18:00:00+01:00"));
    assert_eq!(serde_json::to_string(&at("2026-02-19T17:00Z")).unwrap(), r#""2026-02-19T17:00:00Z""#);
    assert!(serde_json::from_str::<Timestamp>(r#""2026-02-19T17:00""#).is_err());
    assert!(Timestamp::from_unix_s(1_772_409_600_000).is_err(), "milliseconds are not seconds");
    assert_eq!(Timestamp::from_unix_s(0).unwrap(), Timestamp::EPOCH);
}

#[test]
fn dates_count_and_stop_at_the_ends() {
    assert_eq!(date("2026-02-28").plus_days(1), date("2026-03-01"));
    assert_eq!(date("2026-03-01").days_since(date("2025-03-01")), 365);
    assert_eq!(date("2026-03-02").weekday(), 1);
    assert_eq!(date("2026-03-08").weekday(), 7);
    assert_eq!(date("2026-03-08").month(), 3);
    assert_eq!(date("2026-03-08").plus_days(i64::MAX), date("2199-12-31"));
    assert_eq!(date("2026-03-08").plus_days(i64::MIN), date("1900-01-01"));
    assert_eq!(date("2199-12-31").periods(), 48);
    assert_eq!(date("1900-01-01").periods(), 48);
    for text in ["2026-02-29", "2026-3-1", "2026-03-01T00:00", "20260301", "1812-01-01", ""] {
        assert!(SettlementDate::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_horizon_knows_its_periods_and_days() {
    let horizon = Horizon::new(at("2026-03-28T22:30Z"), 30, 50).unwrap();
    assert_eq!(horizon.start_of(3), at("2026-03-29T00:00Z"));
    assert_eq!(horizon.end(), at("2026-03-29T23:30Z"));
    assert_eq!(horizon.period_of(at("2026-03-28T22:29:59Z")), None);
    assert_eq!(horizon.period_of(at("2026-03-28T22:59:59Z")), Some(0));
    assert_eq!(horizon.period_of(at("2026-03-29T23:29:59Z")), Some(49));
    assert_eq!(horizon.period_of(at("2026-03-29T23:30Z")), None);
    assert_eq!(horizon.settlement_period_of(3), SettlementPeriod::new(date("2026-03-29"), 1).unwrap());
    // 3 half hours of 28 March, the 46 of 29 March, one of 30 March.
    let days = horizon.day_index();
    assert_eq!([0, 1, 2].map(|day| days.iter().filter(|d| **d == day).count()), [3, 46, 1]);
    for (day, lengths) in [("2026-03-29", [276, 92, 46, 23]), ("2026-10-25", [300, 100, 50, 25])] {
        for (step, length) in [5, 15, 30, 60].into_iter().zip(lengths) {
            let horizon = Horizon::settlement_day(date(day), step).unwrap();
            assert_eq!((horizon.len(), horizon.end()), (length, date(day).plus_days(1).midnight()));
        }
    }
    let json = r#"{"start":"2026-03-02T00:00:00Z","step_min":30,"periods":4}"#;
    let horizon: Horizon = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&horizon).unwrap(), json);
    assert_eq!(horizon.to_string(), "4 periods of 30 min from 2026-03-02T00:00:00Z");
}

#[test]
fn an_unusable_horizon_is_refused_by_name() {
    let refusals = [
        ("2026-03-02T00:00Z", 20, 4, "horizon has step_min = 20 min, must be 5, 15, 30 or 60"),
        ("2026-03-02T00:00Z", 0, 4, "horizon has step_min = 0 min, must be 5, 15, 30 or 60"),
        ("2026-03-02T00:00Z", 30, 0, "horizon has periods = 0 periods, must be 1 to 20000"),
        ("2026-03-02T00:00Z", 30, 20_001, "horizon has periods = 20001 periods, must be 1 to 20000"),
        (
            "2026-03-02T00:40Z",
            30,
            4,
            "horizon start `2026-03-02T00:40:00Z`: is not on the UTC grid of 30 min; write 2026-03-02T00:30:00Z",
        ),
        (
            "2199-12-31T23:00Z",
            60,
            4,
            "horizon start `2199-12-31T23:00:00Z`: 4 periods of 60 min end after the year 2199",
        ),
    ];
    for (start, step, periods, message) in refusals {
        assert_eq!(Horizon::new(at(start), step, periods).unwrap_err().to_string(), message);
    }
    assert!(Horizon::new(at("2026-03-02T00:45Z"), 15, 20_000).is_ok());
}

proptest! {
    #[test]
    fn every_instant_lies_in_the_period_that_claims_it(unix_s in -2_208_988_800_i64..7_258_032_000) {
        let instant = Timestamp::from_unix_s(unix_s).unwrap();
        let period = SettlementPeriod::containing(instant);
        prop_assert!(period.start_utc() <= instant && instant < period.end_utc());
        prop_assert_eq!(SettlementPeriod::new(period.settlement_date(), period.settlement_period()).unwrap(), period);
        prop_assert_eq!(Timestamp::parse(&instant.to_string()).unwrap(), instant);
    }

    #[test]
    fn the_periods_of_a_day_tile_it(days in 0_i64..73_000) {
        let day = date("1972-01-01").plus_days(days);
        let n = day.periods();
        prop_assert!([46, 48, 50].contains(&n));
        let mut expected = day.midnight();
        for k in 1..=n {
            let period = SettlementPeriod::new(day, k).unwrap();
            prop_assert_eq!(period.start_utc(), expected);
            prop_assert_eq!(SettlementPeriod::containing(expected), period);
            expected = period.end_utc();
        }
        prop_assert_eq!(expected, day.plus_days(1).midnight());
        prop_assert_eq!(day.plus_days(1).days_since(day), 1);
    }
}

#[test]
fn each_year_has_one_short_and_one_long_day() {
    for year in 1996..2199 {
        let first = date(&format!("{year}-01-01"));
        let next = date(&format!("{}-01-01", year + 1));
        let counts: Vec<u8> = (0..next.days_since(first)).map(|d| first.plus_days(d).periods()).collect();
        assert_eq!(counts.iter().filter(|n| **n == 46).count(), 1, "{year}");
        assert_eq!(counts.iter().filter(|n| **n == 50).count(), 1, "{year}");
        assert!(counts.iter().all(|n| [46, 48, 50].contains(n)));
    }
}
