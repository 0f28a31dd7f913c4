//! Arrays of a plan, copied into buffers of the caller.

use super::{Made, give};
use crate::args::{copy, text};
use crate::error::{Failure, Result};
use crate::guard::guard;
use crate::handle::{self, eca_plan};
use crate::status::eca_status;
use crate::string;
use eca_core::Plan;
use eca_core::plan::{BatteryPlan, JobPlan, RegionPlan};
use std::ffi::c_char;

type SeriesField<T> = (&'static str, fn(&T) -> &[f64]);

const REGION: [SeriesField<RegionPlan>; 5] = [
    ("it_mw", |r| &r.it_mw),
    ("facility_mw", |r| &r.facility_mw),
    ("import_mw", |r| &r.import_mw),
    ("export_mw", |r| &r.export_mw),
    ("solar_used_mw", |r| &r.solar_used_mw),
];
const BATTERY: [SeriesField<BatteryPlan>; 3] =
    [("charge_mw", |b| &b.charge_mw), ("discharge_mw", |b| &b.discharge_mw), ("soc_mwh", |b| &b.soc_mwh)];
const JOB: [SeriesField<JobPlan>; 2] = [("power_mw", |j| &j.power_mw), ("inferences", |j| &j.inferences)];

type JobNumber = (&'static str, fn(&JobPlan) -> f64);

const JOB_NUMBERS: [JobNumber; 4] = [
    ("finished_unix_s", |j| j.finished_at.map_or(f64::NAN, |at| at.unix_s() as f64)),
    ("pauses", |j| j.pauses.into()),
    ("migrations", |j| j.migrations.into()),
    ("undone_frac", |j| j.undone_frac),
];

/// The value called `name`.
fn named<T: Copy>(kind: &'static str, known: &[(&'static str, T)], name: &str) -> Result<T> {
    let found = known.iter().find(|entry| entry.0 == name).map(|entry| entry.1);
    found.ok_or_else(|| Failure::unknown(kind, name, known.iter().map(|entry| entry.0)))
}

fn region<'a>(plan: &'a Plan, id: &str) -> Result<&'a RegionPlan> {
    let found = plan.regions.iter().find(|region| region.id.as_str() == id);
    found.ok_or_else(|| Failure::unknown("region", id, plan.regions.iter().map(|region| region.id.as_str())))
}

fn battery<'a>(plan: &'a Plan, id: &str) -> Result<&'a BatteryPlan> {
    let found = plan.batteries.iter().find(|battery| battery.id.as_str() == id);
    found.ok_or_else(|| Failure::unknown("battery", id, plan.batteries.iter().map(|battery| battery.id.as_str())))
}

fn job<'a>(plan: &'a Plan, id: &str, copy: u32) -> Result<&'a JobPlan> {
    let found = plan.jobs.iter().find(|job| job.id.as_str() == id && job.copy == copy);
    found.ok_or_else(|| {
        let known: Vec<String> = plan.jobs.iter().map(|job| format!("{}#{}", job.id, job.copy)).collect();
        Failure::unknown("job", &format!("{id}#{copy}"), known.iter().map(String::as_str))
    })
}

/// Where the job works in each period: the number of the region in the plan, -1 where it is idle or moving.
fn regions_of(plan: &Plan, job: &JobPlan) -> Vec<i32> {
    let number = |id: &str| plan.regions.iter().position(|region| region.id.as_str() == id);
    let at = |id: &Option<eca_core::problem::RegionId>| id.as_ref().and_then(|id| number(id.as_str()));
    job.region.iter().map(|id| index(at(id))).collect()
}

/// A number for C: -1 where there is none.
fn index(number: Option<usize>) -> i32 {
    number.and_then(|number| i32::try_from(number).ok()).unwrap_or(-1)
}

