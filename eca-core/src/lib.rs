//! Pure decisions of ECA: signals and jobs go in, a checked plan and its price come out.

pub mod adapter;
mod error;
pub mod forecast;
pub mod signal;
mod time;
pub mod unit;

pub use error::{Error, ErrorKind, Result};
pub use time::{Horizon, SettlementDate, SettlementPeriod, Timestamp};
