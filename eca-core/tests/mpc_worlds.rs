//! Walks through small worlds with numbers worked out by hand: simulation, value of a forecast, shadow mode.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::mpc::{ControllerSettings, Entry, Policy, Shadow, Simulation, Source, forecast_value, perfect, simulate};
use eca_core::problem::ServicePoint;
use eca_core::{Horizon, Job, Problem, ProblemDocument, Region, Series, Service};
use rule_support::{at, hours, job, near, site};
use std::collections::BTreeMap;

fn world(price: &[f64], jobs: impl IntoIterator<Item = Job>) -> ProblemDocument {
    let builder = Problem::builder(hours(price.len())).region(site("a", price).carbon_g_per_kwh(price));
    jobs.into_iter().fold(builder, |builder, job| builder.job(job)).build().unwrap().document().clone()
}

fn walk(world: &ProblemDocument, policy: Policy, view_periods: usize) -> (Entry, BTreeMap<Source, usize>) {
    let mut simulation = Simulation::default();
    simulation.policy = policy;
    simulation.view_periods = view_periods;
    let realised = simulate(world, &simulation, &mut perfect).unwrap();
    assert!(realised.late.is_empty() && realised.open.is_empty(), "{realised:?}");
    (realised.entry, realised.sources)
}

#[test]
fn three_policies_on_one_day() {
    // 2 h of work from hour 1 on, due at hour 6; it may pause for 1 GBP. Cheapest: hours 2 and 5.
    let price = [5.0, 60.0, 10.0, 70.0, 80.0, 20.0, 90.0];
    let work = job("j", 2.0, 1.0).preemptible(true).pause_cost_gbp(1.0).earliest_start(at(1)).deadline(at(6));
    let world = world(&price, [work]);
    let (eca, sources) = walk(&world, Policy::Replan, 7);
    near(eca.cost_gbp, 31.0, "again and again: 10 + 20 + 1");
    near(eca.carbon_kg, 30.0, "carbon");
    near(eca.import_kwh, 2000.0, "energy");
    assert_eq!((eca.periods, sources[&Source::Optimal]), (7, 7));
    near(walk(&world, Policy::PlanOnce, 7).0.cost_gbp, 31.0, "once");
    near(walk(&world, Policy::RunAtOnce, 7).0.cost_gbp, 70.0, "at once: 60 + 10");
    // With 2 h in view: at hour 1 nothing is known of hour 5. Half of the time left is needed: the cheaper half of what
    // is seen is taken, hour 2; later hour 3 is taken at 70 or left for 20, whatever the view says.
    let (blind, _) = walk(&world, Policy::Replan, 2);
    assert!((31.0..=81.0 + 1e-6).contains(&blind.cost_gbp), "{}", blind.cost_gbp);
}

#[test]
fn planned_once_a_job_keeps_its_place_and_the_next_one_goes_around_it() {
    // Room for one. The first job takes hour 1, the second, an hour later and for another price, what is left.
    let price = [50.0, 10.0, 20.0, 90.0];
    let jobs = [job("first", 1.0, 1.0).deadline(at(4)), job("second", 1.0, 1.0).earliest_start(at(1)).deadline(at(4))];
    let mut world = world(&price, jobs);
    world.regions[0].it_capacity_mw = 1.0.into();
    near(walk(&world, Policy::PlanOnce, 4).0.cost_gbp, 30.0, "10 + 20");
    near(walk(&world, Policy::RunAtOnce, 4).0.cost_gbp, 60.0, "50 + 10");
}

#[test]
fn jobs_services_and_demand_charges_are_booked() {
    // 2 million inferences of 0.5 Wh are 1 MWh; the job takes the hour in which the peak does not grow too dear.
    let region = site("a", [10.0, 12.0]).demand_charge_gbp_per_mw(5.0);
    let service = Service::new("s", [2e6, 1e6], [ServicePoint { wh_per_inference: 0.5, latency_ms: 0.0 }]);
    let problem = Problem::builder(hours(2)).region(region).service(service).job(job("j", 1.0, 0.5)).build().unwrap();
    let plan = problem.solve(&rule_support::exact()).unwrap();
    // Hour 0: 1 MW, hour 1: 0.5 + 0.5 MW; 10 + 12 + 5.
    near(plan.totals.cost_gbp, 27.0, "planned");
    for policy in [Policy::Replan, Policy::PlanOnce] {
        let (entry, _) = walk(problem.document(), policy, 2);
        near(entry.inferences, 3e6, "inferences");
        near(entry.shed_inferences, 0.0, "shed");
        if policy == Policy::Replan {
            near(entry.cost_gbp, 27.0, "realised");
            near(entry.peak_mw[0], 1.0, "peak");
        }
    }
}

