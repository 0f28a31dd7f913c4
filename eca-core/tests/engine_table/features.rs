//! One small problem for each feature of docs/model.md, with and without it: the feature changes what the best plan costs.
#![allow(unreachable_pub)]

use super::rule_support::{at, time};
use eca_core::{
    Battery, CapMetric, CapWindow, CarbonCap, Commitment, CommitmentKind, DeadlineKind, Direction, Horizon, Job,
    JobPoint, JobState, Migration, Opportunity, Penalty, PowerTarget, Problem, Region, Route, RoutingCost, RunWhen,
    Service, ServicePoint, SettlementPeriod,
};

/// What a problem is put together from: six hours, regions `a` and `b`, one job of two hours at 4 MW.
pub struct Parts {
    pub a: Region,
    pub b: Option<Region>,
    pub batteries: Vec<Battery>,
    pub jobs: Vec<Job>,
    pub services: Vec<Service>,
    pub caps: Vec<CarbonCap>,
    pub commitments: Vec<Commitment>,
    pub targets: Vec<PowerTarget>,
    pub opportunities: Vec<Opportunity>,
    /// Minutes of a period: six hours, or six half hours where settlement periods matter.
    pub step_min: u32,
}

/// A feature: its name in docs/model.md, what it needs to matter, and the feature itself.
pub struct Feature {
    pub name: &'static str,
    given: fn(&mut Parts),
    with: fn(&mut Parts),
}

