//! What is sold is kept while the horizon rolls.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::adapter::memory::MemoryState;
use eca_core::live::{Live, LiveSettings, Plant};
use eca_core::mpc::{Controller, ControllerSettings, Shadow, Simulation, perfect, simulate};
use eca_core::{
    Commitment, CommitmentKind, Error, Horizon, Opportunity, Penalty, Plan, Problem, ProblemDocument, Route,
    SettlementPeriod,
};
use rule_support::*;
use std::sync::Arc;

#[test]
fn a_rolling_horizon_keeps_what_is_sold() {
    // Half an hour of work at 4 MW; the first half hour is cheapest and sold. The horizon rolls in steps of 5 min.
    let period = SettlementPeriod::containing(at(0));
    let sold = Commitment::new("c", Route::DsoFlex, "a", [period], 4.0, 4.0).penalty(Penalty::price(500.0));
    let mut settings = ControllerSettings::default();
    settings.solve.gap = 0.0;
    let mut controller = Controller::new(settings).unwrap();
    for gone in [0, 2, 5] {
        let start = at(0).plus_min(5 * i64::try_from(gone).unwrap());
        let price: Vec<f64> = (gone..24).map(|t| if t < 6 { 10.0 } else { 20.0 }).collect();
        let sold = if gone > 0 { sold.clone().imported_mwh(0.0) } else { sold.clone() };
        let problem = Problem::builder(Horizon::new(start, 5, 24 - gone).unwrap()).region(site("a", price));
        let problem = problem.job(job("j", 0.5, 4.0)).commitment(sold).build().unwrap();
        let step = controller.step(start, problem.document()).unwrap();
        let (plan, problem) = (step.plan.unwrap(), step.problem.unwrap());
        assert_eq!(problem.commitments().len(), 1);
        assert!(plan.broken_limits.is_empty(), "after {gone} periods: {:?}", plan.broken_limits);
        near_all(&plan.regions[0].import_mw[..6 - gone], &vec![0.0; 6 - gone], "import_mw");
        assert_eq!(plan.commitments[0].delivered_mwh, [Some(2.0)]);
    }
}

#[test]
fn a_strict_commitment_that_can_no_longer_be_held_is_delivered_as_far_as_it_can_be() {
    // 2 of 4 MW are sold in the half hour in which 2 or 3 MW must run: of 1 MWh that is due, 3 MW leave half.
    let period = SettlementPeriod::containing(at(0));
    let sold = Commitment::new("c", Route::DsoFlex, "a", [period], 2.0, 4.0).kind(CommitmentKind::Strict);
    let first = |mw: f64| {
        let problem = Problem::builder(half_hours(4)).region(site("a", 10.0)).commitment(sold.clone());
        let problem = problem.job(job("j", 0.5, mw).deadline(half_hours(1).end())).build().unwrap();
        Controller::new(ControllerSettings::default()).unwrap().step(at(0), problem.document()).unwrap()
    };
    let kept = first(2.0);
    assert_eq!(kept.plan.unwrap().commitments[0].shortfall_mwh, [Some(0.0)]);
    assert!(!kept.reason.contains("cannot be held"), "{}", kept.reason);
    let step = first(3.0);
    let missing =
        "strict commitments cannot be held: commitment `c`: 0.500000 of 1.000000 MWh due in 2026-03-02 SP1 are missing";
    assert!(step.reason.starts_with(missing), "{}", step.reason);
    let (plan, problem) = (step.plan.unwrap(), step.problem.unwrap());
    assert_eq!(plan.commitments[0].shortfall_mwh, [Some(0.5)]);
    assert!(plan.check(&problem).passed());
}

/// Half an hour at 4 MW costs 20 GBP in the first half hour, 40 GBP in the second, 100 GBP later. A buyer pays 30 GBP/MWh for
/// 2 MWh less in each of these settlement periods.
fn on_offer(numbers: &[u8], notice_s: f64) -> ProblemDocument {
    let periods = numbers.iter().map(|&k| SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap());
    let one = Opportunity::new("o", Route::DsoFlex, "a", periods, 4.0, 4.0).price_gbp_per_mwh(30.0).step_mw(4.0);
    let problem = Problem::builder(half_hours(4)).region(site("a", [10.0, 20.0, 50.0, 50.0])).job(job("j", 0.5, 4.0));
    problem.opportunity(one.notice_s(notice_s).divisible(true)).build().unwrap().document().clone()
}

