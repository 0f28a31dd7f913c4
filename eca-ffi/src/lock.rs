//! Locks that a forked child can't hang on.
//!
//! A child inherits every lock as it was at the fork, but not the threads that would release it.

use crate::error::{Failure, Result};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::time::Duration;

/// The process that used the library first; 0 before that.
static OWNER: AtomicU32 = AtomicU32::new(0);
/// How often a child looks at a lock that was held at the fork, 5 ms apart, before it gives up: about a second.
const TRIES: u32 = 200;

/// Locks `mutex`; in a forked child only for about a second.
///
/// A lock that a panic left behind is taken as it is: a table is changed by single calls of std, and the caller was told
/// by the status to free the builder or settings that the call changed.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> Result<MutexGuard<'_, T>> {
    let owner = OWNER.load(Ordering::Relaxed);
    if owner == 0 {
        let _ = OWNER.compare_exchange(0, std::process::id(), Ordering::Relaxed, Ordering::Relaxed);
    }
    match mutex.try_lock() {
        Ok(guard) => return Ok(guard),
        Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => {}
    }
    if owner == 0 || owner == std::process::id() {
        return Ok(mutex.lock().unwrap_or_else(PoisonError::into_inner));
    }
    for _ in 0..TRIES {
        match mutex.try_lock() {
            Ok(guard) => return Ok(guard),
            Err(TryLockError::Poisoned(poisoned)) => return Ok(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
    Err(Failure::Forked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_poisoned_lock_is_still_a_lock() {
        let mutex = Mutex::new(1);
        let _ = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            let _guard = mutex.lock();
            panic!("poison it");
        }));
        assert!(mutex.is_poisoned());
        assert_eq!(*lock(&mutex).unwrap(), 1);
    }
}
