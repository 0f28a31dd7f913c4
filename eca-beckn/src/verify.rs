//! Reading the signature header of a peer, and judging it.

use crate::sign::{DigestLabel, Stamp, signing_text};
use crate::{Error, PublicKey, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::collections::BTreeMap;

/// Whose key it is: both shapes of `keyId`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct KeyId {
    /// The network participant: what stands before the key, or the namespace of the NFH-007 form.
    pub subscriber_id: String,
    /// The key of the participant: the middle part, or `registry/record`.
    pub key_id: String,
}

impl KeyId {
    /// Reads `subscriber|key|ed25519` or `namespace/registry/record|ed25519`.
    ///
    /// # Errors
    /// [`Error::Message`] for another shape or algorithm.
    pub fn parse(text: &str) -> Result<Self> {
        let parts: Vec<&str> = text.split('|').collect();
        let pair = match parts.as_slice() {
            [subscriber, key, "ed25519"] => Some((*subscriber, *key)),
            [record, "ed25519"] => record.strip_prefix("https://").unwrap_or(record).split_once('/'),
            _ => None,
        };
        match pair {
            Some((subscriber, key)) if !subscriber.is_empty() && !key.is_empty() => {
                Ok(Self { subscriber_id: subscriber.into(), key_id: key.into() })
            }
            _ => Err(refused(format!(
                "keyId `{text}` is neither subscriber|key|ed25519 nor namespace/registry/record|ed25519"
            ))),
        }
    }
}

/// A signature header, read but not believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignatureHeader {
    /// Whose key signed.
    pub key: KeyId,
    /// Unix seconds.
    pub created_s: i64,
    /// Unix seconds.
    pub expires_s: i64,
    /// Whether the text has the line that binds it to a request.
    pub answers_request: bool,
    /// The signature in base64, as a later message cites it.
    pub signature: String,
}

impl SignatureHeader {
    /// Reads the value of an `Authorization` or `Signature` header; the word `Signature` in front may be missing.
    ///
    /// # Errors
    /// [`Error::Message`] names the parameter that is missing, repeated, unknown in form, or of another algorithm.
    pub fn parse(value: &str) -> Result<Self> {
        let fields = parameters(value.strip_prefix("Signature ").unwrap_or(value))?;
        let field = |name: &str| {
            fields.get(name).map(String::as_str).ok_or_else(|| refused(format!("the header has no `{name}`")))
        };
        let seconds = |name: &str| {
            let text = field(name)?;
            let plain = !text.is_empty() && text.len() <= 12 && text.bytes().all(|b| b.is_ascii_digit());
            plain
                .then(|| text.parse().ok())
                .flatten()
                .ok_or_else(|| refused(format!("`{name}` is `{text}`, not seconds")))
        };
        if field("algorithm")? != "ed25519" {
            return Err(refused(format!("algorithm `{}` is not ed25519", field("algorithm")?)));
        }
        let answers_request = match field("headers")? {
            "(created) (expires) digest" => false,
            "(created) (expires) digest request-signature" => true,
            other => return Err(refused(format!("signed headers `{other}` are not (created) (expires) digest"))),
        };
        Ok(Self {
            key: KeyId::parse(field("keyId")?)?,
            created_s: seconds("created")?,
            expires_s: seconds("expires")?,
            answers_request,
            signature: field("signature")?.into(),
        })
    }

    /// Whether `key` signed `body` with this header; the label is found by trying both.
    ///
    /// `request_signatures` are what the fourth line may hold: the signature of the request, and for peers that put the
    /// whole header there, that too.
    ///
    /// # Errors
    /// [`Error::Message`] with `AUT_SIGNATURE_INVALID`.
    pub fn verify(&self, key: &PublicKey, body: &[u8], request_signatures: &[&str]) -> Result<DigestLabel> {
        let signature = STANDARD.decode(&self.signature).map_err(|_| refused("the signature is not base64"))?;
        let requests: Vec<Option<&str>> = match self.answers_request {
            true => request_signatures.iter().map(|s| Some(*s)).collect(),
            false => vec![None],
        };
        for label in DigestLabel::ALL {
            for request_signature in &requests {
                let stamp = Stamp {
                    created_s: self.created_s,
                    expires_s: self.expires_s,
                    request_signature: *request_signature,
                };
                if key.verifies(signing_text(body, &stamp, label).as_bytes(), &signature) {
                    return Ok(label);
                }
            }
        }
        Err(refused(format!(
            "the signature of `{}|{}` is not one of this body",
            self.key.subscriber_id, self.key.key_id
        )))
    }
}

fn refused(reason: impl Into<String>) -> Error {
    Error::message("AUT_SIGNATURE_INVALID", reason)
}

/// `name="value"` pairs; values may hold commas and equals signs, so that splitting at commas would not do.
fn parameters(text: &str) -> Result<BTreeMap<String, String>> {
    let mut fields = BTreeMap::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"").ok_or_else(|| refused("a parameter is not name=\"value\""))?;
        let (value, after) = after.split_once('"').ok_or_else(|| refused(format!("`{name}` has no closing quote")))?;
        if !name.bytes().all(|b| b.is_ascii_alphanumeric()) || value.contains('\\') {
            return Err(refused(format!("`{name}` is not a plain name=\"value\"")));
        }
        if fields.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(refused(format!("`{name}` stands twice")));
        }
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',').ok_or_else(|| refused(format!("no comma after `{name}`")))?.trim_start();
            if rest.is_empty() {
                return Err(refused("a comma at the end"));
            }
        }
    }
    Ok(fields)
}
