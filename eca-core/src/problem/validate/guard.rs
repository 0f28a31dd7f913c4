//! Refusals that name the object, the field, the value, the limit and the unit.

use crate::problem::{Series, Warning};
use crate::{Error, Result};
use std::ops::RangeInclusive;

/// Checks the fields of one object.
pub(super) struct Guard {
    object: String,
}

/// Any finite number up to a size that no price or power in this field has.
pub(super) const ANY: RangeInclusive<f64> = -1e6..=1e6;
/// Zero or more.
pub(super) const NOT_NEGATIVE: RangeInclusive<f64> = 0.0..=1e6;
/// A share.
pub(super) const SHARE: RangeInclusive<f64> = 0.0..=1.0;

impl Guard {
    pub(super) fn new(object: impl Into<String>) -> Self {
        Self { object: object.into() }
    }

    pub(super) fn name(&self) -> &str {
        &self.object
    }

    /// The error for a value that breaks a limit.
    pub(super) fn refuse(&self, field: &str, value: f64, limit: &str, unit: &'static str) -> Error {
        Error::Value {
            object: self.object.clone(),
            field: field.into(),
            value: value.to_string(),
            limit: limit.into(),
            unit,
        }
    }

    /// One number in a range.
    pub(super) fn number(
        &self,
        field: &str,
        value: f64,
        range: &RangeInclusive<f64>,
        unit: &'static str,
    ) -> Result<()> {
        if value.is_nan() || value.is_infinite() {
            return Err(self.refuse(field, value, "must be a finite number", unit));
        }
        if range.contains(&value) {
            return Ok(());
        }
        let limit = if value < *range.start() {
            format!("must be at least {}", range.start())
        } else {
            format!("must be at most {}", range.end())
        };
        Err(self.refuse(field, value, &limit, unit))
    }

    /// A number above zero.
    pub(super) fn positive(&self, field: &str, value: f64, most: f64, unit: &'static str) -> Result<()> {
        self.number(field, value, &(0.0..=most), unit)?;
        if value > 0.0 { Ok(()) } else { Err(self.refuse(field, value, "must be above 0", unit)) }
    }

    /// One value, or one for each period, all in a range.
    pub(super) fn series(
        &self,
        field: &str,
        series: &Series,
        periods: usize,
        range: &RangeInclusive<f64>,
        unit: &'static str,
    ) -> Result<()> {
        if let Some(length) = series.len_if_values().filter(|&length| length != periods) {
            return Err(Error::Length { object: self.object.clone(), field: field.into(), length, expected: periods });
        }
        let constant = series.len_if_values().is_none();
        for (t, &value) in series.values().iter().enumerate() {
            let place = if constant { field.to_owned() } else { format!("{field}[{t}]") };
            self.number(&place, value, range, unit)?;
        }
        Ok(())
    }

    /// A value that is allowed but looks wrong.
    pub(super) fn warn(&self, field: &str, message: String) -> Warning {
        Warning { object: self.object.clone(), field: field.into(), message }
    }
}
