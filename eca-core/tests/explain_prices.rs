//! What limits, energy, carbon and jobs are worth, worked out by hand.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod rule_support;

use eca_core::explain::{Explanation, Limit};
use eca_core::{
    BaselineGuard, Battery, CapMetric, CapWindow, CarbonCap, Commitment, DeadlineKind, ErrorKind, Job, JobPoint,
    Penalty, PowerTarget, Problem, Region, Route, Service, ServicePoint, SettlementPeriod,
};
use rule_support::{at, half_hours, hours, job, near, near_all, site, solve};

#[track_caller]
fn explain(problem: &Problem) -> Explanation {
    let explanation = solve(problem).explain(problem).unwrap();
    assert_eq!(Explanation::from_json(&explanation.to_json().unwrap()).unwrap(), explanation);
    explanation
}

/// A service that draws so many MW in each hour, whatever is done.
fn load(id: &str, mw: impl IntoIterator<Item = f64>) -> Service {
    let demand: Vec<f64> = mw.into_iter().map(|mw| mw * 1e6).collect();
    Service::new(id, demand, [ServicePoint { wh_per_inference: 1.0, latency_ms: 1.0 }])
}

/// 3 MW to serve, 1 MW fits where energy costs 50, the rest costs 80: a MW more of the cheap site saves 30.
#[test]
fn capacity_is_worth_the_difference_to_the_next_best_site() {
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).it_capacity_mw(1.0))
        .region(site("b", 80.0))
        .service(load("chat", [3.0]))
        .build()
        .unwrap();
    let found = explain(&problem);
    near(found.dispatch_gbp, 210.0, "dispatch_gbp");
    near_all(&found.regions[0].it_capacity_gbp_per_mw, &[30.0], "rent");
    near_all(&found.regions[0].site_energy_gbp_per_mwh, &[50.0], "site energy");
    near_all(&found.regions[0].it_energy_gbp_per_mwh, &[80.0], "IT energy is site energy and capacity");
    near_all(&found.regions[1].it_capacity_gbp_per_mw, &[0.0], "room left");
    near_all(&found.services[0].serving_gbp_per_million, &[80.0], "serving");
    assert_eq!(found.binding.len(), 1);
    let binding = &found.binding[0];
    assert_eq!(
        (binding.limit, binding.object.as_str(), binding.periods.as_slice()),
        (Limit::ItCapacity, "a", &[0][..])
    );
    assert_eq!(binding.text, "IT capacity of `a` is full at 2026-03-02T00:00:00Z: one MW more saves 30.00 GBP");
}

/// The same, stopped at the connection: 1.5 MW of import carry 1 MW of IT at 1.5 MW for each; a MW more of import
/// saves 20 there and costs 120 - 20 * 1.5 less elsewhere.
#[test]
fn an_import_limit_is_worth_what_a_megawatt_of_import_saves() {
    let problem = Problem::builder(hours(1))
        .region(site("a", 20.0).pue_slope(1.5).import_limit_mw(1.5))
        .region(site("b", 120.0))
        .service(load("chat", [3.0]))
        .build()
        .unwrap();
    let found = explain(&problem);
    // One MW of import in `a` is 2/3 MW of IT: 80 GBP less in `b`, 20 GBP more in `a`.
    near_all(&found.regions[0].import_limit_gbp_per_mw, &[60.0], "rent");
    near_all(&found.regions[0].site_energy_gbp_per_mwh, &[80.0], "site energy, rent included");
    near_all(&found.regions[0].it_energy_gbp_per_mwh, &[120.0], "IT energy");
    assert_eq!(found.binding[0].limit, Limit::ImportLimit);
}

