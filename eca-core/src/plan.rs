//! The plan document `eca-plan/1`: what to do in each period, what it costs, and how good it is.

use crate::problem::{BatteryId, CommitmentId, JobId, OpportunityId, RegionId, ServiceId};
use crate::{Error, Result, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How good a plan is known to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// No plan is cheaper: cost and bound agree to 1e-6.
    Optimal,
    /// The gap that was asked for is proved.
    WithinGap,
    /// A limit (time, nodes, cancellation) came first; the gap says how far it can be from the optimum.
    Limit,
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Optimal => "optimal",
            Self::WithinGap => "within_gap",
            Self::Limit => "limit",
        })
    }
}

/// Sums over the horizon.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// Money spent less money earned, GBP, without penalties.
    pub cost_gbp: f64,
    /// Penalties for broken limits, GBP.
    pub penalty_gbp: f64,
    /// Facility energy, MWh.
    pub energy_mwh: f64,
    /// Location-based carbon of all imports, kg.
    pub carbon_kg: f64,
    /// Inferences done, batch and online.
    pub inferences: f64,
    /// `cost_gbp / inferences`; none without inferences.
    pub cost_gbp_per_inference: Option<f64>,
    /// Grams of carbon for each inference; none without inferences.
    pub carbon_g_per_inference: Option<f64>,
}

/// What simple policies would have cost on the same problem, services and batteries dispatched as well as can be.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct References {
    /// Every job starts as soon as it may.
    pub run_at_once: Totals,
    /// Every job starts when its own energy is cheapest.
    pub cheapest_start: Totals,
}

/// The schedule of one job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JobPlan {
    /// The job.
    pub id: JobId,
    /// Which of `count` identical jobs, from 0.
    pub copy: u32,
    /// Where it works in each period; none where it is idle or moving.
    pub region: Vec<Option<RegionId>>,
    /// Operating point in each period; none where it is idle or moving.
    pub point: Vec<Option<usize>>,
    /// Shares of the operating points of a divisible job: region, point, period; `region` and `point` are then none throughout.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<BTreeMap<RegionId, Vec<Vec<f64>>>>,
    /// IT power in each period, MW, energy of pauses and moves included.
    pub power_mw: Vec<f64>,
    /// Inferences done in each period; zero for jobs that count GPU hours.
    pub inferences: Vec<f64>,
    /// When its work is done; none where some is left.
    pub finished_at: Option<Timestamp>,
    /// Pauses within the horizon.
    pub pauses: u32,
    /// Moves within the horizon.
    pub migrations: u32,
    /// Part of its work left at the end, 0..1.
    pub undone_frac: f64,
}

/// Where the inferences of one service are served.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ServicePlan {
    /// The service.
    pub id: ServiceId,
    /// Inferences served in each region and period.
    pub inferences: BTreeMap<RegionId, Vec<f64>>,
    /// The same by operating point: region, point, period.
    pub point_inferences: BTreeMap<RegionId, Vec<Vec<f64>>>,
    /// Inferences not served in each period.
    pub shed: Vec<f64>,
}

/// What one battery does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BatteryPlan {
    /// The battery.
    pub id: BatteryId,
    /// Charge at the grid terminals, MW.
    pub charge_mw: Vec<f64>,
    /// Discharge at the grid terminals, MW.
    pub discharge_mw: Vec<f64>,
    /// Stored energy at the end of each period, MWh.
    pub soc_mwh: Vec<f64>,
}

/// Power at one region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct RegionPlan {
    /// The region.
    pub id: RegionId,
    /// IT power, MW.
    pub it_mw: Vec<f64>,
    /// Facility power, MW.
    pub facility_mw: Vec<f64>,
    /// Import at the connection, MW.
    pub import_mw: Vec<f64>,
    /// Export at the connection, MW.
    pub export_mw: Vec<f64>,
    /// Solar used or exported, MW.
    pub solar_used_mw: Vec<f64>,
}

/// What a plan delivers of one commitment, by its settlement periods; none where one is not within the horizon.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CommitmentPlan {
    /// The commitment.
    pub id: CommitmentId,
    /// Energy below the baseline that counts for it, MWh; below zero where the site imports more than the baseline.
    pub delivered_mwh: Vec<Option<f64>>,
    /// Energy that is due and missing, MWh.
    pub shortfall_mwh: Vec<Option<f64>>,
}

