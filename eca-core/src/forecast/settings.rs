//! Choices of the forecast model.

use crate::{Error, Result};

/// Choices of the forecast model. The defaults suit prices, carbon and load by the half hour or hour.
///
/// ```
/// use eca_core::forecast::Settings;
/// let settings = Settings::default().limits(0.0, f64::INFINITY).quantiles(&[0.05, 0.5, 0.95])?;
/// assert_eq!(settings.quantiles, [0.05, 0.5, 0.95]);
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Waves of the day: 1 is one wave a day, up to 12.
    pub daily_harmonics: usize,
    /// Waves of the week: 1 is one wave a week, up to 12.
    pub weekly_harmonics: usize,
    /// Strength of the ridge, in observations; larger is smoother. Positive.
    pub ridge: f64,
    /// Observations of a time of day that outweigh the shrinkage of the profile to zero. Positive.
    pub shrinkage: f64,
    /// Days after which an observation counts half. Positive.
    pub half_life_days: f64,
    /// Days of history that are used, counted back from its end. At least 2.
    pub window_days: f64,
    /// Quantiles to give, between 0 and 1, rising.
    pub quantiles: Vec<f64>,
    /// Lowest value of a forecast; minus infinity for none.
    pub low: f64,
    /// Highest value of a forecast; infinity for none.
    pub high: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            daily_harmonics: 4,
            weekly_harmonics: 3,
            ridge: 10.0,
            shrinkage: 4.0,
            half_life_days: 21.0,
            window_days: 120.0,
            quantiles: vec![0.1, 0.5, 0.9],
            low: f64::NEG_INFINITY,
            high: f64::INFINITY,
        }
    }
}

impl Settings {
    /// Sets the lowest and highest value of a forecast, such as 0 and infinity for carbon.
    #[must_use]
    pub fn limits(mut self, low: f64, high: f64) -> Self {
        (self.low, self.high) = (low, high);
        self
    }

    /// Sets the quantiles to give.
    ///
    /// # Errors
    /// [`Error::Value`] unless they rise and lie between 0 and 1.
    pub fn quantiles(mut self, quantiles: &[f64]) -> Result<Self> {
        self.quantiles = quantiles.to_vec();
        self.check()?;
        Ok(self)
    }

    /// Checks all choices.
    ///
    /// # Errors
    /// [`Error::Value`] with the choice that is outside its limits.
    pub fn check(&self) -> Result<()> {
        let positive = [
            ("ridge", self.ridge, "observations"),
            ("shrinkage", self.shrinkage, "observations"),
            ("half_life_days", self.half_life_days, "days"),
        ];
        for (field, value, unit) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(refused(field, value, "must be positive and finite", unit));
            }
        }
        if !(self.window_days >= 2.0 && self.window_days.is_finite()) {
            return Err(refused("window_days", self.window_days, "must be at least 2", "days"));
        }
        for (field, value) in [("daily_harmonics", self.daily_harmonics), ("weekly_harmonics", self.weekly_harmonics)] {
            if value > 12 {
                return Err(refused(field, value, "must be at most 12", "waves"));
            }
        }
        if self.low.is_nan() || self.high.is_nan() || self.low > self.high {
            return Err(refused("low", self.low, &format!("must be at most high = {}", self.high), ""));
        }
        let mut last = 0.0;
        for quantile in &self.quantiles {
            if !(*quantile > last && *quantile < 1.0) {
                return Err(refused("quantiles", quantile, "must rise between 0 and 1", ""));
            }
            last = *quantile;
        }
        Ok(())
    }
}

/// The error of a choice or of the history.
pub(super) fn refused(field: &str, value: impl ToString, limit: &str, unit: &'static str) -> Error {
    Error::Value {
        object: "forecast".to_owned(),
        field: field.to_owned(),
        value: value.to_string(),
        limit: limit.to_owned(),
        unit,
    }
}
