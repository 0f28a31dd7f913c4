//! A conflict and what would mend it.

use crate::explain::Limit;
use crate::{Plan, SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Limits that cannot be kept together, and what would mend it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Conflict {
    /// Whether it is proved that no plan keeps all limits. If not, none was found.
    pub proved: bool,
    /// The limits in conflict. Where it is proved, giving up any single one of them ends the proof; else those that the
    /// repairs change.
    pub limits: Vec<ConflictLimit>,
    /// What would mend it, the smallest change first, each by itself.
    pub repairs: Vec<Repair>,
    /// The same in words.
    pub text: String,
}

/// A limit that takes part in a conflict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ConflictLimit {
    /// Which limit.
    pub limit: Limit,
    /// The region, cap, job, target or commitment.
    pub object: String,
    /// The same in words.
    pub text: String,
}

/// What a repair gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Currency {
    /// More carbon, kg.
    Kg,
    /// More IT or import power, or more of a power target, MW.
    Mw,
    /// Less of what is sold, MWh.
    Mwh,
    /// Later deadlines, periods.
    Periods,
    /// Some of each: no single one is enough.
    Mixed,
}

/// Changes that together mend a conflict: a plan that keeps every limit of the changed problem is known.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Repair {
    /// What it gives.
    pub currency: Currency,
    /// How much of it, in kg, MW, MWh or periods, all changes together; of a mixed repair the sum of its relative changes.
    pub amount: f64,
    /// No repair of this kind needs less; none where nothing is proved.
    pub at_least: Option<f64>,
    /// Each change as a part of what it changes, added up: a deadline's window, a limit, all that a
    /// commitment sells.
    pub relative: f64,
    /// What the known plan of the changed problem costs, GBP. A solve may find a cheaper one.
    pub cost_gbp: f64,
    /// The changes.
    pub changes: Vec<Change>,
    /// The same in words.
    pub text: String,
    /// The known plan; not part of the document.
    #[serde(skip)]
    pub plan: Option<Box<Plan>>,
}

/// One change of the problem document.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Change {
    /// The list in the problem document: `regions`, `jobs`, `carbon_caps`, `targets` or `commitments`.
    pub list: String,
    /// The id of the object in it.
    pub id: String,
    /// The field. `settlement_periods` of a commitment: it is given up in the one named.
    pub field: String,
    /// Which of a commitment's settlement periods changes; none elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settlement_period: Option<SettlementPeriod>,
    /// What is there; of a series the largest value.
    pub from: Setting,
    /// What must be there; every value of a series above zero is raised by as much as the largest, of a power target every
    /// value.
    pub to: Setting,
    /// The unit of the field: `mw`, `mw_per_min`, `kg`, `g_per_kwh`, `g_per_inference`, `frac`, or `utc` of a deadline.
    pub unit: String,
}

impl Change {
    /// A number that changes, of the whole object.
    pub(super) fn number(list: &str, id: &str, field: &str, [from, to]: [f64; 2], unit: &str) -> Self {
        Self {
            list: list.into(),
            id: id.into(),
            field: field.into(),
            settlement_period: None,
            from: Setting::Number(from),
            to: Setting::Number(to),
            unit: unit.into(),
        }
    }
}

/// A value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum Setting {
    /// A number in the unit of the field.
    Number(f64),
    /// A time.
    Time(Timestamp),
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(value) => value.fmt(f),
            Self::Time(instant) => instant.fmt(f),
        }
    }
}

impl fmt::Display for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
