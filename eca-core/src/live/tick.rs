//! What the loop says about one turn.

use crate::action::Action;
use crate::adapter::{Answer, MeterReading, StorageReading};
use crate::mpc::{Ledger, Source};
use crate::problem::{BatteryId, JobId, RegionId};
use crate::{Plan, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A plan that was made in this turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Planned {
    /// Number of the step.
    pub generation: u64,
    /// How it was found.
    pub source: Source,
    /// Why not in a better way, or how it was.
    pub reason: String,
    /// Hash of the problem document; none where nothing could be planned.
    pub input_hash: Option<String>,
    /// Cost of the plan over its horizon, GBP.
    pub cost_gbp: Option<f64>,
    /// Carbon of the plan over its horizon, kg.
    pub carbon_kg: Option<f64>,
    /// Whether the check of the plan passed; none without a plan.
    pub check_passed: Option<bool>,
    /// Jobs that can no longer keep what they were promised.
    pub late: Vec<JobId>,
    /// What would be done, also in shadow mode.
    pub proposed: Vec<Action>,
    /// The problem; none where nothing could be planned.
    #[serde(skip)]
    pub problem: Option<Problem>,
    /// The plan.
    #[serde(skip)]
    pub plan: Option<Plan>,
}

/// One command that was sent in this turn, and what came back.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Delivery {
    /// The command.
    pub action: Action,
    /// The answer; none where there was an error.
    pub answer: Option<Answer>,
    /// The error, in words.
    pub error: Option<String>,
}

/// What the loop did so far, for metrics.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Totals {
    /// Turns.
    pub ticks: u64,
    /// Plans by where they came from.
    pub plans: BTreeMap<Source, u64>,
    /// Commands that were carried out.
    pub done: u64,
    /// Commands that were not.
    pub failed: u64,
    /// Problems said.
    pub problems: u64,
    /// Batteries that were given up.
    pub lost_batteries: u64,
}

/// Everything that happened in one turn.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Tick {
    /// When.
    pub at: Timestamp,
    /// Start of the period it lies in.
    pub period: Timestamp,
    /// Whether nothing is acted on.
    pub shadow: bool,
    /// Why nothing is done at all; none where the loop runs.
    pub stopped: Option<String>,
    /// The plan that was made in this turn.
    pub planned: Option<Planned>,
    /// The commands that were sent.
    pub deliveries: Vec<Delivery>,
    /// What batteries show.
    pub storage: BTreeMap<BatteryId, StorageReading>,
    /// What meters show.
    pub meters: BTreeMap<RegionId, MeterReading>,
    /// Batteries that are not used because they did not follow.
    pub lost: Vec<BatteryId>,
    /// Jobs whose promise cannot be kept for certain now: their cluster does not answer, or they could not end in time even
    /// at their highest rate from now on; from the next plan on where a command was held back without which they stand.
    pub at_risk: Vec<JobId>,
    /// The sums after the period that ended with this turn; none where none ended.
    pub ledger: Option<Ledger>,
    /// What went wrong, in words.
    pub problems: Vec<String>,
}

impl Tick {
    pub(super) fn new(at: Timestamp, period: Timestamp) -> Self {
        Self {
            at,
            period,
            shadow: true,
            stopped: None,
            planned: None,
            deliveries: Vec::new(),
            storage: BTreeMap::new(),
            meters: BTreeMap::new(),
            lost: Vec::new(),
            at_risk: Vec::new(),
            ledger: None,
            problems: Vec::new(),
        }
    }

    /// The turn as one line of JSON.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if a number is not finite.
    pub fn to_json(&self) -> crate::Result<String> {
        serde_json::to_string(self).map_err(|e| crate::Error::Internal { message: format!("tick to JSON: {e}") })
    }
}
