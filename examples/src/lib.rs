//! Shared parts of the examples of ECA.
