//! The DEG log: records in a tree of RFC 6962, as files that any web server can host and any stranger can check.

mod files;
mod head;
mod pending;
mod posix;
mod proof;
mod store;
pub mod tile;
pub mod tree;
mod witness;
mod writer;

pub use files::{FileSystem, Lock, OpenFile, Posix};
pub use head::{LogHead, LogKey, hex};
pub(crate) use posix::LOCK;
pub use posix::{FileHead, FileStore};
pub use proof::verify_proof;
pub use store::{HeadStore, LogStore, MemoryHead, MemoryStore};
pub use witness::{Witness, WitnessKey};
pub use writer::Log;

use crate::{Error, Result};
use sha2::{Digest as _, Sha256};

/// SHA-256 of some bytes in hexadecimal: the name under which they are kept.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// The records that wait for a signed head, and how many bytes they take.
///
/// # Errors
/// [`Error::NotVerified`] if they are damaged.
pub(crate) fn pending_records(bytes: &[u8]) -> Result<(pending::Waiting, usize)> {
    pending::read(tile::PENDING, bytes)
}

/// The first `size` records of a log.
///
/// # Errors
/// [`Error::NotVerified`] names the bundle that is missing or not of the form.
pub fn read_records(store: &dyn LogStore, size: u64) -> Result<Vec<Vec<u8>>> {
    let mut records = Vec::new();
    for (index, _, width) in tile::tiles(0, size) {
        records.extend(read_bundle(store, index, width)?);
    }
    Ok(records)
}

/// The `width` records of one bundle.
fn read_bundle(store: &dyn LogStore, index: u64, width: u64) -> Result<Vec<Vec<u8>>> {
    let path = tile::path("entries", index, width);
    in_bundle(store, &path, width, |bundle| bundle.into_iter().map(<[u8]>::to_vec).collect())
}

/// What `read` makes of the `width` records of a bundle, which are not copied for that.
pub(crate) fn in_bundle<T>(
    store: &dyn LogStore,
    path: &str,
    width: u64,
    read: impl FnOnce(Vec<&[u8]>) -> T,
) -> Result<T> {
    let bytes = store.read(path)?.ok_or_else(|| Error::not_verified(path, "is missing"))?;
    let bundle = tile::split_bundle(&bytes).ok_or_else(|| Error::not_verified(path, "the lengths do not fit"))?;
    if bundle.len() as u64 != width {
        return Err(Error::not_verified(path, format!("has {} records, not {width}", bundle.len())));
    }
    Ok(read(bundle))
}
