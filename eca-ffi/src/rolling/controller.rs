//! A controller: one planning step after the other.

use super::settings;
use super::step::Stepped;
use crate::args::{Out, text};
use crate::cancel::Cancel;
use crate::guard::guard;
use crate::handle::{self, Object, eca_cancel, eca_controller, eca_step};
use crate::lock::lock;
use crate::status::eca_status;
use eca_core::mpc::{Controller, Uncertainty};
use eca_core::{Control, Timestamp};
use std::ffi::c_char;
use std::sync::Mutex;

/// A controller in the table.
pub(crate) struct Rolling(Mutex<Controller>);

impl Object for Rolling {
    type Opaque = eca_controller;
    const KIND: usize = 7;
}

/// Makes a controller that has sent nothing yet. Free it with `eca_controller_free`.
///
/// `settings_json` is an object with any of `engine`, `solver`, `gap`, `time_limit_s`, `node_limit`, `seed`, `references`;
/// `committed_periods`, how many periods beyond the first are sent out ahead and stay as they are (0); `shadow`, true if
/// steps only propose (false); `risk`, `"expected"` (the default), `{"quantile": {"level": 0.9}}` or
/// `{"budget": {"periods": 4, "width": 1.0, "rounds": 8}}`. NULL is `{}`.
///
/// Any thread. Errors: `ECA_STATUS_DOCUMENT` for what is not of that form, `ECA_STATUS_UNKNOWN` for an engine or solver that
/// does not exist, `ECA_STATUS_VALUE`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`.
///
/// # Safety
/// `settings_json` is NULL or ends with NUL, `controller` is NULL or points to an `eca_controller *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_controller_new(
    settings_json: *const c_char,
    controller: *mut *mut eca_controller,
) -> eca_status {
    guard("eca_controller_new", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (settings, out) =
            unsafe { (settings(settings_json, "settings_json")?, Out::new(controller, "controller")?) };
        handle::put(Rolling(Mutex::new(Controller::new(settings)?)), out)
    })
}

/// Plans and says what to do at `now_unix_s`, seconds since 1970-01-01T00:00:00Z. Free the step with `eca_step_free`.
///
/// `document` is a problem document (`eca-problem/1`) that need not be a valid problem: its horizon starts with the current
/// period, jobs and batteries are in the state observed at that start, series are forecasts, deadlines may lie beyond the
/// horizon and jobs may be late. `uncertainty` is an object with standard deviations of the forecasts,
/// `import_price_sd_gbp_per_mwh`, `carbon_sd_g_per_kwh` by region, `demand_sd_inferences` by service; it may be NULL, as
/// `cancel` may.
///
/// What was sent by earlier steps stays, and is repeated with the same keys. There is always an answer: `eca_step_source`
/// says how good it is. The call blocks; steps of one controller wait for each other.
///
/// Any thread. Errors: `ECA_STATUS_TIME` for a horizon whose first period is over or that goes back in time,
/// `ECA_STATUS_DOCUMENT`, `ECA_STATUS_VALUE`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `document` and `uncertainty` are NULL or end with NUL, `step` is NULL or points to an `eca_step *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_controller_step(
    controller: *const eca_controller,
    now_unix_s: i64,
    document: *const c_char,
    uncertainty: *const c_char,
    cancel: *const eca_cancel,
    step: *mut *mut eca_step,
) -> eca_status {
    guard("eca_controller_step", || {
        // SAFETY: the caller promises that both are NULL or valid.
        let (document, out) = unsafe { (text(document, "document")?, Out::new(step, "step")?) };
        let uncertainty = match uncertainty.is_null() {
            true => Uncertainty::default(),
            // SAFETY: not NULL, and the caller promises the rest.
            false => Uncertainty::from_json(unsafe { text(uncertainty, "uncertainty") }?)?,
        };
        let rolling = handle::get::<Rolling>(controller, "controller")?;
        let mut control = Control::default();
        if let Some(cancel) = handle::get_if_given::<Cancel>(cancel, "cancel")? {
            control.cancel = cancel.0.clone();
        }
        let now = Timestamp::from_unix_s(now_unix_s)?;
        let stepped = lock(&rolling.0)?.step_json(now, document, &uncertainty, &control)?;
        handle::put(Stepped(stepped), out)
    })
}

/// Frees a controller. NULL is allowed. Its steps stay.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_controller_free(controller: *mut eca_controller) -> eca_status {
    guard("eca_controller_free", || handle::free::<Rolling>(controller, "controller"))
}
