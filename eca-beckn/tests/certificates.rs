//! Certificates: never two for one Wh, nothing believed that is not signed, and a double issue found from the log alone.
//!
//! 10,000 random histories and 2,000 edits; with `ECA_TEST_SCALE=large` 100,000 of each.
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
use eca_beckn::certificate::{self, Book, Registry, State, WhRange, integrity, jwt, key_of_did};
use eca_beckn::log::{LogStore as _, MemoryStore};
use eca_beckn::{Error, MemoryKey, PublicKey, Record, Result, Trust, audit, kind, purpose};
use eca_core::adapter::Signer as _;
use random::Random;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn scale(few: u64, many: u64) -> u64 {
    if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { many } else { few }
}

fn keys(method: &str, at_s: i64) -> Result<PublicKey> {
    Trust::parse(&trust_text()).unwrap().certificate_key(method, at_s)
}

fn bytes(credential: &Value) -> Vec<u8> {
    serde_json::to_vec(credential).unwrap()
}

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

#[test]
fn the_whole_life_of_certificates_is_audited() {
    let (store, mut log) = new_log();
    let mut registry = registry(&[]);
    let trust = Trust::parse(&trust_text()).unwrap();
    let (buyer, other) = ("buyer.example.org", "other.example.org");
    registry.deliver(&mut log, &delivery("m1"), NOW_US).unwrap();
    let id = |subject: &certificate::Subject| subject.certificate_id(&issuer().0).unwrap();
    let whole = certificate::verify(
        &bytes(&registry.issue(&mut log, &subject("m1", 0, 1_000_000), buyer, NOW_US).unwrap()),
        &keys,
    )
    .unwrap()
    .subject;
    let too_much = registry.issue(&mut log, &subject("m1", 999_999, 1_234_567), buyer, NOW_US).unwrap_err().to_string();
    assert!(too_much.contains("overlaps 0..1000000 Wh"), "{too_much}");
    let beyond = registry.issue(&mut log, &subject("m1", 1_000_000, 1_234_568), buyer, NOW_US).unwrap_err().to_string();
    assert!(beyond.contains("not inside the 1234567 Wh metered"), "{beyond}");
    registry.issue(&mut log, &subject("m1", 1_000_000, 1_234_567), buyer, NOW_US).unwrap();
    assert_eq!(registry.book().free(&("m1".into(), "2026-11-23".into(), 34)), None);

    let (first, second) = registry.split(&mut log, &whole, 333_333, NOW_US).unwrap();
    let [first, second] = [first, second].map(|part| certificate::verify(&bytes(&part), &keys).unwrap().subject);
    assert_eq!(first.inferences + second.inferences, whole.inferences);
    assert_eq!(first.carbon_mg_location + second.carbon_mg_location, whole.carbon_mg_location);
    registry.transfer(&mut log, &id(&first), buyer, other, NOW_US).unwrap();
    assert!(registry.transfer(&mut log, &id(&first), buyer, other, NOW_US).is_err());
    registry.retire(&mut log, &id(&first), other, ["A customer", "2026"], NOW_US).unwrap();
    assert!(registry.revoke(&mut log, &id(&first), "too late", NOW_US).is_err());
    registry.revoke(&mut log, &id(&second), "meter was replaced", NOW_US).unwrap();
    registry.issue(&mut log, &subject("m1", 400_000, 500_000), buyer, NOW_US).unwrap();
    log.publish().unwrap();

    let report = audit(&*store, Some(&trust), None).unwrap();
    assert!(report.passed(), "{report}");
    let line = "5 certificates: 667900 Wh live or retired of 1234567 Wh metered, no Wh twice";
    assert!(report.checked.iter().any(|checked| checked == line), "{report}");
    // The book that the records give is the book that wrote them.
    let records: Vec<Record> = (0..)
        .zip(eca_beckn::log::read_records(&*store, log.size()).unwrap())
        .map(|(seq, bytes)| Record::parse(seq, &bytes).unwrap())
        .collect();
    let again = Book::from_records(&records).unwrap();
    assert_eq!(again.holdings().collect::<Vec<_>>(), registry.book().holdings().collect::<Vec<_>>());
    assert_eq!(again.holding(&id(&second)).unwrap().state, State::Revoked);
}

