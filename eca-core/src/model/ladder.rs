//! Default prices of broken promises: each tier at least twice the worst marginal cost of the tier below.
//!
//! `carbon excess, shortfalls of commitments < undone work < shed inferences < overloads`. The formulas stand in docs/model.md, "Default prices".

use super::covered;
use crate::problem::{Job, ProblemDocument, RegionId};
use crate::schedule::Shape;

/// Steps of the ladder are this far apart.
const STEP: f64 = 2.0;
/// A service whose inferences need less energy than this is priced as if they needed so much, Wh.
const LEAST_WH: f64 = 1e-3;

/// Default prices of one problem.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Ladder {
    /// Price of leaving all of a job's work undone, GBP, by job; only used where the deadline is priced.
    pub(crate) undone_gbp: Vec<f64>,
    /// Price of storage missing at the end, GBP/MWh.
    pub(crate) end_soc_gbp_per_mwh: f64,
    /// Price of IT and import beyond the limits, GBP/MWh.
    pub(crate) overload_gbp_per_mwh: f64,
    /// Price of committed energy that is not delivered, where the commitment gives none, GBP/MWh.
    pub(crate) shortfall_gbp_per_mwh: f64,
    /// Price of import beyond a strict target, GBP/MWh, where a model cannot rule it out: above every other promise.
    pub(crate) target_gbp_per_mwh: f64,
    /// What an engine that puts a price on strict caps may take at most, GBP/kg: half of what would make breaking a promise
    /// to users cheaper than the carbon it saves.
    pub(crate) strict_gbp_per_kg: f64,
}

impl Ladder {
    pub(crate) fn new(document: &ProblemDocument, shapes: &[Shape]) -> Self {
        let shortfall_gbp_per_mwh = STEP * worst_energy_gbp_per_mwh(document, None);
        let worst = worst_energy_gbp_per_mwh(document, Some(shortfall_gbp_per_mwh));
        let h = document.horizon.step_h();
        let jobs = || document.jobs.iter().zip(shapes);
        let undone_gbp: Vec<f64> = jobs().map(|(job, shape)| undone(job, shape, worst, h)).collect();
        let undone_per_mwh = jobs()
            .zip(&undone_gbp)
            .filter(|((_, shape), _)| shape.priced)
            .map(|((_, shape), price)| price * shape.left / energies(shape, h).fold(f64::INFINITY, f64::min));
        let shed_per_mwh = document.services.iter().map(|service| {
            let least = service.points.iter().map(|point| point.wh_per_inference).fold(f64::INFINITY, f64::min);
            service.shed_penalty_gbp_per_million / least.max(LEAST_WH)
        });
        let promises: Vec<f64> = undone_per_mwh.chain(shed_per_mwh).filter(|price| price.is_finite()).collect();
        let top = promises.iter().copied().fold(STEP * worst, f64::max);
        let least = promises.iter().copied().fold(STEP * top, f64::min);
        let strict_gbp_per_kg = least / (STEP * most_kg_per_mwh(document));
        Self {
            undone_gbp,
            end_soc_gbp_per_mwh: STEP * worst,
            overload_gbp_per_mwh: STEP * top,
            shortfall_gbp_per_mwh,
            target_gbp_per_mwh: STEP * STEP * top,
            strict_gbp_per_kg,
        }
    }
}

/// More than any MWh of IT energy can cost in this problem; with the shortfalls that it can cause where a default price of
/// them is given.
fn worst_energy_gbp_per_mwh(document: &ProblemDocument, shortfall: Option<f64>) -> f64 {
    let h = document.horizon.step_h();
    let carbon_gbp_per_kg: f64 = document.carbon_caps.iter().filter_map(|cap| cap.price_gbp_per_kg).sum();
    let cells = document.regions.iter().flat_map(|region| (0..document.horizon.periods).map(move |t| (region, t)));
    cells
        .map(|(region, t)| {
            let energy = region.import_price_gbp_per_mwh.at(t).abs()
                + region.network_charge_gbp_per_mwh.at(t)
                + region.congestion_gbp_per_mwh.at(t).abs()
                + region.export_price_gbp_per_mwh.at(t).abs()
                + region.demand_charge_gbp_per_mw / h
                + region.carbon_g_per_kwh.at(t) * carbon_gbp_per_kg
                + shortfall.map_or(0.0, |default| shortfall_gbp_per_mwh(document, &region.id, t, default));
            region.pue_slope.at(t) * energy
        })
        .fold(1.0, f64::max)
}

/// The dearest shortfall that import of a region in a period can cause, GBP/MWh.
fn shortfall_gbp_per_mwh(document: &ProblemDocument, region: &RegionId, t: usize, default: f64) -> f64 {
    let here = document.commitments.iter().filter(|commitment| commitment.region == *region);
    let prices = here.flat_map(|commitment| {
        let due = commitment.settlement_periods.iter().enumerate();
        due.filter(|&(_, &period)| covered(&document.horizon, period).is_some_and(|periods| periods.contains(&t)))
            .map(|(i, _)| commitment.penalty.price_gbp_per_mwh.as_ref().map_or(default, |price| price.at(i)))
    });
    prices.chain(offered_gbp_per_mwh(document, region, t)).fold(0.0, f64::max)
}

/// What buyers offer for less or more import of a region in a period, GBP/MWh.
fn offered_gbp_per_mwh<'a>(
    document: &'a ProblemDocument,
    region: &'a RegionId,
    t: usize,
) -> impl Iterator<Item = f64> + 'a {
    let here = document.opportunities.iter().filter(move |one| one.region == *region);
    here.flat_map(move |one| {
        let periods = one.settlement_periods.iter().enumerate();
        periods
            .filter(move |&(_, &period)| covered(&document.horizon, period).is_some_and(|of| of.contains(&t)))
            .map(move |(i, _)| one.price_gbp_per_mwh.at(i))
    })
}

/// Carbon of a MWh of IT energy at its dirtiest, kg; at least one.
fn most_kg_per_mwh(document: &ProblemDocument) -> f64 {
    let cells = document.regions.iter().flat_map(|region| (0..document.horizon.periods).map(move |t| (region, t)));
    cells.map(|(region, t)| region.pue_slope.at(t) * region.carbon_g_per_kwh.at(t)).fold(1.0, f64::max)
}

/// IT energy of all the work that is left, at each point.
fn energies(shape: &Shape, h: f64) -> impl Iterator<Item = f64> + '_ {
    shape.power_mw.iter().enumerate().map(move |(l, power)| {
        #[allow(clippy::cast_precision_loss)]
        let periods = shape.need(l) as f64;
        power * h * periods
    })
}

fn undone(job: &Job, shape: &Shape, worst: f64, h: f64) -> f64 {
    job.undone_penalty_gbp.unwrap_or_else(|| {
        let energy = energies(shape, h).fold(0.0, f64::max);
        let moves = job.migration.map_or(0.0, |migration| migration.cost_gbp);
        let importance = f64::from(4_u8.saturating_sub(job.tier));
        // For all of the work, of which only `left` is still to do: leaving all of that costs the whole sum.
        STEP * importance * (worst * energy + job.startup_cost_gbp + job.pause_cost_gbp + moves) / shape.left
    })
}
