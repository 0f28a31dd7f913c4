//! Records of all runs, one after the other: what was settled is never overwritten.

use super::{EventRecord, SettlementRun};
use crate::{Error, Result, SettlementPeriod};
use serde::Serialize;
use std::collections::BTreeMap;

/// Records by event and run. As a text: one record of JSON in each line.
///
/// A run of an event has one record for ever; a correction is a later run. No two events claim the same period of the
/// same meter.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ledger {
    records: Vec<EventRecord>,
}

/// What a run changed against the run before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// The event.
    pub event_id: String,
    /// The run before.
    pub from: SettlementRun,
    /// This run.
    pub to: SettlementRun,
    /// Difference of the claim, Wh.
    pub deviation_wh: i64,
    /// Difference of the trading party's income, µGBP.
    pub cash_ugbp: i64,
    /// Difference of what the supplier receives, µGBP.
    pub supplier_compensation_ugbp: i64,
}

impl Ledger {
    /// Reads records, one in each line.
    ///
    /// # Errors
    /// [`Error::Parse`] with the line of what is no record, and everything that [`Ledger::append`] refuses.
    pub fn from_json_lines(text: &str) -> Result<Self> {
        let mut ledger = Self::default();
        for (place, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = |error: Error| Error::Parse {
                source_name: "records".into(),
                line: place + 1,
                message: error.to_string(),
            };
            let record = EventRecord::from_json(line).map_err(wrong)?;
            ledger.append(record).map_err(wrong)?;
        }
        Ok(ledger)
    }

    /// The records, one in each line, in the order in which they came.
    ///
    /// # Errors
    /// [`Error::Internal`] never in practice.
    pub fn to_json_lines(&self) -> Result<String> {
        let lines: Result<Vec<String>> = self.records.iter().map(|record| Ok(record.to_json()? + "\n")).collect();
        Ok(lines?.concat())
    }

    /// Adds a record, and says what changed against the run before it. The same record again changes nothing.
    ///
    /// # Errors
    /// [`Error::Value`] for another record of the same run, for a run before the latest, and for a period of a meter that
    /// another event has claimed.
    pub fn append(&mut self, record: EventRecord) -> Result<Option<Change>> {
        let refused = |value: String, limit: String| Error::Value {
            object: format!("event `{}`", record.event_id),
            field: "run".into(),
            value,
            limit,
            unit: "",
        };
        if self.records.contains(&record) {
            return Ok(None);
        }
        let before = self.latest().remove(record.event_id.as_str());
        if let Some(before) = before
            && before.run >= record.run
        {
            let limit = "must not replace what is settled; settle it under a later run".to_owned();
            return Err(refused(format!("{} after {}", record.run, before.run), limit));
        }
        if let Some((other, period)) = self.claimed(&record) {
            let limit = format!("must not claim {period} of meter `{}` again: event `{other}` has it", record.meter_id);
            return Err(refused(record.run.to_string(), limit));
        }
        let change = before.map(|before| Change {
            event_id: record.event_id.clone(),
            from: before.run,
            to: record.run,
            deviation_wh: record.totals.deviation_wh - before.totals.deviation_wh,
            cash_ugbp: record.totals.cash_ugbp - before.totals.cash_ugbp,
            supplier_compensation_ugbp: received(&record) - received(before),
        });
        self.records.push(record);
        Ok(change)
    }

    /// All records, in the order in which they came.
    #[must_use]
    pub fn records(&self) -> &[EventRecord] {
        &self.records
    }

    /// The record of the latest run of each event.
    #[must_use]
    pub fn latest(&self) -> BTreeMap<&str, &EventRecord> {
        // Runs of an event come in order, so the last one stays.
        self.records.iter().map(|record| (record.event_id.as_str(), record)).collect()
    }

    /// Another event with a claim in one of the record's periods, on the same meter.
    fn claimed(&self, record: &EventRecord) -> Option<(String, SettlementPeriod)> {
        let others = self.latest().into_values().filter(|other| other.event_id != record.event_id);
        for other in others.filter(|other| other.meter_id == record.meter_id) {
            let claims = other.periods.iter().filter(|each| each.active);
            for claim in claims {
                if record.periods.iter().any(|each| each.active && each.period == claim.period) {
                    return Some((other.event_id.clone(), claim.period));
                }
            }
        }
        None
    }
}

/// What the supplier received, nothing where no regime applied.
fn received(record: &EventRecord) -> i64 {
    record.compensation.as_ref().map_or(0, |supplier| supplier.received_ugbp)
}
