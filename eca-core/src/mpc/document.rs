//! Controllers and walks as documents: what Python, C and files hand in and get back.

use super::{Controller, ControllerSettings, Policy, Risk, Simulation, Step, Uncertainty};
use crate::problem::{ProblemDocument, read_json};
use crate::{Control, Error, Result, Settings, Timestamp};
use serde::Deserialize;

/// Settings of a controller under the names that Python uses; what is left out is as by default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SettingsDocument {
    engine: String,
    solver: String,
    gap: f64,
    time_limit_s: Option<f64>,
    node_limit: Option<u64>,
    seed: u32,
    references: bool,
    committed_periods: usize,
    shadow: bool,
    risk: Risk,
}

impl Default for SettingsDocument {
    fn default() -> Self {
        let solve = Settings::default();
        Self {
            engine: solve.engine.name().into(),
            solver: solve.solver.name().into(),
            gap: solve.gap,
            time_limit_s: solve.time_limit_s,
            node_limit: solve.node_limit,
            seed: solve.seed,
            // A step compares itself with nothing: that is what the ledger is for.
            references: false,
            committed_periods: 0,
            shadow: false,
            risk: Risk::Expected,
        }
    }
}

impl SettingsDocument {
    fn settings(self) -> Result<ControllerSettings> {
        let solve = Settings {
            engine: self.engine.parse()?,
            solver: self.solver.parse()?,
            gap: self.gap,
            time_limit_s: self.time_limit_s,
            node_limit: self.node_limit,
            seed: self.seed,
            references: self.references,
        };
        Ok(ControllerSettings {
            solve,
            committed_periods: self.committed_periods,
            shadow: self.shadow,
            risk: self.risk,
        })
    }
}

/// A walk: its own fields beside those of the controller.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct SimulationDocument {
    policy: Policy,
    view_periods: usize,
    replan_periods: usize,
    replan_offset_periods: usize,
    notice_periods: usize,
    controller: SettingsDocument,
}

impl Default for SimulationDocument {
    fn default() -> Self {
        let walk = Simulation::default();
        Self {
            policy: walk.policy,
            view_periods: walk.view_periods,
            replan_periods: walk.replan_periods,
            replan_offset_periods: walk.replan_offset_periods,
            notice_periods: walk.notice_periods,
            controller: SettingsDocument::default(),
        }
    }
}

impl ControllerSettings {
    /// Reads settings from JSON: `engine`, `solver`, `gap`, `time_limit_s`, `node_limit`, `seed`, `references`,
    /// `committed_periods`, `shadow` and `risk`, each of them optional.
    ///
    /// # Errors
    /// [`Error::Document`] for what is not of that form, [`Error::Unknown`] for an engine or solver that does not exist.
    pub fn from_json(text: &str) -> Result<Self> {
        read_json::<SettingsDocument>(text)?.settings()
    }
}

impl Simulation {
    /// Reads a walk from JSON: `policy`, `view_periods`, `replan_periods`, `replan_offset_periods`, `notice_periods` and
    /// `controller` (as [`ControllerSettings::from_json`]), each of them optional.
    ///
    /// # Errors
    /// As [`ControllerSettings::from_json`].
    pub fn from_json(text: &str) -> Result<Self> {
        let walk: SimulationDocument = read_json(text)?;
        Ok(Self {
            policy: walk.policy,
            view_periods: walk.view_periods,
            replan_periods: walk.replan_periods,
            replan_offset_periods: walk.replan_offset_periods,
            notice_periods: walk.notice_periods,
            controller: walk.controller.settings()?,
        })
    }
}

impl Uncertainty {
    /// Reads standard deviations from JSON: `import_price_sd_gbp_per_mwh`, `carbon_sd_g_per_kwh` by region,
    /// `demand_sd_inferences` by service, each of them optional.
    ///
    /// # Errors
    /// [`Error::Document`] for what is not of that form.
    pub fn from_json(text: &str) -> Result<Self> {
        read_json(text)
    }
}

impl Step {
    /// The step as one line of JSON: everything but the problem and the timings.
    ///
    /// # Errors
    /// [`Error::Internal`] if a number is not finite.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| Error::Internal { message: format!("step to JSON: {e}") })
    }
}

impl Controller {
    /// [`Controller::step_with`] on the text of a problem document, as it comes from outside: deadlines may lie beyond
    /// its horizon, and jobs may be late.
    ///
    /// # Errors
    /// As [`Controller::step`], and [`Error::Document`] for a text that is no problem document.
    pub fn step_json(
        &mut self,
        now: Timestamp,
        text: &str,
        uncertainty: &Uncertainty,
        control: &Control,
    ) -> Result<Step> {
        self.step_with(now, &ProblemDocument::from_json(text)?, uncertainty, control)
    }
}