impl Feature {
    pub fn problem(&self, with: bool) -> Problem {
        let mut parts = parts();
        (self.given)(&mut parts);
        if with {
            (self.with)(&mut parts);
        }
        let mut builder = Problem::builder(Horizon::new(at(0), parts.step_min, 6).unwrap()).region(parts.a);
        builder = parts.b.into_iter().fold(builder, eca_core::ProblemBuilder::region);
        builder = parts.batteries.into_iter().fold(builder, eca_core::ProblemBuilder::battery);
        builder = parts.jobs.into_iter().fold(builder, eca_core::ProblemBuilder::job);
        builder = parts.services.into_iter().fold(builder, eca_core::ProblemBuilder::service);
        builder = parts.caps.into_iter().fold(builder, eca_core::ProblemBuilder::carbon_cap);
        builder = parts.commitments.into_iter().fold(builder, eca_core::ProblemBuilder::commitment);
        builder = parts.opportunities.into_iter().fold(builder, eca_core::ProblemBuilder::opportunity);
        builder = parts.targets.into_iter().fold(builder, eca_core::ProblemBuilder::target);
        builder.build().unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

fn half_hourly(p: &mut Parts) {
    p.step_min = 30;
}

/// `mw` below 4 MW at `a` in the second half hour, in which energy is cheapest.
fn sold(mw: f64, penalty_gbp_per_mwh: f64) -> Commitment {
    let period = SettlementPeriod::containing(at(0).plus_min(30));
    Commitment::new("sold", Route::DsoFlex, "a", [period], mw, 4.0).penalty(Penalty::price(penalty_gbp_per_mwh))
}

/// `mw` above nothing at `a` in the last half hour.
fn more(mw: f64) -> Commitment {
    let period = SettlementPeriod::containing(at(0).plus_min(150));
    let mut one = Commitment::new("more", Route::DsoFlex, "a", [period], mw, 0.0).penalty(Penalty::price(300.0));
    one.direction = Direction::Up;
    one
}

/// Up to 4 MW less at `a` in the second and third half hour, at a price.
fn offered(price_gbp_per_mwh: f64) -> Opportunity {
    let periods = [30, 60].map(|min| SettlementPeriod::containing(at(0).plus_min(min)));
    Opportunity::new("offered", Route::DsoFlex, "a", periods, 4.0, 4.0).price_gbp_per_mwh(price_gbp_per_mwh)
}

/// 3 MW at `a` in the first period, in which its cheapest run begins.
fn first_period() -> [Option<f64>; 6] {
    [Some(3.0), None, None, None, None, None]
}

const A_GBP_PER_MWH: [f64; 6] = [50.0, 20.0, 70.0, 30.0, 90.0, 40.0];
const B_GBP_PER_MWH: [f64; 6] = [65.0, 60.0, 45.0, 80.0, 60.0, 50.0];
const A_G_PER_KWH: [f64; 6] = [200.0, 300.0, 100.0, 250.0, 50.0, 150.0];

fn site(id: &str, price: [f64; 6]) -> Region {
    Region::new(id).it_capacity_mw(10.0).import_limit_mw(20.0).import_price_gbp_per_mwh(price.to_vec())
}

/// Two million inferences at a million an hour.
fn job() -> Job {
    Job::inferences("job", 2e6, [JobPoint::inferences(4.0, 1e6)])
}

fn parts() -> Parts {
    Parts {
        a: site("a", A_GBP_PER_MWH).carbon_g_per_kwh(A_G_PER_KWH.to_vec()),
        b: Some(site("b", B_GBP_PER_MWH).carbon_g_per_kwh(120.0)),
        batteries: Vec::new(),
        jobs: vec![job()],
        services: Vec::new(),
        caps: Vec::new(),
        commitments: Vec::new(),
        targets: Vec::new(),
        opportunities: Vec::new(),
        step_min: 60,
    }
}

fn a(p: &mut Parts, edit: impl FnOnce(Region) -> Region) {
    p.a = edit(p.a.clone());
}

fn the_job(p: &mut Parts, edit: impl FnOnce(Job) -> Job) {
    p.jobs[0] = edit(p.jobs[0].clone());
}

fn battery(p: &mut Parts, edit: impl FnOnce(Battery) -> Battery) {
    p.batteries[0] = edit(p.batteries[0].clone());
}

fn service(p: &mut Parts, edit: impl FnOnce(Service) -> Service) {
    p.services[0] = edit(p.services[0].clone());
}

fn with_battery(p: &mut Parts) {
    p.batteries.push(Battery::new("battery", "a", 2.0, 4.0));
}

/// Two million inferences of 1 Wh in each hour: 2 MW.
fn with_service(p: &mut Parts) {
    p.services.push(Service::new("service", 2e6, [ServicePoint { wh_per_inference: 1.0, latency_ms: 20.0 }]));
}

fn with_pauses(p: &mut Parts) {
    the_job(p, |j| j.preemptible(true));
}

/// It may move, at a cost, and `a` is closed for part of the time.
fn with_moves(p: &mut Parts) {
    a(p, |r| r.it_capacity_mw(vec![10.0, 10.0, 0.0, 0.0, 10.0, 10.0]));
    p.b.as_mut().unwrap().it_capacity_mw = vec![0.0, 0.0, 10.0, 10.0, 0.0, 0.0].into();
    p.jobs[0] = Job::inferences("job", 3e6, [JobPoint::inferences(4.0, 1e6)]).preemptible(true).pause_cost_gbp(500.0);
}

fn with_state(p: &mut Parts) {
    the_job(p, |j| j.preemptible(true).pause_cost_gbp(30.0).startup_cost_gbp(25.0));
}

fn state(point: Option<usize>) -> JobState {
    JobState {
        region: "a".into(),
        point,
        done_inferences: 0.0,
        done_gpu_hours: 0.0,
        running_since: point.map(|_| time("2026-03-01T23:00:00Z")),
        can_stop: true,
        pauses: 0,
    }
}

fn cap(metric: CapMetric, limit: f64, window: CapWindow) -> CarbonCap {
    CarbonCap::priced("cap", metric, limit, window, 0.5)
}

fn nothing(_: &mut Parts) {}

/// Every feature, in the order of docs/model.md.
pub const FEATURES: &[Feature] = &[
    Feature { name: "several regions", given: |p| p.b = None, with: |p| p.b = Some(site("b", [10.0; 6])) },
    Feature {
        name: "capacity that closes",
        given: nothing,
        with: |p| a(p, |r| r.it_capacity_mw(vec![0.0, 10.0, 10.0, 10.0, 10.0, 10.0])),
    },
    Feature { name: "overhead", given: nothing, with: |p| a(p, |r| r.overhead_mw(0.5)) },
    Feature { name: "PUE slope", given: nothing, with: |p| a(p, |r| r.pue_slope(1.3)) },
    Feature {
        name: "import limit",
        given: nothing,
        with: |p| a(p, |r| r.import_limit_mw(vec![3.0, 20.0, 20.0, 20.0, 20.0, 20.0])),
    },
    Feature {
        name: "non-firm import",
        given: |p| a(p, |r| r.import_limit_mw(3.0)),
        with: |p| a(p, |r| r.nonfirm_import_mw(2.0)),
    },
    Feature {
        name: "congestion limit",
        given: nothing,
        with: |p| a(p, |r| r.congestion_limit_mw(vec![3.0, 20.0, 20.0, 20.0, 20.0, 20.0])),
    },
    Feature {
        name: "congestion price, either sign",
        given: nothing,
        with: |p| a(p, |r| r.congestion_gbp_per_mwh(vec![20.0, 0.0, 0.0, 0.0, -60.0, 0.0])),
    },
    Feature { name: "network charge", given: nothing, with: |p| a(p, |r| r.network_charge_gbp_per_mwh(9.0)) },
    Feature {
        name: "negative prices",
        given: with_battery,
        with: |p| {
            a(p, |r| r.import_price_gbp_per_mwh(vec![-20.0, -35.0, 70.0, 30.0, 90.0, 40.0]));
            battery(p, |b| b.charge_efficiency(0.9).discharge_efficiency(0.9));
        },
    },
    Feature { name: "demand charge", given: nothing, with: |p| a(p, |r| r.demand_charge_gbp_per_mw(30.0)) },
    Feature { name: "solar", given: nothing, with: |p| a(p, |r| r.solar_mw(vec![0.0, 0.0, 1.0, 3.0, 3.0, 1.0])) },
    Feature {
        name: "export",
        given: |p| a(p, |r| r.solar_mw(3.0)),
        with: |p| a(p, |r| r.export_limit_mw(2.0).export_price_gbp_per_mwh(vec![35.0, 10.0, 60.0, -5.0, 80.0, 30.0])),
    },
    Feature { name: "battery", given: nothing, with: with_battery },
    Feature {
        name: "battery losses",
        given: with_battery,
        with: |p| battery(p, |b| b.charge_efficiency(0.9).discharge_efficiency(0.95)),
    },
    Feature { name: "battery wear", given: with_battery, with: |p| battery(p, |b| b.wear_gbp_per_mwh(4.0)) },
    Feature {
        name: "battery reserve",
        given: |p| {
            with_battery(p);
            battery(p, |b| b.soc_mwh(4.0));
        },
        with: |p| battery(p, |b| b.soc_min_mwh(3.0)),
    },
    Feature {
        name: "energy wanted at the end",
        given: |p| {
            with_battery(p);
            battery(p, |b| b.soc_mwh(2.0));
        },
        with: |p| battery(p, |b| b.end_soc_min_mwh(3.5)),
    },
    Feature {
        name: "energy at the end out of reach",
        given: with_battery,
        with: |p| p.batteries[0] = Battery::new("battery", "a", 0.5, 4.0).end_soc_min_mwh(4.0),
    },
    Feature {
        name: "several batteries at a site",
        given: |p| {
            with_battery(p);
            a(p, |r| r.export_limit_mw(10.0).export_price_gbp_per_mwh(A_GBP_PER_MWH.map(|price| price - 1.0).to_vec()));
        },
        with: |p| p.batteries.push(Battery::new("second", "a", 1.0, 2.0).charge_efficiency(0.9)),
    },
    Feature {
        name: "operating points",
        given: nothing,
        with: |p| p.jobs[0].points.push(JobPoint::inferences(2.2, 7e5)),
    },
    Feature { name: "count", given: nothing, with: |p| the_job(p, |j| j.count(3)) },
    Feature {
        name: "work in GPU hours",
        given: nothing,
        with: |p| p.jobs[0] = Job::gpu_hours("job", 300.0, [JobPoint::gpu_hours(4.0, 100.0)]),
    },
    Feature { name: "earliest start", given: nothing, with: |p| the_job(p, |j| j.earliest_start(at(1))) },
    Feature {
        name: "hard deadline",
        given: |p| a(p, |r| r.it_capacity_mw(vec![0.0, 10.0, 10.0, 10.0, 10.0, 10.0])),
        with: |p| {
            the_job(p, |j| j.deadline(at(2)));
            p.b.as_mut().unwrap().import_price_gbp_per_mwh = 200.0.into();
        },
    },
    Feature {
        name: "priced deadline",
        given: |p| the_job(p, |j| j.deadline(at(6))),
        with: |p| the_job(p, |j| j.deadline(at(1)).deadline_kind(DeadlineKind::Priced)),
    },
    Feature {
        name: "own price of undone work",
        given: |p| the_job(p, |j| j.deadline(at(6)).deadline_kind(DeadlineKind::Priced)),
        with: |p| the_job(p, |j| j.undone_penalty_gbp(100.0)),
    },
    Feature {
        name: "tier",
        given: |p| the_job(p, |j| j.deadline(at(1)).deadline_kind(DeadlineKind::Priced)),
        with: |p| the_job(p, |j| j.tier(3)),
    },
    Feature { name: "allowed regions", given: nothing, with: |p| the_job(p, |j| j.in_regions(["b"])) },
    Feature { name: "pauses", given: nothing, with: with_pauses },
    Feature { name: "pause cost", given: with_pauses, with: |p| the_job(p, |j| j.pause_cost_gbp(10.0)) },
    Feature { name: "pause energy", given: with_pauses, with: |p| the_job(p, |j| j.pause_energy_mwh(0.5)) },
    Feature { name: "least run", given: with_pauses, with: |p| the_job(p, |j| j.min_run_periods(2)) },
    Feature { name: "most pauses", given: with_pauses, with: |p| the_job(p, |j| j.max_pauses(0)) },
    Feature { name: "startup cost", given: nothing, with: |p| the_job(p, |j| j.startup_cost_gbp(15.0)) },
    Feature {
        name: "migration",
        given: with_moves,
        with: |p| the_job(p, |j| j.migration(Migration { cost_gbp: 40.0, periods: 0, energy_mwh: 0.2 })),
    },
    Feature {
        name: "migration that takes time",
        given: with_moves,
        with: |p| the_job(p, |j| j.migration(Migration { cost_gbp: 40.0, periods: 1, energy_mwh: 0.2 })),
    },
    Feature {
        name: "run_when carbon is low",
        given: nothing,
        with: |p| the_job(p, |j| j.run_when(RunWhen::CarbonBelowGPerKwh(180.0))),
    },
    Feature {
        name: "run_when renewables are high",
        given: |p| {
            a(p, |r| r.renewable_share_frac(vec![0.2, 0.2, 0.6, 0.7, 0.8, 0.8]));
            p.b.as_mut().unwrap().renewable_share_frac = Some(0.3.into());
        },
        with: |p| the_job(p, |j| j.run_when(RunWhen::RenewableShareMin(0.5))),
    },
    Feature { name: "running at the start", given: with_state, with: |p| the_job(p, |j| j.state(state(Some(0)))) },
    Feature {
        name: "running and may not be stopped",
        given: |p| {
            with_state(p);
            a(p, |r| r.import_price_gbp_per_mwh(vec![150.0, 20.0, 70.0, 30.0, 90.0, 40.0]));
            the_job(p, |j| j.state(state(Some(0))));
        },
        with: |p| the_job(p, |j| j.state(JobState { can_stop: false, ..state(Some(0)) })),
    },
    Feature { name: "paused at the start", given: with_state, with: |p| the_job(p, |j| j.state(state(None))) },
    Feature {
        name: "work done before",
        given: |p| the_job(p, |j| j.preemptible(true).state(state(None))),
        with: |p| the_job(p, |j| j.state(JobState { done_inferences: 1.2e6, ..state(None) })),
    },
    Feature {
        name: "pauses made before",
        given: |p| {
            the_job(p, |j| j.preemptible(true).state(state(None)).deadline_kind(DeadlineKind::Priced).max_pauses(1))
        },
        with: |p| the_job(p, |j| j.state(JobState { pauses: 1, ..state(None) })),
    },
    Feature { name: "divisible", given: nothing, with: |p| the_job(p, |j| j.divisible(true)) },
    Feature {
        name: "IT capacity exceeded",
        given: |p| {
            p.b = None;
            the_job(p, |j| j.deadline(at(3)));
        },
        with: |p| p.jobs.push(Job::gpu_hours("more", 3.0, [JobPoint::gpu_hours(8.0, 1.0)]).deadline(at(3))),
    },
    Feature {
        name: "import limit exceeded",
        given: |p| {
            p.b = None;
            the_job(p, |j| j.deadline(at(3)));
        },
        with: |p| a(p, |r| r.import_limit_mw(3.0)),
    },
    Feature { name: "service", given: nothing, with: with_service },
    Feature {
        name: "service points",
        given: with_service,
        with: |p| p.services[0].points.push(ServicePoint { wh_per_inference: 0.6, latency_ms: 80.0 }),
    },
    Feature {
        name: "latency limit",
        given: |p| {
            with_service(p);
            p.services[0].points.push(ServicePoint { wh_per_inference: 0.6, latency_ms: 80.0 });
        },
        with: |p| service(p, |s| s.latency_limit_ms(50.0)),
    },
    Feature {
        name: "network latency",
        given: |p| {
            with_service(p);
            service(p, |s| s.latency_limit_ms(50.0));
        },
        with: |p| service(p, |s| s.network_latency_ms([("a", 60.0), ("b", 5.0)])),
    },
    Feature {
        name: "routing cost",
        given: with_service,
        with: |p| service(p, |s| s.routing_cost_gbp_per_million(RoutingCost::ByRegion([("a".into(), 12.0)].into()))),
    },
    Feature { name: "shedding", given: with_service, with: |p| service(p, |s| s.shed_penalty_gbp_per_million(40.0)) },
    Feature { name: "cap in kg", given: nothing, with: |p| p.caps.push(cap(CapMetric::Kg, 800.0, CapWindow::Horizon)) },
    Feature {
        name: "cap in g/kWh",
        given: nothing,
        with: |p| p.caps.push(cap(CapMetric::GPerKwh, 180.0, CapWindow::Horizon)),
    },
    Feature {
        name: "cap in g for each inference",
        given: |p| {
            with_service(p);
            with_pauses(p);
        },
        with: |p| p.caps.push(cap(CapMetric::GPerInference, 0.2, CapWindow::Horizon)),
    },
    Feature {
        name: "cap for each London day",
        given: nothing,
        with: |p| p.caps.push(cap(CapMetric::Kg, 900.0, CapWindow::Day)),
    },
    Feature {
        name: "cap over rolling hours",
        given: nothing,
        with: |p| p.caps.push(cap(CapMetric::Kg, 700.0, CapWindow::RollingH(2.0))),
    },
    Feature {
        name: "cap on some regions",
        given: nothing,
        with: |p| p.caps.push(cap(CapMetric::Kg, 600.0, CapWindow::Horizon).in_regions(["a"])),
    },
    Feature {
        name: "strict cap that can be kept",
        given: nothing,
        with: |p| p.caps.push(CarbonCap::strict("cap", CapMetric::Kg, 1000.0, CapWindow::Horizon)),
    },
    Feature {
        name: "strict cap that cannot be kept",
        given: nothing,
        with: |p| p.caps.push(CarbonCap::strict("cap", CapMetric::Kg, 100.0, CapWindow::Horizon)),
    },
    Feature {
        name: "commitment that is delivered",
        given: half_hourly,
        with: |p| p.commitments.push(sold(0.5, 500.0)),
    },
    Feature {
        name: "commitment that falls short",
        given: half_hourly,
        with: |p| p.commitments.push(sold(20.0, 500.0)),
    },
    Feature {
        name: "strict commitment",
        given: half_hourly,
        with: |p| p.commitments.push(sold(0.5, 500.0).kind(CommitmentKind::Strict).penalty(Penalty::default())),
    },
    Feature {
        name: "commitment with a ramp and a tolerance",
        given: |p| {
            half_hourly(p);
            with_battery(p);
        },
        with: |p| {
            let penalty = Penalty::price(500.0).tolerance_frac(0.05);
            p.commitments.push(sold(3.0, 500.0).penalty(penalty).ramp_min(10.0));
        },
    },
    Feature { name: "commitment to use more", given: half_hourly, with: |p| p.commitments.push(more(2.0)) },
    Feature { name: "opportunity", given: half_hourly, with: |p| p.opportunities.push(offered(400.0)) },
    Feature {
        name: "opportunity with calls, rest and a ramp",
        given: |p| {
            half_hourly(p);
            with_battery(p);
        },
        with: |p| {
            let one = offered(400.0).divisible(true).ramp_min(10.0).max_call_periods(1).recovery_periods(2);
            p.opportunities.push(one);
        },
    },
    Feature {
        name: "strict power target",
        given: nothing,
        with: |p| p.targets.push(PowerTarget::strict("target", "a", first_period())),
    },
    Feature {
        name: "power target with a limit on the rebound",
        given: nothing,
        with: |p| p.targets.push(PowerTarget::strict("target", "a", first_period()).rebound_max_mw(3.5)),
    },
    Feature {
        name: "power target with a ramp",
        given: nothing,
        with: |p| p.targets.push(PowerTarget::strict("target", "a", first_period()).ramp_mw_per_min(0.05)),
    },
    Feature {
        name: "power target at a price",
        given: nothing,
        with: |p| p.targets.push(PowerTarget::priced("target", "a", first_period(), 15.0)),
    },
];
