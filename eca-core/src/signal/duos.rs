//! Distribution charges (DUoS) by time band in London local time.
//!
//! `duos_rate`: the charge of a period is the mean of the rates that hold in it, weighted by time. Bands are local
//! time, so in summer a band of 16:00 to 19:00 is 15:00 to 18:00 UTC.

use crate::{Error, Horizon, Result, SettlementDate, unit};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Minutes of a day on the clock.
const DAY_MIN: u16 = 24 * 60;

/// A time on the London clock, from `00:00` to `24:00`, in whole minutes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime(u16);

impl LocalTime {
    /// Minutes since local midnight, 0 to 1440.
    #[must_use]
    pub fn minute_of_day(self) -> u16 {
        self.0
    }
}

impl FromStr for LocalTime {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let minutes = text.split_once(':').and_then(|(hour, minute)| {
            let digits = |part: &str| {
                let plain = part.len() == 2 && part.bytes().all(|byte| byte.is_ascii_digit());
                plain.then(|| part.parse::<u16>().ok()).flatten()
            };
            Some(digits(hour)? * 60 + digits(minute).filter(|minute| *minute < 60)?)
        });
        match minutes.filter(|minutes| *minutes <= DAY_MIN) {
            Some(minutes) => Ok(Self(minutes)),
            None => Err(Error::Time {
                field: "local time".to_owned(),
                text: text.to_owned(),
                reason: "is not a time of day; write it like 16:30, from 00:00 to 24:00".to_owned(),
            }),
        }
    }
}

impl TryFrom<String> for LocalTime {
    type Error = Error;

    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for LocalTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "LocalTime".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$"})
    }
}

/// Days of the week on which a band holds. Bank holidays count as the weekday they fall on, as in most charges.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Weekdays {
    /// Every day.
    All,
    /// Monday to Friday.
    Weekdays,
    /// Saturday and Sunday.
    Weekend,
    /// The days whose bit is set: bit 0 is Monday, bit 6 is Sunday.
    Mask(u8),
}

impl Weekdays {
    /// The days as bits, bit 0 is Monday.
    #[must_use]
    pub fn mask(self) -> u8 {
        match self {
            Self::All => 0b111_1111,
            Self::Weekdays => 0b001_1111,
            Self::Weekend => 0b110_0000,
            Self::Mask(mask) => mask & 0b111_1111,
        }
    }
}

/// A band of the day with its charge.
///
/// A band that ends before it begins (`23:00` to `07:00`) runs over midnight; each part counts to the weekday on
/// which it lies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DuosBand {
    /// Name of the band, such as `red`.
    pub name: String,
    /// Days on which it holds.
    pub days: Weekdays,
    /// London time at which it begins.
    pub start: LocalTime,
    /// London time at which it ends.
    pub end: LocalTime,
    /// Charge, GBP/MWh.
    pub gbp_per_mwh: f64,
}

impl DuosBand {
    /// A band from `start` to `end` at `gbp_per_mwh`.
    ///
    /// # Errors
    /// [`Error::Time`] when a time is not written like `16:30`.
    pub fn new(name: &str, days: Weekdays, start: &str, end: &str, gbp_per_mwh: f64) -> Result<Self> {
        Ok(Self { name: name.to_owned(), days, start: start.parse()?, end: end.parse()?, gbp_per_mwh })
    }

    /// A band with its charge in pence per kWh, as network operators publish it.
    ///
    /// # Errors
    /// [`Error::Time`] when a time is not written like `16:30`.
    pub fn pence_per_kwh(name: &str, days: Weekdays, start: &str, end: &str, pence_per_kwh: f64) -> Result<Self> {
        Self::new(name, days, start, end, unit::pence_per_kwh_to_gbp_per_mwh(pence_per_kwh))
    }

    fn holds(&self, weekday: u8, minute: u16) -> bool {
        let (start, end) = (self.start.0, self.end.0);
        let in_time =
            if start < end { (start..end).contains(&minute) } else { start > end && (minute >= start || minute < end) };
        in_time && self.days.mask() & (1 << (weekday - 1)) != 0
    }
}

