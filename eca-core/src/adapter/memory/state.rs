//! State that lives as long as the process.

use crate::adapter::{AdapterResult, StateStore};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

/// State in memory. Clones are the same state: a controller that is made anew finds what the last one left.
#[derive(Debug, Clone, Default)]
pub struct MemoryState(Arc<Mutex<Option<String>>>);

impl fmt::Display for MemoryState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("state in memory")
    }
}

impl StateStore for MemoryState {
    fn load(&self) -> AdapterResult<Option<String>> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }

    fn save(&self, state: &str) -> AdapterResult<()> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(state.to_owned());
        Ok(())
    }
}
