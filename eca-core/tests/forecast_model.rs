//! The forecast on series whose answer is known.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use eca_core::forecast::{Backtest, BacktestSettings, Model, Settings};
use eca_core::{ErrorKind, Horizon};
use proptest::prelude::*;

fn horizon(start: &str, step: u32, periods: usize) -> Horizon {
    Horizon::new(start.parse().unwrap(), step, periods).unwrap()
}

/// A repeatable spread from -0.5 to 0.5 without a generator.
fn noise(t: usize) -> f64 {
    let x = (t as f64 * 12.9898).sin() * 43758.5453;
    x - x.floor() - 0.5
}

#[test]
fn a_constant_is_forecast_exactly_with_no_spread() {
    let history = horizon("2026-02-02T00:00Z", 30, 48 * 20);
    let model = Model::fit(&history, &vec![Some(42.0); history.len()], &Settings::default()).unwrap();
    let forecast = model.predict(&horizon("2026-02-22T00:00Z", 30, 96)).unwrap();
    for (t, mean) in forecast.mean.iter().enumerate() {
        assert!((mean - 42.0).abs() < 1e-6, "{t}: {mean}");
        for (_, values) in &forecast.quantiles {
            assert!((values[t] - 42.0).abs() < 1e-6);
        }
    }
}

#[test]
fn the_shape_follows_the_london_clock_over_the_clock_change() {
    // 100 at night, 200 from 08:00 to 20:00 London time. Clocks go forward on 29 March.
    let history = horizon("2026-03-02T00:00Z", 60, 24 * 27);
    let shape = |hour: u8| if (8..20).contains(&hour) { 200.0 } else { 100.0 };
    let value = |h: &Horizon, t: usize| {
        let period = h.settlement_period_of(t);
        let minutes = h.start_of(t).minutes_since(period.settlement_date().midnight());
        let after_change = period.settlement_date().periods() == 46 && minutes >= 60;
        shape(u8::try_from(minutes / 60).unwrap() + u8::from(after_change))
    };
    let values: Vec<Option<f64>> = (0..history.len()).map(|t| Some(value(&history, t))).collect();
    let model = Model::fit(&history, &values, &Settings::default()).unwrap();
    let days = Horizon::new(history.end(), 60, 24 * 3).unwrap();
    let forecast = model.predict(&days).unwrap();
    for (t, mean) in forecast.mean.iter().enumerate() {
        assert!((mean - value(&days, t)).abs() < 25.0, "{}: {mean}", days.start_of(t));
    }
}

#[test]
fn weekends_are_learned() {
    let history = horizon("2026-01-05T00:00Z", 60, 24 * 42);
    let value = |h: &Horizon, t: usize| if h.settlement_date_of(t).weekday() >= 6 { 10.0 } else { 30.0 };
    let values: Vec<Option<f64>> = (0..history.len()).map(|t| Some(value(&history, t))).collect();
    let model = Model::fit(&history, &values, &Settings::default()).unwrap();
    let week = Horizon::new(history.end(), 60, 24 * 7).unwrap();
    for (t, mean) in model.predict(&week).unwrap().mean.iter().enumerate() {
        assert!((mean - value(&week, t)).abs() < 3.0, "{}: {mean}", week.start_of(t));
    }
}

#[test]
fn a_high_level_is_carried_on_and_fades() {
    // Slow swings around 100: what is high now stays high for some hours.
    let history = horizon("2026-01-05T00:00Z", 60, 24 * 60);
    let mut level = 0.0;
    let mut values: Vec<Option<f64>> = (0..history.len())
        .map(|t| {
            level = 0.95 * level + 20.0 * noise(t);
            Some(100.0 + level)
        })
        .collect();
    for last in values.iter_mut().rev().take(3) {
        *last = Some(160.0);
    }
    let model = Model::fit(&history, &values, &Settings::default()).unwrap();
    let mean = model.predict(&Horizon::new(history.end(), 60, 24 * 10).unwrap()).unwrap().mean;
    assert!(mean[0] > 140.0 && mean[0] < 165.0, "{}", mean[0]);
    assert!(mean[0] > mean[12] && mean[12] > mean[30], "{:?}", [mean[0], mean[12], mean[30]]);
    assert!((mean[239] - 100.0).abs() < 15.0, "{}", mean[239]);
}

