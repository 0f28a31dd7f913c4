//! The least carbon with which every promise can be kept: how low a cap may be set.

use crate::problem::ProblemDocument;
use crate::{Plan, Problem, Result, RoutingCost, Series, Settings};
use serde::{Deserialize, Serialize};

/// How little carbon the work of a problem can emit, whatever it costs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct LowestCarbon {
    /// Carbon of the imports of the best plan that was found, kg.
    pub carbon_kg: f64,
    /// No plan that keeps every promise emits less, kg.
    pub carbon_bound_kg: f64,
    /// Facility energy of that plan, MWh.
    pub energy_mwh: f64,
    /// Its carbon over its facility energy, g/kWh: the least limit of a cap in `g_per_kwh` over the horizon that it keeps.
    pub carbon_g_per_kwh: Option<f64>,
    /// Its carbon for each inference, g; none where nothing counts inferences.
    pub carbon_g_per_inference: Option<f64>,
    /// Whether that plan does all work in time and serves all demand; otherwise no plan was found that does, and its
    /// carbon is of what can be done.
    pub keeps_promises: bool,
}

impl Problem {
    /// The least carbon with which every promise can be kept: how low a carbon cap can be set.
    ///
    /// The same problem is planned with carbon in place of money: a kg is worth one unit, energy, charges, wear, pauses and
    /// moves cost nothing, and undone work is never worth its carbon. Carbon caps and opportunities do not count; all other
    /// limits, power targets and commitments hold. `settings` say how near to the least one it must be (`gap`) and how long it may take.
    ///
    /// ```
    /// # use eca_core::{Horizon, Job, JobPoint, Problem, Region, Settings};
    /// let horizon = Horizon::new("2026-03-02T00:00:00Z".parse()?, 60, 2)?;
    /// let site = Region::new("london").it_capacity_mw(2.0).import_limit_mw(4.0).import_price_gbp_per_mwh([60.0, 90.0]);
    /// let problem = Problem::builder(horizon)
    ///     .region(site.carbon_g_per_kwh([200.0, 50.0]))
    ///     .job(Job::inferences("embed", 4e6, [JobPoint::inferences(2.0, 4e6)]))
    ///     .build()?;
    ///
    /// // The first hour is cheaper, the second one cleaner: 2 MWh at 50 g/kWh.
    /// assert_eq!(problem.solve(&Settings::default())?.totals.carbon_kg, 400.0);
    /// let lowest = problem.lowest_carbon(&Settings::default())?;
    /// assert_eq!((lowest.carbon_kg, lowest.carbon_g_per_kwh), (100.0, Some(50.0)));
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of [`Problem::solve`].
    pub fn lowest_carbon(&self, settings: &Settings) -> Result<LowestCarbon> {
        Ok(LowestCarbon::of(&self.carbon_alone()?.solve(settings)?))
    }

    /// The same problem with carbon in place of money, one kg for one GBP: what [`Problem::lowest_carbon`] plans.
    ///
    /// # Errors
    /// What validation refuses; nothing is known that it would.
    pub fn carbon_alone(&self) -> Result<Self> {
        let mut document = self.document().clone();
        weigh_carbon(&mut document);
        Self::from_document(document)
    }
}

impl LowestCarbon {
    /// What a plan of [`Problem::carbon_alone`] says.
    #[must_use]
    pub fn of(plan: &Plan) -> Self {
        let totals = &plan.totals;
        let keeps_promises = plan.broken_limits.is_empty();
        let carbon_g_per_kwh = (totals.energy_mwh > 0.0).then(|| totals.carbon_kg / totals.energy_mwh);
        Self {
            carbon_kg: totals.carbon_kg,
            carbon_bound_kg: plan.bound_gbp.clamp(0.0, totals.carbon_kg.max(0.0)),
            energy_mwh: totals.energy_mwh,
            carbon_g_per_kwh,
            carbon_g_per_inference: totals.carbon_g_per_inference,
            keeps_promises,
        }
    }
}

/// Undone work is so many times as dear as the carbon that it could emit at most.
const NEVER: f64 = 10.0;

/// Puts carbon where money was.
fn weigh_carbon(document: &mut ProblemDocument) {
    let dirtiest = dirtiest_kg_per_mwh(document);
    let step_h = document.horizon.step_h();
    for region in &mut document.regions {
        // 1 g/kWh is 1 kg/MWh.
        region.import_price_gbp_per_mwh = region.carbon_g_per_kwh.clone();
        for series in [
            &mut region.export_price_gbp_per_mwh,
            &mut region.network_charge_gbp_per_mwh,
            &mut region.congestion_gbp_per_mwh,
        ] {
            *series = Series::Constant(0.0);
        }
        region.demand_charge_gbp_per_mw = 0.0;
    }
    for battery in &mut document.batteries {
        battery.wear_gbp_per_mwh = 0.0;
    }
    for job in &mut document.jobs {
        (job.startup_cost_gbp, job.pause_cost_gbp) = (0.0, 0.0);
        if let Some(migration) = &mut job.migration {
            migration.cost_gbp = 0.0;
        }
        if job.undone_penalty_gbp.is_some() {
            // More than its slowest point draws in twice the time that it needs there.
            let work = job.inferences.or(job.gpu_hours).unwrap_or(0.0);
            let energy = |point: &crate::JobPoint| {
                let rate = point.inferences_per_h.or(point.gpu_hours_per_h).unwrap_or(f64::INFINITY);
                point.power_mw * (2.0 * work / rate + step_h)
            };
            let mwh = job.points.iter().map(energy).fold(0.0, f64::max);
            job.undone_penalty_gbp = Some(NEVER * (mwh * dirtiest).max(1.0));
        }
    }
    for service in &mut document.services {
        service.routing_cost_gbp_per_million = RoutingCost::Same(0.0);
        // A million inferences of one Wh each are one MWh.
        let mwh = service.points.iter().map(|point| point.wh_per_inference).fold(0.0, f64::max);
        service.shed_penalty_gbp_per_million = NEVER * (mwh * dirtiest).max(1.0);
    }
    document.carbon_caps = Vec::new();
    // What is not sold yet pays nothing here.
    document.opportunities = Vec::new();
}