#[test]
fn a_double_issue_is_found_from_the_log_alone() {
    let trust = Trust::parse(&trust_text()).unwrap();
    let mut random = Random(7);
    let logs = scale(60, 1_000);
    for planted in 0..logs {
        let (store, mut log) = new_log();
        let mut honest = registry(&[]);
        honest.deliver(&mut log, &delivery("m1"), NOW_US).unwrap();
        // The forger keeps a second book, in which the first certificate never was.
        let mut forger: Registry = registry(&only_the_delivery());
        let (start, end) = (random.below(500_000) as i64, 500_000 + random.below(500_000) as i64);
        honest.issue(&mut log, &subject("m1", start, end), "buyer.example.org", NOW_US).unwrap();
        if random.below(2) == 0 {
            let whole = certificate::verify(&credential_of(&store), &keys).unwrap().subject;
            honest.split(&mut log, &whole, start + 1 + random.below((end - start - 1) as u64) as i64, NOW_US).unwrap();
        }
        let from = start + random.below((end - start) as u64) as i64;
        forger.issue(&mut log, &subject("m1", from, 1_234_567), "victim.example.org", NOW_US).unwrap();
        log.publish().unwrap();
        let report = audit(&*store, Some(&trust), None).unwrap();
        let last = format!("record {}", log.size() - 1);
        assert!(
            report.faults.iter().any(|fault| fault.place == last && fault.reason.contains("issued twice")),
            "{planted}: {report}"
        );
    }
    println!("{logs} planted double issues, {logs} found");
}

/// What the log says before the first certificate.
fn only_the_delivery() -> Vec<Record> {
    let (store, mut log) = new_log();
    registry(&[]).deliver(&mut log, &delivery("m1"), NOW_US).unwrap();
    log.publish().unwrap();
    let bytes = eca_beckn::log::read_records(&*store, 1).unwrap();
    vec![Record::parse(0, &bytes[0]).unwrap()]
}

/// The only one that is kept.
fn credential_of(store: &MemoryStore) -> Vec<u8> {
    let blob = store.list().unwrap().into_iter().find(|path| path.starts_with("blob/")).unwrap();
    store.read(&blob).unwrap().unwrap()
}

/// Every Wh by itself: who has it. The other way to know what the book may accept.
#[derive(Default)]
struct Model {
    wh: Vec<Option<String>>,
    live: BTreeMap<String, (WhRange, String)>,
    used: Vec<String>,
}

fn record(kind: &str, fields: &Value) -> Record {
    let mut record = Record::new(kind, 0, NOW_US, "issuer").unwrap();
    record.body = fields.as_object().unwrap().clone();
    record
}

