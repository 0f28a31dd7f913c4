//! A clock that stands still.

use super::Clock;
use crate::Timestamp;
use std::fmt::Display;

/// A clock that stands still until it is set: for tests and replays.
#[derive(Debug)]
pub struct FixedClock(std::sync::atomic::AtomicI64);

impl FixedClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(std::sync::atomic::AtomicI64::new(now.unix_s()))
    }

    /// Moves the clock to `now`.
    pub fn set(&self, now: Timestamp) {
        self.0.store(now.unix_s(), std::sync::atomic::Ordering::SeqCst);
    }
}

impl Display for FixedClock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "fixed clock at {}", self.now())
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix_s(self.0.load(std::sync::atomic::Ordering::SeqCst)).unwrap_or(Timestamp::EPOCH)
    }
}
