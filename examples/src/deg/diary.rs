//! What an agent keeps of all that passes: lines for the transcript, and where it has a log, records.

use super::clock::StepClock;
use super::{Outcome, setup};
use eca_adapters::beckn_http::Journal;
use eca_beckn::agent::{Answer, Event, Incoming, Outgoing};
use eca_beckn::{Entry, Envelope, Log, Reply, Result, kind};
use eca_core::Timestamp;
use eca_core::adapter::Clock;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

#[derive(Debug)]
pub struct Diary {
    name: String,
    clock: Arc<StepClock>,
    log: Option<Arc<Mutex<Log>>>,
    lines: Mutex<Vec<Value>>,
    notes: Mutex<Vec<(String, Value)>>,
    passed: AtomicU64,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Diary {
    pub fn new(name: &str, clock: Arc<StepClock>, log: Option<Arc<Mutex<Log>>>) -> Self {
        let (lines, notes) = (Mutex::default(), Mutex::default());
        Self { name: name.into(), clock, log, lines, notes, passed: AtomicU64::new(0) }
    }

    /// An entry of the log at this moment.
    pub fn entry(&self, kind: &str) -> Entry {
        Entry::new(kind, &setup::id(&self.name), self.time_us())
    }

    fn time_us(&self) -> i64 {
        self.clock.now().unix_s() * 1_000_000
    }

    /// Writes an entry, where this agent keeps the log.
    pub fn write(&self, entry: Entry) -> Result<()> {
        self.with_log(|log, _| log.write(entry).map(|_| ()))
    }

    /// Does something with the log, at a time that no other record is ahead of.
    pub fn with_log(&self, act: impl FnOnce(&mut Log, i64) -> Result<()>) -> Result<()> {
        match &self.log {
            Some(log) => {
                let mut log = locked(log);
                let time_us = self.time_us();
                act(&mut log, time_us)
            }
            None => Ok(()),
        }
    }

    /// Keeps something for the report.
    pub fn note(&self, key: &str, value: Value) {
        locked(&self.notes).push((key.into(), value));
    }

    /// A line of the transcript.
    pub fn line(&self, kind: &str, text: String) {
        let nanos = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_nanos();
        let line = json!({"order": nanos.to_string(), "time": self.clock.now().to_string(), "who": self.name, "kind": kind, "text": text});
        locked(&self.lines).push(line);
    }

    /// Lines and notes since the last call, and how many messages have passed in all.
    pub fn take(&self) -> Value {
        let notes: Vec<Value> =
            locked(&self.notes).drain(..).map(|(key, value)| json!({"key": key, "value": value})).collect();
        let lines: Vec<Value> = locked(&self.lines).drain(..).collect();
        json!({"lines": lines, "notes": notes, "passed": self.passed.load(Ordering::SeqCst)})
    }
}

impl Journal for Diary {
    fn taken(&self, incoming: &Incoming, _: Timestamp) -> Result<()> {
        self.passed.fetch_add(1, Ordering::SeqCst);
        self.with_log(|log, time_us| {
            log.record_message(&incoming.signed, incoming.request.as_deref(), time_us).map(|_| ())
        })
    }

    fn refused(&self, endpoint: &str, answer: &Answer, _: Timestamp) {
        self.passed.fetch_add(1, Ordering::SeqCst);
        let reason = answer.error.as_ref().map(|error| error.message.clone()).unwrap_or_default();
        self.line("refused", format!("{endpoint}: {} {reason}", answer.status));
    }

    fn sending(&self, outgoing: &Outgoing, _: Timestamp) -> Result<()> {
        self.with_log(|log, time_us| {
            log.record_message(&outgoing.signed, outgoing.request.as_deref(), time_us)?;
            // A promise goes out only under a signed head of the log.
            if outgoing.action.contains("confirm") {
                log.publish()?;
            }
            Ok(())
        })
    }

    fn posted(&self, outgoing: &Outgoing, reply: std::result::Result<&Reply, &str>, signed: bool, _: Timestamp) {
        self.passed.fetch_add(1, Ordering::SeqCst);
        let said = match reply {
            Ok(reply) if reply.taken => format!("{} ACK", reply.status),
            Ok(reply) => format!("{} NACK {}", reply.status, reply.error.as_ref().map_or("", |error| &error.code)),
            Err(reason) => format!("not delivered: {reason}"),
        };
        let receipt = if signed { "signed receipt" } else { "no receipt" };
        let envelope = Envelope::parse(&outgoing.signed.body).ok();
        let to = envelope.and_then(|e| if e.is_callback() { e.bap_id } else { e.bpp_id }).unwrap_or_default();
        let to = to.split('.').next().unwrap_or_default().to_owned();
        let text =
            format!("{:<13}-> {to:<8}{:>6} bytes  {said}, {receipt}", outgoing.action, outgoing.signed.body.len());
        self.line("message", text);
    }

    fn event(&self, event: &Event, _: Timestamp) {
        let (text, entry) = match event {
            Event::Agreed(transaction, contract) => {
                let entry = self
                    .entry(kind::ORDER)
                    .txn(transaction)
                    .field("contract_id", contract.as_str())
                    .field("state", "confirmed");
                (format!("contract {} agreed", &contract[..8]), Some(entry))
            }
            Event::Cancelled(transaction, contract) => {
                let entry = self
                    .entry(kind::ORDER)
                    .txn(transaction)
                    .field("contract_id", contract.as_str())
                    .field("state", "cancelled");
                (format!("contract {contract} given up"), Some(entry))
            }
            Event::Signal(signal) => {
                let text = format!("{:?}", signal.series);
                let entry = self.entry(kind::SIGNAL).field("gsp_group", signal.gsp_group.as_str()).cite("signal", text);
                (format!("signals of {} for {} half hours", signal.gsp_group, signal.series.intervals()), Some(entry))
            }
            Event::Der(report) => {
                let soc = report.series.values("SOC").and_then(|soc| soc.first().copied()).unwrap_or_default();
                self.note("soc", json!({"time": report.as_of.to_string(), "soc_kwh": soc}));
                (format!("battery at {soc:.0} kWh"), None)
            }
            Event::Measured(_, period, delivered_wh) => {
                (format!("{period}: {:.3} MWh less than the baseline", *delivered_wh as f64 / 1e6), None)
            }
            Event::Settled(contract, ugbp) => {
                (format!("contract {} settled: {:.2} GBP", &contract[..8], *ugbp as f64 / 1e6), None)
            }
            Event::NothingFits(_) => ("no offer fits".into(), None),
            Event::NoAnswer(action, _) => (format!("no answer to {action}"), None),
            Event::Refused(action, _, error) => (format!("{action} brought an error: {}", error.code), None),
            _ => return,
        };
        self.line("event", text);
        if let Some(entry) = entry
            && let Err(error) = self.write(entry)
        {
            self.line("refused", format!("the log: {error}"));
        }
    }
}

/// A log on disk below the folder, for writing.
pub fn open_log(folder: &std::path::Path) -> Outcome<Arc<Mutex<Log>>> {
    use eca_beckn::log::{FileHead, FileStore};
    let (signer, key) = setup::log_key();
    let store = Arc::new(FileStore::writer(folder.join("log"))?);
    // Apart from the log: it must never be restored with it.
    let heads = Arc::new(FileHead::new(folder.join("last-head")));
    Ok(Arc::new(Mutex::new(Log::open(store, heads, signer, key)?)))
}
