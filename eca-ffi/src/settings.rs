//! Settings of a solve, by name.

use crate::args::{Out, text};
use crate::error::{Failure, Result};
use crate::fields::{self, Field, count, flag, put};
use crate::guard::guard;
use crate::handle::{self, Object, eca_settings};
use crate::lock::lock;
use crate::status::eca_status;
use eca_core::{Engine, Settings, Solver};
use std::ffi::c_char;
use std::sync::Mutex;

/// Settings in the table.
#[derive(Default)]
pub(crate) struct Choice(Mutex<Settings>);

impl Object for Choice {
    type Opaque = eca_settings;
    const KIND: usize = 3;
}

impl Choice {
    /// The settings as they are now.
    pub(crate) fn now(&self) -> Result<Settings> {
        Ok(lock(&self.0)?.clone())
    }
}

fn at_least_zero(value: f64, unit: &'static str) -> Result<f64, fields::Refused> {
    if value.is_finite() && value >= 0.0 { Ok(value) } else { Err(("must be finite and at least 0", unit)) }
}

const NUMBERS: [Field<Settings, f64>; 5] = [
    ("gap", |s, v| at_least_zero(v, "of the objective").and_then(|v| put(&mut s.gap, v))),
    ("time_limit_s", |s, v| {
        s.time_limit_s = Some(at_least_zero(v, "s")?);
        Ok(())
    }),
    ("node_limit", |s, v| {
        s.node_limit = Some(count(v)?);
        Ok(())
    }),
    ("seed", |s, v| count(v).and_then(|v| put(&mut s.seed, v))),
    ("references", |s, v| flag(v).and_then(|v| put(&mut s.references, v))),
];

/// The value called `name`.
pub(crate) fn choose<T: Copy>(kind: &'static str, choices: &[(&str, T)], name: &str) -> Result<T> {
    let found = choices.iter().find(|choice| choice.0 == name).map(|choice| choice.1);
    found.ok_or_else(|| Failure::unknown(kind, name, choices.iter().map(|choice| choice.0)))
}

fn set_text(settings: &mut Settings, field: &str, value: &str) -> Result<()> {
    match field {
        "engine" => settings.engine = choose("engine", Engine::NAMES, value)?,
        "solver" => settings.solver = choose("solver", Solver::NAMES, value)?,
        _ => return Err(Failure::unknown("settings text", field, ["engine", "solver"])),
    }
    Ok(())
}

/// Makes settings with their defaults. Free them with `eca_settings_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`.
///
/// # Safety
/// `settings` is NULL or points to an `eca_settings *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_settings_new(settings: *mut *mut eca_settings) -> eca_status {
    guard("eca_settings_new", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(settings, "settings") }?;
        handle::put(Choice::default(), out)
    })
}

/// Sets a number:
/// `gap`, stop when `(objective - bound) / max(1, |objective|)` is at most this (1e-4);
/// `time_limit_s`, stop after so many seconds with the best plan so far (no limit);
/// `node_limit`, stop after so many branch-and-bound nodes, the same plan on every run (no limit);
/// `seed` of the solver (0);
/// `references`, 1 if the plan compares itself with simple policies, else 0 (1).
///
/// Any thread; a solve that runs keeps the settings it was started with. Errors: `ECA_STATUS_UNKNOWN` for another field,
/// `ECA_STATUS_VALUE`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `field` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_settings_set_number(
    settings: *mut eca_settings,
    field: *const c_char,
    value: f64,
) -> eca_status {
    guard("eca_settings_set_number", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let field = unsafe { text(field, "field") }?;
        let settings = handle::get::<Choice>(settings, "settings")?;
        let mut settings = lock(&settings.0)?;
        fields::set(&NUMBERS, &mut *settings, "settings number", || "settings".to_owned(), field, value)
    })
}

/// Sets a choice: `engine` to `auto`, `greedy`, `exact`, `columns` or `fleet`; `solver` to `auto`, `highs` or `microlp`.
///
/// Any thread; a solve that runs keeps the settings it was started with. Errors: `ECA_STATUS_UNKNOWN` for another field or
/// value, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `field` and `value` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_settings_set_text(
    settings: *mut eca_settings,
    field: *const c_char,
    value: *const c_char,
) -> eca_status {
    guard("eca_settings_set_text", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (field, value) = unsafe { (text(field, "field")?, text(value, "value")?) };
        let settings = handle::get::<Choice>(settings, "settings")?;
        set_text(&mut *lock(&settings.0)?, field, value)
    })
}

/// Frees settings. NULL is allowed.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for settings that were freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_settings_free(settings: *mut eca_settings) -> eca_status {
    guard("eca_settings_free", || handle::free::<Choice>(settings, "settings"))
}
