//! The event: what was promised, on which route, at which price, against which baseline.

use super::evidence::EventEvidence;
use super::submission::{self, Submission};
use super::terms::Terms;
use super::{Micro, document};
use crate::flex::baseline::{BaselineParams, EventDay, NominatedPeriod};
pub use crate::problem::{Direction, Route};
use crate::{Error, Result, SettlementDate, SettlementPeriod};
use serde::{Deserialize, Serialize};

impl Direction {
    /// The sign of energy in this direction: turn-down is positive.
    pub(super) fn sign(self) -> i64 {
        match self {
            Self::Down => 1,
            Self::Up => -1,
        }
    }
}

/// Where the event happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Site {
    /// The site.
    pub site_id: String,
    /// The meter whose readings count, as in the meter file.
    pub meter_id: String,
    /// The unit it belongs to in settlement.
    #[serde(default)]
    pub bm_unit: Option<String>,
    /// The GSP group, `_A` to `_P`.
    #[serde(default)]
    pub gsp_group: Option<String>,
    /// Line loss factor to the boundary of settlement; none for 1.
    #[serde(default)]
    pub loss_factor: Option<Micro>,
}

/// Names that others gave to the event; never parsed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct References {
    /// Reference of a dispatch platform, at most 64 characters.
    pub obp_id: Option<String>,
    /// Unit at the system operator.
    pub neso_unit_id: Option<String>,
    /// Number of the acceptance in the balancing mechanism.
    pub boa_acceptance_number: Option<String>,
    /// Dispatch of a distribution operator.
    pub dso_dispatch_id: Option<String>,
    /// Transaction of the messages.
    pub transaction_id: Option<String>,
    /// The trading party.
    pub trading_party_id: Option<String>,
    /// The supplier of the site.
    pub supplier_id: Option<String>,
}

/// A period of the event with what was promised in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct EventPeriod {
    /// The day.
    pub settlement_date: SettlementDate,
    /// The period of the day.
    pub settlement_period: u8,
    /// Promised energy, MWh, in the direction of the event.
    pub committed_mwh: Micro,
    /// Price of the energy, GBP/MWh.
    pub price_gbp_per_mwh: Micro,
    /// Power held ready, MW (DSO).
    #[serde(default)]
    pub available_mw: Option<Micro>,
    /// Price of holding it ready, GBP for a MW and an hour.
    #[serde(default)]
    pub availability_price_gbp_per_mw_h: Option<Micro>,
    /// What the site would have used by its own plan without the event, MWh: the true reduction is against this.
    #[serde(default)]
    pub counterfactual_mwh: Option<Micro>,
}

/// Which baseline, with its data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BaselineTerms {
    /// The name of the method.
    pub method: String,
    /// The numbers of the rule; defaults as for BL01.
    #[serde(default)]
    pub params: BaselineParams,
    /// Days that do not count.
    #[serde(default)]
    pub event_days: Vec<EventDay>,
    /// Bank holidays beside those that are known.
    #[serde(default)]
    pub bank_holidays: Vec<SettlementDate>,
    /// For `nominated`.
    #[serde(default)]
    pub nominated: Vec<NominatedPeriod>,
    /// For `fixed`, MWh in each settlement period.
    #[serde(default)]
    pub fixed_mwh: Option<Micro>,
}

/// What the operation was, for unit costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Operations {
    /// Inferences that the baseline stands for, in the periods of event and rebound.
    pub inferences_before: Option<i64>,
    /// Inferences that were served in them.
    pub inferences_after: Option<i64>,
    /// Promises to users that were broken.
    pub sla_breaches: i64,
}

/// How the income is divided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Sharing {
    /// Part of the trading party's net income that goes to the site, 0 to 1. None: the site is the party.
    pub site_frac: Option<Micro>,
    /// Part of the site's income that goes to the Social Tariff Fund, 0 to 1.
    pub social_tariff_frac: Option<Micro>,
}

/// A flexibility event, the document `eca-event/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// Always `eca-event/1`.
    pub format: String,
    /// The name of the event.
    pub event_id: String,
    /// Where.
    pub site: Site,
    /// On which route.
    pub route: Route,
    /// Less or more consumption.
    #[serde(default)]
    pub direction: Direction,
    /// What was promised, in order of time.
    pub periods: Vec<EventPeriod>,
    /// Periods behind the event in which work is made up for; they are charged to the event.
    #[serde(default)]
    pub rebound_periods: Vec<SettlementPeriod>,
    /// What would have been used.
    pub baseline: BaselineTerms,
    /// Submissions to the market.
    #[serde(default)]
    pub submissions: Vec<Submission>,
    /// Money terms.
    #[serde(default)]
    pub terms: Terms,
    /// How income is divided.
    #[serde(default)]
    pub sharing: Sharing,
    /// Operation in the meantime.
    #[serde(default)]
    pub operations: Operations,
    /// Names that others gave.
    #[serde(default)]
    pub references: References,
    /// What an auditor asks for beside the figures; the record repeats it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<EventEvidence>,
}

impl EventPeriod {
    /// The period; the number was checked when the event was read.
    pub(super) fn period(&self) -> Result<SettlementPeriod> {
        SettlementPeriod::new(self.settlement_date, self.settlement_period)
    }
}

impl Event {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-event/1";