fn first_step(document: &ProblemDocument, committed_periods: usize) -> (Controller, Problem, Plan) {
    let mut settings = ControllerSettings::default();
    settings.solve.gap = 0.0;
    settings.committed_periods = committed_periods;
    let mut controller = Controller::new(settings).unwrap();
    let step = controller.step(at(0), document).unwrap();
    let (problem, plan) = (step.problem.unwrap(), step.plan.unwrap());
    assert!(plan.check(&problem).passed(), "{}", plan.check(&problem));
    (controller, problem, plan)
}

#[test]
fn a_rolling_plan_takes_an_opportunity_and_keeps_it_once_it_is_sold() {
    // Half an hour later costs 20 GBP more, and 2 MWh pay 60 GBP.
    let (mut controller, problem, plan) = first_step(&on_offer(&[1], 0.0), 0);
    assert_eq!(plan.opportunities[0].committed_mw, [4.0]);
    near(plan.objective_gbp, 40.0 - 60.0, "objective_gbp");
    // It is sold: a controller that begins with the commitment keeps it, and nothing is on offer any more.
    let sold = problem.accept(&plan).unwrap().document().clone();
    assert_eq!((sold.commitments.len(), sold.opportunities.len()), (1, 0));
    let mut settings = ControllerSettings::default();
    settings.solve.gap = 0.0;
    let kept = Controller::new(settings).unwrap().step(at(0), &sold).unwrap().plan.unwrap();
    assert_eq!(kept.commitments[0].delivered_mwh, [Some(2.0)]);
    // The one that found it goes on half an hour later, with what is left.
    let mut rest = sold;
    rest.horizon = Horizon::new(at(0).plus_min(30), 30, 3).unwrap();
    rest.regions[0].import_price_gbp_per_mwh = vec![20.0, 50.0, 50.0].into();
    let later = controller.step(at(0).plus_min(30), &rest).unwrap().plan.unwrap();
    near_all(&later.regions[0].import_mw, &[4.0, 0.0, 0.0], "import_mw");
}

#[test]
fn what_is_sent_already_is_not_sold_and_notice_counts_from_the_step() {
    // A second step has the first half hour committed: what may be planned starts with the second, and notice with the first.
    let of = |numbers: &[u8], notice_s: f64| {
        let document = on_offer(numbers, notice_s);
        let (mut controller, _, _) = first_step(&document, 1);
        let step = controller.step(at(0), &document).unwrap();
        let (problem, plan) = (step.problem.unwrap(), step.plan.unwrap());
        assert_eq!(problem.horizon().start, half_hours(4).start_of(2));
        assert!(plan.check(&problem).passed(), "{}", plan.check(&problem));
        plan.opportunities[0].committed_mw.clone()
    };
    assert_eq!(of(&[2, 3, 4], 0.0), [0.0, 4.0, 4.0]);
    assert_eq!(of(&[2, 3, 4], 3600.0), [0.0, 4.0, 4.0]);
    assert_eq!(of(&[2, 3, 4], 3601.0), [0.0, 0.0, 4.0]);
}

#[test]
fn where_nobody_sells_an_opportunity_is_refused_by_name() {
    let document = on_offer(&[1], 0.0);
    let refused = |error: Error, wanted: &str| {
        let text = error.to_string();
        assert!(text.starts_with(&format!("opportunity `o`: an opportunity in {wanted} is not supported")), "{text}");
        assert!(text.contains("sell what the plan takes (`accept`), and give the commitments"), "{text}");
    };
    refused(simulate(&document, &Simulation::default(), &mut perfect).unwrap_err(), "a simulated world");
    let mut shadow = Shadow::new(ControllerSettings::default()).unwrap();
    refused(shadow.step(at(0), &document).unwrap_err(), "shadow");
    let live = Live::new(Plant::new(document), LiveSettings::default(), Arc::new(MemoryState::default()));
    refused(live.unwrap_err(), "a running loop");
}
