//! What the calls of an adapter take: the present instant, and how much may be asked for. They grow by field.

use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// How a command is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApplyOptions {
    /// The present instant: early and late are judged by it.
    pub now: Timestamp,
    /// Time that a job has for its checkpoint and its end, s.
    pub grace_s: u32,
    /// Say what would be done, and do nothing.
    pub dry_run: bool,
}

impl ApplyOptions {
    /// Ten minutes of grace, not a dry run.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now, grace_s: 600, dry_run: false }
    }

    /// Sets the time that a job has for its checkpoint and its end, s.
    #[must_use]
    pub fn grace_s(mut self, grace_s: u32) -> Self {
        self.grace_s = grace_s;
        self
    }

    /// Sets whether nothing is to be done.
    #[must_use]
    pub fn dry_run(mut self, dry_run: bool) -> Self {
        self.dry_run = dry_run;
        self
    }
}

/// How something is read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ReadingOptions {
    /// The present instant.
    pub now: Timestamp,
    /// Oldest reading that is good enough, s.
    pub max_age_s: i64,
}

impl ReadingOptions {
    /// Readings of the last two minutes.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        Self { now, max_age_s: 120 }
    }

    /// Sets the oldest reading that is good enough, s.
    #[must_use]
    pub fn max_age_s(mut self, max_age_s: i64) -> Self {
        self.max_age_s = max_age_s;
        self
    }
}

/// Which signals are fetched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FetchOptions {
    /// The present instant.
    pub now: Timestamp,
    /// First instant wanted.
    pub from: Timestamp,
    /// End of the time wanted, not included.
    pub to: Timestamp,
    /// Oldest answer that may come from a cache, s.
    pub max_age_s: i64,
}

impl FetchOptions {
    /// From `from` to `to`; answers up to half an hour old are good enough.
    #[must_use]
    pub fn new(now: Timestamp, from: Timestamp, to: Timestamp) -> Self {
        Self { now, from, to, max_age_s: 1800 }
    }

    /// Sets the oldest answer that may come from a cache, s.
    #[must_use]
    pub fn max_age_s(mut self, max_age_s: i64) -> Self {
        self.max_age_s = max_age_s;
        self
    }
}
