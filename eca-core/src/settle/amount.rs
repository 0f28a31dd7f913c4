//! Whole units: exact decimals in, one rounding, sums that cannot overflow unseen.

use crate::{Error, Result};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::{fmt, str::FromStr};

/// Millionths of one: MWh are 1e6 Wh, GBP 1e6 µGBP, kg 1e6 mg, MW 1e6 W.
pub(crate) const MILLION: i128 = 1_000_000;
/// Decimal places of a [`Micro`].
const PLACES: usize = 6;
/// Largest whole number that every reader of JSON keeps as it is.
const JSON_MAX: i64 = (1 << 53) - 1;

/// A decimal number with at most six places, exact: 87.21 is 87,210,000 millionths.
///
/// The millionths of a document's unit are the unit of records: MWh and Wh, GBP and µGBP, kg and mg, MW and W. It is read
/// from a JSON number or a text, and written as a text, so that no binary fraction comes between.
///
/// ```
/// use eca_core::settle::Micro;
/// let price: Micro = "87.21".parse()?;
/// assert_eq!(price.millionths(), 87_210_000);
/// assert_eq!(price.to_string(), "87.21");
/// assert!("0.1234567".parse::<Micro>().is_err());
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Micro(i64);

impl Micro {
    /// One.
    pub const ONE: Self = Self(1_000_000);

    /// So many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: i64) -> Self {
        Self(millionths)
    }

    /// The number in millionths.
    #[must_use]
    pub const fn millionths(self) -> i64 {
        self.0
    }

    /// Reads a decimal number and names the field where it is none.
    pub(crate) fn parse_field(object: &str, field: &str, text: &str) -> Result<Self> {
        Self::read(text).map_err(|limit| Error::Value {
            object: object.to_owned(),
            field: field.to_owned(),
            value: text.to_owned(),
            limit,
            unit: "",
        })
    }

    fn read(text: &str) -> Result<Self, String> {
        let no_number = || "must be a decimal number, such as 87.21".to_owned();
        let (negative, digits) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (whole, part) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |digits: &str| !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
        if !plain(whole) || !plain(part) {
            return Err(no_number());
        }
        let part = part.trim_end_matches('0');
        if part.len() > PLACES {
            return Err(format!("must have at most {PLACES} decimal places"));
        }
        let padded = format!("{whole}{part:0<PLACES$}");
        let millionths: i64 = padded.parse().map_err(|_| "must be below 9e12".to_owned())?;
        if millionths > JSON_MAX {
            return Err("must be below 9e9".to_owned());
        }
        Ok(Self(if negative { -millionths } else { millionths }))
    }
}

impl FromStr for Micro {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse_field("text", "number", text)
    }
}

impl fmt::Display for Micro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let size = self.0.unsigned_abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        let part = format!("{:06}", size % 1_000_000);
        let part = part.trim_end_matches('0');
        let point = if part.is_empty() { "" } else { "." };
        write!(f, "{sign}{}{point}{part}", size / 1_000_000)
    }
}

impl Serialize for Micro {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Micro {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Decimal;
        impl Visitor<'_> for Decimal {
            type Value = Micro;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a decimal number with at most six places")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Micro, E> {
                Micro::read(text).map_err(|limit| E::custom(format!("`{text}` {limit}")))
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Micro, E> {
                self.visit_str(&value.to_string())
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Micro, E> {
                self.visit_str(&value.to_string())
            }

            // The shortest text that reads back as the same number is what the author wrote, up to 15 digits.
            fn visit_f64<E: de::Error>(self, value: f64) -> Result<Micro, E> {
                self.visit_str(&value.to_string())
            }
        }
        deserializer.deserialize_any(Decimal)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Micro {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": ["number", "string"], "description": "a decimal number, at most six places"})
    }
}

/// `numerator / denominator` to the nearest whole number, half away from zero; the denominator is positive.
pub(crate) fn divided(numerator: i128, denominator: i128) -> i128 {
    let (whole, rest) = (numerator / denominator, numerator % denominator);
    if rest.abs() * 2 >= denominator { whole + numerator.signum() } else { whole }
}

/// An amount that fits a record.
pub(crate) fn fitted(value: i128, what: &str) -> Result<i64> {
    i64::try_from(value).ok().filter(|whole| (-JSON_MAX..=JSON_MAX).contains(whole)).ok_or_else(|| Error::Value {
        object: "settlement".into(),
        field: what.to_owned(),
        value: value.to_string(),
        limit: "must be below 2^53; check the units of the input".into(),
        unit: "",
    })
}

/// `wh * per_mwh` in the millionths of the rate's unit: µGBP for GBP/MWh, mg for g/kWh (which is kg/MWh). Rounded once.
pub(crate) fn product(wh: i64, per_mwh: Micro, what: &str) -> Result<i64> {
    fitted(divided(i128::from(wh) * i128::from(per_mwh.0), MILLION), what)
}

/// The sum, exact.
pub(crate) fn sum(parts: impl IntoIterator<Item = i64>, what: &str) -> Result<i64> {
    fitted(parts.into_iter().map(i128::from).sum(), what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_go_away_from_zero() {
        assert_eq!([divided(5, 10), divided(-5, 10), divided(4, 10), divided(-4, 10)], [1, -1, 0, 0]);
        assert_eq!(divided(15, 10), 2);
        assert_eq!(divided(7, 3), 2);
        assert_eq!(divided(8, 3), 3);
    }

    #[test]
    fn numbers_of_a_document_are_exact() {
        for (text, millionths) in [
            ("87.21", 87_210_000),
            ("-0.000001", -1),
            ("\"120.50\"", 120_500_000),
            ("12", 12_000_000),
            ("1e2", 100_000_000),
        ] {
            assert_eq!(serde_json::from_str::<Micro>(text).unwrap().millionths(), millionths, "{text}");
        }
        for text in ["0.1234567", "\"1,5\"", "\"\"", "\"1e3\"", "true", "\"+1\"", "1e300", "\".5\"", "\"-\""] {
            assert!(serde_json::from_str::<Micro>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn too_large_is_an_error_and_no_wrap() {
        assert!(product(i64::MAX, Micro(i64::MAX), "cash").is_err());
        assert!(sum([JSON_MAX, 1], "cash").is_err());
        assert_eq!(sum([JSON_MAX, 1, -1], "cash").unwrap(), JSON_MAX);
    }
}
