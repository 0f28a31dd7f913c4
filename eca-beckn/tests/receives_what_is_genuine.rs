//! What a participant refuses: forged, late, early, repeated, or sent to another address.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
use common::*;
use eca_beckn::sign::{DigestLabel, Stamp, sign};
use eca_beckn::{Envelope, MemoryKey, Seen, Signed, json, purpose};

const NOW: i64 = 1_795_453_200;

fn search(id: &str, text: &str) -> Signed {
    node("bap")
        .send(message("search", id, NOW, &format!(r#"{{"intent":{{"descriptor":{{"name":"{text}"}}}}}}"#)), NOW, None)
        .unwrap()
}

#[test]
fn the_same_message_has_one_effect_and_another_body_is_refused() {
    let compute = node("bpp");
    let first = compute.receive(&search("m", "a"), "search", NOW, None).unwrap();
    assert_eq!(first.seen, Seen::New);
    assert_eq!(compute.receive(&search("m", "a"), "search", NOW + 1, None).unwrap().seen, Seen::Same(None));
    let refused = compute.receive(&search("m", "b"), "search", NOW + 1, None).unwrap_err();
    assert_eq!(refused.code(), "CTX_MESSAGE_ID_DUPLICATE");
    assert_eq!(compute.receive(&search("n", "b"), "search", NOW + 1, None).unwrap().seen, Seen::New);
}

#[test]
fn times_at_their_edges() {
    let at = |now: i64| node("bpp").receive(&search("m", "a"), "search", now, None).map_err(|error| error.code());
    // Made at NOW, signed until NOW + 300, to live until NOW + 30; a clock may be 5 s behind.
    assert!(at(NOW).is_ok() && at(NOW - 5).is_ok() && at(NOW + 30).is_ok());
    assert_eq!(at(NOW - 6).unwrap_err(), "AUT_SIGNATURE_INVALID");
    assert_eq!(at(NOW + 31).unwrap_err(), "CTX_TTL_EXPIRED");
    assert_eq!(at(NOW + 300).unwrap_err(), "CTX_TTL_EXPIRED");
    assert_eq!(at(NOW + 301).unwrap_err(), "AUT_SIGNATURE_INVALID");
}

#[test]
fn the_wrong_address_sender_or_request_is_refused() {
    let compute = node("bpp");
    assert_eq!(compute.receive(&search("m", "a"), "select", NOW, None).unwrap_err().code(), "CTX_ACTION_MISMATCH");
    // Signed with a trusted key, but in the name of another.
    let forged = node("bpp").send(search("m", "a").body, NOW, None).unwrap();
    assert_eq!(compute.receive(&forged, "search", NOW, None).unwrap_err().code(), "AUT_UNAUTHORIZED_ACTION");

    let (grid, asked, other) = (node("bap"), search("m", "a"), search("n", "b"));
    let heard = compute.receive(&asked, "search", NOW, None).unwrap();
    let answer = compute.send(message("on_search", "m", NOW, r#"{"catalog":{}}"#), NOW, Some(&heard.header)).unwrap();
    let refused = grid.receive(&answer, "on_search", NOW, Some(&other.authorization)).unwrap_err();
    assert_eq!(refused.code(), "AUT_SIGNATURE_INVALID");
    assert!(grid.receive(&answer, "on_search", NOW, Some(&asked.authorization)).is_ok());
}

#[test]
fn every_changed_bit_of_body_or_signature_is_refused() {
    let good = search("m", "a");
    for bit in 0..8 * good.body.len() {
        let mut other = good.clone();
        other.body[bit / 8] ^= 1 << (bit % 8);
        assert!(node("bpp").receive(&other, "search", NOW, None).is_err(), "bit {bit}");
    }
    let header = good.authorization.as_bytes();
    for bit in 0..8 * header.len() {
        let mut other = header.to_vec();
        other[bit / 8] ^= 1 << (bit % 8);
        let Ok(authorization) = String::from_utf8(other) else { continue };
        let changed = Signed { body: good.body.clone(), authorization };
        assert!(node("bpp").receive(&changed, "search", NOW, None).is_err(), "bit {bit}: {}", changed.authorization);
    }
}

#[test]
fn text_with_two_meanings_is_no_message() {
    let reason = |text: &str| Envelope::parse(text.as_bytes()).unwrap_err().to_string();
    assert!(
        reason(r#"{"context":{"action":"search","action":"confirm"},"message":{}}"#)
            .contains("key `action` stands twice")
    );
    assert!(reason(&format!("{}1{}", "[".repeat(33), "]".repeat(33))).contains("deeper than 32"));
    assert!(reason(&" ".repeat(json::MAX_BYTES + 1)).contains("more than the limit of 262144"));
    assert!(reason("{} {}").contains("trailing"));
    assert!(
        reason(r#"{"context":{"transaction_id":"1","transactionId":"1"},"message":{}}"#)
            .contains("neither in camel case")
    );
    let late = String::from_utf8(message("search", "m", NOW, "{}")).unwrap();
    assert!(reason(&late.replace("PT30S", "P1M")).contains("`context.ttl`: `P1M` has another unit"));
    assert!(reason(&late.replace("\"m\"", "7")).contains("`context.message_id` is 7"));
}

#[test]
fn both_labels_of_the_digest_are_read() {
    let signer = MemoryKey::from_base64("bap.example.org/k1|ed25519", purpose::MESSAGE, BAP_SEED).unwrap();
    let stamp = Stamp { created_s: NOW, expires_s: NOW + 300, request_signature: None };
    for label in [DigestLabel::Blake512, DigestLabel::Blake2b512] {
        let body = search("m", "a").body;
        let authorization = sign(&signer, &body, &stamp, label).unwrap();
        assert!(node("bpp").receive(&Signed { body, authorization }, "search", NOW, None).is_ok());
    }
}
