//! The panic guard of every export: nothing unwinds into the caller.

use crate::error::{Failure, Result, keep};
use crate::status::{ECA_STATUS_OK, ECA_STATUS_PANIC, eca_status};
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs the body of an export; a failure or a panic becomes a status and the last error of the thread.
pub(crate) fn guard(function: &'static str, body: impl FnOnce() -> Result<()>) -> eca_status {
    let ran = catch_unwind(AssertUnwindSafe(|| {
        hook();
        match body() {
            Ok(()) => ECA_STATUS_OK,
            Err(failure) => keep(function, &failure),
        }
    }));
    ran.unwrap_or_else(|payload| {
        let failure = Failure::Panic(text_of(payload));
        value_guard(ECA_STATUS_PANIC, || keep(function, &failure))
    })
}

/// Runs the body of an export that returns a value and cannot fail; `otherwise` stands in after a panic.
pub(crate) fn value_guard<T: Copy>(otherwise: T, body: impl FnOnce() -> T) -> T {
    catch_unwind(AssertUnwindSafe(|| {
        hook();
        body()
    }))
    .unwrap_or_else(|payload| {
        discard(payload);
        otherwise
    })
}

/// The text of a panic.
fn text_of(payload: Box<dyn Any + Send>) -> String {
    let text = payload
        .downcast_ref::<&str>()
        .map(|text| (*text).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "without a message".to_owned());
    discard(payload);
    text
}

/// Drops a payload. If that panics in turn, the second payload is leaked: it must end somewhere.
fn discard(payload: Box<dyn Any + Send>) {
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        std::mem::forget(second);
    }
}

#[cfg(not(any(feature = "test-hooks", debug_assertions)))]
fn hook() {}

#[cfg(any(feature = "test-hooks", debug_assertions))]
use test_hook::hook;

#[cfg(any(feature = "test-hooks", debug_assertions))]
pub use test_hook::eca_test_panic_next;

#[cfg(any(feature = "test-hooks", debug_assertions))]
mod test_hook {
    use std::cell::Cell;

    thread_local! {
        static PANIC_NEXT: Cell<bool> = const { Cell::new(false) };
    }

    /// Panics if the test asked for it.
    #[allow(clippy::panic, reason = "the panic is what is tested")]
    pub(super) fn hook() {
        if PANIC_NEXT.try_with(|flag| flag.replace(false)) == Ok(true) {
            panic!("asked for by eca_test_panic_next");
        }
    }

    /// Makes the next call on this thread panic inside its guard. Not in the header and not in release builds.
    ///
    /// cbindgen:ignore
    #[unsafe(no_mangle)]
    pub extern "C" fn eca_test_panic_next() {
        let _ = PANIC_NEXT.try_with(|flag| flag.set(true));
    }
}
