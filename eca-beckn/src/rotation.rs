//! Keys that come and go, as records: a new key is signed by itself and by the one before, a revoked one names since when.

use crate::keys::purpose;
use crate::{Entry, Error, PublicKey, Record, Result, json, kind};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use eca_core::adapter::Signer;
use serde_json::{Map, Value};

/// Whose key, and for what: `owner` is the participant of messages or the issuer of certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyName<'a> {
    /// [`purpose::MESSAGE`] or [`purpose::CERTIFICATE`].
    pub purpose: &'a str,
    /// Participant, or did of the issuer.
    pub owner: &'a str,
    /// Key of the participant, or verification method.
    pub key_id: &'a str,
}

/// The names of the two signatures, which do not sign themselves.
const SIGNATURES: [&str; 2] = ["signature", "previous_signature"];

/// What is signed: the canonical body without signatures.
fn statement(body: &Map<String, Value>) -> Result<Vec<u8>> {
    let mut unsigned = body.clone();
    SIGNATURES.iter().for_each(|name| drop(unsigned.remove(*name)));
    json::canonical_record("key record", &Value::Object(unsigned))
}

/// An entry that adds `key`, in the name of `name`, beside the key `previous_id` of the same owner. Both sign: the new key
/// shows that it is there, the old one that it agrees. Old and new hold side by side until the old one is revoked or ends.
///
/// # Errors
/// When a signer refuses.
pub fn add_key(
    name: KeyName<'_>,
    key: &PublicKey,
    new: &dyn Signer,
    (previous_id, previous): (&str, &dyn Signer),
    time_us: i64,
) -> Result<Entry> {
    let mut body = body_of("add", name, previous_id);
    body.insert("public_key".into(), key.to_base64().into());
    let text = statement(&body)?;
    for (field, signer) in [("signature", new), ("previous_signature", previous)] {
        body.insert(field.into(), STANDARD.encode(signer.sign(purpose::ROTATION, &text)?).into());
    }
    Ok(entry(name.owner, &body, time_us))
}

/// An entry that revokes the key `name`: what it signed from `compromised_since_us` on counts no more, and nothing that
/// comes into the log after this record. A key of the same owner signs, which may be the revoked one itself.
///
/// # Errors
/// When the signer refuses.
pub fn revoke_key(
    name: KeyName<'_>,
    compromised_since_us: i64,
    (signer_id, signer): (&str, &dyn Signer),
    time_us: i64,
) -> Result<Entry> {
    let mut body = body_of("revoke", name, signer_id);
    body.insert("compromised_since_us".into(), compromised_since_us.into());
    let text = statement(&body)?;
    body.insert("previous_signature".into(), STANDARD.encode(signer.sign(purpose::ROTATION, &text)?).into());
    Ok(entry(name.owner, &body, time_us))
}

fn body_of(action: &str, name: KeyName<'_>, previous_id: &str) -> Map<String, Value> {
    let fields = [
        ("action", action),
        ("purpose", name.purpose),
        ("owner", name.owner),
        ("key_id", name.key_id),
        ("previous_key_id", previous_id),
    ];
    fields.into_iter().map(|(name, value)| (name.to_owned(), value.into())).collect()
}

fn entry(owner: &str, body: &Map<String, Value>, time_us: i64) -> Entry {
    let entry = Entry::new(kind::KEY, owner, time_us);
    body.iter().fold(entry, |entry, (name, value)| entry.field(name, value.clone()))
}

/// A key with its time.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) purpose: &'static str,
    pub(crate) owner: String,
    pub(crate) key_id: String,
    pub(crate) key: PublicKey,
    pub(crate) from_s: i64,
    pub(crate) to_s: i64,
    pub(crate) revoked: Option<Revoked>,
    /// The key that vouched for it; none for those of the trust file.
    pub(crate) added_by: Option<String>,
}

/// How a key was revoked.
#[derive(Debug, Clone)]
pub(crate) struct Revoked {
    /// The record that did it, for a person.
    by: String,
    /// Its position among all records: what stands behind it does not count.
    position: u64,
    /// Since when the key does not count.
    since_s: i64,
}

/// The trusted keys, and those that they vouched for in the log.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeyRing(Vec<Known>);

impl KeyRing {
    pub(crate) fn new(trusted: Vec<Known>) -> Self {
        Self(trusted)
    }