/// 20 GBP in the first hour, 100 in the second; a battery of 1 MWh without losses moves 1 MWh.
#[test]
fn a_battery_is_worth_what_it_moves() {
    let mut battery = Battery::new("rack", "a", 3.0, 1.0);
    (battery.charge_efficiency, battery.discharge_efficiency) = (1.0, 0.5);
    let problem =
        Problem::builder(hours(2)).region(site("a", [20.0, 100.0]).overhead_mw(2.0)).battery(battery).build().unwrap();
    let found = explain(&problem);
    let battery = &found.batteries[0];
    near_all(&battery.stored_gbp_per_mwh, &[20.0, 50.0], "stored");
    near(battery.energy_capacity_gbp_per_mwh, 30.0, "room");
    near(battery.power_capacity_gbp_per_mw, 0.0, "power is not short");
    assert_eq!(found.binding[0].text, "battery `rack` is full: one MWh more saves 30.00 GBP");
}

/// Held back for the end of the horizon: the last MWh is bought at 100.
#[test]
fn energy_wanted_at_the_end_has_a_price() {
    let mut battery = Battery::new("rack", "a", 1.0, 4.0);
    battery.end_soc_min_mwh = Some(2.0);
    let problem =
        Problem::builder(hours(2)).region(site("a", [20.0, 100.0]).overhead_mw(2.0)).battery(battery).build().unwrap();
    let found = explain(&problem);
    near(found.batteries[0].end_soc_gbp_per_mwh, 100.0, "end_soc");
    // A MW more charges in the cheap hour what else is bought in the dear one.
    near(found.batteries[0].power_capacity_gbp_per_mw, 80.0, "power");
}

/// 4 MWh at 50 GBP and 300 g, or 80 GBP and 100 g; 800 kg: half each. A kg more moves 1/200 MWh and saves 0.15 GBP.
#[test]
fn a_strict_cap_has_the_price_of_moving_work() {
    let problem = Problem::builder(hours(1))
        .region(site("dirty", 50.0).carbon_g_per_kwh(300.0))
        .region(site("clean", 80.0))
        .service(load("chat", [4.0]))
        .carbon_cap(CarbonCap::strict("day", CapMetric::Kg, 800.0, CapWindow::Horizon))
        .build()
        .unwrap();
    let found = explain(&problem);
    let window = &found.carbon_caps[0].windows[0];
    near(window.carbon_gbp_per_kg, 0.15, "carbon");
    near(window.carbon_kg, 800.0, "carbon_kg");
    near(window.limit_kg, 800.0, "limit_kg");
    assert_eq!(window.excess_kg, 0.0);
    assert_eq!(found.binding[0].text, "carbon cap `day` is reached: one kg more saves 0.15 GBP");
}

/// A cap that is exceeded at its price has that price; an average has the limit of its energy.
#[test]
fn a_priced_cap_that_is_exceeded_has_its_own_price() {
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).carbon_g_per_kwh(300.0))
        .service(load("chat", [4.0]))
        .carbon_cap(CarbonCap::priced("day", CapMetric::GPerKwh, 200.0, CapWindow::Horizon, 0.4))
        .build()
        .unwrap();
    let found = explain(&problem);
    let window = &found.carbon_caps[0].windows[0];
    near(window.carbon_gbp_per_kg, 0.4, "carbon");
    near(window.limit_kg, 800.0, "200 g/kWh of 4 MWh");
    near(window.excess_kg, 400.0, "excess");
    // 50 GBP, and 0.3 t of carbon of which 0.2 t come with the energy.
    near_all(&found.regions[0].it_energy_gbp_per_mwh, &[90.0], "IT energy");
}

/// A strict cap that cannot be kept: the price is that of the next kg beyond the excess there is.
#[test]
fn a_cap_that_cannot_be_kept_keeps_its_excess() {
    let problem = Problem::builder(hours(1))
        .region(site("dirty", 50.0).carbon_g_per_kwh(300.0))
        .region(site("clean", 80.0))
        .service(load("chat", [4.0]))
        .carbon_cap(CarbonCap::strict("day", CapMetric::Kg, 100.0, CapWindow::Horizon))
        .build()
        .unwrap();
    let found = explain(&problem);
    let window = &found.carbon_caps[0].windows[0];
    near(window.excess_kg, 300.0, "excess");
    near(window.carbon_gbp_per_kg, 0.15, "carbon");
}

