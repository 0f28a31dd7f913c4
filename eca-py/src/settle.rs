//! Settlement of events: documents and tables as text, whole units inside.

use crate::errors::{guard, json};
use eca_core::Timestamp;
use eca_core::settle::{
    Allocation, Beneficiary, Contribution, Embodied, Event, EventRecord, Ledger, PriceTable, Readings,
};
use pyo3::prelude::*;

/// Settles an event document from a meter file and a price file: the record as JSON, and as text for people.
#[pyfunction]
pub(crate) fn settle(
    py: Python<'_>,
    event: &str,
    meters: &str,
    prices: &str,
    run: &str,
    as_of: Option<&str>,
) -> PyResult<(String, String)> {
    guard(py, || {
        py.detach(|| {
            let event = Event::from_json(event)?;
            let cut = as_of.map(Timestamp::parse).transpose()?;
            let volumes = Readings::parse(meters)?.volumes(&event.site.meter_id, cut)?;
            let record = eca_core::settle::settle(&event, &volumes, &PriceTable::parse(prices)?, run.parse()?)?;
            Ok((record.to_json()?, record.to_string()))
        })
    })
}

/// A baseline on its own, from a request and a meter file, as JSON.
#[pyfunction]
pub(crate) fn baseline(py: Python<'_>, request: &str, meters: &str, as_of: Option<&str>) -> PyResult<String> {
    guard(py, || {
        py.detach(|| {
            let request = eca_core::settle::BaselineRequest::from_json(request)?;
            let cut = as_of.map(Timestamp::parse).transpose()?;
            json(&eca_core::settle::baseline(&request, &Readings::parse(meters)?, cut)?)
        })
    })
}

/// The submissions that an event needs at an instant, as JSON.
#[pyfunction]
pub(crate) fn submissions(py: Python<'_>, event: &str, now: &str) -> PyResult<String> {
    guard(py, || json(&Event::from_json(event)?.submissions_at(Timestamp::parse(now)?)?))
}

/// Reads a record: the same as JSON in one line, as text for people, and its SHA-256.
#[pyfunction]
pub(crate) fn event_record(py: Python<'_>, text: &str) -> PyResult<(String, String, String)> {
    guard(py, || {
        let record = EventRecord::from_json(text)?;
        Ok((record.to_json()?, record.to_string(), record.hash()?))
    })
}

/// Adds a record to the text of a ledger: the new text, and what changed against the run before as JSON.
#[pyfunction]
pub(crate) fn ledger_append(py: Python<'_>, ledger: &str, record: &str) -> PyResult<(String, Option<String>)> {
    guard(py, || {
        let mut ledger = Ledger::from_json_lines(ledger)?;
        let change = ledger.append(EventRecord::from_json(record)?)?;
        Ok((ledger.to_json_lines()?, change.as_ref().map(json).transpose()?))
    })
}

/// The months of a ledger and of what a site consumed, as JSON.
#[pyfunction]
pub(crate) fn report(
    py: Python<'_>,
    ledger: &str,
    consumption: Option<&str>,
    embodied: Option<&str>,
) -> PyResult<String> {
    guard(py, || {
        let ledger = Ledger::from_json_lines(ledger)?;
        let used = consumption.map(eca_core::settle::parse_consumption).transpose()?.unwrap_or_default();
        let embodied = embodied.map(Embodied::from_json).transpose()?;
        json(&eca_core::settle::report(&ledger, &used, embodied)?)
    })
}

/// Shares contributions of the Social Tariff Fund out; everything is JSON.
#[pyfunction]
pub(crate) fn distribute(
    py: Python<'_>,
    contributions: &str,
    beneficiaries: &str,
    allocation: &str,
    carried_in_ugbp: i64,
) -> PyResult<String> {
    guard(py, || {
        let (given, homes) = (read("contributions", contributions)?, read("beneficiaries", beneficiaries)?);
        let rule: Allocation = read("allocation", allocation)?;
        let (given, homes): (Vec<Contribution>, Vec<Beneficiary>) = (given, homes);
        json(&eca_core::settle::distribute(&given, &homes, rule, carried_in_ugbp)?)
    })
}

/// What is known of flexibility products, as JSON.
#[pyfunction]
pub(crate) fn products(py: Python<'_>) -> PyResult<String> {
    guard(py, || json(&eca_core::settle::products()))
}

/// Reads JSON of a caller.
pub(crate) fn read<T: serde::de::DeserializeOwned>(what: &str, text: &str) -> eca_core::Result<T> {
    serde_json::from_str(text).map_err(|e| eca_core::Error::Document { path: what.to_owned(), message: e.to_string() })
}
