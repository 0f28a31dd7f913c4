//! Messages that were seen, on disk: a restart does not forget them.

use super::{Kept, MemoryReplay, MessageKey, ReplayStore, Seen};
use crate::log::LogStore;
use crate::{Error, Result, json};
use serde_json::Value;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

/// Remembers messages in a file of a [`LogStore`]: each is on disk before it is acted on.
///
/// The file has one line of JSON for each message, `["seen", sender, action, id, digest, until]`, and one for each
/// answer, `["said", sender, action, id, answer]`. A last line without end is of a message that was never acted on, and
/// is dropped.
#[derive(Debug)]
pub struct StoredReplay {
    store: Arc<dyn LogStore>,
    path: String,
    limit: usize,
    kept: MemoryReplay,
    /// Lines in the file; held while it is written.
    lines: Mutex<usize>,
}

impl StoredReplay {
    /// Takes up what the file `path` of `store` remembers, with room for `limit` messages.
    ///
    /// # Errors
    /// [`Error::Store`] if it cannot be read, [`Error::NotVerified`] if it is damaged: a peer could repeat what it has
    /// forgotten.
    pub fn open(store: Arc<dyn LogStore>, path: &str, limit: usize) -> Result<Self> {
        let kept = MemoryReplay::new(limit);
        let bytes = store.read(path)?.unwrap_or_default();
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let mut lines = 0;
        for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let damaged = || Error::not_verified(path, format!("line {} is damaged", lines + 1));
            let value = json::parse(path, line).map_err(|_| damaged())?;
            take(&kept, &value).ok_or_else(damaged)?;
            lines += 1;
        }
        let stored = Self { store, path: path.into(), limit, kept, lines: Mutex::new(lines) };
        if whole < bytes.len() {
            stored.store.write(path, &bytes[..whole])?;
        }
        Ok(stored)
    }

    fn append(&self, lines: &mut usize, line: &Value) -> Result<()> {
        self.store.append(&self.path, format!("{line}\n").as_bytes())?;
        *lines += 1;
        Ok(())
    }

    /// Writes the file again without what has ended, once that is most of it.
    fn shrink(&self, lines: &mut usize, now_s: i64) -> Result<()> {
        if *lines < self.limit.saturating_mul(4).max(64) {
            return Ok(());
        }
        let mut text = String::new();
        *lines = 0;
        for (key, kept) in self.kept.living(now_s) {
            text += &format!("{}\n", seen(&key, &kept.digest, kept.until_s));
            *lines += 1;
            if let Some(answer) = &kept.answer {
                text += &format!("{}\n", said(&key, answer));
                *lines += 1;
            }
        }
        self.store.write(&self.path, text.as_bytes())
    }
}

fn seen(key: &MessageKey, digest: &str, until_s: i64) -> Value {
    serde_json::json!(["seen", key.sender, key.action, key.message_id, digest, until_s])
}

fn said(key: &MessageKey, answer: &[u8]) -> Value {
    // Answers are JSON text behind a status.
    serde_json::json!(["said", key.sender, key.action, key.message_id, String::from_utf8_lossy(answer)])
}

fn take(kept: &MemoryReplay, line: &Value) -> Option<()> {
    let text = |index: usize| line.get(index)?.as_str().map(str::to_owned);
    let key = MessageKey { sender: text(1)?, action: text(2)?, message_id: text(3)? };
    match (text(0)?.as_str(), line.as_array()?.len()) {
        ("seen", 6) => kept.put(key, Kept { digest: text(4)?, until_s: line.get(5)?.as_i64()?, answer: None }),
        ("said", 5) => kept.answered(&key, text(4)?.as_bytes()).ok()?,
        _ => return None,
    }
    Some(())
}

impl Display for StoredReplay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} and in `{}` of {}", self.kept, self.path, self.store)
    }
}

impl ReplayStore for StoredReplay {
    fn insert(&self, key: &MessageKey, digest: &str, now_s: i64, until_s: i64) -> Result<Seen> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        let found = self.kept.insert(key, digest, now_s, until_s)?;
        if found == Seen::New {
            let kept = self.append(&mut lines, &seen(key, digest, until_s));
            if let Err(error) = kept.and_then(|()| self.shrink(&mut lines, now_s)) {
                // Not certainly on disk: it is not acted on, and may come again.
                self.kept.forget(key);
                return Err(error);
            }
        }
        Ok(found)
    }

    fn answered(&self, key: &MessageKey, answer: &[u8]) -> Result<()> {
        let mut lines = self.lines.lock().unwrap_or_else(PoisonError::into_inner);
        self.kept.answered(key, answer)?;
        self.append(&mut lines, &said(key, answer))
    }
}
