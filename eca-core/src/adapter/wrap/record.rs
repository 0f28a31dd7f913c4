//! Every exchange with a device written down, and played back without it.

use super::lock;
use crate::action::Action;
use crate::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, Meter, MeterReading, ReadingOptions, StorageDevice,
    StorageReading, WorkloadReading, Workloads,
};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

/// One call and its result. A line of JSON each makes a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Exchange {
    /// [`Workloads::observe`].
    Observe(ReadingOptions, AdapterResult<Vec<WorkloadReading>>),
    /// [`Workloads::apply`] or [`StorageDevice::apply`].
    Apply(Action, ApplyOptions, AdapterResult<Answer>),
    /// [`StorageDevice::read`].
    Storage(ReadingOptions, AdapterResult<StorageReading>),
    /// [`Meter::read`].
    Meter(ReadingOptions, AdapterResult<MeterReading>),
}

/// An adapter whose exchanges are written down.
#[derive(Debug)]
pub struct Recorder<T> {
    inner: T,
    exchanges: Mutex<Vec<Exchange>>,
}

impl<T> Recorder<T> {
    /// Around `inner`.
    pub fn new(inner: T) -> Self {
        Self { inner, exchanges: Mutex::new(Vec::new()) }
    }

    /// Takes out what was written down so far.
    pub fn take(&self) -> Vec<Exchange> {
        std::mem::take(&mut lock(&self.exchanges))
    }

    fn keep<R: Clone>(
        &self,
        result: AdapterResult<R>,
        as_exchange: impl FnOnce(AdapterResult<R>) -> Exchange,
    ) -> AdapterResult<R> {
        lock(&self.exchanges).push(as_exchange(result.clone()));
        result
    }
}

impl<T: fmt::Display> fmt::Display for Recorder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: Workloads> Workloads for Recorder<T> {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        self.keep(self.inner.observe(options), |result| Exchange::Observe(options.clone(), result))
    }
    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.keep(self.inner.apply(action, options), |result| Exchange::Apply(action.clone(), options.clone(), result))
    }
}

impl<T: StorageDevice> StorageDevice for Recorder<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        self.keep(self.inner.read(options), |result| Exchange::Storage(options.clone(), result))
    }
    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.keep(self.inner.apply(action, options), |result| Exchange::Apply(action.clone(), options.clone(), result))
    }
}

impl<T: Meter> Meter for Recorder<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        self.keep(self.inner.read(options), |result| Exchange::Meter(options.clone(), result))
    }
}

/// Plays a recording back: the same calls in the same order get the same results.
#[derive(Debug)]
pub struct Replay(Mutex<VecDeque<Exchange>>);

impl Replay {
    /// Plays back these exchanges.
    #[must_use]
    pub fn new(exchanges: Vec<Exchange>) -> Self {
        Self(Mutex::new(exchanges.into()))
    }

    /// Exchanges that were not asked for yet.
    #[must_use]
    pub fn left(&self) -> usize {
        lock(&self.0).len()
    }

    /// The next result, if the recording goes on with this call; else an error that says with which one it does.
    fn next<R>(&self, call: &str, matches: impl FnOnce(&Exchange) -> Option<AdapterResult<R>>) -> AdapterResult<R> {
        let mut exchanges = lock(&self.0);
        let refuse =
            |message: String| AdapterError::Refused { adapter: self.to_string(), object: call.to_owned(), message };
        let Some(next) = exchanges.front() else { return Err(refuse("the recording is over".into())) };
        let Some(result) = matches(next) else { return Err(refuse(format!("the recording goes on with {next:?}"))) };
        exchanges.pop_front();
        result
    }

    fn answer(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.next("a command", |next| match next {
            Exchange::Apply(known, at, result) if known.id == action.id && at.now == options.now => {
                Some(result.clone())
            }
            _ => None,
        })
    }
}

impl fmt::Display for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("recording")
    }
}

impl Workloads for Replay {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        self.next("an observation", |next| match next {
            Exchange::Observe(at, result) if at.now == options.now => Some(result.clone()),
            _ => None,
        })
    }
    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.answer(action, options)
    }
}

impl StorageDevice for Replay {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        self.next("a reading", |next| match next {
            Exchange::Storage(at, result) if at.now == options.now => Some(result.clone()),
            _ => None,
        })
    }
    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.answer(action, options)
    }
}

impl Meter for Replay {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        self.next("a reading", |next| match next {
            Exchange::Meter(at, result) if at.now == options.now => Some(result.clone()),
            _ => None,
        })
    }
}
