//! What a price ladder is asked for.

use crate::problem::{Direction, RegionId, Route, Series};
use crate::{Error, Result, SettlementPeriod};
use serde::{Deserialize, Serialize};

/// A quantile of how far import may be from its plan, for reasons that no plan changes.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ImportError {
    /// The quantile, above 0 and below 1.
    pub quantile: f64,
    /// Actual import less planned import at that quantile, MW.
    pub mw: f64,
}

/// A request for prices of flexibility (`eca-offer-request/1`): how many MW, for how long, against which baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct OfferRequest {
    /// Always `eca-offer-request/1`.
    pub format: String,
    /// The region whose import is metered.
    pub region: RegionId,
    /// Where it would be sold.
    pub route: Route,
    /// Less import or more; this version prices turn-down.
    #[serde(default)]
    pub direction: Direction,
    /// The settlement periods of the longest offer, in order.
    pub settlement_periods: Vec<SettlementPeriod>,
    /// The powers of the ladder, MW; every offer has one of them in all of its periods.
    pub mw: Vec<f64>,
    /// How many of the settlement periods the offers have, counted from the first. None: all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lengths: Option<Vec<usize>>,
    /// What would have been imported, MW: one value, or one for each of the settlement periods. None: what the plan without
    /// the offer imports.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub baseline_mw: Option<Series>,
    /// Least power of the product, MW.
    #[serde(default)]
    pub min_mw: f64,
    /// Seconds from the start of the horizon to the first period that the buyer gives at least.
    #[serde(default)]
    pub notice_s: f64,
    /// Minutes in which a fall of import takes effect, in a straight line; 0 to 30.
    #[serde(default)]
    pub ramp_min: f64,
    /// Settlement periods before gate closure of the first one by whose import the baseline is adjusted: a plan with an offer
    /// imports no more there than one without. 6 for an acceptance in the balancing mechanism under BL01; 0: none.
    #[serde(default)]
    pub guard_settlement_periods: u8,
    /// How many event days there may be before a baseline has too few others, as `Upkeep::event_days_left` counts them. None:
    /// not looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_days_left: Option<u16>,
    /// What is earned on top of all cost, GBP/MWh.
    #[serde(default)]
    pub margin_gbp_per_mwh: f64,
    /// What is owed to the supplier for each MWh, GBP/MWh: a direct compensation regime.
    #[serde(default)]
    pub compensation_gbp_per_mwh: f64,
    /// Price expected for what is sold and missing, GBP/MWh.
    #[serde(default)]
    pub shortfall_gbp_per_mwh: f64,
    /// How far import may be from its plan; empty: delivery is taken as certain as the plan, and no probability is stated.
    #[serde(default)]
    pub import_error_mw: Vec<ImportError>,
    /// Least probability of full delivery with which an offer is priced, 0 to 1.
    #[serde(default)]
    pub least_probability_frac: f64,
}

impl OfferRequest {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-offer-request/1";

    /// Offers of `mw` in all of `settlement_periods`, against the plan without them.
    #[must_use]
    pub fn new(
        region: impl Into<RegionId>,
        route: Route,
        settlement_periods: impl IntoIterator<Item = SettlementPeriod>,
        mw: impl IntoIterator<Item = f64>,
    ) -> Self {
        Self {
            format: Self::FORMAT.into(),
            region: region.into(),
            route,
            direction: Direction::Down,
            settlement_periods: settlement_periods.into_iter().collect(),
            mw: mw.into_iter().collect(),
            lengths: None,
            baseline_mw: None,
            min_mw: 0.0,
            notice_s: 0.0,
            ramp_min: 0.0,
            guard_settlement_periods: 0,
            event_days_left: None,
            margin_gbp_per_mwh: 0.0,
            compensation_gbp_per_mwh: 0.0,
            shortfall_gbp_per_mwh: 0.0,
            import_error_mw: Vec::new(),
            least_probability_frac: 0.0,
        }
    }

    /// Reads a request document.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of what is not of the expected form.
    pub fn from_json(text: &str) -> Result<Self> {
        crate::problem::read_object(text)
    }

    /// Refuses what no ladder can be made for.
    pub(super) fn check(&self) -> Result<()> {
        if self.format != Self::FORMAT {
            let message = format!("`{}` is not `{}`", self.format, Self::FORMAT);
            return Err(Error::Document { path: "format".into(), message });
        }
        if self.direction == Direction::Up {
            return Err(Error::Unsupported {
                object: "offer request".into(),
                feature: "direction",
                reason: "this version prices turn-down only".into(),
            });
        }
        if self.mw.is_empty() {
            return Err(refuse("mw", 0.0, "must have at least one power", "MW"));
        }
        let all = self.settlement_periods.len();
        for &length in self.lengths.iter().flatten() {
            if !(1..=all).contains(&length) {
                #[allow(clippy::cast_precision_loss)]
                let given = length as f64;
                return Err(refuse("lengths", given, &format!("must be 1 to {all}"), "settlement periods"));
            }
        }
        let numbers = [
            ("min_mw", self.min_mw, "MW"),
            ("notice_s", self.notice_s, "s"),
            ("margin_gbp_per_mwh", self.margin_gbp_per_mwh, "GBP/MWh"),
            ("compensation_gbp_per_mwh", self.compensation_gbp_per_mwh, "GBP/MWh"),
            ("shortfall_gbp_per_mwh", self.shortfall_gbp_per_mwh, "GBP/MWh"),
        ];
        let powers = self.mw.iter().map(|&mw| ("mw", mw, "MW"));
        for (field, value, unit) in numbers.into_iter().chain(powers) {
            if !(value.is_finite() && value >= 0.0) {
                return Err(refuse(field, value, "must be a number of at least 0", unit));
            }
        }
        if !(0.0..=1.0).contains(&self.least_probability_frac) {
            return Err(refuse("least_probability_frac", self.least_probability_frac, "must be 0 to 1", ""));
        }
        let mut before = ImportError { quantile: 0.0, mw: f64::NEG_INFINITY };
        for error in &self.import_error_mw {
            let rises = error.quantile > before.quantile && error.quantile < 1.0 && error.mw >= before.mw;
            if !(rises && error.mw.is_finite()) {
                let limit = "must rise, quantiles above 0 and below 1, and powers must not fall";
                return Err(refuse("import_error_mw", error.quantile, limit, ""));
            }
            before = *error;
        }
        Ok(())
    }
}

fn refuse(field: &str, value: f64, limit: &str, unit: &'static str) -> Error {
    Error::Value {
        object: "offer request".into(),
        field: field.into(),
        value: value.to_string(),
        limit: limit.into(),
        unit,
    }
}
