//! Everything broken at once at default prices: overloads, work undone and a battery that ends too low.

use crate::support::*;
use eca_core::{
    Battery, CapMetric, CapWindow, CarbonCap, DeadlineKind, Job, JobPoint, JobState, Migration, Plan, Problem, Region,
    Service, ServicePoint,
};

fn site() -> Region {
    Region::new("site")
        .it_capacity_mw(1.5)
        .pue_slope(1.5)
        .import_limit_mw(10.0)
        .congestion_limit_mw([2.5, 100.0])
        .demand_charge_gbp_per_mw(1.0)
        .import_price_gbp_per_mwh([40.0, -60.0])
        .network_charge_gbp_per_mwh(5.0)
        .carbon_g_per_kwh([100.0, 50.0])
}

fn batch() -> Job {
    Job::inferences("batch", 1e6, [JobPoint::inferences(1.0, 1e6)])
        .count(2_u32)
        .preemptible(true)
        .deadline_kind(DeadlineKind::Priced)
        .tier(1_u8)
        .startup_cost_gbp(4.0)
}

fn cap(price: f64) -> CarbonCap {
    CarbonCap::priced("cap", CapMetric::Kg, 1000.0, CapWindow::Horizon, price)
}

fn problem_of(site: Region, job: Job, cap: CarbonCap) -> Problem {
    let battery = Battery::new("store", "site", 1.0, 2.0).soc_mwh(0.4).end_soc_min_mwh(1.0);
    Problem::builder(horizon(30, 2)).region(site).battery(battery).job(job).carbon_cap(cap).build().unwrap()
}

fn problem() -> Problem {
    problem_of(site(), batch(), cap(0.1))
}

/// Dearest energy: 60 + 5 + 2 + 5 = 72, times 1.5 = 108 GBP/MWh. Undone: 2 * 3 * (108 * 1 + 4) = 672 GBP.
/// Overload: 2 * max(216, 672 / 1) = 1344 GBP/MWh, for 0.5 MW in half an hour 336. End: 0.6 * 216 = 129.6.
/// Money: 67.5 - 41.25 + 3 + 8.
fn plan() -> Plan {
    let mut plan = empty(&problem());
    let here = Some(("site", 0));
    plan.jobs.push(job("batch", &[here, here], &[1.0, 1.0], &[5e5, 5e5], "2026-03-02T01:00:00Z"));
    let mut second = job("batch", &[here, None], &[1.0, 0.0], &[5e5, 0.0], "2026-03-02T01:00:00Z");
    (second.copy, second.finished_at, second.undone_frac) = (1, None, 0.5);
    plan.jobs.push(second);
    plan.batteries.push(battery("store", &[0.0; 2], &[0.0; 2], &[0.4; 2]));
    plan.regions.push(region("site", [&[2.0, 1.0], &[3.0, 1.5], &[3.0, 1.5], &[0.0; 2], &[0.0; 2]]));
    plan.broken_limits = vec![
        broken("undone", "batch#1", None, 0.5, "frac", 336.0),
        broken("it_overload", "site", Some(0), 0.5, "mw", 336.0),
        broken("import_overload", "site", Some(0), 0.5, "mw", 336.0),
        broken("end_soc", "store", None, 0.6, "mwh", 129.6),
    ];
    totals(&mut plan, 37.25, 1137.6, 2.25, 187.5, 1.5e6);
    plan
}

#[test]
fn right_plan_passes() {
    passes(&problem(), &plan());
}

#[test]
fn every_broken_limit_is_listed() {
    for (i, rule) in ["undone", "it_overload", "import_overload", "end_soc"].into_iter().enumerate() {
        breaks(&problem(), &plan(), rule, |plan| drop(plan.broken_limits.remove(i)));
        breaks(&problem(), &plan(), "broken_limits", |plan| plan.broken_limits[i].amount *= 1.01);
        breaks(&problem(), &plan(), "broken_limits", |plan| plan.broken_limits[i].price_gbp *= 1.01);
        breaks(&problem(), &plan(), "broken_limits", |plan| plan.broken_limits[i].unit = "gw".into());
        breaks(&problem(), &plan(), "broken_limits", |plan| plan.broken_limits[i].object = "batch#0".into());
    }
    breaks(&problem(), &plan(), "undone_frac", |plan| plan.jobs[1].undone_frac = 0.0);
    breaks(&problem(), &plan(), "finished_at", |plan| plan.jobs[1].finished_at = plan.jobs[0].finished_at);
}

