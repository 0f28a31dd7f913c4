//! The wall clock of this machine.

use eca_core::Timestamp;
use eca_core::adapter::Clock;
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

/// The wall clock of this machine, in UTC.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl fmt::Display for SystemClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("system clock")
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_unix_s(i64::try_from(since.as_secs()).unwrap_or(i64::MAX)).unwrap_or(Timestamp::EPOCH)
    }
}
