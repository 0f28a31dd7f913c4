//! The fitted model and its forecasts.

use super::calendar::{Moment, moment, moments, periods_per_day};
use super::harmonic::{Harmonics, Observation};
use super::persistence::{Past, Persistence};
use super::profile::Profile;
use super::settings::{Settings, refused};
use crate::{Error, Horizon, Result, Timestamp};

/// Days of known values that a fit needs.
const MIN_DAYS: usize = 2;
/// Days of history from which errors are measured on values that the fit has not seen.
const HOLD_OUT_DAYS: usize = 12;
/// Part of the history that is held out then, as one over this.
const HOLD_OUT_PART: usize = 3;

/// A forecast for each period of a horizon, in the unit of the history.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Forecast {
    /// The periods.
    pub horizon: Horizon,
    /// The expected value of each period.
    pub mean: Vec<f64>,
    /// Quantiles with their values: `(0.1, values)` is exceeded nine times of ten.
    pub quantiles: Vec<(f64, Vec<f64>)>,
}

impl Forecast {
    /// The values of quantile `p`; none where it was not asked for.
    #[must_use]
    pub fn quantile(&self, p: f64) -> Option<&[f64]> {
        self.quantiles.iter().find(|(known, _)| (known - p).abs() < 1e-9).map(|(_, values)| values.as_slice())
    }
}

/// The parts that give a value without looking at the last ones.
#[derive(Clone, Debug)]
struct Base {
    harmonics: Harmonics,
    profile: Profile,
}

impl Base {
    fn fit(history: &Horizon, values: &[Option<f64>], weights: &[f64], settings: &Settings) -> Result<Self> {
        let known: Vec<Observation> = moments(history)
            .into_iter()
            .zip(values.iter().zip(weights))
            .filter_map(|(moment, (value, weight))| Some((moment, (*value)?, *weight)))
            .collect();
        let harmonics = Harmonics::fit(&known, settings.daily_harmonics, settings.weekly_harmonics, settings.ridge)?;
        let left: Vec<Observation> =
            known.iter().map(|(moment, value, weight)| (*moment, value - harmonics.at(*moment), *weight)).collect();
        let profile = Profile::fit(&left, periods_per_day(history.step_min), settings.shrinkage);
        Ok(Self { harmonics, profile })
    }

    fn at(&self, moment: Moment) -> f64 {
        self.harmonics.at(moment) + self.profile.at(moment)
    }

    /// What this misses in `values`.
    fn past(&self, history: &Horizon, values: &[Option<f64>]) -> Past {
        let left = moments(history).into_iter().zip(values).map(|(moment, value)| Some((*value)? - self.at(moment)));
        Past::new(left.collect(), periods_per_day(history.step_min))
    }
}

/// A model fitted to a history.
#[derive(Clone, Debug)]
pub struct Model {
    settings: Settings,
    step_min: u32,
    base: Base,
    persistence: Persistence,
    past: Past,
    /// The last period of `past` with a value, and its start.
    last: (usize, Timestamp),
}

impl Model {
    /// Fits the model to `values`, one for each period of `history`; none is a gap.
    ///
    /// # Errors
    /// [`Error::Length`] when values and periods differ in number; [`Error::Value`] for a setting out of range, a
    /// value that is not finite, or less than two days of known values.
    pub fn fit(history: &Horizon, values: &[Option<f64>], settings: &Settings) -> Result<Self> {
        settings.check()?;
        if values.len() != history.len() {
            return Err(Error::Length {
                object: "forecast".to_owned(),
                field: "history".to_owned(),
                length: values.len(),
                expected: history.len(),
            });
        }
        if let Some((t, value)) =
            values.iter().enumerate().find_map(|(t, v)| v.filter(|v| !v.is_finite()).map(|v| (t, v)))
        {
            return Err(refused(&format!("history[{t}]"), value, "must be a finite number; use none for a gap", ""));
        }
        let day = periods_per_day(history.step_min);
        let (history, values) = window(history, values, settings.window_days, day);
        let known = values.iter().flatten().count();
        if known < MIN_DAYS * day {
            let limit = format!("must be at least {MIN_DAYS} days of {day} values");
            return Err(refused("known values", known, &limit, "values"));
        }
        let weights = weights(values.len(), day, settings.half_life_days);
        let base = Base::fit(&history, values, &weights, settings)?;
        let past = base.past(&history, values);
        let mut persistence = Persistence::fit(&past, &weights);
        if known < HOLD_OUT_DAYS * day {
            persistence.calibrate(&past, 0, &settings.quantiles);
        } else {
            persistence.take_errors(&held_out(&history, values, settings, day)?);
        }
        let last = past.last_known().ok_or_else(|| refused("known values", 0, "must be at least one", "values"))?;
        let last = (last, history.start_of(last));
        Ok(Self { settings: settings.clone(), step_min: history.step_min, base, persistence, past, last })
    }

