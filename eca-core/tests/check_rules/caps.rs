//! A service in two regions, part of it shed, and caps of all metrics, windows and kinds that do not hold.

use crate::support::*;
use eca_core::{CapMetric, CapWindow, CarbonCap, Horizon, Plan, Problem, Region, RoutingCost, Service, ServicePoint};
use std::collections::BTreeMap;

fn chat() -> Service {
    let points = [
        ServicePoint { wh_per_inference: 1.0, latency_ms: 10.0 },
        ServicePoint { wh_per_inference: 0.5, latency_ms: 100.0 },
    ];
    Service::new("chat", [1e6, 5e5], points)
        .latency_limit_ms(120.0)
        .network_latency_ms([("london", 10.0), ("north", 50.0)])
        .routing_cost_gbp_per_million(RoutingCost::ByRegion(BTreeMap::from([("north".into(), 2.0)])))
        .shed_penalty_gbp_per_million(20_000.0)
}

fn caps() -> Vec<CarbonCap> {
    vec![
        CarbonCap::priced("budget", CapMetric::Kg, 200.0, CapWindow::Horizon, 0.5),
        CarbonCap::strict("rate", CapMetric::GPerKwh, 170.0, CapWindow::Day),
        CarbonCap::priced("each", CapMetric::GPerInference, 0.15, CapWindow::RollingH(1.0), 0.1),
        CarbonCap::strict("north", CapMetric::GPerInference, 0.05, CapWindow::RollingH(24.0)).in_regions(["north"]),
    ]
}

fn problem_of(service: Service, caps: Vec<CarbonCap>, span: Horizon) -> Problem {
    let region = |id: &str| Region::new(id).it_capacity_mw(1.0).import_limit_mw(4.0);
    let mut builder = Problem::builder(span)
        .region(region("london").import_price_gbp_per_mwh(100.0).carbon_g_per_kwh(200.0))
        .region(region("north").import_price_gbp_per_mwh(50.0).carbon_g_per_kwh(100.0))
        .service(service);
    for cap in caps {
        builder = builder.carbon_cap(cap);
    }
    builder.build().unwrap()
}

fn problem() -> Problem {
    problem_of(chat(), caps(), horizon(60, 2))
}

/// 1 MWh in London and 0.3 in the north: 100 + 15 GBP and 0.6 for routing; 200 + 30 kg. Caps: 230 - 200;
/// 230 - 170 * 1.3; 100 - 150 * 0.5 in period 1; 30 - 50 * 0.3.
fn plan() -> Plan {
    let mut plan = empty(&problem());
    plan.services.push(service(
        "chat",
        &[("london", &[&[4e5, 5e5], &[2e5, 0.0]]), ("north", &[&[3e5, 0.0], &[0.0, 0.0]])],
        &[1e5, 0.0],
    ));
    plan.regions.push(plain("london", &[0.5, 0.5]));
    plan.regions.push(plain("north", &[0.3, 0.0]));
    plan.broken_limits = vec![
        broken("carbon_cap", "budget", Some(0), 30.0, "kg", 15.0),
        broken("carbon_cap", "rate", Some(0), 9.0, "kg", 0.0),
        broken("carbon_cap", "each", Some(1), 25.0, "kg", 2.5),
        broken("carbon_cap", "north", Some(0), 15.0, "kg", 0.0),
        broken("shed", "chat", Some(0), 1e5, "inferences", 2000.0),
    ];
    totals(&mut plan, 115.6, 2017.5, 1.3, 230.0, 1.4e6);
    plan
}

#[track_caller]
fn broken_by(rule: &str, change: impl FnOnce(&mut Plan)) {
    breaks(&problem(), &plan(), rule, change);
}

#[test]
fn right_plan_passes() {
    passes(&problem(), &plan());
    let mut whole = plan();
    whole.broken_limits[0].period = None;
    passes(&problem(), &whole);
}