#[test]
fn quantiles_of_pure_noise_cover_what_they_say() {
    let history = horizon("2025-12-01T00:00Z", 60, 24 * 90);
    let values: Vec<Option<f64>> = (0..history.len()).map(|t| Some(100.0 + 20.0 * noise(t))).collect();
    let settings = Settings::default().quantiles(&[0.1, 0.5, 0.9]).unwrap();
    let report = Backtest::run(&history, &values, &settings, &BacktestSettings::daily(&history, 28)).unwrap();
    println!("pure noise: {report}");
    for coverage in &report.coverage {
        assert!((coverage.below_frac - coverage.quantile).abs() < 0.05, "{report}");
    }
    // Uniform noise of width 20: the best mean absolute error is 5, naive has 20 / 3.
    assert!((report.model.mae - 5.0).abs() < 0.5 && (report.naive_day.mae - 20.0 / 3.0).abs() < 0.5, "{report}");
    assert!(report.skill > 0.15, "{report}");
}

#[test]
fn naive_errors_are_those_computed_by_hand() {
    // Rises by 1 a day: yesterday is 1 too low, a week ago 7.
    let history = horizon("2026-02-02T00:00Z", 60, 24 * 28);
    let values: Vec<Option<f64>> = (0..history.len()).map(|t| Some((t / 24) as f64)).collect();
    let choices = BacktestSettings::daily(&history, 14);
    let report = Backtest::run(&history, &values, &Settings::default(), &choices).unwrap();
    assert_eq!((report.naive_day.mae, report.naive_day.rmse, report.naive_week.mae), (1.0, 1.0, 7.0));
    assert_eq!(report.skill, 1.0 - report.model.mae);
    // Two days ahead, the last known day is two days old on the second day: (1 + 2) / 2.
    let mut two_days = choices;
    two_days.lead_periods = 48;
    two_days.stride_periods = 48;
    let report = Backtest::run(&history, &values, &Settings::default(), &two_days).unwrap();
    assert_eq!((report.origins, report.naive_day.mae), (7, 1.5));
}

#[test]
fn a_backtest_never_sees_what_comes_after() {
    let history = horizon("2026-02-02T00:00Z", 60, 24 * 21);
    let mut values: Vec<Option<f64>> = (0..history.len()).map(|t| Some(50.0 + 10.0 * noise(t))).collect();
    let seen = Horizon { periods: 24 * 20, ..history };
    let model = |values: &[Option<f64>]| {
        let model = Model::fit(&seen, &values[..seen.len()], &Settings::default()).unwrap();
        model.predict(&Horizon::new(seen.end(), 60, 24).unwrap()).unwrap()
    };
    let before = model(&values);
    values[24 * 20 + 3] = Some(1e6);
    assert_eq!(model(&values), before);
    let mut choices = BacktestSettings::daily(&history, 20);
    choices.stride_periods = 24;
    let report = Backtest::run(&history, &values, &Settings::default(), &choices).unwrap();
    assert!(report.model.mae > 1e4, "the surprise counts as an error: {report}");
}

