//! Ed25519 keys: reading them in the forms that networks use, and signing with them.

use crate::{Error, Result};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer as _, SigningKey, VerifyingKey};
use std::fmt;

/// What bytes are signed for. One key serves one purpose.
pub mod purpose {
    /// Beckn messages and their acknowledgements.
    pub const MESSAGE: &str = "beckn-message";
    /// Heads of the log.
    pub const LOG: &str = "log-head";
    /// Certificates.
    pub const CERTIFICATE: &str = "certificate";
    /// Statements of a key about itself and its successor.
    pub const ROTATION: &str = "key-rotation";
    /// Heads of other logs that were seen to grow.
    pub const WITNESS: &str = "log-witness";
}

/// A key that signatures are verified with, by the strict rules only.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey(VerifyingKey);

impl PublicKey {
    /// Reads the base64 of 32 raw bytes, or of the 44 bytes of a DER SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// [`Error::Key`] for other lengths, bytes that are no point of the curve, and weak points.
    pub fn from_base64(text: &str) -> Result<Self> {
        let bytes = STANDARD.decode(text).map_err(|_| Error::key(text, "the public key is not standard base64"))?;
        // RFC 8410: the algorithm identifier 1.3.101.112 in front of the raw key.
        const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];
        Self::from_bytes(bytes.strip_prefix(&SPKI).unwrap_or(&bytes))
    }

    /// Reads 32 raw bytes.
    ///
    /// # Errors
    /// [`Error::Key`] for another length, bytes that are no point of the curve, and weak points.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let name = "public key";
        let raw: [u8; 32] =
            bytes.try_into().map_err(|_| Error::key(name, format!("has {} bytes, not 32", bytes.len())))?;
        let key = VerifyingKey::from_bytes(&raw).map_err(|_| Error::key(name, "is no point of the curve"))?;
        if key.is_weak() {
            return Err(Error::key(name, "is weak: it verifies signatures that nobody made"));
        }
        Ok(Self(key))
    }

    /// The 32 raw bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// The raw bytes in base64.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.as_bytes())
    }

    /// Whether `signature` is a signature of `bytes`, by the strict rules: no small orders, no second encodings.
    #[must_use]
    pub fn verifies(&self, bytes: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature).is_ok_and(|s| self.0.verify_strict(bytes, &s).is_ok())
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_base64())
    }
}

/// A private key in memory, for one purpose. Production keys stay in a key store behind [`eca_core::adapter::Signer`].
pub struct MemoryKey {
    key_id: String,
    purpose: &'static str,
    key: SigningKey,
}

impl MemoryKey {
    /// A key from base64: a 32-byte seed, or seed and public half in 64 bytes.
    ///
    /// # Errors
    /// [`Error::Key`] for other lengths, or a public half that does not belong to the seed.
    pub fn from_base64(key_id: &str, purpose: &'static str, text: &str) -> Result<Self> {
        let bytes = STANDARD.decode(text).map_err(|_| Error::key(key_id, "the private key is not standard base64"))?;
        let made = |seed: &[u8; 32]| Self { key_id: key_id.into(), purpose, key: SigningKey::from_bytes(seed) };
        if let Ok(seed) = <&[u8; 32]>::try_from(bytes.as_slice()) {
            return Ok(made(seed));
        }
        let Some((seed, public)) = bytes.split_first_chunk::<32>().filter(|(_, rest)| rest.len() == 32) else {
            return Err(Error::key(key_id, format!("the private key has {} bytes, not 32 or 64", bytes.len())));
        };
        let key = made(seed);
        if key.public().as_bytes() != public {
            return Err(Error::key(key_id, "the public half does not belong to the seed"));
        }
        Ok(key)
    }

    /// The key of a seed of 32 bytes.
    #[must_use]
    pub fn from_seed(key_id: &str, purpose: &'static str, seed: &[u8; 32]) -> Self {
        Self { key_id: key_id.into(), purpose, key: SigningKey::from_bytes(seed) }
    }

    /// The seed in base64, as [`MemoryKey::from_base64`] reads it: for the one file that keeps the key.
    #[must_use]
    pub fn seed_base64(&self) -> String {
        STANDARD.encode(self.key.to_bytes())
    }

    /// The public half, derived from the seed.
    #[must_use]
    pub fn public(&self) -> PublicKey {
        PublicKey(self.key.verifying_key())
    }
}

impl eca_core::adapter::Signer for MemoryKey {
    fn key_id(&self) -> &str {
        &self.key_id
    }

    fn sign(&self, domain: &str, bytes: &[u8]) -> eca_core::Result<Vec<u8>> {
        // What a key says of itself and its successor has a form of its own, which no other purpose has.
        if domain != self.purpose && domain != purpose::ROTATION {
            return Err(eca_core::Error::Internal {
                message: format!("key `{}` is for `{}`, not for `{domain}`", self.key_id, self.purpose),
            });
        }
        Ok(self.key.sign(bytes).to_bytes().to_vec())
    }
}

impl fmt::Debug for MemoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MemoryKey({}, {})", self.key_id, self.purpose)
    }
}

impl fmt::Display for MemoryKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "key `{}` in memory", self.key_id)
    }
}
