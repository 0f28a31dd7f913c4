//! An event record has in it what an auditor needs to compute every figure of it again, on every route and with every baseline.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

#[path = "settle_support/again.rs"]
mod again;
#[path = "settle_support/full.rs"]
mod full;
mod settle_support;

use again::computed;
use eca_core::settle::EventRecord;
use full::{all_stories, full_event};
use serde_json::{Value, json};
use settle_support::{meters, prices, settled};

/// What is told, metered, agreed or published: nothing else in the record says it. All else is a figure.
const GIVEN: &[&str] = &[
    "format",
    "event_id",
    "run",
    "route",
    "direction",
    "site_id",
    "meter_id",
    "bm_unit",
    "gsp_group",
    "event_hash",
    "eca_version",
    "settlement_date",
    "settlement_period",
    "committed_wh",
    "import_wh",
    "export_wh",
    "quality",
    "counterfactual_wh",
    "offered_wh",
    "accepted_wh",
    "metering_interval_s",
    "available_w",
    "regime",
    "soc_before_wh",
    "soc_after_wh",
    "discharge_wh",
    "it_wh",
    "facility_wh",
    "flow",
    "status",
    "sent_at",
    "file_id",
    "sequence",
    "reason",
    "sla_breaches",
    "loss_factor_micro",
    "pue_model",
    "model_id",
    "inference_definition",
    "baseline_document",
    "trading_party_role",
    "site_frac_micro",
    "social_tariff_frac_micro",
    "supplier_final_demand_frac_micro",
];
/// The same for all that begins so.
const GIVEN_PARTS: &[&str] = &[
    "/findings/",
    "/references/",
    "/baseline/method",
    "/baseline/params/",
    "/baseline/days/",
    "/baseline/adjustment/window/",
    "/evidence/inputs/",
    "/evidence/meter_point/",
    "/evidence/contract/",
    "/evidence/messages/",
    "/evidence/jobs/",
    "/evidence/carbon/",
    "/evidence/decision/",
    "/evidence/price_sources/",
    "/evidence/event_days/",
    "/evidence/workings/baseline_days/",
    "/evidence/workings/window_wh/",
    "/evidence/workings/nominated/",
    "/evidence/workings/rebound/",
    "/evidence/workings/pay_factor/",
    "/evidence/workings/inferences_",
];
/// Figures that have the name of something given.
const SUMS: &[&str] = &["/totals/committed_wh", "/evidence/it_wh", "/evidence/facility_wh"];

/// Paths of all values that are no object and no array.
fn leaves(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(name, inner)| leaves(inner, &format!("{path}/{name}"), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(at, inner)| leaves(inner, &format!("{path}/{at}"), found));
        }
        Value::Null => {}
        _ => found.push(path.to_owned()),
    }
}

/// Whether a path of a record is a figure that follows from others.
fn is_figure(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap();
    // Rates of a period are published or agreed; its flows repeat them.
    let rate = path.starts_with("/evidence/periods/") && name.contains("_per_");
    let given = GIVEN.contains(&name) && !path.contains("/flows/");
    SUMS.contains(&path) || !(rate || given || GIVEN_PARTS.iter().any(|part| path.starts_with(part)))
}

/// Another value of the same kind.
fn other(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_i64().unwrap() + 1),
        Value::Bool(flag) => json!(!flag),
        Value::String(text) => json!(format!("{text}0")),
        other => panic!("{other} is no leaf"),
    }
}

#[test]
fn every_figure_follows_from_the_record_alone() {
    for (name, event, meters, prices) in all_stories() {
        let record: Value = serde_json::from_str(&settled(&event, &meters, &prices).to_json().unwrap()).unwrap();
        let again = computed(&record);
        let (mut kept, mut found) = (Vec::new(), Vec::new());
        leaves(&record, "", &mut kept);
        leaves(&again, "", &mut found);
        for path in kept.iter().chain(&found) {
            assert_eq!(record.pointer(path), again.pointer(path), "{name}: {path}");
        }
        assert_eq!(record, again, "{name}");
    }
}

#[test]
fn a_figure_that_is_changed_is_seen_from_the_record_alone() {
    let mut seen = 0;
    for (name, event, meters, prices) in all_stories() {
        let record: Value = serde_json::from_str(&settled(&event, &meters, &prices).to_json().unwrap()).unwrap();
        let mut paths = Vec::new();
        leaves(&record, "", &mut paths);
        for path in paths.into_iter().filter(|path| is_figure(path)) {
            // A fixed baseline is told by its first period.
            if name == "distribution, fixed" && path == "/baseline/periods/0/unadjusted_wh" {
                continue;
            }
            let mut forged = record.clone();
            let leaf = forged.pointer_mut(&path).unwrap();
            *leaf = other(leaf);
            assert!(computed(&forged) != forged, "{name}: {path} may be anything");
            seen += 1;
        }
    }
    assert!(seen > 500, "{seen}");
}

#[test]
fn the_full_record_has_every_field_that_an_auditor_asks_for() {
    let record = settled(&full_event(), &meters(), &prices());
    let value: Value = serde_json::from_str(&record.to_json().unwrap()).unwrap();
    let missing: Vec<&str> =
        full::FIELDS.iter().copied().filter(|path| value.pointer(path).is_none_or(Value::is_null)).collect();
    assert!(missing.is_empty(), "not in the record: {missing:?}");
    assert_eq!(EventRecord::from_json(&record.to_json().unwrap()).unwrap(), record);
    // The worked event: what is claimed, what is true, and what the baseline adds stand side by side.
    let period = &record.periods[0];
    assert_eq!((period.deviation_wh, period.true_reduction_wh), (2_600_000, Some(2_300_000)));
    assert_eq!(period.baseline_effect_wh, Some(300_000));
    // 4,060.5 kg emitted and 12.5 kg of equipment for 34 million inferences.
    let sci = record.evidence.unwrap().workings.unwrap().sci.unwrap();
    assert_eq!((sci.operational_mg, sci.embodied_mg, sci.inferences), (4_060_500_000, 12_500_000, 34_000_000));
    assert_eq!(sci.ug_per_inference(), Some(119_794));
}

#[test]
fn a_record_of_a_version_without_workings_is_read() {
    let mut old: Value =
        serde_json::from_str(&settled(&full_event(), &meters(), &prices()).to_json().unwrap()).unwrap();
    let evidence = old["evidence"].as_object_mut().unwrap();
    for name in ["workings", "price_sources", "event_days", "trading_party_role"] {
        evidence.remove(name).unwrap();
    }
    let read = EventRecord::from_json(&old.to_string()).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&read.to_json().unwrap()).unwrap(), old);
}

#[test]
fn a_source_of_a_column_that_is_none_is_refused() {
    for columns in [vec!["sip_gbp_per_mwh"], vec!["carbon_g_per_kwh", "carbon_g_per_kwh"]] {
        let mut event = full_event();
        event["evidence"]["price_sources"] =
            columns.into_iter().map(|column| json!({"column": column, "source": "x"})).collect();
        let refused = settle_support::try_settled(&event, &meters(), &prices()).unwrap_err().to_string();
        assert!(refused.contains("evidence.price_sources.column") && refused.contains("each once"), "{refused}");
    }
}
