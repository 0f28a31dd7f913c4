//! The evidence of a record: everything that its figures rest on and that is not a figure itself, in whole units.

use super::event::Event;
use super::evidence::{
    CarbonEvidence, Contract, Decision, EventEvidence, JobMoved, MessageReference, MeterPoint, claim_id,
};
use super::record::{CarbonTotals, CustomerTotals, PeriodRecord, ReboundRecord, Totals};
use super::sources::{DayNotice, PartyRole, PriceSource};
use super::submission::{Flow, Status, Submission, in_force, latest};
use super::terms::Regime;
use super::workings::Workings;
use super::{Micro, PriceTable, SettlementRun, Volumes, divided, sum};
use crate::flex::baseline::Answer;
use crate::{Result, SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};

/// The files that were settled from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Inputs {
    /// SHA-256 of the bytes of the meter file; none where volumes came from no file.
    pub meters_sha256: Option<String>,
    /// SHA-256 of the bytes of the price file.
    pub prices_sha256: Option<String>,
    /// Readings that arrived later were left out.
    pub as_of: Option<Timestamp>,
}

/// A submission to the market for one period, as it stood when the event was settled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct SubmissionRecord {
    /// The period.
    #[serde(flatten)]
    pub period: SettlementPeriod,
    /// Which one.
    pub flow: Flow,
    /// The instant before which it had to be sent.
    pub due: Timestamp,
    /// The volume in its file, MWh, with the sign and the places of the flow; a notification of activity has none.
    pub volume_mwh: Option<String>,
    /// How far it is; none where it is not in the list.
    pub status: Option<Status>,
    /// When it was sent.
    pub sent_at: Option<Timestamp>,
    /// Name of the file.
    pub file_id: Option<String>,
    /// Sequence number of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
    /// Why it was turned down.
    pub reason: Option<String>,
    /// Whether it counts: accepted, and sent in time.
    pub in_force: bool,
}

/// What the figures of a period rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct PeriodEvidence {
    /// The period.
    #[serde(flatten)]
    pub period: SettlementPeriod,
    /// The name under which its energy is claimed, once.
    pub claim_id: String,
    /// When its gate closed.
    pub gate_closure: Timestamp,
    /// Offered, Wh.
    pub offered_wh: Option<i64>,
    /// Accepted by the buyer, Wh.
    pub accepted_wh: Option<i64>,
    /// Delivered beyond what was promised, Wh.
    pub over_delivered_wh: i64,
    /// Length of the longest reading in it, s; none where there is none.
    pub metering_interval_s: Option<i64>,
    /// Price of the energy sold, µGBP/MWh.
    pub price_ugbp_per_mwh: i64,
    /// Power held ready, W.
    pub available_w: Option<i64>,
    /// Price of holding it ready, µGBP for a MW and an hour.
    pub availability_price_ugbp_per_mw_h: Option<i64>,
    /// Imbalance price, µGBP/MWh.
    pub system_price_ugbp_per_mwh: Option<i64>,
    /// Price of import, µGBP/MWh.
    pub import_price_ugbp_per_mwh: Option<i64>,
    /// Network charge of import, µGBP/MWh.
    pub network_charge_ugbp_per_mwh: Option<i64>,
    /// Regime of supplier compensation.
    pub regime: Regime,
    /// Its price, µGBP/MWh; none without a regime.
    pub supplier_compensation_price_ugbp_per_mwh: Option<i64>,
    /// Average intensity, µg/kWh.
    pub carbon_ug_per_kwh: Option<i64>,
    /// Average intensity as it was forecast when the event was decided, µg/kWh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast_carbon_ug_per_kwh: Option<i64>,
    /// Marginal intensity, µg/kWh.
    pub marginal_carbon_ug_per_kwh: Option<i64>,
    /// In store at the start, Wh.
    pub soc_before_wh: Option<i64>,
    /// In store at the end, Wh.
    pub soc_after_wh: Option<i64>,
    /// Given by storage, Wh.
    pub discharge_wh: Option<i64>,
    /// Energy of the computers, Wh.
    pub it_wh: Option<i64>,
    /// Energy of the whole facility, Wh.
    pub facility_wh: Option<i64>,
}

