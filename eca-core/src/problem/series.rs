//! One value for each period, or one value that holds for all.

use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// One value for each period, or one value that holds for all of them.
///
/// In JSON a number or an array of numbers.
///
/// ```
/// use eca_core::Series;
/// assert_eq!(Series::from(12.0).at(3), 12.0);
/// assert_eq!(Series::from(vec![1.0, 2.0]).at(1), 2.0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Series {
    /// The same value in every period.
    Constant(f64),
    /// One value for each period.
    Values(Vec<f64>),
}

impl Series {
    /// The value of period `t`; the last value where the series is shorter.
    #[must_use]
    pub fn at(&self, t: usize) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Values(values) => values.get(t).or_else(|| values.last()).copied().unwrap_or(0.0),
        }
    }

    /// The values as they stand: one for a constant.
    #[must_use]
    pub fn values(&self) -> &[f64] {
        match self {
            Self::Constant(value) => std::slice::from_ref(value),
            Self::Values(values) => values,
        }
    }

    /// The number of values where one is given for each period.
    #[must_use]
    pub fn len_if_values(&self) -> Option<usize> {
        match self {
            Self::Constant(_) => None,
            Self::Values(values) => Some(values.len()),
        }
    }

    /// The largest value.
    #[must_use]
    pub fn max(&self) -> f64 {
        self.values().iter().copied().fold(f64::NEG_INFINITY, f64::max)
    }

    /// The smallest value.
    #[must_use]
    pub fn min(&self) -> f64 {
        self.values().iter().copied().fold(f64::INFINITY, f64::min)
    }

    /// Whether every value is zero.
    #[must_use]
    pub fn is_zero(&self) -> bool {
        self.values().iter().all(|&value| value == 0.0)
    }
}

impl Default for Series {
    fn default() -> Self {
        Self::Constant(0.0)
    }
}

impl From<f64> for Series {
    fn from(value: f64) -> Self {
        Self::Constant(value)
    }
}

impl From<Vec<f64>> for Series {
    fn from(values: Vec<f64>) -> Self {
        Self::Values(values)
    }
}

impl From<&[f64]> for Series {
    fn from(values: &[f64]) -> Self {
        Self::Values(values.to_vec())
    }
}

impl<const N: usize> From<[f64; N]> for Series {
    fn from(values: [f64; N]) -> Self {
        Self::Values(values.to_vec())
    }
}

/// One value of a series: says what to do about `null` where serde would only name types.
struct Value(f64);

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Option::<f64>::deserialize(deserializer)? {
            Some(value) => Ok(Self(value)),
            None => {
                Err(D::Error::custom("null is not a number; fill gaps first with a gap policy (error, hold, forecast)"))
            }
        }
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SeriesVisitor;

        impl<'de> Visitor<'de> for SeriesVisitor {
            type Value = Series;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a number or an array with one number for each period")
            }

            fn visit_f64<E>(self, value: f64) -> Result<Series, E> {
                Ok(Series::Constant(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Series, E> {
                Ok(Series::Constant(value as f64))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Series, E> {
                Ok(Series::Constant(value as f64))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Series, A::Error> {
                let mut values = Vec::with_capacity(seq.size_hint().unwrap_or(48));
                while let Some(Value(value)) = seq.next_element()? {
                    values.push(value);
                }
                Ok(Series::Values(values))
            }
        }

        deserializer.deserialize_any(SeriesVisitor)
    }
}
