//! The loop itself.

use super::adapter::{Table, eca_adapter};
use crate::args::{Out, text};
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::handle::{self, Object, eca_loop};
use crate::lock::lock;
use crate::problem::json_of;
use crate::status::eca_status;
use crate::string;
use eca_core::adapter::foreign::Foreign;
use eca_core::adapter::memory::MemoryState;
use eca_core::live::{Live, LiveSettings, Plant};
use eca_core::{ProblemDocument, Timestamp};
use std::ffi::c_char;
use std::sync::{Arc, Mutex};

/// A loop that is being put together, or that has begun.
enum Stage {
    Building(Box<(Plant, LiveSettings)>),
    Running(Box<Live>),
}

/// A loop in the table.
pub(crate) struct Loop(Mutex<Stage>);

impl Object for Loop {
    type Opaque = eca_loop;
    const KIND: usize = 10;
}

impl Loop {
    fn add(&self, add: impl FnOnce(Plant) -> Plant) -> Result<()> {
        match &mut *lock(&self.0)? {
            Stage::Building(parts) => {
                parts.0 = add(parts.0.clone());
                Ok(())
            }
            Stage::Running(_) => Err(Failure::Handle {
                argument: "live",
                problem: "has begun: add adapters before the first turn".to_owned(),
            }),
        }
    }

    fn run<T>(&self, work: impl FnOnce(&mut Live) -> Result<T>) -> Result<T> {
        let mut stage = lock(&self.0)?;
        if let Stage::Building(parts) = &*stage {
            let live = Live::new(parts.0.clone(), parts.1.clone(), Arc::new(MemoryState::default()))?;
            *stage = Stage::Running(Box::new(live));
        }
        match &mut *stage {
            Stage::Running(live) => work(live),
            Stage::Building(_) => Err(eca_core::Error::Internal { message: "a loop that did not begin".into() }.into()),
        }
    }
}

/// Makes a loop for a site, a problem document: signals, plan, check, commands, readings, again and again. Add adapters, then
/// call `eca_loop_tick` every minute. Free it with `eca_loop_free`.
///
/// `settings_json` is such as `{"shadow": false, "view_periods": 48, "max_reading_age_s": 120, "controller": {...}}`, where
/// `controller` is that of `eca_controller_new`; NULL for the defaults. In shadow mode, the default, nothing is told to
/// anybody.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// Texts are NULL or end with NUL, `live` is NULL or points to an `eca_loop *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_loop_new(
    document: *const c_char,
    settings_json: *const c_char,
    live: *mut *mut eca_loop,
) -> eca_status {
    guard("eca_loop_new", || {
        // SAFETY: the caller promises that each is NULL or valid.
        let (site, out) = unsafe { (text(document, "document")?, Out::new(live, "live")?) };
        // SAFETY: as above; NULL is none.
        let given = if settings_json.is_null() { "{}" } else { unsafe { text(settings_json, "settings_json") }? };
        let settings = LiveSettings::from_json(given)?;
        let plant = Plant::new(ProblemDocument::from_json(site)?);
        handle::put(Loop(Mutex::new(Stage::Building(Box::new((plant, settings))))), out)
    })
}

/// The parts of an addition, checked in the order of the parameters.
unsafe fn parts(
    live: *mut eca_loop,
    name: Option<(*const c_char, &'static str)>,
    kind: &str,
    adapter: *const eca_adapter,
) -> Result<(Arc<Loop>, String, Arc<Foreign<Table>>)> {
    let live = handle::get::<Loop>(live, "live")?;
    let name = match name {
        // SAFETY: the caller promises that it is NULL or a text.
        Some((name, argument)) => unsafe { text(name, argument) }?.to_owned(),
        None => String::new(),
    };
    let shown = if name.is_empty() { format!("{kind} in C") } else { format!("{kind} `{name}` in C") };
    // SAFETY: the caller promises that it is NULL or an adapter.
    let table = unsafe { Table::new(adapter, shown) }?;
    Ok((live, name, table))
}

/// Adds a cluster: its `read` gives the jobs under control.
///
/// Any thread, before the first turn. Errors: `ECA_STATUS_INVALID_HANDLE`, also for a loop that has begun,
/// `ECA_STATUS_DOCUMENT` for a table of another size, `ECA_STATUS_NULL_ARGUMENT`.
///
/// # Safety
/// `adapter` is NULL or points to an `eca_adapter`; its functions and data can be used until the loop is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_loop_add_cluster(live: *mut eca_loop, adapter: *const eca_adapter) -> eca_status {
    guard("eca_loop_add_cluster", || {
        // SAFETY: the caller promises the same.
        let (live, _, table) = unsafe { parts(live, None, "cluster", adapter) }?;
        live.add(|plant| plant.cluster(table))
    })
}

