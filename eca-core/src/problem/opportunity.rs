//! Opportunities: flexibility that may be sold, and what a plan would owe for it.

use super::setters::setters;
use super::{BaselineGuard, Commitment, Direction, OpportunityId, Penalty, Rebound, RegionId, Route, Series};
use crate::SettlementPeriod;
use serde::{Deserialize, Serialize};

/// The least step of power, MW: one kWh in a settlement period, to which sold energy is rounded (E0041 has three places).
pub(crate) const LEAST_STEP_MW: f64 = 0.002;

/// A buyer's offer to pay for flexibility, which a plan takes where that pays, or leaves.
///
/// What is taken is delivered in full by the plan that takes it, at the price offered; a shortfall is not planned for. A plan
/// takes nothing where that would break a promise to users, a commitment or a strict carbon cap further than leaving it.
/// [`crate::Problem::accept`] turns what was taken into commitments.
///
/// Series have one value, or one for each of `settlement_periods`.
///
/// ```
/// use eca_core::{Opportunity, Route, SettlementPeriod};
/// let evening = [35, 36].map(|k| SettlementPeriod::new("2026-02-19".parse().unwrap(), k).unwrap());
/// let opportunity =
///     Opportunity::new("event", Route::DsoFlex, "london", evening, 5.0, 12.0).price_gbp_per_mwh(500.0).min_mw(1.0);
/// assert_eq!((opportunity.min_mw, opportunity.max_mw, opportunity.divisible), (1.0, 5.0, false));
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Opportunity {
    /// Name of the opportunity; no commitment has the same.
    pub id: OpportunityId,
    /// Where it is sold.
    pub route: Route,
    /// Less import or more.
    #[serde(default)]
    pub direction: Direction,
    /// The region whose import is metered.
    pub region: RegionId,
    /// The settlement periods that are wanted, in order.
    pub settlement_periods: Vec<SettlementPeriod>,
    /// What is paid, GBP/MWh.
    #[serde(default)]
    pub price_gbp_per_mwh: Series,
    /// Least power that may be sold, MW.
    #[serde(default)]
    pub min_mw: f64,
    /// Most power that may be sold, MW.
    pub max_mw: f64,
    /// Power is sold in steps of so much, MW: 0.002 or a multiple of it.
    #[serde(default = "least_step_mw")]
    pub step_mw: f64,
    /// Whether each settlement period may be taken or left, at a power of its own. Else all are taken at one power, or none.
    #[serde(default)]
    pub divisible: bool,
    /// What the site would have imported, MW: a number from outside that no plan changes.
    pub baseline_mw: Series,
    /// Power kept back, MW: `z * sigma` of what import may be above its plan, so that what is sold comes with the probability
    /// of that quantile.
    #[serde(default)]
    pub risk_margin_mw: Series,
    /// What a shortfall costs once it is sold.
    #[serde(default)]
    pub penalty: Penalty,
    /// Minutes in which a change of import takes effect, in a straight line; 0 to 30.
    #[serde(default)]
    pub ramp_min: f64,
    /// Notice that the site needs before a settlement period starts, s from the start of the horizon. Wholesale is sold until the
    /// gate closes, whatever is said here.
    #[serde(default)]
    pub notice_s: f64,
    /// Shortest call of a divisible one, settlement periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min_call_periods: Option<u32>,
    /// Longest call of a divisible one, settlement periods.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_call_periods: Option<u32>,
    /// Settlement periods of rest after a call of a divisible one.
    #[serde(default)]
    pub recovery_periods: u32,
    /// Most calls of a divisible one that start in a settlement day.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_calls_per_day: Option<u32>,
    /// Most calls of a divisible one that start in a week from Monday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_calls_per_week: Option<u32>,
    /// Settlement periods of its contract that are called already, before the horizon or in it, in order: they count as calls, and
    /// are not on offer. Only of a divisible one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub called: Vec<SettlementPeriod>,
    /// Most settlement days that what is taken at the meter may make event days, so that its baseline keeps the days it wants
    /// ([`crate::flex::baseline::Upkeep::event_days_left`]). Days with a commitment at the meter are event days already.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_days_left: Option<u32>,
    /// Of all opportunities with the same name here, at most one is taken in a settlement period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exclusive_group: Option<String>,
    /// Import before the event that the baseline is adjusted by, and what it may be where this is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<BaselineGuard>,
    /// How much of what is taken may come back after it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebound: Option<Rebound>,
    /// Minutes between readings of the meter that proves it. One that does not divide a settlement period proves nothing:
    /// nothing is taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub meter_interval_min: Option<u32>,
    /// A reference of the buyer, at most 64 characters, never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obp_id: Option<String>,
}

