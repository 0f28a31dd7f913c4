//! What is sold is kept while the horizon rolls.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod rule_support;

use eca_core::mpc::{Controller, ControllerSettings};
use eca_core::{Commitment, Horizon, Penalty, Problem, Route, SettlementPeriod};
use rule_support::*;

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
