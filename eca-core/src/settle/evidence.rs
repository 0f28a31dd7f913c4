//! What an auditor asks for beside the figures: parties, contract, messages, storage, computers, plan and sources.
//!
//! All of it is told by whoever writes the event and none of it changes a figure; a record repeats it in whole units. Names
//! of jobs and numbers of meters may be given as hashes.

use super::event::Event;
use super::sources::{self, DayNotice, PartyRole, PriceSource};
use super::{Micro, Route};
use crate::{Error, Result, SettlementDate, SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};

/// The metering point, as a market knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct MeterPoint {
    /// Import metering system, in clear or as its SHA-256.
    pub msid_import: Option<String>,
    /// Export metering system, in clear or as its SHA-256.
    pub msid_export: Option<String>,
    /// Asset metering system behind the boundary.
    pub amsid: Option<String>,
    /// Whether the asset meter is subtracted from the boundary meter.
    pub differencing: Option<bool>,
    /// Serial number of the meter.
    pub serial: Option<String>,
    /// Class of the meter.
    pub class: Option<String>,
    /// Whether the use of import data is agreed to.
    pub consent_import: Option<bool>,
    /// Whether the use of export data is agreed to.
    pub consent_export: Option<bool>,
    /// First day of the agreement.
    pub consent_from: Option<SettlementDate>,
    /// Last day of the agreement.
    pub consent_to: Option<SettlementDate>,
}

/// What was agreed beside energy and price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Contract {
    /// The product, as in the table of products.
    pub product_id: Option<String>,
    /// Version of the product.
    pub product_version: Option<String>,
    /// Notice that was given, s.
    pub notice_s: Option<i64>,
    /// Least power, MW.
    pub min_mw: Option<Micro>,
    /// Most power, MW.
    pub max_mw: Option<Micro>,
    /// Part that may be missing without penalty, 0 to 1.
    pub tolerance_frac: Option<Micro>,
    /// Name of the rule of penalties.
    pub penalty_rule: Option<String>,
    /// Currency of settlement, ISO 4217.
    pub currency: Option<String>,
    /// Signature of the other party.
    pub counterparty_signature: Option<String>,
}

/// A message of the contract.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct MessageReference {
    /// What it did: `search`, `select`, `init`, `confirm`, `status` and the answers.
    pub action: String,
    /// Its id.
    pub message_id: String,
    /// SHA-256 of its bytes, hexadecimal.
    pub sha256: String,
    /// Id of the key that signed it.
    #[serde(default)]
    pub signer_key_id: Option<String>,
}

/// What became of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobChange {
    /// It waited.
    Paused,
    /// It ran at another time.
    Shifted,
    /// It ran elsewhere.
    Migrated,
}

/// A job that made room for the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct JobMoved {
    /// SHA-256 of its name, hexadecimal.
    pub job_sha256: String,
    /// What became of it.
    pub change: JobChange,
    /// Energy that it did not take in the event, MWh.
    pub energy_mwh: Micro,
    /// Where it ran.
    #[serde(default)]
    pub from_region: Option<String>,
    /// Where it runs since.
    #[serde(default)]
    pub to_region: Option<String>,
    /// Energy of checkpoint and restore, MWh.
    #[serde(default)]
    pub checkpoint_mwh: Option<Micro>,
}

/// What a period of event or rebound looked like behind the meter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PeriodBehind {
    /// The day.
    pub settlement_date: SettlementDate,
    /// The period of the day.
    pub settlement_period: u8,
    /// Energy that was offered, MWh.
    #[serde(default)]
    pub offered_mwh: Option<Micro>,
    /// Energy that the buyer accepted, MWh.
    #[serde(default)]
    pub accepted_mwh: Option<Micro>,
    /// Energy in store at the start, MWh.
    #[serde(default)]
    pub soc_before_mwh: Option<Micro>,
    /// Energy in store at the end, MWh.
    #[serde(default)]
    pub soc_after_mwh: Option<Micro>,
    /// Energy that storage gave, MWh.
    #[serde(default)]
    pub discharge_mwh: Option<Micro>,
    /// Energy of the computers, MWh.
    #[serde(default)]
    pub it_mwh: Option<Micro>,
    /// Energy of the whole facility, MWh.
    #[serde(default)]
    pub facility_mwh: Option<Micro>,
    /// Average intensity as it was forecast when the event was decided, g/kWh; the price file has the one that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast_carbon_g_per_kwh: Option<Micro>,
}

/// Where intensities come from, and what certificates are claimed with the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct CarbonEvidence {
    /// The source.
    pub source: Option<String>,
    /// Region of the source.
    pub region_id: Option<String>,
    /// Whether the intensities were metered; else they were forecast.
    pub actual: Option<bool>,
    /// When they were fetched.
    pub retrieved_at: Option<Timestamp>,
    /// Which average factor.
    pub average_id: Option<String>,
    /// Which marginal factor.
    pub marginal_id: Option<String>,
    /// Embodied carbon of the hardware in these periods, kg.
    pub embodied_kg: Option<Micro>,
    /// What the score for each inference includes.
    pub sci_boundary: Option<String>,
    /// Ids of green certificates that were cancelled for these periods.
    pub green_certificates: Vec<String>,
    /// Whether the claim was passed on to somebody else.
    pub claim_transferred: bool,
}