/// The peak is in the second hour: only there does a MW more raise the demand charge.
#[test]
fn the_demand_charge_falls_on_the_peak() {
    let problem = Problem::builder(hours(3))
        .region(site("a", 50.0).demand_charge_gbp_per_mw(30.0))
        .service(load("chat", [1.0, 4.0, 2.0]))
        .build()
        .unwrap();
    let found = explain(&problem);
    near_all(&found.regions[0].demand_charge_gbp_per_mw, &[0.0, 30.0, 0.0], "peak");
    near_all(&found.regions[0].site_energy_gbp_per_mwh, &[50.0, 80.0, 50.0], "site energy");
}

/// 2 MW for two hours at 50 and 70, 1.2 MW of facility for each: energy 288, start 5; a tenth of the work left undone at
/// 1000 GBP for all of it.
#[test]
fn a_job_is_worth_its_costs_and_its_energy() {
    let mut embed = Job::inferences("embed", 4e6, [JobPoint::inferences(2.0, 1.8e6)]);
    embed.startup_cost_gbp = 5.0;
    embed.deadline_kind = DeadlineKind::Priced;
    embed.undone_penalty_gbp = Some(1000.0);
    let problem = Problem::builder(hours(2)).region(site("a", [50.0, 70.0]).pue_slope(1.2)).job(embed).build().unwrap();
    let found = explain(&problem);
    let job = &found.jobs[0];
    near(job.own_cost_gbp, 5.0, "own");
    near(job.energy_gbp, 288.0, "energy");
    near(job.undone_gbp, 100.0, "undone");
    near(job.saved_without_gbp, 393.0, "all");
    near(job.saved_without_gbp_per_inference.unwrap() * 1e6, 393.0 / 3.6, "for a million");
}

/// Each inference allows 0.1 g, 4 million of them 400 kg; at 0.5 GBP/kg that is 200 GBP.
#[test]
fn inferences_bring_their_allowance() {
    let embed = Job::inferences("embed", 4e6, [JobPoint::inferences(4.0, 4e6)]);
    let problem = Problem::builder(hours(1))
        .region(site("a", 50.0).carbon_g_per_kwh(300.0))
        .job(embed)
        .carbon_cap(CarbonCap::priced("each", CapMetric::GPerInference, 0.1, CapWindow::Horizon, 0.5))
        .build()
        .unwrap();
    let found = explain(&problem);
    near(found.carbon_caps[0].windows[0].excess_kg, 800.0, "1200 kg, of which 400 are allowed");
    near(found.jobs[0].energy_gbp, 4.0 * (50.0 + 300.0 * 0.5), "energy and its carbon");
    near(found.jobs[0].allowance_gbp, -200.0, "allowance");
    near(found.jobs[0].saved_without_gbp, 600.0, "200 of energy, 400 of excess");
}

/// Where nothing runs, energy has the price that the first MWh would cost, not that of none.
#[test]
fn an_idle_period_has_the_price_of_its_first_megawatt_hour() {
    let problem = Problem::builder(half_hours(4))
        .region(site("a", [50.0, 70.0, 60.0, 80.0]).pue_slope(1.5))
        .job(Job::gpu_hours("j", 0.5, [JobPoint::gpu_hours(2.0, 1.0)]))
        .build()
        .unwrap();
    let found = explain(&problem);
    near_all(&found.regions[0].site_energy_gbp_per_mwh, &[50.0, 70.0, 60.0, 80.0], "site energy");
    near_all(&found.regions[0].it_energy_gbp_per_mwh, &[75.0, 105.0, 90.0, 120.0], "IT energy");
    near(found.dispatch_gbp, 75.0, "2 MW for half an hour");
    near(found.jobs[0].saved_without_gbp, 75.0, "job");
}

