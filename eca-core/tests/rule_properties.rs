//! What holds for every problem: seeded random problems, the same on every run. `ECA_TEST_SCALE=large` tries more of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{
    Battery, CapMetric, CapWindow, CarbonCap, DeadlineKind, Job, JobPoint, Migration, Plan, Problem, Region, Service,
    ServicePoint,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};
use rule_support::{exact, half_hours};

const PERIODS: usize = 5;
/// Rounding to W and 1e-6 GBP moves an objective by no more than this, GBP.
const MONEY: f64 = 2e-3;

/// What may vary. Prices are whole pence, powers steps of 0.1 MW, as people write them.
#[derive(Debug, Clone)]
struct Case {
    price: Vec<Vec<f64>>,
    carbon: Vec<Vec<f64>>,
    congestion: f64,
    capacity: f64,
    import_limit: f64,
    solar: Vec<f64>,
    export_price: f64,
    demand_charge: f64,
    battery: (f64, f64, f64),
    jobs: Vec<JobCase>,
    demand: f64,
    cap: Option<(bool, f64)>,
}

#[derive(Debug, Clone)]
struct JobCase {
    periods: u32,
    power: f64,
    priced: bool,
    preemptible: bool,
    min_run: u32,
    fast: bool,
    migration: bool,
    divisible: bool,
}

fn prices() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::vec((-20_i32..120).prop_map(f64::from), PERIODS)
}

fn tenths(from: i32, to: i32) -> impl Strategy<Value = f64> {
    (from..=to).prop_map(|tenths| f64::from(tenths) / 10.0)
}

fn job_case() -> impl Strategy<Value = JobCase> {
    (1_u32..4, tenths(2, 15), any::<(bool, bool, bool, bool)>(), 1_u32..3, prop::bool::weighted(0.2)).prop_map(
        |(periods, power, (priced, preemptible, fast, migration), min_run, divisible)| JobCase {
            periods,
            power,
            priced,
            preemptible,
            min_run,
            fast,
            migration,
            divisible,
        },
    )
}

fn case() -> impl Strategy<Value = Case> {
    let site = (0_i32..40, tenths(10, 30), tenths(10, 60), 0_i32..100, 0_i32..20);
    let rest = (
        (tenths(0, 10), tenths(0, 10), tenths(5, 10)),
        prop::collection::vec(job_case(), 1..4),
        0_i32..10,
        prop::option::of((any::<bool>(), (1_i32..400).prop_map(f64::from))),
    );
    let series = (
        prop::collection::vec(prices(), 2),
        prop::collection::vec(prop::collection::vec((20_i32..300).prop_map(f64::from), PERIODS), 2),
        prop::collection::vec(tenths(0, 10), PERIODS),
    );
    (series, site, rest).prop_map(|((price, carbon, solar), site, (battery, jobs, demand, cap))| Case {
        price,
        carbon,
        congestion: f64::from(site.0),
        capacity: site.1,
        import_limit: site.2,
        solar,
        export_price: f64::from(site.3) - 20.0,
        demand_charge: f64::from(site.4),
        battery,
        jobs,
        demand: f64::from(demand) * 1e5,
        cap,
    })
}

fn job(j: usize, case: &JobCase) -> Job {
    let work = f64::from(case.periods) * 1e5;
    let mut points = vec![JobPoint::inferences(case.power, 2e5)];
    if case.fast {
        points.push(JobPoint::inferences(case.power * 2.5, 4e5));
    }
    let job = Job::inferences(format!("j{j}"), work, points);
    let job = if case.priced { job.deadline_kind(DeadlineKind::Priced) } else { job };
    if case.divisible {
        return job.divisible(true);
    }
    let job = job.preemptible(case.preemptible).min_run_periods(case.min_run).startup_cost_gbp(0.5);
    let job = if case.preemptible { job.pause_cost_gbp(1.0).pause_energy_mwh(0.05) } else { job };
    if case.migration { job.migration(Migration { cost_gbp: 1.5, periods: 1, energy_mwh: 0.1 }) } else { job }
}