/// Each term of the default prices is seen: where it changes, the listed prices are wrong.
#[test]
fn every_term_of_the_default_prices_counts() {
    let changed = [
        problem_of(site().import_price_gbp_per_mwh([40.0, -70.0]), batch(), cap(0.1)),
        problem_of(site().network_charge_gbp_per_mwh(6.0), batch(), cap(0.1)),
        problem_of(site().congestion_gbp_per_mwh(-1.0), batch(), cap(0.1)),
        problem_of(site().export_price_gbp_per_mwh(-1.0), batch(), cap(0.1)),
        problem_of(site().demand_charge_gbp_per_mw(2.0), batch(), cap(0.1)),
        problem_of(site(), batch(), cap(0.2)),
        problem_of(site().pue_slope(1.6), batch(), cap(0.1)),
        problem_of(site(), batch().tier(2_u8), cap(0.1)),
        problem_of(site(), batch().startup_cost_gbp(5.0), cap(0.1)),
        problem_of(site(), batch().pause_cost_gbp(1.0), cap(0.1)),
        problem_of(site(), batch().undone_penalty_gbp(673.0), cap(0.1)),
        problem_of(site(), batch().migration(Migration { cost_gbp: 1.0, periods: 0, energy_mwh: 0.0 }), cap(0.1)),
    ];
    for problem in &changed {
        breaks_in(problem, &plan(), "broken_limits");
    }
    breaks_in(&problem_of(site(), batch().deadline_kind(DeadlineKind::Hard), cap(0.1)), &plan(), "deadline");
}

/// Shedding costs 0.3 GBP for 0.25 Wh: 20000 / 0.25 GBP/MWh is more than any job's work.
#[test]
fn shedding_raises_the_price_of_overloads() {
    let points = [ServicePoint { wh_per_inference: 0.25, latency_ms: 0.0 }];
    let problem = Problem::builder(horizon(30, 2))
        .region(site())
        .battery(Battery::new("store", "site", 1.0, 2.0).soc_mwh(0.4).end_soc_min_mwh(1.0))
        .job(batch())
        .service(Service::new("chat", 0.0, points))
        .carbon_cap(cap(0.1))
        .build()
        .unwrap();
    let mut plan = plan();
    plan.services.push(service("chat", &[], &[0.0, 0.0]));
    plan.broken_limits[1].price_gbp = 0.25 * 160_000.0;
    plan.broken_limits[2].price_gbp = 0.25 * 160_000.0;
    totals(&mut plan, 37.25, 336.0 + 80_000.0 + 129.6, 2.25, 187.5, 1.5e6);
    passes_in(&problem, &plan);
}

/// Half of the work is left and takes 1 MWh: an overload costs 2 * 1000 * 0.5 / 1 GBP/MWh where the deadline is priced,
/// else 2 * 2 * 10.
#[test]
fn only_work_left_at_priced_deadlines_raises_the_price_of_overloads() {
    for (kind, price) in [(DeadlineKind::Priced, 100.0), (DeadlineKind::Hard, 4.0)] {
        let running = JobState {
            region: "site".into(),
            point: Some(0),
            done_inferences: 0.0,
            done_gpu_hours: 1.0,
            running_since: None,
            can_stop: true,
            pauses: 0,
        };
        let mut job = Job::gpu_hours("job", 2.0, [JobPoint::gpu_hours(1.0, 1.0)]).deadline_kind(kind).state(running);
        job.undone_penalty_gbp = (kind == DeadlineKind::Priced).then_some(1000.0);
        let site = Region::new("site").it_capacity_mw(1.0).import_limit_mw(0.9).import_price_gbp_per_mwh(10.0);
        let problem = Problem::builder(horizon(60, 2)).region(site).job(job).build().unwrap();
        let mut plan = empty(&problem);
        let cells = [Some(("site", 0)), None];
        plan.jobs.push(self::job("job", &cells, &[1.0, 0.0], &[0.0; 2], "2026-03-02T01:00:00Z"));
        plan.regions.push(plain("site", &[1.0, 0.0]));
        plan.broken_limits.push(broken("import_overload", "site", Some(0), 0.1, "mw", price));
        totals(&mut plan, 10.0, price, 1.0, 0.0, 0.0);
        passes(&problem, &plan);
    }
}