/// Solar that is spilled costs nothing; without it the next MWh is bought, dearer under a strict cap that allows no gram
/// and in a closed hall all the same.
#[test]
fn an_idle_period_is_priced_under_the_strictest_cap() {
    let problem = Problem::builder(hours(3))
        .region(site("a", [50.0, 70.0, 60.0]).solar_mw([3.0, 0.0, 0.0]).it_capacity_mw([4.0, 4.0, 0.0]))
        .job(job("j", 1.0, 2.0))
        .carbon_cap(CarbonCap::strict("none", CapMetric::Kg, 0.0, CapWindow::Horizon))
        .build()
        .unwrap();
    let found = explain(&problem);
    let price = &found.regions[0].site_energy_gbp_per_mwh;
    near(price[0], 0.0, "1 MW of solar is left");
    assert!(price[1] >= 70.0 && price[2] >= 60.0, "{price:?}");
    near(found.dispatch_gbp, 0.0, "solar is free");
    near(found.carbon_caps[0].windows[0].excess_kg, 0.0, "not a gram");
}

/// 2 MW for an hour, due at 02:00, runs at 60; the hour after it costs 50 with the same carbon: 20 GBP for each copy.
#[test]
fn a_deadline_is_worth_what_the_next_hour_would_save() {
    let cap = CarbonCap::priced("day", CapMetric::Kg, 0.0, CapWindow::Horizon, 0.2);
    let problem = Problem::builder(hours(4))
        .region(site("a", [110.0, 60.0, 50.0, 40.0]).carbon_g_per_kwh([100.0; 4]))
        .job(job("due", 1.0, 2.0).count(3).deadline(at(2)))
        .job(job("free", 1.0, 1.0))
        .job(job("cheap", 1.0, 1.0).deadline(at(2)).earliest_start(at(1)).pause_cost_gbp(0.0))
        .carbon_cap(cap)
        .build()
        .unwrap();
    let found = explain(&problem);
    let deadlines: Vec<_> = found.binding.iter().filter(|each| each.limit == Limit::Deadline).collect();
    assert_eq!(deadlines.iter().map(|each| each.object.as_str()).collect::<Vec<_>>(), ["due", "cheap"]);
    near(deadlines[0].worth_gbp, 3.0 * 2.0 * (60.0 - 50.0), "three copies, an hour later, the same carbon");
    near(deadlines[1].worth_gbp, 10.0, "1 MW");
    assert_eq!(deadlines[1].unit, "period");
    assert_eq!(deadlines[0].text, "job `due` must be done by 2026-03-02T02:00:00Z: one period more saves 60.00 GBP");
}

/// The next hour is closed: a later deadline saves nothing there.
#[test]
fn a_deadline_before_a_closed_hour_is_worth_nothing() {
    let problem = Problem::builder(hours(3))
        .region(site("a", [60.0, 50.0, 10.0]).it_capacity_mw([4.0, 4.0, 0.0]))
        .job(job("due", 1.0, 2.0).deadline(at(2)))
        .build()
        .unwrap();
    assert!(explain(&problem).binding.iter().all(|each| each.limit != Limit::Deadline));
}

/// Solar that is all used, and export at its limit.
#[test]
fn solar_and_export_have_a_price() {
    let region: Region = site("a", 50.0).solar_mw(5.0).export_limit_mw(2.0).export_price_gbp_per_mwh(30.0);
    let found = explain(&Problem::builder(hours(1)).region(region.clone()).build().unwrap());
    near_all(&found.regions[0].export_limit_gbp_per_mw, &[30.0], "three MW are lost");
    near_all(&found.regions[0].solar_gbp_per_mw, &[0.0], "there is too much of it");
    let found = explain(&Problem::builder(hours(1)).region(region.export_limit_mw(9.0)).build().unwrap());
    near_all(&found.regions[0].export_limit_gbp_per_mw, &[0.0], "room left");
    near_all(&found.regions[0].solar_gbp_per_mw, &[30.0], "all of it is sold");
}

