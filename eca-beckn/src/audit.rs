//! The offline verifier of a log. It shares no code with the writer of the tree: it hashes what it reads, from the
//! definition in RFC 6962, and believes no key that comes with the log.

mod across;
mod certificates;
mod evidence;
mod files;
mod head;
mod messages;
mod metered;
mod part;
mod settlements;
mod shards;

use crate::log::{FileStore, LogStore};
use crate::rotation::KeyRing;
use crate::{Result, Trust, kind};
use part::{Part, order};
use std::fmt;
use std::path::Path;

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
    /// Number of records under the head, of all heads if there are several shards.
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

    /// Runs `look` on a report of its own, and takes in what it found in the shard `name`; a log alone has no name.
    fn of<T>(&mut self, name: &str, look: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let mut found = Self::default();
        let done = look(&mut found)?;
        let named = |text: String| if name.is_empty() { text } else { format!("{name}: {text}") };
        self.checked.extend(found.checked.into_iter().map(named));
        self.faults.extend(found.faults.into_iter().map(|fault| Fault { place: named(fault.place), ..fault }));
        self.records += found.records;
        Ok(done)
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
    let key = trust.map(|trust| trust.log.clone());
    let part = Part::open(String::new(), store, trust, key.as_ref(), since, &mut report)?;
    if let Some(part) = part {
        together(&mut [part], trust, &mut report)?;
    }
    Ok(report)
}

/// Verifies the shards of a log as one: each as [`audit()`] does, that the heads they cite of each other are those of the
/// shards that are there, keys and the fund from shard to shard, and that no half hour of a meter stands in two of them.
///
/// `shards` are names and files. The log of `trust` is the newest shard, which must be there; the others have its name but
/// for the last part, and its key or one of [`Trust::earlier_logs`]. `since` is an older head of one of them.
///
/// # Errors
/// As [`audit()`].
pub fn audit_shards(
    shards: &[(String, &dyn LogStore)],
    trust: Option<&Trust>,
    since: Option<&str>,
) -> Result<AuditReport> {
    let mut report = AuditReport { trusted: trust.is_some(), ..AuditReport::default() };
    let mut parts = Vec::new();
    let mut since = since;
    for (name, store) in shards {
        let part = report.of(name, |report| {
            let Some((origin, key)) = across::key_of(*store, trust, report)? else { return Ok(None) };
            let earlier = since.filter(|note| head::origin(note) == Some(origin.as_str()));
            since = since.filter(|_| earlier.is_none());
            Part::open(name.clone(), *store, trust, key.as_ref(), earlier, report)
        })?;
        parts.extend(part);
    }
    if since.is_some() {
        report.fault("earlier head", "is of none of these shards");
    }
    across::check(&parts, trust, &mut report);
    together(&mut parts, trust, &mut report)?;
    Ok(report)
}

/// Verifies what is in a folder: a log, or the shards of one in folders of their own.
///
/// # Errors
/// As [`audit()`].
pub fn audit_folder(folder: &Path, trust: Option<&Trust>, since: Option<&str>) -> Result<AuditReport> {
    let shards = FileStore::shards(folder)?;
    if shards.is_empty() {
        return audit(&FileStore::reader(folder)?, trust, since);
    }
    let shards: Vec<(String, &dyn LogStore)> =
        shards.iter().map(|(name, store)| (name.clone(), store as &dyn LogStore)).collect();
    audit_shards(&shards, trust, since)
}

/// What the records say, once every byte is known to be under a head.
fn together(parts: &mut [Part<'_>], trust: Option<&Trust>, report: &mut AuditReport) -> Result<()> {
    let order = order(parts);
    for part in &mut *parts {
        let name = part.name.clone();
        report.of(&name, |report| part.cited(report))?;
    }
    let keys = trust.map(|trust| keys(trust, parts, &order, report));
    for part in &*parts {
        report.of(&part.name, |report| {
            messages::verify(part, keys.as_ref(), report)?;
            certificates::check(part, keys.as_ref(), report)
        })?;
    }
    settlements::check(parts, &order, report)?;
    metered::check(parts, report)?;
    for part in &*parts {
        report.of(&part.name, |report| {
            evidence::check(part.store, &part.records, report)?;
            shards::check(part, trust, report)?;
            part.left_over(report)
        })?;
    }
    Ok(())
}

/// The trusted keys with those that they vouched for, after all key records of the log: what is revoked is so from the
/// time it names, also for records before.
fn keys(trust: &Trust, parts: &[Part<'_>], order: &[(usize, usize)], report: &mut AuditReport) -> KeyRing {
    let (mut ring, mut changes) = (trust.key_ring(), 0);
    for (part, index) in order {
        let part = &parts[*part];
        let record = &part.records[*index];
        if record.kind != kind::KEY {
            continue;
        }
        match ring.take(record, part.positions[*index], &part.place(record)) {
            Ok(()) => changes += 1,
            Err(error) => report.fault(part.place(record), error.to_string()),
        }
    }
    if changes > 0 {
        report.checked.push(format!("{changes} keys added or revoked by keys that count"));
    }
    ring
}
