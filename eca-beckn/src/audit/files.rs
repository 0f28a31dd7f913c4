//! Hashes from the definition of RFC 6962, and the files they stand in.

use super::AuditReport;
use crate::log::{LogStore, sha256_hex, tile};
use crate::record::HalfHours;
use crate::{Record, Result};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

type Hash = [u8; 32];

/// Hash of a leaf.
pub(super) fn leaf(record: &[u8]) -> Hash {
    let mut input = vec![0];
    input.extend(record);
    Sha256::digest(input).into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut input = vec![1];
    input.extend(left);
    input.extend(right);
    Sha256::digest(input).into()
}

/// The records of a log, read on all cores.
pub(super) fn parsed(records: &[Vec<u8>]) -> Vec<Result<Record>> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    let share = records.len().div_ceil(cores).max(1000);
    let read = |(part, share_of): (usize, &[Vec<u8>])| {
        let mut hours = HalfHours::default();
        let numbered = (part as u64 * share as u64..).zip(share_of);
        numbered.map(|(seq, bytes)| Record::parse_with(seq, bytes, &mut hours)).collect::<Vec<_>>()
    };
    std::thread::scope(|scope| {
        let parts: Vec<_> = records.chunks(share).enumerate().map(|part| scope.spawn(move || read(part))).collect();
        let joined = parts.into_iter().map(|part| part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        joined.flatten().collect()
    })
}

/// Root of these leaves: pairs from the left, and what has no partner rises as it is. That is the tree of RFC 6962.
pub(super) fn root(leaves: &[Hash]) -> Hash {
    if leaves.is_empty() {
        return Sha256::digest([]).into();
    }
    let mut row = leaves.to_vec();
    while row.len() > 1 {
        row = row.chunks(2).map(|pair| if let [l, r] = pair { node(l, r) } else { pair[0] }).collect();
    }
    row[0]
}

/// The rows that tiles are cut from: complete subtrees of 256^k leaves.
pub(super) fn rows(leaves: &[Hash]) -> Vec<Vec<Hash>> {
    let mut rows = vec![leaves.to_vec()];
    while let Some(below) = rows.last().filter(|row| row.len() >= 256) {
        let above = below.chunks_exact(256).map(root).collect();
        rows.push(above);
    }
    rows
}

/// Compares every tile of the head with the hashes of the records.
pub(super) fn tiles(
    store: &dyn LogStore,
    rows: &[Vec<Hash>],
    known: &mut BTreeSet<String>,
    report: &mut AuditReport,
) -> Result<()> {
    let mut good = 0;
    for (level, row) in rows.iter().enumerate() {
        for (index, hashes) in (0..).zip(row.chunks(256)) {
            let path = tile::path(&level.to_string(), index, hashes.len() as u64);
            if level == 0 {
                known.insert(tile::path("entries", index, hashes.len() as u64));
            }
            match store.read(&path)? {
                None => report.fault(path.clone(), "is missing"),
                Some(bytes) if bytes != hashes.concat() => {
                    let at = bytes.chunks(32).zip(hashes).position(|(there, hash)| there != hash);
                    let place = match at {
                        Some(item) if level == 0 => format!("record {}", 256 * index as usize + item),
                        Some(item) => format!("hash {item}"),
                        None => "the length".into(),
                    };
                    report.fault(path.clone(), format!("{place} is not that of the records"));
                }
                Some(_) => good += 1,
            }
            known.insert(path);
        }
    }
    report.checked.push(format!("{good} tiles agree with the records"));
    Ok(())
}

/// Whether `path` is a partial tile of an earlier head that the present log continues.
pub(super) fn earlier_partial(store: &dyn LogStore, path: &str, rows: &[Vec<Hash>]) -> Result<bool> {
    let found = rows.iter().enumerate().find_map(|(level, row)| {
        let (_, width) = path.split_once(".p/")?;
        let width: usize = width.parse().ok()?;
        // The names of one level, so that only the canonical path is accepted.
        let index = (0..row.len().div_ceil(256)).find(|index| {
            [level.to_string(), "entries".into()]
                .iter()
                .any(|kind| tile::path(kind, *index as u64, width as u64) == path)
        })?;
        let hashes = row.get(256 * index..256 * index + width)?;
        Some((path.starts_with("tile/entries/"), hashes.to_vec()))
    });
    let (Some((entries, hashes)), Some(bytes)) = (found, store.read(path)?) else { return Ok(false) };
    if !entries {
        return Ok(bytes == hashes.concat());
    }
    let records = tile::split_bundle(&bytes).unwrap_or_default();
    Ok(records.len() == hashes.len() && records.iter().zip(&hashes).all(|(record, hash)| leaf(record) == *hash))
}

/// Whether `path` is a kept file with the bytes that its name says.
pub(super) fn kept(store: &dyn LogStore, path: &str) -> Result<bool> {
    let bytes = store.read(path)?.unwrap_or_default();
    Ok(path == tile::blob(&sha256_hex(&bytes)))
}

/// Compares everything that records cite with its hash and size.
pub(super) fn blobs(
    store: &dyn LogStore,
    records: &[Record],
    known: &mut BTreeSet<String>,
    report: &mut AuditReport,
) -> Result<()> {
    let mut good = 0;
    for record in records {
        for cited in &record.refs {
            let place = format!("record {}, `{}`", record.seq, cited.name);
            let plain =
                cited.sha256.len() == 64 && cited.sha256.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
            if !plain {
                report.fault(place, "is not cited by a SHA-256 in lower-case hexadecimal");
                continue;
            }
            let path = tile::blob(&cited.sha256);
            match store.read(&path)? {
                None => report.fault(path.clone(), format!("is missing; {place} cites it")),
                Some(bytes) if sha256_hex(&bytes) != cited.sha256 || bytes.len() as u64 != cited.size => {
                    report.fault(path.clone(), format!("is not what {place} cites"));
                }
                Some(_) => good += 1,
            }
            known.insert(path);
        }
    }
    report.checked.push(format!("{good} references lead to the bytes they cite"));
    Ok(())
}
