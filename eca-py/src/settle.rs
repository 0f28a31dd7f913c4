//! Settlement of events: documents and tables as text, whole units inside.

use crate::errors::guard;
use eca_core::Timestamp;
use eca_core::settle::{Event, EventRecord, PriceTable, Readings};
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

/// Reads a record: the same as JSON in one line, as text for people, and its SHA-256.
#[pyfunction]
pub(crate) fn event_record(py: Python<'_>, text: &str) -> PyResult<(String, String, String)> {
    guard(py, || {
        let record = EventRecord::from_json(text)?;
        Ok((record.to_json()?, record.to_string(), record.hash()?))
    })
}
