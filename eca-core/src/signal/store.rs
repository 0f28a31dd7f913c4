//! All signals of a read, by region and column.

use super::{Column, Duplicates, Point, Provenance, Signal};
use crate::{Error, Result, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// Signals by region and column, with the warnings of the read.
///
/// ```
/// use eca_core::signal::{Column, Duplicates, Point, Provenance, Signals};
/// let mut signals = Signals::new();
/// let hour = Point::new("2026-03-02T00:00Z".parse()?, "2026-03-02T01:00Z".parse()?, Some(80.0));
/// signals.insert("london", Column::ImportPriceGbpPerMwh, vec![hour], Provenance::new("desk"), Duplicates::Refuse)?;
/// assert_eq!(signals.regions().collect::<Vec<_>>(), ["london"]);
/// let later = signals.between("2026-03-02T01:00Z".parse()?, "2026-03-02T02:00Z".parse()?);
/// assert_eq!(later.get("london", Column::ImportPriceGbpPerMwh)?.points(), []);
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Signals {
    by_region: BTreeMap<String, BTreeMap<Column, Signal>>,
    warnings: Vec<String>,
}

impl Signals {
    /// No signals.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds points of one region and column to those that are there; they count as later in the source.
    ///
    /// # Errors
    /// As [`Signal::new`].
    pub fn insert(
        &mut self,
        region: &str,
        column: Column,
        points: Vec<Point>,
        provenance: Provenance,
        duplicates: Duplicates,
    ) -> Result<()> {
        let signal = Signal::new(region, column, points, provenance, duplicates)?;
        self.put(region, column, signal, duplicates)
    }

    fn put(&mut self, region: &str, column: Column, signal: Signal, duplicates: Duplicates) -> Result<()> {
        let joined = match self.by_region.get(region).and_then(|columns| columns.get(&column)) {
            Some(there) => there.clone().join(region, column, signal, duplicates)?,
            None => signal,
        };
        self.by_region.entry(region.to_owned()).or_default().insert(column, joined);
        Ok(())
    }

    /// Adds all signals and warnings of `other`, such as the next month or another source.
    ///
    /// # Errors
    /// [`Error::Time`] where both have different values for the same time and `duplicates` refuses them.
    pub fn merge(&mut self, other: Self, duplicates: Duplicates) -> Result<()> {
        for (region, columns) in other.by_region {
            for (column, signal) in columns {
                self.put(&region, column, signal, duplicates)?;
            }
        }
        self.warnings.extend(other.warnings);
        Ok(())
    }

    /// Copies a column of region `from` to region `to`, such as a national price to each site.
    ///
    /// # Errors
    /// [`Error::Unknown`] when `from` has no such column; [`Error::Time`] when `to` has other values already.
    pub fn copy(&mut self, column: Column, from: &str, to: &str) -> Result<()> {
        let signal = self.get(from, column)?.clone();
        self.put(to, column, signal, Duplicates::Refuse)
    }

    /// The points that overlap the time from `from` to `to`, with where they come from, and the warnings.
    #[must_use]
    pub fn between(&self, from: Timestamp, to: Timestamp) -> Self {
        let mut part = self.clone();
        for signal in part.by_region.values_mut().flat_map(BTreeMap::values_mut) {
            signal.retain(|point| point.end > from && point.start < to);
        }
        part
    }

    /// The signal of a region and column.
    ///
    /// # Errors
    /// [`Error::Unknown`] with the names that exist.
    pub fn get(&self, region: &str, column: Column) -> Result<&Signal> {
        let unknown = |field, kind, id: &str, known: Vec<&str>| Error::Unknown {
            object: "signals".to_owned(),
            field,
            kind,
            id: id.to_owned(),
            known: known.join(", "),
        };
        let columns =
            self.by_region.get(region).ok_or_else(|| unknown("region", "region", region, self.regions().collect()))?;
        columns.get(&column).ok_or_else(|| {
            let known = columns.keys().map(|column| column.name()).collect();
            unknown("column", "column", &format!("{column} of {region}"), known)
        })
    }

    /// The regions, sorted.
    pub fn regions(&self) -> impl Iterator<Item = &str> {
        self.by_region.keys().map(String::as_str)
    }

    /// The columns of a region; none where the region is not known.
    pub fn columns(&self, region: &str) -> impl Iterator<Item = Column> {
        self.by_region.get(region).into_iter().flat_map(|columns| columns.keys().copied())
    }

    /// All signals with region and column.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Column, &Signal)> {
        self.by_region
            .iter()
            .flat_map(|(region, columns)| columns.iter().map(|(column, signal)| (region.as_str(), *column, signal)))
    }

    /// True where nothing was read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_region.is_empty()
    }

    /// What a person should know about the read, in plain words.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// Adds a warning.
    pub fn warn(&mut self, warning: impl Into<String>) {
        self.warnings.push(warning.into());
    }

    /// Age of the oldest signal at `now` in minutes; none where the age of one is not known or there is none.
    #[must_use]
    pub fn age_min(&self, now: Timestamp) -> Option<i64> {
        let ages: Option<Vec<i64>> = self.iter().map(|(_, _, signal)| signal.provenance().age_min(now)).collect();
        ages?.into_iter().max()
    }

    /// Refuses signals of which one is older than `max_age_min` at `now`, or of unknown age.
    ///
    /// # Errors
    /// [`Error::Value`] with source, age and limit.
    pub fn check_age(&self, now: Timestamp, max_age_min: i64) -> Result<()> {
        self.iter().try_for_each(|(_, _, signal)| signal.provenance().check_age(now, max_age_min))
    }
}
