//! Shared parts of the benches of ECA.

pub mod fleet;
pub mod generator;
pub mod hardness;
pub mod measure;
pub mod replan;
