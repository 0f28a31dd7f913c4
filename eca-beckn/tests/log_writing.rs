//! What a log promises while it is written: acknowledged is kept, and never two histories under one key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::*;
use eca_beckn::log::{FileHead, FileStore, HeadStore, LogHead, LogStore, MemoryHead, MemoryStore, read_records};
use eca_beckn::{Error, Log, Result, audit};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

fn open(store: &Arc<MemoryStore>, heads: &Arc<MemoryHead>) -> Result<Log> {
    Log::open(store.clone(), heads.clone(), log_signer(), log_key())
}

fn copy(of: &dyn LogStore) -> Arc<MemoryStore> {
    let copy = Arc::new(MemoryStore::default());
    for path in of.list().unwrap() {
        copy.write(&path, &of.read(&path).unwrap().unwrap()).unwrap();
    }
    copy
}

fn record(seq: u64) -> Vec<u8> {
    eca_beckn::Record::new("signal", seq, 1_795_453_200_000_000, "somebody").unwrap().to_bytes().unwrap()
}

/// A store that fails at its `at`-th write, after half of the bytes of an append are there.
#[derive(Debug)]
struct Failing {
    inner: Arc<MemoryStore>,
    at: usize,
    writes: AtomicUsize,
}

impl std::fmt::Display for Failing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failing")
    }
}

impl Failing {
    fn fails(&self) -> bool {
        self.writes.fetch_add(1, Ordering::SeqCst) == self.at
    }

    fn error() -> Error {
        Error::Store { place: "disk".into(), source: std::io::Error::other("planted") }
    }
}

impl LogStore for Failing {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        self.inner.read(path)
    }

    fn list(&self) -> Result<Vec<String>> {
        self.inner.list()
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        if self.fails() { Err(Self::error()) } else { self.inner.write(path, bytes) }
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<()> {
        if self.fails() {
            self.inner.append(path, &bytes[..bytes.len() / 2])?;
            return Err(Self::error());
        }
        self.inner.append(path, bytes)
    }
}

#[test]
fn a_failure_at_any_write_loses_nothing_that_was_acknowledged() {
    let mut failures = 0;
    for at in 0..60 {
        let (inner, heads) = (Arc::new(MemoryStore::default()), Arc::new(MemoryHead::default()));
        let store = Arc::new(Failing { inner: inner.clone(), at, writes: AtomicUsize::new(0) });
        let mut acknowledged = 0;
        let mut failed = false;
        let mut log = Log::open(store, heads.clone(), log_signer(), log_key()).unwrap();
        for seq in 0..12 {
            let done = log.append(&record(seq)).and_then(|_| {
                acknowledged = seq + 1;
                if seq % 3 == 2 { log.publish().map(drop) } else { Ok(()) }
            });
            if done.is_err() {
                assert!(log.append(&record(seq)).unwrap_err().to_string().contains("open the log again"));
                failed = true;
                break;
            }
        }
        drop(log);
        failures += usize::from(failed);
        let mut log = open(&inner, &heads).unwrap();
        assert_eq!(log.size(), acknowledged, "failure at write {at}");
        log.append(&record(acknowledged)).unwrap();
        log.publish().unwrap();
        let report = audit(&*inner, Some(&trust()), None).unwrap();
        assert!(report.passed() && report.records == acknowledged + 1, "failure at write {at}: {report}");
    }
    assert!(failures > 20);
}

#[test]
fn a_log_that_was_rolled_back_signs_nothing() {
    let (store, heads) = (Arc::new(MemoryStore::default()), Arc::new(MemoryHead::default()));
    let mut log = open(&store, &heads).unwrap();
    let mut copies = vec![copy(&*store)];
    for seq in 0..6 {
        log.append(&record(seq)).unwrap();
        copies.push(copy(&*store));
        log.publish().unwrap();
        copies.push(copy(&*store));
    }
    for (i, old) in copies.iter().enumerate() {
        let opened = open(&copy(&**old), &heads);
        // Only the last two have all records: the very last, and the one before its head was published.
        assert_eq!(opened.is_ok(), i + 2 >= copies.len(), "copy {i}");
        if let Err(error) = opened {
            assert!(error.to_string().contains("a second history"), "{error}");
        }
    }
    let lost = open(&store, &Arc::new(MemoryHead::default())).unwrap_err();
    assert!(lost.to_string().contains("the store of the last head is empty"), "{lost}");
}

