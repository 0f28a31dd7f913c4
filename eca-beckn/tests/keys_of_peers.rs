//! Keys from a registry: kept, rotated, revoked, pinned; against a model of a few lines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_beckn::registry::{CachedKeys, Listed, Registry, Standing};
use eca_beckn::verify::KeyId;
use eca_beckn::{KeyLookup, MemoryKey, PublicKey, Result, purpose};
use eca_core::Timestamp;
use eca_core::adapter::FixedClock;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};

const NOW: i64 = 1_795_453_200;

#[derive(Debug, Default)]
struct Book {
    listed: Mutex<BTreeMap<KeyId, Listed>>,
    asked: Mutex<usize>,
}

impl fmt::Display for Book {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a registry in memory")
    }
}

impl Registry for Book {
    fn ask(&self, id: &KeyId) -> Result<Option<Listed>> {
        *self.asked.lock().unwrap() += 1;
        Ok(self.listed.lock().unwrap().get(id).cloned())
    }
}

fn key(number: u8) -> PublicKey {
    MemoryKey::from_seed("k", purpose::MESSAGE, &[number; 32]).public()
}

fn id(number: usize) -> KeyId {
    KeyId { subscriber_id: "peer.example.org".into(), key_id: format!("k{number}") }
}

fn listed(number: u8, from: i64, to: Option<i64>) -> Listed {
    Listed { key: key(number), valid_from_s: from, valid_to_s: to, standing: Standing::Good }
}

fn keys() -> (Arc<Book>, Arc<FixedClock>, CachedKeys) {
    let (book, clock) = (Arc::new(Book::default()), Arc::new(FixedClock::new(Timestamp::from_unix_s(NOW).unwrap())));
    (book.clone(), clock.clone(), CachedKeys::new(book, clock))
}

fn code(answer: Result<PublicKey>) -> &'static str {
    answer.map_or_else(|error| error.code(), |_| "good")
}

#[test]
fn an_answer_is_kept_for_five_minutes_and_never_beyond_the_key() {
    let (book, clock, keys) = keys();
    book.listed.lock().unwrap().insert(id(1), listed(1, NOW - 10, Some(NOW + 100)));
    let at = |seconds: i64| {
        clock.set(Timestamp::from_unix_s(NOW + seconds).unwrap());
        (code(keys.key(&id(1), NOW + seconds)), *book.asked.lock().unwrap())
    };
    assert_eq!(at(0), ("good", 1));
    assert_eq!(at(99), ("good", 1));
    assert_eq!(at(100), ("good", 2));
    assert_eq!(at(101).0, "AUT_KEY_EXPIRED_OR_REVOKED");
    // What was signed while it was valid stays signed.
    assert_eq!(code(keys.key(&id(1), NOW + 50)), "good");
    assert_eq!(code(keys.key(&id(1), NOW - 11)), "AUT_KEY_EXPIRED_OR_REVOKED");
}

#[test]
fn a_new_participant_is_found_within_seconds_and_a_revoked_one_lost_within_minutes() {
    let (book, clock, keys) = keys();
    let at = |seconds: i64| {
        clock.set(Timestamp::from_unix_s(NOW + seconds).unwrap());
        code(keys.key(&id(1), NOW + seconds))
    };
    assert_eq!(at(0), "AUT_SUBSCRIBER_NOT_FOUND");
    book.listed.lock().unwrap().insert(id(1), listed(1, NOW, None));
    assert_eq!((at(9), at(10)), ("AUT_SUBSCRIBER_NOT_FOUND", "good"));
    book.listed.lock().unwrap().get_mut(&id(1)).unwrap().standing = Standing::of("UNSUBSCRIBED");
    assert_eq!((at(309), at(310)), ("good", "AUT_KEY_EXPIRED_OR_REVOKED"));
    assert_eq!(Standing::of("SUBSCRIBED"), Standing::Good);
    assert_eq!(Standing::of("something new"), Standing::Bad);
}

#[test]
fn another_key_under_the_same_id_is_refused() {
    let (book, clock, keys) = keys();
    book.listed.lock().unwrap().insert(id(1), listed(1, NOW, None));
    assert_eq!(keys.key(&id(1), NOW).unwrap(), key(1));
    book.listed.lock().unwrap().insert(id(1), listed(2, NOW, None));
    clock.set(Timestamp::from_unix_s(NOW + 301).unwrap());
    let refused = keys.key(&id(1), NOW + 301).unwrap_err();
    assert!(refused.to_string().contains("another key under `peer.example.org|k1`"), "{refused}");
    // Under an id of its own it is a rotation.
    book.listed.lock().unwrap().insert(id(2), listed(2, NOW, None));
    assert_eq!(keys.key(&id(2), NOW + 301).unwrap(), key(2));
}

#[test]
fn two_thousand_rotations_and_revocations_as_in_the_model() {
    let (book, clock, keys) = keys();
    let keys = keys.keep_s(0);
    let mut seed = 5_u64;
    let mut random = |n: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % n
    };
    let mut model: BTreeMap<usize, (i64, i64, bool)> = BTreeMap::new();
    let mut now = NOW;
    for step in 0..2_000 {
        now += random(50) as i64;
        clock.set(Timestamp::from_unix_s(now).unwrap());
        let number = random(20) as usize;
        match random(3) {
            0 if !model.contains_key(&number) => {
                let end = now + 20 + random(400) as i64;
                model.insert(number, (now, end, true));
                book.listed.lock().unwrap().insert(id(number), listed(number as u8 + 1, now, Some(end)));
            }
            1 => {
                if let Some(entry) = model.get_mut(&number) {
                    entry.2 = random(2) == 0;
                    let standing = if entry.2 { Standing::Good } else { Standing::Bad };
                    book.listed.lock().unwrap().get_mut(&id(number)).unwrap().standing = standing;
                }
            }
            _ => {}
        }
        let (asked, at) = (random(20) as usize, now - random(300) as i64);
        let expected = match model.get(&asked) {
            None => "AUT_SUBSCRIBER_NOT_FOUND",
            Some((from, to, good)) if *good && (*from..=*to).contains(&at) => "good",
            Some(_) => "AUT_KEY_EXPIRED_OR_REVOKED",
        };
        assert_eq!(code(keys.key(&id(asked), at)), expected, "step {step}, key {asked} at {at}");
    }
}
