//! The pages of docs/format beside the code: what they show is what is written and read, and what they refuse is refused.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::*;
use eca_beckn::agent::{ContractStore as _, StoredContracts};
use eca_beckn::log::{LogStore, MemoryStore, sha256_hex};
use eca_beckn::sign::{DigestLabel, Stamp, sign};
use eca_beckn::verify::SignatureHeader;
use eca_beckn::{MemoryKey, MessageKey, ReplayStore as _, Seen, StoredReplay, Trust, purpose};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

fn page(name: &str) -> String {
    std::fs::read_to_string(folder().join(name)).unwrap()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/format")
}

/// The blocks of a page of one language.
fn blocks(page: &str, language: &str) -> Vec<String> {
    let begin = format!("```{language}\n");
    page.split(&begin).skip(1).map(|part| part.split("```").next().unwrap().to_owned()).collect()
}

#[test]
fn the_trust_file_is_read_as_its_page_says() {
    let vectors: Value = serde_json::from_str(&page("vectors/trust.json")).unwrap();
    let shown: Value = serde_json::from_str(&blocks(&page("trust.md"), "text")[0]).unwrap();
    assert_eq!(shown, vectors);
    let trust = Trust::parse(&shown.to_string()).unwrap();
    assert_eq!((trust.log.to_string(), trust.witnesses_needed), (shown["log"].as_str().unwrap().to_owned(), 1));
    let refused = |pointer: &str, value: Value| {
        let mut other = shown.clone();
        *other.pointer_mut(pointer).unwrap() = value;
        Trust::parse(&other.to_string()).unwrap_err().to_string()
    };
    let witness = shown["witnesses"][0].clone();
    let key = shown["log"].as_str().unwrap();
    for (pointer, value, reason) in [
        ("/log", json!(key.replace("eca/2026", "eca/2027")), "the hash is not that of name and key"),
        ("/log", witness.clone(), "not Ed25519"),
        ("/witnesses/0", json!(key), "not one for Ed25519 cosignatures"),
        ("/messages/0/public_key", json!("AAAA"), ""),
        ("/messages/0/public_key", json!(format!("{}=", "A".repeat(43))), ""),
        ("/messages/1", shown["messages"][0].clone(), "twice"),
        ("/certificates", json!([shown["certificates"][0], shown["certificates"][0]]), "twice"),
        ("/log", Value::Null, ""),
    ] {
        let said = refused(pointer, value);
        assert!(said.contains(reason), "{pointer}: {reason}: {said}");
    }
    let mut many = shown.clone();
    many["witnesses_needed"] = json!(2);
    assert!(
        Trust::parse(&many.to_string()).unwrap_err().to_string().contains("2 witnesses are needed and 1 are named")
    );
    let twice = shown.to_string().replacen("{\"", "{\"log\":\"x\",\"", 1);
    assert!(Trust::parse(&twice).unwrap_err().to_string().contains("twice"));
}

#[test]
fn files_of_an_agent_are_as_their_page_shows() {
    let shown = blocks(&page("agent-state.md"), "text");
    let lines: Vec<Vec<Value>> = shown[0].lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let key = MessageKey { sender: text(&lines[0][1]), action: text(&lines[0][2]), message_id: text(&lines[0][3]) };
    let store = Arc::new(MemoryStore::default());
    let until_s = lines[0][5].as_i64().unwrap();
    let replay = StoredReplay::open(store.clone(), "seen", 10).unwrap();
    assert_eq!(replay.insert(&key, &text(&lines[0][4]), until_s - 10, until_s).unwrap(), Seen::New);
    replay.answered(&key, text(&lines[1][4]).as_bytes()).unwrap();
    assert_eq!(String::from_utf8(store.read("seen").unwrap().unwrap()).unwrap(), shown[0]);
    // A line without end is dropped, a damaged one is not passed over.
    store.append("seen", b"[\"seen\",\"x\"").unwrap();
    drop(StoredReplay::open(store.clone(), "seen", 10).unwrap());
    assert_eq!(store.read("seen").unwrap().unwrap(), shown[0].as_bytes());
    store.append("seen", b"[\"seen\",\"x\"]\n").unwrap();
    assert!(StoredReplay::open(store, "seen", 10).unwrap_err().to_string().contains("line 3 is damaged"));

    let store = Arc::new(MemoryStore::default());
    StoredContracts::new(store.clone(), "contracts").keep("sales/t-1", "{}").unwrap();
    let path = format!("contracts/{}.json", sha256_hex(b"sales/t-1"));
    assert_eq!(String::from_utf8(store.read(&path).unwrap().unwrap()).unwrap(), shown[1]);
}

