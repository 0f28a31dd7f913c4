//! What one solve hands to the next: prices and schedules, by name and instant.
//!
//! Names and UTC instants survive what happens between two plans: the horizon moves, jobs come and go, regions are added.
//! A hand-over is a hint: it makes the next solve faster, or is its answer when there is no time for another one.

mod shift;
#[cfg(test)]
mod tests;

use crate::problem::{CapId, JobId, Region, RegionId};
use crate::schedule::Schedule;
use crate::{Horizon, Plan, Problem, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Seconds of a day: where prices end, the same time of day a day before says what to expect.
const DAY_S: i64 = 86_400;

/// What one solve hands to the next: [`crate::Solved::warm`] of one, argument of [`Problem::solve_warm`] of the other.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Warm {
    /// The span of the plan it was made from.
    pub horizon: Horizon,
    /// What a MWh of IT power costs in each region and period, GBP/MWh: energy, carbon and rent of what is scarce.
    /// Empty where the engine knows none.
    #[serde(default)]
    pub prices_gbp_per_mwh: BTreeMap<RegionId, Vec<f64>>,
    /// What a MWh of IT power cost for energy alone where it was imported, GBP/MWh by region and period: tells which part of
    /// the prices new forecasts change. Empty where prices are.
    #[serde(default)]
    pub energy_gbp_per_mwh: BTreeMap<RegionId, Vec<f64>>,
    /// IT load of the plan in each region and period, jobs and services, MW.
    #[serde(default)]
    pub it_mw: BTreeMap<RegionId, Vec<f64>>,
    /// What a kg costs under each carbon cap, GBP/kg, by the start of the cap's window.
    #[serde(default)]
    pub cap_prices_gbp_per_kg: BTreeMap<CapId, BTreeMap<Timestamp, f64>>,
    /// The schedules of the plan.
    #[serde(default)]
    pub jobs: Vec<WarmJob>,
}

/// The schedule of one job in the last plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WarmJob {
    /// The job.
    pub id: JobId,
    /// Which of `count` identical jobs, from 0.
    pub copy: u32,
    /// When and where it was to work, in order of time.
    #[serde(default)]
    pub runs: Vec<WarmRun>,
    /// Shares of a divisible job: region, point, period.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shares: Option<BTreeMap<RegionId, Vec<Vec<f64>>>>,
}

/// Some periods of work at one point in one region.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WarmRun {
    /// The region.
    pub region: RegionId,
    /// The operating point.
    pub point: usize,
    /// First period of the old horizon.
    pub from: usize,
    /// Period after the last.
    pub to: usize,
}

/// The runs of a job of a plan.
fn runs(job: &crate::plan::JobPlan) -> Vec<WarmRun> {
    let mut runs: Vec<WarmRun> = Vec::new();
    for (t, (region, point)) in job.region.iter().zip(&job.point).enumerate() {
        let (Some(region), Some(point)) = (region, *point) else { continue };
        match runs.last_mut() {
            Some(last) if (&last.region, last.point, last.to) == (region, point, t) => last.to = t + 1,
            _ => runs.push(WarmRun { region: region.clone(), point, from: t, to: t + 1 }),
        }
    }
    runs
}

/// What a MWh of IT power costs for energy alone where it is imported, GBP/MWh.
fn energy_gbp_per_mwh(region: &Region, t: usize) -> f64 {
    let import = region.import_price_gbp_per_mwh.at(t)
        + region.network_charge_gbp_per_mwh.at(t)
        + region.congestion_gbp_per_mwh.at(t);
    region.pue_slope.at(t) * import
}

/// A price counts as one of energy alone up to so much above it, as part of it.
const ENERGY_ALONE: f64 = 1e-3;

impl Warm {
    /// The schedules and the load of a plan; it knows no prices.
    #[must_use]
    pub fn from_plan(problem: &Problem, plan: &Plan) -> Self {
        let jobs = plan.jobs.iter().map(|job| WarmJob {
            id: job.id.clone(),
            copy: job.copy,
            runs: runs(job),
            shares: job.shares.clone(),
        });
        Self {
            horizon: *problem.horizon(),
            prices_gbp_per_mwh: BTreeMap::new(),
            energy_gbp_per_mwh: BTreeMap::new(),
            it_mw: plan.regions.iter().map(|region| (region.id.clone(), region.it_mw.clone())).collect(),
            cap_prices_gbp_per_kg: BTreeMap::new(),
            jobs: jobs.collect(),
        }
    }

