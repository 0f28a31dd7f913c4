//! What integrators implement, so that the core needs no input, output, clock or key of its own.

use crate::{Result, Timestamp};
use std::fmt::{Debug, Display};

/// Tells the time. The core never reads a clock itself.
pub trait Clock: Debug + Display + Send + Sync {
    /// The present instant, UTC.
    fn now(&self) -> Timestamp;
}

/// Signs bytes with a key the core never sees.
pub trait Signer: Debug + Display + Send + Sync {
    /// The identifier of the key, as the verifier looks it up.
    fn key_id(&self) -> &str;

    /// The signature of `bytes` for one purpose.
    ///
    /// `domain` names the purpose (a message, a log head, a certificate), so that bytes signed for one are
    /// never good for another.
    ///
    /// # Errors
    /// When the key store cannot be reached or refuses the purpose.
    fn sign(&self, domain: &str, bytes: &[u8]) -> Result<Vec<u8>>;
}

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
