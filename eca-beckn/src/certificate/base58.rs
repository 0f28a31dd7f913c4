//! Base 58 as Bitcoin writes it, multibase `z`, and Ed25519 keys as `did:key`.

use crate::{Error, PublicKey, Result};

const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Multicodec of an Ed25519 public key: 0xed as a varint.
const ED25519_PUB: [u8; 2] = [0xed, 0x01];

/// `z` and the bytes in base 58: a zero byte in front is a `1`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    let mut digits: Vec<u8> = Vec::new();
    for byte in bytes {
        let mut carry = u32::from(*byte);
        for digit in &mut digits {
            carry += u32::from(*digit) << 8;
            *digit = (carry % 58) as u8;
            carry /= 58;
        }
        while carry > 0 {
            digits.push((carry % 58) as u8);
            carry /= 58;
        }
    }
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = std::iter::repeat_n(0, zeros).chain(digits.into_iter().rev());
    std::iter::once('z').chain(digits.map(|digit| char::from(ALPHABET[usize::from(digit)]))).collect()
}

/// The bytes of `z` and base 58; `None` for anything else.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let text = text.strip_prefix('z')?;
    let mut bytes: Vec<u8> = Vec::new();
    for letter in text.bytes() {
        let mut carry = u32::try_from(ALPHABET.iter().position(|known| *known == letter)?).ok()?;
        for byte in &mut bytes {
            carry += u32::from(*byte) * 58;
            *byte = (carry & 0xff) as u8;
            carry >>= 8;
        }
        while carry > 0 {
            bytes.push((carry & 0xff) as u8);
            carry >>= 8;
        }
    }
    let zeros = text.bytes().take_while(|letter| *letter == ALPHABET[0]).count();
    Some(std::iter::repeat_n(0, zeros).chain(bytes.into_iter().rev()).collect())
}

/// The key as a `did:key`.
///
/// ```
/// # let key = eca_beckn::PublicKey::from_base64("11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")?;
/// let did = eca_beckn::certificate::did_key(&key);
/// assert!(did.starts_with("did:key:z6Mk"));
/// assert_eq!(eca_beckn::certificate::key_of_did(&did)?, key);
/// # Ok::<(), eca_beckn::Error>(())
/// ```
#[must_use]
pub fn did_key(key: &PublicKey) -> String {
    let mut bytes = ED25519_PUB.to_vec();
    bytes.extend(key.as_bytes());
    format!("did:key:{}", encode(&bytes))
}

/// The key of a `did:key`, with or without a fragment.
///
/// # Errors
/// [`Error::Key`] if it is none of an Ed25519 key.
pub fn key_of_did(did: &str) -> Result<PublicKey> {
    let plain = did.split_once('#').map_or(did, |(before, _)| before);
    let bytes = plain.strip_prefix("did:key:").and_then(decode);
    match bytes.as_deref().and_then(|bytes| bytes.strip_prefix(&ED25519_PUB)) {
        Some(raw) => PublicKey::from_bytes(raw),
        None => Err(Error::key(did, "is no did:key of an Ed25519 key")),
    }
}
