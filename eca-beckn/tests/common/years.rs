//! Logs of two years beside each other.
#![allow(dead_code)]

use eca_beckn::log::{MemoryHead, MemoryStore};
use eca_beckn::shard::origin;
use eca_beckn::{AuditReport, Entry, Log, LogKey, MemoryKey, Trust, audit, kind, purpose};
use std::sync::Arc;

/// Noon of 31 December 2026 and of 2 January 2027, microseconds.
pub const OLD_US: i64 = 1_798_718_400_000_000;
pub const NEW_US: i64 = OLD_US + 2 * 86_400_000_000;
pub const ME: &str = "compute.example.org";

pub struct Shard {
    pub store: Arc<MemoryStore>,
    pub heads: Arc<MemoryHead>,
    pub year: i16,
    pub seed: &'static str,
}

impl Shard {
    pub fn new(year: i16, seed: &'static str) -> Self {
        Self { store: Arc::default(), heads: Arc::default(), year, seed }
    }

    pub fn key(&self) -> LogKey {
        LogKey { name: origin("log.example.org/eca", self.year), key: self.signer().public() }
    }

    pub fn signer(&self) -> MemoryKey {
        MemoryKey::from_base64(&origin("log.example.org/eca", self.year), purpose::LOG, self.seed).unwrap()
    }

    pub fn open(&self) -> Log {
        Log::open(self.store.clone(), self.heads.clone(), Arc::new(self.signer()), self.key()).unwrap()
    }

    pub fn audit(&self, more: &str, since: Option<&str>) -> AuditReport {
        let trust = Trust::parse(&format!(r#"{{"log":"{}"{more}}}"#, self.key())).unwrap();
        audit(&*self.store, Some(&trust), since).unwrap()
    }
}

pub fn delivery(date: &str, time_us: i64) -> Entry {
    let entry = Entry::new(kind::DELIVERY, ME, time_us).field("meter_id", "m").field("settlement_date", date);
    entry.field("settlement_period", 20).field("energy_wh", 1000)
}
