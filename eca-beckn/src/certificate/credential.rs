//! Credentials as documents: made with both proofs, believed only when inner and outer agree.

use super::subject::Subject;
use super::{integrity, jwt};
use crate::{Error, PublicKey, Result, json};
use eca_core::{Timestamp, adapter::Signer};
use serde_json::{Value, json};

/// Type of the credential.
pub const TYPE: &str = "GreenInferenceCertificate";
/// Type of the proof that holds a JWT.
const JWT_PROOF: &str = "JsonWebSignature2020";
const CONTEXTS: [&str; 2] = ["https://www.w3.org/ns/credentials/v2", "urn:eca:deg:1"];

/// Who issues, and until when it holds.
#[derive(Debug, Clone)]
pub struct Terms<'a> {
    /// `did:web` or `did:key` of the issuer. The id of the signing key begins with it, then `#`.
    pub issuer: &'a str,
    /// Name of the issuer.
    pub name: &'a str,
    /// From when.
    pub valid_from: Timestamp,
    /// Until when; none for ever.
    pub valid_until: Option<Timestamp>,
}

/// A credential that was verified: what it says comes from signed bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct Verified {
    /// Name of the certificate.
    pub id: String,
    /// Who issued it.
    pub issuer: String,
    /// From when it holds.
    pub valid_from: Timestamp,
    /// Until when it holds.
    pub valid_until: Option<Timestamp>,
    /// What it says.
    pub subject: Subject,
}

/// Makes a credential with two proofs: a JWT that holds all of it, and one of `eddsa-jcs-2022`.
///
/// # Errors
/// [`Error::NotVerified`] for a subject that cannot be, [`Error::Key`] for a key that is not the issuer's, and when the
/// signer refuses.
pub fn issue(subject: &Subject, terms: &Terms<'_>, signer: &dyn Signer) -> Result<Value> {
    subject.check()?;
    if !belongs(signer.key_id(), terms.issuer) {
        return Err(Error::key(signer.key_id(), format!("is not a key of the issuer `{}`", terms.issuer)));
    }
    let mut credential = json!({
        "@context": CONTEXTS,
        "id": subject.certificate_id(terms.issuer)?,
        "type": ["VerifiableCredential", TYPE],
        "issuer": {"id": terms.issuer, "name": terms.name},
        "validFrom": terms.valid_from.to_string(),
        "credentialSubject": subject.to_value()?,
    });
    if let Some(until) = terms.valid_until {
        credential["validUntil"] = until.to_string().into();
    }
    let proof = json!({
        "type": JWT_PROOF,
        "verificationMethod": signer.key_id(),
        "proofPurpose": "assertionMethod",
        "jwt": jwt::sign(&credential, signer)?,
    });
    let integrity = integrity::prove(&credential, signer, &terms.valid_from.to_string())?;
    credential["proof"] = json!([proof, integrity]);
    Ok(credential)
}

/// The credential with its JWT as the only proof: what nodes accept that know `proof.jwt` alone.
#[must_use]
pub fn for_message(credential: &Value) -> Value {
    let mut single = credential.clone();
    let jwt = proofs(credential).into_iter().find(|proof| proof.get("jwt").is_some());
    if let (Some(object), Some(jwt)) = (single.as_object_mut(), jwt) {
        object.insert("proof".into(), jwt);
    }
    single
}

/// The compact JWT of a credential, for JWT libraries.
#[must_use]
pub fn compact(credential: &Value) -> Option<String> {
    proofs(credential).iter().find_map(|proof| proof.get("jwt").and_then(Value::as_str).map(str::to_owned))
}

fn proofs(credential: &Value) -> Vec<Value> {
    match credential.get("proof") {
        Some(Value::Array(proofs)) => proofs.clone(),
        Some(proof) => vec![proof.clone()],
        None => Vec::new(),
    }
}

fn belongs(key_id: &str, issuer: &str) -> bool {
    key_id.split_once('#').is_some_and(|(owner, fragment)| owner == issuer && !fragment.is_empty())
}

