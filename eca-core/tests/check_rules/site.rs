//! One site with solar, a battery and a job that pauses once.

use crate::support::*;
use eca_core::{
    Battery, CapMetric, CapWindow, CarbonCap, DeadlineKind, Horizon, Job, JobPoint, Outcome, Plan, Problem, Region,
    RunWhen,
};

fn site() -> Region {
    Region::new("london")
        .it_capacity_mw(2.0)
        .overhead_mw(0.1)
        .pue_slope(1.2)
        .import_limit_mw(4.0)
        .export_limit_mw(1.0)
        .demand_charge_gbp_per_mw(10.0)
        .import_price_gbp_per_mwh([100.0, 50.0, 20.0, 80.0])
        .export_price_gbp_per_mwh(10.0)
        .network_charge_gbp_per_mwh(5.0)
        .congestion_gbp_per_mwh(1.0)
        .carbon_g_per_kwh([200.0, 100.0, 50.0, 100.0])
        .solar_mw([0.0, 0.0, 0.0, 0.5])
}

fn store() -> Battery {
    Battery::new("store", "london", 1.0, 2.0)
        .charge_efficiency(0.9)
        .discharge_efficiency(0.8)
        .wear_gbp_per_mwh(2.0)
        .soc_mwh(1.0)
        .soc_min_mwh(0.5)
        .end_soc_min_mwh(0.975)
}

/// Half of the work in one period.
fn embed() -> Job {
    Job::inferences("embed", 1e6, [JobPoint::inferences(1.0, 1e6)])
        .preemptible(true)
        .startup_cost_gbp(2.0)
        .pause_cost_gbp(3.0)
        .pause_energy_mwh(0.1)
}

fn problem_of(region: Region, battery: Battery, job: Job) -> Problem {
    Problem::builder(day()).region(region).battery(battery).job(job).build().unwrap()
}

fn day() -> Horizon {
    horizon(30, 4)
}

fn problem() -> Problem {
    problem_of(site(), store(), embed())
}

/// Works in periods 0 and 2. Money: imports 68.9 + 16.8 + 14.82, exports -2, demand 13, wear 0.9, startup 2, pause 3.
fn plan() -> Plan {
    let mut plan = empty(&problem());
    let here = Some(("london", 0));
    let mut entry = job(
        "embed",
        &[here, None, here, None],
        &[1.0, 0.0, 1.2, 0.0],
        &[500_000.0, 0.0, 500_000.0, 0.0],
        "2026-03-02T01:30:00Z",
    );
    entry.pauses = 1;
    plan.jobs.push(entry);
    plan.batteries.push(battery("store", &[0.0, 0.5, 0.0, 0.0], &[0.0, 0.0, 0.4, 0.0], &[1.0, 1.225, 0.975, 0.975]));
    plan.regions.push(region(
        "london",
        [
            &[1.0, 0.0, 1.2, 0.0],
            &[1.3, 0.1, 1.54, 0.1],
            &[1.3, 0.6, 1.14, 0.0],
            &[0.0, 0.0, 0.0, 0.4],
            &[0.0, 0.0, 0.0, 0.5],
        ],
    ));
    totals(&mut plan, 117.42, 0.0, 1.52, 188.5, 1e6);
    plan
}

#[track_caller]
fn broken_by(rule: &str, change: impl FnOnce(&mut Plan)) {
    breaks(&problem(), &plan(), rule, change);
}

#[test]
fn right_plan_passes_and_totals_are_recomputed() {
    passes(&problem(), &plan());
    let check = plan().check(&problem());
    assert!((check.totals.cost_gbp - 117.42).abs() < 1e-9);
    assert!((check.totals.carbon_kg - 188.5).abs() < 1e-9);
    assert!((check.totals.energy_mwh - 1.52).abs() < 1e-9);
}

#[test]
fn document_and_hash() {
    broken_by("document", |plan| plan.format = "eca-plan/2".into());
    broken_by("hash", |plan| plan.problem_hash = "0".repeat(64));
}

#[test]
fn energy_of_the_site() {
    broken_by("it", |plan| plan.regions[0].it_mw[0] = 1.1);
    broken_by("facility", |plan| plan.regions[0].facility_mw[0] = 1.2);
    broken_by("balance", |plan| plan.regions[0].import_mw[0] = 1.2);
    broken_by("balance", |plan| plan.regions[0].import_mw[0] = 1.3 + 9e-6);
    broken_by("solar", |plan| plan.regions[0].solar_used_mw[3] = 0.6);
    broken_by("exclusive", |plan| plan.regions[0].export_mw[0] = 1e-6);
    broken_by("it_overload", |plan| plan.regions[0].it_mw[0] = 2.1);
    broken_by("import_overload", |plan| plan.regions[0].import_mw[1] = 4.1);
    breaks_in(&problem_of(site().export_limit_mw(0.3), store(), embed()), &plan(), "export");
    breaks_in(&problem_of(site().congestion_limit_mw(1.2), store(), embed()), &plan(), "import_overload");
    passes_in(&problem_of(site().import_limit_mw(1.1).nonfirm_import_mw(0.2), store(), embed()), &plan());
    breaks_in(&problem_of(site().import_limit_mw(1.1), store(), embed()), &plan(), "import_overload");
}

