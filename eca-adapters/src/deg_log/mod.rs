//! What a running loop saw, decided and did, as records of a signed DEG log that anybody can audit.
//!
//! | event of the loop | record | cites |
//! |---|---|---|
//! | a period begins | `telemetry_root`: `rows`, `root` | `readings` (CSV), `ledger` where a period was booked |
//! | flexibility was sold | `order` | `commitment` |
//! | a plan was made | `plan`: `generation`, `outcome`, `source`, `objective_ugbp`, `shadow` | `problem`, `plan`, `actions` |
//! | something was told | `command`: `target`, `command`, `power_w`, `answer` or `error` | |
//!
//! Each record has the number of its event (`event`): a loop that was killed goes on with the next one. The decision is on disk
//! before anything of it is sent. A head is signed once in each period, and when the log is dropped.

mod records;

use eca_beckn::log::{FileHead, FileStore, read_records};
use eca_beckn::{Error, Log, LogKey, MemoryKey, Record, Result, purpose};
use eca_core::adapter::{AdapterError, AdapterResult};
use eca_core::live::{Event, Happened, Sink};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The events of one loop in a log.
#[derive(Debug)]
pub struct DegLog {
    log: Arc<Mutex<Log>>,
    actor: String,
    /// Number of the last event in it, and the latest time of its records, microseconds.
    last: Mutex<(u64, i64)>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl DegLog {
    /// Opens the log in `folder` for writing, or begins it. `last_head` is a file outside of it, which must never be restored
    /// with it; `seed` is the private key of `origin` in base64; records are by `actor`.
    ///
    /// # Errors
    /// As [`Log::open`]: where another process writes to it, where it was damaged, changed or rolled back; [`Error::Key`].
    pub fn open(folder: &Path, last_head: &Path, origin: &str, seed: &str, actor: &str) -> Result<Self> {
        let key = MemoryKey::from_base64(origin, purpose::LOG, seed.trim())?;
        let public = LogKey { name: origin.into(), key: key.public() };
        let store = Arc::new(FileStore::writer(folder)?);
        let mut log = Log::open(store.clone(), Arc::new(FileHead::new(last_head)), Arc::new(key), public)?;
        let mut last = (0, i64::MIN);
        if log.size() > 0 {
            // What waited for a head when the last process ended stands under one from here on.
            log.publish()?;
            for (seq, bytes) in (0..).zip(read_records(&*store, log.size())?) {
                let record = Record::parse(seq, &bytes)?;
                let number = record.body.get("event").and_then(serde_json::Value::as_u64);
                if record.actor == actor {
                    last.0 = last.0.max(number.unwrap_or(0));
                }
                last.1 = record.time_us;
            }
        }
        Ok(Self { log: Arc::new(Mutex::new(log)), actor: actor.into(), last: Mutex::new(last) })
    }

    /// The events of a loop in a log that others write to as well, and that has none of them yet.
    #[must_use]
    pub fn begin(log: Arc<Mutex<Log>>, actor: &str) -> Self {
        Self { log, actor: actor.into(), last: Mutex::new((0, i64::MIN)) }
    }

    /// The key that verifies its heads, for the `log` of a trust file.
    #[must_use]
    pub fn key(&self) -> LogKey {
        locked(&self.log).key().clone()
    }

    fn write(&self, events: &[Event]) -> Result<()> {
        let mut last = locked(&self.last);
        let mut log = locked(&self.log);
        let (mut entries, mut time_us) = (Vec::new(), last.1);
        let new: Vec<&Event> = events.iter().filter(|event| event.number > last.0).collect();
        for event in &new {
            let at_us = event.at.unix_s().saturating_mul(1_000_000);
            // A clock that was set back was wrong by so much, before or now.
            let error_us = time_us.saturating_sub(at_us).max(0);
            entries.push(records::entry(event, &self.actor, at_us)?.clock_error_us(if time_us == i64::MIN {
                0
            } else {
                error_us
            }));
            time_us = at_us;
        }
        log.write_all(&entries)?;
        *last = (new.last().map_or(last.0, |event| event.number), time_us);
        if new.iter().any(|event| !matches!(event.what, Happened::Told { .. })) {
            log.publish()?;
        }
        Ok(())
    }
}

impl fmt::Display for DegLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "log `{}`", locked(&self.log).key().name)
    }
}

impl Sink for DegLog {
    fn last(&self) -> AdapterResult<u64> {
        Ok(locked(&self.last).0)
    }

    fn keep(&self, events: &[Event]) -> AdapterResult<()> {
        self.write(events)
            .map_err(|error: Error| AdapterError::Unreachable { adapter: self.to_string(), message: error.to_string() })
    }
}

impl Drop for DegLog {
    fn drop(&mut self) {
        // The records are on disk: without a head they wait for one.
        let _ = locked(&self.log).publish();
    }
}
