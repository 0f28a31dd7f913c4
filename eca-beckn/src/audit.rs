//! The offline verifier of a log. It shares no code with the writer of the tree: it hashes what it reads, from the
//! definition in RFC 6962, and believes no key that comes with the log.

mod certificates;
mod evidence;
mod files;
mod messages;
mod settlements;
mod shards;

use crate::log::{LogHead, LogStore, hex, pending_records, read_records, tile};
use crate::rotation::KeyRing;
use crate::{Record, Result, Trust, kind};
use std::collections::BTreeSet;
use std::fmt;

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// File, record or signature.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// What an audit looked at, and what it found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuditReport {
    /// What was checked and held, one line each.
    pub checked: Vec<String>,
    /// What did not hold.
    pub faults: Vec<Fault>,
    /// Whether keys from outside the log were given.
    pub trusted: bool,
    /// Number of records under the head.
    pub records: u64,
}

impl AuditReport {
    /// Whether everything held, by keys from outside the log.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.trusted && self.faults.is_empty()
    }

    fn fault(&mut self, place: impl Into<String>, reason: impl Into<String>) {
        self.faults.push(Fault { place: place.into(), reason: reason.into() });
    }
}

impl fmt::Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for line in &self.checked {
            writeln!(f, "checked: {line}")?;
        }
        for fault in &self.faults {
            writeln!(f, "FAULT {fault}")?;
        }
        match (self.faults.len(), self.trusted) {
            (0, true) => write!(f, "passed: {} records", self.records),
            (0, false) => write!(f, "self-consistent, signer not verified: {} records; give --trust", self.records),
            (1, _) => write!(f, "failed: 1 fault"),
            (number, _) => write!(f, "failed: {number} faults"),
        }
    }
}

