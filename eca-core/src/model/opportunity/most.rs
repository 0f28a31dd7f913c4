//! The most that a site can ever import: what a row may lack where it has no force.

use crate::model::Frame;
use crate::unit::wh_to_mwh;

/// All work and all batteries of a region at once, MW. Import and export never go together, so there is no more.
pub(super) fn import_mw(frame: &Frame<'_>, r: usize, t: usize) -> f64 {
    let region = &frame.problem.regions()[r];
    let jobs = frame.problem.jobs().iter().map(|job| {
        let fastest = job.points.iter().map(|point| point.power_mw).fold(0.0, f64::max);
        let moving = job.migration.map_or(0.0, |migration| migration.energy_mwh);
        f64::from(job.count) * (fastest + (job.pause_energy_mwh + moving) / frame.h)
    });
    let services = frame.problem.services().iter().map(|service| {
        let most = service.points.iter().map(|point| point.wh_per_inference).fold(0.0, f64::max);
        wh_to_mwh(service.demand_inferences.at(t) * most) / frame.h
    });
    let batteries = frame.problem.batteries().iter().filter(|battery| battery.region == region.id);
    let it: f64 = jobs.chain(services).sum();
    region.overhead_mw.at(t)
        + region.pue_slope.at(t) * it
        + batteries.map(|battery| battery.power_capacity_mw).sum::<f64>()
}
