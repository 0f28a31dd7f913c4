//! Certificates in the log: their whole life is audited, random histories never certify more than was metered, and a double
//! issue is found from the log alone.
//!
//! 10,000 random histories; with `ECA_TEST_SCALE=large` 100,000.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/certificates.rs"]
mod certified;
mod common;
#[path = "common/random.rs"]
mod random;

use certified::*;
use eca_beckn::certificate::{self, Book, Registry, State, WhRange};
use eca_beckn::log::{LogStore as _, MemoryStore};
use eca_beckn::{Record, Trust, audit, kind};
use random::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;

#[test]
fn the_whole_life_of_certificates_is_audited() {
    let (store, mut log) = new_log();
    let mut registry = registry(&[]);
    let trust = Trust::parse(&trust_text()).unwrap();
    let (buyer, other) = ("buyer.example.org", "other.example.org");
    registry.deliver(&mut log, &delivery("m1"), NOW_US).unwrap();
    let id = |subject: &certificate::Subject| subject.certificate_id(&issuer().0).unwrap();
    let whole = certificate::verify(
        &bytes(&registry.issue(&mut log, &subject("m1", 0, 1_000_000), buyer, NOW_US).unwrap()),
        &keys,
    )
    .unwrap()
    .subject;
    let too_much = registry.issue(&mut log, &subject("m1", 999_999, 1_234_567), buyer, NOW_US).unwrap_err().to_string();
    assert!(too_much.contains("overlaps 0..1000000 Wh"), "{too_much}");
    let beyond = registry.issue(&mut log, &subject("m1", 1_000_000, 1_234_568), buyer, NOW_US).unwrap_err().to_string();
    assert!(beyond.contains("not inside the 1234567 Wh metered"), "{beyond}");
    registry.issue(&mut log, &subject("m1", 1_000_000, 1_234_567), buyer, NOW_US).unwrap();
    assert_eq!(registry.book().free(&("m1".into(), "2026-11-23".into(), 34)), None);

    let (first, second) = registry.split(&mut log, &whole, 333_333, NOW_US).unwrap();
    let [first, second] = [first, second].map(|part| certificate::verify(&bytes(&part), &keys).unwrap().subject);
    assert_eq!(first.inferences + second.inferences, whole.inferences);
    assert_eq!(first.carbon_mg_location + second.carbon_mg_location, whole.carbon_mg_location);
    registry.transfer(&mut log, &id(&first), buyer, other, NOW_US).unwrap();
    assert!(registry.transfer(&mut log, &id(&first), buyer, other, NOW_US).is_err());
    registry.retire(&mut log, &id(&first), other, ["A customer", "2026"], NOW_US).unwrap();
    assert!(registry.revoke(&mut log, &id(&first), "too late", NOW_US).is_err());
    registry.revoke(&mut log, &id(&second), "meter was replaced", NOW_US).unwrap();
    registry.issue(&mut log, &subject("m1", 400_000, 500_000), buyer, NOW_US).unwrap();
    log.publish().unwrap();

    let report = audit(&*store, Some(&trust), None).unwrap();
    assert!(report.passed(), "{report}");
    let line = "5 certificates: 667900 Wh live or retired of 1234567 Wh metered, no Wh twice";
    assert!(report.checked.iter().any(|checked| checked == line), "{report}");
    // The book that the records give is the book that wrote them.
    let records: Vec<Record> = (0..)
        .zip(eca_beckn::log::read_records(&*store, log.size()).unwrap())
        .map(|(seq, bytes)| Record::parse(seq, &bytes).unwrap())
        .collect();
    let again = Book::from_records(&records).unwrap();
    assert_eq!(again.holdings().collect::<Vec<_>>(), registry.book().holdings().collect::<Vec<_>>());
    assert_eq!(again.holding(&id(&second)).unwrap().state, State::Revoked);
}

#[test]
fn a_double_issue_is_found_from_the_log_alone() {
    let trust = Trust::parse(&trust_text()).unwrap();
    let mut random = Random(7);
    let logs = scale(60, 1_000);
    for planted in 0..logs {
        let (store, mut log) = new_log();
        let mut honest = registry(&[]);
        honest.deliver(&mut log, &delivery("m1"), NOW_US).unwrap();
        // The forger keeps a second book, in which the first certificate never was.
        let mut forger: Registry = registry(&only_the_delivery());
        let (start, end) = (random.below(500_000) as i64, 500_000 + random.below(500_000) as i64);
        honest.issue(&mut log, &subject("m1", start, end), "buyer.example.org", NOW_US).unwrap();
        if random.below(2) == 0 {
            let whole = certificate::verify(&credential_of(&store), &keys).unwrap().subject;
            honest.split(&mut log, &whole, start + 1 + random.below((end - start - 1) as u64) as i64, NOW_US).unwrap();
        }
        let from = start + random.below((end - start) as u64) as i64;
        forger.issue(&mut log, &subject("m1", from, 1_234_567), "victim.example.org", NOW_US).unwrap();
        log.publish().unwrap();
        let report = audit(&*store, Some(&trust), None).unwrap();
        let last = format!("record {}", log.size() - 1);
        assert!(
            report.faults.iter().any(|fault| fault.place == last && fault.reason.contains("issued twice")),
            "{planted}: {report}"
        );
    }
    println!("{logs} planted double issues, {logs} found");
}

/// What the log says before the first certificate.
fn only_the_delivery() -> Vec<Record> {
    let (store, mut log) = new_log();
    registry(&[]).deliver(&mut log, &delivery("m1"), NOW_US).unwrap();
    log.publish().unwrap();
    let bytes = eca_beckn::log::read_records(&*store, 1).unwrap();
    vec![Record::parse(0, &bytes[0]).unwrap()]
}

