//! The committed JSON Schemas are those of the types. `ECA_UPDATE=1` writes them anew.
#![cfg(feature = "schema")]
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

use std::path::Path;

fn compare(name: &str, schema: &schemars::Schema) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/format").join(name);
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    if std::env::var("ECA_UPDATE").is_ok() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{name} is out of date; run `make schema`");
}

#[test]
fn problem() {
    compare("problem.schema.json", &schemars::schema_for!(eca_core::ProblemDocument));
}

#[test]
fn plan() {
    compare("plan.schema.json", &schemars::schema_for!(eca_core::Plan));
}

#[test]
fn explanation() {
    compare("explanation.schema.json", &schemars::schema_for!(eca_core::Explanation));
}

#[test]
fn offers() {
    compare("offer-request.schema.json", &schemars::schema_for!(eca_core::flex::OfferRequest));
    compare("offers.schema.json", &schemars::schema_for!(eca_core::flex::Offers));
}

#[test]
fn conflict() {
    compare("conflict.schema.json", &schemars::schema_for!(eca_core::explain::Conflict));
}

#[test]
fn event() {
    compare("event.schema.json", &schemars::schema_for!(eca_core::settle::Event));
}

#[test]
fn event_record() {
    compare("event-record.schema.json", &schemars::schema_for!(eca_core::settle::EventRecord));
}

#[test]
fn report() {
    compare("report.schema.json", &schemars::schema_for!(eca_core::settle::Report));
}

#[test]
fn shed_ladder() {
    compare("shed-ladder.schema.json", &schemars::schema_for!(eca_core::flex::ShedLadder));
}
