//! The thin slice: a signed search and its answer between two agents in one process, in a log that an audit verifies.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::*;
use eca_beckn::log::{LogStore, MemoryHead, MemoryStore};
use eca_beckn::{AuditReport, Log, Seen, audit};
use std::sync::Arc;

const NOW: i64 = 1_795_453_200;

/// The conversation, in a log; gives the store and the signed head.
fn story() -> (Arc<MemoryStore>, String) {
    let (grid, compute) = (node("bap"), node("bpp"));
    let store = Arc::new(MemoryStore::default());
    let mut log = Log::open(store.clone(), Arc::new(MemoryHead::default()), log_signer(), log_key()).unwrap();

    let search =
        grid.send(message("search", "m-1", NOW, r#"{"intent":{"descriptor":{"name":"10 MW"}}}"#), NOW, None).unwrap();
    let heard = compute.receive(&search, "search", NOW + 1, None).unwrap();
    assert_eq!(heard.seen, Seen::New);
    log.record_message(&search, None, (NOW + 1) * 1_000_000).unwrap();

    let body = message("on_search", "m-1", NOW + 2, r#"{"catalog":{"descriptor":{"name":"slots"}}}"#);
    let answer = compute.send(body, NOW + 2, Some(&heard.header)).unwrap();
    grid.receive(&answer, "on_search", NOW + 3, Some(&search.authorization)).unwrap();
    log.record_message(&answer, Some(&search.authorization), (NOW + 3) * 1_000_000).unwrap();
    let head = log.publish().unwrap();
    (store, head)
}

fn run(store: &MemoryStore) -> AuditReport {
    audit(store, Some(&trust()), None).unwrap()
}

#[test]
fn a_search_and_its_answer_are_audited() {
    let (store, head) = story();
    let report = run(&store);
    assert!(report.passed(), "{report}");
    assert_eq!(report.records, 2);
    assert!(report.checked.contains(&"2 messages are signed by trusted keys".to_owned()), "{report}");
    assert!(audit(&*store, Some(&trust()), Some(&head)).unwrap().passed());
}

#[test]
fn without_trusted_keys_the_signer_is_not_verified() {
    let (store, _) = story();
    let report = audit(&*store, None, None).unwrap();
    assert!(report.faults.is_empty() && !report.passed());
    assert!(report.to_string().contains("self-consistent, signer not verified"));
}

#[test]
fn every_bit_of_every_file_matters() {
    let (store, _) = story();
    let mut flips = 0;
    for path in store.list().unwrap() {
        let bytes = store.read(&path).unwrap().unwrap();
        for bit in (0..8 * bytes.len()).step_by(3) {
            let mut other = bytes.clone();
            other[bit / 8] ^= 1 << (bit % 8);
            store.write(&path, &other).unwrap();
            assert!(!run(&store).passed(), "bit {bit} of {path}");
            flips += 1;
        }
        store.write(&path, &bytes).unwrap();
    }
    assert!(flips > 5_000 && run(&store).passed());
}

#[test]
fn a_log_rewritten_with_other_keys_fails() {
    let (store, _) = story();
    let forged = Arc::new(MemoryStore::default());
    let signer = Arc::new(eca_beckn::MemoryKey::from_base64("x", "log-head", BAP_SEED).unwrap());
    let key = eca_beckn::LogKey { name: log_key().name, key: signer.public() };
    let mut log = Log::open(forged.clone(), Arc::new(MemoryHead::default()), signer, key).unwrap();
    for record in eca_beckn::log::read_records(&*store, 2).unwrap() {
        log.append(&record).unwrap();
    }
    log.publish().unwrap();
    let report = run(&forged);
    assert_eq!(report.faults.len(), 1);
    assert!(report.to_string().contains("checkpoint: has no signature of key"), "{report}");
}

#[test]
fn a_log_that_was_rolled_back_or_rewritten_does_not_continue_its_earlier_head() {
    let (long, head) = story();
    let short = Arc::new(MemoryStore::default());
    let mut log = Log::open(short.clone(), Arc::new(MemoryHead::default()), log_signer(), log_key()).unwrap();
    log.append(&eca_beckn::log::read_records(&*long, 2).unwrap()[0]).unwrap();
    log.publish().unwrap();
    let report = audit(&*short, Some(&trust()), Some(&head)).unwrap();
    assert!(report.to_string().contains("had 2 records, the log has 1: it was rolled back"), "{report}");

    let record = eca_beckn::Record::new("signal", 1, (NOW + 9) * 1_000_000, "somebody").unwrap();
    log.append(&record.to_bytes().unwrap()).unwrap();
    log.publish().unwrap();
    let report = audit(&*short, Some(&trust()), Some(&head)).unwrap();
    assert!(report.to_string().contains("it was rewritten"), "{report}");
}

#[test]
fn strange_and_missing_files_are_faults() {
    let (store, _) = story();
    store.write("tile/0/000.p/1", &[0; 32]).unwrap();
    assert!(run(&store).to_string().contains("tile/0/000.p/1: does not belong"));
    let first = store.read("tile/0/000.p/2").unwrap().unwrap()[..32].to_vec();
    store.write("tile/0/000.p/1", &first).unwrap();
    assert!(run(&store).passed());
    store.write("notes.txt", b"hello").unwrap();
    assert_eq!(run(&store).faults[0].place, "notes.txt");
}