/// Verifies a log from its files alone: head, every tile, every record, what the records cite, message signatures.
///
/// `trust` has keys from outside the log; without it a log can only be found to agree with itself. `since` is an older
/// signed head of the same log: the log must be a continuation of it.
///
/// # Errors
/// [`crate::Error::Store`] when files cannot be read. Everything else is a fault in the report.
pub fn audit(store: &dyn LogStore, trust: Option<&Trust>, since: Option<&str>) -> Result<AuditReport> {
    let mut report = AuditReport { trusted: trust.is_some(), ..AuditReport::default() };
    let Some(head) = head(store, trust, &mut report)? else { return Ok(report) };
    report.records = head.size;
    if let Some(trust) = trust {
        witnesses(store, trust, &mut report)?;
    }
    let records = match read_records(store, head.size) {
        Ok(records) => records,
        Err(error @ crate::Error::Store { .. }) => return Err(error),
        Err(crate::Error::NotVerified { place, reason }) => {
            report.fault(place, reason);
            return Ok(report);
        }
        Err(error) => return Err(error),
    };
    let leaves: Vec<[u8; 32]> = records.iter().map(|record| files::leaf(record)).collect();
    let root = files::root(&leaves);
    if root == head.root {
        report.checked.push(format!("{} records give root {}", head.size, hex(&root)));
    } else {
        report.fault(tile::CHECKPOINT, "the root is not that of the records");
    }
    if let Some(since) = since {
        continues(since, trust, &leaves, &head, &mut report);
    }
    let mut known: BTreeSet<String> = [tile::CHECKPOINT, tile::PENDING].map(String::from).into();
    let rows = files::rows(&leaves);
    files::tiles(store, &rows, &mut known, &mut report)?;
    waiting(store, &leaves, &mut report)?;
    let mut parsed = Vec::new();
    for (index, record) in files::parsed(&records).into_iter().enumerate() {
        match record {
            Ok(record) => parsed.push(record),
            Err(error) => report.fault(format!("record {index}"), error.to_string()),
        }
    }
    report.checked.push(format!("{} records are canonical and of a known form", parsed.len()));
    in_order(&parsed, &mut report);
    files::blobs(store, &parsed, &mut known, &mut report)?;
    let keys = trust.map(|trust| keys(trust, &parsed, &mut report));
    messages::verify(store, keys.as_ref(), &parsed, &mut report)?;
    certificates::check(store, keys.as_ref(), &head.origin, &leaves, &parsed, &mut report)?;
    settlements::check(store, &parsed, &mut report)?;
    evidence::check(store, &parsed, &mut report)?;
    shards::check(store, trust, &parsed, &mut report)?;
    let mut uncited = 0;
    for path in store.list()?.into_iter().filter(|path| !known.contains(path)) {
        if files::kept(store, &path)? {
            uncited += 1;
        } else if !files::earlier_partial(store, &path, &rows)? {
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
    Ok(report)
}

fn head(store: &dyn LogStore, trust: Option<&Trust>, report: &mut AuditReport) -> Result<Option<LogHead>> {
    let Some(note) = store.read(tile::CHECKPOINT)? else {
        report.fault(tile::CHECKPOINT, "is missing");
        return Ok(None);
    };
    let note = String::from_utf8_lossy(&note);
    let read = match trust {
        Some(trust) => LogHead::verify(tile::CHECKPOINT, &note, &trust.log),
        None => LogHead::read(tile::CHECKPOINT, &note),
    };
    match read {
        Ok(head) => {
            if trust.is_some() {
                report.checked.push(format!("head of {} records signed by `{}`", head.size, head.origin));
            }
            Ok(Some(head))
        }
        Err(crate::Error::NotVerified { place, reason }) => {
            report.fault(place, reason);
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The trusted keys with those that they vouched for, after all key records of the log: what is revoked is so from the
/// time it names, also for records before.
fn keys(trust: &Trust, records: &[Record], report: &mut AuditReport) -> KeyRing {
    let (mut ring, mut changes) = (trust.key_ring(), 0);
    for record in records.iter().filter(|record| record.kind == kind::KEY) {
        match ring.take(record) {
            Ok(()) => changes += 1,
            Err(error) => report.fault(format!("record {}", record.seq), error.to_string()),
        }
    }
    if changes > 0 {
        report.checked.push(format!("{changes} keys added or revoked by keys that count"));
    }
    ring
}

/// Counts the witnesses that cosigned the head.
fn witnesses(store: &dyn LogStore, trust: &Trust, report: &mut AuditReport) -> Result<()> {
    let note = store.read(tile::CHECKPOINT)?.unwrap_or_default();
    let note = String::from_utf8_lossy(&note);
    let mut cosigned = 0;
    for witness in &trust.witnesses {
        match witness.cosigned(tile::CHECKPOINT, &note) {
            Ok(time) => cosigned += usize::from(time.is_some()),
            Err(error) => report.fault(tile::CHECKPOINT, error.to_string()),
        }
    }
    let (needed, known) = (trust.witnesses_needed, trust.witnesses.len());
    if cosigned < needed {
        report
            .fault(tile::CHECKPOINT, format!("{cosigned} of {known} witnesses cosigned the head, {needed} are needed"));
    } else if known > 0 {
        report.checked.push(format!("{cosigned} of {known} witnesses cosigned the head, {needed} are needed"));
    }
    Ok(())
}

fn continues(note: &str, trust: Option<&Trust>, leaves: &[[u8; 32]], head: &LogHead, report: &mut AuditReport) {
    let place = "earlier head";
    let read = match trust {
        Some(trust) => LogHead::verify(place, note, &trust.log),
        None => LogHead::read(place, note),
    };
    match read {
        Err(error) => report.fault(place, error.to_string()),
        Ok(old) if old.origin != head.origin => {
            report.fault(place, format!("is of log `{}`, not `{}`", old.origin, head.origin));
        }
        Ok(old) if old.size > head.size => {
            let reason = format!("had {} records, the log has {}: it was rolled back", old.size, head.size);
            report.fault(place, reason);
        }
        Ok(old) => match usize::try_from(old.size).ok().and_then(|size| leaves.get(..size)) {
            Some(first) if files::root(first) == old.root => {
                report.checked.push(format!("continues the earlier head of {} records", old.size));
            }
            _ => report.fault(place, format!("the first {} records are not those of then: it was rewritten", old.size)),
        },
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

fn in_order(records: &[Record], report: &mut AuditReport) {
    for pair in records.windows(2) {
        if let [before, after] = pair
            && after.time_us.saturating_add(after.clock_error_us) < before.time_us.saturating_sub(before.clock_error_us)
        {
            report.fault(format!("record {}", after.seq), format!("is older than record {}", before.seq));
        }
    }
}