impl Case {
    /// The problem, prices times `scale`; none where a job cannot fit.
    fn problem(&self, scale: f64) -> Option<Problem> {
        let times = |values: &[f64]| values.iter().map(|value| value * scale).collect::<Vec<f64>>();
        let region = |r: usize| {
            Region::new(["a", "b"][r])
                .it_capacity_mw(self.capacity)
                .overhead_mw(0.2)
                .pue_slope(1.2)
                .import_limit_mw(self.import_limit)
                .import_price_gbp_per_mwh(times(&self.price[r]))
                .carbon_g_per_kwh(self.carbon[r].clone())
                .demand_charge_gbp_per_mw(self.demand_charge * scale)
        };
        let a = region(0)
            .congestion_gbp_per_mwh(self.congestion * scale)
            .solar_mw(self.solar.clone())
            .export_limit_mw(2.0)
            .export_price_gbp_per_mwh(self.export_price * scale);
        let (power, energy, efficiency) = self.battery;
        let battery = Battery::new("cell", "a", power, energy)
            .charge_efficiency(efficiency)
            .discharge_efficiency(efficiency)
            .wear_gbp_per_mwh(3.0 * scale)
            .soc_mwh(energy / 2.0);
        let service = Service::new("s", self.demand, [ServicePoint { wh_per_inference: 0.5, latency_ms: 0.0 }])
            .shed_penalty_gbp_per_million(20_000.0 * scale);
        let mut builder =
            Problem::builder(half_hours(PERIODS)).region(a).region(region(1)).battery(battery).service(service);
        for (j, case) in self.jobs.iter().enumerate() {
            let mut job = job(j, case);
            job.startup_cost_gbp *= scale;
            job.pause_cost_gbp *= scale;
            if let Some(migration) = &mut job.migration {
                migration.cost_gbp *= scale;
            }
            builder = builder.job(job);
        }
        if let Some((strict, limit)) = self.cap {
            builder = builder.carbon_cap(if strict {
                CarbonCap::strict("cap", CapMetric::Kg, limit, CapWindow::Horizon)
            } else {
                CarbonCap::priced("cap", CapMetric::Kg, limit, CapWindow::Horizon, 0.05 * scale)
            });
        }
        builder.build().ok()
    }
}

fn plan(problem: &Problem) -> Result<Plan, TestCaseError> {
    problem.solve(&exact()).map_err(|e| TestCaseError::fail(format!("{e}\n{}", problem.to_json().unwrap())))
}

/// Runs a property on `count` seeded cases, ten times as many for `ECA_TEST_SCALE=large`.
// A test may read how much it should do; eca-core itself may not.
#[allow(clippy::disallowed_methods)]
fn holds(count: u32, seed: u8, property: impl Fn(&Case, &Problem, &Plan) -> Result<(), TestCaseError>) {
    let large = std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large");
    let cases = if large { 10 * count } else { count };
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut runner = TestRunner::new_with_rng(config, rng);
    let planned = std::cell::Cell::new(0);
    let outcome = runner.run(&case(), |case| {
        let Some(problem) = case.problem(1.0) else { return Ok(()) };
        let plan = plan(&problem)?;
        planned.set(planned.get() + 1);
        property(&case, &problem, &plan)
    });
    if let Err(failure) = outcome {
        panic!("{failure}");
    }
    assert!(2 * planned.get() >= cases, "only {} of {cases} problems were good ones", planned.get());
}

/// `changed` costs no more than `plan`.
fn no_dearer(plan: &Plan, changed: &Problem) -> Result<(), TestCaseError> {
    let changed = self::plan(changed)?;
    let (before, after) = (plan.objective_gbp, changed.objective_gbp);
    prop_assert!(after <= before + MONEY + 1e-6 * before.abs(), "{before} GBP, then {after} GBP");
    Ok(())
}

