//! What is sold in the books: revenue and shortfall of the site, of ECA and of a simple policy, each by its own import.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::mpc::{ControllerSettings, Entry, Policy, Shadow, Simulation, perfect, simulate};
use eca_core::{
    Commitment, CommitmentKind, Direction, Horizon, Penalty, Problem, ProblemBuilder, ProblemDocument, Region, Route,
    SettlementPeriod,
};
use rule_support::*;
use std::collections::BTreeMap;

fn sp(k: u8) -> SettlementPeriod {
    SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap()
}

fn sold(id: &str, mw: f64, baseline_mw: f64, penalty: Penalty) -> Commitment {
    Commitment::new(id, Route::DsoFlex, "a", [sp(1)], mw, baseline_mw).price_gbp_per_mwh(60.0).penalty(penalty)
}

/// What is paid in a world by a policy.
fn walked(builder: ProblemBuilder, policy: Policy) -> Entry {
    let world = builder.build().unwrap().document().clone();
    let mut controller = ControllerSettings::default();
    controller.solve.gap = 0.0;
    let mut simulation = Simulation::default();
    simulation.controller = controller;
    simulation.policy = policy;
    simulation.view_periods = world.horizon.periods;
    simulate(&world, &simulation, &mut perfect).unwrap().entry
}

/// Revenue, shortfall in kWh and what that costs.
#[track_caller]
fn books(entry: &Entry, gbp: f64, kwh: f64, fine_gbp: f64, cost_gbp: f64) {
    near(entry.revenue_gbp, gbp, "revenue_gbp");
    near(entry.shortfall_kwh, kwh, "shortfall_kwh");
    near(entry.shortfall_gbp, fine_gbp, "shortfall_gbp");
    near(entry.cost_gbp, cost_gbp, "cost_gbp");
}

/// A load of so much in each period, MW, at no price.
fn load<const N: usize>(step_min: u32, mw: [f64; N]) -> ProblemBuilder {
    let horizon = Horizon::new(time("2026-03-02T00:00:00Z"), step_min, N).unwrap();
    Problem::builder(horizon).region(site("a", 0.0).overhead_mw(mw))
}

#[test]
fn a_plan_keeps_what_is_sold_and_a_simple_policy_pays_for_it() {
    // Half an hour at 4 MW: at once 20 GBP and 2 MWh short at 100, later 40 GBP. 2 MWh at 60 are paid in both.
    let world = || {
        Problem::builder(half_hours(4))
            .region(site("a", [10.0, 20.0, 50.0, 50.0]))
            .job(job("j", 0.5, 4.0))
            .commitment(sold("c", 4.0, 4.0, Penalty::price(100.0)))
    };
    books(&walked(world(), Policy::Replan), 120.0, 0.0, 0.0, 40.0 - 120.0);
    books(&walked(world(), Policy::RunAtOnce), 120.0, 2000.0, 200.0, 20.0 + 200.0 - 120.0);
}

#[test]
fn energy_is_counted_by_settlement_period_with_ramps_and_tolerance() {
    let of = |builder: ProblemBuilder, one: Commitment| walked(builder.commitment(one), Policy::RunAtOnce);
    // 8 MW for a quarter of an hour and nothing for another: 2 MWh below 8 MW.
    let one = || sold("c", 5.0, 8.0, Penalty::price(100.0));
    books(&of(load(15, [8.0, 0.0, 0.0, 0.0]), one()), 150.0, 500.0, 50.0, 50.0 - 150.0);
    // A tenth of 2.5 MWh may be missing: 0.25 MWh.
    let some = sold("c", 5.0, 8.0, Penalty::price(100.0).tolerance_frac(0.1));
    books(&of(load(15, [8.0, 0.0, 0.0, 0.0]), some), 150.0, 250.0, 25.0, 25.0 - 150.0);
    // The fall of 8 MW takes 6 min: half of 0.1 h times 8 MW are lost, 0.4 MWh.
    books(&of(load(15, [8.0, 0.0, 0.0, 0.0]), one().ramp_min(6.0)), 150.0, 900.0, 90.0, 90.0 - 150.0);
    // Over the boundary of the settlement period too: SP2 is sold, and the fall is at its start.
    let mut second = one();
    second.settlement_periods = vec![sp(2)];
    books(&of(load(15, [8.0, 8.0, 3.0, 3.0]), second.clone()), 150.0, 0.0, 0.0, -150.0);
    books(&of(load(15, [8.0, 8.0, 3.0, 3.0]), second.ramp_min(6.0)), 150.0, 250.0, 25.0, 25.0 - 150.0);
    // Import above the baseline is missing too.
    books(&of(load(30, [9.0, 0.0]), one()), 150.0, 3000.0, 300.0, 300.0 - 150.0);
    // Nothing is settled that is not over.
    let cut = sold("c", 5.0, 8.0, Penalty::price(100.0));
    books(&of(load(15, [8.0]), cut), 0.0, 0.0, 0.0, 0.0);
}

