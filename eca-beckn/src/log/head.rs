//! Heads of the log as signed notes (C2SP signed-note and tlog-checkpoint, read 2026-11-23).
//!
//! ```text
//! log.example.org/eca/2026
//! 3
//! <base64 of the root>
//!
//! — log.example.org/eca/2026 <base64 of key hash and signature>
//! ```

use super::tree::Hash;
use crate::keys::purpose;
use crate::{Error, PublicKey, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use eca_core::adapter::Signer;
use sha2::{Digest as _, Sha256};
use std::fmt;

/// Algorithm byte of Ed25519 in verifier keys.
const ED25519: u8 = 1;

/// Size and root of a log: what is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogHead {
    /// Name of the log: a URL without scheme.
    pub origin: String,
    /// Number of records.
    pub size: u64,
    /// Root of the tree.
    pub root: Hash,
}

impl LogHead {
    /// The three lines that are signed.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n{}\n{}\n", self.origin, self.size, STANDARD.encode(self.root))
    }

    /// The signed note.
    ///
    /// # Errors
    /// When the signer refuses.
    pub fn sign(&self, signer: &dyn Signer, key: &LogKey) -> Result<String> {
        let text = self.text();
        let mut signature = key.hash().to_vec();
        signature.extend(signer.sign(purpose::LOG, text.as_bytes())?);
        Ok(format!("{text}\n\u{2014} {} {}\n", key.name, STANDARD.encode(signature)))
    }

    /// Reads the text of a note without believing it.
    ///
    /// # Errors
    /// [`Error::NotVerified`] names the line that is not of the form.
    pub fn read(place: &str, note: &str) -> Result<Self> {
        let wrong = |reason: &str| Error::not_verified(place, reason);
        let (text, _) = note.split_once("\n\n").ok_or_else(|| wrong("no empty line before the signatures"))?;
        let lines: Vec<&str> = text.split('\n').collect();
        let [origin, size, root] = lines.as_slice() else {
            return Err(wrong("the note does not have the three lines origin, size, root"));
        };
        let read: u64 = size.parse().map_err(|_| wrong("the size is not a number"))?;
        if read.to_string() != *size || origin.is_empty() {
            return Err(wrong("origin or size is not in its only form"));
        }
        let bytes = STANDARD.decode(root).map_err(|_| wrong("the root is not base64"))?;
        let root = bytes.try_into().map_err(|_| wrong("the root does not have 32 bytes"))?;
        Ok(Self { origin: (*origin).into(), size: read, root })
    }

    /// Reads a note that `key` signed. Signatures of other keys are passed over, as rotation and witnesses need.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if it is no note, of another log, or `key` did not sign it.
    pub fn verify(place: &str, note: &str, key: &LogKey) -> Result<Self> {
        let head = Self::read(place, note)?;
        if head.origin != key.name {
            return Err(Error::not_verified(place, format!("is of log `{}`, not `{}`", head.origin, key.name)));
        }
        let (_, signatures) = note.split_once("\n\n").unwrap_or_default();
        if !signatures.ends_with('\n') {
            return Err(Error::not_verified(place, "the last signature line does not end"));
        }
        let mut signed = false;
        for line in signatures.lines() {
            let parsed = line.strip_prefix("\u{2014} ").and_then(|rest| rest.split_once(' '));
            let (name, signature) = parsed.ok_or_else(|| Error::not_verified(place, "a signature line is not one"))?;
            let bytes =
                STANDARD.decode(signature).map_err(|_| Error::not_verified(place, "a signature is not base64"))?;
            let Some((hash, signature)) = bytes.split_first_chunk::<4>() else {
                return Err(Error::not_verified(place, "a signature is too short"));
            };
            if name == key.name && *hash == key.hash() {
                if !key.key.verifies(head.text().as_bytes(), signature) {
                    return Err(Error::not_verified(
                        place,
                        format!("the signature of `{name}` is not one of this text"),
                    ));
                }
                signed = true;
            }
        }
        if signed { Ok(head) } else { Err(Error::not_verified(place, format!("has no signature of key {key}"))) }
    }
}

/// The key that verifies heads, in the form of C2SP: `name+hash+base64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogKey {
    /// Name of the log.
    pub name: String,
    /// The key.
    pub key: PublicKey,
}

impl LogKey {
    /// Reads `name+hash+base64`.
    ///
    /// # Errors
    /// [`Error::Key`] if it is not of the form, not Ed25519, or the hash is not that of name and key.
    pub fn parse(text: &str) -> Result<Self> {
        let wrong = |reason: &str| Error::key(text, reason);
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(hash), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(wrong("a verifier key is name+hash+base64"));
        };
        let bytes = STANDARD.decode(key).map_err(|_| wrong("the key is not base64"))?;
        let Some((&ED25519, raw)) = bytes.split_first() else { return Err(wrong("the key is not Ed25519")) };
        let read = Self { name: name.into(), key: PublicKey::from_bytes(raw)? };
        if hex(&read.hash()) != hash {
            return Err(wrong("the hash is not that of name and key"));
        }
        Ok(read)
    }

    /// The first four bytes of SHA-256 of name, line feed, algorithm and key.
    fn hash(&self) -> [u8; 4] {
        let whole =
            Sha256::new().chain_update(&self.name).chain_update([b'\n', ED25519]).chain_update(self.key.as_bytes());
        let whole: Hash = whole.finalize().into();
        [whole[0], whole[1], whole[2], whole[3]]
    }
}

impl fmt::Display for LogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes: Vec<u8> = std::iter::once(ED25519).chain(*self.key.as_bytes()).collect();
        write!(f, "{}+{}+{}", self.name, hex(&self.hash()), STANDARD.encode(bytes))
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
