//! Online services.

use super::change;
use crate::args::{series, text};
use crate::error::Failure;
use crate::fields::{self, Field, put};
use crate::guard::guard;
use crate::handle::eca_builder;
use crate::status::eca_status;
use eca_core::{RoutingCost, Service, ServicePoint};
use std::collections::BTreeMap;
use std::ffi::c_char;

const NUMBERS: [Field<Service, f64>; 3] = [
    ("latency_limit_ms", |s, v| put(&mut s.latency_limit_ms, Some(v))),
    ("routing_cost_gbp_per_million", |s, v| put(&mut s.routing_cost_gbp_per_million, RoutingCost::Same(v))),
    ("shed_penalty_gbp_per_million", |s, v| put(&mut s.shed_penalty_gbp_per_million, v)),
];

type RegionField = (&'static str, fn(&mut Service, &str, f64));

const REGION_NUMBERS: [RegionField; 2] = [
    ("network_latency_ms", |s, region, v| {
        s.network_latency_ms.get_or_insert_default().insert(region.into(), v);
    }),
    ("routing_cost_gbp_per_million", |s, region, v| match &mut s.routing_cost_gbp_per_million {
        RoutingCost::ByRegion(costs) => {
            costs.insert(region.into(), v);
        }
        RoutingCost::Same(_) => {
            s.routing_cost_gbp_per_million = RoutingCost::ByRegion(BTreeMap::from([(region.into(), v)]));
        }
    }),
];

/// Adds an online service with the inferences asked for: one value for all periods (`length` 1) or one for each. Give it
/// at least one operating point with `eca_builder_service_add_point`.
///
/// The values are copied and judged by `eca_builder_build`. Any thread. Errors: `ECA_STATUS_DUPLICATE` for an id that is
/// there already, `ECA_STATUS_LENGTH`, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `service` is NULL or ends with NUL, `demand_inferences` is NULL or has `length` values.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_service(
    builder: *mut eca_builder,
    service: *const c_char,
    demand_inferences: *const f64,
    length: usize,
) -> eca_status {
    guard("eca_builder_add_service", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let id = unsafe { text(service, "service") }?;
        change(builder, |parts| {
            let object = || format!("service `{id}`");
            let periods = parts.horizon.periods;
            // SAFETY: the caller promises that there are so many values.
            let demand = unsafe {
                series(demand_inferences, "demand_inferences", length, periods, object, "demand_inferences")
            }?;
            parts.services.add(id, Service::new(id, demand, []))
        })
    })
}

/// Adds an operating point to a service: IT energy of one inference (Wh) and its latency without the network (ms).
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another service, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `service` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_service_add_point(
    builder: *mut eca_builder,
    service: *const c_char,
    wh_per_inference: f64,
    latency_ms: f64,
) -> eca_status {
    guard("eca_builder_service_add_point", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let id = unsafe { text(service, "service") }?;
        change(builder, |parts| {
            parts.services.get(id)?.points.push(ServicePoint { wh_per_inference, latency_ms });
            Ok(())
        })
    })
}

/// Sets a number of a service: `latency_limit_ms`, `routing_cost_gbp_per_million` (the same for every region),
/// `shed_penalty_gbp_per_million`.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another service or field, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `service` and `field` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_service_set_number(
    builder: *mut eca_builder,
    service: *const c_char,
    field: *const c_char,
    value: f64,
) -> eca_status {
    guard("eca_builder_service_set_number", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(service, "service")?, text(field, "field")?) };
        change(builder, |parts| {
            let service = parts.services.get(id)?;
            fields::set(&NUMBERS, service, "service number", || format!("service `{id}`"), field, value)
        })
    })
}

/// Sets a number of a service for one region: `network_latency_ms` (regions without one can then not serve it) or
/// `routing_cost_gbp_per_million` (regions without one then cost nothing). The region may be added later.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another service or field, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `service`, `region` and `field` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_service_set_region_number(
    builder: *mut eca_builder,
    service: *const c_char,
    region: *const c_char,
    field: *const c_char,
    value: f64,
) -> eca_status {
    guard("eca_builder_service_set_region_number", || {
        // SAFETY: the caller promises that all three are NULL or end with NUL.
        let (id, region, field) =
            unsafe { (text(service, "service")?, text(region, "region")?, text(field, "field")?) };
        change(builder, |parts| {
            let service = parts.services.get(id)?;
            let Some((_, setter)) = REGION_NUMBERS.iter().find(|known| known.0 == field) else {
                let known = REGION_NUMBERS.iter().map(|known| known.0);
                return Err(Failure::unknown("service region number", field, known));
            };
            setter(service, region, value);
            Ok(())
        })
    })
}
