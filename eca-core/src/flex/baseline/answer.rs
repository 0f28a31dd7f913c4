//! What a baseline says of itself: all that is needed to compute it again.

use super::{BaselineParams, DayClass};
use crate::{SettlementDate, SettlementPeriod};
use serde::{Deserialize, Serialize};

/// A baseline with the way it came about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Answer {
    /// The name of the method.
    pub method: String,
    /// The numbers of the rule.
    pub params: BaselineParams,
    /// The days behind each day of the question; empty for methods that use none.
    pub days: Vec<DaySet>,
    /// How the same day moved it, where it did.
    pub adjustment: Option<Adjustment>,
    /// One entry for each period of the question, in order.
    pub periods: Vec<PeriodBaseline>,
}

/// The days that stand for one day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DaySet {
    /// The day they stand for.
    pub settlement_date: SettlementDate,
    /// Its class.
    pub class: DayClass,
    /// The days used, the most recent first.
    pub used: Vec<SettlementDate>,
    /// Those of them that are event days, used for want of others.
    pub event_days_used: Vec<SettlementDate>,
    /// Days of the class that were passed over.
    pub excluded: Vec<Excluded>,
}

/// A day that was passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Excluded {
    /// The day.
    pub settlement_date: SettlementDate,
    /// Why.
    pub reason: WhyExcluded,
}

/// Why a day was passed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WhyExcluded {
    /// An event day.
    EventDay,
    /// It has 46 or 50 periods.
    ClockChange,
    /// Readings do not cover the periods that count.
    MissingData,
    /// Among the highest by energy in the event.
    Highest,
    /// Among the lowest by energy in the event.
    Lowest,
}

/// How the same day before the event moved a baseline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    /// The periods looked at.
    pub window: Vec<SettlementPeriod>,
    /// What was metered in them, Wh.
    pub metered_wh: i64,
    /// What the unadjusted baseline has in them, Wh.
    pub unadjusted_wh: i64,
    /// Added to each period, Wh: the mean difference in the window.
    pub added_wh: i64,
    /// Multiplied with each period, where the method multiplies.
    pub factor: Option<Factor>,
}

/// A factor as a fraction of whole numbers, so that nothing is rounded in between.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Factor {
    /// Above the line.
    pub numerator: i64,
    /// Below the line, positive.
    pub denominator: i64,
}

/// The baseline of one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct PeriodBaseline {
    /// The period.
    #[serde(flatten)]
    pub period: SettlementPeriod,
    /// Before the adjustment, Wh; import counts as positive.
    pub unadjusted_wh: i64,
    /// The baseline, Wh.
    pub baseline_wh: i64,
}