/// Gives the number of regions of a plan.
///
/// Any thread. Errors: `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `count` is NULL or points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_region_count(plan: *const eca_plan, count: *mut usize) -> eca_status {
    guard("eca_plan_region_count", || {
        // SAFETY: the caller promises that it is NULL or valid.
        unsafe { give(plan, count, "count", |plan| Ok(plan.regions.len())) }
    })
}

/// Gives the id of the region with this number, from 0 in the order of the problem. Free it with `eca_string_free`.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another number, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `region` is NULL or points to a `char *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_region_id(
    plan: *const eca_plan,
    number: usize,
    region: *mut *mut c_char,
) -> eca_status {
    guard("eca_plan_region_id", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { crate::args::Out::new(region, "region") }?;
        let made = handle::get::<Made>(plan, "plan")?;
        let known = format!("0 to {}", made.plan.regions.len().saturating_sub(1));
        let found = made.plan.regions.get(number);
        let found = found.ok_or_else(|| Failure::unknown("region number", &number.to_string(), [known.as_str()]))?;
        string::lend(found.id.to_string(), out)
    })
}

/// Copies a series of a region, MW: `it_mw`, `facility_mw`, `import_mw`, `export_mw` or `solar_used_mw`.
///
/// `buffer` has room for `length` values; `written` becomes the number of values and may be NULL. Any thread.
/// Errors: `ECA_STATUS_LENGTH` for a buffer that is too small (see `eca_plan_periods`), `ECA_STATUS_UNKNOWN` for another
/// region or field, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `region` and `field` are NULL or end with NUL, `buffer` is NULL or has room for `length` values, `written` is NULL or
/// points to a `size_t`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_region_series(
    plan: *const eca_plan,
    region_id: *const c_char,
    field: *const c_char,
    buffer: *mut f64,
    length: usize,
    written: *mut usize,
) -> eca_status {
    guard("eca_plan_region_series", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(region_id, "region_id")?, text(field, "field")?) };
        let made = handle::get::<Made>(plan, "plan")?;
        let values = named("region series", &REGION, field)?(region(&made.plan, id)?);
        // SAFETY: the caller promises the buffer.
        unsafe { copy(values, buffer, length, written) }
    })
}

/// Copies a series of a battery: `charge_mw` and `discharge_mw` at the grid terminals, or `soc_mwh`, the stored energy at
/// the end of each period. Buffer, threads and errors are those of `eca_plan_region_series`.
///
/// # Safety
/// As `eca_plan_region_series`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_battery_series(
    plan: *const eca_plan,
    battery_id: *const c_char,
    field: *const c_char,
    buffer: *mut f64,
    length: usize,
    written: *mut usize,
) -> eca_status {
    guard("eca_plan_battery_series", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(battery_id, "battery_id")?, text(field, "field")?) };
        let made = handle::get::<Made>(plan, "plan")?;
        let values = named("battery series", &BATTERY, field)?(battery(&made.plan, id)?);
        // SAFETY: the caller promises the buffer.
        unsafe { copy(values, buffer, length, written) }
    })
}

/// Copies a series of a job: `power_mw` (IT power, energy of pauses and moves included) or `inferences` done.
///
/// `copy` is the number among `count` identical jobs, from 0. Buffer, threads and errors are those of
/// `eca_plan_region_series`.
///
/// # Safety
/// As `eca_plan_region_series`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_job_series(
    plan: *const eca_plan,
    job_id: *const c_char,
    job_copy: u32,
    field: *const c_char,
    buffer: *mut f64,
    length: usize,
    written: *mut usize,
) -> eca_status {
    guard("eca_plan_job_series", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(job_id, "job_id")?, text(field, "field")?) };
        let made = handle::get::<Made>(plan, "plan")?;
        let values = named("job series", &JOB, field)?(job(&made.plan, id, job_copy)?);
        // SAFETY: the caller promises the buffer.
        unsafe { copy(values, buffer, length, written) }
    })
}

