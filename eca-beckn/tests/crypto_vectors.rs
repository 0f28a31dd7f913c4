//! Published vectors: signatures, digests, canonical JSON, trees.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/data.rs"]
mod data;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use data::*;
use eca_beckn::log::tree::{Hash, verify_inclusion};
use eca_beckn::sign::{DigestLabel, Stamp, digest, sign, signing_text};
use eca_beckn::verify::{KeyId, SignatureHeader};
use eca_beckn::{MemoryKey, PublicKey, json as strict, purpose};
use serde_json::Value;

#[test]
fn wycheproof_ed25519() {
    let Some(vectors) = json("data/crypto/wycheproof_ed25519_test.json") else { return };
    let mut counts = (0, 0);
    for group in vectors["testGroups"].as_array().unwrap() {
        let key = PublicKey::from_bytes(&unhex(text(&group["publicKey"], "pk")));
        for case in group["tests"].as_array().unwrap() {
            let verified =
                key.as_ref().is_ok_and(|key| key.verifies(&unhex(text(case, "msg")), &unhex(text(case, "sig"))));
            assert_eq!(verified, text(case, "result") == "valid", "{case}");
            if verified { counts.0 += 1 } else { counts.1 += 1 }
        }
    }
    assert_eq!(counts, (88, 63));
}

#[test]
fn signing_vectors_of_both_parties() {
    let Some(all) = json("beckn/signing/beckn_signing_vectors.json") else { return };
    let vectors = all["vectors"].as_array().unwrap();
    let body_of = |vector: &Value| {
        let source = vector["body_same_as"].as_str().unwrap_or(text(vector, "name"));
        text(vectors.iter().find(|v| v["name"] == source).unwrap(), "body_utf8").to_owned()
    };
    let mut signed = 0;
    for vector in vectors {
        let (body, name) = (body_of(vector), text(vector, "name"));
        let party = &all["keys"][text(vector, "signer")];
        let key = PublicKey::from_base64(text(party, "public_b64")).unwrap();
        assert_eq!(digest(body.as_bytes()), text(vector, "digest_b64"), "{name}");
        let draft = vector["profile"] == "nfh007_draft";
        let label = if draft { DigestLabel::Blake2b512 } else { DigestLabel::Blake512 };
        let request = vector["request_signature_b64"].as_str();
        let stamp = Stamp {
            created_s: vector["created"].as_i64().unwrap(),
            expires_s: vector["expires"].as_i64().unwrap(),
            request_signature: request,
        };
        let Some(header) = vector["header_value"].as_str() else {
            // A peer that puts the whole header of the request into the fourth line.
            let fourth = text(vector, "signing_string").split_once("\nrequest-signature: ").unwrap().1;
            let read = SignatureHeader {
                key: KeyId::parse("a|b|ed25519").unwrap(),
                created_s: stamp.created_s,
                expires_s: stamp.expires_s,
                answers_request: true,
                signature: text(vector, "signature_b64").into(),
            };
            assert_eq!(read.verify(&key, body.as_bytes(), &["other", fourth]).unwrap(), label, "{name}");
            continue;
        };
        assert_eq!(signing_text(body.as_bytes(), &stamp, label), text(vector, "signing_string"), "{name}");
        let key_id = match draft {
            true => text(party, "nfh007_key_id").to_owned(),
            false => format!("{}|{}|ed25519", text(party, "subscriber_id"), text(party, "key_id")),
        };
        let signer = MemoryKey::from_base64(&key_id, purpose::MESSAGE, text(party, "seed_b64")).unwrap();
        let made = sign(&signer, body.as_bytes(), &stamp, label).unwrap();
        assert_eq!(made.trim_start_matches("Signature "), header.trim_start_matches("Signature "), "{name}");
        let read = SignatureHeader::parse(header).unwrap();
        let answers: Vec<&str> = request.into_iter().collect();
        assert_eq!(read.verify(&key, body.as_bytes(), &answers).unwrap(), label, "{name}");
        assert!(read.verify(&key, format!("{body} ").as_bytes(), &answers).is_err(), "{name}");
        assert!(!read.answers_request || read.verify(&key, body.as_bytes(), &["other"]).is_err(), "{name}");
        signed += 1;
    }
    assert_eq!(signed, 7);

    let trap = text(&all["trap_vectors"], "trailing_newline_signature_b64");
    let first = &vectors[0];
    let mut read = SignatureHeader::parse(text(first, "header_value")).unwrap();
    read.signature = trap.into();
    let key = PublicKey::from_base64(text(&all["keys"]["bap"], "public_b64")).unwrap();
    assert_eq!(
        read.verify(&key, text(first, "body_utf8").as_bytes(), &[]).unwrap_err().code(),
        "AUT_SIGNATURE_INVALID"
    );
}

