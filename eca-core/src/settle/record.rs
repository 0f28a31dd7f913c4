//! The record of a settled event: every figure with its unit, and what is needed to compute it again.

use super::event::{Direction, References, Route};
use super::recorded::Evidence;
use super::{Quality, SettlementRun, document};
use crate::flex::baseline::Answer;
use crate::{Result, SettlementPeriod};
use serde::{Deserialize, Serialize};

/// What an amount of money is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FlowKind {
    /// Energy sold ahead: `Q * P`.
    Sale,
    /// Too much or too little at the imbalance price: `(D - Q) * SIP`.
    Imbalance,
    /// An accepted offer or bid: `A * P`.
    Acceptance,
    /// Charge for what was accepted and not delivered.
    NonDelivery,
    /// Power held ready.
    Availability,
    /// Energy delivered, as the contract pays it.
    Utilisation,
    /// Paid to the supplier by the trading party (direct regime).
    SupplierCompensation,
}

/// One amount of money with what it follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Flow {
    /// What it is for.
    pub flow: FlowKind,
    /// Energy, Wh; for `availability` the power in W.
    pub volume_wh: i64,
    /// Price, µGBP/MWh; for `availability` µGBP for a MW and an hour.
    pub price_ugbp_per_mwh: i64,
    /// Income of the trading party, µGBP; negative where it pays.
    pub cash_ugbp: i64,
}

/// A settled period of the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PeriodRecord {
    /// The period.
    #[serde(flatten)]
    pub period: SettlementPeriod,
    /// Promised in the direction of the event, Wh.
    pub committed_wh: i64,
    /// Metered, Wh.
    pub import_wh: i64,
    /// Metered, Wh.
    pub export_wh: i64,
    /// Quality of the metering. A period that is missing has no money in it.
    pub quality: Quality,
    /// What would have been used, Wh.
    pub baseline_wh: i64,
    /// Whether the deviation counts: for a wholesale sale, the notification of activity was in force.
    pub active: bool,
    /// The claim: baseline minus metered, with losses; turn-down is positive. Zero where it does not count. Wh.
    pub deviation_wh: i64,
    /// Of the deviation, what lies in the direction of the event, Wh.
    pub delivered_wh: i64,
    /// Promised and not delivered, Wh.
    pub shortfall_wh: i64,
    /// Own plan without the event, Wh.
    pub counterfactual_wh: Option<i64>,
    /// The true reduction: that plan minus metered, Wh.
    pub true_reduction_wh: Option<i64>,
    /// Claim minus true reduction: what the baseline adds, Wh.
    pub baseline_effect_wh: Option<i64>,
    /// Amounts of money of the trading party.
    pub flows: Vec<Flow>,
    /// Their sum, µGBP.
    pub cash_ugbp: i64,
    /// What the supplier of the site receives, µGBP.
    pub supplier_compensation_ugbp: i64,
    /// What the metered reduction would have cost the site as import, µGBP.
    pub avoided_import_ugbp: Option<i64>,
    /// Metered import times average intensity, mg.
    pub carbon_mg: Option<i64>,
    /// Baseline minus metered, times average intensity, mg.
    pub carbon_avoided_mg: Option<i64>,
    /// The same with marginal intensity, mg. The two are never added.
    pub marginal_carbon_avoided_mg: Option<i64>,
}

/// A period after the event in which work is made up for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReboundRecord {
    /// The period.
    #[serde(flatten)]
    pub period: SettlementPeriod,
    /// Metered import minus export, Wh.
    pub metered_wh: i64,
    /// Quality of the metering.
    pub quality: Quality,
    /// What would have been used, Wh.
    pub baseline_wh: i64,
    /// Used above the baseline, Wh; negative where less was used.
    pub rebound_wh: i64,
    /// What it costs the site as import, µGBP: charged to the event.
    pub import_ugbp: Option<i64>,
    /// Metered import times average intensity, mg.
    pub carbon_mg: Option<i64>,
    /// Baseline minus metered, times average intensity, mg: negative for a rebound.
    pub carbon_avoided_mg: Option<i64>,
    /// The same with marginal intensity, mg.
    pub marginal_carbon_avoided_mg: Option<i64>,
}

