//! A plan whose actions are carried out under the conditions it was made for costs what the plan says.
#![allow(clippy::unwrap_used, clippy::panic)]

use super::{Twin, routes};
use crate::action::{Intent, Verdict};
use crate::problem::{JobState, RegionId, ServicePoint};
use crate::{
    Battery, DeadlineKind, Horizon, Job, JobPoint, Migration, Plan, Problem, Region, Service, Settings, Timestamp,
};

/// Carries out every action of the plan in its period, and compares all that the plan says.
#[track_caller]
fn carry_out(problem: &Problem, plan: &Plan) {
    let document = problem.document();
    let mut twin = Twin::of(document);
    let intent = Intent::of_plan(plan);
    let h = problem.horizon().step_h();
    let (mut cost, mut carbon, mut energy, mut inferences) = (0.0, 0.0, 0.0, 0.0);
    let mut peak = vec![0.0_f64; problem.regions().len()];
    for t in 0..problem.horizon().periods {
        let start = problem.horizon().start_of(t);
        for action in intent.actions(problem, t, 1, &|_| None) {
            assert_eq!(twin.receive(&action, start), Verdict::Apply, "{action:?}");
            assert_eq!(twin.receive(&action, start), Verdict::Duplicate);
        }
        let flows = twin.advance(document, t, &routes(plan, t));
        let near = |found: f64, planned: f64, what: &str| {
            assert!((found - planned).abs() < 1e-5, "{what} in period {t}: {found}, planned {planned}");
        };
        for (r, region) in plan.regions.iter().enumerate() {
            near(flows.it_mw[r], region.it_mw[t], "IT power");
            near(flows.import_mw[r], region.import_mw[t], "import");
            near(flows.export_mw[r], region.export_mw[t], "export");
            peak[r] = peak[r].max(flows.import_mw[r]);
        }
        for (battery, planned) in twin.batteries.iter().zip(&plan.batteries) {
            near(battery.soc_mwh, planned.soc_mwh[t], "stored energy");
        }
        cost += flows.cost_gbp;
        carbon += flows.carbon_kg;
        energy += flows.energy_mwh;
        inferences += flows.inferences;
    }
    cost += peak.iter().zip(problem.regions()).map(|(mw, region)| mw * region.demand_charge_gbp_per_mw).sum::<f64>();
    let near = |found: f64, planned: f64, what: &str| {
        assert!(
            (found - planned).abs() < 1e-3 * h.max(1.0) * planned.abs().max(1.0),
            "{what}: {found}, planned {planned}"
        );
    };
    near(cost, plan.totals.cost_gbp, "cost");
    near(carbon, plan.totals.carbon_kg, "carbon");
    near(energy, plan.totals.energy_mwh, "energy");
    near(inferences, plan.totals.inferences, "inferences");
    for tracked in &twin.jobs {
        let planned = plan.jobs.iter().find(|job| job.id == *tracked.id()).unwrap();
        assert_eq!(tracked.finished_at, planned.finished_at, "{}", planned.id);
    }
}

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// Two sites with all that a site can have; prices that make batteries work and solar worth selling.
fn sites() -> [Region; 2] {
    let a = [60.0, 20.0, 15.0, 90.0, 80.0, 20.0, 10.0, 70.0];
    let b = [10.0, 70.0, 80.0, 20.0, 15.0, 95.0, 60.0, 5.0];
    let region = |id: &str, price: [f64; 8]| {
        Region::new(id)
            .it_capacity_mw(4.0)
            .overhead_mw(0.3)
            .pue_slope(1.2)
            .import_limit_mw(9.0)
            .export_limit_mw(2.0)
            .import_price_gbp_per_mwh(price)
            .export_price_gbp_per_mwh(price.map(|p| p - 8.0))
            .network_charge_gbp_per_mwh(3.0)
            .demand_charge_gbp_per_mw(1.5)
            .carbon_g_per_kwh(price.map(|p| p * 2.0))
            .solar_mw([0.0, 0.0, 1.0, 3.0, 3.0, 1.0, 0.0, 0.0])
    };
    [region("a", a), region("b", b)]
}

fn plan(jobs: Vec<Job>) -> (Problem, Plan) {
    let [a, b] = sites();
    let points = [ServicePoint { wh_per_inference: 0.4, latency_ms: 0.0 }];
    let mut service = Service::new("chat", [1e6, 2e6, 1e6, 3e6, 2e6, 1e6, 1e6, 2e6], points);
    service.routing_cost_gbp_per_million = crate::RoutingCost::Same(0.7);
    let battery = Battery::new("b", "b", 1.0, 2.0).charge_efficiency(0.9).discharge_efficiency(0.95);
    let builder = Problem::builder(Horizon::new(start(), 60, 8).unwrap()).region(a).region(b).service(service);
    let builder = builder.battery(battery.soc_mwh(0.5).wear_gbp_per_mwh(2.0));
    let problem = jobs.into_iter().fold(builder, |builder, job| builder.job(job)).build().unwrap();
    let settings = Settings { gap: 0.0, ..Settings::default() };
    let plan = problem.solve(&settings).unwrap();
    (problem, plan)
}

fn job(id: &str, inferences: f64) -> Job {
    Job::inferences(id, inferences, [JobPoint::inferences(0.5, 1e6), JobPoint::inferences(1.5, 2e6)])
}

fn state(region: &str, point: Option<usize>, done_inferences: f64) -> JobState {
    JobState {
        region: RegionId::from(region),
        point,
        done_inferences,
        done_gpu_hours: 0.0,
        running_since: None,
        can_stop: true,
        pauses: 0,
    }
}

#[test]
fn jobs_that_pause_move_and_change_power() {
    let moves = |periods: u32| Migration { cost_gbp: 0.5, periods, energy_mwh: 0.02 };
    let restless = |id: &str, work: f64, periods: u32| {
        job(id, work).preemptible(true).pause_cost_gbp(0.4).pause_energy_mwh(0.03).migration(moves(periods))
    };
    let (problem, plan) = plan(vec![
        restless("at-once", 5e6, 0),
        restless("one", 6e6, 1).startup_cost_gbp(2.0),
        restless("two", 4e6, 2).min_run_periods(2),
        job("whole", 3e6),
        job("fluid", 3.5e6).divisible(true),
        job("late", 3e7).preemptible(true).deadline_kind(DeadlineKind::Priced).undone_penalty_gbp(400.0),
    ]);
    assert!(plan.jobs.iter().any(|job| job.migrations > 0) && plan.jobs.iter().any(|job| job.pauses > 0), "{plan}");
    carry_out(&problem, &plan);
}

#[test]
fn jobs_under_way() {
    let moves = Migration { cost_gbp: 0.5, periods: 1, energy_mwh: 0.02 };
    let (problem, plan) = plan(vec![
        job("runs", 4e6).preemptible(true).pause_cost_gbp(0.1).state(state("a", Some(1), 1.2e6)),
        job("runs-and-moves", 4e6).preemptible(true).migration(moves).state(state("a", Some(0), 1e6)),
        job("paused", 4e6).preemptible(true).pause_cost_gbp(0.1).startup_cost_gbp(9.0).state(state("b", None, 1e6)),
        job("paused-elsewhere", 4e6).preemptible(true).migration(moves).in_regions(["b"]).state(state("a", None, 1e6)),
        job("goes-on", 4e6).state(state("b", Some(0), 1e6)),
    ]);
    carry_out(&problem, &plan);
}