/// What a plan takes of one opportunity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OpportunityPlan {
    /// The opportunity.
    pub id: OpportunityId,
    /// Whether any of it is taken.
    pub taken: bool,
    /// What is sold in each of its settlement periods, MW; zero where nothing is. The plan delivers all of it.
    pub committed_mw: Vec<f64>,
    /// What is paid for it, GBP.
    pub revenue_gbp: f64,
}

/// One limit that the plan does not keep.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BrokenLimit {
    /// The rule: `carbon_cap`, `shortfall`, `baseline_guard`, `rebound`, `reserve`, `undone`, `shed`, `end_soc`, `it_overload`, `import_overload`, `target` or
    /// `target_ramp`.
    pub rule: String,
    /// The cap, commitment, job (`id` or `id#copy`), service, battery or region.
    pub object: String,
    /// The period, or the first period of the window; none where the whole horizon is meant.
    pub period: Option<usize>,
    /// By how much.
    pub amount: f64,
    /// Unit of the amount: `kg`, `frac`, `inferences`, `mwh` or `mw`.
    pub unit: String,
    /// Penalty paid for it, GBP; zero for a strict cap.
    pub price_gbp: f64,
}

/// What made the plan.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// The solver.
    pub solver: String,
    /// Its version.
    pub solver_version: String,
    /// The settings that change the answer.
    pub options: BTreeMap<String, String>,
    /// The version of ECA.
    pub eca_version: String,
}

/// A plan: usable as it stands; how good it is stands in `outcome`, `bound_gbp`, `gap` and `broken_limits`.
///
/// Numbers are rounded to W, Wh, thousandths of an inference and 1e-6 GBP. The same problem and the same work limits give the same bytes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Plan {
    /// Always `eca-plan/1`.
    pub format: String,
    /// SHA-256 of the problem document it belongs to (`Problem::hash`).
    pub problem_hash: String,
    /// How good the plan is known to be.
    pub outcome: Outcome,
    /// The engine that made it.
    pub engine: String,
    /// Why that engine.
    pub engine_reason: String,
    /// Money and penalties, GBP.
    pub objective_gbp: f64,
    /// No plan has a lower objective, GBP.
    pub bound_gbp: f64,
    /// `(objective - bound) / max(1, |objective|)`.
    pub gap: f64,
    /// Sums over the horizon.
    pub totals: Totals,
    /// What simple policies would have cost; none where it was not asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub references: Option<References>,
    /// One entry for each job and copy.
    pub jobs: Vec<JobPlan>,
    /// One entry for each service.
    pub services: Vec<ServicePlan>,
    /// One entry for each battery.
    pub batteries: Vec<BatteryPlan>,
    /// One entry for each region.
    pub regions: Vec<RegionPlan>,
    /// One entry for each commitment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub commitments: Vec<CommitmentPlan>,
    /// One entry for each opportunity.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub opportunities: Vec<OpportunityPlan>,
    /// Every limit that is not kept.
    pub broken_limits: Vec<BrokenLimit>,
    /// What made the plan.
    pub provenance: Provenance,
}

impl Plan {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-plan/1";

    /// Reads a plan document.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of what is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let plan: Self = crate::problem::read_json(text)?;
        if plan.format == Self::FORMAT {
            Ok(plan)
        } else {
            Err(Error::Document {
                path: "format".into(),
                message: format!("`{}` is not `{}`", plan.format, Self::FORMAT),
            })
        }
    }

    /// The document: one line of JSON, the same bytes for the same plan.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is not finite.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::Internal { message: format!("plan to JSON: {e}") })
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} plan: {:.2} GBP, {:.1} MWh, {:.1} kg CO2",
            self.outcome, self.totals.cost_gbp, self.totals.energy_mwh, self.totals.carbon_kg
        )?;
        if self.broken_limits.is_empty() {
            write!(f, ", gap {:.4} %", self.gap * 100.0)
        } else {
            write!(f, ", gap {:.4} %, {} broken limits", self.gap * 100.0, self.broken_limits.len())
        }
    }
}
