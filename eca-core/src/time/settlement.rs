//! Settlement dates and settlement periods of Great Britain.

use super::{FIRST_YEAR, LAST_YEAR, LONDON, Timestamp};
use crate::{Error, Result};
use jiff::{ToSpan, civil};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Minutes of a settlement period.
pub(crate) const SETTLEMENT_PERIOD_MIN: i64 = 30;
/// Minutes from gate closure to the start of the period (BSC Annex X-2).
const GATE_CLOSURE_MIN: i64 = 60;

/// A settlement day: the day from London midnight to London midnight, years 1900 to 2199.
///
/// ```
/// use eca_core::SettlementDate;
/// let spring: SettlementDate = "2026-03-29".parse()?;
/// assert_eq!(spring.periods(), 46);
/// assert_eq!(spring.plus_days(1).midnight().to_string(), "2026-03-29T23:00:00Z");
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SettlementDate(civil::Date);

impl SettlementDate {
    /// The date `text`, written like `2026-03-29`.
    ///
    /// # Errors
    /// [`Error::Time`] when the text is no date or outside the years 1900 to 2199.
    pub fn parse(text: &str) -> Result<Self> {
        let refused =
            |reason: String| Error::Time { field: "settlement_date".to_owned(), text: text.to_owned(), reason };
        match text.parse::<civil::Date>() {
            Ok(date) if date.to_string() != text => {
                Err(refused("is not a date alone; write it like 2026-03-29".into()))
            }
            Ok(date) if (FIRST_YEAR..=LAST_YEAR).contains(&date.year()) => Ok(Self(date)),
            Ok(_) => Err(refused(format!("is outside the years {FIRST_YEAR} to {LAST_YEAR}"))),
            Err(_) => Err(refused("is not a date; write it like 2026-03-29".to_owned())),
        }
    }

    /// The London day that contains `instant`.
    #[must_use]
    pub fn containing(instant: Timestamp) -> Self {
        Self(instant.london().date())
    }

    /// The date `days` later (earlier when negative); it stops at the ends of the years 1900 and 2199.
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        // A longer way leaves the usable years from anywhere in them, and jiff limits its spans.
        let days = days.clamp(-200_000, 200_000);
        let moved = self.0.saturating_add(days.days());
        Self(moved.clamp(civil::date(FIRST_YEAR, 1, 1), civil::date(LAST_YEAR, 12, 31)))
    }

    /// Days from `earlier` to this date; negative when `earlier` is later.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i64 {
        (self.0 - earlier.0).get_days().into()
    }

    /// Day of the week, Monday = 1 to Sunday = 7.
    #[must_use]
    pub fn weekday(self) -> u8 {
        self.0.weekday().to_monday_one_offset().unsigned_abs()
    }

    /// Year, 1900 to 2199.
    #[must_use]
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// Month, January = 1 to December = 12.
    #[must_use]
    pub fn month(self) -> u8 {
        self.0.month().unsigned_abs()
    }

    /// UTC instant at which the day begins.
    #[must_use]
    pub fn midnight(self) -> Timestamp {
        midnight(self.0)
    }

    /// Number of settlement periods: 46 when clocks go forward, 50 when they go back, else 48.
    #[must_use]
    pub fn periods(self) -> u8 {
        let next = self.0.tomorrow().unwrap_or(self.0);
        let minutes = match LONDON.to_ambiguous_zoned(next.at(0, 0, 0, 0)).compatible() {
            Ok(next) => (next.timestamp().as_second() - self.midnight().unix_s()) / 60,
            Err(_) => 48 * SETTLEMENT_PERIOD_MIN,
        };
        u8::try_from(minutes / SETTLEMENT_PERIOD_MIN).unwrap_or(48)
    }
}

/// UTC instant of London midnight at the beginning of `date`.
fn midnight(date: civil::Date) -> Timestamp {
    LONDON
        .to_ambiguous_zoned(date.at(0, 0, 0, 0))
        .compatible()
        .map_or(Timestamp::EPOCH, |local| Timestamp::clamped(local.timestamp().as_second()))
}

