//! The numbers of a baseline rule: configuration, because the rules change.

use serde::{Deserialize, Serialize};

/// Where the window of the in-day adjustment ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum WindowEnd {
    /// At gate closure of the first period of the event: an hour before it.
    GateClosure,
    /// At the start of the event.
    EventStart,
}

/// When a baseline of recent days is moved by what the same day was before the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum AdjustmentRule {
    /// Where there was an acceptance in the balancing mechanism; not for wholesale trading alone (P415).
    WhenBalancing,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The numbers of a baseline rule. The defaults are those of BL01 as known on 23 November 2026 (second-hand).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct BaselineParams {
    /// Calendar days before the event's day in which days are looked for.
    pub lookback_days: u16,
    /// Days of a working day's baseline.
    pub working_days: u8,
    /// Days of another day's baseline.
    pub other_days: u8,
    /// Fewer eligible working days than this are filled up with event days.
    pub working_floor: u8,
    /// The same for other days.
    pub other_floor: u8,
    /// Periods of the adjustment window.
    pub window_periods: u8,
    /// Where the window ends.
    pub window_end: WindowEnd,
    /// When the adjustment is made.
    pub adjustment: AdjustmentRule,
    /// Least factor of `ten_in_ten`, percent.
    pub factor_min_percent: u16,
    /// Largest factor of `ten_in_ten`, percent.
    pub factor_max_percent: u16,
}

impl Default for BaselineParams {
    fn default() -> Self {
        Self {
            lookback_days: 60,
            working_days: 10,
            other_days: 4,
            working_floor: 5,
            other_floor: 2,
            window_periods: 6,
            window_end: WindowEnd::GateClosure,
            adjustment: AdjustmentRule::WhenBalancing,
            factor_min_percent: 80,
            factor_max_percent: 120,
        }
    }
}
