//! Settlement: documents and tables go in as text, records come out as JSON. Whole Wh, µGBP and mg inside.

use crate::args::{Out, text};
use crate::error::Result;
use crate::guard::guard;
use crate::problem::json_of;
use crate::status::eca_status;
use crate::string;
use eca_core::Timestamp;
use eca_core::settle::{self, Embodied, Event, EventRecord, Ledger, PriceTable, Readings};
use std::ffi::c_char;

/// Settles an event (`eca-event/1`) from a meter file and a price file, CSV or JSON; gives the record
/// (`eca-event-record/1`) as one line of JSON. Free it with `eca_string_free`.
///
/// `run` is `II`, `SF`, `R1`, `R2`, `R3`, `RF` or `DF`. `as_of` leaves out readings that arrived later (column
/// `received_at`); NULL takes all. Amounts in the record are whole numbers: Wh, µGBP, mg.
///
/// The texts are copied. Any thread. Errors: `ECA_STATUS_DOCUMENT`, `_PARSE` with the line of a file, `_VALUE`,
/// `_UNKNOWN`, `_TIME`, `_GAP` for a baseline without enough days or a price that is not there;
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `record` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_settle(
    event_json: *const c_char,
    meters: *const c_char,
    prices: *const c_char,
    run: *const c_char,
    as_of: *const c_char,
    record: *mut *mut c_char,
) -> eca_status {
    guard("eca_settle", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (event, meters, prices, run, out) = unsafe {
            (
                text(event_json, "event_json")?,
                text(meters, "meters")?,
                text(prices, "prices")?,
                text(run, "run")?,
                Out::new(record, "record")?,
            )
        };
        // SAFETY: as above; NULL is none.
        let cut = if as_of.is_null() { None } else { Some(unsafe { text(as_of, "as_of") }?) };
        let event = Event::from_json(event)?;
        let cut = cut.map(Timestamp::parse).transpose()?;
        let volumes = Readings::parse(meters)?.volumes(&event.site.meter_id, cut)?;
        let settled = settle::settle(&event, &volumes, &PriceTable::parse(prices)?, run.parse()?)?;
        string::lend(settled.to_json()?, out)
    })
}

/// Gives a record as a table for people, in MWh, GBP and kg. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// `record_json` is NULL or ends with NUL, `words` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_event_record_to_text(record_json: *const c_char, words: *mut *mut c_char) -> eca_status {
    guard("eca_event_record_to_text", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (record, out) = unsafe { (text(record_json, "record_json")?, Out::new(words, "words")?) };
        string::lend(EventRecord::from_json(record)?.to_string(), out)
    })
}

/// Adds a record to a ledger, one record in each line; gives the new text. Free it with `eca_string_free`.
///
/// A run of an event has one record for ever: another one for the same run, a run before the latest and a period that
/// another event of the meter has claimed are refused. The same record again changes nothing. `change` becomes JSON of
/// what changed against the run before, or `null`; it may be NULL itself.
///
/// Any thread. Errors: `ECA_STATUS_VALUE` for what is refused, `ECA_STATUS_PARSE` with the line of the ledger,
/// `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, outputs are NULL or point to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_ledger_append(
    ledger: *const c_char,
    record_json: *const c_char,
    appended: *mut *mut c_char,
    change: *mut *mut c_char,
) -> eca_status {
    guard("eca_ledger_append", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (ledger, record, out, change) = unsafe {
            (
                text(ledger, "ledger")?,
                text(record_json, "record_json")?,
                Out::new(appended, "appended")?,
                Out::if_given(change, "change")?,
            )
        };
        let mut ledger = Ledger::from_json_lines(ledger)?;
        let changed = ledger.append(EventRecord::from_json(record)?)?;
        let (lines, changed) = (ledger.to_json_lines()?, json_of(&changed, "change")?);
        if let Some(change) = change {
            string::lend(changed, change)?;
        }
        string::lend(lines, out)
    })
}

/// Gives the months of a ledger, and of what a site consumed, as a JSON array. Free it with `eca_string_free`.
///
/// `consumption` is CSV or JSON with `start, consumption_wh` and, where known, `carbon_g_per_kwh`, `generation_wh`,
/// `grid_cfe_frac`, `inferences`; NULL for none. `embodied_json` is what making the equipment emitted, such as
/// `{"total_kg": 1000, "life_h": 35040, "reserved_frac": 1}`, for the Software Carbon Intensity; NULL for none.
///
/// Any thread. Errors: `ECA_STATUS_PARSE` with the line, `ECA_STATUS_DOCUMENT`, `ECA_STATUS_VALUE`, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `months` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_settlement_report(
    ledger: *const c_char,
    consumption: *const c_char,
    embodied_json: *const c_char,
    months: *mut *mut c_char,
) -> eca_status {
    guard("eca_settlement_report", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (ledger, out) = unsafe { (text(ledger, "ledger")?, Out::new(months, "months")?) };
        // SAFETY: as above; NULL is none.
        let used = if consumption.is_null() { None } else { Some(unsafe { text(consumption, "consumption") }?) };
        // SAFETY: as above.
        let made = if embodied_json.is_null() { None } else { Some(unsafe { text(embodied_json, "embodied_json") }?) };
        string::lend(months_of(ledger, used, made)?, out)
    })
}

fn months_of(ledger: &str, consumption: Option<&str>, embodied: Option<&str>) -> Result<String> {
    let ledger = Ledger::from_json_lines(ledger)?;
    let used = consumption.map(settle::parse_consumption).transpose()?.unwrap_or_default();
    let embodied = embodied.map(Embodied::from_json).transpose()?;
    json_of(&settle::report(&ledger, &used, embodied)?, "report")
}