/// Most carbon of one MWh of IT energy anywhere, kg.
fn dirtiest_kg_per_mwh(document: &ProblemDocument) -> f64 {
    let of = |region: &crate::Region| region.carbon_g_per_kwh.max() * region.pue_slope.max();
    document.regions.iter().map(of).fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use crate::{
        Battery, DeadlineKind, Horizon, Job, JobPoint, Problem, Region, Service, ServicePoint, Settings, Timestamp,
    };

    fn horizon() -> Horizon {
        Horizon::new("2026-03-02T00:00:00Z".parse().unwrap(), 60, 3).unwrap()
    }

    fn site() -> Region {
        Region::new("hall")
            .it_capacity_mw(1.0)
            .import_limit_mw(4.0)
            .overhead_mw(0.1)
            .pue_slope(1.25)
            .import_price_gbp_per_mwh([10.0, 50.0, 90.0])
            .carbon_g_per_kwh([300.0, 200.0, 100.0])
    }

    fn job(id: &str, mw: f64) -> Job {
        Job::inferences(id, 1e6, [JobPoint::inferences(mw, 1e6)])
    }

    #[test]
    fn two_jobs_by_hand() {
        // 0.6 MW fits once in each hour: one in the third, one in the second.
        let builder = Problem::builder(horizon()).region(site());
        let problem = builder.job(job("a", 0.6).pause_cost_gbp(3.0)).job(job("b", 0.6)).build().unwrap();
        let lowest = problem.lowest_carbon(&Settings::default()).unwrap();
        let kg = 0.1 * 600.0 + 1.25 * 0.6 * (200.0 + 100.0);
        let mwh = 0.3 + 1.25 * 1.2;
        assert!((lowest.carbon_kg - kg).abs() < 1e-6, "{lowest:?}");
        assert!((lowest.carbon_g_per_kwh.unwrap() - kg / mwh).abs() < 1e-6, "{lowest:?}");
        assert!((lowest.carbon_g_per_inference.unwrap() - kg / 2e3).abs() < 1e-9, "{lowest:?}");
        assert!(lowest.keeps_promises && lowest.carbon_bound_kg <= lowest.carbon_kg);
        assert!(lowest.carbon_bound_kg > kg - 0.01 * kg, "{lowest:?}");
    }

    #[test]
    fn a_battery_moves_clean_energy_and_costs_nothing() {
        // 1 MWh is stored already; its wear would cost more than all energy, and nothing has to be left in it.
        let battery = Battery::new("b", "hall", 1.0, 1.0).soc_mwh(1.0).wear_gbp_per_mwh(1000.0);
        let service = Service::new("chat", [1e6, 0.0, 0.0], [ServicePoint { wh_per_inference: 0.8, latency_ms: 20.0 }]);
        let problem = Problem::builder(horizon()).region(site()).battery(battery).service(service).build().unwrap();
        let lowest = problem.lowest_carbon(&Settings::default()).unwrap();
        // 1.1 MWh of load in the dirtiest hour, 1 MWh of it from the battery.
        let kg = 0.1 * 300.0 + 0.1 * 200.0 + 0.1 * 100.0;
        assert!((lowest.carbon_kg - kg).abs() < 1e-6, "{lowest:?}");
    }

    #[test]
    fn work_is_not_left_undone_for_carbon() {
        // Cheap to leave undone: 1 GBP for what emits 75 kg.
        let late = job("a", 0.6)
            .deadline("2026-03-02T01:00:00Z".parse::<Timestamp>().unwrap())
            .deadline_kind(DeadlineKind::Priced)
            .undone_penalty_gbp(1.0);
        let problem = Problem::builder(horizon()).region(site()).job(late).build().unwrap();
        assert!(problem.solve(&Settings::default()).unwrap().totals.inferences < 1.0);
        let lowest = problem.lowest_carbon(&Settings::default()).unwrap();
        let kg = 0.1 * 600.0 + 1.25 * 0.6 * 300.0;
        assert!(lowest.keeps_promises && (lowest.carbon_kg - kg).abs() < 1e-6, "{lowest:?}");
    }
}
