//! Meter readings of any interval that divides a settlement period, and the volumes of periods.

use super::{document, table};
use crate::{Error, Result, SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seconds of a settlement period.
const PERIOD_S: i64 = 1800;
/// Columns of a meter file.
const COLUMNS: [&str; 6] = ["meter_id", "start", "end", "import_wh", "export_wh", "quality"];

/// How good the metering of a reading or a period is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Quality {
    /// All of it was read (`A`).
    Actual,
    /// At least a part was estimated (`E`): settled, and settled again at a later run.
    Estimated,
    /// At least a part is not there: not settled in this run.
    Missing,
}

/// One reading of a meter: energy in whole Wh, import and export apart and never negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    /// Start of the interval.
    pub start: Timestamp,
    /// End of the interval, exclusive.
    pub end: Timestamp,
    /// Energy taken from the grid, Wh.
    pub import_wh: i64,
    /// Energy given to the grid, Wh.
    pub export_wh: i64,
    /// Read or estimated.
    pub quality: Quality,
    /// When it arrived, where the file says so.
    pub received_at: Option<Timestamp>,
}

/// The readings of a file, by meter.
#[derive(Debug, Clone, Default)]
pub struct Readings {
    meters: BTreeMap<String, Vec<(usize, Reading)>>,
    sha256: Option<String>,
}

/// What a meter counted in a settlement period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeriodVolume {
    /// Energy taken from the grid, Wh.
    pub import_wh: i64,
    /// Energy given to the grid, Wh.
    pub export_wh: i64,
    /// The worst quality of its readings; [`Quality::Missing`] where they do not cover it.
    pub quality: Quality,
}

impl PeriodVolume {
    /// Import minus export, Wh: import counts as positive.
    #[must_use]
    pub fn net_wh(self) -> i64 {
        self.import_wh - self.export_wh
    }
}

/// Volumes of one meter by settlement period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Volumes {
    periods: BTreeMap<SettlementPeriod, PeriodVolume>,
    /// Readings that came twice: the same again, or an estimate beside the actual value that replaces it.
    pub duplicates: usize,
    /// Readings that had not arrived at the cut-off.
    pub late: usize,
    sha256: Option<String>,
    as_of: Option<Timestamp>,
    /// The longest reading of each period, s.
    intervals_s: BTreeMap<SettlementPeriod, i64>,
}

impl Readings {
    /// Reads a meter file: CSV with the columns `meter_id, start, end, import_wh, export_wh, quality` (`A` or `E`) and,
    /// where it is known, `received_at`; or a JSON array of such objects.
    ///
    /// # Errors
    /// [`Error::Parse`] with the line: a column that is not there, an energy that is no whole number of Wh from 0, a
    /// quality that is neither, an interval that does not divide a settlement period.
    ///
    /// ```
    /// use eca_core::settle::Readings;
    /// let file = "meter_id,start,end,import_wh,export_wh,quality\n\
    ///             hall,2026-02-19T17:00:00Z,2026-02-19T17:15:00Z,1700000,0,A\n\
    ///             hall,2026-02-19T17:15:00Z,2026-02-19T17:30:00Z,1700000,0,A\n";
    /// let volumes = Readings::parse(file)?.volumes("hall", None)?;
    /// let sp35 = eca_core::SettlementPeriod::new("2026-02-19".parse()?, 35)?;
    /// assert_eq!(volumes.get(sp35).map(|volume| volume.net_wh()), Some(3_400_000));
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self> {
        let mut read = Self { sha256: Some(document::hash_of(text)), ..Self::default() };
        for row in table::rows("meters", text, &COLUMNS, &[])? {
            let quality = match row.cell("quality") {
                "A" => Quality::Actual,
                "E" => Quality::Estimated,
                other => return Err(row.wrong(format!("quality = `{other}`, must be A (actual) or E (estimated)"))),
            };
            let received_at = match row.cell("received_at") {
                "" => None,
                _ => Some(row.instant("received_at")?),
            };
            let reading = Reading {
                start: row.instant("start")?,
                end: row.instant("end")?,
                import_wh: row.wh("import_wh")?,
                export_wh: row.wh("export_wh")?,
                quality,
                received_at,
            };
            divides(&reading).map_err(|reason| row.wrong(reason))?;
            let meter = row.cell("meter_id");
            if meter.is_empty() {
                return Err(row.wrong("meter_id is empty".into()));
            }
            match read.meters.get_mut(meter) {
                Some(readings) => readings.push((row.line(), reading)),
                None => {
                    read.meters.insert(meter.to_owned(), vec![(row.line(), reading)]);
                }
            }
        }
        Ok(read)
    }

