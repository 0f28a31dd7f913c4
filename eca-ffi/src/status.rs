//! Status codes: what every call returns. Numbers are never reused.

use crate::guard::value_guard;
use eca_core::ErrorKind;
use std::ffi::{CStr, c_char};

/// Result of a call: `ECA_STATUS_OK` or the reason of the failure. Treat numbers you do not know as failures.
pub type eca_status = i32;

/// The call did what it says.
pub const ECA_STATUS_OK: eca_status = 0;
/// A pointer that must point to something is NULL.
pub const ECA_STATUS_NULL_ARGUMENT: eca_status = 1;
/// A text is not UTF-8.
pub const ECA_STATUS_INVALID_UTF8: eca_status = 2;
/// A handle was freed, is of another type, or never came from this library.
pub const ECA_STATUS_INVALID_HANDLE: eca_status = 3;
/// A defect of ECA stopped the call. Free the handles it was given and report it.
pub const ECA_STATUS_PANIC: eca_status = 4;
/// The process was forked while another thread was inside ECA; the child cannot use what that thread held.
pub const ECA_STATUS_WRONG_PROCESS: eca_status = 5;
/// The caller was compiled with the header of another ABI version.
pub const ECA_STATUS_WRONG_ABI: eca_status = 6;
/// A pointer is not aligned for what it points to.
pub const ECA_STATUS_MISALIGNED: eca_status = 7;
/// A plan was checked and something is wrong with it.
pub const ECA_STATUS_CHECK_FAILED: eca_status = 8;
/// The text is not a document of the expected form.
pub const ECA_STATUS_DOCUMENT: eca_status = 10;
/// A value is outside its limits.
pub const ECA_STATUS_VALUE: eca_status = 11;
/// An array has the wrong number of values, or a buffer is too small.
pub const ECA_STATUS_LENGTH: eca_status = 12;
/// An identifier is used twice.
pub const ECA_STATUS_DUPLICATE: eca_status = 13;
/// A name refers to nothing; the message lists the names that exist.
pub const ECA_STATUS_UNKNOWN: eca_status = 14;
/// A feature that this version does not have.
pub const ECA_STATUS_UNSUPPORTED: eca_status = 15;
/// A job cannot meet its hard deadline even alone.
pub const ECA_STATUS_CANNOT_FIT: eca_status = 16;
/// A time stamp or settlement period is not usable.
pub const ECA_STATUS_TIME: eca_status = 17;
/// A series has gaps and the chosen policy refuses them.
pub const ECA_STATUS_GAP: eca_status = 18;
/// A signal file cannot be read.
pub const ECA_STATUS_PARSE: eca_status = 19;
/// A price in another currency without a rate.
pub const ECA_STATUS_CURRENCY: eca_status = 20;
/// The solver is missing, wrong or failed.
pub const ECA_STATUS_SOLVER: eca_status = 30;
/// No plan satisfies the hard limits; the message names them.
pub const ECA_STATUS_INFEASIBLE: eca_status = 31;
/// The solve was cancelled before a plan was found.
pub const ECA_STATUS_CANCELLED: eca_status = 32;
/// A plan does not belong to this problem.
pub const ECA_STATUS_MISMATCH: eca_status = 33;
/// A defect of ECA itself, found in time.
pub const ECA_STATUS_INTERNAL: eca_status = 90;

/// Status, the kind of eca-core it stands for, and its stable name.
const NAMES: [(eca_status, Option<ErrorKind>, &CStr); 25] = [
    (ECA_STATUS_OK, None, c"ok"),
    (ECA_STATUS_NULL_ARGUMENT, None, c"null_argument"),
    (ECA_STATUS_INVALID_UTF8, None, c"invalid_utf8"),
    (ECA_STATUS_INVALID_HANDLE, None, c"invalid_handle"),
    (ECA_STATUS_PANIC, None, c"panic"),
    (ECA_STATUS_WRONG_PROCESS, None, c"wrong_process"),
    (ECA_STATUS_WRONG_ABI, None, c"wrong_abi"),
    (ECA_STATUS_MISALIGNED, None, c"misaligned"),
    (ECA_STATUS_CHECK_FAILED, None, c"check_failed"),
    (ECA_STATUS_DOCUMENT, Some(ErrorKind::Document), c"document"),
    (ECA_STATUS_VALUE, Some(ErrorKind::Value), c"value"),
    (ECA_STATUS_LENGTH, Some(ErrorKind::Length), c"length"),
    (ECA_STATUS_DUPLICATE, Some(ErrorKind::Duplicate), c"duplicate"),
    (ECA_STATUS_UNKNOWN, Some(ErrorKind::Unknown), c"unknown"),
    (ECA_STATUS_UNSUPPORTED, Some(ErrorKind::Unsupported), c"unsupported"),
    (ECA_STATUS_CANNOT_FIT, Some(ErrorKind::CannotFit), c"cannot_fit"),
    (ECA_STATUS_TIME, Some(ErrorKind::Time), c"time"),
    (ECA_STATUS_GAP, Some(ErrorKind::Gap), c"gap"),
    (ECA_STATUS_PARSE, Some(ErrorKind::Parse), c"parse"),
    (ECA_STATUS_CURRENCY, Some(ErrorKind::Currency), c"currency"),
    (ECA_STATUS_SOLVER, Some(ErrorKind::Solver), c"solver"),
    (ECA_STATUS_INFEASIBLE, Some(ErrorKind::Infeasible), c"infeasible"),
    (ECA_STATUS_CANCELLED, Some(ErrorKind::Cancelled), c"cancelled"),
    (ECA_STATUS_MISMATCH, Some(ErrorKind::Mismatch), c"mismatch"),
    (ECA_STATUS_INTERNAL, Some(ErrorKind::Internal), c"internal"),
];

/// The status of an error of eca-core: the two share their numbers.
pub(crate) fn of_kind(kind: ErrorKind) -> eca_status {
    kind as i32
}

/// The stable name of a status; `other` for one that this version does not know.
pub(crate) fn name(status: eca_status) -> &'static CStr {
    NAMES.iter().find(|entry| entry.0 == status).map_or(c"other", |entry| entry.2)
}

/// The stable name of a status, such as `infeasible`; `other` for a number that this version does not know.
///
/// The text is static: never free it. Cannot fail; any thread.
#[unsafe(no_mangle)]
pub extern "C" fn eca_status_name(status: eca_status) -> *const c_char {
    value_guard(c"panic".as_ptr(), || name(status).as_ptr())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names_are_those_of_eca_core() {
        for (status, kind, name) in NAMES {
            if let Some(kind) = kind {
                assert_eq!(of_kind(kind), status);
                assert_eq!(name.to_str(), Ok(kind.name()));
            }
        }
    }

    #[test]
    fn no_number_is_used_twice() {
        let mut numbers: Vec<_> = NAMES.iter().map(|entry| entry.0).collect();
        numbers.dedup();
        assert!(numbers.is_sorted() && numbers.len() == NAMES.len());
        assert_eq!(name(-1), c"other");
    }
}
