//! Texts that the library hands out: allocated here, freed here.

use crate::args::Out;
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::lock::lock;
use crate::status::eca_status;
use std::collections::BTreeMap;
use std::ffi::c_char;
use std::sync::Mutex;

/// A text in the hands of C. Its length is kept here, because C may write into it.
struct Lent(*mut [u8]);

// SAFETY: the pointer owns its bytes and nothing in them belongs to a thread.
unsafe impl Send for Lent {}

impl Drop for Lent {
    fn drop(&mut self) {
        // SAFETY: it came from `Box::into_raw` in `lend` and is dropped once, when it leaves the table.
        drop(unsafe { Box::from_raw(self.0) });
    }
}

static LENT: Mutex<BTreeMap<usize, Lent>> = Mutex::new(BTreeMap::new());

/// Hands a text to C.
pub(crate) fn lend(text: String, out: Out<*mut c_char>) -> Result<()> {
    let mut bytes = text.into_bytes();
    bytes.push(0);
    let mut table = lock(&LENT)?;
    let lent = Box::into_raw(bytes.into_boxed_slice());
    table.insert(lent.addr(), Lent(lent));
    drop(table);
    out.write(lent.cast::<c_char>());
    Ok(())
}

/// Texts that are not freed yet.
pub(crate) fn live() -> Result<usize> {
    Ok(lock(&LENT)?.len())
}

/// Frees a text that a function of this library gave through a `char **`. NULL is allowed.
///
/// A text that is not (or no longer) one of the library's is refused without touching it. Any thread.
/// Errors: `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// Nobody uses the text any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_string_free(text: *mut c_char) -> eca_status {
    guard("eca_string_free", || {
        if text.is_null() {
            return Ok(());
        }
        let found = lock(&LENT)?.remove(&text.addr());
        found.map(drop).ok_or_else(|| Failure::Handle {
            argument: "text",
            problem: "is not a text of this library, or was freed before".to_owned(),
        })
    })
}
