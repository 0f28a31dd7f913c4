//! Records that are acknowledged but not in tiles yet: frames at the end of one file.
//!
//! A frame holds the records of one append: the index of the first (8 bytes), the length of what follows the sum
//! (4 bytes, both big-endian), SHA-256 of both and of what follows, and the records as in a bundle. Records that were
//! written with one wait for the disk have one sum, because after a loss of power any part of them may be missing.

use super::tile;
use crate::{Error, Result};
use sha2::{Digest as _, Sha256};

/// Records with their indices.
pub(crate) type Waiting = Vec<(u64, Vec<u8>)>;

const HEAD: usize = 8 + 4 + 32;

/// The frame of records, the first of which stands at `index`.
pub(crate) fn frame(index: u64, records: &[&[u8]]) -> Result<Vec<u8>> {
    let bundle = tile::join_bundle(records.iter().copied())?;
    let length = u32::try_from(bundle.len()).map_err(|_| Error::log("records of more than 4 GiB in one append"))?;
    let mut bytes = Vec::with_capacity(HEAD + bundle.len());
    bytes.extend(index.to_be_bytes());
    bytes.extend(length.to_be_bytes());
    bytes.extend(sum(index, length, &bundle));
    bytes.extend(bundle);
    Ok(bytes)
}

/// The records of the file with their indices, and how many bytes they take. What follows is a frame whose append did
/// not end, so that nobody was told of it.
///
/// # Errors
/// [`Error::NotVerified`] if a damaged frame has a good one behind it: then it was whole once.
pub(crate) fn read(place: &str, bytes: &[u8]) -> Result<(Waiting, usize)> {
    let (mut records, mut at) = (Vec::new(), 0);
    while let Some((index, bundle, length)) = one(&bytes[at..]) {
        records.extend((index..).zip(bundle.into_iter().map(<[u8]>::to_vec)));
        at += length;
    }
    // Frames begin anywhere behind the damage, because its length may be damaged too.
    if (at + 1..bytes.len()).any(|later| one(&bytes[later..]).is_some()) {
        return Err(Error::not_verified(place, format!("damaged at byte {at}, with good records behind it")));
    }
    Ok((records, at))
}

/// The frame at the beginning of some bytes: index of its first record, its records, its length.
fn one(bytes: &[u8]) -> Option<(u64, Vec<&[u8]>, usize)> {
    let (index, rest) = bytes.split_first_chunk::<8>()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (expected, rest) = rest.split_first_chunk::<32>()?;
    let (index, length) = (u64::from_be_bytes(*index), u32::from_be_bytes(*length));
    let size = usize::try_from(length).ok()?;
    let bundle = rest.get(..size)?;
    let whole = sum(index, length, bundle) == *expected;
    whole.then(|| tile::split_bundle(bundle)).flatten().map(|records| (index, records, HEAD + size))
}

fn sum(index: u64, length: u32, bundle: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(index.to_be_bytes())
        .chain_update(length.to_be_bytes())
        .chain_update(bundle)
        .finalize()
        .into()
}
