//! Carbon caps.

use super::change;
use crate::args::{text, texts};
use crate::error::{Failure, Result};
use crate::fields::{self, Field, put};
use crate::guard::guard;
use crate::handle::eca_builder;
use crate::settings::choose;
use crate::status::eca_status;
use eca_core::{CapKind, CapMetric, CapWindow, CarbonCap};
use std::ffi::c_char;

const METRICS: [(&str, CapMetric); 3] =
    [("kg", CapMetric::Kg), ("g_per_kwh", CapMetric::GPerKwh), ("g_per_inference", CapMetric::GPerInference)];
const KINDS: [(&str, CapKind); 2] = [("strict", CapKind::Strict), ("priced", CapKind::Priced)];
const WINDOWS: [(&str, CapWindow); 2] = [("horizon", CapWindow::Horizon), ("day", CapWindow::Day)];

const NUMBERS: [Field<CarbonCap, f64>; 3] = [
    ("limit", |c, v| put(&mut c.limit, v)),
    ("price_gbp_per_kg", |c, v| put(&mut c.price_gbp_per_kg, Some(v))),
    ("window.rolling_h", |c, v| put(&mut c.window, CapWindow::RollingH(v))),
];

fn set_text(cap: &mut CarbonCap, field: &str, value: &str) -> Result<()> {
    match field {
        "kind" => cap.kind = choose("cap kind", &KINDS, value)?,
        "window" => cap.window = choose("cap window", &WINDOWS, value)?,
        "metric" => cap.metric = choose("cap metric", &METRICS, value)?,
        _ => return Err(Failure::unknown("carbon cap text", field, ["kind", "window", "metric"])),
    }
    Ok(())
}

/// Adds a carbon cap over the whole horizon and all regions. `metric` is `kg`, `g_per_kwh` (carbon of imports over facility
/// energy) or `g_per_inference`; `limit` is in that unit. It is strict: the excess is made as small as it can be.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another metric, `ECA_STATUS_DUPLICATE` for an id that is there already,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `cap` and `metric` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_carbon_cap(
    builder: *mut eca_builder,
    cap: *const c_char,
    metric: *const c_char,
    limit: f64,
) -> eca_status {
    guard("eca_builder_add_carbon_cap", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, metric) = unsafe { (text(cap, "cap")?, text(metric, "metric")?) };
        let metric = choose("cap metric", &METRICS, metric)?;
        change(builder, |parts| parts.caps.add(id, CarbonCap::strict(id, metric, limit, CapWindow::Horizon)))
    })
}

/// Sets a number of a cap: `limit`, `price_gbp_per_kg` of a priced cap, `window.rolling_h` for every window of so many hours.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another cap or field, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `cap` and `field` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_carbon_cap_set_number(
    builder: *mut eca_builder,
    cap: *const c_char,
    field: *const c_char,
    value: f64,
) -> eca_status {
    guard("eca_builder_carbon_cap_set_number", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(cap, "cap")?, text(field, "field")?) };
        change(builder, |parts| {
            let cap = parts.caps.get(id)?;
            fields::set(&NUMBERS, cap, "carbon cap number", || format!("carbon cap `{id}`"), field, value)
        })
    })
}

/// Sets a text of a cap: `kind` to `strict` or `priced`, `window` to `horizon` or `day` (London day), `metric`.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another cap, field or value, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `cap`, `field` and `value` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_carbon_cap_set_text(
    builder: *mut eca_builder,
    cap: *const c_char,
    field: *const c_char,
    value: *const c_char,
) -> eca_status {
    guard("eca_builder_carbon_cap_set_text", || {
        // SAFETY: the caller promises that all three are NULL or end with NUL.
        let (id, field, value) = unsafe { (text(cap, "cap")?, text(field, "field")?, text(value, "value")?) };
        change(builder, |parts| set_text(parts.caps.get(id)?, field, value))
    })
}

/// Limits a cap to `length` regions. They may be added later. The names are copied.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another cap, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `cap` is NULL or ends with NUL, `regions` is NULL or has `length` pointers, each NULL or to a text that ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_carbon_cap_set_regions(
    builder: *mut eca_builder,
    cap: *const c_char,
    regions: *const *const c_char,
    length: usize,
) -> eca_status {
    guard("eca_builder_carbon_cap_set_regions", || {
        // SAFETY: the caller promises both.
        let (id, regions) = unsafe { (text(cap, "cap")?, texts(regions, length, "regions")?) };
        change(builder, |parts| {
            parts.caps.get(id)?.regions = Some(regions.into_iter().map(Into::into).collect());
            Ok(())
        })
    })
}
