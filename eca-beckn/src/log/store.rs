//! Where a log is kept: the traits, and stores in memory.

use crate::{Error, Result};
use std::collections::BTreeMap;
use std::fmt::{Debug, Display};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Files of a log. Paths are relative, with `/` between parts.
pub trait LogStore: Debug + Display + Send + Sync {
    /// The bytes of a file, or `None` if there is none.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be read.
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>>;

    /// All files, sorted.
    ///
    /// # Errors
    /// [`Error::Store`] when the store cannot be listed.
    fn list(&self) -> Result<Vec<String>>;

    /// Writes a file whole or not at all; it is on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Store`]; then the old file is still there.
    fn write(&self, path: &str, bytes: &[u8]) -> Result<()>;

    /// Adds bytes at the end of a file; they are on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Store`]; then part of the bytes may be there, and the writer must open the log again.
    fn append(&self, path: &str, bytes: &[u8]) -> Result<()>;

    /// Brings to disk what a writer that died left in the memory of the system. A log calls it when it is opened,
    /// because it relies on what it finds.
    ///
    /// # Errors
    /// [`Error::Store`]; then the log is not opened.
    fn recover(&self) -> Result<()> {
        Ok(())
    }
}

/// The last head that was signed, kept apart from the log and never restored from a backup.
pub trait HeadStore: Debug + Display + Send + Sync {
    /// The text of the last head, or `None` before the first.
    ///
    /// # Errors
    /// [`Error::Store`] when it cannot be read.
    fn last(&self) -> Result<Option<String>>;

    /// Puts `next` in the place of `expected`; it is on disk when this returns.
    ///
    /// # Errors
    /// [`Error::Log`] if another writer was faster, [`Error::Store`] if it failed.
    fn swap(&self, expected: Option<&str>, next: &str) -> Result<()>;
}

/// A log in memory: for tests, and for logs that are only looked at.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<BTreeMap<String, Vec<u8>>>);

impl MemoryStore {
    fn files(&self) -> MutexGuard<'_, BTreeMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Display for MemoryStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "log in memory, {} files", self.files().len())
    }
}

impl LogStore for MemoryStore {
    fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        Ok(self.files().get(path).cloned())
    }

    fn list(&self) -> Result<Vec<String>> {
        Ok(self.files().keys().cloned().collect())
    }

    fn write(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.files().insert(path.into(), bytes.into());
        Ok(())
    }

    fn append(&self, path: &str, bytes: &[u8]) -> Result<()> {
        self.files().entry(path.into()).or_default().extend(bytes);
        Ok(())
    }
}

/// The last head in memory.
#[derive(Debug, Default)]
pub struct MemoryHead(Mutex<Option<String>>);

impl Display for MemoryHead {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("last head in memory")
    }
}

impl HeadStore for MemoryHead {
    fn last(&self) -> Result<Option<String>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn swap(&self, expected: Option<&str>, next: &str) -> Result<()> {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if last.as_deref() != expected {
            return Err(Error::log("another writer has signed a head meanwhile; open the log again"));
        }
        *last = Some(next.into());
        Ok(())
    }
}
