//! Where a signal comes from, and how old it is.

use crate::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

/// The rate at which a foreign price became GBP.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct CurrencyRate {
    /// ISO 4217 code of the foreign currency, such as `EUR`.
    pub currency: String,
    /// GBP for one unit of it.
    pub gbp_per_unit: f64,
}

/// Where a signal comes from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Provenance {
    /// Name of the source and of the column in it.
    pub source: String,
    /// When the data was fetched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retrieved_at: Option<Timestamp>,
    /// When the source published it (for a forecast: when it was made).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_at: Option<Timestamp>,
    /// The rate used, where the source is in a foreign currency.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate: Option<CurrencyRate>,
    /// Choices made on the way, in plain words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl Provenance {
    /// Data from `source`, with nothing else known about it.
    #[must_use]
    pub fn new(source: impl Into<String>) -> Self {
        Self { source: source.into(), ..Self::default() }
    }

    /// Age at `now` in minutes, counted from the issue, else from the retrieval; none where neither is known.
    #[must_use]
    pub fn age_min(&self, now: Timestamp) -> Option<i64> {
        self.issued_at.or(self.retrieved_at).map(|at| now.minutes_since(at))
    }

    /// Refuses data that is older than `max_age_min` at `now`, or whose age nobody knows.
    ///
    /// # Errors
    /// [`Error::Value`] with age and limit.
    pub fn check_age(&self, now: Timestamp, max_age_min: i64) -> Result<()> {
        let age = self.age_min(now);
        if age.is_some_and(|age| age <= max_age_min) {
            return Ok(());
        }
        Err(Error::Value {
            object: format!("signal of {}", self.source),
            field: "age".to_owned(),
            value: age.map_or_else(|| "unknown".to_owned(), |age| age.to_string()),
            limit: format!("must be at most {max_age_min}; fetch it again or say when it was retrieved"),
            unit: "min",
        })
    }

    /// What is known when two parts are joined: the older times, all names and notes.
    pub(crate) fn join(&mut self, other: Self) {
        if !other.source.is_empty() && !self.source.split(" + ").any(|part| part == other.source) {
            let both = [std::mem::take(&mut self.source), other.source];
            self.source = both.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" + ");
        }
        self.retrieved_at = older(self.retrieved_at, other.retrieved_at);
        self.issued_at = older(self.issued_at, other.issued_at);
        if self.rate.is_none() {
            self.rate = other.rate;
        } else if let Some(rate) = other.rate.filter(|rate| self.rate.as_ref() != Some(rate)) {
            self.notes.push(format!("a part was converted at {} GBP per {}", rate.gbp_per_unit, rate.currency));
        }
        for note in other.notes {
            if !self.notes.contains(&note) {
                self.notes.push(note);
            }
        }
    }
}

/// The earlier of two times; unknown where one is unknown, because the whole is as old as its oldest part.
fn older(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    a.zip(b).map(|(a, b)| a.min(b))
}