/// Verifies a credential: a compact JWT, or a JSON document with proofs. `keys` finds the key of a verification method as
/// it was valid at a time (Unix seconds).
///
/// Every proof must hold, one of them must be a JWT, and the credential in it must be the one around it: claims are read
/// from signed bytes only.
///
/// # Errors
/// [`Error::NotVerified`] names what does not hold; what `keys` says; [`Error::Json`] for what has more than one meaning.
pub fn verify(bytes: &[u8], keys: &dyn Fn(&str, i64) -> Result<PublicKey>) -> Result<Verified> {
    let wrong = |reason: &str| Error::not_verified("credential", reason);
    let text = std::str::from_utf8(bytes).map_err(|_| wrong("is not UTF-8"))?;
    if !text.starts_with('{') {
        let (inner, method) = signed(text, keys)?;
        return read(&inner, &[method]);
    }
    let mut outer = json::parse("credential", bytes)?;
    let all = proofs(&outer);
    outer.as_object_mut().and_then(|object| object.remove("proof"));
    let (mut methods, mut inner) = (Vec::new(), None);
    for proof in &all {
        let method = proof.get("verificationMethod").and_then(Value::as_str);
        if let Some(jwt) = proof.get("jwt").and_then(Value::as_str) {
            let (credential, kid) = signed(jwt, keys)?;
            if credential != outer {
                return Err(wrong("says something else around its JWT than in it"));
            }
            // Nothing signs what stands beside the JWT, so nothing may stand there that could be taken for more.
            let beside = json!({
                "type": JWT_PROOF, "verificationMethod": kid, "proofPurpose": "assertionMethod", "jwt": jwt
            });
            if *proof != beside {
                return Err(wrong("has more or other beside its JWT than type, key and purpose"));
            }
            methods.push(kid);
            inner = Some(credential);
        } else {
            let method = method.ok_or_else(|| wrong("a proof has no verificationMethod"))?;
            integrity::verify(&outer, proof, &keys(method, valid_from(&outer)?)?)?;
            methods.push(method.to_owned());
        }
    }
    let inner = inner.ok_or_else(|| wrong("has no JWT proof"))?;
    read(&inner, &methods)
}

/// The credential of a JWT by the key that it names, and that name.
fn signed(jwt: &str, keys: &dyn Fn(&str, i64) -> Result<PublicKey>) -> Result<(Value, String)> {
    let kid = jwt::key_id(jwt)?;
    // The time at which the key must be valid stands in the credential, so its bytes are looked at before they count.
    let claimed = jwt.split('.').nth(1).unwrap_or_default();
    let at_s = jwt::unverified_nbf(claimed)?;
    let credential = jwt::verify(jwt, &keys(&kid, at_s)?)?;
    Ok((credential, kid))
}

fn valid_from(credential: &Value) -> Result<i64> {
    let text = credential.get("validFrom").and_then(Value::as_str);
    let text = text.ok_or_else(|| Error::not_verified("credential", "has no validFrom"))?;
    Ok(Timestamp::parse(text)?.unix_s())
}

fn read(credential: &Value, methods: &[String]) -> Result<Verified> {
    let wrong = |reason: String| Error::not_verified("credential", reason);
    let said = |name: &str| credential.get(name).and_then(Value::as_str);
    let kind = credential.get("type").and_then(Value::as_array);
    if !kind.is_some_and(|kinds| ["VerifiableCredential", TYPE].iter().all(|kind| kinds.contains(&Value::from(*kind))))
    {
        return Err(wrong(format!("is not of the types VerifiableCredential and {TYPE}")));
    }
    if credential.get("@context") != Some(&json!(CONTEXTS)) {
        return Err(wrong(format!("@context is not {}", CONTEXTS.join(", "))));
    }
    let issuer = credential.get("issuer").and_then(|issuer| issuer.get("id").or(Some(issuer))).and_then(Value::as_str);
    let issuer = issuer.ok_or_else(|| wrong("has no issuer".into()))?;
    if let Some(method) = methods.iter().find(|method| !belongs(method, issuer)) {
        return Err(wrong(format!("key `{method}` is not one of the issuer `{issuer}`")));
    }
    let subject = credential.get("credentialSubject").cloned().unwrap_or_default();
    let subject: Subject = serde_json::from_value(subject).map_err(|error| wrong(error.to_string()))?;
    subject.check()?;
    let id = said("id").unwrap_or_default();
    if id != subject.certificate_id(issuer)? {
        return Err(wrong("id is not that of issuer, meter, half hour and range".into()));
    }
    Ok(Verified {
        id: id.into(),
        issuer: issuer.into(),
        valid_from: Timestamp::from_unix_s(valid_from(credential)?)?,
        valid_until: said("validUntil").map(Timestamp::parse).transpose()?,
        subject,
    })
}
