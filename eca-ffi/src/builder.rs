//! Problems from numbers: one call for each object and field, checked as a whole by `eca_builder_build`.

mod battery;
mod cap;
mod entries;
mod flex;
mod job;
mod job_fields;
mod region;
mod service;

pub use battery::*;
pub use cap::*;
pub use flex::*;
pub use job::*;
pub use region::*;
pub use service::*;

use crate::args::Out;
use crate::error::Result;
use crate::guard::guard;
use crate::handle::{self, Object, eca_builder, eca_problem};
use crate::lock::lock;
use crate::problem::Validated;
use crate::status::eca_status;
use eca_core::{
    Battery, CarbonCap, Commitment, Horizon, Job, Opportunity, PowerTarget, Problem, ProblemBuilder, Region, Service,
    Timestamp,
};
use entries::Entries;
use std::sync::Mutex;

/// What a builder has collected.
#[derive(Clone)]
pub(crate) struct Parts {
    horizon: Horizon,
    regions: Entries<Region>,
    batteries: Entries<Battery>,
    jobs: Entries<Job>,
    services: Entries<Service>,
    caps: Entries<CarbonCap>,
    opportunities: Vec<Opportunity>,
    commitments: Vec<Commitment>,
    targets: Vec<PowerTarget>,
}

impl Parts {
    fn new(horizon: Horizon) -> Self {
        Self {
            horizon,
            regions: Entries::new("region"),
            batteries: Entries::new("battery"),
            jobs: Entries::new("job"),
            services: Entries::new("service"),
            caps: Entries::new("carbon cap"),
            opportunities: Vec::new(),
            commitments: Vec::new(),
            targets: Vec::new(),
        }
    }

    /// The problem, validated by eca-core.
    fn build(self) -> Result<Problem> {
        let mut builder = Problem::builder(self.horizon);
        for region in self.regions.into_items() {
            builder = builder.region(region);
        }
        for battery in self.batteries.into_items() {
            builder = builder.battery(battery);
        }
        for job in self.jobs.into_items() {
            builder = builder.job(job);
        }
        for service in self.services.into_items() {
            builder = builder.service(service);
        }
        for cap in self.caps.into_items() {
            builder = builder.carbon_cap(cap);
        }
        builder = self.opportunities.into_iter().fold(builder, ProblemBuilder::opportunity);
        builder = self.commitments.into_iter().fold(builder, ProblemBuilder::commitment);
        builder = self.targets.into_iter().fold(builder, ProblemBuilder::target);
        Ok(builder.build()?)
    }
}

/// A builder in the table.
struct Builder(Mutex<Parts>);

impl Object for Builder {
    type Opaque = eca_builder;
    const KIND: usize = 1;
}

/// Changes what a builder has collected. A failed change leaves it as it was.
fn change(builder: *mut eca_builder, with: impl FnOnce(&mut Parts) -> Result<()>) -> Result<()> {
    let builder = handle::get::<Builder>(builder, "builder")?;
    with(&mut *lock(&builder.0)?)
}

/// Starts a problem of `periods` steps of `step_min` minutes (5, 15, 30 or 60) from `start_unix_s` on, seconds since
/// 1970-01-01T00:00:00Z. Free it with `eca_builder_free`.
///
/// Any thread. Errors: `ECA_STATUS_VALUE` for step or periods, `ECA_STATUS_TIME` for a start that is not on the grid of the
/// step, `ECA_STATUS_NULL_ARGUMENT`.
///
/// # Safety
/// `builder` is NULL or points to an `eca_builder *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_new(
    start_unix_s: i64,
    step_min: u32,
    periods: usize,
    builder: *mut *mut eca_builder,
) -> eca_status {
    guard("eca_builder_new", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(builder, "builder") }?;
        let horizon = Horizon::new(Timestamp::from_unix_s(start_unix_s)?, step_min, periods)?;
        handle::put(Builder(Mutex::new(Parts::new(horizon))), out)
    })
}

/// Validates what was collected and makes a problem of it. Free it with `eca_problem_free`.
///
/// The builder stays as it is: change it and build again, or free it. Any thread.
/// Errors: the first value that is refused, with its object, limit and unit: `ECA_STATUS_VALUE` (NaN, infinite or out of
/// range), `_LENGTH`, `_UNKNOWN` (a battery or job that names a region which does not exist), `_UNSUPPORTED`,
/// `_CANNOT_FIT`, `_TIME`; `ECA_STATUS_NULL_ARGUMENT`, `ECA_STATUS_INVALID_HANDLE`.
///
/// # Safety
/// `problem` is NULL or points to an `eca_problem *`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn eca_builder_build(builder: *const eca_builder, problem: *mut *mut eca_problem) -> eca_status {
    guard("eca_builder_build", || {
        // SAFETY: the caller promises that it is NULL or valid.
        let out = unsafe { Out::new(problem, "problem") }?;
        let builder = handle::get::<Builder>(builder, "builder")?;
        let parts = lock(&builder.0)?.clone();
        handle::put(Validated(parts.build()?), out)
    })
}

/// Frees a builder. NULL is allowed. Problems made with it stay.
///
/// Any thread. Errors: `ECA_STATUS_INVALID_HANDLE` for one that was freed before.
#[unsafe(no_mangle)]
pub extern "C" fn eca_builder_free(builder: *mut eca_builder) -> eca_status {
    guard("eca_builder_free", || handle::free::<Builder>(builder, "builder"))
}
