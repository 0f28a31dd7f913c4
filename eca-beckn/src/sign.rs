//! The bytes that are signed for a message, and the header that carries the signature.
//!
//! Source: BECKN-006 and NFH-007, read 2026-11-23. The signed text is
//!
//! ```text
//! (created): 1795453200
//! (expires): 1795453500
//! digest: BLAKE-512=<base64 of BLAKE2b-512 of the body>
//! request-signature: <base64 of the signature of the request>
//! ```
//!
//! with a line feed between lines and none at the end. The last line stands in responses and in solicited callbacks only.

use crate::{Result, keys::purpose};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use blake2::{Blake2b512, Digest as _};
use eca_core::adapter::Signer;

/// What the digest is called in the signed text. The label is not in the header, the hash is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DigestLabel {
    /// `BLAKE-512`: version 1 and the nodes of 2026.
    #[default]
    Blake512,
    /// `BLAKE2b-512`: the draft NFH-007.
    Blake2b512,
}

impl DigestLabel {
    /// Both labels, in the order in which a verifier tries them.
    pub const ALL: [Self; 2] = [Self::Blake512, Self::Blake2b512];

    /// The label as it stands in the signed text.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Blake512 => "BLAKE-512",
            Self::Blake2b512 => "BLAKE2b-512",
        }
    }
}

/// The BLAKE2b-512 digest of a body, in padded base64.
///
/// ```
/// assert!(eca_beckn::sign::digest(b"abc").starts_with("uoClP5gcTQ1qJ5e2nxL26Uwh"));
/// ```
#[must_use]
pub fn digest(body: &[u8]) -> String {
    STANDARD.encode(Blake2b512::digest(body))
}

/// When a signature is made, how long it holds, and what it answers.
#[derive(Debug, Clone, Copy)]
pub struct Stamp<'a> {
    /// Unix seconds.
    pub created_s: i64,
    /// Unix seconds.
    pub expires_s: i64,
    /// Signature of the request in base64, in a response or a solicited callback.
    pub request_signature: Option<&'a str>,
}

/// The text that is signed for `body`.
#[must_use]
pub fn signing_text(body: &[u8], stamp: &Stamp<'_>, label: DigestLabel) -> String {
    let (created, expires) = (stamp.created_s, stamp.expires_s);
    let mut text = format!("(created): {created}\n(expires): {expires}\ndigest: {}={}", label.name(), digest(body));
    if let Some(request) = stamp.request_signature {
        text.push_str("\nrequest-signature: ");
        text.push_str(request);
    }
    text
}

/// Signs `body`: the value of the `Authorization` header of a message, or of the `Signature` header of a response.
///
/// The key id of `signer` is what stands in the header: `subscriber|key|ed25519`, or the form of NFH-007
/// `namespace/registry/record|ed25519`.
///
/// # Errors
/// When the signer refuses.
pub fn sign(signer: &dyn Signer, body: &[u8], stamp: &Stamp<'_>, label: DigestLabel) -> Result<String> {
    let signature = signer.sign(purpose::MESSAGE, signing_text(body, stamp, label).as_bytes())?;
    let fourth = if stamp.request_signature.is_some() { " request-signature" } else { "" };
    Ok(format!(
        "Signature keyId=\"{}\",algorithm=\"ed25519\",created=\"{}\",expires=\"{}\",\
         headers=\"(created) (expires) digest{fourth}\",signature=\"{}\"",
        signer.key_id(),
        stamp.created_s,
        stamp.expires_s,
        STANDARD.encode(signature)
    ))
}
