//! Adapters around adapters.
//!
//! | | |
//! |---|---|
//! | [`DryRun`] | reads are real, commands are only written down |
//! | [`Recorder`], [`Replay`] | every exchange written down, and played back without the device |
//! | [`Faulty`] | one planted [`Fault`], by which tests prove that they would see it |
//! | [`Flaky`] | a connection that fails at random from a seed: lost calls, lost answers, outages |
//! | [`RateLimit`] | at most so many commands in a span of time |

mod dry_run;
mod faulty;
mod flaky;
mod rate_limit;
mod record;

pub use dry_run::DryRun;
pub use faulty::{Fault, Faulty};
pub use flaky::{Flaky, Outages};
pub use rate_limit::RateLimit;
pub use record::{Exchange, Recorder, Replay};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// The content of a lock. A panic of another thread leaves it whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
