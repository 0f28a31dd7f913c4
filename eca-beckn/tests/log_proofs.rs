//! Proofs of single records, and witnesses: no flipped bit goes unseen, and no second history is cosigned.
//!
//! 20,000 flips; with `ECA_TEST_SCALE=large` 200,000.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/random.rs"]
mod random;

use common::*;
use eca_beckn::log::{LogStore as _, MemoryHead, MemoryStore, Witness, WitnessKey, verify_proof};
use eca_beckn::{Entry, Log, MemoryKey, Trust, audit, kind, purpose};
use random::Random;
use std::sync::Arc;

const NOW_US: i64 = 1_795_453_200_000_000;

fn new_log() -> (Arc<MemoryStore>, Log) {
    let store = Arc::new(MemoryStore::default());
    let log = Log::open(store.clone(), Arc::new(MemoryHead::default()), log_signer(), log_key()).unwrap();
    (store, log)
}

fn signal(number: u64) -> Entry {
    Entry::new(kind::SIGNAL, "grid.example.org", NOW_US).field("price_ugbp_per_mwh", 87_500_000 + number)
}

fn add(log: &mut Log, number: u64) {
    log.write(signal(number)).unwrap();
}

#[test]
fn a_proof_has_the_published_form_and_every_record_has_one() {
    let (store, mut log) = new_log();
    for size in [1_u64, 2, 3, 7, 8, 300] {
        (log.size()..size).for_each(|number| add(&mut log, number));
        let note = log.publish().unwrap();
        let records = eca_beckn::log::read_records(&*store, size).unwrap();
        for (index, record) in (0..).zip(&records) {
            let proof = log.proof(index, &note).unwrap();
            let lines: Vec<&str> = proof.lines().collect();
            assert_eq!(lines[0], "c2sp.org/tlog-proof@v1");
            assert_eq!(lines[1], format!("index {index}"));
            assert!(proof.ends_with(&format!("\n\n{note}")));
            assert_eq!(verify_proof(record, &proof, &log_key()).unwrap().0, index);
            let with_extra = proof.replacen('\n', "\nextra AAAA\n", 1);
            assert_eq!(verify_proof(record, &with_extra, &log_key()).unwrap().0, index);
            let other = &records[(index as usize + 1) % records.len()];
            assert!(other == record || verify_proof(other, &proof, &log_key()).is_err());
        }
        assert!(log.proof(size, &note).is_err());
    }
}

#[test]
fn no_flipped_bit_goes_unseen() {
    let large = std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large");
    let (store, mut log) = new_log();
    (0..50).for_each(|number| add(&mut log, number));
    let note = log.publish().unwrap();
    let records = eca_beckn::log::read_records(&*store, 50).unwrap();
    let mut random = Random(1);
    // The same number in each class: record, index, hashes, text of the head, signature.
    let mut classes = [0_u64; 5];
    let flips = if large { 200_000 } else { 20_000 };
    for flip in 0..flips {
        let index = random.below(50);
        let proof = log.proof(index, &note).unwrap();
        let hashes = proof.find("index").unwrap();
        let hashes_end = proof.find("\n\n").unwrap();
        let first_hash = hashes + proof[hashes..].find('\n').unwrap() + 1;
        let signature = proof.rfind("\u{2014}").unwrap();
        let class = flip % 5;
        let (mut record, mut text) = (records[index as usize].clone(), proof.clone().into_bytes());
        let (range, bytes) = match class {
            0 => (0..record.len(), &mut record),
            1 => (hashes..first_hash - 1, &mut text),
            2 => (first_hash..hashes_end, &mut text),
            3 => (hashes_end + 2..signature - 1, &mut text),
            _ => (signature..text.len(), &mut text),
        };
        let at = range.start + random.below((range.end - range.start) as u64) as usize;
        bytes[at] ^= 1 << random.below(8);
        let seen = String::from_utf8(text).map_or(true, |text| verify_proof(&record, &text, &log_key()).is_err());
        assert!(seen, "flip {flip} of class {class} at byte {at}");
        classes[class as usize] += 1;
    }
    println!("{flips} flips of single bits, {classes:?} in each class, 0 unseen");
    assert!(classes.iter().all(|count| *count == flips / 5));
}

fn witness(seen: Arc<MemoryHead>) -> (WitnessKey, Witness) {
    let seed = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let signer = Arc::new(MemoryKey::from_base64("witness.example.org/w1", purpose::WITNESS, seed).unwrap());
    let key = WitnessKey { name: "witness.example.org/w1".into(), key: signer.public() };
    (key.clone(), Witness::new(log_key(), key, signer, seen))
}

#[test]
fn a_witness_signs_one_history() {
    let (_, mut log) = new_log();
    let seen = Arc::new(MemoryHead::default());
    let (key, witness) = witness(seen);
    assert_eq!(WitnessKey::parse(&key.to_string()).unwrap(), key);
    let mut notes = Vec::new();
    for turn in 0..20_u64 {
        (0..=turn % 3).for_each(|number| add(&mut log, turn * 10 + number));
        let note = log.publish().unwrap();
        let proof = log.tree().consistency(witness.size().unwrap(), log.size()).unwrap_or_default();
        let line = witness.cosign(&note, &proof, 1_795_453_200 + turn).unwrap();
        let cosigned = log.cosigned(std::slice::from_ref(&line)).unwrap();
        assert_eq!(key.cosigned("head", &cosigned).unwrap(), Some(1_795_453_200 + turn));
        assert_eq!(key.cosigned("head", &note).unwrap(), None);
        // The same line under another head is no signature of it.
        let moved = cosigned.replacen(&format!("\n{}\n", log.size()), &format!("\n{}\n", log.size() + 1), 1);
        assert!(key.cosigned("head", &moved).is_err());
        notes.push(note);
    }
    // An older head, and another history of any size, are refused.
    assert!(witness.cosign(&notes[3], &[], 1).is_err());
    let (_, mut fork) = new_log();
    (0..60).for_each(|number| add(&mut fork, 1000 + number));
    let other = fork.publish().unwrap();
    let proof = fork.tree().consistency(witness.size().unwrap(), 60).unwrap();
    let error = witness.cosign(&other, &proof, 1).unwrap_err().to_string();
    assert!(error.contains("does not continue the head of"), "{error}");
}

#[test]
fn an_audit_counts_witnesses() {
    let (store, mut log) = new_log();
    log.write(signal(1)).unwrap();
    let note = log.publish().unwrap();
    let (key, witness) = witness(Arc::new(MemoryHead::default()));
    let trust =
        |more: &str| Trust::parse(&format!(r#"{{"log":"{}","witnesses":["{key}"]{more}}}"#, log_key())).unwrap();
    let before = audit(&*store, Some(&trust("")), None).unwrap();
    assert!(before.faults.iter().any(|fault| fault.reason.starts_with("0 of 1 witnesses")), "{before}");
    assert!(audit(&*store, Some(&trust(r#","witnesses_needed":0"#)), None).unwrap().passed());
    log.cosigned(&[witness.cosign(&note, &[], 1_795_453_201).unwrap()]).unwrap();
    let after = audit(&*store, Some(&trust("")), None).unwrap();
    assert!(after.passed(), "{after}");
    assert!(Trust::parse(&format!(r#"{{"log":"{}","witnesses_needed":1}}"#, log_key())).is_err());
    // A log goes on after its head was cosigned, and the next head needs a cosignature of its own.
    log.write(signal(2)).unwrap();
    log.publish().unwrap();
    assert!(!audit(&*store, Some(&trust("")), None).unwrap().passed());
    assert!(store.read("checkpoint").unwrap().is_some());
}
