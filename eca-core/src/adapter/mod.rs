//! What integrators implement, so that the core needs no input, output, clock or key of its own.
//!
//! The traits are small, synchronous and object-safe. They are **unstable**. Every method is safe to repeat; every command
//! is an [`crate::action::Action`] with a key and an expiry; every reading carries its time, and a stale one is an error.
//!
//! | | |
//! |---|---|
//! | [`Workloads`], [`StorageDevice`], [`Meter`], [`SignalSource`] | jobs, one battery, one connection, prices and carbon |
//! | [`StateStore`], [`Clock`], [`Signer`] | what survives a restart, the time, signatures |
//! | [`wrap`] | adapters around adapters: dry run, record and replay, faults, rate limit |
//! | [`conformance`] | what every implementation must pass; call it from your own tests |
//! | [`foreign`] | adapters written in another language |
//! | [`memory`] | all of them in memory: a site on which time passes when it is asked |

mod clock;
pub mod conformance;
mod error;
pub mod foreign;
pub mod memory;
mod options;
mod reading;
mod traits;
pub mod wrap;

pub use clock::FixedClock;
pub use error::{AdapterError, AdapterResult, check_age};
pub use options::{ApplyOptions, FetchOptions, ReadingOptions};
pub use reading::{Answer, MeterReading, StorageReading, WorkloadReading};
pub use traits::{Clock, Meter, SignalSource, Signer, StateStore, StorageDevice, Workloads};
