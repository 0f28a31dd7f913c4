//! Hashes from the definition of RFC 6962, and the files they stand in.

use super::AuditReport;
use crate::log::{LogStore, in_bundle, sha256_hex, tile};
use crate::record::HalfHours;
use crate::{Error, Record, Result, kind};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

type Hash = [u8; 32];

/// Hash of a leaf.
pub(super) fn leaf(record: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(record).finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The hashes over the records of a log.
pub(super) struct Tree {
    /// What tiles are cut from: complete subtrees of 256^k leaves.
    pub(super) rows: Vec<Vec<Hash>>,
    pub(super) root: Hash,
    /// Root of each bundle, also of one that is not full.
    bundles: Vec<Hash>,
}

impl Tree {
    /// From the leaves and the roots over each 256 of them, so that no node is hashed twice.
    fn new(leaves: Vec<Hash>, bundles: Vec<Hash>) -> Self {
        let full = leaves.len() / 256;
        let mut rows = vec![leaves];
        if full > 0 {
            rows.push(bundles[..full].to_vec());
        }
        while let Some(below) = rows.last().filter(|row| rows.len() > 1 && row.len() >= 256) {
            let above = below.chunks_exact(256).map(root).collect();
            rows.push(above);
        }
        Self { rows, root: root(&bundles), bundles }
    }

    pub(super) fn leaves(&self) -> &[Hash] {
        self.rows.first().map_or(&[], Vec::as_slice)
    }

    /// The root over the first `size` records, if there are so many.
    pub(super) fn root_of(&self, size: u64) -> Option<Hash> {
        let size = usize::try_from(size).ok()?;
        let whole = size / 256;
        let rest = self.leaves().get(256 * whole..size)?;
        let part = (!rest.is_empty()).then(|| root(rest));
        Some(root(&self.bundles.get(..whole)?.iter().copied().chain(part).collect::<Vec<_>>()))
    }
}

/// A bundle of 256 records or the last ones.
struct Bundle {
    leaves: Vec<Hash>,
    root: Hash,
    found: Found,
}

/// What is kept of records that were read: a million of them whole would be 2 GB.
#[derive(Default)]
pub(super) struct Found {
    /// Those that a rule looks at.
    pub(super) records: Vec<Record>,
    /// Index, time and clock error of all that are of the form, microseconds.
    pub(super) times: Vec<(u64, i64, i64)>,
    /// Those that are not.
    pub(super) wrong: Vec<(u64, Error)>,
}

impl Found {
    fn take(&mut self, seq: u64, read: Result<Record>) {
        match read {
            Ok(record) => {
                self.times.push((seq, record.time_us, record.clock_error_us));
                // What was seen, offered, agreed, told and answered is in the log to be shown; no rule is about it.
                let shown = matches!(
                    record.kind.as_str(),
                    kind::SIGNAL | kind::OFFER | kind::ORDER | kind::COMMAND | kind::ACK
                );
                if !(shown && record.refs.is_empty()) {
                    self.records.push(record);
                }
            }
            Err(error) => self.wrong.push((seq, error)),
        }
    }

    fn append(&mut self, mut later: Self) {
        self.records.append(&mut later.records);
        self.times.append(&mut later.times);
        self.wrong.append(&mut later.wrong);
    }
}

/// The hashes over the first `size` records of a log and what is kept of them; each core reads a part of the bundles.
pub(super) fn read(store: &dyn LogStore, size: u64) -> Result<(Tree, Found)> {
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let number = size.div_ceil(tile::WIDTH);
    let share = number.div_ceil(cores).max(4);
    let part = |first: u64| -> Result<Vec<Bundle>> {
        let mut hours = HalfHours::default();
        let last = first.saturating_add(share).min(number);
        (first..last).map(|index| bundle(store, index, size, &mut hours)).collect()
    };
    let part = &part;
    let parts = std::thread::scope(|scope| {
        let firsts = (0..cores).map(|core| core.saturating_mul(share)).filter(|first| *first < number);
        let parts: Vec<_> = firsts.map(|first| scope.spawn(move || part(first))).collect();
        let join = |part: std::thread::ScopedJoinHandle<'_, _>| {
            part.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        };
        // In their order: the first fault is that of the first bundle that has one.
        parts.into_iter().map(join).collect::<Result<Vec<Vec<Bundle>>>>()
    })?;
    let (mut leaves, mut roots, mut found) = (Vec::new(), Vec::new(), Found::default());
    for bundle in parts.into_iter().flatten() {
        leaves.extend(bundle.leaves);
        roots.push(bundle.root);
        found.append(bundle.found);
    }
    Ok((Tree::new(leaves, roots), found))
}

fn bundle(store: &dyn LogStore, index: u64, size: u64, hours: &mut HalfHours) -> Result<Bundle> {
    let first = index * tile::WIDTH;
    let width = tile::WIDTH.min(size - first);
    in_bundle(store, &tile::path("entries", index, width), width, |bundle| {
        let leaves: Vec<Hash> = bundle.iter().map(|record| leaf(record)).collect();
        let mut found = Found::default();
        for (seq, bytes) in (first..).zip(bundle) {
            found.take(seq, Record::parse_with(seq, bytes, hours));
        }
        Bundle { root: root(&leaves), leaves, found }
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