/// Sets the device of a battery of the site. A battery without one is not used; nor is a device of another name.
///
/// Any thread, before the first turn. Errors are those of `eca_loop_add_cluster`, and `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// As `eca_loop_add_cluster`; `battery` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_loop_add_battery(
    live: *mut eca_loop,
    battery: *const c_char,
    adapter: *const eca_adapter,
) -> eca_status {
    guard("eca_loop_add_battery", || {
        // SAFETY: the caller promises the same.
        let (live, battery, table) = unsafe { parts(live, Some((battery, "battery")), "battery", adapter) }?;
        live.add(|plant| plant.battery(battery, table))
    })
}

/// Sets the meter of a region of the site.
///
/// Any thread, before the first turn. Errors are those of `eca_loop_add_battery`.
///
/// # Safety
/// As `eca_loop_add_cluster`; `region` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_loop_add_meter(
    live: *mut eca_loop,
    region: *const c_char,
    adapter: *const eca_adapter,
) -> eca_status {
    guard("eca_loop_add_meter", || {
        // SAFETY: the caller promises the same.
        let (live, region, table) = unsafe { parts(live, Some((region, "region")), "meter of", adapter) }?;
        live.add(|plant| plant.meter(region, table))
    })
}

/// Adds a source of prices and carbon: its `read` gives a series file and when it was retrieved. The first one that answers
/// counts.
///
/// Any thread, before the first turn. Errors are those of `eca_loop_add_cluster`.
///
/// # Safety
/// As `eca_loop_add_cluster`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_loop_add_signals(live: *mut eca_loop, adapter: *const eca_adapter) -> eca_status {
    guard("eca_loop_add_signals", || {
        // SAFETY: the caller promises the same.
        let (live, _, table) = unsafe { parts(live, None, "signals", adapter) }?;
        live.add(|plant| plant.signals(table))
    })
}

/// Takes a turn, and gives what happened in it as JSON: readings, the plan of a new period, commands and their answers,
/// problems. Free it with `eca_string_free`. Call it every minute.
///
/// It calls the adapters. A turn does not fail: what goes wrong stands in `problems`, and the answer is the safe one.
///
/// Any thread, one turn at a time. Errors: `ECA_STATUS_TIME`, `ECA_STATUS_INVALID_HANDLE`, `ECA_STATUS_NULL_ARGUMENT`.
///
/// # Safety
/// `tick` is NULL or points to a `char *`; the adapters can be called.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_loop_tick(live: *mut eca_loop, now_unix_s: i64, tick: *mut *mut c_char) -> eca_status {
    guard("eca_loop_tick", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(tick, "tick") }?;
        let live = handle::get::<Loop>(live, "live")?;
        let now = Timestamp::from_unix_s(now_unix_s)?;
        let done = live.run(|live| Ok(live.tick(now).to_json()?))?;
        string::lend(done, out)
    })
}

/// Gives the ledger of shadow mode as JSON: what the site paid and emitted, and what ECA would have. Free it with
/// `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE`, `ECA_STATUS_NULL_ARGUMENT`, and those of the first `eca_loop_tick`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_loop_ledger(live: *mut eca_loop, json: *mut *mut c_char) -> eca_status {
    guard("eca_loop_ledger", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        let live = handle::get::<Loop>(live, "live")?;
        let ledger = live.run(|live| json_of(&live.ledger(), "ledger"))?;
        string::lend(ledger, out)
    })
}

/// Frees a loop; no adapter is called after it. NULL is allowed.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// Any value may be given.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_loop_free(live: *mut eca_loop) -> eca_status {
    guard("eca_loop_free", || handle::free::<Loop>(live, "live"))
}
