//! Batch jobs.

use super::{change, job_fields};
use crate::args::{text, texts};
use crate::fields;
use crate::guard::guard;
use crate::handle::eca_builder;
use crate::status::eca_status;
use eca_core::{Job, JobPoint, JobState, Timestamp};
use std::ffi::c_char;
use std::fmt;

/// An instant that messages can show.
#[derive(Clone, Copy)]
pub(super) struct Time(pub(super) Timestamp);

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Adds a batch job of so many inferences. Give it at least one operating point with `eca_builder_job_add_point`.
///
/// It may run in every region from the start to the end of the horizon, and does not pause. Any thread.
/// Errors: `ECA_STATUS_DUPLICATE` for an id that is there already, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `job` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_job(
    builder: *mut eca_builder,
    job: *const c_char,
    inferences: f64,
) -> eca_status {
    guard("eca_builder_add_job", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let id = unsafe { text(job, "job") }?;
        change(builder, |parts| parts.jobs.add(id, Job::inferences(id, inferences, [])))
    })
}

/// Adds a batch job of so many GPU hours, such as a training run; else as `eca_builder_add_job`.
///
/// # Safety
/// `job` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_add_gpu_job(
    builder: *mut eca_builder,
    job: *const c_char,
    gpu_hours: f64,
) -> eca_status {
    guard("eca_builder_add_gpu_job", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let id = unsafe { text(job, "job") }?;
        change(builder, |parts| parts.jobs.add(id, Job::gpu_hours(id, gpu_hours, [])))
    })
}

/// Adds an operating point (power-cap level) to a job: its IT power (MW), and the inferences or, for a job of GPU hours,
/// the GPU hours that it does in an hour. Points are numbered from 0 in the order in which they are added.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `job` is NULL or ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_job_add_point(
    builder: *mut eca_builder,
    job: *const c_char,
    power_mw: f64,
    work_per_h: f64,
) -> eca_status {
    guard("eca_builder_job_add_point", || {
        // SAFETY: the caller promises that it is NULL or ends with NUL.
        let id = unsafe { text(job, "job") }?;
        change(builder, |parts| {
            let job = parts.jobs.get(id)?;
            job.points.push(match job.gpu_hours {
                Some(_) => JobPoint::gpu_hours(power_mw, work_per_h),
                None => JobPoint::inferences(power_mw, work_per_h),
            });
            Ok(())
        })
    })
}

/// Sets a number of a job.
///
/// `count` of identical jobs, `undone_penalty_gbp`, `preemptible` (0 or 1), `divisible` (0 or 1), `min_run_periods`,
/// `max_pauses`, `startup_cost_gbp`, `pause_cost_gbp`, `pause_energy_mwh`, `tier`; `migration.cost_gbp`,
/// `migration.periods`, `migration.energy_mwh` (any of them allows moves); `run_when.carbon_below_g_per_kwh` or
/// `run_when.renewable_share_min` (0..1); `state.point`, `state.done_inferences`, `state.done_gpu_hours`,
/// `state.can_stop` (0 or 1), `state.pauses` (after `eca_builder_job_set_state`).
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job or field, `ECA_STATUS_VALUE` for a count that is not whole or
/// a flag that is not 0 or 1, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `job` and `field` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_job_set_number(
    builder: *mut eca_builder,
    job: *const c_char,
    field: *const c_char,
    value: f64,
) -> eca_status {
    guard("eca_builder_job_set_number", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(job, "job")?, text(field, "field")?) };
        change(builder, |parts| {
            let job = parts.jobs.get(id)?;
            fields::set(&job_fields::NUMBERS, job, "job number", || format!("job `{id}`"), field, value)
        })
    })
}

/// Sets an instant of a job, seconds since 1970-01-01T00:00:00Z: `earliest_start`, `deadline`, `state.running_since`.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job or field, `ECA_STATUS_TIME` outside the years 1900 to 2199,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `job` and `field` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_job_set_time(
    builder: *mut eca_builder,
    job: *const c_char,
    field: *const c_char,
    unix_s: i64,
) -> eca_status {
    guard("eca_builder_job_set_time", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, field) = unsafe { (text(job, "job")?, text(field, "field")?) };
        let instant = Timestamp::from_unix_s(unix_s)?;
        change(builder, |parts| job_fields::set_time(parts.jobs.get(id)?, id, field, instant))
    })
}

/// Sets a text of a job: `deadline_kind` to `hard` or `priced`; the instants of `eca_builder_job_set_time` in RFC 3339.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job, field or kind, `ECA_STATUS_TIME` for a text without an offset,
/// `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `job`, `field` and `value` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_job_set_text(
    builder: *mut eca_builder,
    job: *const c_char,
    field: *const c_char,
    value: *const c_char,
) -> eca_status {
    guard("eca_builder_job_set_text", || {
        // SAFETY: the caller promises that all three are NULL or end with NUL.
        let (id, field, value) = unsafe { (text(job, "job")?, text(field, "field")?, text(value, "value")?) };
        change(builder, |parts| job_fields::set_text(parts.jobs.get(id)?, id, field, value))
    })
}

/// Limits a job to `length` regions. They may be added later. The names are copied.
///
/// Any thread. Errors: `ECA_STATUS_UNKNOWN` for another job, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `job` is NULL or ends with NUL, `regions` is NULL or has `length` pointers, each NULL or to a text that ends with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_job_set_regions(
    builder: *mut eca_builder,
    job: *const c_char,
    regions: *const *const c_char,
    length: usize,
) -> eca_status {
    guard("eca_builder_job_set_regions", || {
        // SAFETY: the caller promises both.
        let (id, regions) = unsafe { (text(job, "job")?, texts(regions, length, "regions")?) };
        change(builder, |parts| {
            parts.jobs.get(id)?.regions = Some(regions.into_iter().map(Into::into).collect());
            Ok(())
        })
    })
}

/// Says that a job has started before the horizon: it runs, or has its checkpoint, in `region`.
///
/// It is then paused, with nothing done, and may be stopped; set the `state.` fields to say otherwise. Any thread.
/// Errors: `ECA_STATUS_UNKNOWN` for another job, `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_UTF8`,
/// `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `job` and `region` are NULL or end with NUL.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_job_set_state(
    builder: *mut eca_builder,
    job: *const c_char,
    region: *const c_char,
) -> eca_status {
    guard("eca_builder_job_set_state", || {
        // SAFETY: the caller promises that both are NULL or end with NUL.
        let (id, region) = unsafe { (text(job, "job")?, text(region, "region")?) };
        change(builder, |parts| {
            parts.jobs.get(id)?.state = Some(JobState {
                region: region.into(),
                point: None,
                done_inferences: 0.0,
                done_gpu_hours: 0.0,
                running_since: None,
                can_stop: true,
                pauses: 0,
            });
            Ok(())
        })
    })
}
