//! Settlements and the Social Tariff Fund as records: the documents go along, so that anybody can settle again.

use crate::{Entry, Error, Result, kind};
use eca_core::Timestamp;
use eca_core::settle::{
    Allocation, Beneficiary, Contribution, Event, EventRecord, FundEntry, FundEntryKind, PriceTable, Readings,
    SettlementRun, distribute, settle,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

/// What a settlement rests on: the documents of `eca.settle`, as they were read.
#[derive(Debug, Clone, Copy)]
pub struct SettlementInput<'a> {
    /// The event, `eca-event/1`.
    pub event: &'a str,
    /// The meter file.
    pub meters: &'a str,
    /// The price file.
    pub prices: &'a str,
    /// The run.
    pub run: SettlementRun,
    /// Readings that arrived later do not count.
    pub as_of: Option<Timestamp>,
}

impl SettlementInput<'_> {
    /// Settles the event.
    ///
    /// # Errors
    /// Those of [`settle`], as [`Error::Core`].
    pub fn settle(&self) -> Result<EventRecord> {
        let event = Event::from_json(self.event)?;
        let volumes = Readings::parse(self.meters)?.volumes(&event.site.meter_id, self.as_of)?;
        Ok(settle(&event, &volumes, &PriceTable::parse(self.prices)?, self.run)?)
    }

    /// Settles the event, and gives the entry that says so and the record that it cites.
    ///
    /// # Errors
    /// As [`SettlementInput::settle`].
    pub fn entry(&self, actor: &str, time_us: i64) -> Result<(Entry, EventRecord)> {
        let record = self.settle()?;
        let mut entry = Entry::new(kind::SETTLEMENT, actor, time_us)
            .cite("event", self.event)
            .cite("meters", self.meters)
            .cite("prices", self.prices)
            .cite("event_record", record.to_json()?)
            .field("event_id", record.event_id.as_str())
            .field("run", self.run.to_string());
        if let Some(as_of) = self.as_of {
            entry = entry.field("as_of", as_of.to_string());
        }
        if let Some(transaction) = &record.references.transaction_id {
            entry = entry.txn(transaction);
        }
        if let Some(obp) = &record.references.obp_id {
            entry = entry.obp(obp);
        }
        for (name, value) in figures(&record) {
            entry = entry.field(name, value);
        }
        Ok((entry, record))
    }
}

/// The figures of a settlement that stand in its record, with units in their names.
#[must_use]
pub fn figures(record: &EventRecord) -> [(&'static str, i64); 6] {
    let totals = &record.totals;
    [
        ("deviation_wh", totals.deviation_wh),
        ("delivered_wh", totals.delivered_wh),
        ("shortfall_wh", totals.shortfall_wh),
        ("cash_ugbp", totals.cash_ugbp),
        ("site_ugbp", totals.site_ugbp),
        ("social_tariff_ugbp", totals.social_tariff_ugbp),
    ]
}

/// What a settlement of the fund rests on.
#[derive(Debug, Clone, Copy)]
pub struct FundInput<'a> {
    /// From settled events, by their names: no more than the part for the fund that they were settled with.
    pub contributions: &'a [Contribution],
    /// Who receives.
    pub beneficiaries: &'a [Beneficiary],
    /// How it is shared.
    pub allocation: Allocation,
    /// What the last settlement of the fund carried out.
    pub carried_in_ugbp: i64,
}

impl FundInput<'_> {
    /// Shares out, and gives the entry that says so and the lines that it cites; they sum to zero.
    ///
    /// # Errors
    /// Those of [`distribute`], as [`Error::Core`].
    pub fn entry(&self, actor: &str, time_us: i64) -> Result<(Entry, Vec<FundEntry>)> {
        let lines = distribute(self.contributions, self.beneficiaries, self.allocation, self.carried_in_ugbp)?;
        let mut entry = Entry::new(kind::FUND, actor, time_us)
            .cite("contributions", json_of(&self.contributions)?)
            .cite("beneficiaries", json_of(&self.beneficiaries)?)
            .cite("lines", json_of(&lines)?)
            .field("allocation", serde_json::to_value(self.allocation).map_err(wrong)?)
            .field("carried_in_ugbp", self.carried_in_ugbp);
        for (name, value) in fund_figures(&lines) {
            entry = entry.field(name, value);
        }
        Ok((entry, lines))
    }
}

/// The figures of a settlement of the fund that stand in its record.
#[must_use]
pub fn fund_figures(lines: &[FundEntry]) -> [(&'static str, i64); 3] {
    let of = |kind: FundEntryKind| {
        lines.iter().filter(|line| line.entry == kind).fold(0_i64, |sum, line| sum.saturating_add(line.amount_ugbp))
    };
    [
        ("contributed_ugbp", of(FundEntryKind::Contribution).saturating_neg()),
        ("distributed_ugbp", of(FundEntryKind::Distribution)),
        ("carried_out_ugbp", of(FundEntryKind::CarriedOut)),
    ]
}

fn json_of(value: &impl serde::Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec(value).map_err(wrong)
}

/// A cited JSON document.
pub(crate) fn document<T: DeserializeOwned>(name: &str, bytes: &[u8]) -> Result<T> {
    serde_json::from_slice(bytes).map_err(|error| Error::json(name, error.to_string()))
}

/// A JSON document without what depends on the version that made it.
pub(crate) fn comparable(name: &str, bytes: &[u8]) -> Result<Value> {
    let mut value: Value = document(name, bytes)?;
    value.as_object_mut().and_then(|object| object.remove("eca_version"));
    Ok(value)
}

fn wrong(error: serde_json::Error) -> Error {
    Error::json("fund", error.to_string())
}
