//! Credentials: nothing is believed that is not signed, neither around a JWT nor in it.
//!
//! 2,000 edits; with `ECA_TEST_SCALE=large` 100,000.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "common/certificates.rs"]
mod certified;
mod common;
#[path = "common/data.rs"]
mod data;
#[path = "common/random.rs"]
mod random;

use base64::{Engine as _, engine::general_purpose::STANDARD, engine::general_purpose::URL_SAFE_NO_PAD};
use certified::*;
use eca_beckn::certificate::{self, integrity, jwt, key_of_did};
use eca_beckn::{Error, MemoryKey, purpose};
use eca_core::adapter::Signer as _;
use random::Random;
use serde_json::{Value, json};

/// One delivery, certificates of all of it; gives the first credential.
fn issued() -> Value {
    let (_, mut log) = new_log();
    let mut registry = registry(&[]);
    registry.deliver(&mut log, &delivery("m1"), NOW_US).unwrap();
    registry.issue(&mut log, &subject("m1", 0, 1_000_000), "buyer.example.org", NOW_US).unwrap()
}

#[test]
fn the_published_vector_of_eddsa_jcs_2022_verifies_and_is_made_again() {
    let Some(mut signed) = data::json("data/crypto/vc_eddsa_jcs_2022/signedJCS.json") else { return };
    let pair = data::json("data/crypto/vc_eddsa_jcs_2022/keyPair.json").unwrap();
    let key = key_of_did(&format!("did:key:{}", data::text(&pair, "publicKeyMultibase"))).unwrap();
    let proof = signed.as_object_mut().unwrap().remove("proof").unwrap();
    integrity::verify(&signed, &proof, &key).unwrap();
    // The private key of the vector is 0x8026 and the seed, in base 58: 32 bytes at the end.
    let text = data::text(&pair, "privateKeyMultibase");
    let seed = base58(text);
    let seed = STANDARD.encode(&seed[seed.len() - 32..]);
    let signer = MemoryKey::from_base64(data::text(&proof, "verificationMethod"), purpose::CERTIFICATE, &seed).unwrap();
    assert_eq!(signer.public(), key);
    assert_eq!(integrity::prove(&signed, &signer, "2023-02-24T23:36:38Z").unwrap(), proof);
    for (pointer, value) in [("/credentialSubject/alumniOf", "Another School"), ("/validFrom", "2023-01-01T00:00:01Z")]
    {
        let mut other = signed.clone();
        *other.pointer_mut(pointer).unwrap() = value.into();
        assert!(integrity::verify(&other, &proof, &key).is_err());
    }
    for name in ["created", "proofPurpose", "verificationMethod"] {
        let mut other = proof.clone();
        other[name] = "2023-02-24T23:36:39Z".into();
        assert!(integrity::verify(&signed, &other, &key).is_err(), "{name}");
    }
}

/// Base 58 by plain division of a big number: another way than the crate's.
fn base58(text: &str) -> Vec<u8> {
    const ALPHABET: &str = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let mut number = vec![0_u8; 64];
    for letter in text[1..].chars() {
        let mut carry = ALPHABET.find(letter).unwrap();
        for byte in number.iter_mut().rev() {
            carry += usize::from(*byte) * 58;
            *byte = carry as u8;
            carry >>= 8;
        }
    }
    number
}

#[test]
fn a_certificate_is_believed_by_both_proofs_and_as_jwt_alone() {
    let credential = issued();
    let verified = certificate::verify(&bytes(&credential), &keys).unwrap();
    assert_eq!((verified.subject.energy_wh, verified.subject.inferences), (1_000_000, 3_321_004));
    // 4,100,003 of 1,234,567 Wh are 3,321,004.8 of a million; 172,839,380 mg are 140 million (140 mg for each Wh);
    // 107,654,242 ugbp are 87,199,999.6.
    assert_eq!((verified.subject.carbon_mg_location, verified.subject.cost_ugbp), (140_000_000, 87_199_999));
    assert!(verified.subject.not_claimed.iter().any(|line| line.contains("REGO")));
    let single = certificate::for_message(&credential);
    assert_eq!(certificate::verify(&bytes(&single), &keys).unwrap(), verified);
    assert!(single["proof"]["jwt"].is_string());
    let jwt = certificate::compact(&credential).unwrap();
    assert_eq!(certificate::verify(jwt.as_bytes(), &keys).unwrap(), verified);
    // Another key of the same issuer that nobody trusts.
    assert!(
        certificate::verify(jwt.as_bytes(), &|method, _| Err(Error::Key { key: method.into(), reason: "no".into() }))
            .is_err()
    );
}

