//! Messages that were seen: the same one again has no second effect.

mod stored;

pub use stored::StoredReplay;

use crate::{Error, Result};
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What makes two messages the same one. A request and its callback share the id, so that the action belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageKey {
    /// The node that signed.
    pub sender: String,
    /// The action.
    pub action: String,
    /// The message id.
    pub message_id: String,
}

/// What is known of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seen {
    /// Never seen: act on it.
    New,
    /// Seen with the same body: give the stored answer again, and do nothing else. `None` while the first is under way.
    Same(Option<Vec<u8>>),
    /// Seen with another body: refuse it.
    Conflict,
}

/// Remembers messages. What it takes in must be on disk when `insert` returns, before anything is done.
pub trait ReplayStore: Debug + Display + Send + Sync {
    /// Looks a message up and keeps it until `until_s` (Unix seconds) in one step.
    ///
    /// # Errors
    /// [`Error::Message`] with `AUT_RATE_LIMITED` if there is no room, [`Error::Store`] if it cannot be kept. The
    /// message must not be acted on then.
    fn insert(&self, key: &MessageKey, digest: &str, now_s: i64, until_s: i64) -> Result<Seen>;

    /// Keeps the answer to a message for its repetition.
    ///
    /// # Errors
    /// [`Error::Store`] if it cannot be kept.
    fn answered(&self, key: &MessageKey, answer: &[u8]) -> Result<()>;
}

/// Remembers messages in memory, up to a number of them. A restart forgets: for tests and simulations.
#[derive(Debug)]
pub struct MemoryReplay {
    limit: usize,
    kept: Mutex<BTreeMap<MessageKey, Kept>>,
}

#[derive(Debug, Clone)]
struct Kept {
    digest: String,
    until_s: i64,
    answer: Option<Vec<u8>>,
}

impl MemoryReplay {
    /// Room for `limit` messages.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self { limit, kept: Mutex::default() }
    }

    fn put(&self, key: MessageKey, kept: Kept) {
        self.kept().insert(key, kept);
    }

    fn forget(&self, key: &MessageKey) {
        self.kept().remove(key);
    }

    /// Drops what has ended, and gives the rest.
    fn living(&self, now_s: i64) -> Vec<(MessageKey, Kept)> {
        let mut kept = self.kept();
        kept.retain(|_, known| known.until_s >= now_s);
        kept.iter().map(|(key, known)| (key.clone(), known.clone())).collect()
    }

    fn kept(&self) -> MutexGuard<'_, BTreeMap<MessageKey, Kept>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Display for MemoryReplay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} messages in memory", self.kept().len(), self.limit)
    }
}

impl ReplayStore for MemoryReplay {
    fn insert(&self, key: &MessageKey, digest: &str, now_s: i64, until_s: i64) -> Result<Seen> {
        let mut kept = self.kept();
        if let Some(known) = kept.get(key).filter(|known| known.until_s >= now_s) {
            return Ok(if known.digest == digest { Seen::Same(known.answer.clone()) } else { Seen::Conflict });
        }
        if kept.len() >= self.limit {
            kept.retain(|_, known| known.until_s >= now_s);
        }
        if kept.len() >= self.limit {
            return Err(Error::message("AUT_RATE_LIMITED", format!("{} messages are remembered already", self.limit)));
        }
        kept.insert(key.clone(), Kept { digest: digest.into(), until_s, answer: None });
        Ok(Seen::New)
    }

    fn answered(&self, key: &MessageKey, answer: &[u8]) -> Result<()> {
        if let Some(known) = self.kept().get_mut(key) {
            known.answer = Some(answer.into());
        }
        Ok(())
    }
}
