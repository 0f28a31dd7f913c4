//! How the loop runs.

use crate::mpc::ControllerSettings;
use crate::signal::GapPolicy;
use crate::{Error, Result};
use serde::Deserialize;

/// How the loop runs. Growth is by field.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct LiveSettings {
    /// Nothing is acted on; true by default.
    pub shadow: bool,
    /// How each plan is made.
    pub controller: ControllerSettings,
    /// Periods that each plan looks ahead, up to twice as many where a known job is due later; 48 by default.
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

/// What a document may say; everything may be left out.
#[derive(Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Given {
    shadow: Option<bool>,
    controller: Option<serde_json::Value>,
    view_periods: Option<usize>,
    hold_periods: Option<usize>,
    max_signal_age_min: Option<i64>,
    max_reading_age_s: Option<i64>,
    grace_s: Option<u32>,
    max_actions_per_tick: Option<usize>,
    follow_ticks: Option<u32>,
}

impl LiveSettings {
    /// Reads settings from JSON: `shadow`, `view_periods`, `hold_periods` (a missing price is held for so many; 0 for none),
    /// `max_signal_age_min`, `max_reading_age_s`, `grace_s`, `max_actions_per_tick`, `follow_ticks`, and `controller` as
    /// [`ControllerSettings::from_json`]. What is left out has its default.
    ///
    /// ```
    /// use eca_core::live::LiveSettings;
    /// let settings = LiveSettings::from_json(r#"{"shadow": false, "controller": {"gap": 0.01}}"#)?;
    /// assert!(!settings.shadow && settings.view_periods == 48);
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Document`] for a name that is not there or a value of another kind.
    pub fn from_json(text: &str) -> Result<Self> {
        let given: Given = crate::problem::read_json(text)?;
        let mut settings = Self::default();
        if let Some(controller) = &given.controller {
            settings.controller = ControllerSettings::from_json(&controller.to_string())?;
            settings.controller.solve.references = false;
        }
        settings.shadow = given.shadow.unwrap_or(settings.shadow);
        settings.view_periods = given.view_periods.unwrap_or(settings.view_periods);
        settings.gaps = match given.hold_periods {
            Some(0) => GapPolicy::Error,
            Some(max_periods) => GapPolicy::Hold { max_periods },
            None => settings.gaps,
        };
        settings.max_signal_age_min = given.max_signal_age_min.unwrap_or(settings.max_signal_age_min);
        settings.max_reading_age_s = given.max_reading_age_s.unwrap_or(settings.max_reading_age_s);
        settings.grace_s = given.grace_s.unwrap_or(settings.grace_s);
        settings.max_actions_per_tick = given.max_actions_per_tick.unwrap_or(settings.max_actions_per_tick);
        settings.follow_ticks = given.follow_ticks.unwrap_or(settings.follow_ticks);
        if settings.view_periods == 0 {
            let message = "must be at least 1".to_owned();
            return Err(Error::Document { path: "view_periods".into(), message });
        }
        Ok(settings)
    }

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