    /// The forecast for each period of `horizon`, best right after the history.
    ///
    /// # Errors
    /// [`Error::Value`] when the step is not that of the history.
    pub fn predict(&self, horizon: &Horizon) -> Result<Forecast> {
        if horizon.step_min != self.step_min {
            let limit = format!("must be {} as in the history", self.step_min);
            return Err(refused("step_min", horizon.step_min, &limit, "min"));
        }
        let (origin, at) = self.last;
        let leads: Vec<Option<usize>> = (0..horizon.len())
            .map(|t| {
                let ahead = horizon.start_of(t).minutes_since(at).div_euclid(i64::from(self.step_min));
                usize::try_from(ahead).ok().filter(|lead| *lead > 0)
            })
            .collect();
        let centre: Vec<f64> = (0..)
            .zip(&leads)
            .map(|(t, lead)| {
                let fading = lead.map_or(0.0, |lead| self.persistence.at(&self.past, origin, lead));
                self.base.at(moment(horizon, t)) + fading
            })
            .collect();
        let quantiles = (0..)
            .zip(&self.settings.quantiles)
            .map(|(place, p)| {
                let values =
                    centre.iter().zip(&leads).map(|(x, lead)| self.limit(x + self.persistence.error(place, *lead)));
                (*p, values.collect())
            })
            .collect();
        Ok(Forecast { horizon: *horizon, mean: centre.into_iter().map(|x| self.limit(x)).collect(), quantiles })
    }

    /// The values of `history` with gaps filled by the model, each from the last value known before it.
    ///
    /// Values that are known stay as they are. The result has one value for each period.
    #[must_use]
    pub fn fill(&self, history: &Horizon, values: &[Option<f64>]) -> Vec<f64> {
        let past = self.base.past(history, values);
        let mut last = None;
        let mut filled = Vec::with_capacity(history.len());
        for t in 0..history.len() {
            let known = values.get(t).copied().flatten();
            last = known.map(|_| t).or(last);
            filled.push(known.unwrap_or_else(|| {
                let fading = last.map_or(0.0, |origin| self.persistence.at(&past, origin, t - origin));
                self.limit(self.base.at(moment(history, t)) + fading)
            }));
        }
        filled
    }

    fn limit(&self, value: f64) -> f64 {
        value.max(self.settings.low).min(self.settings.high)
    }
}

/// The last `days` of the history.
fn window<'a>(history: &Horizon, values: &'a [Option<f64>], days: f64, day: usize) -> (Horizon, &'a [Option<f64>]) {
    let longest = (days * day as f64).ceil() as usize;
    let skip = values.len().saturating_sub(longest);
    let start = history.start_of(skip);
    (Horizon { start, periods: values.len() - skip, ..*history }, values.get(skip..).unwrap_or_default())
}

/// `0.5 ^ (age / half life)`, one for the last period.
fn weights(periods: usize, day: usize, half_life_days: f64) -> Vec<f64> {
    let half_life = half_life_days * day as f64;
    (0..periods).rev().map(|age| (-(age as f64) / half_life).exp2()).collect()
}

/// Errors on the last third of the history by a fit on the rest.
fn held_out(history: &Horizon, values: &[Option<f64>], settings: &Settings, day: usize) -> Result<Persistence> {
    let split = values.len() - values.len() / HOLD_OUT_PART;
    let seen = Horizon { periods: split, ..*history };
    let seen_values = values.get(..split).unwrap_or_default();
    let weights = weights(split, day, settings.half_life_days);
    let base = Base::fit(&seen, seen_values, &weights, settings)?;
    let mut persistence = Persistence::fit(&base.past(&seen, seen_values), &weights);
    persistence.calibrate(&base.past(history, values), split, &settings.quantiles);
    Ok(persistence)
}