/// The plan that the delivery follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Decision {
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// SHA-256 of the problem.
    pub problem_sha256: Option<String>,
    /// SHA-256 of the plan.
    pub plan_sha256: Option<String>,
    /// SHA-256 of the plan without the event: what the true reduction is against.
    pub counterfactual_plan_sha256: Option<String>,
    /// SHA-256 of the configuration.
    pub config_sha256: Option<String>,
    /// Name and version of the solver.
    pub solver: Option<String>,
    /// Its seed.
    pub seed: Option<i64>,
    /// Relative gap of the plan.
    pub gap_frac: Option<Micro>,
}

/// What the event document tells beside its figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct EventEvidence {
    /// The metering point.
    pub meter_point: MeterPoint,
    /// The contract.
    pub contract: Contract,
    /// Its messages, in the order in which they were sent.
    pub messages: Vec<MessageReference>,
    /// Document and version of the baseline's method.
    pub baseline_document: Option<String>,
    /// Jobs that made room.
    pub jobs: Vec<JobMoved>,
    /// Periods of event and rebound, behind the meter.
    pub periods: Vec<PeriodBehind>,
    /// How energy of computers and of the facility hang together.
    pub pue_model: Option<String>,
    /// The model that inferences were served with.
    pub model_id: Option<String>,
    /// What one inference is.
    pub inference_definition: Option<String>,
    /// Carbon.
    pub carbon: CarbonEvidence,
    /// The plan.
    pub decision: Decision,
    /// In which role the trading party acts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trading_party_role: Option<PartyRole>,
    /// Where the columns of the price file come from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub price_sources: Vec<PriceSource>,
    /// Declarations of event days.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub event_days: Vec<DayNotice>,
}

impl EventEvidence {
    /// What is told of a period.
    pub(super) fn behind(&self, period: SettlementPeriod) -> Option<&PeriodBehind> {
        let same = |each: &&PeriodBehind| {
            (each.settlement_date, each.settlement_period) == (period.settlement_date(), period.settlement_period())
        };
        self.periods.iter().find(same)
    }

    /// Refuses what cannot be: a hash that is none, energy below zero, a period that is not of the event.
    pub(super) fn check(&self, event: &Event) -> Result<()> {
        let decision = &self.decision;
        let hashes = [
            ("decision.problem_sha256", &decision.problem_sha256),
            ("decision.plan_sha256", &decision.plan_sha256),
            ("decision.counterfactual_plan_sha256", &decision.counterfactual_plan_sha256),
            ("decision.config_sha256", &decision.config_sha256),
        ];
        let given = hashes.into_iter().filter_map(|(field, hash)| Some((field, hash.as_ref()?)));
        let messages = self.messages.iter().map(|message| ("messages.sha256", &message.sha256));
        let jobs = self.jobs.iter().map(|job| ("jobs.job_sha256", &job.job_sha256));
        for (field, hash) in given.chain(messages).chain(jobs) {
            if hash.len() != 64 || hash.bytes().any(|digit| !digit.is_ascii_hexdigit()) {
                return Err(refused(event, field, hash, "must be a SHA-256 of 64 hexadecimal digits", ""));
            }
        }
        let behind = self.periods.iter().flat_map(|each| {
            [
                ("periods.offered_mwh", each.offered_mwh),
                ("periods.accepted_mwh", each.accepted_mwh),
                ("periods.soc_before_mwh", each.soc_before_mwh),
                ("periods.soc_after_mwh", each.soc_after_mwh),
                ("periods.discharge_mwh", each.discharge_mwh),
                ("periods.it_mwh", each.it_mwh),
                ("periods.facility_mwh", each.facility_mwh),
            ]
        });
        let jobs = self
            .jobs
            .iter()
            .flat_map(|job| [("jobs.energy_mwh", Some(job.energy_mwh)), ("jobs.checkpoint_mwh", job.checkpoint_mwh)]);
        for (field, energy) in behind.chain(jobs) {
            if let Some(energy) = energy.filter(|energy| *energy < Micro::default()) {
                return Err(refused(event, field, &energy.to_string(), "must be at least 0", "MWh"));
            }
        }
        sources::check(event, &self.price_sources)?;
        let mut own = Vec::new();
        for each in &event.periods {
            own.push(each.period()?);
        }
        own.extend(&event.rebound_periods);
        for each in &self.periods {
            let period = SettlementPeriod::new(each.settlement_date, each.settlement_period)?;
            if !own.contains(&period) {
                let limit = "must be a period of event or rebound";
                return Err(refused(event, "periods", &period.to_string(), limit, ""));
            }
        }
        Ok(())
    }
}

fn refused(event: &Event, field: &str, value: &str, limit: &str, unit: &'static str) -> Error {
    event.refused(format!("evidence.{field}"), value, limit, unit)
}

/// What a Wh is claimed under: there is one such name for each meter, period and route, so that it is claimed once.
pub(super) fn claim_id(meter_id: &str, period: SettlementPeriod, route: Route) -> String {
    format!("{meter_id}/{}/{}/{}", period.settlement_date(), period.settlement_period(), route.name())
}
