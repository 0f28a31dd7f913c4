//! Distribution charges by time band: local time, weekdays, part periods.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use eca_core::Horizon;
use eca_core::signal::{DuosBand, DuosSchedule, LocalTime, Weekdays};
use proptest::prelude::*;

fn schedule() -> DuosSchedule {
    DuosSchedule::new(
        vec![
            DuosBand::pence_per_kwh("red", Weekdays::Weekdays, "16:30", "19:30", 17.6).unwrap(),
            DuosBand::new("amber", Weekdays::Weekdays, "07:00", "16:30", 20.5).unwrap(),
        ],
        1.1,
    )
    .unwrap()
}

fn day(date: &str, step: u32) -> Vec<f64> {
    schedule().expand(&Horizon::settlement_day(date.parse().unwrap(), step).unwrap())
}

#[test]
fn bands_follow_the_london_clock() {
    // Friday in winter and in summer: the same half hours of the settlement day.
    for date in ["2026-01-16", "2026-07-03"] {
        let charge = day(date, 30);
        assert_eq!(
            (charge[13], charge[14], charge[32], charge[33], charge[38], charge[39]),
            (1.1, 20.5, 20.5, 176.0, 176.0, 1.1)
        );
    }
    assert!(day("2026-07-04", 30).iter().all(|charge| *charge == 1.1), "Saturday");
    // In UTC the red band of summer begins at 15:30.
    let utc = Horizon::new("2026-07-03T15:00:00Z".parse().unwrap(), 30, 3).unwrap();
    assert_eq!(schedule().expand(&utc), [20.5, 176.0, 176.0]);
    // Sunday 29 March has 23 hours, Monday is charged again at 07:00 local = 06:00 UTC.
    let monday = Horizon::new("2026-03-30T05:30:00Z".parse().unwrap(), 30, 2).unwrap();
    assert_eq!(schedule().expand(&monday), [1.1, 20.5]);
}

#[test]
fn a_period_across_an_edge_gets_the_mean() {
    let charge = day("2026-01-16", 60);
    assert_eq!(charge[16], (20.5 + 176.0) / 2.0);
    assert_eq!((charge[15], charge[17]), (20.5, 176.0));
}

#[test]
fn a_band_over_midnight_counts_each_part_to_its_day() {
    let night = DuosBand::new("night", Weekdays::Mask(0b000_0001), "23:00", "01:00", 9.0).unwrap();
    let schedule = DuosSchedule::new(vec![night], 0.0).unwrap();
    // Monday 2026-01-12: the first hour and the last one.
    let week = Horizon::new("2026-01-11T00:00:00Z".parse().unwrap(), 60, 72).unwrap();
    let hours: Vec<usize> = (0..).zip(schedule.expand(&week)).filter(|(_, c)| *c > 0.0).map(|(t, _)| t).collect();
    assert_eq!(hours, [24, 47]);
}

#[test]
fn bands_that_overlap_or_never_hold_are_refused() {
    let band = |days, start: &str, end: &str, rate| DuosBand::new("x", days, start, end, rate).unwrap();
    let refused = |bands| DuosSchedule::new(bands, 0.0).unwrap_err().to_string();
    let both = vec![band(Weekdays::All, "16:00", "19:00", 1.0), band(Weekdays::Weekend, "18:59", "20:00", 2.0)];
    assert_eq!(refused(both), "DUoS bands `x` and `x` `18:59`: belongs to both; end one where the other begins");
    assert!(refused(vec![band(Weekdays::All, "16:00", "16:00", 1.0)]).contains("must hold at some time"));
    assert!(refused(vec![band(Weekdays::Mask(0), "16:00", "17:00", 1.0)]).contains("must hold at some time"));
    assert!(refused(vec![band(Weekdays::All, "16:00", "17:00", f64::NAN)]).contains("must be a finite number"));
    let apart = vec![band(Weekdays::Weekdays, "16:00", "19:00", 1.0), band(Weekdays::Weekend, "16:00", "19:00", 2.0)];
    assert!(DuosSchedule::new(apart, 0.0).is_ok());
    for text in ["24:01", "7:00", "0700", "12:60", "", "-1:00", "+1:00"] {
        assert!(text.parse::<LocalTime>().is_err(), "{text}");
    }
    assert_eq!("24:00".parse::<LocalTime>().unwrap().minute_of_day(), 1440);
}

#[test]
fn a_schedule_travels_as_json_and_is_checked_on_the_way_in() {
    let text = r#"{"bands":[{"name":"red","days":"weekdays","start":"16:00","end":"19:00","gbp_per_mwh":176.0}],"otherwise_gbp_per_mwh":1.1}"#;
    let schedule: DuosSchedule = serde_json::from_str(text).unwrap();
    assert_eq!(serde_json::to_string(&schedule).unwrap(), text);
    assert!(serde_json::from_str::<DuosSchedule>(&text.replace("19:00", "16:00")).is_err());
}

proptest! {
    #[test]
    fn the_mean_charge_of_a_day_does_not_depend_on_the_step(offset in 0_i64..730) {
        let date = eca_core::SettlementDate::parse("2026-01-01").unwrap().plus_days(offset);
        let mean = |step| {
            let charge = schedule().expand(&Horizon::settlement_day(date, step).unwrap());
            charge.iter().sum::<f64>() / charge.len() as f64
        };
        for step in [5, 15, 60] {
            prop_assert!((mean(step) - mean(30)).abs() < 1e-9);
        }
    }
}
