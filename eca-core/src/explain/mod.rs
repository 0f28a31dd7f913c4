//! Why a plan costs what it costs: what everything is worth, and what stops it from being cheaper.
//!
//! [`Plan::explain`] solves the energy side once more, with the schedules of the jobs and the directions of batteries and
//! connections given. That is a linear program; the prices of its limits are what one unit more of each would save. It is
//! built of the same rules as the model behind the plan.
//!
//! [`Problem::conflict`] says which limits cannot be kept together, and what would mend it; [`Problem::lowest_carbon`] how
//! low a carbon cap may be set.
//!
//! Prices are of one unit more, to first order: at a kink (a limit just reached, two choices that cost the same) the next
//! unit may be worth less than the price says, never more. They say nothing of schedules that would change with the limit.

mod binding;
mod conflict;
mod deadline;
mod dispatch;
mod document;
mod kink;
mod lowest_carbon;
mod market;
mod prices;
mod schedules;
mod text;
mod worth;

pub use conflict::{Change, Conflict, ConflictLimit, Currency, Repair, Setting};
pub use document::{
    BatteryPrices, Binding, CapPrices, CapWindowPrice, Explanation, JobWorth, Limit, RegionPrices, ServicePrices,
};
pub use lowest_carbon::LowestCarbon;

use crate::{Error, Plan, Problem, Result, Solver};
use dispatch::Dispatch;

impl Plan {
    /// What binds in this plan and what it is worth.
    ///
    /// ```
    /// # use eca_core::{Horizon, Job, JobPoint, Problem, Region, Settings};
    /// # if cfg!(not(feature = "highs")) { return Ok::<(), eca_core::Error>(()) } // microlp tells no prices
    /// let horizon = Horizon::new("2026-03-02T00:00:00Z".parse()?, 60, 2)?;
    /// let site = Region::new("london").it_capacity_mw(2.0).import_limit_mw(4.0).import_price_gbp_per_mwh([90.0, 60.0]);
    /// let problem = Problem::builder(horizon)
    ///     .region(site.carbon_g_per_kwh(100.0))
    ///     .job(Job::inferences("embed", 4e6, [JobPoint::inferences(2.0, 4e6)]))
    ///     .build()?;
    /// let explanation = problem.solve(&Settings::default())?.explain(&problem)?;
    ///
    /// // 2 MW for the second hour, at 60 GBP/MWh; in the first one, where nothing runs, they would cost 90.
    /// assert_eq!(explanation.regions[0].it_energy_gbp_per_mwh, [90.0, 60.0]);
    /// assert_eq!(explanation.jobs[0].saved_without_gbp, 120.0);
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the plan does not pass its check against `problem`; [`Error::Solver`] if the solver is
    /// missing, fails, or tells no prices (microlp).
    pub fn explain(&self, problem: &Problem) -> Result<Explanation> {
        if let Some(finding) = self.check(problem).findings.first() {
            return Err(Error::Mismatch { reason: finding.to_string() });
        }
        let dispatch = Dispatch::new(problem, self, Solver::Auto)?;
        let mut explanation = Explanation {
            format: Explanation::FORMAT.into(),
            problem_hash: self.problem_hash.clone(),
            dispatch_gbp: prices::price(dispatch.objective_gbp),
            binding: Vec::new(),
            regions: prices::regions(&dispatch),
            batteries: prices::batteries(&dispatch),
            carbon_caps: prices::carbon_caps(&dispatch),
            services: prices::services(&dispatch),
            jobs: worth::jobs(&dispatch, self),
        };
        let mut sold = Vec::new();
        market::list(&dispatch, self, &mut sold);
        explanation.binding = binding::list(&explanation, problem, &deadline::worth_gbp(&dispatch)?, sold);
        Ok(explanation)
    }

    /// Least cost of energy, services and penalties for the schedules and directions of this plan, GBP: the number of
    /// which [`Plan::explain`] tells the slopes. The own costs of jobs are not in it.
    ///
    /// `problem` may have other prices and limits than the one of the plan: what would the same schedules cost then?
    ///
    /// # Errors
    /// [`Error::Mismatch`] if `problem` has not the same periods, regions, batteries and jobs, or its strict caps leave no
    /// way to run the schedules; [`Error::Solver`] as in [`Plan::explain`].
    pub fn dispatch_gbp(&self, problem: &Problem) -> Result<f64> {
        schedules::fit(problem, self)?;
        Ok(Dispatch::new(problem, self, Solver::Auto)?.objective_gbp)
    }
}