    /// The key of this name as it counts for something signed at `at_s` that stands in the record at `position`.
    pub(crate) fn find(&self, name: KeyName<'_>, at_s: i64, position: u64) -> Result<PublicKey> {
        let KeyName { purpose, owner, key_id } = name;
        let known =
            self.0.iter().find(|known| known.purpose == purpose && known.owner == owner && known.key_id == key_id);
        let Some(known) = known else {
            return Err(Error::key(key_id, format!("of `{owner}` is not a trusted one")));
        };
        let reached = |revoked: &&Revoked| position > revoked.position || at_s >= revoked.since_s;
        if let Some(Revoked { by, since_s, .. }) = known.revoked.as_ref().filter(reached) {
            return Err(Error::key(key_id, format!("of `{owner}` was revoked by {by}, since {since_s} s")));
        }
        if at_s < known.from_s || at_s > known.to_s {
            return Err(Error::key(key_id, format!("of `{owner}` was not valid then")));
        }
        Ok(known.key)
    }

    /// Revokes a key, and those it vouched for since then: whoever stole it may have added one of his own.
    fn revoke(&mut self, name: KeyName<'_>, revoked: &Revoked) {
        let mut falling = vec![name.key_id.to_owned()];
        while let Some(key_id) = falling.pop() {
            for known in self.0.iter_mut().filter(|known| known.purpose == name.purpose && known.owner == name.owner) {
                let vouched = known.added_by.as_ref() == Some(&key_id)
                    && known.from_s >= revoked.since_s
                    && known.revoked.is_none();
                if vouched {
                    falling.push(known.key_id.clone());
                }
                if vouched || known.key_id == key_id {
                    known.revoked = Some(revoked.clone());
                }
            }
        }
    }

    /// Takes a key record that stands at `position` among all records and is called `place`, if a key that counts signed it.
    pub(crate) fn take(&mut self, record: &Record, position: u64, place: &str) -> Result<()> {
        let wrong = |reason: &str| Error::not_verified("key record", reason);
        let text = |name: &str| {
            let value = record.body.get(name).and_then(Value::as_str);
            value.ok_or_else(|| wrong(&format!("has no `{name}`")))
        };
        let purpose =
            [purpose::MESSAGE, purpose::CERTIFICATE].into_iter().find(|known| text("purpose").ok() == Some(known));
        let purpose = purpose.ok_or_else(|| wrong("is for another purpose than messages and certificates"))?;
        let (owner, key_id) = (text("owner")?, text("key_id")?);
        let at_s = record.time_us.div_euclid(1_000_000);
        let previous = KeyName { purpose, owner, key_id: text("previous_key_id")? };
        let previous = self.find(previous, at_s, position)?;
        let signed = statement(&record.body)?;
        let by = |key: &PublicKey, field: &str| -> Result<()> {
            let signature = STANDARD.decode(text(field)?).unwrap_or_default();
            if key.verifies(&signed, &signature) { Ok(()) } else { Err(wrong(&format!("`{field}` is not one of it"))) }
        };
        by(&previous, "previous_signature")?;
        let there =
            self.0.iter().position(|known| known.purpose == purpose && known.owner == owner && known.key_id == key_id);
        match (text("action")?, there) {
            ("add", None) => {
                let key = PublicKey::from_base64(text("public_key")?)?;
                by(&key, "signature")?;
                let (owner, key_id) = (owner.to_owned(), key_id.to_owned());
                let added_by = text("previous_key_id")?.to_owned();
                let known = Known {
                    purpose,
                    owner,
                    key_id,
                    key,
                    from_s: at_s,
                    to_s: i64::MAX,
                    revoked: None,
                    added_by: Some(added_by),
                };
                self.0.push(known);
                Ok(())
            }
            ("add", Some(_)) => Err(wrong("adds a key of a name that is taken")),
            ("revoke", Some(_)) => {
                let since = record.body.get("compromised_since_us").and_then(Value::as_i64);
                let since = since.ok_or_else(|| wrong("has no `compromised_since_us`"))?;
                let since_s = since.div_euclid(1_000_000);
                self.revoke(KeyName { purpose, owner, key_id }, &Revoked { by: place.into(), position, since_s });
                Ok(())
            }
            _ => Err(wrong("is neither the addition of a key nor the revocation of one that is known")),
        }
    }
}
