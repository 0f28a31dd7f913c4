//! Stopping a solve from another thread.

use crate::args::Out;
use crate::guard::guard;
use crate::handle::{self, Object, eca_cancel};
use crate::status::eca_status;
use eca_core::CancelToken;

/// A cancellation token in the table.
#[derive(Default)]
pub(crate) struct Cancel(pub(crate) CancelToken);

impl Object for Cancel {
    type Opaque = eca_cancel;
    const KIND: usize = 4;
}

/// Makes a cancellation token for one solve, or for several that are stopped together. Free it with `eca_cancel_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`.
///
/// # Safety
/// `cancel` is NULL or points to an `eca_cancel *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_cancel_new(cancel: *mut *mut eca_cancel) -> eca_status {
    guard("eca_cancel_new", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(cancel, "cancel") }?;
        handle::put(Cancel::default(), out)
    })
}

/// Asks the solves that use this token to stop; they return the best plan so far, or `ECA_STATUS_CANCELLED`.
///
/// It cannot be taken back: a later solve needs a new token. Any thread, but not a signal handler.
/// Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
#[unsafe(no_mangle)]
pub extern "C" fn eca_cancel_request(cancel: *const eca_cancel) -> eca_status {
    guard("eca_cancel_request", || {
        handle::get::<Cancel>(cancel, "cancel")?.0.cancel();
        Ok(())
    })
}

/// Gives 1 if a stop was asked for, else 0.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `requested` is NULL or points to an `int32_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_cancel_requested(cancel: *const eca_cancel, requested: *mut i32) -> eca_status {
    guard("eca_cancel_requested", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(requested, "requested") }?;
        out.write(handle::get::<Cancel>(cancel, "cancel")?.0.is_cancelled().into());
        Ok(())
    })
}

/// Frees a token. NULL is allowed. A solve that uses it runs on.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_cancel_free(cancel: *mut eca_cancel) -> eca_status {
    guard("eca_cancel_free", || handle::free::<Cancel>(cancel, "cancel"))
}
