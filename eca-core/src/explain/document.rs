//! The document `eca-explanation/1`.

use crate::problem::{BatteryId, CapId, CapKind, JobId, RegionId, ServiceId};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// Why a plan costs what it costs: what one unit more of everything would save or cost, and what stops it.
///
/// All prices are marginal: of one unit more, the schedules of the jobs and the directions of batteries and connections
/// as in the plan, everything else free to move. A limit is worth what raising it by one unit saves. Rounded to 1e-6.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Explanation {
    /// Always `eca-explanation/1`.
    pub format: String,
    /// SHA-256 of the problem document.
    pub problem_hash: String,
    /// Energy, services and penalties of the plan at least cost with its schedules, without the own costs of jobs, GBP.
    pub dispatch_gbp: f64,
    /// What stops the plan from being cheaper, dearest first.
    pub binding: Vec<Binding>,
    /// One entry for each region.
    pub regions: Vec<RegionPrices>,
    /// One entry for each battery.
    pub batteries: Vec<BatteryPrices>,
    /// One entry for each carbon cap.
    pub carbon_caps: Vec<CapPrices>,
    /// One entry for each service.
    pub services: Vec<ServicePrices>,
    /// One entry for each job and copy.
    pub jobs: Vec<JobWorth>,
}

/// What a limit is that stops something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Limit {
    /// `it_capacity_mw` of a region.
    ItCapacity,
    /// The least of connection and congestion limit of a region.
    ImportLimit,
    /// `export_limit_mw` of a region.
    ExportLimit,
    /// `solar_mw` of a region.
    Solar,
    /// A carbon cap.
    CarbonCap,
    /// `power_capacity_mw` of a battery.
    BatteryPower,
    /// `energy_capacity_mwh` of a battery.
    BatteryEnergy,
    /// `soc_min_mwh` of a battery.
    BatteryReserve,
    /// `end_soc_min_mwh` of a battery.
    EndSoc,
    /// `deadline` of a job.
    Deadline,
    /// A power target: its power, its rebound limit or its ramp.
    PowerTarget,
    /// What a commitment owes.
    Commitment,
    /// What is taken of an opportunity.
    Opportunity,
    /// What may be imported before the event of a commitment (`guard`).
    BaselineGuard,
}

/// One limit at which something stops.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Binding {
    /// Which limit.
    pub limit: Limit,
    /// The region, battery, cap, job, target or commitment.
    pub object: String,
    /// The periods in which it stops something; of a cap, the first periods of its windows, of what is sold those of
    /// settlement periods.
    pub periods: Vec<usize>,
    /// What one unit more saves, in all periods together, GBP.
    pub worth_gbp: f64,
    /// The unit: `mw`, `mwh`, `kg`, or `period` of a deadline.
    pub unit: String,
    /// The same in words.
    pub text: String,
}

/// Prices at one region, one value for each period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct RegionPrices {
    /// The region.
    pub id: RegionId,
    /// What one MWh more of IT energy costs, GBP/MWh: site energy, capacity and carbon together.
    pub it_energy_gbp_per_mwh: Vec<f64>,
    /// What one MWh more at the connection costs, GBP/MWh, before the losses of cooling.
    pub site_energy_gbp_per_mwh: Vec<f64>,
    /// What one MW more of IT capacity in the period saves, GBP/MW.
    pub it_capacity_gbp_per_mw: Vec<f64>,
    /// What one MW more of import in the period saves, GBP/MW.
    pub import_limit_gbp_per_mw: Vec<f64>,
    /// What one MW more of export in the period saves, GBP/MW.
    pub export_limit_gbp_per_mw: Vec<f64>,
    /// What one MW more of solar in the period saves, GBP/MW.
    pub solar_gbp_per_mw: Vec<f64>,
    /// Part of the demand charge that one MW more of import in the period would cause, GBP/MW: zero but at the peak.
    pub demand_charge_gbp_per_mw: Vec<f64>,
}

/// What a battery is worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BatteryPrices {
    /// The battery.
    pub id: BatteryId,
    /// What one MWh more in store in each period saves, GBP/MWh; the first value is that of energy at the start.
    pub stored_gbp_per_mwh: Vec<f64>,
    /// What one MW more of charge and discharge power saves over the horizon, GBP/MW.
    pub power_capacity_gbp_per_mw: f64,
    /// What one MWh more of room saves over the horizon, GBP/MWh.
    pub energy_capacity_gbp_per_mwh: f64,
    /// What one MWh of reserve (`soc_min_mwh`) costs over the horizon, GBP/MWh.
    pub reserve_gbp_per_mwh: f64,
    /// What one MWh less wanted at the end saves, GBP/MWh.
    pub end_soc_gbp_per_mwh: f64,
}

/// What a carbon cap costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CapPrices {
    /// The cap.
    pub id: CapId,
    /// Strict or priced.
    pub kind: CapKind,
    /// One entry for each window.
    pub windows: Vec<CapWindowPrice>,
}

/// What a carbon cap costs in one window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CapWindowPrice {
    /// Its first period.
    pub first_period: usize,
    /// Its number of periods.
    pub periods: usize,
    /// What one kg more would save, GBP/kg; of a strict cap that is exceeded, beyond the excess there is.
    pub carbon_gbp_per_kg: f64,
    /// Carbon of the imports in scope, kg.
    pub carbon_kg: f64,
    /// What is allowed, kg.
    pub limit_kg: f64,
    /// What is above the limit, kg.
    pub excess_kg: f64,
}

/// What serving costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ServicePrices {
    /// The service.
    pub id: ServiceId,
    /// What a million inferences more cost in each period, GBP; the shedding penalty where they would be shed.
    pub serving_gbp_per_million: Vec<f64>,
}

/// What a job costs: what the plan would save without it, to first order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct JobWorth {
    /// The job.
    pub id: JobId,
    /// Which of its copies, from 0.
    pub copy: u32,
    /// Startup, pauses and moves, GBP.
    pub own_cost_gbp: f64,
    /// Its IT load at the prices of where and when it works, GBP.
    pub energy_gbp: f64,
    /// What is paid for work left undone, GBP.
    pub undone_gbp: f64,
    /// What its inferences allow under caps for each inference, GBP: zero or below.
    pub allowance_gbp: f64,
    /// All of these: what the plan would save without it, GBP.
    pub saved_without_gbp: f64,
    /// The same for each inference that it does, GBP; none where it does none.
    pub saved_without_gbp_per_inference: Option<f64>,
}

impl Explanation {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-explanation/1";

    /// Reads an explanation document.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of what is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let explanation: Self = crate::problem::read_json(text)?;
        if explanation.format == Self::FORMAT {
            Ok(explanation)
        } else {
            Err(Error::Document {
                path: "format".into(),
                message: format!("`{}` is not `{}`", explanation.format, Self::FORMAT),
            })
        }
    }

    /// The document: one line of JSON, the same bytes for the same problem and plan.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is not finite.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::Internal { message: format!("explanation to JSON: {e}") })
    }
}
