//! Commands to sites and batteries: what to do, from when, until when, and a key that makes repeating them harmless.
//!
//! A plan says where things shall be in each period; an action says what has to be done to get there from where they are.
//! Nothing is sent for a job that goes on as it is. Batteries and divisible jobs get a set point for every period, which
//! holds until it expires, so that a lost connection ends in a battery at rest.
//!
//! The same command for the same object and period always has the same `id`. A receiver that keeps an [`Inbox`] may get
//! actions twice, late and in any order: it does each at most once, none that has expired, and none that a later one has
//! overtaken.

mod derive;
mod inbox;

pub(crate) use derive::{Before, Intent, command};
pub use inbox::{Inbox, Verdict};

use crate::Timestamp;
use crate::problem::{BatteryId, JobId, RegionId};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// What an action is for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Target {
    /// One of the identical copies of a job.
    Job {
        /// The job.
        id: JobId,
        /// Which of `count` identical jobs, from 0.
        copy: u32,
    },
    /// A divisible job in one of the regions it is spread over.
    Share {
        /// The job.
        id: JobId,
        /// Which of `count` identical jobs, from 0.
        copy: u32,
        /// The region.
        region: RegionId,
    },
    /// A battery.
    Battery {
        /// The battery.
        id: BatteryId,
    },
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Start a job that has not started.
    Run {
        /// Where.
        region: RegionId,
        /// At which operating point.
        point: usize,
        /// IT power of that point, MW.
        power_mw: f64,
    },
    /// Change the operating point of a running job.
    SetPower {
        /// The new operating point.
        point: usize,
        /// IT power of that point, MW.
        power_mw: f64,
    },
    /// Stop a running job so that it can resume.
    Pause,
    /// Go on with a paused job where it was paused.
    Resume {
        /// Where it was paused.
        region: RegionId,
        /// At which operating point.
        point: usize,
        /// IT power of that point, MW.
        power_mw: f64,
    },
    /// Move a job to another region and go on there: a running one after the periods of its migration, a paused one at
    /// once.
    Migrate {
        /// Where to.
        region: RegionId,
        /// At which operating point it goes on.
        point: usize,
        /// IT power of that point, MW.
        power_mw: f64,
    },
    /// Run a divisible job at these shares of its operating points, until the action expires.
    SetShares {
        /// Share of the period at each operating point.
        shares: Vec<f64>,
        /// IT power of all of them, MW.
        power_mw: f64,
    },
    /// Charge a battery, until the action expires.
    Charge {
        /// At the grid terminals, MW.
        power_mw: f64,
    },
    /// Discharge a battery, until the action expires.
    Discharge {
        /// At the grid terminals, MW.
        power_mw: f64,
    },
    /// Leave a battery at rest.
    Idle,
}

/// One command for one object, with the time in which it may be carried out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Action {
    /// Idempotency key: a digest of target, command and times. The same command has the same key however often, and in
    /// whatever generation, it is sent.
    pub id: String,
    /// Number of the planning step it comes from. For the same target and period the highest one holds.
    pub generation: u64,
    /// What it is for.
    pub target: Target,
    /// What is to be done.
    pub command: Command,
    /// Not to be carried out before.
    pub not_before: Timestamp,
    /// Not to be carried out at this instant or later; set points end here.
    pub expires: Timestamp,
}

impl Action {
    /// An action and its key.
    #[must_use]
    pub fn new(generation: u64, target: Target, command: Command, not_before: Timestamp, expires: Timestamp) -> Self {
        let content = (&target, &command, not_before, expires);
        let digest = Sha256::digest(serde_jcs::to_vec(&content).unwrap_or_default());
        let id = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self { id, generation, target, command, not_before, expires }
    }

    /// Whether it may be carried out at `now`.
    #[must_use]
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.not_before <= now && now < self.expires
    }
}
