//! Which engine plans a problem, and why.

use crate::schedule::Shape;
use crate::{Engine, Problem, Settings};

/// Whole columns of the compact MILP up to which it is the engine: about a second.
const SMALL: usize = 600;
/// The same where prices and search leave much open.
const OPEN: usize = 4000;
/// The same where the optimum itself is asked for, which only the MILP proves.
const PROVABLE: usize = 30_000;
/// A gap below this asks for the optimum.
const OPTIMUM: f64 = 1e-6;
/// Less time than this is not spent on a MILP that may find nothing in it, s.
const SHORT_S: f64 = 1.0;
/// Jobs, identical ones counted once, up to which schedules are also chosen by a MILP over columns.
const COLUMNS: usize = 3000;

/// The engine and the reason for the plan.
pub(super) fn engine(problem: &Problem, settings: &Settings) -> (Engine, &'static str) {
    let others = matches!(settings.engine, Engine::Auto | Engine::Columns | Engine::Fleet);
    if others && !problem.commitments().is_empty() {
        return (Engine::Exact, "commitments: one MILP of the whole problem, which alone weighs them");
    }
    match settings.engine {
        Engine::Greedy => (Engine::Greedy, "as asked: the better of two simple policies"),
        Engine::Exact => (Engine::Exact, "as asked: one MILP of the whole problem"),
        Engine::Columns => (Engine::Columns, "as asked: prices, then schedules chosen among those they single out"),
        Engine::Fleet => (Engine::Fleet, "as asked: prices, then each job near what regions supply"),
        Engine::Auto => auto(problem, settings),
    }
}

fn auto(problem: &Problem, settings: &Settings) -> (Engine, &'static str) {
    let binaries: usize = problem.shapes().iter().map(binaries).sum();
    let hurried = settings.time_limit_s.is_some_and(|limit| limit < SHORT_S);
    if binaries <= SMALL && !(hurried && binaries > 0) {
        return (Engine::Exact, "small: one MILP of the whole problem");
    }
    if settings.gap < OPTIMUM && settings.time_limit_s.is_none() && binaries <= PROVABLE {
        return (Engine::Exact, "the optimum is asked for: one MILP of the whole problem");
    }
    if problem.shapes().len() <= COLUMNS {
        return (Engine::Columns, "too many choices for one MILP: schedules chosen among those that prices single out");
    }
    (Engine::Fleet, "many jobs: prices, then each job near what regions supply")
}

/// Whether one MILP of the whole problem is quick; where much is open, it may also take its time.
pub(super) fn is_small(problem: &Problem, much_is_open: bool) -> bool {
    let most = if much_is_open { OPEN } else { SMALL };
    problem.shapes().iter().map(binaries).sum::<usize>() <= most
}

/// Whole columns that one job has in the compact MILP.
fn binaries(shape: &Shape) -> usize {
    if shape.divisible {
        return 0;
    }
    let window = shape.end - shape.first.min(shape.end);
    let one_run = !shape.preemptible && shape.rate.len() == 1 && shape.migration.is_none();
    let copies = if one_run { 1 } else { shape.count as usize };
    window * shape.regions().len() * shape.rate.len() * copies
}
