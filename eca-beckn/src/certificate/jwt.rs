//! Credentials as JWT (W3C Securing Verifiable Credentials using JOSE and COSE, `vc+jwt`; RFC 7515, RFC 8037; read
//! 2026-11-23): the payload is the complete credential, so that everything that is claimed is signed.

use crate::{Error, PublicKey, Result, json, purpose};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL};
use eca_core::{Timestamp, adapter::Signer};
use serde_json::{Map, Value};

const PLACE: &str = "JWT of the credential";

/// Names of the payload that repeat what stands in the credential under other names.
const REGISTERED: [&str; 4] = ["iss", "jti", "nbf", "exp"];

/// The credential, which must hold no proof, as a compact JWT.
///
/// # Errors
/// When the signer refuses, or the credential has no canonical form.
pub fn sign(credential: &Value, signer: &dyn Signer) -> Result<String> {
    let kid = Value::from(signer.key_id());
    let header = format!(r#"{{"alg":"EdDSA","cty":"vc","kid":{kid},"typ":"vc+jwt"}}"#);
    let mut payload = credential.as_object().cloned().unwrap_or_default();
    payload.append(&mut registered(credential)?);
    let payload = json::canonical(PLACE, &Value::Object(payload))?;
    let text = format!("{}.{}", BASE64URL.encode(header), BASE64URL.encode(payload));
    let signature = signer.sign(purpose::CERTIFICATE, text.as_bytes())?;
    Ok(format!("{text}.{}", BASE64URL.encode(signature)))
}

/// Who signed a JWT, by its own account: for looking the key up.
///
/// # Errors
/// [`Error::NotVerified`] if it is no JWT of this kind.
pub fn key_id(jwt: &str) -> Result<String> {
    let header = part(jwt.split('.').next().unwrap_or_default(), "header")?;
    let said = |name: &str| header.get(name).and_then(Value::as_str);
    // `none` and algorithms of other keys are how JWT verifiers are tricked: one algorithm, nothing critical, no key inside.
    if said("alg") != Some("EdDSA") || !matches!(said("typ"), Some("vc+jwt" | "JWT") | None) {
        return Err(Error::not_verified(PLACE, "alg is not EdDSA, or typ not vc+jwt"));
    }
    if let Some(name) = header.keys().find(|name| !["alg", "typ", "cty", "kid"].contains(&name.as_str())) {
        return Err(Error::not_verified(PLACE, format!("header `{name}` is not one of alg, typ, cty, kid")));
    }
    said("kid").map(str::to_owned).ok_or_else(|| Error::not_verified(PLACE, "has no kid"))
}

/// From when a JWT holds, by its own account: for looking the key up.
pub(super) fn unverified_nbf(payload: &str) -> Result<i64> {
    let nbf = part(payload, "payload")?.get("nbf").and_then(Value::as_i64);
    nbf.ok_or_else(|| Error::not_verified(PLACE, "has no nbf"))
}

/// The credential in a JWT that `key` signed. Nothing of it is read before the signature held.
///
/// # Errors
/// [`Error::NotVerified`] if it is not signed by `key`, or iss, jti, nbf or exp say something else than the credential.
pub fn verify(jwt: &str, key: &PublicKey) -> Result<Value> {
    key_id(jwt)?;
    let wrong = |reason: &str| Error::not_verified(PLACE, reason);
    let (text, signature) = jwt.rsplit_once('.').ok_or_else(|| wrong("has no signature"))?;
    let (_, payload) = text.split_once('.').ok_or_else(|| wrong("has no payload"))?;
    let signature = BASE64URL.decode(signature).map_err(|_| wrong("the signature is not base64url"))?;
    if !key.verifies(text.as_bytes(), &signature) {
        return Err(wrong("the signature is not one of this payload"));
    }
    let mut credential = part(payload, "payload")?;
    let mut said = Map::new();
    for name in REGISTERED {
        said.extend(credential.remove(name).map(|value| (name.to_owned(), value)));
    }
    let credential = Value::Object(credential);
    let expected = registered(&credential)?;
    match said.iter().find(|(name, value)| expected.get(*name) != Some(*value)) {
        Some((name, _)) => Err(wrong(&format!("`{name}` is not that of the credential"))),
        None => Ok(credential),
    }
}

/// A part of a JWT as an object with one meaning.
fn part(text: &str, what: &str) -> Result<Map<String, Value>> {
    let bytes =
        BASE64URL.decode(text).map_err(|_| Error::not_verified(PLACE, format!("the {what} is not base64url")))?;
    match json::parse(PLACE, &bytes)? {
        Value::Object(object) => Ok(object),
        _ => Err(Error::not_verified(PLACE, format!("the {what} is no object"))),
    }
}

/// What JWT readers without knowledge of credentials look at.
fn registered(credential: &Value) -> Result<Map<String, Value>> {
    let mut claims = Map::new();
    let issuer = credential.get("issuer");
    let issuer = issuer.and_then(|issuer| issuer.get("id").or(Some(issuer)));
    claims.extend(issuer.map(|id| ("iss".to_owned(), id.clone())));
    claims.extend(credential.get("id").map(|id| ("jti".to_owned(), id.clone())));
    for (name, field) in [("nbf", "validFrom"), ("exp", "validUntil")] {
        if let Some(time) = credential.get(field).and_then(Value::as_str) {
            claims.insert(name.into(), Timestamp::parse(time)?.unix_s().into());
        }
    }
    Ok(claims)
}
