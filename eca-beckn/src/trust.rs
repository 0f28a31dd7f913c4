//! Whose keys are trusted: the trust file, and looking keys up.

use crate::log::WitnessKey;
use crate::rotation::{KeyRing, Known};
use crate::verify::KeyId;
use crate::{Error, LogKey, PublicKey, Result, json, purpose};
use eca_core::Timestamp;
use serde::Deserialize;
use std::fmt::{Debug, Display};

/// Finds the key of a peer. A registry client is one; it may keep answers, but not beyond their validity.
pub trait KeyLookup: Debug + Display + Send + Sync {
    /// The key `id` as it was valid at `at_s`, in Unix seconds.
    ///
    /// # Errors
    /// [`Error::Message`] with `AUT_SUBSCRIBER_NOT_FOUND`, `AUT_KEY_NOT_FOUND` or `AUT_KEY_EXPIRED_OR_REVOKED`.
    fn key(&self, id: &KeyId, at_s: i64) -> Result<PublicKey>;
}

/// Keys from outside the log: the only ones that an audit believes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trust {
    /// Key of the log.
    pub log: LogKey,
    messages: Vec<TrustedKey<KeyId>>,
    certificates: Vec<TrustedKey<String>>,
    /// Witnesses of the log.
    pub witnesses: Vec<WitnessKey>,
    /// How many of them must have cosigned the head.
    pub witnesses_needed: usize,
    /// Keys of shards of earlier years, where they are others than [`Trust::log`].
    pub earlier_logs: Vec<LogKey>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct TrustedKey<Id> {
    id: Id,
    key: PublicKey,
    valid_from_s: i64,
    valid_to_s: i64,
}

#[derive(Deserialize)]
struct TrustDocument {
    log: String,
    #[serde(default)]
    messages: Vec<MessageEntry>,
    #[serde(default)]
    certificates: Vec<CertificateEntry>,
    #[serde(default)]
    witnesses: Vec<String>,
    witnesses_needed: Option<usize>,
    #[serde(default)]
    earlier_logs: Vec<String>,
}

#[derive(Deserialize)]
struct MessageEntry {
    subscriber_id: String,
    key_id: String,
    #[serde(flatten)]
    key: KeyEntry,
}

#[derive(Deserialize)]
struct CertificateEntry {
    key_id: String,
    #[serde(flatten)]
    key: KeyEntry,
}

#[derive(Deserialize)]
struct KeyEntry {
    public_key: String,
    valid_from: Option<Timestamp>,
    valid_to: Option<Timestamp>,
}

impl KeyEntry {
    fn trusted<Id: PartialEq + Debug>(self, id: Id, known: &[TrustedKey<Id>]) -> Result<TrustedKey<Id>> {
        if known.iter().any(|known| known.id == id) {
            return Err(Error::key(&format!("{id:?}"), "stands twice in the trust file"));
        }
        Ok(TrustedKey {
            key: PublicKey::from_base64(&self.public_key)?,
            id,
            valid_from_s: self.valid_from.map_or(i64::MIN, Timestamp::unix_s),
            valid_to_s: self.valid_to.map_or(i64::MAX, Timestamp::unix_s),
        })
    }
}

