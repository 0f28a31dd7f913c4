//! The clock of the simulation: set to a time, it goes on from there as fast as any clock.

use eca_core::Timestamp;
use eca_core::adapter::Clock;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

#[derive(Debug)]
pub struct StepClock(Mutex<(Timestamp, Instant)>);

impl Default for StepClock {
    fn default() -> Self {
        Self(Mutex::new((Timestamp::EPOCH, Instant::now())))
    }
}

impl StepClock {
    pub fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (now, Instant::now());
    }
}

impl fmt::Display for StepClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("clock of the simulation")
    }
}

impl Clock for StepClock {
    fn now(&self) -> Timestamp {
        let (from, since) = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let seconds = i64::try_from(since.elapsed().as_secs()).unwrap_or_default();
        Timestamp::from_unix_s(from.unix_s() + seconds).unwrap_or(from)
    }
}
