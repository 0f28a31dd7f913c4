//! How the loop runs.

use crate::mpc::ControllerSettings;
use crate::signal::GapPolicy;

/// How the loop runs. Growth is by field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LiveSettings {
    /// Nothing is acted on; true by default.
    pub shadow: bool,
    /// How each plan is made.
    pub controller: ControllerSettings,
    /// Periods that each plan looks ahead; 48 by default.
    pub view_periods: usize,
    /// What happens to gaps in prices and carbon; held for at most 4 periods by default.
    pub gaps: GapPolicy,
    /// Oldest signals that are planned with, minutes; 180 by default.
    pub max_signal_age_min: i64,
    /// Oldest readings that are planned with, s; 120 by default.
    pub max_reading_age_s: i64,
    /// Time that a job has for its checkpoint, s; 600 by default.
    pub grace_s: u32,
    /// Most new commands to jobs in one tick; 100 by default. The rest follows in the next ones.
    pub max_actions_per_tick: usize,
    /// Prices outside these are no prices, GBP/MWh; -500 to 6000 by default.
    pub price_limits_gbp_per_mwh: (f64, f64),
    /// Carbon above this is none, g/kWh; 2000 by default.
    pub carbon_limit_g_per_kwh: f64,
    /// Part of its power capacity by which a battery may miss its set point; 0.05 by default.
    pub follow_tolerance_frac: f64,
    /// Ticks in a row after which a battery that misses it is no longer used; 2 by default.
    pub follow_ticks: u32,
}

impl Default for LiveSettings {
    fn default() -> Self {
        let mut controller = ControllerSettings::default();
        controller.solve.references = false;
        Self {
            shadow: true,
            controller,
            view_periods: 48,
            gaps: GapPolicy::Hold { max_periods: 4 },
            max_signal_age_min: 180,
            max_reading_age_s: 120,
            grace_s: 600,
            max_actions_per_tick: 100,
            price_limits_gbp_per_mwh: (-500.0, 6000.0),
            carbon_limit_g_per_kwh: 2000.0,
            follow_tolerance_frac: 0.05,
            follow_ticks: 2,
        }
    }
}

impl LiveSettings {
    /// Sets whether nothing is acted on.
    #[must_use]
    pub fn shadow(mut self, shadow: bool) -> Self {
        self.shadow = shadow;
        self
    }

    /// Sets the periods that each plan looks ahead.
    #[must_use]
    pub fn view_periods(mut self, view_periods: usize) -> Self {
        self.view_periods = view_periods;
        self
    }
}
