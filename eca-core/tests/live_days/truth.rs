//! Devices live in true time; the loop has a clock of its own.

use eca_core::Timestamp;
use eca_core::action::Action;
use eca_core::adapter::{
    AdapterResult, Answer, ApplyOptions, Meter, MeterReading, ReadingOptions, StorageDevice, StorageReading,
    WorkloadReading, Workloads,
};
use std::fmt;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

/// True time.
pub(super) type Truth = Arc<AtomicI64>;

pub(super) fn true_time(truth: &Truth) -> Timestamp {
    Timestamp::from_unix_s(truth.load(Ordering::SeqCst)).unwrap()
}

/// A device lives in true time, whatever the clock of its caller says; readings are judged by the caller's clock.
#[derive(Debug)]
pub(super) struct InTruth<T> {
    pub(super) inner: T,
    pub(super) truth: Truth,
    /// Every command that was carried out.
    pub(super) done: Arc<Mutex<Vec<Action>>>,
}

impl<T> InTruth<T> {
    fn read<R>(
        &self,
        options: &ReadingOptions,
        at: impl Fn(&R) -> Option<Timestamp>,
        call: impl Fn(&ReadingOptions) -> AdapterResult<R>,
    ) -> AdapterResult<R> {
        let reading = call(&ReadingOptions::new(true_time(&self.truth)))?;
        match at(&reading) {
            Some(at) => eca_core::adapter::check_age(&"device", "state", at, options).map(|()| reading),
            None => Ok(reading),
        }
    }
    fn apply(&self, action: &Action, call: impl Fn(&ApplyOptions) -> AdapterResult<Answer>) -> AdapterResult<Answer> {
        let answer = call(&ApplyOptions::new(true_time(&self.truth)));
        if answer == Ok(Answer::Done) {
            self.done.lock().unwrap().push(action.clone());
        }
        answer
    }
}

impl<T: fmt::Display> fmt::Display for InTruth<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: Workloads> Workloads for InTruth<T> {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        self.read(options, |jobs: &Vec<_>| jobs.first().map(|r: &WorkloadReading| r.at), |o| self.inner.observe(o))
    }
    fn apply(&self, action: &Action, _: &ApplyOptions) -> AdapterResult<Answer> {
        Self::apply(self, action, |options| self.inner.apply(action, options))
    }
}

impl<T: StorageDevice> StorageDevice for InTruth<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        Self::read(self, options, |r: &StorageReading| Some(r.at), |o| self.inner.read(o))
    }
    fn apply(&self, action: &Action, _: &ApplyOptions) -> AdapterResult<Answer> {
        Self::apply(self, action, |options| self.inner.apply(action, options))
    }
}

impl<T: Meter> Meter for InTruth<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        Self::read(self, options, |r: &MeterReading| Some(r.at), |o| self.inner.read(o))
    }
}