/// What stands behind a record. What a person told stands as it was told; decimals are texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Evidence {
    /// Name of the record: event and run.
    pub record_id: String,
    /// The files.
    pub inputs: Inputs,
    /// The metering point.
    pub meter_point: MeterPoint,
    /// Line loss factor to the boundary of settlement, millionths.
    pub loss_factor_micro: i64,
    /// The contract.
    pub contract: Contract,
    /// Its messages.
    pub messages: Vec<MessageReference>,
    /// Submissions by period: all four of a wholesale sale, of other routes those in the list.
    pub submissions: Vec<SubmissionRecord>,
    /// Document and version of the baseline's method.
    pub baseline_document: Option<String>,
    /// Periods of the event.
    pub periods: Vec<PeriodEvidence>,
    /// Jobs that made room.
    pub jobs: Vec<JobMoved>,
    /// Promises to users that were broken.
    pub sla_breaches: i64,
    /// Energy of the computers in the event, Wh; none where a period does not say.
    pub it_wh: Option<i64>,
    /// Energy of the facility in the event, Wh; none where a period does not say.
    pub facility_wh: Option<i64>,
    /// How the two hang together.
    pub pue_model: Option<String>,
    /// The model that inferences were served with.
    pub model_id: Option<String>,
    /// What one inference is.
    pub inference_definition: Option<String>,
    /// Income that stays with the trading party, µGBP.
    pub retained_ugbp: i64,
    /// Cost of a million inferences without the event, µGBP.
    pub cost_before_ugbp_per_million_inferences: Option<i64>,
    /// Cost of a million inferences with it, µGBP.
    pub cost_after_ugbp_per_million_inferences: Option<i64>,
    /// Carbon.
    pub carbon: CarbonEvidence,
    /// The plan.
    pub decision: Decision,
    /// In which role the trading party acts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trading_party_role: Option<PartyRole>,
    /// Where prices and intensities come from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub price_sources: Vec<PriceSource>,
    /// Declarations of event days.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_days: Vec<DayNotice>,
    /// What every figure is computed from; none in records of versions that did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workings: Option<Workings>,
}

/// What the evidence of an event is made from.
pub(super) struct Settled<'a> {
    pub(super) event: &'a Event,
    pub(super) run: SettlementRun,
    pub(super) volumes: &'a Volumes,
    pub(super) prices: &'a PriceTable,
    pub(super) baseline: &'a Answer,
    pub(super) periods: &'a [PeriodRecord],
    pub(super) rebound: &'a [ReboundRecord],
    pub(super) totals: &'a Totals,
    pub(super) customer: Option<&'a CustomerTotals>,
    pub(super) carbon: &'a CarbonTotals,
}

