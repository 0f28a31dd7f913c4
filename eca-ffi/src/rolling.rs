//! The rolling horizon: documents in, steps out.

mod controller;
mod shadow;
mod step;

pub use controller::*;
pub use shadow::*;
pub use step::*;

use crate::args::text;
use crate::error::Result;
use eca_core::mpc::ControllerSettings;
use std::ffi::c_char;

/// Settings of a controller from a document; NULL for the defaults.
///
/// # Safety
/// `json` is NULL or points to a text that ends with NUL.
unsafe fn settings(json: *const c_char, argument: &'static str) -> Result<ControllerSettings> {
    // SAFETY: the caller promises the same.
    let json = if json.is_null() { "{}" } else { unsafe { text(json, argument) }? };
    Ok(ControllerSettings::from_json(json)?)
}
