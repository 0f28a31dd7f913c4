//! Instants, the GB settlement clock and the planning horizon.
//!
//! All instants are UTC and whole seconds; local time exists only as "the London day" of settlement. A settlement
//! day runs from London midnight to London midnight, so it has 46, 48 or 50 half hours.
//!
//! `start_utc(d, k) = midnight_utc(d) + (k - 1) * 30 min` for `1 <= k <= periods(d)`; a `k` beyond that is refused
//! and never rolls into the next day.

mod horizon;
mod settlement;

pub use horizon::Horizon;
pub(crate) use settlement::SETTLEMENT_PERIOD_MIN;
pub use settlement::{SettlementDate, SettlementPeriod};

use crate::{Error, Result};
use jiff::{civil, tz::TimeZone};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The GB settlement clock. The rules are compiled in, so results do not depend on the machine.
pub(crate) static LONDON: TimeZone = jiff::tz::get!("Europe/London");

/// First year of usable time stamps.
const FIRST_YEAR: i16 = 1900;
/// Last year of usable time stamps.
const LAST_YEAR: i16 = 2199;
/// 1900-01-01T00:00:00Z.
const MIN_UNIX_S: i64 = -2_208_988_800;
/// 2199-12-31T23:59:59Z.
const MAX_UNIX_S: i64 = 7_258_118_399;
/// Seconds of a minute.
const MIN_S: i64 = 60;

/// An instant in UTC, in whole seconds, from the year 1900 to the year 2199.
///
/// Text is RFC 3339: `2026-03-02T00:00:00Z`, an offset such as `+01:00`, or without seconds as NESO writes it. A time
/// without an offset is refused, because half a year of such data is one hour wrong in Great Britain.
///
/// ```
/// use eca_core::Timestamp;
/// let t: Timestamp = "2026-07-01T00:00+01:00".parse()?;
/// assert_eq!(t.to_string(), "2026-06-30T23:00:00Z");
/// assert_eq!(t.plus_min(90).minutes_since(t), 90);
/// let naive = "2026-07-01T00:00:00".parse::<Timestamp>().unwrap_err();
/// assert!(naive.to_string().contains("write Z or +00:00"));
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Timestamp(jiff::Timestamp);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Self = Self(jiff::Timestamp::UNIX_EPOCH);

    /// The instant `unix_s` seconds after 1970-01-01T00:00:00Z.
    ///
    /// # Errors
    /// [`Error::Time`] outside the years 1900 to 2199.
    pub fn from_unix_s(unix_s: i64) -> Result<Self> {
        let refused = || Error::Time {
            field: "unix seconds".to_owned(),
            text: unix_s.to_string(),
            reason: format!(
                "is outside the years {FIRST_YEAR} to {LAST_YEAR}; give seconds since 1970-01-01T00:00:00Z, not milliseconds"
            ),
        };
        if !(MIN_UNIX_S..=MAX_UNIX_S).contains(&unix_s) {
            return Err(refused());
        }
        jiff::Timestamp::from_second(unix_s).map(Self).map_err(|_| refused())
    }

    /// The instant nearest to `unix_s` inside the usable years.
    fn clamped(unix_s: i64) -> Self {
        let inside = unix_s.clamp(MIN_UNIX_S, MAX_UNIX_S);
        jiff::Timestamp::from_second(inside).map_or(Self::EPOCH, Self)
    }

    /// The instant that `text` names.
    ///
    /// # Errors
    /// [`Error::Time`] when the text is no time, has no offset, has a fraction of a second, or is outside the years
    /// 1900 to 2199. The reason says how to write it.
    pub fn parse(text: &str) -> Result<Self> {
        Self::parse_field("time stamp", text)
    }

    /// [`Timestamp::parse`] with the name of the field or column in the error.
    pub(crate) fn parse_field(field: &str, text: &str) -> Result<Self> {
        let refused = |reason: String| Error::Time { field: field.to_owned(), text: text.to_owned(), reason };
        let Ok(instant) = text.parse::<jiff::Timestamp>() else {
            return Err(refused(Self::why_unreadable(text)));
        };
        if instant.subsec_nanosecond() != 0 {
            return Err(refused("has a fraction of a second; write whole seconds".to_owned()));
        }
        Self::from_unix_s(instant.as_second())
            .map_err(|_| refused(format!("is outside the years {FIRST_YEAR} to {LAST_YEAR}")))
    }

    /// Says what a text lacks that jiff does not take as an instant.
    fn why_unreadable(text: &str) -> String {
        if text.parse::<civil::Date>().is_ok_and(|date| date.to_string() == text) {
            "has no time of day; write T00:00:00Z behind it".to_owned()
        } else if text.parse::<civil::DateTime>().is_ok() {
            "has no offset; write Z or +00:00".to_owned()
        } else {
            "is not a time; write it like 2026-03-02T00:00:00Z".to_owned()
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z; negative before.
    #[must_use]
    pub fn unix_s(self) -> i64 {
        self.0.as_second()
    }

    /// The instant `minutes` later (earlier when negative); it stops at the ends of the years 1900 and 2199.
    #[must_use]
    pub fn plus_min(self, minutes: i64) -> Self {
        Self::clamped(self.unix_s().saturating_add(minutes.saturating_mul(MIN_S)))
    }

    /// The instant `seconds` later (earlier when negative); it stops at the ends of the years 1900 and 2199.
    #[must_use]
    pub fn plus_s(self, seconds: i64) -> Self {
        Self::clamped(self.unix_s().saturating_add(seconds))
    }

    /// Seconds from `earlier` to this instant; negative when `earlier` is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.unix_s() - earlier.unix_s()
    }

    /// Whole minutes from `earlier` to this instant, rounded down; negative when `earlier` is later.
    #[must_use]
    pub fn minutes_since(self, earlier: Self) -> i64 {
        (self.unix_s() - earlier.unix_s()).div_euclid(MIN_S)
    }

    /// Wall clock of London at this instant.
    pub(crate) fn london(self) -> civil::DateTime {
        LONDON.to_datetime(self.0)
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Timestamp {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<Timestamp> for String {
    fn from(instant: Timestamp) -> Self {
        instant.to_string()
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}