    /// Adds prices of IT power, GBP/MWh, in the order of the regions and periods of the problem it was made from.
    #[must_use]
    pub fn with_prices(mut self, problem: &Problem, prices_gbp_per_mwh: Vec<Vec<f64>>) -> Self {
        let ids = problem.regions().iter().map(|region| region.id.clone());
        self.prices_gbp_per_mwh = ids.zip(prices_gbp_per_mwh).collect();
        let periods = 0..problem.horizon().periods;
        let energy = |region: &Region| periods.clone().map(|t| energy_gbp_per_mwh(region, t)).collect();
        self.energy_gbp_per_mwh = problem.regions().iter().map(|region| (region.id.clone(), energy(region))).collect();
        self
    }

    /// The prices of IT power for another horizon, GBP/MWh by region and period of `problem`; none where it has none.
    ///
    /// Periods after the end of the old horizon repeat the same time of day of the last known day, or the last known
    /// price where less than a day is known. Where a price was that of energy alone (or lower: own power was left), it moves
    /// with the energy price; where something else was scarce, the price stays, but not below the energy price of now. A
    /// region without prices gets its own energy price.
    #[must_use]
    pub fn prices(&self, problem: &Problem) -> Option<Vec<Vec<f64>>> {
        if self.prices_gbp_per_mwh.values().all(Vec::is_empty) {
            return None;
        }
        let horizon = problem.horizon();
        let each = problem.regions().iter().map(|region| {
            let known = Self::known(&self.prices_gbp_per_mwh, region);
            let energy = Self::known(&self.energy_gbp_per_mwh, region);
            let price = |t: usize| {
                let (now, start) = (energy_gbp_per_mwh(region, t), horizon.start_of(t));
                let Some(price) = known.map(|known| self.value_at(known, start)) else { return now };
                match energy.map(|energy| self.value_at(energy, start)) {
                    None => price,
                    Some(then) if price <= then + ENERGY_ALONE * then.abs() => price + now - then,
                    Some(_) => price.max(now),
                }
            };
            (0..horizon.periods).map(price).collect()
        });
        Some(each.collect())
    }

    /// IT load of the last plan in the periods of `problem`, MW by region and period, as [`Self::prices`]; none where it does
    /// not know a region.
    pub(crate) fn it_mw(&self, problem: &Problem) -> Option<Vec<f64>> {
        let horizon = problem.horizon();
        let mut all = Vec::with_capacity(problem.regions().len() * horizon.periods);
        for region in problem.regions() {
            let known = Self::known(&self.it_mw, region)?;
            all.extend((0..horizon.periods).map(|t| self.value_at(known, horizon.start_of(t))));
        }
        Some(all)
    }

    /// What is known of a region.
    fn known<'a>(of: &'a BTreeMap<RegionId, Vec<f64>>, region: &Region) -> Option<&'a Vec<f64>> {
        of.get(&region.id).filter(|known| !known.is_empty())
    }

    /// The price of a kg under cap `id` in the window that starts at `start`, GBP/kg: that of the same window, else of
    /// the last one before it, else of the first one after it; none where the cap is not known.
    #[must_use]
    pub fn cap_price_gbp_per_kg(&self, id: &CapId, start: Timestamp) -> Option<f64> {
        let windows = self.cap_prices_gbp_per_kg.get(id)?;
        let before = windows.range(..=start).next_back();
        before.or_else(|| windows.iter().next()).map(|(_, price)| *price)
    }

    /// The schedules of the last plan as the new problem allows them, one for each job and copy in document order.
    ///
    /// What was planned goes on as planned, cut where the work is done earlier and continued where some is left. Jobs
    /// that are gone are dropped; jobs that are new, or whose old schedule breaks one of their rules in the new problem,
    /// are placed by the greedy policy where capacity is left.
    pub(crate) fn schedules(&self, problem: &Problem) -> Vec<Schedule> {
        shift::schedules(self, problem)
    }

    /// The value of a series over the old horizon at any instant after its start.
    fn value_at(&self, known: &[f64], instant: Timestamp) -> f64 {
        let last = known.len().min(self.horizon.periods).saturating_sub(1);
        let end = self.horizon.start_of(last + 1);
        let mut at = instant;
        if at >= end {
            let days = (at.unix_s() - end.unix_s()) / DAY_S + 1;
            at = at.plus_min(-days * DAY_S / 60);
        }
        // Before the old horizon: its first value; less than a day of it: its last one.
        let first = if at == instant { 0 } else { last };
        known[self.horizon.period_of(at).unwrap_or(first).min(last)]
    }
}