#[test]
fn every_broken_limit_is_listed() {
    for (i, rule) in ["carbon_cap", "carbon_cap", "carbon_cap", "carbon_cap", "shed"].into_iter().enumerate() {
        broken_by(rule, |plan| drop(plan.broken_limits.remove(i)));
        broken_by("broken_limits", |plan| plan.broken_limits[i].amount *= 1.1);
        broken_by("broken_limits", |plan| plan.broken_limits[i].amount *= -1.0);
        broken_by("broken_limits", |plan| plan.broken_limits[i].unit = "t".into());
        broken_by("broken_limits", |plan| plan.broken_limits[i].price_gbp += 1.0);
        broken_by("broken_limits", |plan| plan.broken_limits.push(plan.broken_limits[i].clone()));
        broken_by("broken_limits", |plan| plan.broken_limits[i].object = "other".into());
        broken_by("broken_limits", |plan| plan.broken_limits[i].rule = "other".into());
        broken_by("broken_limits", |plan| plan.broken_limits[i].period = Some(7));
    }
    broken_by("broken_limits", |plan| {
        plan.broken_limits.push(broken("carbon_cap", "each", Some(0), 1.0, "kg", 0.1));
    });
    broken_by("totals", |plan| plan.totals.penalty_gbp = 2015.0);
}

#[test]
fn services_serve_or_shed_what_is_asked_for() {
    broken_by("service_balance", |plan| plan.services[0].shed[0] = 0.0);
    broken_by("service_balance", |plan| plan.services[0].shed[1] = 10.0);
    broken_by("service_points", |plan| plan.services[0].inferences.get_mut("london").unwrap()[0] = 5e5);
    broken_by("it", |plan| plan.services[0].point_inferences.get_mut("london").unwrap().swap(0, 1));
    let served = |service: Service| problem_of(service, caps(), horizon(60, 2));
    breaks_in(&served(chat().latency_limit_ms(109.0)), &plan(), "latency");
    passes_in(&served(chat().latency_limit_ms(110.0)), &plan());
    breaks_in(&served(chat().network_latency_ms([("london", 10.0)])), &plan(), "latency");
    breaks_in(&served(chat().network_latency_ms([("london", 10.0)]).latency_limit_ms(None)), &plan(), "latency");
    breaks_in(&served(chat().routing_cost_gbp_per_million(RoutingCost::Same(2.0))), &plan(), "totals");
    breaks_in(&served(chat().shed_penalty_gbp_per_million(10_000.0)), &plan(), "broken_limits");
    breaks_in(&served(Service::new("chat", [1e6, 5e5 + 9.0], chat().points)), &plan(), "service_balance");
}

#[test]
fn limits_scopes_and_windows_of_caps() {
    let with = |i: usize, cap: CarbonCap| {
        let mut caps = caps();
        caps[i] = cap;
        problem_of(chat(), caps, horizon(60, 2))
    };
    let kg = |limit| CarbonCap::priced("budget", CapMetric::Kg, limit, CapWindow::Horizon, 0.5);
    breaks_in(&with(0, kg(199.0)), &plan(), "broken_limits");
    breaks_in(&with(0, kg(231.0)), &plan(), "broken_limits");
    breaks_in(&with(0, kg(200.0).in_regions(["london"])), &plan(), "broken_limits");
    let rate = |window| CarbonCap::strict("rate", CapMetric::GPerKwh, 170.0, window);
    passes_in(&with(1, rate(CapWindow::Horizon)), &plan());
    breaks_in(&with(1, rate(CapWindow::RollingH(1.0))), &plan(), "carbon_cap");
    let each = CarbonCap::priced("each", CapMetric::GPerInference, 0.15, CapWindow::RollingH(2.0), 0.1);
    breaks_in(&with(2, each), &plan(), "broken_limits");
    let north = CarbonCap::strict("north", CapMetric::GPerInference, 0.05, CapWindow::Horizon);
    passes_in(&with(3, north.clone().in_regions(["north"])), &plan());
    breaks_in(&with(3, north), &plan(), "broken_limits");
}

/// 2026-03-02T23:00Z is the last hour of a London day in winter.
#[test]
fn days_are_london_days() {
    let caps = vec![CarbonCap::priced("day", CapMetric::Kg, 100.0, CapWindow::Day, 1.0)];
    let span = |start: &str| Horizon::new(time(start), 60, 2).unwrap();
    let two_days = |start: &str| problem_of(chat(), caps.clone(), span(start));
    let mut plan = plan();
    plan.broken_limits = vec![
        broken("carbon_cap", "day", Some(0), 30.0, "kg", 30.0),
        broken("shed", "chat", Some(0), 1e5, "inferences", 2000.0),
    ];
    totals(&mut plan, 115.6, 2030.0, 1.3, 230.0, 1.4e6);
    passes_in(&two_days("2026-03-02T23:00:00Z"), &plan);
    passes_in(&two_days("2026-07-02T22:00:00Z"), &plan);
    breaks_in(&two_days("2026-07-02T23:00:00Z"), &plan, "broken_limits");
}
