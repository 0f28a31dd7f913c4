//! Keys that are added and revoked by records: what counts when, against a model of fifty lines.
//!
//! 300 random histories; with `ECA_TEST_SCALE=large` 2,000.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/random.rs"]
mod random;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use common::*;
use eca_beckn::log::{MemoryHead, MemoryStore};
use eca_beckn::rotation::{KeyName, add_key, revoke_key};
use eca_beckn::sign::{DigestLabel, Stamp, sign};
use eca_beckn::{AuditReport, Log, MemoryKey, Signed, audit, purpose};
use random::Random;
use std::sync::Arc;

const OWNER: &str = "bap.example.org";
const NOW_S: i64 = 1_795_453_200;

fn name(key_id: &str) -> KeyName<'_> {
    KeyName { purpose: purpose::MESSAGE, owner: OWNER, key_id }
}

/// Key `k1` is the one of the trust file.
fn key(number: usize) -> MemoryKey {
    let seed = if number == 1 { BAP_SEED.to_owned() } else { STANDARD.encode([number as u8; 32]) };
    MemoryKey::from_base64(&format!("{OWNER}|k{number}|ed25519"), purpose::MESSAGE, &seed).unwrap()
}

fn new_log() -> (Arc<MemoryStore>, Log) {
    let store = Arc::new(MemoryStore::default());
    let log = Log::open(store.clone(), Arc::new(MemoryHead::default()), log_signer(), log_key()).unwrap();
    (store, log)
}

/// A message signed by key `number` at `created_s`.
fn signed(number: usize, created_s: i64, id: &str) -> Signed {
    let body = message("search", id, created_s, "{}");
    let stamp = Stamp { created_s, expires_s: created_s + 300, request_signature: None };
    let authorization = sign(&key(number), &body, &stamp, DigestLabel::default()).unwrap();
    Signed { body, authorization }
}

fn run(store: &MemoryStore) -> AuditReport {
    audit(store, Some(&trust()), None).unwrap()
}

#[test]
fn a_key_is_replaced_and_the_old_one_revoked() {
    let (store, mut log) = new_log();
    let us = |s: i64| (NOW_S + s) * 1_000_000;
    log.record_message(&signed(1, NOW_S, "a"), None, us(0)).unwrap();
    log.write(add_key(name("k2"), &key(2).public(), &key(2), ("k1", &key(1)), us(10)).unwrap()).unwrap();
    log.record_message(&signed(2, NOW_S + 20, "b"), None, us(20)).unwrap();
    log.record_message(&signed(1, NOW_S + 21, "c"), None, us(21)).unwrap();
    log.write(revoke_key(name("k1"), us(30), ("k2", &key(2)), us(40)).unwrap()).unwrap();
    log.publish().unwrap();
    let report = run(&store);
    assert!(report.passed(), "{report}");
    assert!(report.checked.iter().any(|line| line == "2 keys added or revoked by keys that count"), "{report}");
    // Dated back to when the key counted, but in the log after it was revoked.
    log.record_message(&signed(1, NOW_S + 22, "d"), None, us(50)).unwrap();
    // The new key, before it was there.
    log.record_message(&signed(2, NOW_S + 5, "e"), None, us(50)).unwrap();
    log.publish().unwrap();
    let places: Vec<String> = run(&store).faults.into_iter().map(|fault| fault.place).collect();
    assert_eq!(places, ["record 5", "record 6"]);
}

#[test]
fn what_a_thief_added_falls_with_the_stolen_key() {
    let (store, mut log) = new_log();
    let us = |s: i64| (NOW_S + s) * 1_000_000;
    log.write(add_key(name("k2"), &key(2).public(), &key(2), ("k1", &key(1)), us(0)).unwrap()).unwrap();
    // k1 is stolen at 10; the thief adds k3 by it and k4 by k3.
    log.write(add_key(name("k3"), &key(3).public(), &key(3), ("k1", &key(1)), us(11)).unwrap()).unwrap();
    log.write(add_key(name("k4"), &key(4).public(), &key(4), ("k3", &key(3)), us(12)).unwrap()).unwrap();
    log.record_message(&signed(4, NOW_S + 13, "a"), None, us(13)).unwrap();
    log.write(revoke_key(name("k1"), us(10), ("k2", &key(2)), us(20)).unwrap()).unwrap();
    log.record_message(&signed(2, NOW_S + 21, "b"), None, us(21)).unwrap();
    log.publish().unwrap();
    let faults = run(&store).faults;
    assert_eq!(faults.iter().map(|fault| fault.place.as_str()).collect::<Vec<_>>(), ["record 3"], "{faults:?}");
    assert!(faults[0].reason.contains("was revoked by record 4"));
}

