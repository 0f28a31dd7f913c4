//! At most so many commands in a span of time.

use super::lock;
use crate::Timestamp;
use crate::action::Action;
use crate::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, ReadingOptions, StorageDevice, StorageReading, WorkloadReading,
    Workloads,
};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Mutex;

/// An adapter that takes at most `limit` new commands in each `span_s` seconds. A command that it has taken may be
/// repeated as often as wanted.
#[derive(Debug)]
pub struct RateLimit<T> {
    inner: T,
    limit: usize,
    span_s: i64,
    /// When each command was taken first.
    taken: Mutex<BTreeMap<String, Timestamp>>,
}

impl<T: fmt::Display> RateLimit<T> {
    /// Around `inner`.
    pub fn new(inner: T, limit: usize, span_s: i64) -> Self {
        Self { inner, limit, span_s, taken: Mutex::new(BTreeMap::new()) }
    }

    fn take(&self, action: &Action, now: Timestamp) -> AdapterResult<()> {
        let mut taken = lock(&self.taken);
        // A clock that goes back frees nothing.
        taken.retain(|_, at| now.seconds_since(*at) < self.span_s);
        if taken.contains_key(&action.id) || taken.len() < self.limit {
            taken.entry(action.id.clone()).or_insert(now);
            return Ok(());
        }
        Err(AdapterError::Refused {
            adapter: self.to_string(),
            object: format!("{:?}", action.target),
            message: format!("{} commands in {} s are enough; send it again later", self.limit, self.span_s),
        })
    }
}

impl<T: fmt::Display> fmt::Display for RateLimit<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at most {} commands in {} s)", self.inner, self.limit, self.span_s)
    }
}

impl<T: Workloads> Workloads for RateLimit<T> {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        self.inner.observe(options)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.take(action, options.now)?;
        self.inner.apply(action, options)
    }
}

impl<T: StorageDevice> StorageDevice for RateLimit<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        self.inner.read(options)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.take(action, options.now)?;
        self.inner.apply(action, options)
    }
}
