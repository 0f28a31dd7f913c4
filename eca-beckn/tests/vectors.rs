//! The log of docs/format/vectors: a record of every kind that an audit computes again. It must verify for ever; a new
//! version adds vectors and never changes these. `ECA_UPDATE=1` writes it where it is missing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/certificates.rs"]
mod certified;
mod common;
#[path = "common/days.rs"]
mod days;
#[path = "common/random.rs"]
mod random;

use certified::*;
use common::*;
use eca_beckn::certificate::{self, Delivery};
use eca_beckn::log::{FileHead, FileStore, MemoryHead, Witness, WitnessKey, read_records, verify_proof};
use eca_beckn::settled::{FundInput, SettlementInput};
use eca_beckn::{Entry, Log, MemoryKey, Trust, audit, kind, purpose};
use eca_core::settle::{Allocation, Beneficiary, Contribution, SettlementRun};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/format/vectors")
}

fn witness() -> (WitnessKey, Witness) {
    let seed = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
    let name = "witness.example.org/w1";
    let signer = Arc::new(MemoryKey::from_base64(name, purpose::WITNESS, seed).unwrap());
    let key = WitnessKey { name: name.into(), key: signer.public() };
    (key.clone(), Witness::new(log_key(), key, signer, Arc::new(MemoryHead::default())))
}

/// The trust file, with the witness.
fn trust_file() -> String {
    let text = trust_text();
    format!("{},\"witnesses\":[\"{}\"]}}\n", text.trim_end_matches('}'), witness().0)
}

fn write(folder: &Path) {
    let later = 1_798_761_600_000_000;
    let store = Arc::new(FileStore::writer(folder.join("log")).unwrap());
    let heads = std::env::temp_dir().join(format!("eca-beckn-vectors-{}", std::process::id()));
    let mut log = Log::open(store.clone(), Arc::new(FileHead::new(&heads)), log_signer(), log_key()).unwrap();
    // Messages: a search and its answer.
    let (grid, compute) = (node("bap"), node("bpp"));
    let now = NOW_US / 1_000_000;
    let search =
        grid.send(message("search", "m-1", now, r#"{"intent":{"descriptor":{"name":"10 MW"}}}"#), now, None).unwrap();
    let heard = compute.receive(&search, "search", now, None).unwrap();
    log.record_message(&search, None, NOW_US).unwrap();
    let body = message("on_search", "m-1", now + 1, r#"{"catalog":{"descriptor":{"name":"slots"}}}"#);
    let answer = compute.send(body, now + 1, Some(&heard.header)).unwrap();
    log.record_message(&answer, Some(&search.authorization), NOW_US + 1_000_000).unwrap();
    let earlier = log.publish().unwrap();
    std::fs::write(folder.join("earlier-checkpoint"), &earlier).unwrap();
    // A settled day of the balancing mechanism, what was delivered in it, and its certificates.
    let day = days::day(1);
    let input = SettlementInput {
        event: &day.event,
        meters: &day.meters,
        prices: &day.prices,
        run: SettlementRun::Sf,
        as_of: None,
    };
    let (entry, settled) = input.entry("compute.example.org", later).unwrap();
    log.write(entry).unwrap();
    let mut registry = registry(&[]);
    let mut claims = Vec::new();
    for (period, [energy_wh, inferences, carbon_mg, cost_ugbp]) in &day.deliveries {
        let slot = (day.meter.clone(), period.settlement_date().to_string(), period.settlement_period());
        let delivery = Delivery {
            slot,
            energy_wh: *energy_wh,
            inferences: *inferences,
            carbon_mg: *carbon_mg,
            cost_ugbp: *cost_ugbp,
            actor: "compute.example.org".into(),
        };
        registry.deliver(&mut log, &delivery, later).unwrap();
        let mut subject = subject(&day.meter, 0, *energy_wh);
        (subject.settlement_date, subject.settlement_period) = (delivery.slot.1.clone(), delivery.slot.2);
        (subject.inferences, subject.carbon_mg_location, subject.cost_ugbp) = delivery.part(subject.wh_range);
        let credential = registry.issue(&mut log, &subject, "buyer.example.org", later).unwrap();
        claims.push(credential);
    }
    let keys = |method: &str, at_s: i64| Trust::parse(&trust_file()).unwrap().certificate_key(method, at_s);
    let first = certificate::verify(&serde_json::to_vec(&claims[0]).unwrap(), &keys).unwrap();
    std::fs::write(folder.join("certificate.json"), serde_json::to_vec_pretty(&claims[0]).unwrap()).unwrap();
    std::fs::write(folder.join("certificate.jwt"), certificate::compact(&claims[0]).unwrap()).unwrap();
    let (part, _) = registry.split(&mut log, &first.subject, 1_000_000, later).unwrap();
    let part = part["id"].as_str().unwrap().to_owned();
    registry.transfer(&mut log, &part, "buyer.example.org", "other.example.org", later).unwrap();
    registry.retire(&mut log, &part, "other.example.org", ["A customer", "2026"], later).unwrap();
    // The fund, readings under a root, and a correction.
    let fund = FundInput {
        contributions: &[Contribution { id: settled.event_id.clone(), amount_ugbp: settled.totals.social_tariff_ugbp }],
        beneficiaries: &["a", "b", "c"].map(|id| Beneficiary { id: id.into(), weight: 1, cap_ugbp: None }),
        allocation: Allocation::Equal,
        carried_in_ugbp: 0,
    };
    log.write(fund.entry("fund.example.org", later).unwrap().0).unwrap();
    let correction = Entry::new(kind::CORRECTION, "compute.example.org", later);
    log.write(correction.field("corrects", 0).field("reason", "a line for the vectors")).unwrap();
    let note = log.publish().unwrap();
    let line = witness().1.cosign(&note, &[], 1_798_761_601).unwrap();
    let note = log.cosigned(&[line]).unwrap();
    std::fs::write(folder.join("record-2.tlog-proof"), log.proof(2, &note).unwrap()).unwrap();
    std::fs::write(folder.join("record-2.json"), &read_records(&*store, log.size()).unwrap()[2]).unwrap();
    std::fs::write(folder.join("trust.json"), trust_file()).unwrap();
    drop((log, store));
    std::fs::remove_file(folder.join("log/lock")).unwrap();
    std::fs::remove_file(heads).unwrap();
}

#[test]
fn the_vectors_verify() {
    let folder = folder();
    if std::env::var("ECA_UPDATE").is_ok() && !folder.join("log").exists() {
        std::fs::create_dir_all(&folder).unwrap();
        write(&folder);
    }
    let text = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let trust = Trust::parse(&text("trust.json")).unwrap();
    let store = FileStore::reader(folder.join("log")).unwrap();
    let report = audit(&store, Some(&trust), Some(&text("earlier-checkpoint"))).unwrap();
    println!("{report}");
    assert!(report.passed(), "{report}");
    let (index, head) =
        verify_proof(text("record-2.json").as_bytes(), &text("record-2.tlog-proof"), &trust.log).unwrap();
    assert_eq!((index, head.size), (2, report.records));
    let keys = |method: &str, at_s: i64| trust.certificate_key(method, at_s);
    let credential = certificate::verify(text("certificate.json").as_bytes(), &keys).unwrap();
    assert_eq!(certificate::verify(text("certificate.jwt").as_bytes(), &keys).unwrap(), credential);
}
