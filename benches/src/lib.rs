//! Shared parts of the benches of ECA.
