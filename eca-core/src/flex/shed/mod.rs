//! The shed ladder: what a site can give up, worked out beforehand, so that a cut of 30 % within 30 s needs no solve.
//!
//! A ladder is made from a plan for one region and one period ([`crate::Plan::shed_ladder`]): steps in the order in which they
//! are taken, each with its MW, the seconds until they are gone, its cost, how it is undone, how long it may be held, and its
//! command. [`ShedLadder::answer`] walks down it: arithmetic over the steps, far below a millisecond.
//!
//! Steps are sorted by what an hour of them costs for each MW, so that power caps come before a pause, a move or a battery
//! where they are cheaper. The steps of one job are in a chain: caps along its measured points, each reached in a straight
//! line, and last its pause or its move.
//!
//! A step may be held as long as its job can still do what it owes: `hold <= (left * best - owed) / (best - rate)`, with the
//! hours left to its deadline, its best rate and the rate at the step. What it owes is all of its work (hard deadline), all but
//! `undone_max_frac` (priced), or nothing (priced without one).

mod answer;
mod build;
mod chain;

pub use answer::{ShedAnswer, ShedRequest, TakenStep};

use crate::action::{Command, Target};
use crate::problem::{RegionId, read_json};
use crate::{Error, Plan, Problem, Result, Timestamp};
use serde::{Deserialize, Serialize};

/// How fast the devices of a site are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ShedSettings {
    /// Seconds until a power cap has taken effect.
    pub cap_s: f64,
    /// Seconds until a job is checkpointed and stopped.
    pub pause_s: f64,
    /// Seconds until a job that moves has left its region.
    pub migrate_s: f64,
    /// Seconds until a battery gives what it is told.
    pub battery_s: f64,
}

impl Default for ShedSettings {
    fn default() -> Self {
        Self { cap_s: 5.0, pause_s: 60.0, migrate_s: 120.0, battery_s: 2.0 }
    }
}

/// How a step is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Undoing {
    /// As fast as it was done, at no cost.
    Free,
    /// By resuming from a checkpoint, at the cost of the pause.
    Resume,
    /// By moving back, or not at all.
    Move,
}

/// One step of the ladder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ShedStep {
    /// What it acts on.
    pub target: Target,
    /// What is done where the whole step is taken.
    pub command: Command,
    /// Power at the connection that it gives up, MW.
    pub shed_mw: f64,
    /// Power of its command before the step, MW: between this and `command` lies what a part of a step sets.
    pub from_mw: f64,
    /// Whether a part of it may be taken.
    pub divisible: bool,
    /// Seconds from the command until the power is gone, in a straight line.
    pub effect_s: f64,
    /// Cost of holding it for an hour, GBP.
    pub cost_gbp_per_h: f64,
    /// Cost of taking it at all, GBP.
    pub cost_gbp: f64,
    /// How it is undone.
    pub undoing: Undoing,
    /// Longest hold, s; none where it may be held to the end of the horizon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_max_s: Option<f64>,
    /// Energy that it has, MWh (batteries): a longer hold leaves less power. None: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub energy_mwh: Option<f64>,
}

/// What one region can give up in one period, in the order in which it is given up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ShedLadder {
    /// Always `eca-shed-ladder/1`.
    pub format: String,
    /// The problem whose plan it was made from.
    pub problem_hash: String,
    /// The region.
    pub region: RegionId,
    /// Start of the period.
    pub start: Timestamp,
    /// Import as planned, MW.
    pub power_mw: f64,
    /// The steps.
    pub steps: Vec<ShedStep>,
}

impl ShedLadder {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-shed-ladder/1";

    /// Reads a ladder.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of what is not of the expected form.
    pub fn from_json(text: &str) -> Result<Self> {
        let ladder: Self = read_json(text)?;
        if ladder.format == Self::FORMAT {
            return Ok(ladder);
        }
        Err(Error::Document {
            path: "format".into(),
            message: format!("`{}` is not `{}`", ladder.format, Self::FORMAT),
        })
    }

    /// The ladder as one line of JSON.
    ///
    /// # Errors
    /// [`Error::Internal`] if it cannot be written.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::Internal { message: format!("ladder to JSON: {e}") })
    }
}

impl Plan {
    /// What `region` can give up in `period` of this plan, worked out beforehand.
    ///
    /// ```
    /// use eca_core::flex::{ShedRequest, ShedSettings};
    /// use eca_core::{DeadlineKind, Horizon, Job, JobPoint, Problem, Region, Settings};
    ///
    /// let horizon = Horizon::new("2026-03-02T00:00:00Z".parse()?, 30, 4)?;
    /// let caps = [JobPoint::gpu_hours(1.0, 100.0), JobPoint::gpu_hours(0.6, 90.0)];
    /// let problem = Problem::builder(horizon)
    ///     .region(Region::new("london").it_capacity_mw(2.0).import_limit_mw(4.0).import_price_gbp_per_mwh(80.0))
    ///     .job(Job::gpu_hours("train", 200.0, caps).deadline_kind(DeadlineKind::Priced).undone_max_frac(0.1))
    ///     .build()?;
    /// let plan = problem.solve(&Settings::default())?;
    /// let ladder = plan.shed_ladder(&problem, "london", 0, &ShedSettings::default())?;
    /// let answer = ladder.answer(&ShedRequest::new(0.7).response_s(30.0).hold_s(1800.0))?;
    /// assert!((answer.power_mw - 0.7).abs() < 1e-9 && answer.response_s <= 30.0);
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Unknown`] for a region that is not there, [`Error::Value`] for a period beyond the horizon,
    /// [`Error::Mismatch`] for the plan of another problem.
    pub fn shed_ladder(
        &self,
        problem: &Problem,
        region: &str,
        period: usize,
        settings: &ShedSettings,
    ) -> Result<ShedLadder> {
        build::ladder(self, problem, region, period, settings)
    }
}