#[test]
fn one_watt_is_rounding_and_a_few_are_not() {
    let mut plan = plan();
    plan.regions[0].import_mw[0] += 1e-6;
    passes(&problem(), &plan);
    plan.regions[0].import_mw[0] += 1e-5;
    assert!(!plan.check(&problem()).passed());
}

#[test]
fn charge_and_discharge() {
    broken_by("exclusive", |plan| plan.batteries[0].discharge_mw[1] = 1e-6);
    broken_by("soc_balance", |plan| plan.batteries[0].soc_mwh[2] = 0.9);
    broken_by("soc_balance", |plan| plan.batteries[0].soc_mwh[1] += 5e-6);
    broken_by("soc_balance", |plan| plan.batteries[0].charge_mw[1] = 0.6);
    broken_by("end_soc", |plan| plan.batteries[0].charge_mw[1] = 0.4);
    broken_by("battery_power", |plan| plan.batteries[0].charge_mw[1] = 1.1);
    broken_by("soc_bounds", |plan| plan.batteries[0].discharge_mw[2] = 1.6);
    broken_by("soc_bounds", |plan| plan.batteries[0].charge_mw[1] = 2.5);
    breaks_in(&problem_of(site(), store().soc_min_mwh(0.98), embed()), &plan(), "soc_bounds");
    breaks_in(&problem_of(site(), store().charge_efficiency(1.0), embed()), &plan(), "soc_balance");
    breaks_in(&problem_of(site(), store().discharge_efficiency(1.0), embed()), &plan(), "soc_balance");
    breaks_in(&problem_of(site(), store().soc_mwh(1.1), embed()), &plan(), "soc_balance");
}

#[test]
fn a_battery_that_starts_below_its_reserve_may_stay_there() {
    let reserve = store().soc_min_mwh(1.5).discharge_efficiency(1.0);
    let mut plan = plan();
    plan.batteries[0].discharge_mw[2] = 0.45;
    plan.batteries[0].soc_mwh = vec![1.0, 1.225, 1.0, 1.0];
    plan.regions[0].import_mw[2] = 1.09;
    totals(&mut plan, 117.42 - 0.65 + 0.05, 0.0, 1.52, 187.25, 1e6);
    passes_in(&problem_of(site(), reserve, embed()), &plan);
}

#[test]
fn money_and_totals() {
    broken_by("totals", |plan| plan.totals.cost_gbp = 117.0);
    broken_by("totals", |plan| plan.totals.penalty_gbp = 1.0);
    broken_by("totals", |plan| plan.totals.energy_mwh = 1.5);
    broken_by("totals", |plan| plan.totals.carbon_kg = 188.0);
    broken_by("totals", |plan| plan.totals.inferences = 999_000.0);
    broken_by("totals", |plan| plan.totals.cost_gbp_per_inference = Some(1e-4));
    broken_by("totals", |plan| plan.totals.carbon_g_per_inference = Some(0.1885e-3));
    broken_by("totals", |plan| plan.totals.carbon_g_per_inference = None);
    broken_by("objective", |plan| plan.objective_gbp = 117.0);
    broken_by("bound", |plan| plan.bound_gbp = 118.0);
    broken_by("gap", |plan| plan.gap = 0.1);
    broken_by("gap", |plan| plan.bound_gbp = 100.0);
    broken_by("outcome", |plan| {
        plan.bound_gbp = 100.0;
        plan.gap = 17.42 / 117.42;
    });
    broken_by("outcome", |plan| {
        plan.outcome = Outcome::WithinGap;
        plan.provenance.options.insert("gap".into(), "0.1".into());
        plan.bound_gbp = 100.0;
        plan.gap = 17.42 / 117.42;
    });
    let mut limit = plan();
    limit.outcome = Outcome::Limit;
    limit.bound_gbp = 100.0;
    limit.gap = 17.42 / 117.42;
    passes(&problem(), &limit);
}

/// Each price and cost that is raised by one makes the stated cost wrong.
#[test]
fn every_price_counts() {
    let regions = [
        site().import_price_gbp_per_mwh([100.0, 51.0, 20.0, 80.0]),
        site().export_price_gbp_per_mwh(11.0),
        site().network_charge_gbp_per_mwh(6.0),
        site().congestion_gbp_per_mwh(2.0),
        site().demand_charge_gbp_per_mw(11.0),
        site().carbon_g_per_kwh(100.0),
    ];
    for region in regions {
        breaks_in(&problem_of(region, store(), embed()), &plan(), "totals");
    }
    breaks_in(&problem_of(site(), store().wear_gbp_per_mwh(3.0), embed()), &plan(), "totals");
    breaks_in(&problem_of(site(), store(), embed().startup_cost_gbp(3.0)), &plan(), "totals");
    breaks_in(&problem_of(site(), store(), embed().pause_cost_gbp(4.0)), &plan(), "totals");
}