#[test]
fn a_key_that_nobody_who_counts_signed_is_refused() {
    let us = NOW_S * 1_000_000;
    let (k1, k2, k3) = (key(1), key(2), key(3));
    for entry in [
        // By a key that is not known, in the name of one that is, without the new key itself, for another purpose.
        add_key(name("k2"), &k2.public(), &k2, ("k9", &k3), us).unwrap(),
        add_key(name("k2"), &k2.public(), &k2, ("k1", &k3), us).unwrap(),
        add_key(name("k2"), &k2.public(), &k3, ("k1", &k1), us).unwrap(),
        add_key(KeyName { purpose: purpose::LOG, ..name("k2") }, &k2.public(), &k2, ("k1", &k1), us).unwrap(),
        add_key(KeyName { owner: "bpp.example.org", ..name("k2") }, &k2.public(), &k2, ("k1", &k1), us).unwrap(),
        add_key(name("k1"), &k2.public(), &k2, ("k1", &k1), us).unwrap(),
        revoke_key(name("k1"), us, ("k1", &k3), us).unwrap(),
        revoke_key(name("k7"), us, ("k1", &k1), us).unwrap(),
        add_key(name("k2"), &k2.public(), &k2, ("k1", &k1), us).unwrap().field("public_key", k3.public().to_base64()),
    ] {
        let (store, mut log) = new_log();
        log.write(entry.clone()).unwrap();
        log.publish().unwrap();
        let report = run(&store);
        assert_eq!(report.faults.first().map(|fault| fault.place.as_str()), Some("record 0"), "{entry:?}: {report}");
    }
}

/// Record that revoked a key, and since when it counts no more.
type Revoked = Option<(usize, i64)>;

/// What counts, known without signatures: each key with who added it and when, and whether it is revoked.
struct Model(Vec<Option<(usize, i64, Revoked)>>);

impl Model {
    fn counts(&self, number: usize, at: i64, seq: usize) -> bool {
        self.0[number].is_some_and(|(_, from, revoked)| {
            at >= from && revoked.is_none_or(|(record, since)| seq <= record && at < since)
        })
    }

    fn revoke(&mut self, number: usize, seq: usize, since: i64) {
        let Some((_, _, revoked)) = &mut self.0[number] else { return };
        *revoked = Some((seq, since));
        for other in 0..self.0.len() {
            if self.0[other].is_some_and(|(by, from, revoked)| by == number && from >= since && revoked.is_none()) {
                self.revoke(other, seq, since);
            }
        }
    }
}

#[test]
fn random_histories_of_keys_equal_the_model() {
    let large = std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large");
    let (mut good, mut bad) = (0, 0);
    for seed in 0..if large { 2_000 } else { 300 } {
        let mut random = Random(seed);
        let (store, mut log) = new_log();
        let mut model = Model(vec![None; 8]);
        model.0[1] = Some((0, i64::MIN, None));
        let mut messages = Vec::new();
        let mut expected = Vec::new();
        for seq in 0..20_usize {
            let at = NOW_S + 10 * seq as i64;
            let [number, by] = [1 + random.below(7) as usize, 1 + random.below(7) as usize];
            match random.below(4) {
                0 => {
                    let (id, by_id) = (format!("k{number}"), format!("k{by}"));
                    let entry =
                        add_key(name(&id), &key(number).public(), &key(number), (&by_id, &key(by)), at * 1_000_000);
                    log.write(entry.unwrap()).unwrap();
                    if model.0[number].is_none() && model.counts(by, at, seq) {
                        model.0[number] = Some((by, at, None));
                    } else {
                        expected.push(seq);
                    }
                }
                1 if random.below(2) == 0 => {
                    let (id, by_id) = (format!("k{number}"), format!("k{by}"));
                    let since = at - random.below(60) as i64;
                    let entry = revoke_key(name(&id), since * 1_000_000, (&by_id, &key(by)), at * 1_000_000);
                    log.write(entry.unwrap()).unwrap();
                    if model.0[number].is_some() && model.counts(by, at, seq) {
                        model.revoke(number, seq, since);
                    } else {
                        expected.push(seq);
                    }
                }
                _ => {
                    let created = at - random.below(30) as i64;
                    log.record_message(&signed(number, created, &format!("m{seq}")), None, at * 1_000_000).unwrap();
                    messages.push((seq, number, created));
                }
            }
        }
        expected.extend(
            messages.iter().filter(|(seq, number, at)| !model.counts(*number, *at, *seq)).map(|(seq, ..)| *seq),
        );
        expected.sort_unstable();
        log.publish().unwrap();
        let mut found: Vec<usize> =
            run(&store).faults.iter().map(|fault| fault.place.trim_start_matches("record ").parse().unwrap()).collect();
        found.sort_unstable();
        assert_eq!(found, expected, "seed {seed}");
        (good, bad) = (good + 20 - expected.len(), bad + expected.len());
    }
    println!("{good} records count, {bad} do not, as in the model");
    assert!(good > 500 && bad > 500);
}
