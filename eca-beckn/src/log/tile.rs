//! The files of a log (C2SP tlog-tiles, read 2026-11-23): where a tile is, and what stands in it.

use crate::{Error, Result};

/// Hashes in a full tile, and records in a full bundle.
pub const WIDTH: u64 = 256;
/// Longest record in bytes: its length stands in two bytes.
pub const MAX_RECORD: usize = 65_535;
/// The signed head.
pub const CHECKPOINT: &str = "checkpoint";
/// Records that are acknowledged but not in a signed head yet.
pub const PENDING: &str = "pending";

/// Path of tile `index` at `level` (`"0"`, `"1"`, or `"entries"`) with `width` items.
#[must_use]
pub fn path(level: &str, index: u64, width: u64) -> String {
    let mut groups = vec![format!("{:03}", index % 1000)];
    let mut rest = index / 1000;
    while rest > 0 {
        groups.push(format!("x{:03}", rest % 1000));
        rest /= 1000;
    }
    groups.reverse();
    let partial = if width < WIDTH { format!(".p/{width}") } else { String::new() };
    format!("tile/{level}/{}{partial}", groups.join("/"))
}

/// Path of what a record cites, by its SHA-256.
#[must_use]
pub fn blob(sha256: &str) -> String {
    format!("blob/{sha256}")
}

/// The items of a tile as (index of the tile, first item, number of items), from the tile with item `from` to `to` items.
pub(crate) fn tiles(from: u64, to: u64) -> impl Iterator<Item = (u64, u64, u64)> {
    (from / WIDTH..to.div_ceil(WIDTH)).map(move |index| (index, index * WIDTH, WIDTH.min(to - index * WIDTH)))
}

/// Takes the records of a bundle apart; `None` if the lengths do not fit.
#[must_use]
pub fn split_bundle(mut bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let mut records = Vec::new();
    while !bytes.is_empty() {
        let (length, rest) = bytes.split_first_chunk::<2>()?;
        let (record, rest) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))?;
        records.push(record);
        bytes = rest;
    }
    Some(records)
}

/// Puts records into a bundle: each behind its length in two bytes, big-endian.
///
/// # Errors
/// [`Error::Log`] for an empty record or one above [`MAX_RECORD`].
pub fn join_bundle<'a>(records: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<u8>> {
    let mut bundle = Vec::new();
    for record in records {
        let length = u16::try_from(record.len()).ok().filter(|length| *length > 0).ok_or_else(|| {
            Error::log(format!("a record has {} bytes; the limits are 1 and {MAX_RECORD}", record.len()))
        })?;
        bundle.extend(length.to_be_bytes());
        bundle.extend(record);
    }
    Ok(bundle)
}
