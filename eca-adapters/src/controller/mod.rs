//! The binary `eca-controller config.toml`: the loop of [`eca_core::live`] over configured adapters.
//!
//! It plans at each period, writes what it does to `events` (one JSON object for each turn), metrics in the text form of
//! Prometheus to `metrics`, and its state to `status`, and serves both if `listen` is set. In shadow mode, which is the
//! default, it acts on nothing. With a section `[log]` it keeps evidence in a signed log, see [`crate::deg_log`].

#[cfg(feature = "mqtt")]
mod brokers;
mod build;
mod config;
mod evidence;
mod files;
mod pace;
mod report;
mod run;
mod serve;
mod sources;

pub use build::build;
pub use config::{Config, ConfigError};
pub use report::metrics;
pub use run::main;
