//! Online services: served in their period, in time, at least cost, shed at a price.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{Problem, RoutingCost, Service, ServicePoint};
use rule_support::*;

fn point(wh: f64, latency_ms: f64) -> ServicePoint {
    ServicePoint { wh_per_inference: wh, latency_ms }
}

#[test]
fn a_million_inferences_of_one_wh_are_one_mwh() {
    // In half an hour that is 2 MW. 1 MWh at 50: 50 GBP, 100 kg; 5e-5 GBP and 0.1 g for each inference.
    let problem = Problem::builder(half_hours(1))
        .region(site("a", 50.0))
        .service(Service::new("s", 1e6, [point(1.0, 0.0)]))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 50.0);
    near_all(&plan.regions[0].it_mw, &[2.0], "it_mw");
    near(plan.totals.inferences, 1e6, "inferences");
    assert!((plan.totals.cost_gbp_per_inference.unwrap() - 5e-5).abs() < 1e-10);
    assert!((plan.totals.carbon_g_per_inference.unwrap() - 0.1).abs() < 1e-7);
}

#[test]
fn demand_is_served_in_its_own_period() {
    // Hour 0 is cheaper, but the demand is in hour 1.
    let problem = Problem::builder(hours(2))
        .region(site("a", [10.0, 100.0]))
        .service(Service::new("s", [0.0, 1e6], [point(1.0, 0.0)]))
        .build()
        .unwrap();
    costs(&solve(&problem), 100.0);
}

#[test]
fn routing_costs_weigh_against_energy() {
    // A million: 50 GBP at a; 30 + routing at b: 40 with 10, 55 with 25.
    let problem = |routing: f64| {
        Problem::builder(hours(1))
            .region(site("a", 50.0))
            .region(site("b", 30.0))
            .service(
                Service::new("s", 1e6, [point(1.0, 0.0)])
                    .routing_cost_gbp_per_million(RoutingCost::ByRegion([("b".into(), routing)].into())),
            )
            .build()
            .unwrap()
    };
    costs(&solve(&problem(10.0)), 40.0);
    costs(&solve(&problem(25.0)), 50.0);
}

#[test]
fn latency_decides_region_and_point() {
    // a: 5 ms, 50 GBP/MWh. b: 40 ms, 10 GBP/MWh. Fast point: 20 ms, 1 Wh. Slow point: 60 ms, 0.5 Wh.
    let problem = |limit: f64| {
        Problem::builder(hours(1))
            .region(site("a", 50.0))
            .region(site("b", 10.0))
            .service(
                Service::new("s", 1e6, [point(1.0, 20.0), point(0.5, 60.0)])
                    .network_latency_ms([("a", 5.0), ("b", 40.0)])
                    .latency_limit_ms(limit),
            )
            .build()
            .unwrap()
    };
    // 59.9 ms: only a, fast (25 ms). 60 ms: b, fast, just in time. 64.9: the same. 100 ms: b, slow.
    costs(&solve(&problem(59.9)), 50.0);
    costs(&solve(&problem(60.0)), 10.0);
    costs(&solve(&problem(100.0)), 5.0);
}

#[test]
fn a_region_without_a_given_latency_cannot_serve() {
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0))
        .region(site("b", 10.0))
        .service(Service::new("s", 1e6, [point(1.0, 0.0)]).network_latency_ms([("a", 5.0)]))
        .build()
        .unwrap();
    costs(&solve(&problem), 50.0);
}

#[test]
fn what_does_not_fit_into_one_region_goes_to_the_next() {
    // 0.6 MW at a (10), the other 0.4 MW at b (30): 6 + 12 = 18 GBP.
    let problem = Problem::builder(hours(1))
        .region(site("a", 10.0).it_capacity_mw(0.6))
        .region(site("b", 30.0))
        .service(Service::new("s", 1e6, [point(1.0, 0.0)]))
        .build()
        .unwrap();
    let plan = solve(&problem);
    costs(&plan, 18.0);
    near(plan.services[0].inferences["a"][0], 6e5, "inferences at a");
}

#[test]
fn shedding_has_a_price_and_is_done_where_it_is_cheaper_than_energy() {
    // Serving a million costs 50 GBP, shedding it 10.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0))
        .service(Service::new("s", 1e6, [point(1.0, 0.0)]).shed_penalty_gbp_per_million(10.0))
        .build()
        .unwrap();
    assert!(problem.warnings()[0].message.contains("it will be shed"), "{:?}", problem.warnings());
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 0.0, "cost_gbp");
    breaks(&plan, "shed", "s", 1e6, "inferences", 10.0);
}

#[test]
fn a_site_too_small_sheds_the_rest() {
    // 0.6 MW of room for 1 MW: 400 000 shed at 20 000 GBP per million: 8000 GBP; 0.6 * 50 = 30 GBP of energy.
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(0.6))
        .service(Service::new("s", 1e6, [point(1.0, 0.0)]))
        .build()
        .unwrap();
    let plan = solve(&problem);
    near(plan.totals.cost_gbp, 30.0, "cost_gbp");
    near(plan.totals.inferences, 6e5, "inferences");
    breaks(&plan, "shed", "s", 4e5, "inferences", 8000.0);
}
