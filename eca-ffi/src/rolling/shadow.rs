//! Shadow mode and its ledger.

use super::settings;
use super::step::Stepped;
use crate::args::{Out, array, text, texts};
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::handle::{self, Object, eca_shadow, eca_step};
use crate::lock::lock;
use crate::problem::json_of;
use crate::status::eca_status;
use crate::string;
use eca_core::mpc::{Entry, Ledger, Shadow};
use eca_core::{ProblemDocument, Timestamp};
use std::collections::BTreeMap;
use std::ffi::c_char;
use std::sync::Mutex;

/// A shadow in the table.
pub(crate) struct Watching(Mutex<Shadow>);

impl Object for Watching {
    type Opaque = eca_shadow;
    const KIND: usize = 8;
}

/// Who is compared.
const NAMES: [&str; 3] = ["eca", "run_at_once", "site"];

type Number = (&'static str, fn(&Entry) -> f64);

const NUMBERS: [Number; 11] = [
    ("cost_gbp", |e| e.cost_gbp),
    ("import_kwh", |e| e.import_kwh),
    ("export_kwh", |e| e.export_kwh),
    ("carbon_kg", |e| e.carbon_kg),
    ("inferences", |e| e.inferences),
    ("shed_inferences", |e| e.shed_inferences),
    ("overload_kwh", |e| e.overload_kwh),
    ("revenue_gbp", |e| e.revenue_gbp),
    ("shortfall_kwh", |e| e.shortfall_kwh),
    ("shortfall_gbp", |e| e.shortfall_gbp),
    ("periods", |e| e.periods as f64),
];

fn booked(ledger: &Ledger, path: &str) -> Result<f64> {
    let found = path.split_once('.').and_then(|(name, number)| {
        let name = NAMES.iter().find(|known| **known == name)?;
        let (_, number) = NUMBERS.iter().find(|known| known.0 == number)?;
        Some(ledger.entries.get(*name).map_or(0.0, number))
    });
    found.ok_or_else(|| {
        let all = NAMES.iter().flat_map(|name| NUMBERS.iter().map(move |number| format!("{name}.{}", number.0)));
        let all: Vec<String> = all.collect();
        Failure::unknown("ledger number", path, all.iter().map(String::as_str))
    })
}

/// Makes a shadow: a controller that is asked and not followed. Free it with `eca_shadow_free`.
///
/// `settings_json` is that of `eca_controller_new`; steps only propose, whatever it says of `shadow`.
///
/// Any thread. Errors are those of `eca_controller_new`.
///
/// # Safety
/// `settings_json` is NULL or ends with NUL, `shadow` is NULL or points to an `eca_shadow *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_shadow_new(settings_json: *const c_char, shadow: *mut *mut eca_shadow) -> eca_status {
    guard("eca_shadow_new", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (settings, out) = unsafe { (settings(settings_json, "settings_json")?, Out::new(shadow, "shadow")?) };
        handle::put(Watching(Mutex::new(Shadow::new(settings)?)), out)
    })
}

/// Plans as the controller would for a site that had followed it so far. Free the step with `eca_step_free`.
///
/// `now_unix_s` and `document` are those of `eca_controller_step`. Jobs are taken over in the state in which they are first
/// seen, batteries once; after that they are followed on paper.
///
/// Any thread. Errors are those of `eca_controller_step`, and `ECA_STATUS_TIME` if the period before was not closed.
///
/// # Safety
/// `document` is NULL or ends with NUL, `step` is NULL or points to an `eca_step *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_shadow_step(
    shadow: *const eca_shadow,
    now_unix_s: i64,
    document: *const c_char,
    step: *mut *mut eca_step,
) -> eca_status {
    guard("eca_shadow_step", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (document, out) = unsafe { (text(document, "document")?, Out::new(step, "step")?) };
        let watching = handle::get::<Watching>(shadow, "shadow")?;
        let document = ProblemDocument::from_json(document)?;
        let stepped = lock(&watching.0)?.step(Timestamp::from_unix_s(now_unix_s)?, &document)?;
        handle::put(Stepped(stepped), out)
    })
}

/// Books the period of the last step for `eca`, for `run_at_once` (every job as soon as it may, batteries at rest), and for
/// the `site` as it was metered.
///
/// `actual` is a problem document of that one period with what really were its prices, carbon, weather and demand; its jobs
/// and batteries are not read. `import_mwh` has what each of the `length` regions imported; one that is not named imported
/// nothing.
///
/// Any thread. Errors: `ECA_STATUS_TIME` for another period, `ECA_STATUS_UNKNOWN` for a region that `actual` does not have,
/// `ECA_STATUS_VALUE` for an import that is not a number of at least 0, those of `eca_problem_from_json`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `actual` is NULL or ends with NUL; `regions` is NULL or has `length` pointers, each NULL or to a text that ends with NUL;
/// `import_mwh` is NULL or has `length` values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_shadow_close(
    shadow: *const eca_shadow,
    actual: *const c_char,
    regions: *const *const c_char,
    import_mwh: *const f64,
    length: usize,
) -> eca_status {
    guard("eca_shadow_close", || {
        // SAFETY: the caller promises all of them.
        let (actual, names, values) = unsafe {
            (text(actual, "actual")?, texts(regions, length, "regions")?, array(import_mwh, length, "import_mwh")?)
        };
        let watching = handle::get::<Watching>(shadow, "shadow")?;
        let actual = ProblemDocument::from_json(actual)?;
        let imports: BTreeMap<_, _> = names.into_iter().zip(values).map(|(name, &mwh)| (name.into(), mwh)).collect();
        lock(&watching.0)?.close(&actual, &imports)?;
        Ok(())
    })
}

/// Gives a sum of the ledger: `eca.`, `run_at_once.` or `site.`, and behind it `cost_gbp`, `import_kwh`, `export_kwh`,
/// `carbon_kg`, `inferences`, `shed_inferences`, `overload_kwh`, `revenue_gbp`,
/// `shortfall_kwh`, `shortfall_gbp` or `periods`; 0 before the first period is closed.
///
/// What was saved is a difference: `site.cost_gbp` less `eca.cost_gbp`. Any thread. Errors: `ECA_STATUS_UNKNOWN` for another
/// path, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `path` is NULL or ends with NUL, `value` is NULL or points to a `double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_shadow_number(
    shadow: *const eca_shadow,
    path: *const c_char,
    value: *mut f64,
) -> eca_status {
    guard("eca_shadow_number", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (path, out) = unsafe { (text(path, "path")?, Out::new(value, "value")?) };
        let watching = handle::get::<Watching>(shadow, "shadow")?;
        let found = booked(lock(&watching.0)?.ledger(), path)?;
        out.write(found);
        Ok(())
    })
}

/// Gives the ledger as JSON: `entries` by name with their sums and highest imports. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `json` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_shadow_ledger_json(shadow: *const eca_shadow, json: *mut *mut c_char) -> eca_status {
    guard("eca_shadow_ledger_json", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(json, "json") }?;
        let watching = handle::get::<Watching>(shadow, "shadow")?;
        let text = json_of(lock(&watching.0)?.ledger(), "ledger")?;
        string::lend(text, out)
    })
}

/// Frees a shadow. NULL is allowed. Its steps stay.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_shadow_free(shadow: *mut eca_shadow) -> eca_status {
    guard("eca_shadow_free", || handle::free::<Watching>(shadow, "shadow"))
}
