//! Messages of the Beckn protocol, signed and verified, and the DEG log that proves afterwards what was said.
//!
//! [`Node`] signs what a participant sends and checks what it receives; [`Log`] keeps it; [`audit()`] verifies a log from
//! its files alone, with keys from outside. Nothing here reads a clock or talks to a network, and only [`log::Posix`]
//! touches files.

pub mod agent;
pub mod audit;
pub mod certificate;
mod entry;
mod error;
pub mod json;
mod keys;
pub mod ledger;
pub mod log;
pub mod message;
mod node;
mod record;
pub mod registry;
mod replay;
pub mod rotation;
pub mod settled;
pub mod shard;
pub mod sign;
mod trust;
pub mod verify;

pub use audit::{AuditReport, audit, audit_folder, audit_shards};
pub use eca_core::adapter::{Clock, Signer};
pub use entry::Entry;
pub use error::{Error, Result};
pub use keys::{MemoryKey, PublicKey, purpose};
pub use log::{Log, LogKey};
pub use message::{Action, Dialect, Envelope, Message, Reply, Verb, Verdict};
pub use node::{Node, NodeSettings, Received, Signed};
pub use record::{KINDS, Record, Reference, kind};
pub use replay::{MemoryReplay, MessageKey, ReplayStore, Seen, StoredReplay};
pub use trust::{KeyLookup, Trust};