/// Copies the operating point of a job in each period, -1 where it is idle or moving. A divisible job has shares of
/// points instead, which only the plan document has: it is -1 throughout.
///
/// Copy, buffer, threads and errors are those of `eca_plan_job_series`.
///
/// # Safety
/// As `eca_plan_region_series`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_job_points(
    plan: *const eca_plan,
    job_id: *const c_char,
    job_copy: u32,
    buffer: *mut i32,
    length: usize,
    written: *mut usize,
) -> eca_status {
    guard("eca_plan_job_points", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let id = unsafe { text(job_id, "job_id") }?;
        let made = handle::get::<Made>(plan, "plan")?;
        let points: Vec<i32> = job(&made.plan, id, job_copy)?.point.iter().map(|&point| index(point)).collect();
        // SAFETY: the caller promises the buffer.
        unsafe { copy(&points, buffer, length, written) }
    })
}

/// Copies the number of the region in which a job works in each period (`eca_plan_region_id` names it), -1 where it is
/// idle or moving, and throughout for a divisible job.
///
/// Copy, buffer, threads and errors are those of `eca_plan_job_series`.
///
/// # Safety
/// As `eca_plan_region_series`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_job_regions(
    plan: *const eca_plan,
    job_id: *const c_char,
    job_copy: u32,
    buffer: *mut i32,
    length: usize,
    written: *mut usize,
) -> eca_status {
    guard("eca_plan_job_regions", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let id = unsafe { text(job_id, "job_id") }?;
        let made = handle::get::<Made>(plan, "plan")?;
        let regions = regions_of(&made.plan, job(&made.plan, id, job_copy)?);
        // SAFETY: the caller promises the buffer.
        unsafe { copy(&regions, buffer, length, written) }
    })
}

/// Gives a number of a job: `finished_unix_s`, when its work is done, seconds since 1970-01-01T00:00:00Z (NaN where some is
/// left); `pauses`; `migrations`; `undone_frac`, the part of its work left at the end, 0..1.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job, copy or field, `ECA_STATUS_NULL_ARGUMENT`,
/// `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `job_id` and `field` are NULL or end with NUL, `value` is NULL or points to a `double`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_job_number(
    plan: *const eca_plan,
    job_id: *const c_char,
    job_copy: u32,
    field: *const c_char,
    value: *mut f64,
) -> eca_status {
    guard("eca_plan_job_number", || {
        // SAFETY: the caller promises that all three are NULL or valid.
        unsafe {
            let (id, field) = (text(job_id, "job_id")?, text(field, "field")?);
            let read = |plan: &Plan| Ok(named("job number", &JOB_NUMBERS, field)?(job(plan, id, job_copy)?));
            give(plan, value, "value", read)
        }
    })
}

/// Copies the inferences of a service that `region_id` serves in each period, or, where `region_id` is NULL, those that
/// are shed. Buffer, threads and errors are those of `eca_plan_region_series`.
///
/// # Safety
/// As `eca_plan_region_series`; `service_id` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_plan_service_inferences(
    plan: *const eca_plan,
    service_id: *const c_char,
    region_id: *const c_char,
    buffer: *mut f64,
    length: usize,
    written: *mut usize,
) -> eca_status {
    guard("eca_plan_service_inferences", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, region) = unsafe {
            (text(service_id, "service_id")?, (!region_id.is_null()).then(|| text(region_id, "region_id")).transpose()?)
        };
        let made = handle::get::<Made>(plan, "plan")?;
        let services = &made.plan.services;
        let found = services.iter().find(|service| service.id.as_str() == id);
        let service =
            found.ok_or_else(|| Failure::unknown("service", id, services.iter().map(|service| service.id.as_str())))?;
        let values = match region {
            None => &service.shed,
            Some(region) => service.inferences.get(region).ok_or_else(|| {
                Failure::unknown("region of the service", region, service.inferences.keys().map(|id| id.as_str()))
            })?,
        };
        // SAFETY: the caller promises the buffer.
        unsafe { copy(values, buffer, length, written) }
    })
}
