//! Power at each region in each period.
//!
//! ```text
//! it       = sum of the IT power of jobs and services
//! facility = overhead_mw + pue_slope * it
//! balance:   import - export + solar_used + sum(discharge) - sum(charge) = facility
//! capacity:  it <= it_capacity_mw + it_overload
//! import:    import <= min(import_limit_mw + nonfirm_import_mw, congestion_limit_mw) + import_overload
//! export:    export <= export_limit_mw;   solar: solar_used <= solar_mw;   exclusive: import * export = 0
//! ```

use super::ledger::{Input, Ledger, Report, SoftLimit, at};
use super::quantity::{POWER_MW, Sum};
use crate::Region;
use crate::plan::RegionPlan;
use crate::problem::RegionId;

/// The name of a region in findings.
pub(super) fn object(id: &RegionId) -> String {
    format!("region `{id}`")
}

/// Checks all regions.
pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report) {
    for (r, (region, entry)) in input.problem.regions().iter().zip(&input.plan.regions).enumerate() {
        let object = object(&region.id);
        for t in 0..input.periods {
            let it = ledger.it_mw.get(r).and_then(|row| row.get(t)).copied().unwrap_or_default();
            let here = Here { region, entry, object: &object, t, it, battery: batteries(input, &region.id, t) };
            here.balance(report);
            here.limits(report);
            here.overload(input, ledger);
        }
    }
}

/// Discharge less charge of all batteries at a region.
fn batteries(input: &Input<'_>, region: &RegionId, t: usize) -> Sum {
    let all = input.problem.batteries().iter().zip(&input.plan.batteries);
    all.filter(|(battery, _)| battery.region == *region)
        .map(|(_, entry)| Sum::mw(at(&entry.discharge_mw, t)).minus(Sum::mw(at(&entry.charge_mw, t))))
        .sum()
}

/// One region in one period.
struct Here<'a> {
    region: &'a Region,
    entry: &'a RegionPlan,
    object: &'a str,
    t: usize,
    it: Sum,
    battery: Sum,
}

impl Here<'_> {
    fn stated(&self, series: &[f64]) -> f64 {
        at(series, self.t)
    }

    /// What facility power must be, from what jobs and services take.
    fn facility(&self) -> Sum {
        let slope = self.region.pue_slope.at(self.t);
        Sum::exact(self.region.overhead_mw.at(self.t)).plus(self.it.restated(POWER_MW).times(slope))
    }

    /// Import less export, as the flows behind the connection ask for.
    fn net_import(&self) -> Sum {
        let solar = Sum::mw(self.stated(&self.entry.solar_used_mw));
        self.facility().restated(POWER_MW).minus(solar).minus(self.battery)
    }

    fn balance(&self, report: &mut Report) {
        let it = self.stated(&self.entry.it_mw);
        if !self.it.restated(POWER_MW).agrees(it) {
            let message = format!("it_mw is {it} MW, jobs and services take {} MW", self.it.value);
            report.add("it", self.object, Some(self.t), message);
        }
        let facility = self.stated(&self.entry.facility_mw);
        if !self.facility().restated(POWER_MW).agrees(facility) {
            let message = format!("facility_mw is {facility} MW, must be {} MW", self.facility().value);
            report.add("facility", self.object, Some(self.t), message);
        }
        let import = Sum::mw(self.stated(&self.entry.import_mw));
        let net = import.minus(Sum::mw(self.stated(&self.entry.export_mw)));
        let must = Sum::mw(facility).minus(Sum::mw(self.stated(&self.entry.solar_used_mw))).minus(self.battery);
        if !must.restated(net.slack).agrees(net.value) {
            let message = format!("import less export is {} MW, must be {} MW", net.value, must.value);
            report.add("balance", self.object, Some(self.t), message);
        }
    }

    fn limits(&self, report: &mut Report) {
        let (import, export) = (self.stated(&self.entry.import_mw), self.stated(&self.entry.export_mw));
        if import > 0.0 && export > 0.0 {
            let message = format!("imports {import} MW and exports {export} MW at once");
            report.add("exclusive", self.object, Some(self.t), message);
        }
        let limit = self.region.export_limit_mw.at(self.t);
        let closing = self.net_import().slack;
        if Sum::mw(export).restated(closing).minus(Sum::exact(limit)).is_over() {
            report.add("export", self.object, Some(self.t), format!("exports {export} MW, the limit is {limit} MW"));
        }
        let solar = self.stated(&self.entry.solar_used_mw);
        let available = self.region.solar_mw.at(self.t);
        if Sum::mw(solar).minus(Sum::exact(available)).is_over() {
            let message = format!("uses {solar} MW of solar, {available} MW are available");
            report.add("solar", self.object, Some(self.t), message);
        }
    }

    /// The soft limits on IT power and import.
    fn overload(&self, input: &Input<'_>, ledger: &mut Ledger) {
        let it = Sum::mw(self.stated(&self.entry.it_mw)).restated(self.it.slack);
        let capacity = Sum::exact(self.region.it_capacity_mw.at(self.t));
        let firm = self.region.import_limit_mw.at(self.t) + self.region.nonfirm_import_mw.at(self.t);
        let congestion = self.region.congestion_limit_mw.as_ref().map_or(firm, |limit| limit.at(self.t));
        let import = Sum::mw(self.stated(&self.entry.import_mw)).restated(self.net_import().slack);
        for (rule, excess) in
            [("it_overload", it.minus(capacity)), ("import_overload", import.minus(Sum::exact(firm.min(congestion))))]
        {
            ledger.limit(SoftLimit {
                rule,
                object: self.region.id.to_string(),
                period: Some(self.t),
                whole_horizon: false,
                excess,
                unit: "mw",
                quantum: POWER_MW,
                price_gbp: input.h * input.prices.overload_gbp_per_mwh,
            });
        }
    }
}
