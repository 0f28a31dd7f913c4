//! Keys of peers from a registry: kept for a while, pinned once seen, refused once revoked.

use crate::trust::KeyLookup;
use crate::verify::KeyId;
use crate::{Error, PublicKey, Result};
use eca_core::adapter::Clock;
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::sync::{Arc, Mutex, PoisonError};

/// Where a registry says that a participant stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// `SUBSCRIBED`, and `INITIATED` and `UNDER_SUBSCRIPTION` as long as the registry lists a key for it.
    Good,
    /// `EXPIRED`, `UNSUBSCRIBED`, `INVALID_SSL` or revoked.
    Bad,
}

impl Standing {
    /// The standing of a status of version 1; of an unknown one it is bad.
    #[must_use]
    pub fn of(status: &str) -> Self {
        match status {
            "SUBSCRIBED" | "INITIATED" | "UNDER_SUBSCRIPTION" => Self::Good,
            _ => Self::Bad,
        }
    }
}

/// What a registry says of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The key.
    pub key: PublicKey,
    /// From when it is valid, Unix seconds.
    pub valid_from_s: i64,
    /// Until when it is valid, Unix seconds; `None` if the registry does not say.
    pub valid_to_s: Option<i64>,
    /// How its owner stands.
    pub standing: Standing,
}

/// A registry of participants. This is where a client of a network's registry fits in.
pub trait Registry: Debug + Display + Send + Sync {
    /// What is listed for a key, or `None`.
    ///
    /// # Errors
    /// [`Error::Message`] with `NET_TIMEOUT` or the like if it cannot be asked.
    fn ask(&self, id: &KeyId) -> Result<Option<Listed>>;
}

/// Looks keys up in a registry, and keeps its answers: until a key ends, and never longer than `keep_s`.
///
/// A rotation brings a new key id, and both are good while they overlap. A key that changes under the same id is an
/// attack on the registry until somebody says otherwise: it is refused.
#[derive(Debug)]
pub struct CachedKeys {
    registry: Arc<dyn Registry>,
    clock: Arc<dyn Clock>,
    keep_s: i64,
    known: Mutex<BTreeMap<KeyId, Known>>,
}

#[derive(Debug, Clone)]
struct Known {
    listed: Option<Listed>,
    /// The first key that was seen under this id.
    pinned: Option<PublicKey>,
    ask_again_s: i64,
}

/// How long it is remembered that a registry knows no such key, seconds: a new participant should not wait.
const UNKNOWN_S: i64 = 10;

impl CachedKeys {
    /// Keys of `registry`, kept for 300 seconds at most.
    #[must_use]
    pub fn new(registry: Arc<dyn Registry>, clock: Arc<dyn Clock>) -> Self {
        Self { registry, clock, keep_s: 300, known: Mutex::default() }
    }

    /// The same with another time for which answers are kept, in seconds: a revocation takes as long to be heard of.
    #[must_use]
    pub fn keep_s(mut self, seconds: i64) -> Self {
        self.keep_s = seconds;
        self
    }

    fn look(&self, id: &KeyId, now_s: i64) -> Result<Option<Listed>> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = known.get(id).filter(|entry| now_s < entry.ask_again_s) {
            return Ok(entry.listed.clone());
        }
        let listed = self.registry.ask(id)?;
        let pinned = known.get(id).and_then(|entry| entry.pinned);
        if let (Some(pinned), Some(listed)) = (&pinned, &listed)
            && *pinned != listed.key
        {
            let reason = format!("the registry has another key under `{}|{}` than before", id.subscriber_id, id.key_id);
            return Err(Error::message("AUT_SIGNATURE_INVALID", reason));
        }
        let pinned = pinned.or(listed.as_ref().map(|listed| listed.key));
        let keep_s = if listed.is_some() { self.keep_s } else { UNKNOWN_S.min(self.keep_s) };
        let ends_s = listed.as_ref().and_then(|listed| listed.valid_to_s).unwrap_or(i64::MAX);
        let ask_again_s = now_s.saturating_add(keep_s).min(ends_s.max(now_s));
        // What is not known and was never seen is not worth the room.
        if listed.is_some() || pinned.is_some() || known.len() < 10_000 {
            known.insert(id.clone(), Known { listed: listed.clone(), pinned, ask_again_s });
        }
        Ok(listed)
    }
}

impl Display for CachedKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, answers kept for {} s", self.registry, self.keep_s)
    }
}

impl KeyLookup for CachedKeys {
    fn key(&self, id: &KeyId, at_s: i64) -> Result<PublicKey> {
        let (who, which) = (&id.subscriber_id, &id.key_id);
        let Some(listed) = self.look(id, self.clock.now().unix_s())? else {
            return Err(Error::message("AUT_SUBSCRIBER_NOT_FOUND", format!("no key `{which}` of `{who}` is listed")));
        };
        let over = listed.valid_to_s.is_some_and(|end_s| at_s > end_s);
        if listed.standing == Standing::Bad || at_s < listed.valid_from_s || over {
            let reason = format!("key `{which}` of `{who}` is not valid");
            return Err(Error::message("AUT_KEY_EXPIRED_OR_REVOKED", reason));
        }
        Ok(listed.key)
    }
}
