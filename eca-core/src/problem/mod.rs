//! What is to be planned: regions, batteries, jobs, services and carbon caps over a horizon.

mod builder;
mod cap;
mod commitment;
mod document;
mod id;
mod job;
mod opportunity;
mod region;
mod route;
mod series;
mod service;
mod setters;
mod target;
mod validate;
mod warning;

pub use builder::ProblemBuilder;
pub use cap::{CapKind, CapMetric, CapWindow, CarbonCap};
pub use commitment::{BaselineGuard, Commitment, CommitmentKind, Penalty, Rebound};
pub use document::{Problem, ProblemDocument};
pub(crate) use document::{read_json, read_object};
pub use id::{BatteryId, CapId, CommitmentId, JobId, OpportunityId, RegionId, ServiceId, TargetId};
pub use job::{DeadlineKind, Job, JobPoint, JobState, Migration, RunWhen};
pub use opportunity::Opportunity;
pub use region::{Battery, Region};
pub use route::{Direction, Route};
pub use series::Series;
pub use service::{RoutingCost, Service, ServicePoint};
pub use target::{PowerTarget, TargetKind, TargetPower};
pub use warning::Warning;
