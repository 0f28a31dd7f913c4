//! One log, or one shard of it: every byte under its head.

use super::files::{self, Tree};
use super::{AuditReport, head};
use crate::log::{LOCK, LogHead, LogKey, LogStore, hex, pending_records, tile};
use crate::{Error, Record, Result, Trust};
use std::collections::BTreeSet;

/// A log whose records are read and hashed.
pub(super) struct Part<'a> {
    /// Name of the shard; empty for a log alone.
    pub(super) name: String,
    pub(super) store: &'a dyn LogStore,
    pub(super) head: LogHead,
    pub(super) tree: Tree,
    /// The records that a rule looks at.
    pub(super) records: Vec<Record>,
    /// Where each of them stands among those of all shards, by time.
    pub(super) positions: Vec<u64>,
    /// Files that belong to the log.
    known: BTreeSet<String>,
}

/// Records of several logs in the order of time, as (log, record), that of each log as it is; fills in their positions.
pub(super) fn order(parts: &mut [Part<'_>]) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    loop {
        let next = parts
            .iter()
            .enumerate()
            .filter_map(|(number, part)| part.records.get(part.positions.len()).map(|record| (record.time_us, number)));
        let Some((_, number)) = next.min() else { return found };
        let part = &mut parts[number];
        let position = found.len() as u64;
        found.push((number, part.positions.len()));
        part.positions.push(position);
    }
}

impl<'a> Part<'a> {
    /// Reads a log and compares its head, tiles and waiting records. Nothing if it has no head that can be believed, or its
    /// records cannot be taken apart: then the report says why.
    pub(super) fn open(
        name: String,
        store: &'a dyn LogStore,
        trust: Option<&Trust>,
        key: Option<&LogKey>,
        since: Option<&str>,
        report: &mut AuditReport,
    ) -> Result<Option<Self>> {
        let Some(head) = head::head(store, key, report)? else { return Ok(None) };
        report.records = head.size;
        // Heads of earlier shards stand in records of the one that is witnessed.
        if let Some(trust) = trust.filter(|trust| trust.log.name == head.origin) {
            head::witnesses(store, trust, report)?;
        }
        let (tree, found) = match files::read(store, head.size) {
            Ok(read) => read,
            Err(Error::NotVerified { place, reason }) => {
                report.fault(place, reason);
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        if tree.root == head.root {
            report.checked.push(format!("{} records give root {}", head.size, hex(&tree.root)));
        } else {
            report.fault(tile::CHECKPOINT, "the root is not that of the records");
        }
        if let Some(since) = since {
            head::continues(since, key, &tree, &head, report);
        }
        let mut known: BTreeSet<String> = [tile::CHECKPOINT, tile::PENDING].map(String::from).into();
        files::tiles(store, &tree.rows, &mut known, report)?;
        waiting(store, tree.leaves(), report)?;
        for (seq, error) in found.wrong {
            report.fault(format!("record {seq}"), error.to_string());
        }
        report.checked.push(format!("{} records are canonical and of a known form", found.times.len()));
        in_order(&found.times, report);
        Ok(Some(Self { name, store, head, tree, records: found.records, positions: Vec::new(), known }))
    }

    /// What a record is called in a report on several shards.
    pub(super) fn place(&self, record: &Record) -> String {
        match self.name.as_str() {
            "" => format!("record {}", record.seq),
            name => format!("{name}: record {}", record.seq),
        }
    }

    /// Compares what the records cite.
    pub(super) fn cited(&mut self, report: &mut AuditReport) -> Result<()> {
        files::blobs(self.store, &self.records, &mut self.known, report)
    }

    /// Looks at every file that nothing led to.
    pub(super) fn left_over(&self, report: &mut AuditReport) -> Result<()> {
        if self.store.read(LOCK)?.is_some_and(|bytes| !bytes.is_empty()) {
            report.fault(LOCK, "is not empty");
        }
        let mut uncited = 0;
        for path in self.store.list()?.into_iter().filter(|path| !self.known.contains(path)) {
            if files::kept(self.store, &path)? {
                uncited += 1;
            } else if !files::earlier_partial(self.store, &path, &self.tree.rows)? {
                // A partial tile or bundle of an earlier head must be the beginning of the present one.
                report.fault(path, "does not belong to the log, or is not what it was");
            }
        }
        if uncited > 0 {
            // A writer that was stopped between the two, or whose records still wait, leaves such files.
            report.checked.push(format!(
                "{uncited} kept files have the hash they are named by, and no record under the head cites them"
            ));
        }
        Ok(())
    }
}

fn waiting(store: &dyn LogStore, leaves: &[[u8; 32]], report: &mut AuditReport) -> Result<()> {
    let bytes = store.read(tile::PENDING)?.unwrap_or_default();
    match pending_records(&bytes) {
        Err(error) => report.fault(tile::PENDING, error.to_string()),
        Ok((_, whole)) if whole < bytes.len() => {
            report.fault(tile::PENDING, format!("{} bytes at the end are no whole record", bytes.len() - whole));
        }
        Ok((records, _)) => {
            let mut next = leaves.len() as u64;
            for (index, record) in &records {
                let there = usize::try_from(*index).ok().and_then(|index| leaves.get(index));
                if there.is_some_and(|leaf| *leaf != files::leaf(record)) {
                    report.fault(tile::PENDING, format!("record {index} is another one in the log"));
                } else if there.is_none() && *index != next {
                    report.fault(tile::PENDING, format!("record {next} is missing before {index}"));
                } else if there.is_none() {
                    next += 1;
                }
            }
            if next > leaves.len() as u64 {
                report.checked.push(format!("{} records wait for a signed head", next - leaves.len() as u64));
            }
        }
    }
    Ok(())
}

/// `times` are index, time and clock error.
fn in_order(times: &[(u64, i64, i64)], report: &mut AuditReport) {
    for pair in times.windows(2) {
        if let [(before, at, error), (after, later, its_error)] = pair
            && later.saturating_add(*its_error) < at.saturating_sub(*error)
        {
            report.fault(format!("record {after}"), format!("is older than record {before}"));
        }
    }
}
