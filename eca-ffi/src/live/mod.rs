//! The running loop with adapters that are written in C.

mod adapter;
mod conformance;
mod running;

pub use adapter::*;
pub use conformance::*;
pub use running::*;
