//! A table of functions as an adapter.

use crate::error::{Failure, Result};
use eca_core::adapter::foreign::{Call, Foreign};
use std::ffi::{CStr, CString, c_char, c_void};
use std::fmt;
use std::sync::Arc;

/// Answers a request, a JSON document, with one.
///
/// The answer is a text that ends with NUL and stays as it is until the next call of the same adapter; it is copied. NULL
/// means that there is no answer: nothing is known then, and the same call comes again. The request is gone when the
/// function returns. It must not throw a C++ exception or jump out with longjmp.
pub type eca_adapter_fn =
    Option<unsafe extern "C" fn(user_data: *mut c_void, request_json: *const c_char) -> *const c_char>;

/// An adapter that is written in C: jobs of a cluster, a battery, a meter or a source of signals.
///
/// `read` gets `{"now", "max_age_s"}` and answers with what it reads: for a cluster a list of
/// `{"at", "job", "power_mw", "checkpoint_at"}` with jobs as in a problem document, for a battery
/// `{"at", "soc_mwh", "charge_mw", "discharge_mw"}`, for a meter `{"at", "import_mw", "export_mw", "import_wh", "export_wh"}`,
/// for signals `{"csv", "retrieved_at"}`.
///
/// `apply` gets `{"action", "options"}` and answers with `"done"`, `"already_done"`, `"early"`, `"expired"`, `"overtaken"`
/// or `"would_do"`; `{"refused": "why"}` says no, `{"unknown": "what"}` that there is no such thing. Meters and signals
/// have none.
///
/// The functions are called from the thread that calls the loop. They and `user_data` can be used until the loop is freed.
#[repr(C)]
#[derive(Debug, Clone, Copy)]
pub struct eca_adapter {
    /// `sizeof(eca_adapter)`.
    pub size: usize,
    /// Handed to the functions and not looked at.
    pub user_data: *mut c_void,
    /// Never NULL.
    pub read: eca_adapter_fn,
    /// NULL for meters and signals.
    pub apply: eca_adapter_fn,
}

/// The table, and what it is for.
pub(super) struct Table {
    name: String,
    table: eca_adapter,
}

// SAFETY: the header says that functions and data may be used from the threads that call the loop, one at a time.
unsafe impl Send for Table {}
// SAFETY: as above; the loop is behind a lock.
unsafe impl Sync for Table {}

impl fmt::Debug for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

impl Table {
    /// # Safety
    /// `adapter` is NULL or points to an `eca_adapter` whose functions can be called.
    pub(super) unsafe fn new(adapter: *const eca_adapter, name: String) -> Result<Arc<Foreign<Self>>> {
        // SAFETY: the caller promises the same.
        let table = unsafe { crate::args::array(adapter, 1, "adapter") }?;
        let table = *table.first().ok_or(Failure::Null("adapter"))?;
        if table.size != size_of::<eca_adapter>() || table.read.is_none() {
            let (size, wanted) = (table.size, size_of::<eca_adapter>());
            let limit = format!("its size must be sizeof(eca_adapter), {wanted}, and `read` not NULL");
            let message = format!("`adapter` has size {size}: {limit}");
            return Err(eca_core::Error::Document { path: "adapter".into(), message }.into());
        }
        Ok(Arc::new(Foreign(Self { name, table })))
    }
}

impl Call for Table {
    fn call(&self, operation: &str, request: &str) -> std::result::Result<String, String> {
        let function = if operation == "apply" { self.table.apply } else { self.table.read };
        let function = function.ok_or_else(|| format!("`{operation}` is NULL"))?;
        let request = CString::new(request).map_err(|error| error.to_string())?;
        // SAFETY: the caller of the loop promised that function and data can be used.
        let answer = unsafe { function(self.table.user_data, request.as_ptr()) };
        if answer.is_null() {
            return Err(format!("`{operation}` gave NULL"));
        }
        // SAFETY: the header demands a text that ends with NUL and stays until the next call.
        let answer = unsafe { CStr::from_ptr(answer) };
        answer.to_str().map(ToOwned::to_owned).map_err(|error| error.to_string())
    }
}
