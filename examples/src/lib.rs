//! Shared parts of the examples of ECA.

pub mod deg;