/// The only one that is kept.
fn credential_of(store: &MemoryStore) -> Vec<u8> {
    let blob = store.list().unwrap().into_iter().find(|path| path.starts_with("blob/")).unwrap();
    store.read(&blob).unwrap().unwrap()
}

/// Every Wh by itself: who has it. The other way to know what the book may accept.
#[derive(Default)]
struct Model {
    wh: Vec<Option<String>>,
    live: BTreeMap<String, (WhRange, String)>,
    used: Vec<String>,
}

fn record(kind: &str, fields: &Value) -> Record {
    let mut record = Record::new(kind, 0, NOW_US, "issuer").unwrap();
    record.body = fields.as_object().unwrap().clone();
    record
}

#[test]
fn random_histories_never_certify_more_than_was_metered() {
    const METERED: usize = 40;
    let sequences = scale(10_000, 100_000);
    let (mut accepted, mut refused) = (0_u64, 0_u64);
    let template = record(kind::TRANSFER, &json!({}));
    let of = |kind: &str, fields: Value| {
        let mut record = template.clone();
        record.kind = kind.into();
        record.body = fields.as_object().unwrap().clone();
        record
    };
    for seed in 0..sequences {
        let mut random = Random(seed);
        let mut book = Book::default();
        let slot = json!({"meter_id": "m", "settlement_date": "2026-11-23", "settlement_period": 1});
        let with = |mut more: Value| {
            more.as_object_mut().unwrap().extend(slot.as_object().unwrap().clone());
            more
        };
        book.apply(&of(kind::DELIVERY, with(json!({"energy_wh": METERED})))).unwrap();
        let mut model = Model { wh: vec![None; METERED], ..Model::default() };
        for step in 0..24 {
            // Names are drawn from few, so that mistakes happen.
            let live = model.live.keys().nth(random.below(4) as usize).cloned();
            let any = live.filter(|_| random.below(3) > 0).unwrap_or_else(|| format!("c{}", random.below(40)));
            let (a, b) = (random.below(44) as i64 - 2, random.below(44) as i64 - 2);
            let owner = format!("o{}", random.below(2));
            let (made, expected) = match random.below(8) {
                0..4 => {
                    let any = format!("c{}", random.below(40));
                    let free = a >= 0
                        && a < b
                        && b <= METERED as i64
                        && model.wh[a as usize..b as usize].iter().all(Option::is_none);
                    let fits = free && !model.used.contains(&any);
                    if fits {
                        model.wh[a as usize..b as usize].fill(Some(any.clone()));
                        model.live.insert(any.clone(), (WhRange { start: a, end: b }, owner.clone()));
                        model.used.push(any.clone());
                    }
                    (
                        of(
                            kind::CERTIFICATE,
                            with(json!({"certificate_id": any, "wh_start": a, "wh_end": b, "owner": owner})),
                        ),
                        fits,
                    )
                }
                4 => {
                    let parts = [format!("c{}", random.below(40)), format!("c{}", random.below(40))];
                    let fits = model.live.get(&any).is_some_and(|(range, _)| range.start < a && a < range.end)
                        && parts[0] != parts[1]
                        && parts.iter().all(|part| !model.used.contains(part));
                    if fits {
                        let (range, owner) = model.live.remove(&any).unwrap();
                        model.used.extend(parts.iter().cloned());
                        for (part, range) in [
                            (&parts[0], WhRange { start: range.start, end: a }),
                            (&parts[1], WhRange { start: a, end: range.end }),
                        ] {
                            model.wh[range.start as usize..range.end as usize].fill(Some(part.clone()));
                            model.live.insert(part.clone(), (range, owner.clone()));
                        }
                    }
                    (
                        of(
                            kind::SPLIT,
                            json!({"certificate_id": any, "at_wh": a, "first_id": parts[0], "second_id": parts[1]}),
                        ),
                        fits,
                    )
                }
                5 => {
                    let to = format!("o{}", random.below(2));
                    let fits = model.live.get(&any).is_some_and(|(_, owns)| *owns == owner);
                    if fits {
                        model.live.get_mut(&any).unwrap().1.clone_from(&to);
                    }
                    (of(kind::TRANSFER, json!({"certificate_id": any, "from": owner, "to": to})), fits)
                }
                6 => {
                    let fits = model.live.get(&any).is_some_and(|(_, owns)| *owns == owner);
                    if fits {
                        // Retired: its Wh stay taken, and nothing more happens to it.
                        model.live.remove(&any);
                    }
                    (of(kind::RETIRE, json!({"certificate_id": any, "owner": owner})), fits)
                }
                _ => {
                    let fits = model.live.remove(&any).is_some();
                    if fits {
                        model.wh.iter_mut().filter(|wh| wh.as_ref() == Some(&any)).for_each(|wh| *wh = None);
                    }
                    (of(kind::REVOKE, json!({"certificate_id": any})), fits)
                }
            };
            let done = book.apply(&made);
            assert_eq!(done.is_ok(), expected, "seed {seed} step {step}: {made:?} {done:?}");
            accepted += u64::from(expected);
            refused += u64::from(!expected);
            let held: i64 = book
                .holdings()
                .filter(|(_, holding)| matches!(holding.state, State::Live | State::Retired))
                .map(|(_, holding)| holding.range.energy_wh())
                .sum();
            let taken = model.wh.iter().filter(|wh| wh.is_some()).count() as i64;
            assert!(held == taken && held <= METERED as i64, "seed {seed} step {step}: {held} of {taken}");
        }
    }
    println!("{sequences} histories: {accepted} steps taken, {refused} refused");
    assert!(accepted > 3 * sequences && refused > 3 * sequences);
}