#[test]
fn of_two_writers_one_stops() {
    let (store, heads) = (Arc::new(MemoryStore::default()), Arc::new(MemoryHead::default()));
    let mut first = open(&store, &heads).unwrap();
    first.append(&record(0)).unwrap();
    first.publish().unwrap();
    let mut second = open(&copy(&*store), &heads).unwrap();
    first.append(&record(1)).unwrap();
    first.publish().unwrap();
    let mut other = eca_beckn::Record::new("offer", 1, 1_795_453_200_000_000, "somebody").unwrap();
    other.txn = Some("another".into());
    second.append(&other.to_bytes().unwrap()).unwrap();
    assert!(second.publish().unwrap_err().to_string().contains("another history"));
}

#[test]
fn damage_below_the_head_is_never_repaired() {
    let (store, heads) = (Arc::new(MemoryStore::default()), Arc::new(MemoryHead::default()));
    let mut log = open(&store, &heads).unwrap();
    (0..5).for_each(|seq| assert_eq!(log.append(&record(seq)).unwrap(), seq));
    log.publish().unwrap();
    let path = "tile/entries/000.p/5";
    let bytes = store.read(path).unwrap().unwrap();
    for bit in 0..8 * bytes.len() {
        let damaged = copy(&*store);
        let mut other = bytes.clone();
        other[bit / 8] ^= 1 << (bit % 8);
        damaged.write(path, &other).unwrap();
        assert!(matches!(open(&damaged, &heads), Err(Error::NotVerified { .. })), "bit {bit}");
        assert_eq!(damaged.read(path).unwrap().unwrap(), other);
    }
}

#[test]
fn tiles_of_every_width_are_audited() {
    for size in [1, 2, 255, 256, 257, 511, 512, 513] {
        let (store, heads) = (Arc::new(MemoryStore::default()), Arc::new(MemoryHead::default()));
        let mut log = open(&store, &heads).unwrap();
        let records: Vec<Vec<u8>> = (0..size).map(record).collect();
        for part in records.chunks(100) {
            log.append_all(&part.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
            log.publish().unwrap();
        }
        let report = audit(&*store, Some(&trust()), None).unwrap();
        assert!(report.passed() && report.records == size, "{report}");
        assert_eq!(open(&store, &heads).unwrap().size(), size);
        assert_eq!(read_records(&*store, size).unwrap(), records);
    }
}

#[test]
fn a_log_in_a_directory_is_opened_again_and_has_one_writer() {
    let folder = std::env::temp_dir().join(format!("eca-beckn-log-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    let heads = Arc::new(FileHead::new(folder.join("last-head")));
    let at = folder.join("log");
    {
        let store = Arc::new(FileStore::writer(&at).unwrap());
        let mut log = Log::open(store, heads.clone(), log_signer(), log_key()).unwrap();
        log.append(&record(0)).unwrap();
        log.publish().unwrap();
        log.append(&record(1)).unwrap();
        assert!(FileStore::writer(&at).unwrap_err().to_string().contains("another process writes"));
    }
    let store = Arc::new(FileStore::writer(&at).unwrap());
    let mut log = Log::open(store, heads.clone(), log_signer(), log_key()).unwrap();
    assert_eq!(log.size(), 2);
    let note = log.publish().unwrap();
    assert_eq!(heads.last().unwrap().as_deref(), Some(note.as_str()));
    assert_eq!(LogHead::verify("head", &note, &log_key()).unwrap().size, 2);
    let report = audit(&FileStore::reader(&at).unwrap(), Some(&trust()), Some(&note)).unwrap();
    assert!(report.passed(), "{report}");
    std::fs::remove_dir_all(&folder).unwrap();
}
