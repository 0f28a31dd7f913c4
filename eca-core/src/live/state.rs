//! What the loop must know again after a restart.

use crate::action::{Action, Target};
use crate::mpc::{ControllerState, ShadowState};
use crate::problem::{BatteryId, JobId, ProblemDocument, RegionId};
use crate::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A person looks after something: the loop leaves it alone until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// What is left alone.
    pub target: Target,
    /// Until when.
    pub until: Timestamp,
}

/// One command on its way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Outgoing {
    pub(super) action: Action,
    /// The receiver said that it is done, or that it need not be.
    pub(super) settled: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct State {
    pub(super) controller: Option<ControllerState>,
    pub(super) shadow: Option<ShadowState>,
    /// Start of the period that was planned last.
    pub(super) planned: Option<Timestamp>,
    pub(super) last_tick: Option<Timestamp>,
    pub(super) outbox: Vec<Outgoing>,
    /// What each battery was told last.
    pub(super) set_points: BTreeMap<BatteryId, Outgoing>,
    pub(super) envelope: super::envelope::Envelope,
    /// The period that is not closed, as it was expected.
    pub(super) open: Option<ProblemDocument>,
    /// Import registers at its start, Wh.
    pub(super) registers_wh: BTreeMap<RegionId, u64>,
    /// Ticks in a row in which a battery did not follow.
    pub(super) missed: BTreeMap<BatteryId, u32>,
    /// Batteries that did not follow, and are not used until somebody clears them.
    pub(super) lost: BTreeSet<BatteryId>,
    pub(super) holds: Vec<Hold>,
    pub(super) stopped: Option<String>,
    /// Jobs of each cluster as last seen.
    pub(super) seen: BTreeMap<JobId, usize>,
    pub(super) totals: super::Totals,
    /// The site without ECA, where the loop acts.
    pub(super) reference: crate::mpc::Reference,
    pub(super) waiting: super::events::Waiting,
}

impl State {
    pub(super) fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::Internal { message: format!("state to JSON: {e}") })
    }

    pub(super) fn from_json(text: &str) -> Result<Self> {
        crate::problem::read_json(text)
    }

    pub(super) fn is_held(&self, target: &Target, now: Timestamp) -> bool {
        self.holds.iter().any(|hold| hold.target == *target && now < hold.until)
    }
}
