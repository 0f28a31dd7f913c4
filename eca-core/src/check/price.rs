//! The default prices of soft limits.
//!
//! ```text
//! e[r,t] = s[r,t] + |import_price| + network_charge + |congestion| + |export_price| + demand_charge / h
//!          + carbon_g_per_kwh * (sum of price_gbp_per_kg of priced caps)
//! s[r,t] = the dearest penalty of a commitment or price of an opportunity there; without a given one twice the M of the problem without commitments
//! M      = max(1, max over r,t of pue_slope * e[r,t])
//! E_max(j), E_min(j) = max, min over l of power_mw * h * ceil(w / q_l - 1e-9)
//! undone_penalty(j)  = 2 * (4 - tier) * (M * E_max + startup_cost + pause_cost + migration cost) / w
//! end_soc price      = 2 * M
//! overload price     = 2 * max(2 * M, undone_penalty(j) * w / E_min(j) of priced jobs,
//!                              shed_penalty(s) / max(1e-3, min wh_per_inference))
//! ```

use super::work::Work;
use crate::{CapKind, DeadlineKind, Job, Problem, Region};

/// Lowest energy of an inference in the price of an overload, Wh.
const LEAST_WH_PER_INFERENCE: f64 = 1e-3;

/// Prices of soft limits.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Prices {
    /// For all of the work of each job, GBP.
    pub undone_gbp: Vec<f64>,
    /// For each MWh stored that is missing at the end.
    pub end_soc_gbp_per_mwh: f64,
    /// For each MWh that a commitment without a price of its own misses.
    pub shortfall_gbp_per_mwh: f64,
    /// For each MWh above a capacity or an import limit.
    pub overload_gbp_per_mwh: f64,
}

impl Prices {
    pub(super) fn new(problem: &Problem, h: f64) -> Self {
        let shortfall_gbp_per_mwh = 2.0 * dearest_energy(problem, h, None);
        let m = dearest_energy(problem, h, Some(shortfall_gbp_per_mwh));
        let undone_gbp: Vec<f64> = problem.jobs().iter().map(|job| undone(job, m, h)).collect();
        let mut dearest = 2.0 * m;
        for (job, penalty) in problem.jobs().iter().zip(&undone_gbp) {
            let work = Work::new(job, h);
            let (least, _) = work.energy_range_mwh(job, h);
            if job.deadline_kind == DeadlineKind::Priced && work.left > 0.0 && least > 0.0 {
                dearest = dearest.max(penalty * work.left / least);
            }
        }
        for service in problem.services() {
            let wh = service.points.iter().map(|point| point.wh_per_inference).fold(f64::INFINITY, f64::min);
            dearest = dearest.max(service.shed_penalty_gbp_per_million / wh.max(LEAST_WH_PER_INFERENCE));
        }
        Self { undone_gbp, end_soc_gbp_per_mwh: 2.0 * m, shortfall_gbp_per_mwh, overload_gbp_per_mwh: 2.0 * dearest }
    }
}

/// `M`: the most that one MWh of IT energy can cost, GBP/MWh; shortfalls count where their default price is given.
fn dearest_energy(problem: &Problem, h: f64, shortfall: Option<f64>) -> f64 {
    let caps = problem.carbon_caps().iter().filter(|cap| cap.kind == CapKind::Priced);
    let carbon_gbp_per_kg: f64 = caps.filter_map(|cap| cap.price_gbp_per_kg).sum();
    let mut most = 1.0_f64;
    for region in problem.regions() {
        for t in 0..problem.horizon().periods {
            let fine = shortfall.map_or(0.0, |default| dearest_shortfall(problem, region, t, default));
            most = most.max(region.pue_slope.at(t) * (fine + energy_price(region, t, h, carbon_gbp_per_kg)));
        }
    }
    most
}

/// `s[r,t]`, GBP/MWh.
fn dearest_shortfall(problem: &Problem, region: &Region, t: usize, default: f64) -> f64 {
    let period = problem.horizon().settlement_period_of(t);
    if period.end_utc() > problem.horizon().end() {
        return 0.0;
    }
    let mut most = 0.0_f64;
    for commitment in problem.commitments().iter().filter(|one| one.region == region.id) {
        if let Some(i) = commitment.settlement_periods.iter().position(|known| *known == period) {
            most = most.max(commitment.penalty.price_gbp_per_mwh.as_ref().map_or(default, |price| price.at(i)));
        }
    }
    for one in problem.opportunities().iter().filter(|one| one.region == region.id) {
        if let Some(i) = one.settlement_periods.iter().position(|known| *known == period) {
            most = most.max(one.price_gbp_per_mwh.at(i));
        }
    }
    most
}

/// `e[r,t]` without `s[r,t]`, GBP/MWh.
fn energy_price(region: &Region, t: usize, h: f64, carbon_gbp_per_kg: f64) -> f64 {
    region.import_price_gbp_per_mwh.at(t).abs()
        + region.network_charge_gbp_per_mwh.at(t)
        + region.congestion_gbp_per_mwh.at(t).abs()
        + region.export_price_gbp_per_mwh.at(t).abs()
        + region.demand_charge_gbp_per_mw / h
        + region.carbon_g_per_kwh.at(t) * carbon_gbp_per_kg
}

/// `undone_penalty(j)`, GBP for all of the work: as given, else the default.
fn undone(job: &Job, m: f64, h: f64) -> f64 {
    if let Some(given) = job.undone_penalty_gbp {
        return given;
    }
    let work = Work::new(job, h);
    let (_, most) = work.energy_range_mwh(job, h);
    let migration = job.migration.map_or(0.0, |migration| migration.cost_gbp);
    let urgency = 4.0 - f64::from(job.tier);
    2.0 * urgency * (m * most + job.startup_cost_gbp + job.pause_cost_gbp + migration) / work.left
}
