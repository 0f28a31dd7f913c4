//! The sites of a fleet: connection, capacity, battery, solar; and the services that they serve.

use super::signal::{Weather, rounded};
use super::{Fleet, USE, job};
use crate::generator::Dice;
use eca_core::{Battery, Horizon, Region, RoutingCost, Service, ServicePoint};

const NAMES: [&str; 5] = ["london", "scotland", "wales", "midlands", "north-east"];
/// Sizes of sites over the mean site.
const SIZES: [f64; 5] = [1.0, 0.85, 1.15, 0.95, 1.05];
/// Online demand of each hour over its mean.
const DEMAND: [f64; 24] = [
    0.62, 0.55, 0.5, 0.48, 0.5, 0.56, 0.7, 0.88, 1.05, 1.2, 1.28, 1.3, 1.27, 1.28, 1.3, 1.3, 1.28, 1.25, 1.23, 1.24,
    1.22, 1.13, 1.0, 0.88,
];

/// The name of a region.
pub(super) fn name(r: usize) -> String {
    NAMES.get(r).map_or_else(|| format!("region{r}"), |name| (*name).to_owned())
}

/// What the sites must carry, means over the horizon, MW.
pub(super) struct Load {
    pub(super) batch_mw: f64,
    pub(super) online_mw: f64,
    /// The largest job.
    pub(super) largest_mw: f64,
}

/// One site, and what it would do under an even load.
pub(super) struct Site {
    pub(super) region: Region,
    pub(super) battery: Battery,
    pub(super) even: Even,
}

/// Sums over the horizon under an even load.
pub(super) struct Even {
    pub(super) it_mwh: f64,
    pub(super) facility_mwh: f64,
    pub(super) carbon_kg: f64,
}

pub(super) fn sites(fleet: &Fleet, dice: &mut Dice, load: &Load, weather: &[Weather]) -> Vec<Site> {
    let all: f64 = (0..fleet.regions).map(|r| SIZES[r % 5]).sum();
    let draw = |(r, weather): (usize, &Weather)| site(fleet, dice, load, weather, r, SIZES[r % 5] / all);
    weather.iter().enumerate().map(draw).collect()
}

fn site(fleet: &Fleet, dice: &mut Dice, load: &Load, weather: &Weather, r: usize, share: f64) -> Site {
    let even_mw = share * (load.batch_mw + load.online_mw);
    // Where few jobs are spread over many periods a mean use of 60 % would leave no room for one of them.
    let room = if fleet.lumpy { 1.05 } else { 2.0 };
    let capacity = rounded((even_mw / USE).max(room * load.largest_mw + 1.4 * share * load.online_mw), 3);
    let (pue, overhead) = (rounded(1.12 + 0.18 * dice.unit(), 3), rounded(0.05 * capacity, 4));
    let mut region = Region::new(name(r).as_str())
        .it_capacity_mw(capacity)
        .overhead_mw(overhead)
        .pue_slope(pue)
        .import_limit_mw(rounded(1.1 * (overhead + pue * capacity), 3))
        .import_price_gbp_per_mwh(weather.price_gbp_per_mwh.clone())
        .network_charge_gbp_per_mwh(weather.network_gbp_per_mwh.clone())
        .export_limit_mw(rounded(0.5 * capacity, 3))
        .carbon_g_per_kwh(weather.carbon_g_per_kwh.clone())
        .solar_mw(weather.solar_frac.iter().map(|sun| rounded(0.3 * capacity * sun, 4)).collect::<Vec<f64>>());
    let export: Vec<f64> = weather.price_gbp_per_mwh.iter().map(|price| rounded(price - 6.0, 2)).collect();
    region = region.export_price_gbp_per_mwh(export);
    let energy = rounded(0.5 * capacity, 3);
    let mut battery = Battery::new(format!("battery-{}", region.id).as_str(), region.id.clone(), energy / 2.0, energy)
        .charge_efficiency(0.95)
        .discharge_efficiency(0.95)
        .soc_mwh(energy / 2.0)
        .end_soc_min_mwh(energy / 2.0)
        .wear_gbp_per_mwh(2.0);
    if fleet.every_feature {
        region = features(region, weather, dice, fleet.periods, capacity * pue + overhead);
        battery = battery.soc_min_mwh(0.1 * energy);
    }
    let even = even(fleet, weather, even_mw, overhead + pue * even_mw, &region);
    Site { region, battery, even }
}

