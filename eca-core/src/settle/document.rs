//! Documents of settlement: read with the path of what is wrong, written and hashed in one form.

use crate::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Reads a document; an array where an object is meant is refused, because an order of fields is no promise.
pub(super) fn read<T: DeserializeOwned>(text: &str) -> Result<T> {
    if text.trim_start().starts_with('[') {
        let message = "an array; must be an object with named fields".into();
        return Err(Error::Document { path: ".".into(), message });
    }
    crate::problem::read_json(text)
}

/// The same, and an array is refused wherever an object is meant.
pub(super) fn read_named<T: DeserializeOwned + Serialize>(text: &str) -> Result<T> {
    let value: T = read(text)?;
    let internal = |e: serde_json::Error| Error::Internal { message: format!("to JSON: {e}") };
    let (told, meant) =
        (serde_json::from_str(text).map_err(internal)?, serde_json::to_value(&value).map_err(internal)?);
    match array_for_object(&told, &meant, String::new()) {
        Some(path) => Err(Error::Document { path, message: "an array; must be an object with named fields".into() }),
        None => Ok(value),
    }
}

/// Where an array was told and an object was read.
fn array_for_object(told: &Value, meant: &Value, path: String) -> Option<String> {
    match (told, meant) {
        (Value::Array(_), Value::Object(_)) => Some(path),
        (Value::Array(told), Value::Array(meant)) => {
            let mut pairs = told.iter().zip(meant).enumerate();
            pairs.find_map(|(at, (told, meant))| array_for_object(told, meant, format!("{path}[{at}]")))
        }
        (Value::Object(told), Value::Object(meant)) => told.iter().find_map(|(name, told)| {
            let dot = if path.is_empty() { "" } else { "." };
            array_for_object(told, meant.get(name)?, format!("{path}{dot}{name}"))
        }),
        _ => None,
    }
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
