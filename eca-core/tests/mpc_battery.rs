//! The battery of SCENARIOS D, planned again and again with a short view: how much of the best possible it keeps.
// With the pure-Rust solver it would take minutes and show nothing that shorter tests do not.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "a test may fail, and says what it found")]

mod mpc_support;

use eca_core::mpc::{Simulation, perfect, simulate, yesterday};
use eca_core::{Battery, Horizon, Problem, ProblemDocument, Region, Timestamp};
use mpc_support::{column, file};

/// 1 MW, 2 MWh, 10 % lost in a round trip, empty at the start; buys and sells at the same price.
fn world(price: &[f64]) -> ProblemDocument {
    let start = Timestamp::parse("2023-01-01T00:00:00Z").unwrap();
    let region = Region::new("grid")
        .import_limit_mw(1.0)
        .export_limit_mw(1.0)
        .import_price_gbp_per_mwh(price)
        .export_price_gbp_per_mwh(price);
    let battery =
        Battery::new("b", "grid", 1.0, 2.0).charge_efficiency(0.9_f64.sqrt()).discharge_efficiency(0.9_f64.sqrt());
    let horizon = Horizon::new(start, 60, price.len()).unwrap();
    Problem::builder(horizon).region(region).battery(battery).build().unwrap().document().clone()
}

/// Revenue over the whole series, planned every `replan_periods` hours with a view of 24.
fn revenue(
    world: &ProblemDocument,
    (replan_periods, offset): (usize, usize),
    forecast: &mut dyn FnMut(Timestamp, &mut ProblemDocument),
) -> f64 {
    let mut simulation = Simulation::default();
    simulation.view_periods = 24;
    simulation.replan_periods = replan_periods;
    simulation.replan_offset_periods = offset;
    simulation.controller.solve.gap = 0.0;
    let realised = simulate(world, &simulation, forecast).unwrap();
    assert_eq!(realised.entry.periods, world.horizon.periods);
    -realised.entry.cost_gbp
}

/// What each way of planning keeps of the best revenue, which two independent programs agree on.
fn keeps(zone: &str, best: f64) {
    let Some(text) = file("grid/gb_de_fr_hourly_2023h1.csv") else { return };
    let world = world(&column(&text, &format!("{zone}_day_ahead_eur_per_mwh")));
    assert_eq!(world.horizon.periods, 4344);
    let part = |what: &str, revenue: f64| {
        println!("{zone}, {what}: {revenue:.2} of {best} EUR, {:.3} %", 100.0 * revenue / best);
        assert!(revenue <= best + 0.01, "{what}: no plan beats perfect foresight");
        revenue / best
    };
    assert!(part("24 h perfect view, every hour", revenue(&world, (1, 0), &mut perfect)) >= 0.999);
    // Planned once a day, it matters when: after the evening peak nothing is worth keeping for a day not yet in view.
    assert!(part("24 h perfect view, every day at 22:00", revenue(&world, (24, 22), &mut perfect)) >= 0.997);
    assert!(part("24 h perfect view, every day at midnight", revenue(&world, (24, 0), &mut perfect)) >= 0.99);
    let blind = part("yesterday's price, every hour", revenue(&world, (1, 0), &mut yesterday(&world)));
    assert!((0.75..0.85).contains(&blind), "{blind}");
}

#[test]
fn british_day_ahead_prices() {
    keeps("gb", 26_980.02);
}

#[test]
fn german_day_ahead_prices() {
    keeps("de", 32_853.36);
}