#[test]
fn what_stands_around_the_jwt_must_stand_in_it() {
    let credential = issued();
    for (pointer, value) in [
        ("/credentialSubject/carbon_mg_location", json!(1)),
        ("/credentialSubject/operator", json!("another.example.org")),
        ("/credentialSubject/not_claimed/0", json!("")),
        ("/validFrom", json!("2026-11-23T17:00:01Z")),
        ("/issuer/name", json!("Another Issuer")),
        ("/id", json!("urn:eca:certificate:0")),
    ] {
        let mut other = certificate::for_message(&credential);
        *other.pointer_mut(pointer).unwrap() = value;
        let error = certificate::verify(&bytes(&other), &keys).unwrap_err().to_string();
        assert!(error.contains("something else around its JWT"), "{pointer}: {error}");
    }
    let mut more = certificate::for_message(&credential);
    more["credentialStatus"] = json!({"id": "x"});
    assert!(certificate::verify(&bytes(&more), &keys).is_err());
    // Without the JWT there is no certificate, even with the other proof; and the other proof must hold, too.
    let mut integrity_only = credential.clone();
    integrity_only["proof"] = credential["proof"][1].clone();
    assert!(certificate::verify(&bytes(&integrity_only), &keys).unwrap_err().to_string().contains("no JWT"));
    let mut broken = credential.clone();
    broken["proof"][1]["proofValue"] =
        "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX".into();
    assert!(certificate::verify(&bytes(&broken), &keys).is_err());
}

#[test]
fn jwt_tricks_are_refused() {
    let jwt = certificate::compact(&issued()).unwrap();
    let parts: Vec<&str> = jwt.split('.').collect();
    let kid = jwt::key_id(&jwt).unwrap();
    for header in [
        format!(r#"{{"alg":"none","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","alg":"EdDSA","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","crit":["b64"],"b64":false,"kid":"{kid}"}}"#),
        format!(r#"{{"alg":"EdDSA","jwk":{{}},"kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA"}"#.to_owned(),
    ] {
        let forged = format!("{}.{}.{}", URL_SAFE_NO_PAD.encode(&header), parts[1], parts[2]);
        assert!(certificate::verify(forged.as_bytes(), &keys).is_err(), "{header}");
    }
    for forged in [
        format!("{}.{}.", parts[0], parts[1]),
        format!("{}.{}", parts[0], parts[1]),
        format!("{jwt}."),
        jwt.replace('.', ".."),
    ] {
        assert!(certificate::verify(forged.as_bytes(), &keys).is_err(), "{forged}");
    }
    // A JWT of the right key whose registered claims say something else than its credential.
    let (_, signer) = issuer();
    let mut credential = issued();
    credential.as_object_mut().unwrap().remove("proof");
    for name in ["iss", "jti", "nbf", "exp"] {
        let mut other = credential.clone();
        other[name] = if name == "nbf" || name == "exp" { json!(1) } else { json!("x") };
        if name != "nbf" {
            other["nbf"] = json!(NOW_US / 1_000_000);
        }
        // Signed by hand: the crate itself overwrites these names.
        let payload = serde_json::to_vec(&other).unwrap();
        let text = format!("{}.{}", parts[0], URL_SAFE_NO_PAD.encode(payload));
        let signature = signer.sign(purpose::CERTIFICATE, text.as_bytes()).unwrap();
        let forged = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
        let error = certificate::verify(forged.as_bytes(), &keys).unwrap_err().to_string();
        assert!(error.contains(&format!("`{name}`")), "{error}");
    }
}

#[test]
fn no_edit_of_a_credential_is_believed() {
    let credential = bytes(&issued());
    let good = certificate::verify(&credential, &keys).unwrap();
    let mut random = Random(11);
    let edits = scale(2_000, 100_000);
    for edit in 0..edits {
        let mut other = credential.clone();
        let at = random.below(other.len() as u64) as usize;
        match random.below(3) {
            0 => other[at] ^= 1 << random.below(8),
            1 => drop(other.remove(at)),
            _ => other.insert(at, b"0123456789\"{}[]:,azAZ"[random.below(20) as usize]),
        }
        match certificate::verify(&other, &keys) {
            Err(_) => {}
            // A space more or less between two tokens is the same document.
            Ok(verified) => {
                let same = serde_json::from_slice::<Value>(&other).unwrap()
                    == serde_json::from_slice::<Value>(&credential).unwrap();
                assert!(same && verified == good, "edit {edit} at {at}");
            }
        }
    }
    println!("{edits} edits, 0 believed");
}
