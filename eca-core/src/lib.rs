//! Pure decisions of ECA: jobs, sites, prices and carbon go in; a checked plan and its price come out.
//!
//! A [`Problem`] is written with [`Problem::builder`] or read from a document, and validated once. [`Problem::solve`]
//! gives a [`Plan`]: where and at which power level each job runs in each period, where services are served, what
//! batteries do, what it costs, and how far it can be from the best. [`Plan::check`] recomputes every limit, cost and
//! gram from problem and plan, and shares no code with the solver.
//!
//! ```
//! use eca_core::{CapMetric, CapWindow, CarbonCap, Horizon, Job, JobPoint, Outcome, Problem, Region, Settings};
//!
//! let horizon = Horizon::new("2026-03-02T00:00:00Z".parse()?, 30, 4)?;
//! let problem = Problem::builder(horizon)
//!     .region(
//!         Region::new("london")
//!             .it_capacity_mw(12.0)
//!             .import_limit_mw(15.0)
//!             .import_price_gbp_per_mwh([98.0, 61.0, 58.0, 88.0])
//!             .carbon_g_per_kwh([231.0, 187.0, 98.0, 120.0]),
//!     )
//!     .region(
//!         Region::new("north-scotland")
//!             .it_capacity_mw(6.0)
//!             .import_limit_mw(8.0)
//!             .import_price_gbp_per_mwh([90.0, 71.0, 66.0, 82.0])
//!             .carbon_g_per_kwh([22.0, 19.0, 25.0, 31.0]),
//!     )
//!     .job(Job::inferences("embed", 4e6, [JobPoint::inferences(2.0, 8e6)]))
//!     .carbon_cap(CarbonCap::strict("day", CapMetric::GPerKwh, 60.0, CapWindow::Horizon))
//!     .build()?;
//! let plan = problem.solve(&Settings::default())?;
//!
//! // One half hour of 2 MW in the cheapest half hour that keeps the cap; London would be 8 GBP cheaper.
//! assert_eq!(plan.outcome, Outcome::Optimal);
//! assert_eq!(plan.totals.cost_gbp, 66.0);
//! assert_eq!(plan.jobs[0].region[2].as_ref().map(|region| region.as_str()), Some("north-scotland"));
//! assert!(plan.check(&problem).passed());
//! # Ok::<(), eca_core::Error>(())
//! ```
//!
//! # Where things are
//!
//! | | |
//! |---|---|
//! | [`problem`] | regions, batteries, jobs, services, carbon caps; the document `eca-problem/1` |
//! | [`plan`] | the document `eca-plan/1` |
//! | [`check`] | what a check finds |
//! | [`explain`] | the document `eca-explanation/1`: what limits and jobs are worth |
//! | [`signal`] | prices, carbon and other series from files and services, with gaps that stay visible |
//! | [`forecast`] | forecasts of a series with quantiles and a back-test |
//! | [`mpc`] | the rolling horizon: planning again as time passes, shadow mode, simulation |
//! | [`flex`] | baselines: what would have been used |
//! | [`settle`] | meter readings to cash and carbon in whole units; the documents `eca-event/1` and `eca-event-record/1` |
//! | [`live`] | the running loop over adapters |
//! | [`action`] | commands to sites and batteries, and the receiver's side |
//! | [`milp`] | the sparse model and the solvers behind it |
//! | [`mod@unit`] | conversions, with both units in the name |
//! | [`adapter`] | what integrators implement; unstable |
//!
//! Power is in MW, energy in MWh, money in GBP, intensity in g/kWh, carbon in kg, time in UTC. Units stand in names.
//!
//! # What this crate does not do
//!
//! It opens no file and no connection, reads no clock and no environment, and uses no randomness: time and data come in
//! as arguments, and the same input gives the same plan. Only a time limit or a cancellation makes an answer depend on
//! the machine.
//!
//! # Features
//!
//! - `highs` (default): HiGHS, found by pkg-config or compiled.
//! - `microlp`: a solver in Rust alone, for small problems, second opinions and builds without a C++ compiler.
//! - `schema`: JSON Schemas of the documents.

pub mod action;
pub mod adapter;
pub mod check;
mod engine;
mod error;
pub mod explain;
pub mod flex;
pub mod forecast;
pub mod live;
pub mod milp;
mod model;
pub mod mpc;
pub mod plan;
pub mod problem;
mod schedule;
pub mod settle;
pub mod signal;
mod solve;
mod time;
pub mod unit;
mod warm;

pub use check::{Check, Finding};
pub use error::{Error, ErrorKind, Result};
pub use explain::Explanation;
pub use plan::{Outcome, Plan};
pub use problem::{
    BaselineGuard, Battery, CapKind, CapMetric, CapWindow, CarbonCap, Commitment, CommitmentKind, DeadlineKind,
    Direction, Job, JobPoint, JobState, Migration, Opportunity, Penalty, PowerTarget, Problem, ProblemBuilder,
    ProblemDocument, Rebound, Region, Route, RoutingCost, RunWhen, Series, Service, ServicePoint, TargetKind,
    TargetPower, Warning,
};
pub use solve::{CancelToken, Control, Engine, OnProgress, Progress, Settings, SolveReport, Solved, Solver};
pub use time::{Horizon, SettlementDate, SettlementPeriod, Timestamp};
pub use warm::{Warm, WarmJob, WarmRun};
