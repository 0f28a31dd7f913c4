//! Shared parts of the benches of ECA.

pub mod fleet;
pub mod generator;
pub mod hardness;
