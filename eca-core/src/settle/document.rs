//! Documents of settlement: read with the path of what is wrong, written and hashed in one form.

use crate::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// Reads a document; an array where an object is meant is refused, because an order of fields is no promise.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    if text.trim_start().starts_with('[') {
        let message = "an array; must be an object with named fields".into();
        return Err(Error::Document { path: ".".into(), message });
    }
    crate::problem::read_json(text)
}

/// One line of JSON.
pub(super) fn write<T: Serialize>(value: &T) -> Result<String> {
    serde_json::to_string(value).map_err(|e| Error::Internal { message: format!("to JSON: {e}") })
}

/// SHA-256 of the RFC 8785 bytes, in hexadecimal digits.
pub(super) fn hash<T: Serialize>(value: &T) -> Result<String> {
    let bytes = serde_jcs::to_vec(value).map_err(|e| Error::Internal { message: format!("to canonical JSON: {e}") })?;
    Ok(hash_of(&bytes))
}

/// SHA-256 of bytes, in hexadecimal digits.
pub(super) fn hash_of(bytes: impl AsRef<[u8]>) -> String {
    Sha256::digest(bytes.as_ref()).iter().map(|byte| format!("{byte:02x}")).collect()
}
