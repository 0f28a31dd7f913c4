//! Published messages: dialect, action and schema verdict; and messages that the schema refuses.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/data.rs"]
mod data;

use data::*;
use eca_beckn::{Envelope, Verdict};

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
            Verdict::Unchecked => {}
            Verdict::Valid => assert_eq!(entry["result_no_format"], "valid", "{path}"),
            Verdict::Invalid(at, why) => {
                let first = entry["errors_no_format"][0].as_str().unwrap_or_default();
                assert!(first.starts_with(&at), "{path}: {at} {why}, not {first}");
                judged += 1;
            }
        }
        if envelope.schema() == Verdict::Valid {
            judged += 1;
        }
        read += 1;
    }
    assert!(read > 80 && judged >= 15, "{read} read, {judged} judged");
}

/// A contract message of 2.0.0 LTS.
fn contract(action: &str, contract: &str) -> Verdict {
    let context = r#""version":"2.0.0","bapId":"a","bppId":"b","transactionId":"t","messageId":"m","timestamp":"2026-11-23T17:00:00Z""#;
    let text = format!(r#"{{"context":{{"action":"{action}",{context}}},"message":{{"contract":{contract}}}}}"#);
    Envelope::parse(text.as_bytes()).unwrap().schema()
}

#[test]
fn the_place_of_a_misfit_is_named() {
    let commitment = r#"{"status":{"descriptor":{"code":"DRAFT"}},"resources":[{"id":"r"}],"offer":{"id":"o"}}"#;
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
    assert_eq!(contract("rate", &with("")), Verdict::Unchecked);
}
