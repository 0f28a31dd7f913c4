//! What an adapter answers. Every reading carries the time at which it was true.

use crate::Timestamp;
use crate::action::Verdict;
use crate::problem::Job;
use serde::{Deserialize, Serialize};

/// What became of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Answer {
    /// It was carried out.
    Done,
    /// It was carried out before; nothing was changed. A timer that watches the controller was wound up again.
    AlreadyDone,
    /// Its time has not come: send it again.
    Early,
    /// Its time is over: dropped.
    Expired,
    /// A later command for the same object was carried out before: dropped.
    Overtaken,
    /// It would have been carried out, were this not a dry run.
    WouldDo,
}

impl From<Verdict> for Answer {
    fn from(verdict: Verdict) -> Self {
        match verdict {
            Verdict::Apply => Self::Done,
            Verdict::Duplicate => Self::AlreadyDone,
            Verdict::Early => Self::Early,
            Verdict::Expired => Self::Expired,
            Verdict::Overtaken => Self::Overtaken,
        }
    }
}

/// One job that is not finished, as the cluster has it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WorkloadReading {
    /// When this was true.
    pub at: Timestamp,
    /// The job with its state: where it is, what it has done.
    pub job: Job,
    /// IT power it draws, MW; none where it is not measured.
    #[serde(default)]
    pub power_mw: Option<f64>,
    /// When its last checkpoint was proved written and readable; none where there is none.
    #[serde(default)]
    pub checkpoint_at: Option<Timestamp>,
}

impl WorkloadReading {
    /// A job as it was at `at`; power and checkpoint are not known.
    #[must_use]
    pub fn new(at: Timestamp, job: Job) -> Self {
        Self { at, job, power_mw: None, checkpoint_at: None }
    }
}

/// A battery, as its own terminals and registers show it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct StorageReading {
    /// When this was true.
    pub at: Timestamp,
    /// Stored energy, MWh.
    pub soc_mwh: f64,
    /// Power into the battery at the grid terminals, MW.
    pub charge_mw: f64,
    /// Power out of the battery at the grid terminals, MW.
    pub discharge_mw: f64,
    /// Stored energy that the device holds back by itself, MWh.
    #[serde(default)]
    pub reserve_mwh: f64,
    /// Whether it can be told what to do.
    #[serde(default = "yes")]
    pub dispatchable: bool,
}

fn yes() -> bool {
    true
}

impl StorageReading {
    /// A battery at rest that can be told what to do.
    #[must_use]
    pub fn new(at: Timestamp, soc_mwh: f64) -> Self {
        Self { at, soc_mwh, charge_mw: 0.0, discharge_mw: 0.0, reserve_mwh: 0.0, dispatchable: true }
    }

    /// Power at the grid terminals, MW, charge positive.
    #[must_use]
    pub fn net_mw(&self) -> f64 {
        self.charge_mw - self.discharge_mw
    }
}

/// A connection to the grid, as its meter shows it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct MeterReading {
    /// When this was true.
    pub at: Timestamp,
    /// Power from the grid, MW.
    pub import_mw: f64,
    /// Power into the grid, MW.
    pub export_mw: f64,
    /// Register of imported energy, Wh; it never goes back.
    pub import_wh: u64,
    /// Register of exported energy, Wh; it never goes back.
    pub export_wh: u64,
}

impl MeterReading {
    /// Registers and power at `at`.
    #[must_use]
    pub fn new(at: Timestamp, import_mw: f64, export_mw: f64, import_wh: u64, export_wh: u64) -> Self {
        Self { at, import_mw, export_mw, import_wh, export_wh }
    }
}