#[test]
fn a_plan_passes_its_check_and_balances_energy() {
    holds(30, 1, |_, problem, plan| {
        let check = plan.check(problem);
        prop_assert!(check.passed(), "{check}");
        for t in 0..PERIODS {
            let battery = plan.batteries[0].discharge_mw[t] - plan.batteries[0].charge_mw[t];
            for (region, storage) in plan.regions.iter().zip([battery, 0.0]) {
                let flow = region.import_mw[t] - region.export_mw[t] + region.solar_used_mw[t] + storage;
                prop_assert!((flow - region.facility_mw[t]).abs() < 5e-6, "{flow} and {}", region.facility_mw[t]);
                prop_assert!(region.import_mw[t] == 0.0 || region.export_mw[t] == 0.0);
            }
            prop_assert!(plan.batteries[0].charge_mw[t] == 0.0 || plan.batteries[0].discharge_mw[t] == 0.0);
        }
        prop_assert!(plan.bound_gbp <= plan.objective_gbp + MONEY);
        Ok(())
    });
}

#[test]
fn no_simple_policy_is_cheaper() {
    holds(20, 2, |case, _, plan| {
        // A strict cap is kept at any cost; the simple policies do not keep it.
        if case.cap.is_some_and(|(strict, _)| strict) {
            return Ok(());
        }
        let references = plan.references.unwrap();
        for reference in [references.run_at_once, references.cheapest_start] {
            let cost = reference.cost_gbp + reference.penalty_gbp;
            prop_assert!(plan.objective_gbp <= cost + MONEY, "{} against {cost}", plan.objective_gbp);
        }
        Ok(())
    });
}

#[test]
fn raising_a_limit_never_costs_more() {
    holds(15, 3, |case, _, plan| {
        let mut larger = case.clone();
        larger.import_limit += 0.5;
        let Some(problem) = larger.problem(1.0) else { return Ok(()) };
        if case.cap.is_none_or(|(strict, _)| !strict) {
            no_dearer(plan, &problem)?;
        }
        // A looser cap, of either kind.
        let mut looser = case.clone();
        looser.cap = case.cap.map(|(strict, limit)| (strict, limit + 50.0));
        // With a strict cap, promises come first and the excess has no price: only plans that keep it compare.
        if plan.broken_limits.iter().any(|limit| limit.rule == "carbon_cap" && limit.price_gbp == 0.0) {
            return Ok(());
        }
        looser.problem(1.0).map_or(Ok(()), |problem| no_dearer(plan, &problem))
    });
}

#[test]
fn more_battery_never_hurts() {
    holds(15, 4, |case, _, plan| {
        if case.cap.is_some_and(|(strict, _)| strict) {
            return Ok(());
        }
        let mut larger = case.clone();
        larger.battery.0 += 0.5;
        // The stored energy at the start follows the capacity, and a fuller battery is no worse either.
        larger.battery.1 += 0.4;
        larger.problem(1.0).map_or(Ok(()), |problem| no_dearer(plan, &problem))
    });
}

#[test]
fn raising_congestion_in_a_region_never_draws_load_in() {
    holds(20, 5, |case, _, plan| {
        if case.cap.is_some_and(|(strict, _)| strict) {
            return Ok(());
        }
        let mut dearer = case.clone();
        dearer.congestion += 25.0;
        let Some(problem) = dearer.problem(1.0) else { return Ok(()) };
        let after = self::plan(&problem)?;
        // Default prices of promises follow the prices of energy; where one is broken the two problems differ in more.
        if !plan.broken_limits.is_empty() || !after.broken_limits.is_empty() {
            return Ok(());
        }
        let energy = |plan: &Plan| plan.regions[0].import_mw.iter().sum::<f64>();
        prop_assert!(energy(&after) <= energy(plan) + 1e-3, "{} MW, then {} MW", energy(plan), energy(&after));
        Ok(())
    });
}

#[test]
fn twice_the_prices_are_twice_the_money() {
    holds(15, 6, |case, _, plan| {
        // The least price of a promise is 1 GBP/MWh, so a problem of very low prices does not scale.
        if case.price.iter().flatten().all(|price| price.abs() < 2.0) {
            return Ok(());
        }
        let Some(problem) = case.problem(2.0) else { return Ok(()) };
        let after = self::plan(&problem)?;
        let expected = 2.0 * plan.objective_gbp;
        let off = (after.objective_gbp - expected).abs();
        prop_assert!(off <= MONEY + 1e-6 * expected.abs(), "{} and not {expected}", after.objective_gbp);
        Ok(())
    });
}
