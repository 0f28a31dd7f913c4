//! The planned span: equal steps on the UTC grid.

use super::{SettlementDate, SettlementPeriod, Timestamp};
use crate::{Error, Result, unit};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Steps that divide an hour and are divided by, or divide, a settlement period.
const STEPS_MIN: [u32; 4] = [5, 15, 30, 60];
/// Most periods of a horizon.
const MAX_PERIODS: usize = 20_000;

/// The planned span: `periods` steps of `step_min` minutes from `start` on.
///
/// [`Horizon::new`] is the check; a horizon written as a literal or read from a document should pass
/// [`Horizon::check`] before use.
///
/// ```
/// use eca_core::{Horizon, Timestamp};
/// let day = Horizon::new(Timestamp::parse("2026-03-02T00:00:00Z")?, 30, 48)?;
/// assert_eq!(day.step_h(), 0.5);
/// assert_eq!(day.period_of(Timestamp::parse("2026-03-02T01:10:00Z")?), Some(2));
/// assert_eq!(Horizon::settlement_day("2026-03-29".parse()?, 30)?.len(), 46);
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Horizon {
    /// UTC instant at which the first period starts; a multiple of the step.
    pub start: Timestamp,
    /// Length of a period in minutes: 5, 15, 30 or 60.
    pub step_min: u32,
    /// Number of periods, 1 to 20000.
    pub periods: usize,
}

impl Horizon {
    /// A checked horizon.
    ///
    /// # Errors
    /// As [`Horizon::check`].
    pub fn new(start: Timestamp, step_min: u32, periods: usize) -> Result<Self> {
        let horizon = Self { start, step_min, periods };
        horizon.check()?;
        Ok(horizon)
    }

    /// The whole London day `date`: 23, 24 or 25 hours.
    ///
    /// # Errors
    /// As [`Horizon::check`], for the step.
    pub fn settlement_day(date: SettlementDate, step_min: u32) -> Result<Self> {
        check_step(step_min)?;
        let minutes = u32::from(date.periods()) * 30;
        Self::new(date.midnight(), step_min, (minutes / step_min) as usize)
    }

    /// Checks step, number of periods and alignment.
    ///
    /// # Errors
    /// [`Error::Value`] when the step is not 5, 15, 30 or 60 minutes or the periods are not 1 to 20000;
    /// [`Error::Time`] when the start is not on the UTC grid of the step or the end is after the year 2199.
    pub fn check(&self) -> Result<()> {
        check_step(self.step_min)?;
        if !(1..=MAX_PERIODS).contains(&self.periods) {
            return Err(refused("periods", self.periods.to_string(), "must be 1 to 20000", "periods"));
        }
        let step_s = i64::from(self.step_min) * 60;
        let off_grid_s = self.start.unix_s().rem_euclid(step_s);
        if off_grid_s != 0 {
            let aligned = Timestamp::clamped(self.start.unix_s() - off_grid_s);
            return Err(Error::Time {
                field: "horizon start".to_owned(),
                text: self.start.to_string(),
                reason: format!("is not on the UTC grid of {} min; write {aligned}", self.step_min),
            });
        }
        let span_min = i64::from(self.step_min).saturating_mul(i64::try_from(self.periods).unwrap_or(i64::MAX));
        if self.end().minutes_since(self.start) != span_min {
            return Err(Error::Time {
                field: "horizon start".to_owned(),
                text: self.start.to_string(),
                reason: format!("{} periods of {} min end after the year 2199", self.periods, self.step_min),
            });
        }
        Ok(())
    }

    /// Number of periods.
    #[must_use]
    pub fn len(&self) -> usize {
        self.periods
    }

    /// True when there is no period, which [`Horizon::check`] refuses.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.periods == 0
    }

    /// Length of a period in hours.
    #[must_use]
    pub fn step_h(&self) -> f64 {
        unit::min_to_h(f64::from(self.step_min))
    }

    /// UTC instant at which period `t` starts; `t` may lie beyond the last period.
    #[must_use]
    pub fn start_of(&self, t: usize) -> Timestamp {
        let steps = i64::try_from(t).unwrap_or(i64::MAX);
        self.start.plus_min(steps.saturating_mul(i64::from(self.step_min)))
    }

    /// UTC instant at which the last period ends.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        self.start_of(self.periods)
    }

    /// The period that contains `instant`, none outside the horizon.
    #[must_use]
    pub fn period_of(&self, instant: Timestamp) -> Option<usize> {
        let step_s = i64::from(self.step_min) * 60;
        let t = instant.unix_s().checked_sub(self.start.unix_s())?.checked_div_euclid(step_s)?;
        usize::try_from(t).ok().filter(|t| *t < self.periods)
    }

    /// The London day of the start of period `t`.
    #[must_use]
    pub fn settlement_date_of(&self, t: usize) -> SettlementDate {
        SettlementDate::containing(self.start_of(t))
    }

    /// The settlement period that contains the start of period `t`.
    #[must_use]
    pub fn settlement_period_of(&self, t: usize) -> SettlementPeriod {
        SettlementPeriod::containing(self.start_of(t))
    }

    /// For each period the number of its London day, 0 for the day of the first period.
    #[must_use]
    pub fn day_index(&self) -> Vec<usize> {
        let first = self.settlement_date_of(0);
        (0..self.periods).map(|t| usize::try_from(self.settlement_date_of(t).days_since(first)).unwrap_or(0)).collect()
    }
}

fn check_step(step_min: u32) -> Result<()> {
    if STEPS_MIN.contains(&step_min) {
        return Ok(());
    }
    Err(refused("step_min", step_min.to_string(), "must be 5, 15, 30 or 60", "min"))
}

fn refused(field: &str, value: String, limit: &str, unit: &'static str) -> Error {
    Error::Value { object: "horizon".to_owned(), field: field.to_owned(), value, limit: limit.to_owned(), unit }
}

impl fmt::Display for Horizon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} periods of {} min from {}", self.periods, self.step_min, self.start)
    }
}
