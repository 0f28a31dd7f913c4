//! Proofs of the cryptosuite `eddsa-jcs-2022` (W3C Data Integrity EdDSA Cryptosuites 1.0, section 3.3; read 2026-11-23):
//! Ed25519 over SHA-256 of the canonical proof options and SHA-256 of the canonical document.

use super::base58;
use crate::{Error, PublicKey, Result, json, purpose};
use eca_core::adapter::Signer;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

/// Type and cryptosuite of the proofs that are made and read here.
pub(super) const TYPE: &str = "DataIntegrityProof";
const SUITE: &str = "eddsa-jcs-2022";

/// The 64 bytes that are signed for a document with these proof options.
///
/// # Errors
/// [`Error::Json`] if one of them has no canonical form.
pub fn hash_data(document: &Value, options: &Value) -> Result<Vec<u8>> {
    let mut bytes = Sha256::digest(json::canonical("proof options", options)?).to_vec();
    bytes.extend(Sha256::digest(json::canonical("document", document)?));
    Ok(bytes)
}

/// A proof of `document`, which must not hold one.
///
/// # Errors
/// When the signer refuses, or the document has no canonical form.
pub fn prove(document: &Value, signer: &dyn Signer, created: &str) -> Result<Value> {
    let mut proof = Map::new();
    for (name, value) in [
        ("type", TYPE),
        ("cryptosuite", SUITE),
        ("created", created),
        ("verificationMethod", signer.key_id()),
        ("proofPurpose", "assertionMethod"),
    ] {
        proof.insert(name.into(), value.into());
    }
    if let Some(context) = document.get("@context") {
        proof.insert("@context".into(), context.clone());
    }
    let signature = signer.sign(purpose::CERTIFICATE, &hash_data(document, &Value::Object(proof.clone()))?)?;
    proof.insert("proofValue".into(), base58::encode(&signature).into());
    Ok(Value::Object(proof))
}

/// Whether `proof` is one of `document` (without proof) by `key`.
///
/// # Errors
/// [`Error::NotVerified`] says what is not as it should be.
pub fn verify(document: &Value, proof: &Value, key: &PublicKey) -> Result<()> {
    let wrong = |reason: &str| Error::not_verified("eddsa-jcs-2022 proof", reason);
    let mut options = proof.as_object().cloned().ok_or_else(|| wrong("is no object"))?;
    let value = options.remove("proofValue");
    let value = value.as_ref().and_then(Value::as_str).ok_or_else(|| wrong("has no proofValue"))?;
    let said = |name: &str| options.get(name).and_then(Value::as_str);
    if said("type") != Some(TYPE) || said("cryptosuite") != Some(SUITE) {
        return Err(wrong("is of another type or cryptosuite"));
    }
    if said("proofPurpose") != Some("assertionMethod") {
        return Err(wrong("is for another purpose than assertionMethod"));
    }
    // The options may repeat the context of the document; the document's must begin with it.
    if let Some(context) = options.get("@context") {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        let whole = document.get("@context").map(list).unwrap_or_default();
        if !whole.starts_with(&list(context)) {
            return Err(wrong("has another @context than the document"));
        }
    }
    let signature = base58::decode(value).ok_or_else(|| wrong("proofValue is not multibase base58btc"))?;
    if key.verifies(&hash_data(document, &Value::Object(options))?, &signature) {
        Ok(())
    } else {
        Err(wrong("the signature is not one of this document"))
    }
}
