//! Commitments that are refused, with what names the object, the value and the limit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::disallowed_methods)]

use eca_core::{ErrorKind, Problem};
use serde_json::{Value, json};

fn sp(k: u8) -> Value {
    json!({"settlement_date": "2026-03-02", "settlement_period": k})
}

fn problem(step_min: u32, commitments: Value) -> Value {
    json!({
        "format": "eca-problem/1",
        "horizon": {"start": "2026-03-02T00:00:00Z", "step_min": step_min, "periods": 4},
        "regions": [{"id": "london", "it_capacity_mw": 4.0, "import_limit_mw": 5.0, "import_price_gbp_per_mwh": 80.0,
            "carbon_g_per_kwh": 120.0}],
        "commitments": commitments,
    })
}

/// A good commitment with some fields replaced.
fn sold(fields: Value) -> Value {
    let mut sold = json!({"id": "x", "route": "dso_flex", "region": "london", "settlement_periods": [sp(2)],
        "committed_mw": 1.0, "baseline_mw": 2.0});
    sold.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    sold
}

fn refused(document: &Value) -> (ErrorKind, String) {
    let error = Problem::from_json(&document.to_string()).unwrap_err();
    (error.kind(), error.to_string())
}

#[test]
fn bad_commitments_are_refused_with_object_field_value_and_unit() {
    use ErrorKind::{Document, Duplicate, Unknown, Value};
    assert!(Problem::from_json(&problem(30, json!([sold(json!({}))])).to_string()).is_ok());
    let one = |fields| json!([sold(fields)]);
    let table: Vec<(serde_json::Value, ErrorKind, &[&str])> = vec![
        (one(json!({"region": "paris"})), Unknown, &["commitment `x`", "region `paris`"]),
        (
            json!([sold(json!({})), sold(json!({"id": "y", "direction": "up"}))]),
            Value,
            &["must be that of commitment `y`"],
        ),
        (json!([sold(json!({})), sold(json!({}))]), Duplicate, &["commitment `x`"]),
        (one(json!({"settlement_periods": []})), Value, &["settlement_periods = 0", "at least one"]),
        (one(json!({"settlement_periods": [sp(2), sp(2)]})), Value, &["[1] = `2026-03-02 SP2`", "must be after"]),
        (one(json!({"settlement_periods": [sp(49)]})), Document, &["settlement periods 1 to 48"]),
        (one(json!({"committed_mw": [1.0, 2.0]})), Value, &["committed_mw = 2 values", "one for each of its 1"]),
        (one(json!({"committed_mw": -1.0})), Value, &["committed_mw = -1 MW", "at least 0"]),
        (one(json!({"baseline_mw": 1e9})), Value, &["baseline_mw = 1000000000 MW", "at most 1000000"]),
        (one(json!({"price_gbp_per_mwh": 1e9})), Value, &["price_gbp_per_mwh", "GBP/MWh"]),
        (one(json!({"penalty": {"price_gbp_per_mwh": -1.0}})), Value, &["penalty.price_gbp_per_mwh = -1 GBP/MWh"]),
        (one(json!({"penalty": {"tolerance_frac": 2.0}})), Value, &["penalty.tolerance_frac = 2"]),
        (one(json!({"ramp_min": 31.0})), Value, &["ramp_min = 31 min", "at most 30"]),
        (one(json!({"imported_mwh": -1.0})), Value, &["imported_mwh = -1 MWh"]),
        (one(json!({"obp_id": "x".repeat(65)})), Value, &["obp_id", "at most 64"]),
    ];
    for (commitments, kind, texts) in table {
        let (found, message) = refused(&problem(30, commitments));
        assert_eq!(found, kind, "{message}");
        texts.iter().for_each(|text| assert!(message.contains(text), "`{text}` is not in: {message}"));
    }
}

#[test]
fn hours_hide_settlement_periods() {
    let (kind, message) = refused(&problem(60, json!([sold(json!({}))])));
    assert_eq!(kind, ErrorKind::Unsupported, "{message}");
    assert!(message.contains("a step of 60 min") && message.contains("30, 15 or 5 min"), "{message}");
}
