//! What goes into the log, before it has a place there: how agents and controllers write records.

use crate::log::Log;
use crate::{Record, Reference, Result};
use serde_json::{Map, Value};

/// A record to be: everything but its place.
///
/// A controller writes what it saw, what it decided and what it did, each before it acts on it:
///
/// ```
/// use eca_beckn::{Entry, Log, kind};
/// fn step(log: &mut Log, problem: &[u8], plan: &[u8], now_us: i64) -> eca_beckn::Result<()> {
///     let me = "compute.example.org";
///     let decision = log.write(
///         Entry::new(kind::PLAN, me, now_us)
///             .cite("problem", problem)
///             .cite("plan", plan)
///             .field("outcome", "optimal")
///             .field("objective_ugbp", 1_204_000_000_i64),
///     )?;
///     // The decision is on disk: now it may be acted on.
///     log.write(Entry::new(kind::COMMAND, me, now_us).field("decision", decision).field("power_w", 9_000_000))?;
///     // At most once a second, and before any promise is sent: a signed head over everything so far.
///     log.publish()?;
///     Ok(())
/// }
/// ```
///
/// Values of [`Entry::field`] are strings and integers, arrays and objects of them, with the unit in the name
/// (`energy_wh`, `price_ugbp_per_mwh`, `carbon_mg`): a record holds nothing that two readers could round differently.
/// Documents with other values, and everything large, are cited.
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an entry is in the log when Log::write has taken it"]
pub struct Entry {
    kind: String,
    actor: String,
    time_us: i64,
    clock_error_us: i64,
    txn: Option<String>,
    msg: Option<String>,
    obp: Option<String>,
    cited: Vec<(String, Vec<u8>)>,
    body: Map<String, Value>,
}

impl Entry {
    /// An entry of a [`crate::kind`], caused by `actor` at `time_us` (UTC, microseconds since 1970).
    ///
    /// Time must not run back from record to record by more than [`Entry::clock_error_us`] allows.
    pub fn new(kind: &str, actor: &str, time_us: i64) -> Self {
        Self {
            kind: kind.into(),
            actor: actor.into(),
            time_us,
            clock_error_us: 0,
            txn: None,
            msg: None,
            obp: None,
            cited: Vec::new(),
            body: Map::new(),
        }
    }

    /// How far the clock may be off, microseconds (0).
    pub fn clock_error_us(mut self, error: i64) -> Self {
        self.clock_error_us = error;
        self
    }

    /// The transaction it belongs to.
    pub fn txn(mut self, id: &str) -> Self {
        self.txn = Some(id.into());
        self
    }

    /// The message it belongs to.
    pub fn msg(mut self, id: &str) -> Self {
        self.msg = Some(id.into());
        self
    }

    /// The reference of a balancing platform, never parsed.
    pub fn obp(mut self, id: &str) -> Self {
        self.obp = Some(id.into());
        self
    }

    /// A value of the body.
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.body.insert(name.into(), value.into());
        self
    }

    /// Bytes to keep beside the log under their hash, and to cite as `name`.
    pub fn cite(mut self, name: &str, bytes: impl Into<Vec<u8>>) -> Self {
        self.cited.push((name.into(), bytes.into()));
        self
    }

    pub(crate) fn record(&self, seq: u64) -> Result<Record> {
        let mut record = Record::new(&self.kind, seq, self.time_us, &self.actor)?;
        record.clock_error_us = self.clock_error_us;
        (record.txn, record.msg, record.obp) = (self.txn.clone(), self.msg.clone(), self.obp.clone());
        record.refs = self.cited.iter().map(|(name, bytes)| Reference::to(name, bytes)).collect();
        record.body = self.body.clone();
        Ok(record)
    }
}

impl Log {
    /// Writes one entry; when this returns its index, record and cited bytes are on disk.
    ///
    /// # Errors
    /// Those of [`Log::write_all`].
    pub fn write(&mut self, entry: Entry) -> Result<u64> {
        self.write_all(std::slice::from_ref(&entry))
    }

    /// Writes entries with one wait for the disk; gives the index of the first. One wait for each of what is cited
    /// comes before.
    ///
    /// # Errors
    /// [`crate::Error::Json`] for an unknown kind or a value that is no string or integer, and those of [`Log::append`]
    /// and [`Log::keep`]; then none of them is acknowledged.
    pub fn write_all(&mut self, entries: &[Entry]) -> Result<u64> {
        let first = self.size();
        let numbered = (first..).zip(entries);
        let records: Result<Vec<Vec<u8>>> = numbered.map(|(seq, entry)| entry.record(seq)?.to_bytes()).collect();
        let records = records?;
        for (_, bytes) in entries.iter().flat_map(|entry| &entry.cited) {
            self.keep(bytes)?;
        }
        self.append_all(&records.iter().map(Vec::as_slice).collect::<Vec<_>>())
    }
}
