//! The shards of a log audited as one: what no shard shows alone.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/days.rs"]
mod days;
#[path = "common/random.rs"]
mod random;
#[path = "common/years.rs"]
mod years;

use common::*;
use eca_beckn::log::{LogStore, MemoryStore};
use eca_beckn::rotation::{KeyName, add_key, revoke_key};
use eca_beckn::settled::{FundInput, SettlementInput};
use eca_beckn::sign::{DigestLabel, Stamp, sign};
use eca_beckn::{AuditReport, Entry, MemoryKey, Signed, Trust, audit, audit_folder, audit_shards, kind, purpose};
use eca_core::settle::{Allocation, Beneficiary, Contribution, SettlementRun};
use std::path::Path;
use years::*;

const OWNER: &str = "bap.example.org";

/// The trust file of a newest shard.
fn trust_of(newest: &Shard) -> Trust {
    let key = MemoryKey::from_base64("k", purpose::MESSAGE, BAP_SEED).unwrap().public().to_base64();
    let messages = format!(r#"[{{"subscriber_id":"{OWNER}","key_id":"k1","public_key":"{key}"}}]"#);
    Trust::parse(&format!(r#"{{"log":"{}","messages":{messages}}}"#, newest.key())).unwrap()
}

fn together(shards: &[&Shard], newest: &Shard, since: Option<&str>) -> AuditReport {
    let named: Vec<(String, &dyn LogStore)> =
        shards.iter().map(|shard| (shard.year.to_string(), &*shard.store as &dyn LogStore)).collect();
    audit_shards(&named, Some(&trust_of(newest)), since).unwrap()
}

/// Two years; the first is cited by the second twice, and closed.
fn two_years() -> (Shard, Shard, String) {
    let (old, new) = (Shard::new(2026, LOG_SEED), Shard::new(2027, LOG_SEED));
    let mut first = old.open();
    first.begin_shard(2026, None, ME, OLD_US).unwrap();
    first.write(delivery("2026-12-31", OLD_US)).unwrap();
    let midway = first.publish().unwrap();
    let mut second = new.open();
    second.begin_shard(2027, Some(&midway), ME, NEW_US).unwrap();
    second.write(delivery("2027-01-02", NEW_US)).unwrap();
    let last = first.close_shard(ME, NEW_US).unwrap();
    second.cite_shard(&last, ME, NEW_US).unwrap();
    second.publish().unwrap();
    (old, new, midway)
}

fn has(report: &AuditReport, place: &str, reason: &str) {
    let found = report.faults.iter().any(|fault| fault.place == place && fault.reason.contains(reason));
    assert!(found && !report.passed(), "{place}: {reason}: {report}");
}

#[test]
fn two_years_are_one_story() {
    let (old, new, midway) = two_years();
    let report = together(&[&old, &new], &new, Some(&midway));
    assert!(report.passed() && report.records == 6, "{report}");
    for line in [
        "2026: continues the earlier head of 2 records",
        "2 shards, 2 heads that they cite are those of the shards here",
        "2027: shard of 2027, open: everything delivered is of that year",
    ] {
        assert!(report.checked.iter().any(|checked| checked == line), "{line}: {report}");
    }
    // In any order, and without keys no more than a single log.
    assert!(together(&[&new, &old], &new, None).passed());
    let shards: [(String, &dyn LogStore); 2] = [("a".into(), &*old.store), ("b".into(), &*new.store)];
    let report = audit_shards(&shards, None, None).unwrap();
    assert!(report.faults.is_empty() && !report.passed());
}

#[test]
fn a_shard_that_is_missing_written_again_or_of_another_log_is_named() {
    let (old, new, midway) = two_years();
    has(&together(&[&new], &new, None), "2027: record 0", "cites `log.example.org/eca/2026`, which is not among");
    has(&together(&[&old], &new, None), "log.example.org/eca/2027", "not among the shards");
    has(&together(&[&new, &new], &new, None), "2027", "is `log.example.org/eca/2027`, as `2027` is");
    has(&together(&[&new], &new, Some(&midway)), "earlier head", "is of none of these shards");
    // Written again with the true key, in the same length and in a shorter one.
    let (again, short) = (Shard::new(2026, LOG_SEED), Shard::new(2026, LOG_SEED));
    let mut forged = again.open();
    forged.begin_shard(2026, None, ME, OLD_US).unwrap();
    forged.write(delivery("2026-12-30", OLD_US)).unwrap();
    forged.close_shard(ME, NEW_US).unwrap();
    let report = together(&[&again, &new], &new, None);
    has(&report, "2027: record 0", "the first 2 records of `log.example.org/eca/2026` are not those of then");
    let mut forged = short.open();
    forged.begin_shard(2026, None, ME, OLD_US).unwrap();
    forged.publish().unwrap();
    has(&together(&[&short, &new], &new, None), "2027: record 2", "had 3 records then and has 1 here");
    // Of another name, of another key, without a head, and with one byte changed.
    let mut stranger = Shard::new(2026, LOG_SEED);
    stranger.year = 2025;
    let mut log = stranger.open();
    log.begin_shard(2026, None, ME, OLD_US).unwrap();
    log.publish().unwrap();
    has(&together(&[&old, &stranger, &new], &new, None), "2025", "begins the year 2026, as `2026` does");
    let thief = Shard::new(2026, BAP_SEED);
    let mut log = thief.open();
    log.begin_shard(2026, None, ME, OLD_US).unwrap();
    log.publish().unwrap();
    has(&together(&[&thief, &new], &new, None), "2026: checkpoint", "has no signature of key");
    let vectors = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/format/vectors/log");
    let other = eca_beckn::log::FileStore::reader(vectors).unwrap();
    let named: [(String, &dyn LogStore); 1] = [("other".into(), &other)];
    let key = MemoryKey::from_base64("log.example.net/x/2026", purpose::LOG, LOG_SEED).unwrap().public();
    let named_key = eca_beckn::LogKey { name: "log.example.net/x/2026".into(), key };
    let trust = Trust::parse(&format!(r#"{{"log":"{named_key}"}}"#)).unwrap();
    let report = audit_shards(&named, Some(&trust), None).unwrap();
    has(&report, "other: checkpoint", "is of log `log.example.org/eca/2026`, no shard of `log.example.net/x/2026`");
    let bare = MemoryStore::default();
    let report = audit_shards(&[("bare".into(), &bare as &dyn LogStore)], Some(&trust), None).unwrap();
    has(&report, "bare: checkpoint", "is missing");
    let path = "tile/entries/000.p/3";
    let mut bytes = old.store.read(path).unwrap().unwrap();
    bytes[100] ^= 1;
    old.store.write(path, &bytes).unwrap();
    has(&together(&[&old, &new], &new, None), "2026: tile/0/000.p/3", "record 0 is not that of the records");
}

#[test]
fn a_half_hour_stands_in_one_shard() {
    let (old, new) = (Shard::new(2026, LOG_SEED), Shard::new(2027, LOG_SEED));
    for shard in [&old, &new] {
        let mut log = shard.open();
        log.write(delivery("2026-12-31", OLD_US)).unwrap();
        log.publish().unwrap();
    }
    assert!(old.audit("", None).passed() && new.audit("", None).passed());
    let report = together(&[&old, &new], &new, None);
    has(&report, "2027: record 0", "2026: record 0 says already what this meter delivered");
}

#[test]
fn a_key_that_is_revoked_in_one_year_is_revoked_in_the_other() {
    let name = |key_id| KeyName { purpose: purpose::MESSAGE, owner: OWNER, key_id };
    let key = |number: u8| {
        let seed = if number == 1 { BAP_SEED.to_owned() } else { BPP_SEED.to_owned() };
        MemoryKey::from_base64(&format!("{OWNER}|k{number}|ed25519"), purpose::MESSAGE, &seed).unwrap()
    };
    let signed = |number: u8, created_s: i64, id: &str| {
        let body = message("search", id, created_s, "{}");
        let stamp = Stamp { created_s, expires_s: created_s + 300, request_signature: None };
        let authorization = sign(&key(number), &body, &stamp, DigestLabel::default()).unwrap();
        Signed { body, authorization }
    };
    // k2 is added in the old year and used in the new one; what k1 signed in the old year counts until `since_us`.
    let story = |since_us: i64| {
        let (old, new) = (Shard::new(2026, LOG_SEED), Shard::new(2027, LOG_SEED));
        let (mut first, mut second) = (old.open(), new.open());
        first.write(add_key(name("k2"), &key(2).public(), &key(2), ("k1", &key(1)), OLD_US).unwrap()).unwrap();
        first.record_message(&signed(1, OLD_US / 1_000_000 + 50, "a"), None, OLD_US + 50_000_000).unwrap();
        first.publish().unwrap();
        // More records than the old year has, so that places in a shard alone do not say which came first.
        for id in ["b", "d", "e"] {
            second.record_message(&signed(2, NEW_US / 1_000_000, id), None, NEW_US).unwrap();
        }
        second.write(revoke_key(name("k1"), since_us, ("k2", &key(2)), NEW_US).unwrap()).unwrap();
        second.publish().unwrap();
        (old, new)
    };
    let (old, new) = story(OLD_US + 60_000_000);
    let report = together(&[&old, &new], &new, None);
    assert!(report.passed(), "{report}");
    // The new year alone does not know k2.
    assert!(!audit(&*new.store, Some(&trust_of(&new)), None).unwrap().passed());
    let (old, new) = story(OLD_US + 40_000_000);
    let report = together(&[&old, &new], &new, None);
    has(&report, "2026: record 1", "was revoked by 2027: record 3");
    // Signed late and dated back, in the old shard after the revocation in the new one.
    let (old, new) = story(OLD_US + 60_000_000);
    let mut first = old.open();
    first.record_message(&signed(1, OLD_US / 1_000_000 + 51, "c"), None, NEW_US + 1_000_000).unwrap();
    first.publish().unwrap();
    has(&together(&[&old, &new], &new, None), "2026: record 2", "was revoked by 2027: record 3");
}

#[test]
fn the_fund_is_carried_from_year_to_year() {
    let day = days::day(2);
    let input = SettlementInput {
        event: &day.event,
        meters: &day.meters,
        prices: &day.prices,
        run: SettlementRun::Sf,
        as_of: None,
    };
    let homes = [Beneficiary { id: "home".into(), weight: 1, cap_ugbp: Some(10) }];
    let story = |carried: i64| {
        let (old, new) = (Shard::new(2026, LOG_SEED), Shard::new(2027, LOG_SEED));
        let (mut first, mut second) = (old.open(), new.open());
        first.begin_shard(2026, None, ME, OLD_US).unwrap();
        let (entry, record) = input.entry(ME, OLD_US).unwrap();
        first.write(entry).unwrap();
        let amount_ugbp = record.totals.social_tariff_ugbp;
        let fund = |contributions: &[Contribution], carried_in_ugbp, time_us| {
            let fund =
                FundInput { contributions, beneficiaries: &homes, allocation: Allocation::Equal, carried_in_ugbp };
            fund.entry("fund.example.org", time_us).unwrap().0
        };
        first.write(fund(&[Contribution { id: record.event_id.clone(), amount_ugbp }], 0, OLD_US)).unwrap();
        let head = first.publish().unwrap();
        second.begin_shard(2027, Some(&head), ME, NEW_US).unwrap();
        // The home got 10 µGBP; the rest was carried out.
        second.write(fund(&[], amount_ugbp - 10 + carried, NEW_US)).unwrap();
        second.publish().unwrap();
        (old, new)
    };
    let (old, new) = story(0);
    let report = together(&[&old, &new], &new, None);
    assert!(report.passed(), "{report}");
    let (old, new) = story(1);
    has(&together(&[&old, &new], &new, None), "2027: record 1", "`carried_in_ugbp` is not");
    // Alone, the new year cannot know it.
    assert!(new.audit("", None).passed());
    // In a log that continues none, nothing is carried in.
    let whole = Shard::new(2027, LOG_SEED);
    let mut log = whole.open();
    let fund =
        FundInput { contributions: &[], beneficiaries: &homes, allocation: Allocation::Equal, carried_in_ugbp: 5 };
    log.write(Entry::new(kind::SIGNAL, ME, NEW_US)).unwrap();
    log.write(fund.entry("fund.example.org", NEW_US).unwrap().0).unwrap();
    log.publish().unwrap();
    has(&whole.audit("", None), "record 1", "`carried_in_ugbp` is not 0");
}

#[test]
fn a_folder_is_a_log_or_has_shards() {
    let (old, new, _) = two_years();
    let folder = std::env::temp_dir().join(format!("eca-beckn-shards-{}", std::process::id()));
    for shard in [&old, &new] {
        for path in shard.store.list().unwrap() {
            let file = folder.join(shard.year.to_string()).join(&path);
            std::fs::create_dir_all(file.parent().unwrap()).unwrap();
            std::fs::write(file, shard.store.read(&path).unwrap().unwrap()).unwrap();
        }
    }
    std::fs::create_dir_all(folder.join("notes")).unwrap();
    std::fs::write(folder.join("trust.json"), "{}").unwrap();
    let trust = trust_of(&new);
    let report = audit_folder(&folder, Some(&trust), None).unwrap();
    assert!(report.passed() && report.records == 6, "{report}");
    let report = audit_folder(&folder.join("2026"), Some(&trust_of(&old)), None).unwrap();
    assert!(report.passed() && report.records == 3, "{report}");
    // A shard without its head is not overlooked.
    std::fs::remove_file(folder.join("2026/checkpoint")).unwrap();
    has(&audit_folder(&folder, Some(&trust), None).unwrap(), "2026: checkpoint", "is missing");
    std::fs::remove_dir_all(folder.join("2026")).unwrap();
    has(&audit_folder(&folder, Some(&trust), None).unwrap(), "2027: record 0", "not among the shards");
    let empty = audit_folder(&folder.join("notes"), Some(&trust), None).unwrap();
    has(&empty, "checkpoint", "is missing");
    assert!(audit_folder(&folder.join("nowhere"), Some(&trust), None).is_err());
    std::fs::remove_dir_all(&folder).unwrap();
}
