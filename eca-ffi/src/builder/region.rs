//! Regions: sites behind one grid connection each.

use super::change;
use crate::args::{series, text};
use crate::error::{Failure, Result};
use crate::fields::{self, Field, put};
use crate::guard::guard;
use crate::handle::eca_builder;
use crate::status::eca_status;
use eca_core::{Region, Series};
use std::ffi::c_char;

type SeriesField = (&'static str, fn(&mut Region, Series));

const SERIES: [SeriesField; 15] = [
    ("it_capacity_mw", |r, v| r.it_capacity_mw = v),
    ("overhead_mw", |r, v| r.overhead_mw = v),
    ("pue_slope", |r, v| r.pue_slope = v),
    ("import_limit_mw", |r, v| r.import_limit_mw = v),
    ("nonfirm_import_mw", |r, v| r.nonfirm_import_mw = v),
    ("export_limit_mw", |r, v| r.export_limit_mw = v),
    ("import_price_gbp_per_mwh", |r, v| r.import_price_gbp_per_mwh = v),
    ("export_price_gbp_per_mwh", |r, v| r.export_price_gbp_per_mwh = v),
    ("network_charge_gbp_per_mwh", |r, v| r.network_charge_gbp_per_mwh = v),
    ("congestion_gbp_per_mwh", |r, v| r.congestion_gbp_per_mwh = v),
    ("congestion_limit_mw", |r, v| r.congestion_limit_mw = Some(v)),
    ("carbon_g_per_kwh", |r, v| r.carbon_g_per_kwh = v),
    ("marginal_carbon_g_per_kwh", |r, v| r.marginal_carbon_g_per_kwh = Some(v)),
    ("renewable_share_frac", |r, v| r.renewable_share_frac = Some(v)),
    ("solar_mw", |r, v| r.solar_mw = v),
];

const NUMBERS: [Field<Region, f64>; 2] = [
    ("demand_charge_gbp_per_mw", |r, v| put(&mut r.demand_charge_gbp_per_mw, v)),
    ("p511_export_max_mw", |r, v| put(&mut r.p511_export_max_mw, Some(v))),
];

fn set_text(region: &mut Region, field: &str, value: &str) -> Result<()> {
    match field {
        "gsp_group" => region.gsp_group = Some(value.to_owned()),
        _ => return Err(Failure::unknown("region text", field, ["gsp_group"])),
    }
    Ok(())
}

/// Adds a region: a site with so much IT capacity (MW) behind a connection with this firm import limit (MW).
///
/// Everything else starts at zero, `pue_slope` at 1. Set at least `import_price_gbp_per_mwh` and `carbon_g_per_kwh` with
/// `eca_builder_region_set_series`. Any thread. Errors: `ECA_STATUS_DUPLICATE` for an id that is there already,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `region` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_region(
    builder: *mut eca_builder,
    region: *const c_char,
    it_capacity_mw: f64,
    import_limit_mw: f64,
) -> eca_status {
    guard("eca_builder_add_region", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let id = unsafe { text(region, "region") }?;
        change(builder, |parts| {
            let region = Region::new(id).it_capacity_mw(it_capacity_mw).import_limit_mw(import_limit_mw);
            parts.regions.add(id, region)
        })
    })
}

/// Sets a series of a region: one value for all periods (`length` 1) or one for each. The values are copied.
///
/// Fields: `it_capacity_mw`, `overhead_mw`, `pue_slope`, `import_limit_mw`, `nonfirm_import_mw`, `export_limit_mw`,
/// `import_price_gbp_per_mwh`, `export_price_gbp_per_mwh`, `network_charge_gbp_per_mwh`, `congestion_gbp_per_mwh`,
/// `congestion_limit_mw`, `carbon_g_per_kwh`, `marginal_carbon_g_per_kwh`, `renewable_share_frac`, `solar_mw`.
///
/// Values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_UNKNOWN` for another region or field,
/// `ECA_STATUS_LENGTH`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `region` and `field` are NULL or end with NUL, `values` is NULL or has `length` values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_region_set_series(
    builder: *mut eca_builder,
    region: *const c_char,
    field: *const c_char,
    values: *const f64,
    length: usize,
) -> eca_status {
    guard("eca_builder_region_set_series", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(region, "region")?, text(field, "field")?) };
        change(builder, |parts| {
            let periods = parts.horizon.periods;
            let region = parts.regions.get(id)?;
            let Some((_, setter)) = SERIES.iter().find(|known| known.0 == field) else {
                return Err(Failure::unknown("region series", field, SERIES.iter().map(|known| known.0)));
            };
            // SAFETY: the caller promises that there are so many values.
            setter(region, unsafe { series(values, "values", length, periods, || format!("region `{id}`"), field) }?);
            Ok(())
        })
    })
}

/// Sets a number of a region: `demand_charge_gbp_per_mw`, the price of the highest import of the horizon, GBP per MW, or
/// `p511_export_max_mw`, the largest half-hourly export up to which the metering point may trade wholesale, MW.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another region or field, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `region` and `field` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_region_set_number(
    builder: *mut eca_builder,
    region: *const c_char,
    field: *const c_char,
    value: f64,
) -> eca_status {
    guard("eca_builder_region_set_number", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(region, "region")?, text(field, "field")?) };
        change(builder, |parts| {
            let region = parts.regions.get(id)?;
            fields::set(&NUMBERS, region, "region number", || format!("region `{id}`"), field, value)
        })
    })
}

/// Sets a text of a region: `gsp_group`, its GSP group such as `_C` (London), for records only.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another region or field, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `region`, `field` and `value` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_region_set_text(
    builder: *mut eca_builder,
    region: *const c_char,
    field: *const c_char,
    value: *const c_char,
) -> eca_status {
    guard("eca_builder_region_set_text", || {
        // SAFETY: the caller promises that all three are NULL or end with NUL.
        let (id, field, value) = unsafe { (text(region, "region")?, text(field, "field")?, text(value, "value")?) };
        change(builder, |parts| set_text(parts.regions.get(id)?, field, value))
    })
}