/// What only instances with every feature have.
fn features(mut region: Region, weather: &Weather, dice: &mut Dice, periods: usize, facility_mw: f64) -> Region {
    region = region
        .renewable_share_frac(weather.renewable_frac.clone())
        .import_limit_mw(rounded(0.85 * facility_mw, 3))
        .demand_charge_gbp_per_mw(rounded(6.0 * periods as f64 / 48.0, 2));
    let mut busy = false;
    let mut congested = Vec::with_capacity(periods);
    for _ in 0..periods {
        busy = if busy { dice.chance(0.8) } else { dice.chance(0.05) };
        congested.push(busy);
    }
    let each = |yes: f64, no: f64| congested.iter().map(|&busy| if busy { yes } else { no }).collect::<Vec<f64>>();
    region
        .nonfirm_import_mw(each(0.0, rounded(0.2 * facility_mw, 3)))
        .congestion_gbp_per_mwh(each(18.0, 0.0))
        .congestion_limit_mw(each(rounded(0.75 * facility_mw, 3), rounded(1.2 * facility_mw, 3)))
}

fn even(fleet: &Fleet, weather: &Weather, it_mw: f64, facility_mw: f64, region: &Region) -> Even {
    let mut even = Even { it_mwh: 0.0, facility_mwh: 0.0, carbon_kg: 0.0 };
    for (t, carbon) in weather.carbon_g_per_kwh.iter().enumerate().take(fleet.periods) {
        even.it_mwh += 0.5 * it_mw;
        even.facility_mwh += 0.5 * facility_mw;
        even.carbon_kg += 0.5 * (facility_mw - region.solar_mw.at(t)).max(0.0) * carbon;
    }
    even
}

/// One service for each region; it may be served there and in the next.
pub(super) fn services(fleet: &Fleet, dice: &mut Dice, load: &Load, horizon: &Horizon) -> Vec<Service> {
    let mean = load.online_mw / fleet.regions.max(1) as f64 * horizon.step_h() * job::INFERENCES_PER_MWH;
    (0..fleet.regions).map(|s| service(fleet, dice, horizon, s, mean)).collect()
}

fn service(fleet: &Fleet, dice: &mut Dice, horizon: &Horizon, s: usize, mean: f64) -> Service {
    let mean_shape = DEMAND.iter().sum::<f64>() / 24.0;
    let demand: Vec<f64> = (0..horizon.periods)
        .map(|t| {
            let hour = (t as f64 * horizon.step_h()) as usize % 24;
            (mean * DEMAND[hour] / mean_shape * (0.95 + 0.1 * dice.unit())).round()
        })
        .collect();
    let mut points = vec![ServicePoint { wh_per_inference: 1e6 / job::INFERENCES_PER_MWH, latency_ms: 30.0 }];
    if fleet.every_feature {
        // Larger batches: less energy, more latency, so too slow from the region next door.
        points.push(ServicePoint { wh_per_inference: 0.9e6 / job::INFERENCES_PER_MWH, latency_ms: 90.0 });
    }
    let (home, next) = (name(s), name((s + 1) % fleet.regions));
    let mut network = vec![(home.as_str(), 5.0)];
    if next != home {
        network.push((next.as_str(), 25.0));
    }
    let mut service = Service::new(format!("service{s}").as_str(), demand, points).network_latency_ms(network);
    if next != home {
        service.routing_cost_gbp_per_million = RoutingCost::ByRegion([(next.as_str().into(), 1.0)].into());
    }
    if fleet.every_feature {
        service.latency_limit_ms = Some(100.0);
    }
    // 4000 GBP/MWh: more than any undone work.
    service.shed_penalty_gbp_per_million = 1600.0;
    service
}