    /// Reads an event document and checks it.
    ///
    /// # Errors
    /// [`Error::Document`] for what is not of that form, [`Error::Value`] or [`Error::Time`] with the field for a value that
    /// cannot be: periods out of order or twice, a negative promise, a fraction above one.
    pub fn from_json(text: &str) -> Result<Self> {
        let event: Self = document::read_named(text)?;
        event.check()?;
        Ok(event)
    }

    /// The event as one line of JSON.
    ///
    /// # Errors
    /// [`Error::Internal`] never in practice.
    pub fn to_json(&self) -> Result<String> {
        document::write(self)
    }

    /// SHA-256 of the RFC 8785 bytes of the document.
    ///
    /// # Errors
    /// [`Error::Internal`] never in practice.
    pub fn hash(&self) -> Result<String> {
        document::hash(self)
    }

    /// A refused value of this event.
    pub(super) fn refused(
        &self,
        field: impl Into<String>,
        value: impl ToString,
        limit: &str,
        unit: &'static str,
    ) -> Error {
        let object = format!("event `{}`", self.event_id);
        Error::Value { object, field: field.into(), value: value.to_string(), limit: limit.to_owned(), unit }
    }

    fn check(&self) -> Result<()> {
        if self.format != Self::FORMAT {
            let message = format!("`{}` is not `{}`", self.format, Self::FORMAT);
            return Err(Error::Document { path: "format".into(), message });
        }
        if self.event_id.is_empty() {
            return Err(self.refused("event_id", "\"\"", "must not be empty", ""));
        }
        self.check_periods()?;
        self.check_fractions()?;
        self.check_counts()?;
        if let Some(period) = submission::foreign(&self.submissions, &self.periods) {
            return Err(self.refused("submissions.periods", period, "must be a period of the event", ""));
        }
        if self.references.obp_id.as_ref().is_some_and(|id| id.chars().count() > 64) {
            return Err(self.refused("references.obp_id", "a longer text", "must have at most 64 characters", ""));
        }
        if let Some(evidence) = &self.evidence {
            evidence.check(self)?;
        }
        let points = &self.terms.pay_factor;
        if points.windows(2).any(|pair| matches!(pair, [a, b] if a.delivered_frac >= b.delivered_frac)) {
            return Err(self.refused("terms.pay_factor", "corners", "must rise in delivered_frac", ""));
        }
        Ok(())
    }

    fn check_periods(&self) -> Result<()> {
        const MAX_MWH: i64 = 100_000_000_000;
        const MAX_PRICE: i64 = 100_000_000_000;
        if self.periods.is_empty() {
            return Err(self.refused("periods", "[]", "must have at least one period", ""));
        }
        let mut all = Vec::new();
        for (i, each) in self.periods.iter().enumerate() {
            all.push(each.period()?);
            let (energy, price) = (each.committed_mwh.millionths(), each.price_gbp_per_mwh.millionths());
            if !(0..=MAX_MWH).contains(&energy) {
                let limit = "must be from 0 to 100000; direction says which way";
                return Err(self.refused(format!("periods[{i}].committed_mwh"), each.committed_mwh, limit, "MWh"));
            }
            if price.abs() > MAX_PRICE {
                let limit = "must be from -100000 to 100000";
                return Err(self.refused(
                    format!("periods[{i}].price_gbp_per_mwh"),
                    each.price_gbp_per_mwh,
                    limit,
                    "GBP/MWh",
                ));
            }
            if each.available_mw.is_some_and(|mw| !(0..=MAX_MWH).contains(&mw.millionths())) {
                return Err(self.refused(format!("periods[{i}].available_mw"), "it", "must be from 0 to 100000", "MW"));
            }
        }
        all.extend(&self.rebound_periods);
        if let Some(pair) = all.windows(2).find(|pair| pair[0] >= pair[1]) {
            let limit = "must be behind the period before it: periods in order of time, rebound after the event";
            return Err(self.refused("periods", pair[1], limit, ""));
        }
        Ok(())
    }

    fn check_counts(&self) -> Result<()> {
        let told = &self.operations;
        let counts = [
            ("operations.inferences_before", told.inferences_before.unwrap_or(0)),
            ("operations.inferences_after", told.inferences_after.unwrap_or(0)),
            ("operations.sla_breaches", told.sla_breaches),
        ];
        match counts.into_iter().find(|(_, count)| *count < 0) {
            Some((field, count)) => Err(self.refused(field, count, "must be at least 0", "")),
            None => Ok(()),
        }
    }

    fn check_fractions(&self) -> Result<()> {
        let fractions = [
            ("sharing.site_frac", self.sharing.site_frac),
            ("sharing.social_tariff_frac", self.sharing.social_tariff_frac),
            ("terms.supplier_final_demand_frac", self.terms.supplier_final_demand_frac),
        ];
        let points = self.terms.pay_factor.iter().map(|point| ("terms.pay_factor.paid_frac", Some(point.paid_frac)));
        for (field, value) in fractions.into_iter().chain(points) {
            if let Some(value) = value.filter(|value| !(Micro::default()..=Micro::ONE).contains(value)) {
                return Err(self.refused(field, value, "must be from 0 to 1", ""));
            }
        }
        let loss = self.site.loss_factor.unwrap_or(Micro::ONE);
        if !(500_000..=2_000_000).contains(&loss.millionths()) {
            return Err(self.refused("site.loss_factor", loss, "must be from 0.5 to 2", ""));
        }
        Ok(())
    }
}