fn least_step_mw() -> f64 {
    LEAST_STEP_MW
}

impl Opportunity {
    /// Up to `max_mw` below `baseline_mw`, all of the settlement periods or none.
    #[must_use]
    pub fn new(
        id: impl Into<OpportunityId>,
        route: Route,
        region: impl Into<RegionId>,
        settlement_periods: impl IntoIterator<Item = SettlementPeriod>,
        max_mw: f64,
        baseline_mw: impl Into<Series>,
    ) -> Self {
        Self {
            id: id.into(),
            route,
            direction: Direction::Down,
            region: region.into(),
            settlement_periods: settlement_periods.into_iter().collect(),
            price_gbp_per_mwh: Series::default(),
            min_mw: 0.0,
            max_mw,
            step_mw: LEAST_STEP_MW,
            divisible: false,
            baseline_mw: baseline_mw.into(),
            risk_margin_mw: Series::default(),
            penalty: Penalty::default(),
            ramp_min: 0.0,
            notice_s: 0.0,
            min_call_periods: None,
            max_call_periods: None,
            recovery_periods: 0,
            max_calls_per_day: None,
            max_calls_per_week: None,
            called: Vec::new(),
            event_days_left: None,
            exclusive_group: None,
            guard: None,
            rebound: None,
            meter_interval_min: None,
            obp_id: None,
        }
    }

    /// Reads one opportunity, as it stands in a problem document.
    ///
    /// # Errors
    /// [`crate::Error::Document`] with the path of what is not of the expected form.
    pub fn from_json(text: &str) -> crate::Result<Self> {
        super::read_object(text)
    }

    /// What it becomes when these powers of its settlement periods are sold, MW; none where nothing is.
    #[must_use]
    pub fn commitment(&self, committed_mw: &[f64]) -> Option<Commitment> {
        let taken: Vec<usize> = (0..self.settlement_periods.len().min(committed_mw.len()))
            .filter(|&i| committed_mw.get(i).is_some_and(|&mw| mw > 0.0))
            .collect();
        if taken.is_empty() {
            return None;
        }
        let of = |series: &Series| Series::Values(taken.iter().map(|&i| series.at(i)).collect());
        let penalty =
            Penalty { price_gbp_per_mwh: self.penalty.price_gbp_per_mwh.as_ref().map(of), ..self.penalty.clone() };
        let sold: Vec<f64> = taken.iter().map(|&i| committed_mw[i]).collect();
        let periods = taken.iter().map(|&i| self.settlement_periods[i]);
        let base =
            Commitment::new(self.id.as_str(), self.route, self.region.clone(), periods, sold, of(&self.baseline_mw));
        Some(Commitment {
            direction: self.direction,
            price_gbp_per_mwh: of(&self.price_gbp_per_mwh),
            penalty,
            ramp_min: self.ramp_min,
            guard: self.guard.clone(),
            rebound: self.rebound.clone(),
            obp_id: self.obp_id.clone(),
            ..base
        })
    }
}

setters!(Opportunity {
    direction: Direction,
    price_gbp_per_mwh: into Series,
    min_mw: f64,
    step_mw: f64,
    divisible: bool,
    risk_margin_mw: into Series,
    penalty: Penalty,
    ramp_min: f64,
    notice_s: f64,
    recovery_periods: u32,
    min_call_periods: into Option<u32>,
    max_call_periods: into Option<u32>,
    max_calls_per_day: into Option<u32>,
    max_calls_per_week: into Option<u32>,
    called: into Vec<SettlementPeriod>,
    event_days_left: into Option<u32>,
    exclusive_group: into Option<String>,
    guard: into Option<BaselineGuard>,
    rebound: into Option<Rebound>,
    meter_interval_min: into Option<u32>
});