#[test]
fn what_there_is_goes_to_what_is_strict_then_to_the_dearest() {
    // 1 MWh is there, 2 MW below 4 MW; 1 MWh is due to each.
    let of = |c: Commitment, d: Commitment| walked(load(30, [2.0, 0.0]).commitment(c).commitment(d), Policy::RunAtOnce);
    let priced = |id, gbp| sold(id, 2.0, 4.0, Penalty::price(gbp));
    books(&of(priced("c", 5.0), priced("d", 900.0)), 120.0, 1000.0, 5.0, 5.0 - 120.0);
    books(&of(priced("c", 900.0), priced("d", 5.0)), 120.0, 1000.0, 5.0, 5.0 - 120.0);
    let strict = sold("c", 2.0, 4.0, Penalty::default()).kind(CommitmentKind::Strict);
    books(&of(strict, priced("d", 900.0)), 120.0, 1000.0, 900.0, 900.0 - 120.0);
    // The lowest baseline counts for both: nothing is sold twice.
    books(&of(priced("c", 5.0), sold("d", 1.0, 3.0, Penalty::price(900.0))), 90.0, 1000.0, 5.0, 5.0 - 90.0);
}

#[test]
fn more_import_that_is_sold_is_counted_the_other_way() {
    let mut more = sold("c", 2.0, 1.0, Penalty::price(100.0));
    more.direction = Direction::Up;
    let of = |builder: ProblemBuilder| walked(builder.commitment(more.clone()), Policy::RunAtOnce);
    books(&of(load(30, [3.0, 0.0])), 60.0, 0.0, 0.0, -60.0);
    books(&of(load(30, [2.0, 0.0])), 60.0, 500.0, 50.0, 50.0 - 60.0);
    books(&of(load(30, [0.5, 0.0])), 60.0, 1250.0, 125.0, 125.0 - 60.0);
}

/// One period of a day with what is sold in SP1, under way or not.
fn part(start: &str, imported_mwh: Option<f64>) -> ProblemDocument {
    let mut one = sold("c", 4.0, 4.0, Penalty::price(100.0));
    one.imported_mwh = imported_mwh;
    let region: Region = site("a", 10.0);
    let horizon = Horizon::new(time(start), 15, 1).unwrap();
    Problem::builder(horizon).region(region).commitment(one).build().unwrap().document().clone()
}

#[test]
fn a_shadow_books_what_is_sold_beside_what_was_metered_and_over_a_restart() {
    let mut shadow = Shadow::new(ControllerSettings::default()).unwrap();
    let meter = |mwh: f64| BTreeMap::from([("a".into(), mwh)]);
    let first = part("2026-03-02T00:00:00Z", None);
    shadow.step(at(0), &first).unwrap();
    let ledger = shadow.close(&first, &meter(0.5)).unwrap();
    near(ledger.entries["site"].revenue_gbp, 0.0, "it is not over");
    // A file holds the settlement period that is under way.
    let text = serde_json::to_string(&shadow.state()).unwrap();
    let mut shadow = Shadow::restore(ControllerSettings::default(), serde_json::from_str(&text).unwrap()).unwrap();
    let second = part("2026-03-02T00:15:00Z", Some(0.5));
    shadow.step(at(0).plus_min(15), &second).unwrap();
    let ledger = shadow.close(&second, &meter(0.25)).unwrap();
    // 0.75 MWh of the 2 MWh that are due were imported: so much is missing, at 100 GBP/MWh; energy costs 7.50 GBP.
    books(&ledger.entries["site"], 120.0, 750.0, 75.0, 7.5 + 75.0 - 120.0);
    books(&ledger.entries["run_at_once"], 120.0, 0.0, 0.0, -120.0);
    books(&ledger.entries["eca"], 120.0, 0.0, 0.0, -120.0);
    near(ledger.saved_gbp("eca", "site"), 82.5, "saved_gbp");
}

#[test]
fn a_settlement_period_under_way_begins_with_what_the_document_says() {
    // The first close is in the middle of SP1: what the document says was imported counts.
    let mut shadow = Shadow::new(ControllerSettings::default()).unwrap();
    let second = part("2026-03-02T00:15:00Z", Some(1.0));
    shadow.step(at(0).plus_min(15), &second).unwrap();
    let ledger = shadow.close(&second, &BTreeMap::from([("a".into(), 0.25)])).unwrap();
    books(&ledger.entries["site"], 120.0, 1250.0, 125.0, 2.5 + 125.0 - 120.0);
}
