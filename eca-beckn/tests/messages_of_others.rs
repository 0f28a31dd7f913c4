//! Published messages: dialect, action and schema verdict; and messages that the schema refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/data.rs"]
mod data;

use data::*;
use eca_beckn::{Action, Envelope, Message, Verdict};

#[test]
fn dialect_and_action_of_published_messages() {
    let Some(expected) = json("beckn/EXPECTED_VALIDITY.json") else { return };
    let (mut read, mut judged) = (0, 0);
    for entry in expected.as_array().unwrap() {
        let path = text(entry, "path");
        let envelope =
            Envelope::parse(&file(&format!("beckn/{path}")).unwrap()).unwrap_or_else(|error| panic!("{path}: {error}"));
        let dialect = match path.split('/').nth(1).unwrap() {
            folder if folder.starts_with("v1.1-") => "v1.1",
            folder if folder.starts_with("v2.0rc-") => "v2.0.0-rc",
            folder if folder.starts_with("v2.0lts-") => "v2.0.0-lts",
            other => panic!("{other}"),
        };
        assert_eq!(
            (envelope.dialect.to_string().as_str(), envelope.action.as_str()),
            (dialect, text(entry, "action")),
            "{path}"
        );
        match envelope.schema() {
            Verdict::Unchecked => assert_eq!(dialect, "v2.0.0-rc", "{path}"),
            Verdict::Valid => assert_eq!(entry["result_no_format"], "valid", "{path}"),
            Verdict::Invalid(at, why) => {
                let first = entry["errors_no_format"][0].as_str().unwrap_or_default();
                assert!(first.starts_with(&at), "{path}: {at} {why}, not {first}");
            }
        }
        judged += usize::from(dialect != "v2.0.0-rc");
        // What ECA understands of it, it understands without an error.
        if Action::parse(&envelope.action).is_some() {
            Message::read(&envelope).unwrap_or_else(|error| panic!("{path}: {error}"));
        }
        read += 1;
    }
    assert!(read > 80 && judged >= 45, "{read} read, {judged} judged");
}

/// A contract message of 2.0.0 LTS.
fn contract(action: &str, contract: &str) -> Verdict {
    let context = r#""version":"2.0.0","bapId":"a","bppId":"b","transactionId":"t","messageId":"m","timestamp":"2026-11-23T17:00:00Z""#;
    let text = format!(r#"{{"context":{{"action":"{action}",{context}}},"message":{{"contract":{contract}}}}}"#);
    Envelope::parse(text.as_bytes()).unwrap().schema()
}

#[test]
fn the_place_of_a_misfit_is_named() {
    let commitment = r#"{"status":{"descriptor":{"code":"DRAFT"}},"resources":[{"id":"r","quantity":{}}],"offer":{"id":"o","resourceIds":["r"]}}"#;
    let with = |more: &str| format!(r#"{{"commitments":[{commitment}]{more}}}"#);
    assert_eq!(contract("select", &with("")), Verdict::Valid);
    for (action, text, at, why) in [
        ("select", "{}".to_owned(), "message/contract", "has no `commitments`"),
        ("select", r#"{"commitments":[]}"#.to_owned(), "message/contract/commitments", "has fewer than 1 items"),
        ("status", with(""), "message/contract", "has no `id`"),
        ("init", with(r#","price":1"#), "message/contract", "has `price`, which is not a field of it"),
        ("init", with(r#","consideration":[{"id":"c"}]"#), "message/contract/consideration/0", "has no `status`"),
        (
            "init",
            with(r#","status":{"code":"OPEN"}"#),
            "message/contract/status/code",
            "is not one of DRAFT, ACTIVE, CANCELLED, COMPLETE",
        ),
        (
            "init",
            with(r#","contractAttributes":{"@type":"T"}"#),
            "message/contract/contractAttributes",
            "has no `@context`",
        ),
        ("init", with(r#","performance":{}"#), "message/contract/performance", "is not a list"),
    ] {
        assert_eq!(contract(action, &text), Verdict::Invalid(at.into(), why.into()), "{text}");
    }
    assert_eq!(contract("Offer", &with("")), Verdict::Unchecked);
    assert_eq!(contract("rate", &with("")), Verdict::Invalid("message".into(), "has no `ratingInputs`".into()));
}

/// A message of version 1.1.
fn v1(action: &str, message: &str) -> Verdict {
    let context = r#""version":"1.1.0","bap_id":"a","bpp_id":"b","transaction_id":"t","message_id":"m","timestamp":"2026-11-23T17:00:00Z""#;
    let text = format!(r#"{{"context":{{"action":"{action}",{context}}},"message":{message}}}"#);
    Envelope::parse(text.as_bytes()).unwrap().schema()
}

#[test]
fn numbers_and_places_of_version_1_are_texts_of_a_form() {
    let quote = |value: &str| format!(r#"{{"order":{{"quote":{{"price":{{"currency":"GBP","value":{value}}}}}}}}}"#);
    let at = "message/order/quote/price/value";
    assert_eq!(v1("on_select", &quote(r#""12.50""#)), Verdict::Valid);
    assert_eq!(v1("on_select", &quote("12.5")), Verdict::Invalid(at.into(), "is not a text".into()));
    assert_eq!(v1("on_select", &quote(r#""many""#)), Verdict::Invalid(at.into(), "is no decimal number".into()));

    let stop =
        |gps: &str| format!(r#"{{"order":{{"fulfillments":[{{"stops":[{{"location":{{"gps":"{gps}"}}}}]}}]}}}}"#);
    for good in ["51.5,-0.12", "-90.0, 180.00", "+0,0", "89.999,179.9"] {
        assert_eq!(v1("select", &stop(good)), Verdict::Valid, "{good}");
    }
    for bad in ["51.5", "90.1,0", "51.5,180.5", "051.5,0", "1.,2", "91,0", "1,2,3", "a,b"] {
        assert!(matches!(v1("select", &stop(bad)), Verdict::Invalid(..)), "{bad}");
    }
    let count = |count: &str| format!(r#"{{"order":{{"items":[{{"quantity":{{"selected":{{"count":{count}}}}}}}]}}}}"#);
    assert_eq!(v1("select", &count("0")), Verdict::Valid);
    assert!(matches!(v1("select", &count("-1")), Verdict::Invalid(..)));
    assert!(matches!(v1("select", &count("1.5")), Verdict::Invalid(..)));
    assert_eq!(v1("status", "{}"), Verdict::Invalid("message".into(), "has no `order_id`".into()));
}
