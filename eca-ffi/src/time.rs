//! Instants between text and seconds.

use crate::args::{Out, text};
use crate::guard::guard;
use crate::status::eca_status;
use crate::string;
use eca_core::Timestamp;
use std::ffi::c_char;

/// Reads an RFC 3339 instant such as `2026-03-02T00:00:00Z` into seconds since 1970-01-01T00:00:00Z.
///
/// A time without an offset is refused: half a year of such data is one hour wrong in Great Britain. Any thread.
/// Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_TIME`.
///
/// # Safety
/// `instant` is NULL or ends with NUL, `unix_s` is NULL or points to an `int64_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_time_from_text(instant: *const c_char, unix_s: *mut i64) -> eca_status {
    guard("eca_time_from_text", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (instant, out) = unsafe { (text(instant, "instant")?, Out::new(unix_s, "unix_s")?) };
        out.write(Timestamp::parse(instant)?.unix_s());
        Ok(())
    })
}

/// Writes seconds since 1970-01-01T00:00:00Z as text such as `2026-03-02T00:00:00Z`. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_TIME` outside the years 1900 to 2199.
///
/// # Safety
/// `instant` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_time_to_text(unix_s: i64, instant: *mut *mut c_char) -> eca_status {
    guard("eca_time_to_text", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(instant, "instant") }?;
        string::lend(Timestamp::from_unix_s(unix_s)?.to_string(), out)
    })
}
