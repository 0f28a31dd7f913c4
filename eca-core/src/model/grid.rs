//! The grid connection: balance, import and export limits, prices, and never import and export at once.
//!
//! `it = sum of loads`; `import - export + supply = overhead_mw + pue_slope * it`;
//! `import <= min(import_limit_mw + nonfirm_import_mw, congestion_limit_mw) + import_overload`; `export <= export_limit_mw`.
//! Congestion enters twice: as a price on imports and as a limit.

use super::{Draft, Frame, Rule};
use crate::milp::Tag;
use crate::problem::Region;

pub(super) struct Grid;

/// Import limit of a region in a period, MW.
pub(crate) fn import_limit_mw(region: &Region, t: usize) -> f64 {
    let connection = region.import_limit_mw.at(t) + region.nonfirm_import_mw.at(t);
    region.congestion_limit_mw.as_ref().map_or(connection, |limit| connection.min(limit.at(t)))
}

impl Rule for Grid {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        let h = frame.h;
        for (r, t) in frame.cells() {
            let region = &frame.problem.regions()[r];
            let tag = |rule| Tag::new(rule).object(r).period(t);
            let import_price = region.import_price_gbp_per_mwh.at(t)
                + region.network_charge_gbp_per_mwh.at(t)
                + region.congestion_gbp_per_mwh.at(t);
            let export_price = region.export_price_gbp_per_mwh.at(t);
            let milp = &mut draft.milp;
            let import = milp.continuous(0.0, f64::INFINITY, h * import_price, tag("import_mw"));
            let export = milp.continuous(0.0, region.export_limit_mw.at(t), -h * export_price, tag("export_mw"));
            let overload =
                milp.continuous(0.0, f64::INFINITY, h * frame.ladder.overload_gbp_per_mwh, tag("import_overload"));
            *draft.import.at_mut((r, t)) = Some(import);
            *draft.export.at_mut((r, t)) = Some(export);
            *draft.import_overload.at_mut((r, t)) = Some(overload);
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for cell @ (r, t) in frame.cells() {
            let region = &frame.problem.regions()[r];
            let tag = |rule| Tag::new(rule).object(r).period(t);
            let (Some(it), Some(import), Some(export), Some(overload)) =
                (*draft.it.at(cell), *draft.import.at(cell), *draft.export.at(cell), *draft.import_overload.at(cell))
            else {
                continue;
            };
            let load = std::mem::take(draft.it_load.at_mut(cell));
            let most_it: f64 =
                load.constant + load.columns.iter().map(|&(col, mw)| mw * draft.milp.upper(col)).sum::<f64>();
            let mut terms = load.columns;
            terms.push((it, -1.0));
            draft.milp.row(-load.constant, -load.constant, &terms, tag("it_load"));

            let supply = std::mem::take(draft.supply.at_mut(cell));
            let mut terms = supply.columns;
            terms.extend([(import, 1.0), (export, -1.0), (it, -region.pue_slope.at(t))]);
            let overhead = region.overhead_mw.at(t) - supply.constant;
            draft.milp.row(overhead, overhead, &terms, tag("balance"));

            let limit = import_limit_mw(region, t);
            draft.milp.row(f64::NEG_INFINITY, limit, &[(import, 1.0), (overload, -1.0)], tag("import_limit"));
            if frame.lazy.grid.contains(&cell) {
                exclude(frame, draft, cell, most_it);
            }
        }
    }
}

/// `import <= M * importing`, `export <= export_limit * (1 - importing)`; `M` is what the site can draw with every load on.
fn exclude(frame: &Frame<'_>, draft: &mut Draft, cell: (usize, usize), most_it: f64) {
    let (r, t) = cell;
    let (Some(import), Some(export)) = (*draft.import.at(cell), *draft.export.at(cell)) else { return };
    let region = &frame.problem.regions()[r];
    let tag = |rule| Tag::new(rule).object(r).period(t);
    let charge: f64 =
        frame.problem.batteries().iter().filter(|b| b.region == region.id).map(|b| b.power_capacity_mw).sum();
    let most = region.overhead_mw.at(t) + region.pue_slope.at(t) * most_it + charge;
    let export_limit = region.export_limit_mw.at(t);
    let importing = draft.milp.binary(0.0, tag("importing"));
    let free = f64::NEG_INFINITY;
    draft.milp.row(free, 0.0, &[(import, 1.0), (importing, -most)], tag("exclusive_import"));
    draft.milp.row(free, export_limit, &[(export, 1.0), (importing, export_limit)], tag("exclusive_export"));
}
