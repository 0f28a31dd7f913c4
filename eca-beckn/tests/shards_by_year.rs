//! A log for each year: what links them, and what an audit refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/years.rs"]
mod years;

use common::*;
use eca_beckn::{Entry, Log, kind};
use years::*;

#[test]
fn two_years_stand_beside_each_other_until_the_old_one_is_closed() {
    let (old, new) = (Shard::new(2026, LOG_SEED), Shard::new(2027, LOG_SEED));
    let mut first = old.open();
    first.begin_shard(2026, None, ME, OLD_US).unwrap();
    first.write(delivery("2026-12-31", OLD_US)).unwrap();
    let midway = first.publish().unwrap();
    let mut second = new.open();
    second.begin_shard(2027, Some(&midway), ME, NEW_US).unwrap();
    second.write(delivery("2027-01-02", NEW_US)).unwrap();
    // The old one goes on: a later settlement run of its last day.
    first.write(Entry::new(kind::SIGNAL, ME, NEW_US)).unwrap();
    let last = first.close_shard(ME, NEW_US).unwrap();
    assert!(first.write(Entry::new(kind::SIGNAL, ME, NEW_US)).unwrap_err().to_string().contains("is closed"));
    assert!(old.open().append(b"{}").unwrap_err().to_string().contains("is closed"));
    second.cite_shard(&last, ME, NEW_US).unwrap();
    second.publish().unwrap();
    let report = old.audit("", Some(&midway));
    assert!(report.passed(), "{report}");
    assert!(report.checked.iter().any(|line| line.starts_with("shard of 2026, closed")), "{report}");
    let report = new.audit("", None);
    assert!(report.passed(), "{report}");
    assert!(report.checked.iter().any(|line| line == "2 heads of other shards are signed and grow"), "{report}");
    assert!(second.begin_shard(2027, None, ME, NEW_US).unwrap_err().to_string().contains("first one"));
    // What the new one cites holds the old one: written again, it is no continuation.
    let again = Shard::new(2026, LOG_SEED);
    let mut forged = again.open();
    forged.begin_shard(2026, None, ME, OLD_US).unwrap();
    (0..5).for_each(|_| {
        forged.write(Entry::new(kind::SIGNAL, ME, OLD_US)).unwrap();
    });
    forged.publish().unwrap();
    assert!(again.audit("", None).passed() && !again.audit("", Some(&last)).passed());
}

#[test]
fn a_year_with_another_key_names_the_one_before_in_the_trust_file() {
    let (old, new) = (Shard::new(2026, BAP_SEED), Shard::new(2027, LOG_SEED));
    let mut first = old.open();
    first.begin_shard(2026, None, ME, OLD_US).unwrap();
    let last = first.close_shard(ME, OLD_US).unwrap();
    let mut second = new.open();
    second.begin_shard(2027, Some(&last), ME, NEW_US).unwrap();
    second.publish().unwrap();
    let named = format!(r#","earlier_logs":["{}"]"#, old.key());
    assert!(new.audit(&named, None).passed(), "{}", new.audit(&named, None));
    let faults = new.audit("", None).faults;
    assert!(faults[0].place == "record 0" && faults[0].reason.contains("has no signature of key"), "{faults:?}");
}

#[test]
fn an_audit_refuses_what_breaks_a_shard() {
    let faulty = |write: &dyn Fn(&mut Log)| {
        let shard = Shard::new(2027, LOG_SEED);
        let mut log = shard.open();
        write(&mut log);
        log.publish().unwrap();
        let faults = shard.audit("", None).faults;
        faults.into_iter().map(|fault| format!("{}: {}", fault.place, fault.reason)).collect::<Vec<_>>().join("; ")
    };
    let shard = |action: &str| Entry::new(kind::SHARD, ME, NEW_US).field("action", action);
    let other = Shard::new(2026, LOG_SEED);
    let mut log = other.open();
    let notes: Vec<String> = (0..2)
        .map(|_| {
            log.write(Entry::new(kind::SIGNAL, ME, OLD_US)).unwrap();
            log.publish().unwrap()
        })
        .collect();
    let mut thief = Shard::new(2026, BAP_SEED).open();
    thief.write(Entry::new(kind::SIGNAL, ME, OLD_US)).unwrap();
    let forged = thief.publish().unwrap();
    for (expected, write) in [
        (
            "record 1: shard: a delivery of 2026",
            &(|log: &mut Log| {
                log.begin_shard(2027, None, ME, NEW_US).unwrap();
                log.write(delivery("2026-12-31", NEW_US)).unwrap();
            }) as &dyn Fn(&mut Log),
        ),
        ("record 1: shard: begins behind", &|log: &mut Log| {
            log.write(Entry::new(kind::SIGNAL, ME, NEW_US)).unwrap();
            log.write(shard("begin").field("year", 2027)).unwrap();
        }),
        ("record 1: shard: stands behind record 0", &|log: &mut Log| {
            // In one append, so that the writer does not refuse it.
            log.write_all(&[shard("close"), Entry::new(kind::SIGNAL, ME, NEW_US)]).unwrap();
        }),
        ("record 0: shard: neither begins", &|log: &mut Log| {
            log.write(shard("open")).unwrap();
        }),
        ("record 1: shard: `log.example.org/eca/2026` had 2", &|log: &mut Log| {
            log.cite_shard(&notes[1], ME, NEW_US).unwrap();
            log.cite_shard(&notes[0], ME, NEW_US).unwrap();
        }),
        ("record 0: shard: the record says something else", &|log: &mut Log| {
            let entry = shard("cite").field("log", "log.example.org/eca/2026").field("size", 2).field("root", "00");
            log.write(entry.cite("checkpoint", notes[1].as_bytes())).unwrap();
        }),
        ("has no signature of key", &|log: &mut Log| {
            log.cite_shard(&forged, ME, NEW_US).unwrap();
        }),
    ] {
        let found = faulty(write);
        assert!(found.contains(expected), "{expected}: {found}");
    }
}