/// Messages with exact bytes and signatures: request, response and callback, in both labels and both dialects.
fn messages() -> Value {
    let key =
        |id: &str, seed: &str| MemoryKey::from_base64(&format!("{id}|k1|ed25519"), purpose::MESSAGE, seed).unwrap();
    let (bap, bpp) = (key("bap.example.org", BAP_SEED), key("bpp.example.org", BPP_SEED));
    let now_s = 1_795_453_200;
    let mut made = Vec::new();
    let lts = json!({"context": {"action": "discover", "bapId": "bap.example.org", "bapUri": "https://bap.example.org/beckn",
        "bppId": "bpp.example.org", "bppUri": "https://bpp.example.org/beckn", "messageId": "5d1f0c52-8a0e-4b57-8d33-3a1f8c7e9b21",
        "networkId": "example.org/deg", "timestamp": "2026-11-23T17:00:00Z", "transactionId": "0b9c7f4e-6d7a-4c2e-9f55-2f6c1a3d8e10",
        "ttl": "PT30S", "version": "2.0.0"}, "message": {"intent": {"textSearch": "10 MW for less than 500 £/MWh"}}});
    let bodies = [
        ("v1.1", message("search", "m-1", now_s, r#"{"intent":{"descriptor":{"name":"10 MW"}}}"#), "on_search"),
        ("v2.0.0-lts", lts.to_string().into_bytes(), "on_discover"),
    ];
    for (dialect, body, callback) in bodies {
        for label in [DigestLabel::Blake512, DigestLabel::Blake2b512] {
            let stamp = |later: i64, request_signature| Stamp {
                created_s: now_s + later,
                expires_s: now_s + 300 + later,
                request_signature,
            };
            let request = sign(&bap, &body, &stamp(0, None), label).unwrap();
            let signature = SignatureHeader::parse(&request).unwrap().signature;
            let mut add = |what: &str, body: &[u8], header: String| {
                let of = if what == "request" { Value::Null } else { request.as_str().into() };
                made.push(
                    json!({"dialect": dialect, "label": label.name(), "what": what, "header": header, "request": of,
                    "body": String::from_utf8(body.to_vec()).unwrap()}),
                );
            };
            add("request", &body, request.clone());
            let ack = match dialect {
                "v1.1" => r#"{"message":{"ack":{"status":"ACK"}}}"#,
                _ => r#"{"message":{"status":"ACK","messageId":"5d1f0c52-8a0e-4b57-8d33-3a1f8c7e9b21"}}"#,
            };
            add("response", ack.as_bytes(), sign(&bpp, ack.as_bytes(), &stamp(1, Some(&signature)), label).unwrap());
            let answer = String::from_utf8(body.clone()).unwrap();
            let asked = callback.trim_start_matches("on_");
            let answer = answer.replace(&format!("\"action\":\"{asked}\""), &format!("\"action\":\"{callback}\""));
            let header = sign(&bpp, answer.as_bytes(), &stamp(2, Some(&signature)), label).unwrap();
            add("callback", answer.as_bytes(), header);
        }
    }
    made.into()
}

#[test]
fn signed_messages_are_those_of_the_vectors() {
    let path = folder().join("vectors/messages.json");
    if std::env::var("ECA_UPDATE").is_ok() && !path.exists() {
        std::fs::write(&path, serde_json::to_string_pretty(&messages()).unwrap() + "\n").unwrap();
    }
    let kept: Vec<Value> = serde_json::from_str(&page("vectors/messages.json")).unwrap();
    assert_eq!(Value::from(kept.clone()), messages());
    assert_eq!(kept.len(), 12);
    for vector in &kept {
        let text = |name: &str| vector[name].as_str().unwrap_or_default();
        let header = SignatureHeader::parse(text("header")).unwrap();
        let seed = if text("what") == "request" { BAP_SEED } else { BPP_SEED };
        let key = MemoryKey::from_base64("k", purpose::MESSAGE, seed).unwrap().public();
        let request = SignatureHeader::parse(text("request")).map(|request| request.signature).unwrap_or_default();
        header.verify(&key, text("body").as_bytes(), &[&request]).unwrap();
        // Another body, another request, another key.
        let other = text("body").replacen('{', "{ ", 1);
        assert!(header.verify(&key, other.as_bytes(), &[&request]).is_err());
        assert!(text("what") == "request" || header.verify(&key, text("body").as_bytes(), &["AAAA"]).is_err());
        assert!(header.verify(&log_signer().public(), text("body").as_bytes(), &[&request]).is_err());
    }
    // The page shows one of them as it is.
    let shown = blocks(&page("signature.md"), "text");
    let response =
        kept.iter().find(|vector| vector["what"] == "response" && vector["dialect"] == "v2.0.0-lts").unwrap();
    let [body, header] = ["body", "header"].map(|name| response[name].as_str().unwrap());
    let joined = shown[2].replace("\n ", "");
    assert!(joined.contains(body) && joined.contains(header), "{body}\n{header}");
}