/// The bands of a charge, without overlap, and the rate outside them.
///
/// ```
/// use eca_core::Horizon;
/// use eca_core::signal::{DuosBand, DuosSchedule, Weekdays};
/// let red = DuosBand::pence_per_kwh("red", Weekdays::Weekdays, "16:00", "19:00", 17.6)?;
/// let schedule = DuosSchedule::new(vec![red], 1.1)?;
/// let day = Horizon::settlement_day("2026-07-01".parse()?, 60)?;
/// let charge = schedule.expand(&day);
/// assert_eq!(charge[15..20], [1.1, 176.0, 176.0, 176.0, 1.1]);
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct DuosSchedule {
    bands: Vec<DuosBand>,
    otherwise_gbp_per_mwh: f64,
}

impl DuosSchedule {
    /// Bands, and the charge in GBP/MWh for all other times.
    ///
    /// # Errors
    /// [`Error::Value`] for a charge that is not finite or an empty band; [`Error::Time`] where two bands overlap.
    pub fn new(bands: Vec<DuosBand>, otherwise_gbp_per_mwh: f64) -> Result<Self> {
        let rates = bands.iter().map(|band| (band.name.as_str(), band.gbp_per_mwh));
        for (name, rate) in rates.chain([("otherwise", otherwise_gbp_per_mwh)]) {
            if !rate.is_finite() {
                return Err(refused(name, "gbp_per_mwh", rate.to_string(), "must be a finite number", "GBP/MWh"));
            }
        }
        for band in &bands {
            if band.start == band.end || band.days.mask() == 0 {
                let value = format!("{} to {} on days {:07b}", band.start, band.end, band.days.mask());
                return Err(refused(&band.name, "times", value, "must hold at some time; write 00:00 to 24:00", ""));
            }
        }
        for (place, a) in bands.iter().enumerate() {
            for b in bands.iter().skip(place + 1) {
                let both = |weekday| (0..DAY_MIN).find(|minute| a.holds(weekday, *minute) && b.holds(weekday, *minute));
                if let Some(minute) = (1..=7).find_map(both) {
                    return Err(Error::Time {
                        field: format!("DUoS bands `{}` and `{}`", a.name, b.name),
                        text: LocalTime(minute).to_string(),
                        reason: "belongs to both; end one where the other begins".to_owned(),
                    });
                }
            }
        }
        Ok(Self { bands, otherwise_gbp_per_mwh })
    }

    /// The charge in each period of `horizon`, GBP/MWh.
    #[must_use]
    pub fn expand(&self, horizon: &Horizon) -> Vec<f64> {
        (0..horizon.len()).map(|t| self.mean_of(horizon, t)).collect()
    }

    fn mean_of(&self, horizon: &Horizon, t: usize) -> f64 {
        let start = horizon.start_of(t);
        let weekday = SettlementDate::containing(start).weekday();
        let local = start.london().time();
        // Clocks change on whole UTC hours and periods lie within one, so local time runs evenly inside.
        let first = u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs());
        let mut runs: Vec<(f64, f64)> = Vec::new();
        for offset in 0..horizon.step_min {
            let minute = first.saturating_add(u16::try_from(offset).unwrap_or(0));
            let rate = self.rate(weekday, minute);
            match runs.last_mut().filter(|run| run.0 == rate) {
                Some(run) => run.1 += 1.0,
                None => runs.push((rate, 1.0)),
            }
        }
        match runs.as_slice() {
            [(rate, _)] => *rate,
            runs => runs.iter().map(|(rate, minutes)| rate * minutes).sum::<f64>() / f64::from(horizon.step_min),
        }
    }

    fn rate(&self, weekday: u8, minute: u16) -> f64 {
        let band = self.bands.iter().find(|band| band.holds(weekday, minute));
        band.map_or(self.otherwise_gbp_per_mwh, |band| band.gbp_per_mwh)
    }
}

/// A schedule as read, before its bands are checked.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawSchedule {
    bands: Vec<DuosBand>,
    otherwise_gbp_per_mwh: f64,
}

impl<'de> Deserialize<'de> for DuosSchedule {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> std::result::Result<Self, D::Error> {
        let raw = RawSchedule::deserialize(deserializer)?;
        Self::new(raw.bands, raw.otherwise_gbp_per_mwh).map_err(serde::de::Error::custom)
    }
}

fn refused(band: &str, field: &str, value: String, limit: &str, unit: &'static str) -> Error {
    Error::Value {
        object: format!("DUoS band `{band}`"),
        field: field.to_owned(),
        value,
        limit: limit.to_owned(),
        unit,
    }
}
