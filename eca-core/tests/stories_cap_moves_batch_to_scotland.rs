//! An operator with two sites caps its carbon: the batch work moves to Scotland, the users in London stay in London.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::{CapMetric, CapWindow, CarbonCap, Migration, Problem, ProblemBuilder, Service, ServicePoint};
use rule_support::*;

/// Four hours. London: 60 GBP/MWh, 200 g/kWh. Scotland: 70 GBP/MWh, 30 g/kWh.
/// Half a million inferences of 1 Wh each hour for users who are 8 ms from London and 45 ms from Scotland.
/// A batch job of two hours at 2 MW that may run at either site.
fn operator() -> ProblemBuilder {
    Problem::builder(hours(4))
        .region(site("london", 60.0).carbon_g_per_kwh(200.0))
        .region(site("scotland", 70.0).carbon_g_per_kwh(30.0))
        .service(
            Service::new("chat", 5e5, [ServicePoint { wh_per_inference: 1.0, latency_ms: 20.0 }])
                .network_latency_ms([("london", 8.0), ("scotland", 45.0)])
                .latency_limit_ms(50.0),
        )
        .job(job("embed", 2.0, 2.0))
}

#[test]
fn without_a_cap_everything_runs_where_power_is_cheapest() {
    // Service 0.5 MW * 4 h * 60 = 120 GBP, job 4 MWh * 60 = 240 GBP; 6 MWh * 200 g/kWh = 1200 kg.
    let plan = solve(&operator().build().unwrap());
    costs(&plan, 360.0);
    near(plan.totals.carbon_kg, 1200.0, "carbon_kg");
}

#[test]
fn a_cap_moves_the_batch_work_and_leaves_the_users() {
    // The service alone: 2 MWh * 200 = 400 kg. The job in Scotland: 4 MWh * 30 = 120 kg: 520 kg, below 600.
    // 120 + 4 * 70 = 400 GBP: 40 GBP for 680 kg less.
    let cap = CarbonCap::strict("cap", CapMetric::Kg, 600.0, CapWindow::Horizon);
    let plan = solve(&operator().carbon_cap(cap).build().unwrap());
    costs(&plan, 400.0);
    near(plan.totals.carbon_kg, 520.0, "carbon_kg");
    assert!(plan.jobs[0].region.iter().flatten().all(|region| region.as_str() == "scotland"));
    near(plan.services[0].inferences["london"].iter().sum(), 2e6, "inferences in London");
}

#[test]
fn a_job_that_is_running_in_london_is_moved_if_that_is_what_the_cap_needs() {
    // One of its two hours is done; it moves at once, for 3 GBP: 120 + 2 * 70 + 3 = 263 GBP; 400 + 2 * 30 = 460 kg.
    // Staying: 120 + 120 = 240 GBP, but 800 kg.
    let state = eca_core::JobState {
        region: "london".into(),
        point: Some(0),
        done_inferences: 0.0,
        done_gpu_hours: 1.0,
        running_since: None,
        can_stop: true,
        pauses: 0,
    };
    let mut problem = operator().build().unwrap().document().clone();
    problem.jobs[0].state = Some(state);
    problem.jobs[0].migration = Some(Migration { cost_gbp: 3.0, periods: 1, energy_mwh: 0.0 });
    let free = solve(&Problem::from_document(problem.clone()).unwrap());
    costs(&free, 240.0);
    problem.carbon_caps.push(CarbonCap::strict("cap", CapMetric::Kg, 600.0, CapWindow::Horizon));
    let capped = solve(&Problem::from_document(problem).unwrap());
    costs(&capped, 263.0);
    near(capped.totals.carbon_kg, 460.0, "carbon_kg");
    assert_eq!((places(&capped, 0).as_str(), capped.jobs[0].migrations), (".s..", 1));
}

#[test]
fn users_are_served_even_if_the_cap_cannot_be_kept() {
    // 300 kg: less than the 400 kg of the service alone. The job goes to Scotland, nobody is shed, and the plan says 220 kg.
    let cap = CarbonCap::strict("cap", CapMetric::Kg, 300.0, CapWindow::Horizon);
    let plan = solve(&operator().carbon_cap(cap).build().unwrap());
    near(plan.totals.cost_gbp, 400.0, "cost_gbp");
    breaks(&plan, "carbon_cap", "cap", 220.0, "kg", 0.0);
}