#[test]
fn unusable_histories_and_settings_are_refused() {
    let history = horizon("2026-02-02T00:00Z", 30, 96);
    let fit = |values: &[Option<f64>], settings: &Settings| Model::fit(&history, values, settings).unwrap_err();
    let settings = Settings::default();
    let mut almost = vec![Some(1.0); 96];
    almost[50] = None;
    assert_eq!(
        fit(&almost, &settings).to_string(),
        "forecast has known values = 95 values, must be at least 2 days of 48 values"
    );
    assert_eq!(fit(&almost[..90], &settings).kind(), ErrorKind::Length);
    almost[50] = Some(f64::NAN);
    assert!(fit(&almost, &settings).to_string().contains("history[50] = NaN"));
    almost[50] = Some(1.0);
    let model = Model::fit(&history, &almost, &settings).unwrap();
    let error = model.predict(&horizon("2026-02-04T00:00Z", 60, 4)).unwrap_err();
    assert_eq!(error.to_string(), "forecast has step_min = 60 min, must be 30 as in the history");
    for quantiles in [&[0.0][..], &[1.0], &[0.5, 0.5], &[0.9, 0.1], &[f64::NAN]] {
        assert!(Settings::default().quantiles(quantiles).is_err());
    }
    let mut wrong = Settings::default();
    wrong.ridge = 0.0;
    assert!(fit(&almost, &wrong).to_string().contains("ridge = 0 observations, must be positive"));
    assert!(Settings::default().limits(1.0, 0.0).check().is_err());
    let choices = BacktestSettings::daily(&history, 7);
    assert!(Backtest::run(&history, &almost, &settings, &choices).unwrap_err().to_string().contains("at least 8"));
    let choices = BacktestSettings::daily(&history, 30);
    assert_eq!(Backtest::run(&history, &almost, &settings, &choices).unwrap_err().kind(), ErrorKind::Value);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn forecasts_are_finite_ordered_within_limits_and_repeatable(
        values in prop::collection::vec(prop::option::weighted(0.8, -1e4_f64..1e4), 24 * 5..24 * 16),
        ahead in 1_usize..400,
    ) {
        let history = horizon("2026-03-20T00:00Z", 60, values.len());
        let settings = Settings::default().limits(-500.0, 800.0).quantiles(&[0.05, 0.5, 0.95]).unwrap();
        let model = Model::fit(&history, &values, &settings).unwrap();
        let next = Horizon::new(history.end(), 60, ahead).unwrap();
        let forecast = model.predict(&next).unwrap();
        prop_assert_eq!(&forecast, &Model::fit(&history, &values, &settings).unwrap().predict(&next).unwrap());
        for t in 0..ahead {
            let at: Vec<f64> = forecast.quantiles.iter().map(|(_, values)| values[t]).collect();
            prop_assert!(at.iter().chain([&forecast.mean[t]]).all(|x| (-500.0..=800.0).contains(x)));
            prop_assert!(at.windows(2).all(|pair| pair[0] <= pair[1]));
        }
        let filled = model.fill(&history, &values);
        prop_assert_eq!(filled.len(), values.len());
        for (filled, value) in filled.iter().zip(&values) {
            prop_assert!(value.is_none_or(|value| value == *filled) && filled.is_finite());
        }
    }

    #[test]
    fn a_shift_and_a_scale_of_the_history_shift_and_scale_the_forecast(
        shift in -1e3_f64..1e3,
        scale in 0.1_f64..10.0,
    ) {
        let history = horizon("2026-03-20T00:00Z", 60, 24 * 15);
        let plain: Vec<Option<f64>> = (0..history.len()).map(|t| Some((t % 24) as f64 + 5.0 * noise(t))).collect();
        let moved: Vec<Option<f64>> = plain.iter().map(|value| value.map(|value| shift + scale * value)).collect();
        let next = Horizon::new(history.end(), 60, 48).unwrap();
        let predict = |values: &[Option<f64>]| {
            Model::fit(&history, values, &Settings::default()).unwrap().predict(&next).unwrap()
        };
        let (a, b) = (predict(&plain), predict(&moved));
        for (x, y) in a.mean.iter().zip(&b.mean) {
            prop_assert!((shift + scale * x - y).abs() < 1e-6 * (1.0 + y.abs()), "{x} {y}");
        }
    }
}