impl Settled<'_> {
    pub(super) fn evidence(&self) -> Result<Evidence> {
        let event = self.event;
        let told = event.evidence.clone().unwrap_or_default();
        let periods = self.periods.iter().zip(&event.periods);
        let periods: Vec<PeriodEvidence> =
            periods.map(|(each, terms)| self.period(&told, each, terms)).collect::<Result<_>>()?;
        let all = |of: fn(&PeriodEvidence) -> Option<i64>| {
            let parts: Option<Vec<i64>> = periods.iter().map(of).collect();
            parts.map(|parts| sum(parts, "energy behind the meter")).transpose()
        };
        let each = |cost: Option<i64>, count: Option<i64>| {
            let (cost, count) = (cost?, count.filter(|count| *count > 0)?);
            i64::try_from(divided(i128::from(cost) * 1_000_000, count.into())).ok()
        };
        let customer = self.customer;
        let workings = Some(self.workings(&told)?);
        Ok(Evidence {
            record_id: format!("{}/{}", event.event_id, self.run),
            inputs: Inputs {
                meters_sha256: self.volumes.source_sha256().map(str::to_owned),
                prices_sha256: self.prices.source_sha256().map(str::to_owned),
                as_of: self.volumes.as_of(),
            },
            loss_factor_micro: event.site.loss_factor.unwrap_or(Micro::ONE).millionths(),
            submissions: self.submissions(),
            it_wh: all(|each| each.it_wh)?,
            facility_wh: all(|each| each.facility_wh)?,
            periods,
            sla_breaches: event.operations.sla_breaches,
            retained_ugbp: self.totals.cash_ugbp - self.totals.site_ugbp,
            cost_before_ugbp_per_million_inferences: each(
                customer.map(|site| site.cost_before_ugbp),
                customer.and_then(|site| site.inferences_before),
            ),
            cost_after_ugbp_per_million_inferences: each(
                customer.map(|site| site.cost_after_ugbp),
                customer.and_then(|site| site.inferences_after),
            ),
            meter_point: told.meter_point,
            contract: told.contract,
            messages: told.messages,
            baseline_document: told.baseline_document,
            jobs: told.jobs,
            pue_model: told.pue_model,
            model_id: told.model_id,
            inference_definition: told.inference_definition,
            carbon: told.carbon,
            decision: told.decision,
            trading_party_role: told.trading_party_role,
            price_sources: told.price_sources,
            event_days: told.event_days,
            workings,
        })
    }

    fn period(&self, told: &EventEvidence, each: &PeriodRecord, terms: &super::EventPeriod) -> Result<PeriodEvidence> {
        let (event, period) = (self.event, each.period);
        let row = self.prices.get(period);
        let behind = told.behind(period);
        let date = period.settlement_date();
        let regime = event.terms.regime(event.route, date);
        let price = match regime {
            Regime::None => None,
            _ => Some(event.terms.compensation_price(&event.event_id, date)?),
        };
        let wh = |of: fn(&super::evidence::PeriodBehind) -> Option<Micro>| behind.and_then(of).map(Micro::millionths);
        Ok(PeriodEvidence {
            period,
            claim_id: claim_id(&event.site.meter_id, period, event.route),
            gate_closure: period.gate_closure(),
            offered_wh: wh(|behind| behind.offered_mwh),
            accepted_wh: wh(|behind| behind.accepted_mwh),
            over_delivered_wh: (each.delivered_wh - each.committed_wh).max(0),
            metering_interval_s: self.volumes.interval_s(period),
            price_ugbp_per_mwh: terms.price_gbp_per_mwh.millionths(),
            available_w: terms.available_mw.map(Micro::millionths),
            availability_price_ugbp_per_mw_h: terms.availability_price_gbp_per_mw_h.map(Micro::millionths),
            system_price_ugbp_per_mwh: row.system_price_gbp_per_mwh.map(Micro::millionths),
            import_price_ugbp_per_mwh: row.import_price_gbp_per_mwh.map(Micro::millionths),
            network_charge_ugbp_per_mwh: row.network_charge_gbp_per_mwh.map(Micro::millionths),
            regime,
            supplier_compensation_price_ugbp_per_mwh: price.map(Micro::millionths),
            carbon_ug_per_kwh: row.carbon_g_per_kwh.map(Micro::millionths),
            marginal_carbon_ug_per_kwh: row.marginal_carbon_g_per_kwh.map(Micro::millionths),
            forecast_carbon_ug_per_kwh: wh(|behind| behind.forecast_carbon_g_per_kwh),
            soc_before_wh: wh(|behind| behind.soc_before_mwh),
            soc_after_wh: wh(|behind| behind.soc_after_mwh),
            discharge_wh: wh(|behind| behind.discharge_mwh),
            it_wh: wh(|behind| behind.it_mwh),
            facility_wh: wh(|behind| behind.facility_mwh),
        })
    }

    fn submissions(&self) -> Vec<SubmissionRecord> {
        let flows = || Flow::ALL.into_iter().filter(|flow| self.event.has(*flow));
        let each = self.periods.iter().flat_map(|period| flows().map(move |flow| (period, flow)));
        each.map(|(each, flow)| {
            let wh = match flow {
                Flow::Wman => 0,
                Flow::Ecvn => self.event.direction.sign() * each.committed_wh,
                Flow::Sev => each.baseline_wh,
                Flow::DeliveredVolume => each.deviation_wh,
            };
            SubmissionRecord::of(&self.event.submissions, each.period, flow, Some(wh))
        })
        .collect()
    }
}

impl SubmissionRecord {
    /// How a flow of a list stands for a period, with the volume where it is known.
    pub(super) fn of(list: &[Submission], period: SettlementPeriod, flow: Flow, wh: Option<i64>) -> Self {
        let last = latest(list, flow, period);
        Self {
            period,
            flow,
            due: flow.due(period),
            volume_mwh: wh.and_then(|wh| flow.volume_mwh(wh)),
            status: last.map(|submission| submission.status),
            sent_at: last.and_then(|submission| submission.sent_at),
            file_id: last.and_then(|submission| submission.file_id.clone()),
            sequence: last.and_then(|submission| submission.sequence),
            reason: last.and_then(|submission| submission.reason.clone()),
            in_force: in_force(list, flow, period).is_ok(),
        }
    }
}