impl Trust {
    /// Reads a trust file: `{"log": VERIFIER_KEY, "messages": [{"subscriber_id", "key_id", "public_key", "valid_from",
    /// "valid_to"}], "certificates": [{"key_id", "public_key", "valid_from", "valid_to"}]}`; the key id of a certificate key
    /// is its verification method, such as `did:web:operator.example#c1`. `witnesses` are verifier keys of the witnesses of
    /// the log, of which `witnesses_needed` (1, if there are any) must have cosigned its head. `earlier_logs` are verifier keys
    /// of shards of earlier years, where they changed. Other fields are for later readers.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Key`] names what is missing or cannot be used.
    pub fn parse(text: &str) -> Result<Self> {
        let value = json::parse("trust file", text.as_bytes())?;
        let document: TrustDocument =
            serde_json::from_value(value).map_err(|error| Error::json("trust file", error.to_string()))?;
        let mut messages = Vec::new();
        for MessageEntry { subscriber_id, key_id, key } in document.messages {
            let trusted = key.trusted(KeyId { subscriber_id, key_id }, &messages)?;
            messages.push(trusted);
        }
        let mut certificates = Vec::new();
        for CertificateEntry { key_id, key } in document.certificates {
            let trusted = key.trusted(key_id, &certificates)?;
            certificates.push(trusted);
        }
        let witnesses: Vec<WitnessKey> =
            document.witnesses.iter().map(|text| WitnessKey::parse(text)).collect::<Result<_>>()?;
        let witnesses_needed = document.witnesses_needed.unwrap_or(usize::from(!witnesses.is_empty()));
        if witnesses_needed > witnesses.len() {
            let reason = format!("{witnesses_needed} witnesses are needed and {} are named", witnesses.len());
            return Err(Error::json("trust file", reason));
        }
        let earlier_logs = document.earlier_logs.iter().map(|text| LogKey::parse(text)).collect::<Result<_>>()?;
        let log = LogKey::parse(&document.log)?;
        Ok(Self { log, messages, certificates, witnesses, witnesses_needed, earlier_logs })
    }

    /// The keys as an audit begins with them.
    pub(crate) fn key_ring(&self) -> KeyRing {
        let known = |purpose, owner: &str, key_id: &str, (key, from_s, to_s): (PublicKey, i64, i64)| Known {
            purpose,
            owner: owner.into(),
            key_id: key_id.into(),
            key,
            from_s,
            to_s,
            revoked: None,
            added_by: None,
        };
        let messages = self.messages.iter().map(|trusted| {
            let times = (trusted.key, trusted.valid_from_s, trusted.valid_to_s);
            known(purpose::MESSAGE, &trusted.id.subscriber_id, &trusted.id.key_id, times)
        });
        let certificates = self.certificates.iter().map(|trusted| {
            let owner = trusted.id.split_once('#').map_or(trusted.id.as_str(), |(did, _)| did);
            known(purpose::CERTIFICATE, owner, &trusted.id, (trusted.key, trusted.valid_from_s, trusted.valid_to_s))
        });
        KeyRing::new(messages.chain(certificates).collect())
    }

    /// The key with which certificates were signed at `at_s`, in Unix seconds, by its verification method.
    ///
    /// # Errors
    /// [`Error::Key`] if it is not a trusted one, or was not valid then.
    pub fn certificate_key(&self, method: &str, at_s: i64) -> Result<PublicKey> {
        let found = self.certificates.iter().find(|known| known.id == method);
        let found = found.ok_or_else(|| Error::key(method, "is not a trusted key for certificates"))?;
        if at_s < found.valid_from_s || at_s > found.valid_to_s {
            return Err(Error::key(method, "was not valid when the certificate was issued"));
        }
        Ok(found.key)
    }
}

impl Display for Trust {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} trusted keys for messages, {} for certificates", self.messages.len(), self.certificates.len())
    }
}

impl KeyLookup for Trust {
    fn key(&self, id: &KeyId, at_s: i64) -> Result<PublicKey> {
        let (who, which) = (&id.subscriber_id, &id.key_id);
        let Some(found) = self.messages.iter().find(|known| known.id == *id) else {
            let known = self.messages.iter().any(|known| known.id.subscriber_id == *who);
            let code = if known { "AUT_KEY_NOT_FOUND" } else { "AUT_SUBSCRIBER_NOT_FOUND" };
            return Err(Error::message(code, format!("key `{which}` of `{who}` is not a trusted one")));
        };
        if at_s < found.valid_from_s || at_s > found.valid_to_s {
            return Err(Error::message(
                "AUT_KEY_EXPIRED_OR_REVOKED",
                format!("key `{which}` of `{who}` was not valid then"),
            ));
        }
        Ok(found.key)
    }
}