#[test]
fn public_signing_vectors_and_digests() {
    let Some(all) = json("beckn/signing/beckn_signing_vectors.json") else { return };
    let public = all["public_vectors"].as_array().unwrap();
    for vector in public {
        let read = SignatureHeader {
            key: KeyId::parse("a|b|ed25519").unwrap(),
            created_s: vector["created"].as_i64().unwrap(),
            expires_s: vector["expires"].as_i64().unwrap(),
            answers_request: false,
            signature: text(vector, "signature_b64").into(),
        };
        let key = PublicKey::from_base64(text(vector, "public_b64")).unwrap();
        read.verify(&key, text(vector, "body_utf8").as_bytes(), &[]).unwrap();
    }
    assert_eq!(public.len(), 3);
    for vector in all["digest_vectors"].as_array().unwrap() {
        assert_eq!(digest(text(vector, "input_utf8").as_bytes()), text(vector, "digest_b64"));
    }
}

#[test]
fn canonical_json_of_rfc_8785() {
    for name in ["arrays", "french", "structures"] {
        let Some(input) = file(&format!("data/crypto/jcs/input/{name}.json")) else { return };
        let expected = String::from_utf8(file(&format!("data/crypto/jcs/outhex/{name}.txt")).unwrap()).unwrap();
        let expected: String = expected.split_whitespace().collect();
        let made = strict::canonical(name, &strict::parse(name, &input).unwrap()).unwrap();
        assert_eq!(made, unhex(&expected), "{name}");
    }
}

#[test]
fn hashing_of_eddsa_jcs_2022() {
    let file = |name: &str| file(&format!("data/crypto/vc_eddsa_jcs_2022/{name}"));
    let Some(unsigned) = file("unsigned.json") else { return };
    let said = |name: &str| String::from_utf8(file(name).unwrap()).unwrap().trim().to_owned();
    let canonical = |bytes: &[u8]| strict::canonical("vc", &strict::parse("vc", bytes).unwrap()).unwrap();
    let document = canonical(&unsigned);
    let config = canonical(&file("proofConfigJCS.json").unwrap());
    assert_eq!(document, said("canonDocJCS.txt").as_bytes());
    assert_eq!(config, said("proofCanonJCS.txt").as_bytes());
    let combined = [eca_beckn::log::sha256_hex(&config), eca_beckn::log::sha256_hex(&document)].concat();
    assert_eq!(combined, said("combinedHashJCS.txt"));
}

#[test]
fn inclusion_proofs_of_others() {
    let Some(all) = json("data/crypto/rfc6962_inclusion_proofs.json") else { return };
    let hash = |value: &Value| -> Option<Hash> { STANDARD.decode(value.as_str()?).ok()?.try_into().ok() };
    let mut counts = (0, 0);
    for (name, case) in all.as_object().unwrap() {
        let (Some(index), Some(size)) = (case["leafIdx"].as_u64(), case["treeSize"].as_u64()) else { continue };
        let proof: Option<Vec<Hash>> = case["proof"].as_array().unwrap_or(&vec![]).iter().map(hash).collect();
        let holds = match (hash(&case["leafHash"]), hash(&case["root"]), proof) {
            (Some(leaf), Some(root), Some(proof)) => verify_inclusion(&leaf, index, size, &proof, &root),
            _ => false,
        };
        assert_eq!(holds, !case["wantErr"].as_bool().unwrap(), "{name}");
        if holds { counts.0 += 1 } else { counts.1 += 1 }
    }
    println!("{} hold, {} do not", counts.0, counts.1);
    assert!(counts.0 > 0 && counts.1 > counts.0);
}

#[test]
fn a_signature_with_a_point_of_small_order_is_refused() {
    // R is the neutral element and S = H(R, A, M) a: the equation of RFC 8032 holds, strict verification refuses it.
    let key = PublicKey::from_base64("6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=").unwrap();
    let signature = "AQAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAC0JVblIlr9XQuDfu373CNfD7mqmks2v+P/y4lqMsnaCQ==";
    assert!(!key.verifies(b"10 MW", &STANDARD.decode(signature).unwrap()));
}

#[test]
fn weak_keys_and_wrong_halves_are_refused() {
    let mut neutral = [0; 32];
    neutral[0] = 1;
    assert!(PublicKey::from_bytes(&neutral).unwrap_err().to_string().contains("weak"));
    assert!(PublicKey::from_bytes(&[0; 31]).unwrap_err().to_string().contains("31 bytes, not 32"));
    let seed = STANDARD.decode("nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=").unwrap();
    let public = "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
    let both = [seed.clone(), STANDARD.decode(public).unwrap()].concat();
    let key = MemoryKey::from_base64("k", purpose::LOG, &STANDARD.encode(&both)).unwrap();
    assert_eq!(key.public(), PublicKey::from_base64(public).unwrap());
    let other = [seed.clone(), seed].concat();
    let refused = MemoryKey::from_base64("k", purpose::LOG, &STANDARD.encode(&other)).unwrap_err();
    assert!(refused.to_string().contains("does not belong to the seed"));
    // A key for one purpose signs for no other.
    use eca_beckn::Signer as _;
    assert!(key.sign(purpose::LOG, b"x").is_ok() && key.sign(purpose::MESSAGE, b"x").is_err());
    let spki =
        [&[0x30, 0x2a, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 3, 0x21, 0], key.public().as_bytes().as_slice()].concat();
    assert_eq!(PublicKey::from_base64(&STANDARD.encode(spki)).unwrap(), key.public());
}