impl fmt::Display for SettlementDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for SettlementDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl FromStr for SettlementDate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

impl TryFrom<String> for SettlementDate {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        Self::parse(&text)
    }
}

impl From<SettlementDate> for String {
    fn from(date: SettlementDate) -> Self {
        date.to_string()
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for SettlementDate {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "SettlementDate".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date"})
    }
}

/// A settlement period: a half hour of a settlement day, counted from 1.
///
/// ```
/// use eca_core::{SettlementPeriod, Timestamp};
/// let period = SettlementPeriod::new("2026-03-29".parse()?, 35)?;
/// assert_eq!(period.start_utc(), Timestamp::parse("2026-03-29T17:00:00Z")?); // 18:00 in London
/// assert_eq!(SettlementPeriod::containing(period.start_utc()), period);
/// assert!(SettlementPeriod::new("2026-03-29".parse()?, 47).is_err());
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(try_from = "RawPeriod")]
pub struct SettlementPeriod {
    settlement_date: SettlementDate,
    #[cfg_attr(feature = "schema", schemars(range(min = 1, max = 50)))]
    settlement_period: u8,
}

/// A settlement period as read, before its number is checked against the day.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
struct RawPeriod {
    settlement_date: SettlementDate,
    settlement_period: u8,
}

impl TryFrom<RawPeriod> for SettlementPeriod {
    type Error = Error;

    fn try_from(raw: RawPeriod) -> Result<Self> {
        Self::new(raw.settlement_date, raw.settlement_period)
    }
}

impl SettlementPeriod {
    /// Period `settlement_period` of `settlement_date`.
    ///
    /// # Errors
    /// [`Error::Time`] when the day has no such period.
    pub fn new(settlement_date: SettlementDate, settlement_period: u8) -> Result<Self> {
        let periods = settlement_date.periods();
        if (1..=periods).contains(&settlement_period) {
            return Ok(Self { settlement_date, settlement_period });
        }
        Err(Error::Time {
            field: "settlement_period".to_owned(),
            text: settlement_period.to_string(),
            reason: format!("{settlement_date} has settlement periods 1 to {periods}"),
        })
    }

    /// The period that contains `instant`.
    #[must_use]
    pub fn containing(instant: Timestamp) -> Self {
        let settlement_date = SettlementDate::containing(instant);
        let before = instant.minutes_since(settlement_date.midnight()) / SETTLEMENT_PERIOD_MIN;
        Self { settlement_date, settlement_period: u8::try_from(before + 1).unwrap_or(u8::MAX) }
    }

    /// The settlement day.
    #[must_use]
    pub fn settlement_date(self) -> SettlementDate {
        self.settlement_date
    }

    /// The number in the day, from 1 to 46, 48 or 50.
    #[must_use]
    pub fn settlement_period(self) -> u8 {
        self.settlement_period
    }

    /// UTC instant at which the period starts.
    #[must_use]
    pub fn start_utc(self) -> Timestamp {
        self.settlement_date.midnight().plus_min((i64::from(self.settlement_period) - 1) * SETTLEMENT_PERIOD_MIN)
    }

    /// UTC instant at which the period ends.
    #[must_use]
    pub fn end_utc(self) -> Timestamp {
        self.start_utc().plus_min(SETTLEMENT_PERIOD_MIN)
    }

    /// Last instant to change a submission for the period: 60 minutes before it starts.
    #[must_use]
    pub fn gate_closure(self) -> Timestamp {
        self.start_utc().plus_min(-GATE_CLOSURE_MIN)
    }

    /// The period that follows, on the next day after the last one.
    #[must_use]
    pub fn next(self) -> Self {
        Self::containing(self.end_utc())
    }
}

impl fmt::Display for SettlementPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} SP{}", self.settlement_date, self.settlement_period)
    }
}