    /// The volumes of a meter from what had arrived at `as_of` (everything, where it is none).
    ///
    /// A reading that came twice counts once; an actual reading replaces an estimate of the same interval. A period that
    /// its readings do not cover is [`Quality::Missing`].
    ///
    /// # Errors
    /// [`Error::Unknown`] for a meter that is not in the file; [`Error::Parse`] for two readings of one interval that
    /// differ, and for readings that overlap.
    pub fn volumes(&self, meter_id: &str, as_of: Option<Timestamp>) -> Result<Volumes> {
        let readings = self.meters.get(meter_id).ok_or_else(|| Error::Unknown {
            object: "event".into(),
            field: "meter_id",
            kind: "meter",
            id: meter_id.to_owned(),
            known: match self.meters.len() {
                0 => "none, the file has no readings".into(),
                _ => self.meters.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "),
            },
        })?;
        let mut volumes = Volumes { sha256: self.sha256.clone(), as_of, ..Volumes::default() };
        let mut chosen: BTreeMap<Timestamp, &(usize, Reading)> = BTreeMap::new();
        for entry in readings {
            if matches!((entry.1.received_at, as_of), (Some(received), Some(cut)) if received > cut) {
                volumes.late += 1;
                continue;
            }
            if let Some(before) = chosen.get(&entry.1.start) {
                volumes.duplicates += 1;
                chosen.insert(entry.1.start, better(meter_id, before, entry)?);
            } else {
                chosen.insert(entry.1.start, entry);
            }
        }
        let mut previous: Option<&(usize, Reading)> = None;
        let mut covered_s: BTreeMap<SettlementPeriod, i64> = BTreeMap::new();
        for entry in chosen.into_values() {
            let (line, reading) = entry;
            if let Some((other, before)) = previous.filter(|(_, before)| before.end > reading.start) {
                let message = format!(
                    "meter `{meter_id}`: reading from {} to {} overlaps the one from {} to {} in line {other}",
                    reading.start, reading.end, before.start, before.end
                );
                return Err(Error::Parse { source_name: "meters".into(), line: *line, message });
            }
            previous = Some(entry);
            let period = SettlementPeriod::containing(reading.start);
            let length_s = reading.end.unix_s() - reading.start.unix_s();
            *covered_s.entry(period).or_default() += length_s;
            let longest = volumes.intervals_s.entry(period).or_default();
            *longest = length_s.max(*longest);
            let none = PeriodVolume { import_wh: 0, export_wh: 0, quality: Quality::Actual };
            let volume = volumes.periods.entry(period).or_insert(none);
            volume.import_wh += reading.import_wh;
            volume.export_wh += reading.export_wh;
            volume.quality = volume.quality.max(reading.quality);
        }
        for (period, volume) in &mut volumes.periods {
            if covered_s.get(period) != Some(&PERIOD_S) {
                volume.quality = Quality::Missing;
            }
        }
        Ok(volumes)
    }
}

impl Volumes {
    /// Volumes that are known already, such as those of a simulation.
    #[must_use]
    pub fn from_periods(periods: BTreeMap<SettlementPeriod, PeriodVolume>) -> Self {
        Self { periods, ..Self::default() }
    }

    /// SHA-256 of the meter file; none for volumes of no file.
    pub(super) fn source_sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// The cut-off.
    pub(super) fn as_of(&self) -> Option<Timestamp> {
        self.as_of
    }

    /// The longest reading of a period, s.
    pub(super) fn interval_s(&self, period: SettlementPeriod) -> Option<i64> {
        self.intervals_s.get(&period).copied()
    }

    /// The volume of a period, where there are readings of it.
    #[must_use]
    pub fn get(&self, period: SettlementPeriod) -> Option<PeriodVolume> {
        self.periods.get(&period).copied()
    }

    /// The volume of a period whose readings cover it.
    #[must_use]
    pub fn complete(&self, period: SettlementPeriod) -> Option<PeriodVolume> {
        self.get(period).filter(|volume| volume.quality != Quality::Missing)
    }
}

/// Whether the interval of a reading divides a settlement period.
fn divides(reading: &Reading) -> Result<(), String> {
    let length = reading.end.unix_s() - reading.start.unix_s();
    let into = reading.start.unix_s() - SettlementPeriod::containing(reading.start).start_utc().unix_s();
    if length > 0 && PERIOD_S % length == 0 && into % length == 0 {
        return Ok(());
    }
    Err(format!(
        "interval from {} to {} does not divide a settlement period; write 30 min, or equal parts of it from its start",
        reading.start, reading.end
    ))
}

/// Which of two readings with one start counts.
fn better<'a>(
    meter_id: &str,
    first: &'a (usize, Reading),
    second: &'a (usize, Reading),
) -> Result<&'a (usize, Reading)> {
    let (a, b) = (&first.1, &second.1);
    let energy = |reading: &Reading| (reading.end, reading.import_wh, reading.export_wh);
    match (a.quality, b.quality) {
        _ if a.end == b.end && a.quality < b.quality => Ok(first),
        _ if a.end == b.end && a.quality > b.quality => Ok(second),
        _ if energy(a) == energy(b) => Ok(first),
        _ => Err(Error::Parse {
            source_name: "meters".into(),
            line: second.0,
            message: format!(
                "meter `{meter_id}`: a second reading from {} differs from the one in line {}; keep the right one",
                b.start, first.0
            ),
        }),
    }
}
