//! How a controller plans.

use super::Risk;
use crate::Settings;

/// How a controller plans.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ControllerSettings {
    /// How each plan is solved: engine, gap, time limit.
    pub solve: Settings,
    /// Periods beyond the first one whose commands are sent out ahead and stay as they are; 0 by default.
    pub committed_periods: usize,
    /// Nothing is acted on: a step proposes actions and returns none. False by default.
    pub shadow: bool,
    /// What is done about forecasts that may be wrong; by default they are taken as they are.
    pub risk: Risk,
}
