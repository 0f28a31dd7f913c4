//! Problems from and to JSON.

use crate::args::{Out, text, text_n};
use crate::error::Result;
use crate::guard::guard;
use crate::handle::{self, Object, eca_problem};
use crate::status::eca_status;
use crate::string;
use eca_core::{Error, Problem};
use std::ffi::c_char;

/// A validated problem in the table.
pub(crate) struct Validated(pub(crate) Problem);

impl Object for Validated {
    type Opaque = eca_problem;
    const KIND: usize = 2;
}

/// Text of any value that serde can write.
pub(crate) fn json_of(value: &impl serde::Serialize, what: &str) -> Result<String> {
    Ok(serde_json::to_string(value).map_err(|e| Error::Internal { message: format!("{what} to JSON: {e}") })?)
}

/// Reads and validates a problem document (`eca-problem/1`) that ends with NUL. Free it with `eca_problem_free`.
///
/// The text is copied. Any thread. Errors: `ECA_STATUS_DOCUMENT` with the path of what is not of the expected form, or
/// the first value that is refused: `ECA_STATUS_VALUE`, `_LENGTH`, `_DUPLICATE`, `_UNKNOWN`, `_UNSUPPORTED`,
/// `_CANNOT_FIT`, `_TIME`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// `json` is NULL or ends with NUL, `problem` is NULL or points to an `eca_problem *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_from_json(json: *const c_char, problem: *mut *mut eca_problem) -> eca_status {
    guard("eca_problem_from_json", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (json, out) = unsafe { (text(json, "json")?, Out::new(problem, "problem")?) };
        handle::put(Validated(Problem::from_json(json)?), out)
    })
}

/// `eca_problem_from_json` for a text of `length` bytes without a NUL behind it.
///
/// # Safety
/// `json` is NULL or has `length` bytes, `problem` is NULL or points to an `eca_problem *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_from_json_n(
    json: *const c_char,
    length: usize,
    problem: *mut *mut eca_problem,
) -> eca_status {
    guard("eca_problem_from_json_n", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (json, out) = unsafe { (text_n(json, length, "json")?, Out::new(problem, "problem")?) };
        handle::put(Validated(Problem::from_json(json)?), out)
    })
}

/// Gives the document of a problem as one line of JSON. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_to_json(problem: *const eca_problem, json: *mut *mut c_char) -> eca_status {
    guard("eca_problem_to_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        string::lend(handle::get::<Validated>(problem, "problem")?.0.to_json()?, out)
    })
}

/// Gives the SHA-256 of a problem in 64 hexadecimal digits, which plans and records cite. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `hash` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_hash(problem: *const eca_problem, hash: *mut *mut c_char) -> eca_status {
    guard("eca_problem_hash", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(hash, "hash") }?;
        string::lend(handle::get::<Validated>(problem, "problem")?.0.hash(), out)
    })
}

/// Gives the values that are allowed but look wrong, such as kW where MW is meant, as a JSON array of
/// `{"object", "field", "message"}`; `[]` where there are none. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_warnings_json(problem: *const eca_problem, json: *mut *mut c_char) -> eca_status {
    guard("eca_problem_warnings_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        let problem = handle::get::<Validated>(problem, "problem")?;
        string::lend(json_of(&problem.0.warnings(), "warnings")?, out)
    })
}

/// Gives the number of periods of the horizon: the length of every series of the problem and its plans.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `periods` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_problem_periods(problem: *const eca_problem, periods: *mut usize) -> eca_status {
    guard("eca_problem_periods", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(periods, "periods") }?;
        out.write(handle::get::<Validated>(problem, "problem")?.0.horizon().periods);
        Ok(())
    })
}

/// Frees a problem. NULL is allowed. Plans made from it stay as they are; a solve of it that runs is not disturbed.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_problem_free(problem: *mut eca_problem) -> eca_status {
    guard("eca_problem_free", || handle::free::<Validated>(problem, "problem"))
}
