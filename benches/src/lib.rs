//! Shared parts of the benches of ECA.

pub mod generator;
