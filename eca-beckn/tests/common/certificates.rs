//! An issuer of certificates, and a half hour of inference.
#![allow(dead_code)]

use crate::common::*;
use eca_beckn::certificate::{Assurance, Delivery, Evidence, Registry, Subject, WhRange, did_key};
use eca_beckn::log::{MemoryHead, MemoryStore};
use eca_beckn::{Log, MemoryKey, Record, purpose};
use std::sync::Arc;

pub const ISSUER_SEED: &str = "AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyA=";
pub const NOW_US: i64 = 1_795_453_200_000_000;

/// Did and signer of the issuer: the key is named by its own did.
pub fn issuer() -> (String, Arc<MemoryKey>) {
    let public = MemoryKey::from_base64("k", purpose::CERTIFICATE, ISSUER_SEED).unwrap().public();
    let did = did_key(&public);
    let method = format!("{did}#{}", did.trim_start_matches("did:key:"));
    (did, Arc::new(MemoryKey::from_base64(&method, purpose::CERTIFICATE, ISSUER_SEED).unwrap()))
}

/// The trust file of log, messages and certificates.
pub fn trust_text() -> String {
    use eca_core::adapter::Signer as _;
    let (_, signer) = issuer();
    let entry = |id: &str, seed: &str| {
        let key = MemoryKey::from_base64("k", purpose::MESSAGE, seed).unwrap().public().to_base64();
        format!(r#"{{"subscriber_id":"{id}.example.org","key_id":"k1","public_key":"{key}"}}"#)
    };
    format!(
        r#"{{"log":"{}","messages":[{},{}],"certificates":[{{"key_id":"{}","public_key":"{}"}}]}}"#,
        log_key(),
        entry("bap", BAP_SEED),
        entry("bpp", BPP_SEED),
        signer.key_id(),
        signer.public().to_base64()
    )
}

pub fn registry(records: &[Record]) -> Registry {
    let (did, signer) = issuer();
    Registry::new(&did, "Example Issuer", signer, records).unwrap()
}

/// 1,234,567 Wh of one half hour.
pub fn delivery(meter: &str) -> Delivery {
    Delivery {
        slot: (meter.into(), "2026-11-23".into(), 34),
        energy_wh: 1_234_567,
        inferences: 4_100_003,
        carbon_mg: 172_839_380,
        cost_ugbp: 107_654_242,
        actor: "compute.example.org".into(),
    }
}

/// What is certified of a range of [`delivery`].
pub fn subject(meter: &str, start: i64, end: i64) -> Subject {
    let wh_range = WhRange { start, end };
    let (inferences, carbon_mg_location, cost_ugbp) = delivery(meter).part(wh_range);
    Subject {
        operator: "compute.example.org".into(),
        workload_class: "text generation, 8 billion parameters".into(),
        inference_definition: "one completed request".into(),
        inferences,
        region: "_C".into(),
        meter_id: meter.into(),
        settlement_date: "2026-11-23".into(),
        settlement_period: 34,
        wh_range,
        energy_wh: wh_range.energy_wh(),
        energy_method: "settlement meter of the hall: computers, cooling and losses".into(),
        carbon_mg_location,
        carbon_source: "average intensity of the region, version 1".into(),
        carbon_data: "actual".into(),
        cost_ugbp,
        avoided: None,
        assurance: Assurance::A,
        evidence: Evidence { log: String::new(), delivery: 0, delivery_leaf: String::new() },
        not_claimed: Subject::disclaimer(),
    }
}

pub fn new_log() -> (Arc<MemoryStore>, Log) {
    let store = Arc::new(MemoryStore::default());
    let log = Log::open(store.clone(), Arc::new(MemoryHead::default()), log_signer(), log_key()).unwrap();
    (store, log)
}

/// How many random cases.
pub fn scale(few: u64, many: u64) -> u64 {
    if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { many } else { few }
}

/// Keys of the trust file.
pub fn keys(method: &str, at_s: i64) -> eca_beckn::Result<eca_beckn::PublicKey> {
    eca_beckn::Trust::parse(&trust_text()).unwrap().certificate_key(method, at_s)
}

pub fn bytes(credential: &serde_json::Value) -> Vec<u8> {
    serde_json::to_vec(credential).unwrap()
}
