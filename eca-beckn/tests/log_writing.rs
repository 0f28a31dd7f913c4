//! What a log promises while it is written: acknowledged is kept, and never two histories under one key.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::*;
use eca_beckn::log::{FileHead, FileStore, HeadStore, LogHead, LogStore, MemoryHead, MemoryStore, read_records};
use eca_beckn::{Entry, Error, Log, Result, audit, kind};
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

/// A store that counts the bytes that are read.
#[derive(Debug, Default)]
struct Counting {
    inner: MemoryStore,
    read: AtomicUsize,
}

impl std::fmt::Display for Counting {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("counting")
    }
}

impl LogStore for Counting {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        let bytes = self.inner.read(path)?;
        self.read.fetch_add(bytes.as_ref().map_or(0, Vec::len), Ordering::SeqCst);
        Ok(bytes)
    }

    fn list(&self) -> Result<Vec<String>> {
        self.inner.list()
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.inner.write(path, bytes)
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.inner.append(path, bytes)
    }
}

#[test]
fn a_head_costs_what_is_new_under_it() {
    let (store, heads) = (Arc::new(Counting::default()), Arc::new(MemoryHead::default()));
    let mut log = Log::open(store.clone(), heads, log_signer(), log_key()).unwrap();
    let records: Vec<Vec<u8>> = (0..20_000).map(record).collect();
    log.append_all(&records.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    log.publish().unwrap();
    let mut most = 0;
    for seq in 20_000..20_040 {
        log.append(&record(seq)).unwrap();
        let before = store.read.load(Ordering::SeqCst);
        log.publish().unwrap();
        most = most.max(store.read.load(Ordering::SeqCst) - before);
    }
    // Two reads of a bundle and one of each tile; the log itself has more than three million bytes.
    assert!(most < 130_000, "{most} bytes read for one record");
    let report = audit(&*store, Some(&trust()), None).unwrap();
    assert!(report.passed() && report.records == 20_040, "{report}");
}

#[test]
fn a_group_that_power_cut_short_is_no_damage_whatever_part_of_it_is_there() {
    let (store, heads) = (Arc::new(MemoryStore::default()), Arc::new(MemoryHead::default()));
    let mut log = open(&store, &heads).unwrap();
    log.append(&record(0)).unwrap();
    let acknowledged = store.read("pending").unwrap().unwrap().len();
    let group: Vec<Vec<u8>> = (1..5).map(record).collect();
    log.append_all(&group.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
    let whole = store.read("pending").unwrap().unwrap();
    for at in acknowledged..whole.len() {
        // One byte of the group is not there, all others are; and the file ends in the middle of it.
        let mut holed = whole.clone();
        holed[at] ^= 0xff;
        for torn in [holed, whole[..at].to_vec()] {
            let copy = copy(&*store);
            copy.write("pending", &torn).unwrap();
            assert_eq!(open(&copy, &heads).unwrap().size(), 1, "byte {at}");
        }
    }
    assert_eq!(open(&store, &heads).unwrap().size(), 5);
    // But a record that was acknowledged and is damaged stops the log, because a good one stands behind it.
    let mut damaged = whole;
    damaged[acknowledged - 1] ^= 1;
    store.write("pending", &damaged).unwrap();
    assert!(open(&store, &heads).unwrap_err().to_string().contains("damaged at byte 0"));
}

#[test]
fn entries_of_a_controller_are_durable_with_what_they_cite() {
    let (store, heads) = (Arc::new(MemoryStore::default()), Arc::new(MemoryHead::default()));
    let mut log = open(&store, &heads).unwrap();
    let (me, now) = ("compute.example.org", 1_795_453_200_000_000);
    let plan = Entry::new(kind::PLAN, me, now).cite("problem", "{}").cite("plan", "[]").field("outcome", "optimal");
    assert_eq!(log.write(plan).unwrap(), 0);
    let rest = [
        Entry::new(kind::COMMAND, me, now + 1).field("decision", 0).field("power_w", 9_000_000).obp("OBP-1"),
        Entry::new(kind::ACK, me, now + 2).field("command", 1).field("status", "done").clock_error_us(50_000),
    ];
    assert_eq!(log.write_all(&rest).unwrap(), 1);
    assert!(log.write(Entry::new("thought", me, now)).unwrap_err().to_string().contains("`thought`"));
    let fraction = Entry::new(kind::SIGNAL, me, now + 3).field("price_gbp_per_mwh", 87.5);
    assert!(log.write(fraction).unwrap_err().to_string().contains("strings and integers"));
    // What was refused left nothing behind, and the log goes on.
    assert_eq!(open(&copy(&*store), &heads).unwrap().size(), 3);
    log.publish().unwrap();
    let report = audit(&*store, Some(&trust()), None).unwrap();
    assert!(report.passed() && report.records == 3, "{report}");
    assert!(report.checked.contains(&"2 references lead to the bytes they cite".to_owned()), "{report}");
}
