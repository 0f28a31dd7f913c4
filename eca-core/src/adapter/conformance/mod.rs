//! What every implementation of an adapter trait must pass.
//!
//! Call these functions from your own tests, against the real device, a simulator, or a double. They need somebody who
//! lets time pass ([`Stage`]): a test clock for a double, [`std::thread::sleep`] for a device. What is wrong comes back as
//! a list of [`Finding`]s, empty where nothing is.
//!
//! These functions stay outside the stability promise: they may find more in the next release.
//!
//! ```
//! use eca_core::adapter::conformance::{self, FakeTime};
//! use eca_core::adapter::memory::MemorySite;
//! use eca_core::{Battery, Horizon, ProblemDocument, Region};
//!
//! let start = "2026-03-02T00:00:00Z".parse()?;
//! let rack = Battery::new("rack", "london", 2.0, 4.0).soc_mwh(2.0);
//! let mut site = ProblemDocument::new(Horizon::new(start, 30, 48)?);
//! site.regions.push(Region::new("london").import_limit_mw(8.0));
//! site.batteries.push(rack.clone());
//! let device = MemorySite::new(site).battery("rack")?;
//! assert_eq!(conformance::storage_device(&device, &rack, &FakeTime::new(start)), []);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod meter;
mod signals;
mod storage;
mod workloads;

pub use meter::meter;
pub use signals::signal_source;
pub use storage::storage_device;
pub use workloads::workloads;

use super::{AdapterResult, Answer};
use crate::Timestamp;
use std::fmt::Debug;
use std::sync::atomic::{AtomicI64, Ordering};

/// Somebody who lets time pass.
pub trait Stage {
    /// The present instant, as the adapter sees it.
    fn now(&self) -> Timestamp;

    /// Comes back when so many seconds have passed.
    fn wait_s(&self, seconds: i64);

    /// Time in which a device does what it was told, s.
    fn settle_s(&self) -> i64 {
        5
    }

    /// Length of the commands of the test, s: longer than the timers of the device, short enough to wait for.
    fn command_s(&self) -> i64 {
        600
    }
}

/// Time that passes when it is told to.
#[derive(Debug)]
pub struct FakeTime(AtomicI64);

impl FakeTime {
    /// It is `now`.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.unix_s()))
    }
}

impl Stage for FakeTime {
    fn now(&self) -> Timestamp {
        Timestamp::EPOCH.plus_s(self.0.load(Ordering::SeqCst))
    }

    fn wait_s(&self, seconds: i64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

/// One rule that an adapter broke.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule, in words.
    pub rule: &'static str,
    /// What was seen.
    pub seen: String,
}

/// Gathers findings.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn expect(&mut self, rule: &'static str, holds: bool, seen: impl Debug) {
        if !holds {
            self.0.push(Finding { rule, seen: format!("{seen:?}") });
        }
    }

    fn answer(&mut self, rule: &'static str, result: &AdapterResult<Answer>, expected: Answer) {
        self.expect(rule, result.as_ref() == Ok(&expected), result);
    }

    fn time(&mut self, at: Timestamp, now: Timestamp, max_age_s: i64) {
        let age_s = now.seconds_since(at);
        self.expect("a reading is from now, neither old nor still to come", (-60..=max_age_s).contains(&age_s), at);
    }
}
