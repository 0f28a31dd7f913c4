//! A batch job: work that may be deferred, paused, migrated or run at a lower power.

use super::{JobId, RegionId, setters::setters};
use crate::Timestamp;
use serde::{Deserialize, Serialize};

/// One operating point (power-cap level) of a batch job.
///
/// Give `inferences_per_h` where the job counts inferences, `gpu_hours_per_h` where it counts GPU hours.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct JobPoint {
    /// IT power while it runs at this point, MW.
    pub power_mw: f64,
    /// Inferences for each hour at this point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inferences_per_h: Option<f64>,
    /// GPU hours of work done for each hour at this point.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_hours_per_h: Option<f64>,
}

impl JobPoint {
    /// A point of a job that counts inferences.
    #[must_use]
    pub fn inferences(power_mw: f64, inferences_per_h: f64) -> Self {
        Self { power_mw, inferences_per_h: Some(inferences_per_h), gpu_hours_per_h: None }
    }

    /// A point of a job that counts GPU hours.
    #[must_use]
    pub fn gpu_hours(power_mw: f64, gpu_hours_per_h: f64) -> Self {
        Self { power_mw, inferences_per_h: None, gpu_hours_per_h: Some(gpu_hours_per_h) }
    }
}

/// What a late job costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DeadlineKind {
    /// The deadline is kept. A job that cannot keep it even alone is refused.
    #[default]
    Hard,
    /// Work left at the deadline costs `undone_penalty_gbp` in proportion to the part left.
    Priced,
}

/// Moving a job to another region.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// Cost of one move, GBP.
    #[serde(default)]
    pub cost_gbp: f64,
    /// Periods without work while it moves. A job that resumes after just these has not paused.
    #[serde(default)]
    pub periods: u32,
    /// IT energy of one move, MWh, drawn in the new region in the period of arrival.
    #[serde(default)]
    pub energy_mwh: f64,
}

/// When a job may run. Exactly one condition is given.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum RunWhen {
    /// Only where and when `carbon_g_per_kwh` is below this, g/kWh.
    CarbonBelowGPerKwh(f64),
    /// Only where and when `renewable_share_frac` is at least this, 0..1.
    RenewableShareMin(f64),
}

/// What a job has done before the horizon starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JobState {
    /// Where it runs, or where its checkpoint is.
    pub region: RegionId,
    /// Operating point it runs at; none where it is paused.
    #[serde(default)]
    pub point: Option<usize>,
    /// Inferences already done.
    #[serde(default)]
    pub done_inferences: f64,
    /// GPU hours already done.
    #[serde(default)]
    pub done_gpu_hours: f64,
    /// Since when it runs without a pause; counts towards `min_run_periods`.
    #[serde(default)]
    pub running_since: Option<Timestamp>,
    /// Whether it may be stopped. If not, it runs until its work is done or its deadline has come.
    #[serde(default = "yes")]
    pub can_stop: bool,
    /// Pauses already made; count towards `max_pauses`.
    #[serde(default)]
    pub pauses: u32,
}

fn yes() -> bool {
    true
}

