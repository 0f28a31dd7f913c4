//! What there is of everything: power, carbon, time. Unlike limits are compared as parts of it.

use super::elastic::Bent;
use super::search::Quota;
use super::sold::{highest, sold_mwh};
use crate::model::meters;
use crate::problem::{Commitment, PowerTarget};
use crate::{CapMetric, Problem, Region};

/// Windows of all caps.
pub(super) fn windows_of_caps(problem: &Problem) -> usize {
    problem.carbon_caps().iter().map(|cap| crate::model::windows(cap.window, problem.horizon()).len()).sum()
}

/// Periods of each job's own window.
pub(super) fn windows(problem: &Problem) -> impl Iterator<Item = f64> + '_ {
    // Counts of periods are small.
    #[allow(clippy::cast_precision_loss)]
    problem.shapes().iter().map(|shape| shape.end.saturating_sub(shape.first).max(1) as f64)
}

/// About what a cap allows, kg: what unlike limits are compared by.
pub(super) fn carbon_scale(problem: &Problem) -> f64 {
    let kg = problem.carbon_caps().iter().filter(|cap| cap.metric == CapMetric::Kg).map(|cap| cap.limit);
    let given = kg.fold(0.0, f64::max);
    if given > 0.0 {
        return given;
    }
    let h = problem.horizon().step_h();
    let energy: f64 = problem
        .shapes()
        .iter()
        .map(|shape| {
            // Counts of periods are small.
            #[allow(clippy::cast_precision_loss)]
            let each = shape.power_mw.first().copied().unwrap_or(0.0) * shape.need(0) as f64;
            f64::from(shape.count) * each * h
        })
        .sum();
    let dirtiest = problem.regions().iter().map(|region| region.carbon_g_per_kwh.max()).fold(0.0, f64::max);
    (energy * dirtiest).max(1.0)
}

/// What one MW of IT load in a period counts under all caps, kg, by cell.
pub(super) fn carbon_of_load(problem: &Problem) -> Vec<f64> {
    let h = problem.horizon().step_h();
    let cells = problem.regions().iter().flat_map(|region| (0..problem.horizon().periods).map(move |t| (region, t)));
    let each = cells.map(|(region, t)| {
        let caps = problem.carbon_caps().iter();
        let in_scope = caps.filter(|cap| cap.regions.as_ref().is_none_or(|ids| ids.contains(&region.id)));
        let kg = in_scope.map(|cap| {
            let allowed = if cap.metric == CapMetric::GPerKwh { cap.limit } else { 0.0 };
            h * region.pue_slope.at(t) * (region.carbon_g_per_kwh.at(t) - allowed)
        });
        kg.sum::<f64>()
    });
    each.collect()
}

/// What a commitment sells, MWh: what its shortfall is compared by.
pub(super) fn commitment_scale(own: &Commitment) -> f64 {
    sold_mwh(own).max(1e-3)
}

/// The highest power that a target allows, MW: what more of it is compared by.
pub(super) fn target_scale(target: &PowerTarget) -> f64 {
    highest(&target.power_mw).max(1e-3)
}

/// Power that the batteries of a region can give, MW.
fn batteries_mw(problem: &Problem, region: &Region) -> f64 {
    problem.batteries().iter().filter(|b| b.region == region.id).map(|b| b.power_capacity_mw).sum()
}

/// IT power, summed over the periods of each settlement period, that commitments leave room for or ask for, with all that
/// batteries and solar can do for it.
pub(super) fn quotas(problem: &Problem) -> Vec<Quota> {
    let horizon = problem.horizon();
    let each = meters(problem, 0.0).into_iter().map(|meter| {
        let region = &problem.regions()[meter.region];
        let batteries = batteries_mw(problem, region);
        let due: f64 = meter.parts.iter().map(|part| part.due_mwh).sum();
        let import_mwh = meter.baseline_mwh - meter.sign * due - meter.imported_mwh;
        let free_mw = |t: usize| {
            let best = if meter.sign > 0.0 { region.solar_mw.at(t) + batteries } else { -batteries };
            best - region.overhead_mw.at(t)
        };
        let free: f64 = meter.periods.clone().map(free_mw).sum();
        Quota {
            cells: meter.periods.clone().map(|t| meter.region * horizon.periods + t).collect(),
            limit_mw: (import_mwh / horizon.step_h() + free) / region.pue_slope.at(meter.periods.start),
            sign: meter.sign,
        }
    });
    each.collect()
}

/// Takes room from a search where its schedules exceeded a target; whether there was any.
pub(super) fn less_room(problem: &Problem, room_mw: &mut [f64], bent: &Bent) -> bool {
    let periods = problem.horizon().periods;
    let mut any = false;
    for &(k, t, mw) in bent.owed.over.iter().filter(|(.., mw)| *mw > 1e-6) {
        let place = problem.targets()[k].place();
        let Some(r) = problem.regions().iter().position(|region| region.id.as_str() == place) else { continue };
        let cell = r * periods + t;
        room_mw[cell] -= mw / problem.regions()[r].pue_slope.at(t);
        any = true;
    }
    any
}

/// The same for commitments.
pub(super) fn less_owed(problem: &Problem, quotas: &mut [Quota], bent: &Bent) -> bool {
    let mut any = false;
    for (meter, quota) in meters(problem, 0.0).iter().zip(quotas) {
        let here = |one: &&super::market::Short| {
            meter.parts.iter().any(|part| (part.commitment, part.index) == (one.commitment, one.index))
        };
        let short: f64 = bent.owed.short.iter().filter(here).map(|one| one.mwh).sum();
        if short > 1e-6 {
            let pue = problem.regions()[meter.region].pue_slope.at(meter.periods.start);
            quota.limit_mw -= meter.sign * short / problem.horizon().step_h() / pue;
            any = true;
        }
    }
    any
}

/// IT power that each region has in each period, its connection and power targets looked at too, MW.
pub(super) fn room_mw(problem: &Problem) -> Vec<f64> {
    let cells = problem.regions().iter().flat_map(|region| (0..problem.horizon().periods).map(move |t| (region, t)));
    let room = cells.map(|(region, t)| {
        let connection = region.import_limit_mw.at(t) + region.nonfirm_import_mw.at(t);
        let import = region.congestion_limit_mw.as_ref().map_or(connection, |limit| connection.min(limit.at(t)));
        let targets = problem.targets().iter().filter(|target| target.place() == region.id.as_str());
        let import = targets.filter_map(|target| target.limit_mw(t)).fold(import, f64::min);
        let power = import + region.solar_mw.at(t) + batteries_mw(problem, region) - region.overhead_mw.at(t);
        region.it_capacity_mw.at(t).min(power / region.pue_slope.at(t))
    });
    room.collect()
}
