//! Power, energy, money and carbon of one period.

use crate::Plan;
use crate::problem::{Battery, ProblemDocument, Region, RegionId, ServiceId};
use crate::unit;
use std::collections::BTreeMap;

/// How the demand of each service is spread: part of it by region and operating point. What is missing is shed.
pub(crate) type Routes = BTreeMap<ServiceId, BTreeMap<RegionId, Vec<f64>>>;

/// The routes of period `t` of a plan.
pub(crate) fn routes(plan: &Plan, t: usize) -> Routes {
    let of_service = plan.services.iter().map(|service| {
        let served = |points: &Vec<Vec<f64>>| -> Vec<f64> {
            points.iter().map(|series| series.get(t).copied().unwrap_or(0.0)).collect()
        };
        let by_region: BTreeMap<RegionId, Vec<f64>> =
            service.point_inferences.iter().map(|(region, points)| (region.clone(), served(points))).collect();
        let shed = service.shed.get(t).copied().unwrap_or(0.0);
        let demand = shed + by_region.values().flatten().sum::<f64>();
        let part = |values: Vec<f64>| values.into_iter().map(|v| if demand > 0.0 { v / demand } else { 0.0 }).collect();
        (service.id.clone(), by_region.into_iter().map(|(region, values)| (region, part(values))).collect())
    });
    of_service.collect()
}

/// One period: flows by region in document order, sums over all of them.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Flows {
    /// IT power, MW.
    pub(crate) it_mw: Vec<f64>,
    /// Imports at the connections, MW.
    pub(crate) import_mw: Vec<f64>,
    /// Exports at the connections, MW.
    pub(crate) export_mw: Vec<f64>,
    /// Batteries in their order, MW at the grid terminals, charge positive.
    pub(crate) battery_mw: Vec<f64>,
    /// Money without demand charges, GBP.
    pub(crate) cost_gbp: f64,
    /// Facility energy, MWh.
    pub(crate) energy_mwh: f64,
    pub(crate) carbon_kg: f64,
    pub(crate) inferences: f64,
    /// Inferences not served.
    pub(crate) shed: f64,
    /// Energy above the IT capacity or the import limit, MWh.
    pub(crate) overload_mwh: f64,
}

impl Flows {
    pub(super) fn new(site: &ProblemDocument) -> Self {
        let none = vec![0.0; site.regions.len()];
        Self { it_mw: none.clone(), import_mw: none.clone(), export_mw: none, ..Self::default() }
    }

    /// IT power in a region.
    pub(super) fn run(&mut self, site: &ProblemDocument, region: &RegionId, power_mw: f64) {
        if let Some(r) = site.regions.iter().position(|known| known.id == *region) {
            self.it_mw[r] += power_mw;
        }
    }

    /// Serves what is asked for as the routes say.
    pub(super) fn serve(&mut self, site: &ProblemDocument, t: usize, routes: &Routes) {
        let h = site.horizon.step_h();
        for service in &site.services {
            let demand = service.demand_inferences.at(t);
            let mut served = 0.0;
            for (region, parts) in routes.get(&service.id).into_iter().flatten() {
                let inferences: f64 = parts.iter().sum::<f64>() * demand;
                let points = parts.iter().zip(&service.points);
                let power_mw = points.map(|(f, point)| unit::inferences_to_mw(f * demand, point.wh_per_inference, h));
                self.run(site, region, power_mw.sum());
                let cost = service.routing_cost_gbp_per_million.of(region);
                self.cost_gbp += unit::inferences_to_millions(inferences) * cost;
                served += inferences;
            }
            self.inferences += served;
            self.shed += (demand - served).max(0.0);
        }
    }

    /// What a battery can do of what it is told: its power, and the room in it.
    pub(super) fn store(&mut self, battery: &Battery, wanted_mw: f64, h: f64) {
        let most = battery.power_capacity_mw;
        let floor = battery.soc_min_mwh.min(battery.soc_mwh);
        let room = (battery.energy_capacity_mwh - battery.soc_mwh).max(0.0) / (h * battery.charge_efficiency);
        let stored = (battery.soc_mwh - floor).max(0.0) * battery.discharge_efficiency / h;
        self.battery_mw.push(wanted_mw.max(-most.min(stored)).min(most.min(room)));
    }

    /// Closes the balance of every connection, and lets batteries take and give.
    pub(super) fn settle(&mut self, site: &ProblemDocument, t: usize, batteries: &mut [Battery]) {
        let h = site.horizon.step_h();
        for (r, region) in site.regions.iter().enumerate() {
            let facility = region.overhead_mw.at(t) + region.pue_slope.at(t) * self.it_mw[r];
            let here: Vec<usize> = (0..batteries.len()).filter(|&b| batteries[b].region == region.id).collect();
            let mut net = facility + here.iter().map(|&b| self.battery_mw[b]).sum::<f64>();
            // More than may be exported stays in the batteries.
            for &b in &here {
                let over = (-net - region.export_limit_mw.at(t)).max(0.0);
                let less = over.min((-self.battery_mw[b]).max(0.0));
                self.battery_mw[b] += less;
                net += less;
            }
            let solar = use_solar(region, t, net);
            self.import_mw[r] = (net - solar).max(0.0);
            self.export_mw[r] = (solar - net).max(0.0);
            self.book(region, r, t, facility, h);
        }
        for (battery, &power) in batteries.iter_mut().zip(&self.battery_mw) {
            let flow =
                if power > 0.0 { power * battery.charge_efficiency } else { power / battery.discharge_efficiency };
            battery.soc_mwh = (battery.soc_mwh + h * flow).clamp(0.0, battery.energy_capacity_mwh);
            self.cost_gbp += h * battery.wear_gbp_per_mwh * power.abs();
        }
    }

    fn book(&mut self, region: &Region, r: usize, t: usize, facility_mw: f64, h: f64) {
        let import = h * self.import_mw[r];
        self.cost_gbp +=
            import * import_price(region, t) - h * self.export_mw[r] * region.export_price_gbp_per_mwh.at(t);
        self.energy_mwh += h * facility_mw;
        self.carbon_kg += import * region.carbon_g_per_kwh.at(t);
        let firm = region.import_limit_mw.at(t) + region.nonfirm_import_mw.at(t);
        let limit = region.congestion_limit_mw.as_ref().map_or(firm, |limit| firm.min(limit.at(t)));
        self.overload_mwh += h * (self.it_mw[r] - region.it_capacity_mw.at(t)).max(0.0);
        self.overload_mwh += h * (self.import_mw[r] - limit).max(0.0);
    }
}

/// What an imported MWh costs, GBP.
pub(crate) fn import_price(region: &Region, t: usize) -> f64 {
    region.import_price_gbp_per_mwh.at(t)
        + region.network_charge_gbp_per_mwh.at(t)
        + region.congestion_gbp_per_mwh.at(t)
}

/// Solar used or exported for a net load, MW: all that saves or earns money.
fn use_solar(region: &Region, t: usize, net_mw: f64) -> f64 {
    let there = region.solar_mw.at(t);
    let own = if import_price(region, t) >= 0.0 { there.min(net_mw.max(0.0)) } else { 0.0 };
    let room = (region.export_limit_mw.at(t) - (-net_mw).max(0.0)).max(0.0);
    let sells = region.export_price_gbp_per_mwh.at(t) > 0.0 && own >= net_mw.max(0.0);
    own + if sells { room.min(there - own) } else { 0.0 }
}