/// A batch job: an amount of work in a window of time.
///
/// In each period it is idle or runs at one operating point in one region. It runs only while it has work left:
/// no more periods than its work needs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Job {
    /// Name of the job, unique.
    pub id: JobId,
    /// Number of identical jobs, each with its own schedule.
    #[serde(default = "one")]
    pub count: u32,
    /// Work of each, in inferences. Give this or `gpu_hours`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inferences: Option<f64>,
    /// Work of each, in GPU hours. Give this or `inferences`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu_hours: Option<f64>,
    /// Operating points (power-cap levels), at least one.
    pub points: Vec<JobPoint>,
    /// It cannot start before; rounded up to a period start. None: from the start of the horizon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earliest_start: Option<Timestamp>,
    /// Its work is due by then; rounded down to a period start. None: the end of the horizon.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// Whether the deadline is hard or has a price.
    #[serde(default)]
    pub deadline_kind: DeadlineKind,
    /// Price of leaving all of its work undone, GBP (priced deadlines). None: set above any cost of running it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_penalty_gbp: Option<f64>,
    /// Most of its work that may be left undone, a part of the whole (priced deadlines): the throughput that its tier
    /// promises. A plan that leaves more is no plan. None: all of it may be left at the price.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_max_frac: Option<f64>,
    /// Regions where it may run. None: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<RegionId>>,
    /// Whether it may pause. If not, it runs until its work is done or its deadline has come.
    #[serde(default)]
    pub preemptible: bool,
    /// Whether it may run at any share of its points' power and in several regions at once (a fluid job).
    /// Pauses, moves, runs, startup and state are then left at their defaults.
    #[serde(default)]
    pub divisible: bool,
    /// Fewest periods of one run; only the run that finishes the work may be shorter.
    #[serde(default = "one")]
    pub min_run_periods: u32,
    /// Most pauses. None: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_pauses: Option<u32>,
    /// Cost of the first start, GBP; nothing for a job that has started before.
    #[serde(default)]
    pub startup_cost_gbp: f64,
    /// Cost of one pause (checkpoint and restart), GBP, due when it resumes.
    #[serde(default)]
    pub pause_cost_gbp: f64,
    /// IT energy of one pause, MWh, drawn in the period in which it resumes.
    #[serde(default)]
    pub pause_energy_mwh: f64,
    /// How it moves between regions. None: it stays where it starts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migration: Option<Migration>,
    /// When it may run. None: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub run_when: Option<RunWhen>,
    /// Flexibility tier: 0 (least willing to wait) to 3.
    #[serde(default)]
    pub tier: u8,
    /// What it has done before the horizon starts. None: nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<JobState>,
}

fn one() -> u32 {
    1
}

impl Job {
    fn empty(id: JobId, points: Vec<JobPoint>) -> Self {
        Self {
            id,
            count: 1,
            inferences: None,
            gpu_hours: None,
            points,
            earliest_start: None,
            deadline: None,
            deadline_kind: DeadlineKind::Hard,
            undone_penalty_gbp: None,
            undone_max_frac: None,
            regions: None,
            preemptible: false,
            divisible: false,
            min_run_periods: 1,
            max_pauses: None,
            startup_cost_gbp: 0.0,
            pause_cost_gbp: 0.0,
            pause_energy_mwh: 0.0,
            migration: None,
            run_when: None,
            tier: 0,
            state: None,
        }
    }

    /// A job of so many inferences.
    #[must_use]
    pub fn inferences(id: impl Into<JobId>, inferences: f64, points: impl Into<Vec<JobPoint>>) -> Self {
        Self { inferences: Some(inferences), ..Self::empty(id.into(), points.into()) }
    }

    /// A job of so many GPU hours.
    #[must_use]
    pub fn gpu_hours(id: impl Into<JobId>, gpu_hours: f64, points: impl Into<Vec<JobPoint>>) -> Self {
        Self { gpu_hours: Some(gpu_hours), ..Self::empty(id.into(), points.into()) }
    }

    /// The regions where it may run.
    #[must_use]
    pub fn in_regions<I: Into<RegionId>>(mut self, regions: impl IntoIterator<Item = I>) -> Self {
        self.regions = Some(regions.into_iter().map(Into::into).collect());
        self
    }
}

setters!(Job {
    count: u32,
    earliest_start: into Option<Timestamp>,
    deadline: into Option<Timestamp>,
    deadline_kind: DeadlineKind,
    undone_penalty_gbp: into Option<f64>,
    undone_max_frac: into Option<f64>,
    preemptible: bool,
    divisible: bool,
    min_run_periods: u32,
    max_pauses: into Option<u32>,
    startup_cost_gbp: f64,
    pause_cost_gbp: f64,
    pause_energy_mwh: f64,
    migration: into Option<Migration>,
    run_when: into Option<RunWhen>,
    tier: u8,
    state: into Option<JobState>,
});
