//! What stands behind a record: every field that an auditor asks for, from the event and the files, in whole units.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod settle_support;

use eca_core::settle::{EventRecord, Readings};
use serde_json::{Value, json};
use settle_support::{event, meters, prices, settled, try_settled};
use sha2::{Digest, Sha256};

fn sha256(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The worked event with all that can be told about it.
fn told() -> Value {
    let behind = |sp: u8, before: f64, after: f64| {
        json!({"settlement_date": "2026-02-19", "settlement_period": sp, "offered_mwh": 2.6, "accepted_mwh": 2.5,
               "soc_before_mwh": before, "soc_after_mwh": after, "discharge_mwh": 0.9, "it_mwh": 2.4, "facility_mwh": 3.6})
    };
    let mut event = event();
    event["operations"] = json!({"inferences_before": 40_000_000, "inferences_after": 34_000_000, "sla_breaches": 2});
    event["evidence"] = json!({
        "meter_point": {"msid_import": sha256("1012345678901"), "amsid": "7000000000001", "differencing": true,
                        "serial": "E12", "class": "0.5S", "consent_import": true, "consent_from": "2026-01-01"},
        "contract": {"product_id": "wholesale_p415", "product_version": "2026-11-23", "notice_s": 18000, "min_mw": 1,
                     "max_mw": 6, "tolerance_frac": 0.05, "penalty_rule": "p415_imbalance", "currency": "GBP"},
        "messages": [{"action": "confirm", "message_id": "m-4", "sha256": sha256("confirm"), "signer_key_id": "key-1"}],
        "baseline_document": "Baselining Methodology 3.0",
        "jobs": [{"job_sha256": sha256("train"), "change": "migrated", "energy_mwh": 1.5, "from_region": "london",
                  "to_region": "scotland", "checkpoint_mwh": 0.02}],
        "periods": [behind(35, 4.0, 3.0), behind(36, 3.0, 2.0)],
        "pue_model": "1.2 MW fixed and 1.0 of IT", "model_id": "llm-8b", "inference_definition": "one request",
        "carbon": {"source": "NESO", "region_id": "13", "actual": false, "retrieved_at": "2026-02-20T08:00:00Z",
                   "green_certificates": ["urn:gc:1", "urn:gc:2"]},
        "decision": {"decided_at": "2026-02-19T11:55:00Z", "plan_sha256": sha256("plan"), "solver": "highs 1.15.1",
                     "seed": 0, "gap_frac": 0.001}
    });
    event
}

#[test]
fn every_figure_has_what_it_rests_on() {
    let record = settled(&told(), &meters(), &prices());
    let evidence = record.evidence.as_ref().unwrap();
    assert_eq!(evidence.record_id, "evening/SF");
    // Anybody can hash the files that they are shown.
    assert_eq!(evidence.inputs.meters_sha256, Some(sha256(&meters())));
    assert_eq!(evidence.inputs.prices_sha256, Some(sha256(&prices())));
    assert_eq!((evidence.it_wh, evidence.facility_wh), (Some(4_800_000), Some(7_200_000)));
    // 592.50, of which 474.00 are the site's.
    assert_eq!((evidence.retained_ugbp, evidence.sla_breaches), (118_500_000, 2));
    let first = &evidence.periods[0];
    assert_eq!(first.claim_id, "hall-a/2026-02-19/35/wholesale_p415");
    assert_eq!(first.gate_closure, "2026-02-19T16:00:00Z".parse().unwrap());
    assert_eq!(
        (first.offered_wh, first.accepted_wh, first.over_delivered_wh),
        (Some(2_600_000), Some(2_500_000), 100_000)
    );
    assert_eq!(
        (first.soc_before_wh, first.soc_after_wh, first.discharge_wh),
        (Some(4_000_000), Some(3_000_000), Some(900_000))
    );
    assert_eq!((first.metering_interval_s, first.price_ugbp_per_mwh), (Some(1800), 120_000_000));
    assert_eq!(first.supplier_compensation_price_ugbp_per_mwh, Some(87_210_000));
    assert_eq!((first.carbon_ug_per_kwh, first.system_price_ugbp_per_mwh), (Some(210_000_000), Some(180_000_000)));
    assert_eq!(evidence.periods[1].over_delivered_wh, 0);
    assert_eq!(evidence.carbon.green_certificates, ["urn:gc:1", "urn:gc:2"]);
    assert_eq!(evidence.messages[0].message_id, "m-4");
    assert_eq!(evidence.decision.seed, Some(0));
    // Nothing that is told changes a figure, and the document comes back whole.
    let plain = settled(&event(), &meters(), &prices());
    assert_eq!((&plain.periods, &plain.totals), (&record.periods, &record.totals));
    assert_eq!(EventRecord::from_json(&record.to_json().unwrap()).unwrap(), record);
}

#[test]
fn the_four_submissions_stand_in_the_record_with_their_deadlines_and_volumes() {
    let record = settled(&told(), &meters(), &prices());
    let evidence = record.evidence.unwrap();
    let all: Vec<_> = evidence.submissions.iter().filter(|each| each.period.settlement_period() == 35).collect();
    let shown: Vec<_> = all.iter().map(|each| (each.flow.name(), each.volume_mwh.as_deref(), each.in_force)).collect();
    // Sold 2.5, expected import of 6.0 with the sign of the flow, delivered 2.6.
    assert_eq!(
        shown,
        [
            ("wman", None, true),
            ("ecvn", Some("2.500"), true),
            ("sev", Some("-6.0000"), false),
            ("delivered_volume", Some("2.6000"), true)
        ]
    );
    assert_eq!(all[0].due, "2026-02-19T16:00:00Z".parse().unwrap());
    assert_eq!(all[3].due, "2026-02-21T00:00:00Z".parse().unwrap());
    assert_eq!((all[2].status, all[2].sent_at), (None, None));
    assert_eq!(evidence.submissions.len(), 8);

    // One that is late and one that is in time: the one that counts is shown.
    let mut event = told();
    event["submissions"] = json!([
        {"flow": "wman", "status": "accepted", "sent_at": "2026-02-19T12:00:00Z", "file_id": "w1"},
        {"flow": "wman", "status": "rejected", "sent_at": "2026-02-19T12:10:00Z", "file_id": "w2", "reason": "twice"}
    ]);
    let again = settled(&event, &meters(), &prices()).evidence.unwrap();
    assert_eq!(again.submissions[0].file_id.as_deref(), Some("w1"));
    // A distribution operator knows none of them.
    event["route"] = json!("dso_flex");
    event["submissions"] = json!([]);
    assert!(settled(&event, &meters(), &prices()).evidence.unwrap().submissions.is_empty());
}

#[test]
fn what_cannot_be_is_refused_by_name() {
    let cases = [
        ("/evidence/decision/plan_sha256", json!("abc"), "evidence.decision.plan_sha256"),
        ("/evidence/messages/0/sha256", json!("z".repeat(64)), "evidence.messages.sha256"),
        ("/evidence/jobs/0/energy_mwh", json!(-1), "evidence.jobs.energy_mwh"),
        ("/evidence/periods/1/it_mwh", json!(-0.5), "evidence.periods.it_mwh"),
        ("/evidence/periods/1/settlement_period", json!(20), "must be a period of event or rebound"),
    ];
    for (path, value, words) in cases {
        let mut event = told();
        *event.pointer_mut(path).unwrap() = value;
        let refused = try_settled(&event, &meters(), &prices()).unwrap_err().to_string();
        assert!(refused.contains(words), "{refused}");
    }
}

#[test]
fn a_record_of_a_version_without_evidence_is_read() {
    let mut old: Value = serde_json::from_str(&settled(&event(), &meters(), &prices()).to_json().unwrap()).unwrap();
    old.as_object_mut().unwrap().remove("evidence");
    let read = EventRecord::from_json(&old.to_string()).unwrap();
    assert_eq!(read.evidence, None);
    assert!(!read.to_json().unwrap().contains("evidence"));
    // An event without evidence has the bytes, and so the hash, that it always had.
    assert_eq!(read.event_hash, eca_core::settle::Event::from_json(&event().to_string()).unwrap().hash().unwrap());
    let volumes = Readings::parse(&meters()).unwrap().volumes("hall-a", None).unwrap();
    assert_eq!(volumes.late, 0);
}
