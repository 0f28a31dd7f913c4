//! A log on a disk that fails: an error or an end of the process at every call, and losses of power at random. What was
//! acknowledged stays, and no two histories are ever signed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/disk.rs"]
mod disk;
#[path = "common/random.rs"]
mod random;

use common::*;
use disk::{Disk, Fault};
use eca_beckn::log::{FileHead, FileStore, HeadStore, LogHead, tree::Hash, tree::leaf_hash};
use eca_beckn::{Log, Result, audit};
use eca_core::adapter::Signer;
use random::Random;
use std::sync::{Arc, Mutex};

/// Signs, and remembers what it signed.
#[derive(Debug, Default)]
struct Notary(Mutex<Vec<Vec<u8>>>);

impl std::fmt::Display for Notary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("notary")
    }
}

impl Signer for Notary {
    fn key_id(&self) -> &str {
        ORIGIN
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> eca_core::Result<Vec<u8>> {
        self.0.lock().unwrap().push(bytes.to_vec());
        log_signer().sign(domain, bytes)
    }
}

/// What the world knows: records that were acknowledged, in their places, and everything that was signed.
#[derive(Default)]
struct World {
    disk: Disk,
    notary: Arc<Notary>,
    /// Leaf hashes.
    acknowledged: Vec<Hash>,
    written: u64,
}

impl World {
    fn open(&self) -> Result<Log> {
        let files = Arc::new(self.disk.clone());
        let store = Arc::new(FileStore::writer_on(files.clone(), "log")?);
        Log::open(store, Arc::new(FileHead::on(files, "head/last")), self.notary.clone(), log_key())
    }

    fn record(&mut self, seq: u64) -> Vec<u8> {
        self.written += 1;
        let mut record = eca_beckn::Record::new("signal", seq, 1_795_453_200_000_000, "somebody").unwrap();
        // Long enough that frames lie across sectors, and never the same twice.
        record.actor = format!("{:0>1$}", self.written, 1 + (self.written * 97 % 700) as usize);
        record.to_bytes().unwrap()
    }

    /// Appends `count` records with one wait; the log says where they are.
    fn append(&mut self, log: &mut Log, count: u64) -> Result<()> {
        let records: Vec<Vec<u8>> = (log.size()..).take(count as usize).map(|seq| self.record(seq)).collect();
        let first = log.append_all(&records.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        assert_eq!(first, self.acknowledged.len() as u64, "a record got a place that is not the next one");
        self.acknowledged.extend(records.iter().map(|record| leaf_hash(record)));
        Ok(())
    }

    /// A piece of work that uses every call: opens, appends one by one and in groups, keeps, publishes.
    fn work(&mut self) -> Result<()> {
        let mut log = self.open()?;
        self.settle(&log);
        self.append(&mut log, 1)?;
        log.keep(b"what a record cites")?;
        self.append(&mut log, 3)?;
        log.publish()?;
        self.append(&mut log, 2)?;
        log.publish()?;
        self.append(&mut log, 1)
    }

    /// Records of an append that failed may be there or not; those that were acknowledged must be, in their places. What
    /// an open log shows counts as acknowledged from then on.
    fn settle(&mut self, log: &Log) {
        let (left, known) = (log.tree().level(0), self.acknowledged.len());
        assert!(left.len() >= known, "{} of {known} acknowledged records are left", left.len());
        if let Some(seq) = (0..known).find(|seq| left[*seq] != self.acknowledged[*seq]) {
            panic!("record {seq} is another one");
        }
        self.acknowledged = left.to_vec();
    }

    /// Opens the log on a disk that works, and looks at everything.
    fn judge(&mut self) {
        let mut log = self.open().expect("the log opens after a failure");
        self.settle(&log);
        self.append(&mut log, 1).unwrap();
        let note = log.publish().unwrap();
        let files = Arc::new(self.disk.clone());
        let report = audit(&FileStore::writer_on(files.clone(), "log").unwrap(), Some(&trust()), Some(&note)).unwrap();
        assert!(report.passed(), "{report}");
        assert_eq!(FileHead::on(files, "head/last").last().unwrap(), Some(note));
        for text in self.notary.0.lock().unwrap().iter() {
            let note = format!("{}\n\u{2014} x AAAAAAAA\n", String::from_utf8(text.clone()).unwrap());
            let head = LogHead::read("signed", &note).unwrap();
            assert_eq!(log.tree().root(head.size), Some(head.root), "two histories were signed");
        }
    }
}

/// What comes after the fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum After {
    Restart,
    Power,
    GoOn,
    Publish,
}

#[test]
fn an_error_or_an_end_at_every_call_loses_nothing() {
    let mut cases = 0;
    for fault in [Fault::ErrorBefore, Fault::ErrorAfter, Fault::KillBefore, Fault::KillAfter] {
        for after in [After::Restart, After::Power, After::GoOn, After::Publish] {
            // The second piece of work opens a log that is there; the fault strikes in it or in the first.
            for call in 0.. {
                let mut world = World::default();
                world.disk.plant(call, fault);
                let first = world.work();
                if first.is_ok() {
                    drop(world.work());
                }
                let struck = world.disk.calls() > call;
                world.disk.restart();
                if matches!(after, After::GoOn | After::Publish) {
                    // A new process goes on with what it finds, and then the power goes.
                    let mut log = world.open().unwrap();
                    world.settle(&log);
                    world.append(&mut log, 1).unwrap();
                    if after == After::Publish {
                        log.publish().unwrap();
                    }
                }
                if after != After::Restart {
                    world.disk.lose_power(&mut Random(call as u64));
                }
                if !struck {
                    break;
                }
                world.judge();
                cases += 1;
            }
        }
    }
    println!("{cases} errors and ends at calls of the file system, 0 records lost, 0 second histories");
    // Sixteen ways at each of about 200 calls.
    assert!(cases > 2000, "{cases}");
}

#[test]
fn power_may_go_at_any_time() {
    let large = std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large");
    let (logs, losses) = if large { (20_000, 10) } else { (150, 10) };
    let mut sizes = 0;
    for seed in 0..logs {
        let mut world = World::default();
        let mut random = Random(seed);
        for _ in 0..losses {
            // Sometimes a call fails first, or the process dies and another one goes on before the power goes.
            for _ in 0..=random.below(2) {
                let fault = [Fault::ErrorBefore, Fault::ErrorAfter, Fault::KillBefore, Fault::KillAfter];
                world.disk.plant(random.below(220) as usize, fault[random.below(4) as usize]);
                drop(world.work());
                world.disk.restart();
                if let Ok(log) = world.open() {
                    world.settle(&log);
                }
            }
            world.disk.lose_power(&mut random);
            world.judge();
        }
        sizes += world.acknowledged.len();
    }
    println!("{} losses of power, {sizes} records acknowledged, 0 lost", logs * losses);
    assert!(sizes as u64 > 10 * logs, "{sizes}");
}