#[test]
fn a_plan_that_fails_its_check_is_not_explained() {
    let problem = Problem::builder(hours(2)).region(site("a", 50.0)).job(job("j", 1.0, 1.0)).build().unwrap();
    let other = Problem::builder(hours(2)).region(site("a", 60.0)).job(job("j", 1.0, 1.0)).build().unwrap();
    let plan = solve(&problem);
    assert_eq!(plan.explain(&other).unwrap_err().kind(), ErrorKind::Mismatch);
    let mut spoiled = plan.clone();
    spoiled.regions[0].import_mw[0] += 1.0;
    let message = spoiled.explain(&problem).unwrap_err().to_string();
    assert!(message.contains("balance"), "{message}");
}

#[test]
fn what_binds_is_said_in_words() {
    let problem = Problem::builder(hours(2))
        .region(site("a", [20.0, 100.0]).overhead_mw(2.0))
        .battery(Battery::new("rack", "a", 3.0, 1.0))
        .job(job("j", 1.0, 1.0).deadline(at(2)))
        .build()
        .unwrap();
    let text = explain(&problem).to_string();
    assert!(text.starts_with("what binds, dearest first:\n  battery `rack` is full"), "{text}");
    assert!(text.contains("without a job, to first order:\n  `j` 20.00 GBP\n"), "{text}");
}

/// 3 MW to serve, 20 GBP/MWh here and 80 there. A target of 2 MW here moves 1 MW for an hour: a MW more saves 60.
#[test]
fn a_power_target_is_worth_what_a_megawatt_more_of_it_saves() {
    let problem = Problem::builder(hours(2))
        .region(site("a", 20.0))
        .region(site("b", 80.0))
        .service(load("chat", [3.0, 3.0]))
        .target(PowerTarget::strict("dso", "a", [None, Some(2.0)]))
        .build()
        .unwrap();
    let found = explain(&problem);
    let named: Vec<_> = found.binding.iter().filter(|each| each.limit == Limit::PowerTarget).collect();
    assert_eq!(named.len(), 1);
    assert_eq!((named[0].object.as_str(), named[0].unit.as_str(), &named[0].periods[..]), ("dso", "mw", &[1][..]));
    assert_eq!(named[0].text, "power target `dso` is reached at 2026-03-02T01:00:00Z: one MW more saves 60.00 GBP");
}

/// The same with 1 MW sold below a baseline of 3 MW in the second half hour, and no more than 2.5 MW in the first, by which
/// the baseline is adjusted: a MWh less owed, or a MWh more before, saves 60.
#[test]
fn what_is_sold_is_worth_what_a_megawatt_hour_less_of_it_saves() {
    let half_hour = |k| SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap();
    let sold = Commitment::new("evening", Route::DsoFlex, "a", [half_hour(2)], 1.0, 3.0)
        .penalty(Penalty::price(500.0))
        .guard(BaselineGuard::new([half_hour(1)], 2.5));
    let problem = Problem::builder(half_hours(2))
        .region(site("a", 20.0))
        .region(site("b", 80.0))
        .service(load("chat", [1.5, 1.5]))
        .commitment(sold)
        .build()
        .unwrap();
    let found = explain(&problem);
    let texts: Vec<&str> = found.binding.iter().map(|each| each.text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "commitment `evening` is owed at 2026-03-02T00:30:00Z: one MWh less saves 60.00 GBP",
            "import before commitment `evening` may not rise at 2026-03-02T00:00:00Z: one MWh more saves 60.00 GBP"
        ]
    );
    assert_eq!((found.binding[0].limit, found.binding[1].limit), (Limit::Commitment, Limit::BaselineGuard));
}
