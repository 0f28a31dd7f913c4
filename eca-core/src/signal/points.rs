//! The points of one signal, as the source gave them: sorted, without overlap, gaps kept.

use super::{Column, Provenance};
use crate::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};

/// A value that holds from `start` (included) to `end` (not included).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Point {
    /// First instant at which the value holds.
    pub start: Timestamp,
    /// First instant at which it no longer holds.
    pub end: Timestamp,
    /// The value in the unit of the column; none where the source has the interval but no value.
    pub value: Option<f64>,
}

impl Point {
    /// A point from `start` to `end`.
    #[must_use]
    pub fn new(start: Timestamp, end: Timestamp, value: Option<f64>) -> Self {
        Self { start, end, value }
    }
}

/// What to do where a source gives two different values for the same time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Duplicates {
    /// Refuse the data and name the time.
    #[default]
    Refuse,
    /// Keep the one that comes first in the source.
    KeepFirst,
    /// Keep the one that comes last in the source.
    KeepLast,
}

/// One column of one region, as the source gave it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Signal {
    points: Vec<Point>,
    provenance: Provenance,
}

impl Signal {
    /// A signal from points in the order of the source.
    ///
    /// Points without value give way to points with a value. Equal points count once. `label` names the signal in
    /// errors, such as "carbon_g_per_kwh of gb".
    ///
    /// # Errors
    /// [`Error::Value`] for a value that the column cannot have; [`Error::Time`] where a point ends before it starts,
    /// or where two points with different values overlap and `duplicates` refuses them.
    pub fn new(
        region: &str,
        column: Column,
        points: Vec<Point>,
        provenance: Provenance,
        duplicates: Duplicates,
    ) -> Result<Self> {
        let label = format!("{column} of {region}");
        let mut known = Vec::with_capacity(points.len());
        let mut empty = Vec::new();
        for (place, point) in points.into_iter().enumerate() {
            check(&label, column, &point)?;
            if point.value.is_some() { known.push((place, point)) } else { empty.push(point) }
        }
        // A stable order by time keeps the order of the source among points that start together.
        known.sort_by_key(|(place, point)| (point.start, *place));
        let mut kept: Vec<(usize, Point)> = Vec::with_capacity(known.len());
        for (place, point) in known {
            add(&label, &mut kept, place, point, duplicates)?;
        }
        let mut points: Vec<Point> = kept.into_iter().map(|(_, point)| point).collect();
        empty.sort_by_key(|point| (point.start, point.end));
        let mut free = Vec::new();
        for point in empty {
            let after_last = free.last().is_none_or(|last: &Point| last.end <= point.start);
            let next = points.partition_point(|other| other.end <= point.start);
            if after_last && points.get(next).is_none_or(|other| other.start >= point.end) {
                free.push(point);
            }
        }
        points.append(&mut free);
        points.sort_by_key(|point| point.start);
        Ok(Self { points, provenance })
    }

    /// Drops the points for which `keep` is false.
    pub(super) fn retain(&mut self, keep: impl FnMut(&Point) -> bool) {
        self.points.retain(keep);
    }

    /// The points, sorted by time and without overlap.
    #[must_use]
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Where the signal comes from.
    #[must_use]
    pub fn provenance(&self) -> &Provenance {
        &self.provenance
    }

    /// Start of the first point with a value and end of the last one; none where there is no value.
    #[must_use]
    pub fn span(&self) -> Option<(Timestamp, Timestamp)> {
        let first = self.points.iter().find(|point| point.value.is_some())?;
        let last = self.points.iter().rev().find(|point| point.value.is_some())?;
        Some((first.start, last.end))
    }

    /// The mean from `start` to `end`, weighted by time; none unless values cover all of it.
    ///
    /// So a coarser value is held on a finer grid, and a finer series counts on a coarser grid only when complete.
    #[must_use]
    pub fn mean(&self, start: Timestamp, end: Timestamp) -> Option<f64> {
        let first = self.points.partition_point(|point| point.end <= start);
        let mut covered_s = 0;
        let mut weighted = 0.0;
        for point in self.points.iter().skip(first).take_while(|point| point.start < end) {
            let value = point.value?;
            if point.start <= start && point.end >= end {
                return Some(value);
            }
            let overlap_s = point.end.min(end).unix_s() - point.start.max(start).unix_s();
            covered_s += overlap_s;
            weighted += value * seconds(overlap_s);
        }
        let span_s = end.unix_s() - start.unix_s();
        (covered_s == span_s && span_s > 0).then(|| weighted / seconds(span_s))
    }

    /// Adds the points of `other`, which count as later in the source.
    pub(crate) fn join(self, region: &str, column: Column, other: Self, duplicates: Duplicates) -> Result<Self> {
        let Self { mut points, mut provenance } = self;
        points.extend(other.points);
        provenance.join(other.provenance);
        Self::new(region, column, points, provenance, duplicates)
    }
}

/// Seconds as a weight; an interval of centuries still fits exactly.
fn seconds(s: i64) -> f64 {
    s as f64
}

fn check(label: &str, column: Column, point: &Point) -> Result<()> {
    if point.end <= point.start {
        return Err(Error::Time {
            field: format!("end of {label}"),
            text: point.end.to_string(),
            reason: format!("is not after its start {}", point.start),
        });
    }
    let Some(value) = point.value else { return Ok(()) };
    match column.wrong(value) {
        None => Ok(()),
        Some(limit) => Err(Error::Value {
            object: label.to_owned(),
            field: format!("value at {}", point.start),
            value: value.to_string(),
            limit,
            unit: column.unit(),
        }),
    }
}

/// Adds a point that starts no earlier than all in `kept`.
fn add(label: &str, kept: &mut Vec<(usize, Point)>, place: usize, point: Point, duplicates: Duplicates) -> Result<()> {
    while let Some((other_place, other)) = kept.last() {
        if other.end <= point.start {
            break;
        }
        if other.start == point.start && other.end == point.end && other.value == point.value {
            return Ok(());
        }
        let keep_other = match duplicates {
            Duplicates::Refuse => return Err(conflict(label, other, &point)),
            Duplicates::KeepFirst => *other_place < place,
            Duplicates::KeepLast => *other_place > place,
        };
        if keep_other {
            return Ok(());
        }
        kept.pop();
    }
    kept.push((place, point));
    Ok(())
}

fn conflict(label: &str, a: &Point, b: &Point) -> Error {
    let value = |point: &Point| point.value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
    let reason = if a.start == b.start {
        format!("is there twice, with {} and {}; choose keep_first or keep_last", value(a), value(b))
    } else {
        format!("overlaps the interval from {} to {}; choose keep_first or keep_last", a.start, a.end)
    };
    Error::Time { field: label.to_owned(), text: b.start.to_string(), reason }
}
