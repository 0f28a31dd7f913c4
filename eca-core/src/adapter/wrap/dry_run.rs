//! Reads are real, commands are only written down.

use super::lock;
use crate::action::{Action, Inbox, Verdict};
use crate::adapter::{
    AdapterResult, Answer, ApplyOptions, ReadingOptions, StorageDevice, StorageReading, WorkloadReading, Workloads,
};
use std::fmt;
use std::sync::Mutex;

/// An adapter whose commands are not carried out.
#[derive(Debug)]
pub struct DryRun<T> {
    inner: T,
    kept: Mutex<(Inbox, Vec<Action>)>,
}

impl<T> DryRun<T> {
    /// Around `inner`.
    pub fn new(inner: T) -> Self {
        Self { inner, kept: Mutex::new((Inbox::new(), Vec::new())) }
    }

    /// What would have been carried out so far.
    pub fn would_do(&self) -> Vec<Action> {
        lock(&self.kept).1.clone()
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        let mut kept = lock(&self.kept);
        match kept.0.accept(action, options.now) {
            Verdict::Apply => {
                kept.1.push(action.clone());
                Ok(Answer::WouldDo)
            }
            Verdict::Duplicate => Ok(Answer::WouldDo),
            other => Ok(other.into()),
        }
    }
}

impl<T: fmt::Display> fmt::Display for DryRun<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "dry run of {}", self.inner)
    }
}

impl<T: Workloads> Workloads for DryRun<T> {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        self.inner.observe(options)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        Self::apply(self, action, options)
    }
}

impl<T: StorageDevice> StorageDevice for DryRun<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        self.inner.read(options)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        Self::apply(self, action, options)
    }
}
