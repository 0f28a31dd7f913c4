//! From duals to prices with names and units.

use super::dispatch::Dispatch;
use super::document::{BatteryPrices, CapPrices, CapWindowPrice, RegionPrices, ServicePrices};
use crate::milp::Col;
use crate::model::windows;
use crate::unit::round_to;

/// Prices are rounded to this, GBP for each unit.
pub(super) const PRICE_QUANTUM: f64 = 1e-6;

/// Rounded, and never minus zero.
pub(super) fn price(value: f64) -> f64 {
    round_to(value, PRICE_QUANTUM) + 0.0
}

/// What one MW more of IT load costs in a region and period, GBP.
pub(super) fn it_load_gbp_per_mw(dispatch: &Dispatch<'_>, r: usize, t: usize) -> f64 {
    // The row is `sum of loads - it = -given load`.
    -dispatch.dual("it_load", r, t)
}

pub(super) fn regions(dispatch: &Dispatch<'_>) -> Vec<RegionPrices> {
    let problem = dispatch.problem;
    let (periods, h) = (problem.horizon().periods, problem.horizon().step_h());
    let each = problem.regions().iter().enumerate();
    each.map(|(r, region)| {
        let all = |value: &dyn Fn(usize) -> f64| (0..periods).map(|t| price(value(t))).collect();
        let upper = |col: Option<Col>| col.map_or(0.0, |col| dispatch.upper_worth(col));
        RegionPrices {
            id: region.id.clone(),
            it_energy_gbp_per_mwh: all(&|t| it_load_gbp_per_mw(dispatch, r, t) / h),
            site_energy_gbp_per_mwh: all(&|t| dispatch.dual("balance", r, t) / h),
            it_capacity_gbp_per_mw: all(&|t| -dispatch.dual("it_capacity", r, t)),
            import_limit_gbp_per_mw: all(&|t| -dispatch.dual("import_limit", r, t)),
            export_limit_gbp_per_mw: all(&|t| upper(*dispatch.draft.export.at((r, t)))),
            solar_gbp_per_mw: all(&|t| upper(*dispatch.draft.solar.at((r, t)))),
            demand_charge_gbp_per_mw: all(&|t| dispatch.dual("demand_charge", r, t)),
        }
    })
    .collect()
}

pub(super) fn batteries(dispatch: &Dispatch<'_>) -> Vec<BatteryPrices> {
    let each = dispatch.problem.batteries().iter().zip(&dispatch.draft.storage).enumerate();
    each.map(|(b, (battery, columns))| {
        let upper = |columns: &[Col]| columns.iter().map(|&col| dispatch.upper_worth(col)).sum::<f64>();
        let floor: f64 = columns.soc.iter().map(|&col| dispatch.lower_worth(col)).sum();
        BatteryPrices {
            id: battery.id.clone(),
            stored_gbp_per_mwh: (0..columns.soc.len()).map(|t| price(-dispatch.dual("soc_balance", b, t))).collect(),
            power_capacity_gbp_per_mw: price(upper(&columns.charge) + upper(&columns.discharge)),
            energy_capacity_gbp_per_mwh: price(upper(&columns.soc)),
            reserve_gbp_per_mwh: price(floor),
            end_soc_gbp_per_mwh: price(dispatch.dual("end_soc", b, 0)),
        }
    })
    .collect()
}

pub(super) fn carbon_caps(dispatch: &Dispatch<'_>) -> Vec<CapPrices> {
    let problem = dispatch.problem;
    let mut columns = dispatch.draft.caps.iter();
    let each = problem.carbon_caps().iter().enumerate();
    each.map(|(c, cap)| {
        let each = windows(cap.window, problem.horizon()).into_iter();
        let windows = each.map(|range| {
            let row = dispatch.row("carbon_cap", c, range.start);
            let excess = columns.next().map_or(0.0, |column| dispatch.values[column.excess.index()]);
            let milp = &dispatch.draft.milp;
            let (mut carbon, mut limit) = (0.0, row.map_or(0.0, |i| milp.row_upper[i]));
            for (j, kg) in row.into_iter().flat_map(|i| milp.terms(i)) {
                match milp.column_tags[j].rule {
                    "import_mw" => carbon += kg * dispatch.values[j],
                    "carbon_cap" => {}
                    _ => limit -= kg * dispatch.values[j],
                }
            }
            CapWindowPrice {
                first_period: range.start,
                periods: range.len(),
                carbon_gbp_per_kg: price(-dispatch.dual("carbon_cap", c, range.start)),
                carbon_kg: price(carbon),
                limit_kg: price(limit),
                excess_kg: price(excess),
            }
        });
        CapPrices { id: cap.id.clone(), kind: cap.kind, windows: windows.collect() }
    })
    .collect()
}

pub(super) fn services(dispatch: &Dispatch<'_>) -> Vec<ServicePrices> {
    let periods = dispatch.problem.horizon().periods;
    let each = dispatch.problem.services().iter().zip(&dispatch.draft.services).enumerate();
    each.map(|(s, (service, columns))| {
        let mut prices: Vec<f64> = (0..periods).map(|t| dispatch.dual("demand", s, t)).collect();
        // No column may serve or shed more than the demand: with more of it, these bounds rise too.
        columns.served.iter().for_each(|&(.., t, col)| prices[t] -= dispatch.upper_worth(col));
        columns.shed.iter().enumerate().for_each(|(t, &col)| prices[t] -= dispatch.upper_worth(col));
        let serving_gbp_per_million = prices.into_iter().map(price).collect();
        ServicePrices { id: service.id.clone(), serving_gbp_per_million }
    })
    .collect()
}
