//! What there is of everything: power, carbon, time. Unlike limits are compared as parts of it.

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

/// IT power that each region has in each period, its connection looked at too, MW.
pub(super) fn room_mw(problem: &Problem) -> Vec<f64> {
    let batteries = |region: &Region| {
        problem.batteries().iter().filter(|b| b.region == region.id).map(|b| b.power_capacity_mw).sum::<f64>()
    };
    let cells = problem.regions().iter().flat_map(|region| (0..problem.horizon().periods).map(move |t| (region, t)));
    let room = cells.map(|(region, t)| {
        let connection = region.import_limit_mw.at(t) + region.nonfirm_import_mw.at(t);
        let import = region.congestion_limit_mw.as_ref().map_or(connection, |limit| connection.min(limit.at(t)));
        let power = import + region.solar_mw.at(t) + batteries(region) - region.overhead_mw.at(t);
        region.it_capacity_mw.at(t).min(power / region.pue_slope.at(t))
    });
    room.collect()
}
