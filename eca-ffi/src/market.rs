//! What stands around a settlement: baselines, submissions and their deadlines, hashes of records, the Social Tariff Fund, products.

use crate::args::{Out, text};
use crate::error::Failure;
use crate::guard::guard;
use crate::problem::json_of;
use crate::status::eca_status;
use crate::string;
use eca_core::settle::{self, Allocation, BaselineRequest, Beneficiary, Contribution, Event, EventRecord, Readings};
use eca_core::{Error, Timestamp};
use serde::de::DeserializeOwned;
use std::ffi::c_char;

/// Gives what a meter would have shown in some periods, by one of seven methods, with the days used and left out, as JSON. Free it
/// with `eca_string_free`.
///
/// `request_json` is such as `{"meter_id": "hall", "periods": [{"settlement_date": "2026-02-19", "settlement_period": 35}],
/// "baseline": {"method": "bl01"}}`; `baseline` is that of an event document. `meters` is a meter file, CSV or JSON. `as_of` leaves
/// out readings that arrived later; NULL takes all.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT`, `_PARSE` with the line of the file, `_VALUE`, `_UNKNOWN`, `_TIME`, `_GAP` for a
/// baseline without enough days; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `baseline` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_baseline(
    request_json: *const c_char,
    meters: *const c_char,
    as_of: *const c_char,
    baseline: *mut *mut c_char,
) -> eca_status {
    guard("eca_baseline", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (request, meters, out) =
            unsafe { (text(request_json, "request_json")?, text(meters, "meters")?, Out::new(baseline, "baseline")?) };
        // SAFETY: as above; NULL is none.
        let cut = if as_of.is_null() { None } else { Some(unsafe { text(as_of, "as_of") }?) };
        let cut = cut.map(Timestamp::parse).transpose()?;
        let found = settle::baseline(&BaselineRequest::from_json(request)?, &Readings::parse(meters)?, cut)?;
        string::lend(json_of(&found, "baseline")?, out)
    })
}

/// Gives the submissions that an event (`eca-event/1`) needs at an instant, the first deadline first, as a JSON array: `flow`,
/// `due`, `volume_mwh`, `status`, `needed`, and `standing`, which is `in_force`, `waiting`, `open` or `missed`. Free it with
/// `eca_string_free`. `now` is such as `2026-02-19T12:00:00Z`.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT`, `_VALUE`, `_TIME`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `submissions` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_event_submissions(
    event_json: *const c_char,
    now: *const c_char,
    submissions: *mut *mut c_char,
) -> eca_status {
    guard("eca_event_submissions", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (event, now, out) =
            unsafe { (text(event_json, "event_json")?, text(now, "now")?, Out::new(submissions, "submissions")?) };
        let found = Event::from_json(event)?.submissions_at(Timestamp::parse(now)?)?;
        string::lend(json_of(&found, "submissions")?, out)
    })
}

/// Gives the SHA-256 of the RFC 8785 bytes of a record (`eca-event-record/1`) in 64 hexadecimal digits. Free it with
/// `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is wrong, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// `record_json` is NULL or ends with NUL, `hash` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_event_record_hash(record_json: *const c_char, hash: *mut *mut c_char) -> eca_status {
    guard("eca_event_record_hash", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (record, out) = unsafe { (text(record_json, "record_json")?, Out::new(hash, "hash")?) };
        string::lend(EventRecord::from_json(record)?.hash()?, out)
    })
}

/// Shares contributions to the Social Tariff Fund out and gives the lines as a JSON array; they sum to zero to the unit. Free it
/// with `eca_string_free`.
///
/// `contributions_json` is such as `[{"id": "evening", "amount_ugbp": 1000}]`, `beneficiaries_json` such as
/// `[{"id": "a", "weight": 1, "cap_ugbp": 350}]`, where the cap may be left out. `allocation` is `equal` or `by_weight`. Amounts are
/// whole µGBP; `carried_in_ugbp` is what the last settlement of the fund carried out.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT`, `ECA_STATUS_UNKNOWN` for another allocation, `ECA_STATUS_VALUE` for what is negative,
/// `ECA_STATUS_DUPLICATE`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `lines` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_fund_distribute(
    contributions_json: *const c_char,
    beneficiaries_json: *const c_char,
    allocation: *const c_char,
    carried_in_ugbp: i64,
    lines: *mut *mut c_char,
) -> eca_status {
    guard("eca_fund_distribute", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (contributions, beneficiaries, allocation, out) = unsafe {
            (
                text(contributions_json, "contributions_json")?,
                text(beneficiaries_json, "beneficiaries_json")?,
                text(allocation, "allocation")?,
                Out::new(lines, "lines")?,
            )
        };
        let given: Vec<Contribution> = read("contributions_json", contributions)?;
        let homes: Vec<Beneficiary> = read("beneficiaries_json", beneficiaries)?;
        let rule = match allocation {
            "equal" => Allocation::Equal,
            "by_weight" => Allocation::ByWeight,
            other => return Err(Failure::unknown("allocation", other, ["equal", "by_weight"])),
        };
        string::lend(json_of(&settle::distribute(&given, &homes, rule, carried_in_ugbp)?, "lines")?, out)
    })
}

/// Gives what is known of flexibility products as a JSON array: route, response, duration, least power, pay, pay factor, with the
/// day of which it is the state and how sure it is. Free it with `eca_string_free`. A contract's own numbers come first.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`.
///
/// # Safety
/// `products` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_products_to_json(products: *mut *mut c_char) -> eca_status {
    guard("eca_products_to_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(products, "products") }?;
        string::lend(json_of(&settle::products(), "products")?, out)
    })
}

fn read<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, Error> {
    serde_json::from_str(text).map_err(|e| Error::Document { path: what.to_owned(), message: e.to_string() })
}
