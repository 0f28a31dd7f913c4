//! Messages, signatures, agents and the DEG log of ECA.
//!
//! This crate is a skeleton: it fixes the place in the workspace and its dependency direction
//! (`eca-core` knows nothing of it). It will hold the lifecycle messages, Ed25519 signing and
//! verification, agents as state machines without I/O, the log and the certificates.

pub use eca_core::adapter::{Clock, Signer};