#[test]
fn random_histories_never_certify_more_than_was_metered() {
    const METERED: usize = 40;
    let sequences = scale(10_000, 100_000);
    let (mut accepted, mut refused) = (0_u64, 0_u64);
    let template = record(kind::TRANSFER, &json!({}));
    let of = |kind: &str, fields: Value| {
        let mut record = template.clone();
        record.kind = kind.into();
        record.body = fields.as_object().unwrap().clone();
        record
    };
    for seed in 0..sequences {
        let mut random = Random(seed);
        let mut book = Book::default();
        let slot = json!({"meter_id": "m", "settlement_date": "2026-11-23", "settlement_period": 1});
        let with = |mut more: Value| {
            more.as_object_mut().unwrap().extend(slot.as_object().unwrap().clone());
            more
        };
        book.apply(&of(kind::DELIVERY, with(json!({"energy_wh": METERED})))).unwrap();
        let mut model = Model { wh: vec![None; METERED], ..Model::default() };
        for step in 0..24 {
            // Names are drawn from few, so that mistakes happen.
            let live = model.live.keys().nth(random.below(4) as usize).cloned();
            let any = live.filter(|_| random.below(3) > 0).unwrap_or_else(|| format!("c{}", random.below(40)));
            let (a, b) = (random.below(44) as i64 - 2, random.below(44) as i64 - 2);
            let owner = format!("o{}", random.below(2));
            let (made, expected) = match random.below(8) {
                0..4 => {
                    let any = format!("c{}", random.below(40));
                    let free = a >= 0
                        && a < b
                        && b <= METERED as i64
                        && model.wh[a as usize..b as usize].iter().all(Option::is_none);
                    let fits = free && !model.used.contains(&any);
                    if fits {
                        model.wh[a as usize..b as usize].fill(Some(any.clone()));
                        model.live.insert(any.clone(), (WhRange { start: a, end: b }, owner.clone()));
                        model.used.push(any.clone());
                    }
                    (
                        of(
                            kind::CERTIFICATE,
                            with(json!({"certificate_id": any, "wh_start": a, "wh_end": b, "owner": owner})),
                        ),
                        fits,
                    )
                }
                4 => {
                    let parts = [format!("c{}", random.below(40)), format!("c{}", random.below(40))];
                    let fits = model.live.get(&any).is_some_and(|(range, _)| range.start < a && a < range.end)
                        && parts[0] != parts[1]
                        && parts.iter().all(|part| !model.used.contains(part));
                    if fits {
                        let (range, owner) = model.live.remove(&any).unwrap();
                        model.used.extend(parts.iter().cloned());
                        for (part, range) in [
                            (&parts[0], WhRange { start: range.start, end: a }),
                            (&parts[1], WhRange { start: a, end: range.end }),
                        ] {
                            model.wh[range.start as usize..range.end as usize].fill(Some(part.clone()));
                            model.live.insert(part.clone(), (range, owner.clone()));
                        }
                    }
                    (
                        of(
                            kind::SPLIT,
                            json!({"certificate_id": any, "at_wh": a, "first_id": parts[0], "second_id": parts[1]}),
                        ),
                        fits,
                    )
                }
                5 => {
                    let to = format!("o{}", random.below(2));
                    let fits = model.live.get(&any).is_some_and(|(_, owns)| *owns == owner);
                    if fits {
                        model.live.get_mut(&any).unwrap().1.clone_from(&to);
                    }
                    (of(kind::TRANSFER, json!({"certificate_id": any, "from": owner, "to": to})), fits)
                }
                6 => {
                    let fits = model.live.get(&any).is_some_and(|(_, owns)| *owns == owner);
                    if fits {
                        // Retired: its Wh stay taken, and nothing more happens to it.
                        model.live.remove(&any);
                    }
                    (of(kind::RETIRE, json!({"certificate_id": any, "owner": owner})), fits)
                }
                _ => {
                    let fits = model.live.remove(&any).is_some();
                    if fits {
                        model.wh.iter_mut().filter(|wh| wh.as_ref() == Some(&any)).for_each(|wh| *wh = None);
                    }
                    (of(kind::REVOKE, json!({"certificate_id": any})), fits)
                }
            };
            let done = book.apply(&made);
            assert_eq!(done.is_ok(), expected, "seed {seed} step {step}: {made:?} {done:?}");
            accepted += u64::from(expected);
            refused += u64::from(!expected);
            let held: i64 = book
                .holdings()
                .filter(|(_, holding)| matches!(holding.state, State::Live | State::Retired))
                .map(|(_, holding)| holding.range.energy_wh())
                .sum();
            let taken = model.wh.iter().filter(|wh| wh.is_some()).count() as i64;
            assert!(held == taken && held <= METERED as i64, "seed {seed} step {step}: {held} of {taken}");
        }
    }
    println!("{sequences} histories: {accepted} steps taken, {refused} refused");
    assert!(accepted > 3 * sequences && refused > 3 * sequences);
}
