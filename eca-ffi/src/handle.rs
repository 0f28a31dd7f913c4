//! Handles: numbers in a table that look like pointers to C.
//!
//! A handle has a tag that no real address has, the kind of object and a serial number that is never used again. It is
//! looked up and never dereferenced, so a handle that was freed, made up or mixed up is an error and not a crash.
//! Objects are reference counted: one that is freed while another thread uses it lives until that call returns.

use crate::args::Out;
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::lock::lock;
use crate::status::eca_status;
use std::any::Any;
use std::collections::BTreeMap;
use std::ptr::without_provenance_mut;
use std::sync::{Arc, Mutex};

/// Top 16 bits of every handle: not canonical on x86-64 and beyond the user space of arm64, so never an address.
const TAG: usize = 0x0ECA;
/// Bits of the serial number; the kind has the 8 bits above it.
const SERIAL_BITS: u32 = 40;

/// What can be held by a handle.
pub(crate) trait Object: Any + Send + Sync {
    /// The type that C sees.
    type Opaque;
    /// Its number inside the handle; never 0 and never reused.
    const KIND: usize;
}

/// C names of the kinds, by number.
const KINDS: [&str; 11] = [
    "",
    "eca_builder",
    "eca_problem",
    "eca_settings",
    "eca_cancel",
    "eca_plan",
    "eca_conflict",
    "eca_controller",
    "eca_shadow",
    "eca_step",
    "eca_loop",
];

/// Collects regions, batteries, jobs, services and caps; `eca_builder_build` makes a problem of them.
#[derive(Debug)]
pub struct eca_builder {
    _opaque: [u8; 0],
}
/// A problem that has been validated. It never changes.
#[derive(Debug)]
pub struct eca_problem {
    _opaque: [u8; 0],
}
/// How a problem is solved.
#[derive(Debug)]
pub struct eca_settings {
    _opaque: [u8; 0],
}
/// Stops a running solve from another thread.
#[derive(Debug)]
pub struct eca_cancel {
    _opaque: [u8; 0],
}
/// A plan: what to do in each period, what it costs, and how good it is. It never changes.
#[derive(Debug)]
pub struct eca_plan {
    _opaque: [u8; 0],
}
/// Limits of a problem that cannot be kept together, and what would mend it. It never changes.
#[derive(Debug)]
pub struct eca_conflict {
    _opaque: [u8; 0],
}
/// A rolling horizon: plans again in each step, and keeps what it has committed to.
#[derive(Debug)]
pub struct eca_controller {
    _opaque: [u8; 0],
}
/// A controller that nobody follows, and a ledger of what would have been paid and emitted.
#[derive(Debug)]
pub struct eca_shadow {
    _opaque: [u8; 0],
}
/// A running loop: a site, its adapters, and what was told to them.
#[derive(Debug)]
pub struct eca_loop {
    _opaque: [u8; 0],
}
/// What one step of a controller or shadow gives. It never changes.
#[derive(Debug)]
pub struct eca_step {
    _opaque: [u8; 0],
}

struct Table {
    last_serial: usize,
    objects: BTreeMap<usize, Arc<dyn Any + Send + Sync>>,
}

static TABLE: Mutex<Table> = Mutex::new(Table { last_serial: 0, objects: BTreeMap::new() });

/// Puts an object into the table and its handle into `out`.
pub(crate) fn put<T: Object>(object: T, out: Out<*mut T::Opaque>) -> Result<()> {
    let object: Arc<dyn Any + Send + Sync> = Arc::new(object);
    let mut table = lock(&TABLE)?;
    let serial = table.last_serial + 1;
    if serial >> SERIAL_BITS != 0 {
        return Err(eca_core::Error::Internal { message: "out of handles".into() }.into());
    }
    table.last_serial = serial;
    let handle = (TAG << 48) | (T::KIND << SERIAL_BITS) | serial;
    table.objects.insert(handle, object);
    drop(table);
    out.write(without_provenance_mut(handle));
    Ok(())
}

/// The object of a handle.
pub(crate) fn get<T: Object>(handle: *const T::Opaque, argument: &'static str) -> Result<Arc<T>> {
    let value = expect_kind::<T>(handle, argument)?;
    let found = lock(&TABLE)?.objects.get(&value).cloned();
    found.and_then(|object| object.downcast().ok()).ok_or_else(|| gone(argument))
}

/// The object of a handle, or none for NULL.
pub(crate) fn get_if_given<T: Object>(handle: *const T::Opaque, argument: &'static str) -> Result<Option<Arc<T>>> {
    if handle.is_null() { Ok(None) } else { get(handle, argument).map(Some) }
}

/// Takes an object out of the table; NULL is fine. It is dropped when no call uses it any more.
pub(crate) fn free<T: Object>(handle: *mut T::Opaque, argument: &'static str) -> Result<()> {
    if handle.is_null() {
        return Ok(());
    }
    let value = expect_kind::<T>(handle, argument)?;
    let found = lock(&TABLE)?.objects.remove(&value);
    found.map(drop).ok_or_else(|| gone(argument))
}

/// The number of a handle that is of the kind of `T`, live or not.
fn expect_kind<T: Object>(handle: *const T::Opaque, argument: &'static str) -> Result<usize> {
    if handle.is_null() {
        return Err(Failure::Null(argument));
    }
    let value = handle.addr();
    let kind = (value >> SERIAL_BITS) & 0xff;
    let wanted = KINDS.get(T::KIND).copied().unwrap_or_default();
    match KINDS.get(kind) {
        Some(found) if value >> 48 == TAG && kind != 0 => {
            if kind == T::KIND {
                return Ok(value);
            }
            Err(Failure::Handle { argument, problem: format!("is a handle of type {found}, not {wanted}") })
        }
        _ => Err(Failure::Handle { argument, problem: format!("is not a handle of this library; give an {wanted}") }),
    }
}

fn gone(argument: &'static str) -> Failure {
    Failure::Handle { argument, problem: "was freed before".to_owned() }
}

/// Gives the number of handles and strings that are not freed yet. A program that frees all of them ends at 0.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`.
///
/// # Safety
/// `count` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_live_count(count: *mut usize) -> eca_status {
    guard("eca_live_count", || {
        // SAFETY: the caller promises that `count` is NULL or valid.
        let out = unsafe { Out::new(count, "count") }?;
        let handles = lock(&TABLE)?.objects.len();
        out.write(handles + crate::string::live()?);
        Ok(())
    })
}