#[test]
fn what_the_plan_says_of_a_job() {
    broken_by("job_power", |plan| plan.jobs[0].power_mw[2] = 1.0);
    broken_by("job_power", |plan| plan.jobs[0].power_mw[1] = 1e-6);
    broken_by("job_inferences", |plan| plan.jobs[0].inferences[0] = 600_000.0);
    broken_by("job_inferences", |plan| plan.jobs[0].inferences[1] = 1.0);
    broken_by("job_inferences", |plan| plan.jobs[0].inferences[2] = 400_000.0);
    broken_by("job_inferences", |plan| plan.jobs[0].inferences[0] = 400_000.0);
    broken_by("finished_at", |plan| plan.jobs[0].finished_at = None);
    broken_by("finished_at", |plan| plan.jobs[0].finished_at = Some(time("2026-03-02T01:00:00Z")));
    broken_by("pauses", |plan| plan.jobs[0].pauses = 0);
    broken_by("migrations", |plan| plan.jobs[0].migrations = 1);
    broken_by("undone_frac", |plan| plan.jobs[0].undone_frac = 0.1);
    breaks_in(&problem_of(site(), store(), embed().pause_energy_mwh(0.2)), &plan(), "job_power");
}

#[test]
fn where_and_when_a_job_works() {
    let job = |job: Job| problem_of(site(), store(), job);
    passes_in(&job(embed().earliest_start(time("2026-03-02T00:00:00Z"))), &plan());
    breaks_in(&job(embed().earliest_start(time("2026-03-02T00:01:00Z"))), &plan(), "window");
    passes_in(&job(embed().deadline(time("2026-03-02T01:30:00Z"))), &plan());
    breaks_in(&job(embed().deadline(time("2026-03-02T01:29:00Z"))), &plan(), "window");
    passes_in(&job(embed().run_when(RunWhen::CarbonBelowGPerKwh(200.1))), &plan());
    breaks_in(&job(embed().run_when(RunWhen::CarbonBelowGPerKwh(200.0))), &plan(), "run_when");
    let windy = || site().renewable_share_frac([0.6, 0.1, 0.5, 0.1]);
    let share = |least| embed().run_when(RunWhen::RenewableShareMin(least));
    passes_in(&problem_of(windy(), store(), share(0.5)), &plan());
    breaks_in(&problem_of(windy(), store(), share(0.51).deadline_kind(DeadlineKind::Priced)), &plan(), "run_when");
    breaks_in(&problem_of(site().it_capacity_mw([0.9, 2.0, 2.0, 2.0]), store(), embed()), &plan(), "point");
    breaks_in(&problem_of(site().it_capacity_mw([0.0, 2.0, 2.0, 2.0]), store(), embed()), &plan(), "regions");
}

#[test]
fn pauses_and_runs() {
    let job = |job: Job| problem_of(site(), store(), job);
    passes_in(&job(embed().max_pauses(1)), &plan());
    breaks_in(&job(embed().max_pauses(0)), &plan(), "max_pauses");
    breaks_in(&job(embed().min_run_periods(2_u32)), &plan(), "min_run_periods");
    breaks_in(&job(embed().preemptible(false)), &plan(), "preemptible");
    for (work, rule) in [(500_000.0, "run_no_longer"), (1_500_000.0, "deadline")] {
        let mut changed = embed();
        changed.inferences = Some(work);
        breaks_in(&job(changed), &plan(), rule);
    }
}

/// Three quarters of the work of [`plan`]: only the last working period may be less than full, unless a cap on grams
/// per inference makes the time of each inference matter.
#[test]
fn the_last_period_may_be_less_than_full() {
    let short = |first: f64, second: f64| {
        let mut plan = plan();
        plan.jobs[0].inferences = vec![first, 0.0, second, 0.0];
        totals(&mut plan, 117.42, 0.0, 1.52, 188.5, 750_000.0);
        plan
    };
    let mut less = embed();
    less.inferences = Some(750_000.0);
    let without = problem_of(site(), store(), less.clone());
    let cap = CarbonCap::strict("cap", CapMetric::GPerInference, 1.0, CapWindow::Horizon);
    let builder = Problem::builder(day()).region(site()).battery(store()).job(less);
    let with = builder.carbon_cap(cap).build().unwrap();
    passes_in(&without, &short(500_000.0, 250_000.0));
    breaks_in(&without, &short(250_000.0, 500_000.0), "job_inferences");
    passes_in(&with, &short(250_000.0, 500_000.0));
    breaks_in(&with, &short(600_000.0, 150_000.0), "job_inferences");
}

#[test]
fn a_limit_that_is_just_kept_is_not_listed() {
    let tight = problem_of(site().import_limit_mw(1.3), store(), embed());
    let mut plan = plan();
    passes_in(&tight, &plan);
    plan.broken_limits.push(broken("import_overload", "london", Some(0), 0.0, "mw", 0.0));
    breaks_in(&tight, &plan, "broken_limits");
}