#[test]
fn what_a_forecast_is_worth() {
    // Two days, a job each; on the second day the cheap hour moves from 2 to 20.
    let mut price = vec![50.0; 48];
    (price[2], price[24 + 20]) = (10.0, 10.0);
    let daily = |d: u32| job(&format!("j{d}"), 1.0, 1.0).earliest_start(at(24 * d)).deadline(at(24 * d + 24));
    let world = world(&price, [daily(0), daily(1)]);
    let mut simulation = Simulation::default();
    simulation.view_periods = 24;
    let truth = price.clone();
    // A forecast that knows the second day, and takes the first for flat.
    let mut forecast = |now: eca_core::Timestamp, part: &mut ProblemDocument| {
        let s = usize::try_from(now.minutes_since(at(0)) / 60).unwrap();
        let values = (s..s + part.horizon.periods).map(|t| if t < 24 { 50.0 } else { truth[t] });
        part.regions[0].import_price_gbp_per_mwh = Series::Values(values.collect());
    };
    let value = forecast_value(&world, &simulation, &mut forecast).unwrap();
    near(value.perfect.entry.cost_gbp, 20.0, "perfect");
    // On the first day the price of 50 is all there is, and the job may run in the cheap hour by chance alone.
    let first_day = |cost: f64| [20.0, 60.0].iter().any(|c| (cost - c).abs() < 1e-6);
    assert!(first_day(value.forecast.entry.cost_gbp), "{value:?}");
    // Yesterday's cheap hour is dear today.
    assert!(value.yesterday.entry.cost_gbp >= 60.0 - 1e-6, "{value:?}");
    assert!(value.saved_gbp() >= -1e-6 && value.captured_frac().is_some());
}

/// One hour as it really was.
fn actual(hour: u32, price: f64) -> ProblemDocument {
    let horizon = Horizon::new(at(hour), 60, 1).unwrap();
    let region = Region::new("a").it_capacity_mw(10.0).import_limit_mw(20.0);
    let region = region.import_price_gbp_per_mwh(price).carbon_g_per_kwh(price);
    Problem::builder(horizon).region(region).build().unwrap().document().clone()
}

#[test]
fn the_ledger_of_a_shadow_says_what_would_have_been() {
    // The site runs the job at once, at 60 and 50; run-at-once does the same on paper; ECA waits for 20 and 10.
    let expected = [60.0, 50.0, 20.0, 10.0];
    let mut shadow = Shadow::new(ControllerSettings::default()).unwrap();
    for hour in 0..4 {
        let now = hour as usize;
        let mut document = world(&expected[now..], []);
        document.horizon.start = at(hour);
        if hour < 2 {
            // The site's own state: done after two hours. The shadow keeps to its own.
            document.jobs = vec![job("j", 2.0, 1.0)];
        }
        let step = shadow.step(at(hour), &document).unwrap();
        assert!(step.actions.is_empty());
        let wrong = shadow.close(&actual(hour + 1, 1.0), &BTreeMap::new()).unwrap_err();
        assert!(wrong.to_string().contains("is not the period of the last step"), "{wrong}");
        // What really was: 2 GBP dearer than expected; the site has 0.1 MW that the document does not know of.
        let metered = BTreeMap::from([("a".into(), if hour < 2 { 1.1 } else { 0.1 })]);
        shadow.close(&actual(hour, expected[now] + 2.0), &metered).unwrap();
    }
    let ledger = shadow.ledger();
    near(ledger.entries["eca"].cost_gbp, 34.0, "eca: 22 + 12");
    near(ledger.entries["run_at_once"].cost_gbp, 114.0, "at once: 62 + 52");
    near(ledger.entries["site"].cost_gbp, 114.0 + 0.1 * (62.0 + 52.0 + 22.0 + 12.0), "site");
    near(ledger.saved_gbp("eca", "run_at_once"), 80.0, "saved");
    near(ledger.saved_kg("eca", "run_at_once"), 80.0, "carbon");
    near(ledger.saved_kwh("eca", "site"), 400.0, "energy that ECA does not know of");
    assert_eq!(ledger.entries["eca"].periods, 4);
}

#[test]
fn a_shadow_refuses_meters_that_make_no_sense() {
    let mut shadow = Shadow::new(ControllerSettings::default()).unwrap();
    let document = world(&[10.0, 20.0], []);
    shadow.step(at(0), &document).unwrap();
    let mut refused = |region: &str, mwh: f64| {
        shadow.close(&document, &BTreeMap::from([(region.into(), mwh)])).unwrap_err().to_string()
    };
    assert!(refused("b", 1.0).contains("`b`") && refused("b", 1.0).contains("`a`"), "{}", refused("b", 1.0));
    for mwh in [f64::NAN, f64::INFINITY, -0.1] {
        assert!(refused("a", mwh).contains("region `a` has import_mwh = "), "{}", refused("a", mwh));
    }
    // Nothing was booked, and the period is still open.
    assert!(shadow.ledger().entries.is_empty());
    shadow.close(&document, &BTreeMap::new()).unwrap();
}

#[test]
fn a_shadow_wants_every_period_closed() {
    let mut shadow = Shadow::new(ControllerSettings::default()).unwrap();
    let with = |hour: u32| {
        let mut document = world(&[10.0, 20.0], []);
        document.horizon.start = at(hour);
        document
    };
    shadow.step(at(0), &with(0)).unwrap();
    shadow.step(at(0), &with(0)).unwrap();
    let error = shadow.step(at(1), &with(1)).unwrap_err().to_string();
    assert!(error.contains("the period from 2026-03-02T00:00:00Z must be closed"), "{error}");
}
