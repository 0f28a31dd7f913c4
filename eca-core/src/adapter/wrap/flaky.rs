//! A connection that fails at random, the same way for the same seed.

use super::lock;
use crate::Timestamp;
use crate::action::Action;
use crate::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, FetchOptions, Meter, MeterReading, ReadingOptions, SignalSource,
    StorageDevice, StorageReading, WorkloadReading, Workloads,
};
use crate::signal::Signals;
use std::fmt;
use std::sync::Mutex;

/// How a connection fails.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Outages {
    /// Part of the calls that never arrive, 0..1.
    pub lost_frac: f64,
    /// Part of the calls that arrive and whose answer does not come back, 0..1.
    pub lost_answer_frac: f64,
    /// Spans, closed-open, in which nothing gets through.
    pub spans: Vec<(Timestamp, Timestamp)>,
}

impl Outages {
    /// Sets the part of the calls that never arrive.
    #[must_use]
    pub fn lost_frac(mut self, lost_frac: f64) -> Self {
        self.lost_frac = lost_frac;
        self
    }

    /// Sets the part of the calls whose answer does not come back.
    #[must_use]
    pub fn lost_answer_frac(mut self, lost_answer_frac: f64) -> Self {
        self.lost_answer_frac = lost_answer_frac;
        self
    }

    /// Adds a span in which nothing gets through.
    #[must_use]
    pub fn span(mut self, from: Timestamp, to: Timestamp) -> Self {
        self.spans.push((from, to));
        self
    }
}

/// An adapter behind a bad connection.
#[derive(Debug)]
pub struct Flaky<T> {
    inner: T,
    outages: Outages,
    random: Mutex<u64>,
}

impl<T: fmt::Display> Flaky<T> {
    /// Around `inner`; the same seed fails the same calls.
    pub fn new(inner: T, outages: Outages, seed: u64) -> Self {
        Self { inner, outages, random: Mutex::new(seed) }
    }

    /// The next number in 0..1 (splitmix64).
    fn next(&self) -> f64 {
        let mut state = lock(&self.random);
        *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        // 53 bits are exact.
        #[allow(clippy::cast_precision_loss)]
        let unit = ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    fn through<R>(&self, now: Timestamp, call: impl FnOnce(&T) -> AdapterResult<R>) -> AdapterResult<R> {
        let gone = |message: &str| AdapterError::Unreachable { adapter: self.to_string(), message: message.into() };
        let (lost, answer_lost) = (self.next(), self.next());
        if self.outages.spans.iter().any(|(from, to)| *from <= now && now < *to) {
            return Err(gone("outage"));
        }
        if lost < self.outages.lost_frac {
            return Err(gone("the call was lost"));
        }
        let result = call(&self.inner);
        if answer_lost < self.outages.lost_answer_frac { Err(gone("the answer was lost")) } else { result }
    }
}

impl<T: fmt::Display> fmt::Display for Flaky<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} behind a bad connection", self.inner)
    }
}

impl<T: Workloads> Workloads for Flaky<T> {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        self.through(options.now, |inner| inner.observe(options))
    }
    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.through(options.now, |inner| inner.apply(action, options))
    }
}

impl<T: StorageDevice> StorageDevice for Flaky<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        self.through(options.now, |inner| inner.read(options))
    }
    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        self.through(options.now, |inner| inner.apply(action, options))
    }
}

impl<T: Meter> Meter for Flaky<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        self.through(options.now, |inner| inner.read(options))
    }
}

impl<T: SignalSource> SignalSource for Flaky<T> {
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
        self.through(options.now, |inner| inner.fetch(options))
    }
}
