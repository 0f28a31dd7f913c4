//! Pure decisions of ECA: signals and jobs go in, a checked plan and its price come out.

pub mod adapter;
pub mod check;
mod engine;
mod error;
pub mod forecast;
pub mod milp;
mod model;
pub mod plan;
pub mod problem;
mod schedule;
pub mod signal;
mod solve;
mod time;
pub mod unit;

pub use check::{Check, Finding};
pub use error::{Error, ErrorKind, Result};
pub use plan::{Outcome, Plan};
pub use problem::{
    Battery, CapKind, CapMetric, CapWindow, CarbonCap, DeadlineKind, Job, JobPoint, JobState, Migration, Problem,
    ProblemBuilder, ProblemDocument, Region, RoutingCost, RunWhen, Series, Service, ServicePoint, Warning,
};
pub use solve::{CancelToken, Control, Engine, OnProgress, Progress, Settings, SolveReport, Solved, Solver};
pub use time::{Horizon, SettlementDate, SettlementPeriod, Timestamp};
