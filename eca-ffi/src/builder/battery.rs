//! Batteries.

use super::change;
use crate::args::text;
use crate::fields::{self, Field, put};
use crate::guard::guard;
use crate::handle::eca_builder;
use crate::status::eca_status;
use eca_core::Battery;
use std::ffi::c_char;

/// Each takes any number; eca-core judges it.
const NUMBERS: [Field<Battery, f64>; 8] = [
    ("power_capacity_mw", |b, v| put(&mut b.power_capacity_mw, v)),
    ("energy_capacity_mwh", |b, v| put(&mut b.energy_capacity_mwh, v)),
    ("charge_efficiency", |b, v| put(&mut b.charge_efficiency, v)),
    ("discharge_efficiency", |b, v| put(&mut b.discharge_efficiency, v)),
    ("wear_gbp_per_mwh", |b, v| put(&mut b.wear_gbp_per_mwh, v)),
    ("soc_mwh", |b, v| put(&mut b.soc_mwh, v)),
    ("soc_min_mwh", |b, v| put(&mut b.soc_min_mwh, v)),
    ("end_soc_min_mwh", |b, v| put(&mut b.end_soc_min_mwh, Some(v))),
];

/// Adds a battery behind the connection of `region`: most charge and discharge at the grid terminals (MW), usable energy (MWh).
///
/// It starts empty, without losses or wear, and free at the end. The region may be added later. Any thread.
/// Errors: `ECA_STATUS_DUPLICATE` for an id that is there already, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `battery` and `region` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_battery(
    builder: *mut eca_builder,
    battery: *const c_char,
    region: *const c_char,
    power_capacity_mw: f64,
    energy_capacity_mwh: f64,
) -> eca_status {
    guard("eca_builder_add_battery", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, region) = unsafe { (text(battery, "battery")?, text(region, "region")?) };
        change(builder, |parts| {
            parts.batteries.add(id, Battery::new(id, region, power_capacity_mw, energy_capacity_mwh))
        })
    })
}

/// Sets a number of a battery: `power_capacity_mw`, `energy_capacity_mwh`, `charge_efficiency` and `discharge_efficiency`
/// (in (0, 1]), `wear_gbp_per_mwh`, `soc_mwh` (at the start), `soc_min_mwh` (reserve), `end_soc_min_mwh` (wanted at the end).
///
/// Values are judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_UNKNOWN` for another battery or field,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `battery` and `field` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_battery_set_number(
    builder: *mut eca_builder,
    battery: *const c_char,
    field: *const c_char,
    value: f64,
) -> eca_status {
    guard("eca_builder_battery_set_number", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(battery, "battery")?, text(field, "field")?) };
        change(builder, |parts| {
            let battery = parts.batteries.get(id)?;
            fields::set(&NUMBERS, battery, "battery number", || format!("battery `{id}`"), field, value)
        })
    })
}