/// Sums over the periods of the event that are settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Totals {
    /// Promised, Wh.
    pub committed_wh: i64,
    /// Claimed, Wh.
    pub deviation_wh: i64,
    /// Delivered, Wh.
    pub delivered_wh: i64,
    /// Not delivered, Wh.
    pub shortfall_wh: i64,
    /// Used above the baseline afterwards, Wh.
    pub rebound_wh: i64,
    /// Income of the trading party, µGBP.
    pub cash_ugbp: i64,
    /// The site's part of it, µGBP.
    pub site_ugbp: i64,
    /// Of the site's part, what goes to the Social Tariff Fund, µGBP.
    pub social_tariff_ugbp: i64,
}

/// What the supplier of the site gets and gives.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Compensation {
    /// Received by the supplier of the site, µGBP; negative where it pays (turn-up).
    pub received_ugbp: i64,
    /// Of that, what it funds itself by its part of final demand (mutualised), µGBP.
    pub own_part_ugbp: Option<i64>,
    /// What is left to it, which is what all others fund, µGBP.
    pub net_ugbp: Option<i64>,
}

/// The site as a customer: import of event and rebound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CustomerTotals {
    /// Import that was not bought in the event, µGBP.
    pub avoided_import_ugbp: i64,
    /// Import of the rebound, µGBP.
    pub rebound_ugbp: i64,
    /// Income, plus import not bought, minus rebound, minus the fund's part, µGBP.
    pub net_ugbp: i64,
    /// What the baseline would have cost over event and rebound, µGBP.
    pub cost_before_ugbp: i64,
    /// What was metered, less the site's income after the fund, µGBP.
    pub cost_after_ugbp: i64,
    /// Inferences that the baseline stands for.
    pub inferences_before: Option<i64>,
    /// Inferences served.
    pub inferences_after: Option<i64>,
}

/// Carbon over event and rebound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CarbonTotals {
    /// Location-based: metered import times average intensity, mg.
    pub location_based_mg: Option<i64>,
    /// Avoided by average intensity, mg.
    pub avoided_mg: Option<i64>,
    /// Avoided by marginal intensity, mg. Never added to the other.
    pub marginal_avoided_mg: Option<i64>,
}

/// A settled event, the document `eca-event-record/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct EventRecord {
    /// Always `eca-event-record/1`.
    pub format: String,
    /// The event.
    pub event_id: String,
    /// The run; a later run is another record and replaces none.
    pub run: SettlementRun,
    /// Route.
    pub route: Route,
    /// Direction.
    pub direction: Direction,
    /// Site.
    pub site_id: String,
    /// Meter.
    pub meter_id: String,
    /// Unit in settlement.
    pub bm_unit: Option<String>,
    /// GSP group.
    pub gsp_group: Option<String>,
    /// Names that others gave.
    pub references: References,
    /// SHA-256 of the event document.
    pub event_hash: String,
    /// Version that computed it.
    pub eca_version: String,
    /// Whether every period has complete, actual metering: nothing is left for a later run but corrections.
    pub complete: bool,
    /// What a person should know, in words.
    pub findings: Vec<String>,
    /// The baseline, of event and rebound, with the days used and left out.
    pub baseline: Answer,
    /// Each period of the event.
    pub periods: Vec<PeriodRecord>,
    /// Each period of the rebound.
    pub rebound: Vec<ReboundRecord>,
    /// Sums of the event.
    pub totals: Totals,
    /// The supplier; none where no regime applies.
    pub compensation: Option<Compensation>,
    /// The site as a customer; none where a price of import is not known.
    pub customer: Option<CustomerTotals>,
    /// Carbon, each with its method; none where an intensity is not known.
    pub carbon: CarbonTotals,
    /// What the figures rest on; none in records of versions that did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl EventRecord {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-event-record/1";

    /// Reads a record.
    ///
    /// # Errors
    /// [`crate::Error::Document`] with the path of what is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        let record: Self = document::read(text)?;
        if record.format == Self::FORMAT {
            return Ok(record);
        }
        let message = format!("`{}` is not `{}`", record.format, Self::FORMAT);
        Err(crate::Error::Document { path: "format".into(), message })
    }

    /// The record as one line of JSON.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] never in practice.
    pub fn to_json(&self) -> Result<String> {
        document::write(self)
    }

    /// SHA-256 of the RFC 8785 bytes.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] never in practice.
    pub fn hash(&self) -> Result<String> {
        document::hash(self)
    }
}
