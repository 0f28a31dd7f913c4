//! Which engine plans a problem, and why.

use crate::problem::TargetKind;
use crate::schedule::Shape;
use crate::{Engine, Error, Problem, Result, Settings};

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
///
/// # Errors
/// [`Error::Unsupported`] where the engine asked for cannot say a rule of the problem.
pub(super) fn engine(problem: &Problem, settings: &Settings) -> Result<(Engine, &'static str)> {
    if let Some((object, feature)) = only_exact(problem).filter(|_| settings.engine != Engine::Greedy) {
        return match settings.engine {
            Engine::Auto => {
                Ok((Engine::Exact, "its rules join periods in a way that only one MILP of the whole problem says"))
            }
            Engine::Exact => Ok((Engine::Exact, "as asked: one MILP of the whole problem")),
            _ => Err(Error::Unsupported {
                object,
                feature,
                reason: "engines that plan by prices cannot say it; use engine exact or auto".into(),
            }),
        };
    }
    let others = matches!(settings.engine, Engine::Auto | Engine::Columns | Engine::Fleet);
    if others && !problem.opportunities().is_empty() {
        return Ok((Engine::Exact, "opportunities: one MILP of the whole problem, which alone weighs them"));
    }
    if others && !problem.commitments().is_empty() {
        return Ok((Engine::Exact, "commitments: one MILP of the whole problem, which alone weighs them"));
    }
    Ok(match settings.engine {
        Engine::Greedy => (Engine::Greedy, "as asked: the better of two simple policies"),
        Engine::Exact => (Engine::Exact, "as asked: one MILP of the whole problem"),
        Engine::Columns => (Engine::Columns, "as asked: prices, then schedules chosen among those they single out"),
        Engine::Fleet => (Engine::Fleet, "as asked: prices, then each job near what regions supply"),
        Engine::Auto => auto(problem, settings),
    })
}

/// The first rule that only the MILP of the whole problem says: object and feature.
fn only_exact(problem: &Problem) -> Option<(String, &'static str)> {
    let target = problem.targets().iter().find_map(|target| {
        let feature = match (target.kind, target.ramp_mw_per_min) {
            (_, Some(_)) => "ramp_mw_per_min",
            (TargetKind::Priced, None) => "a priced target",
            (TargetKind::Strict, None) => return None,
        };
        Some((format!("target `{}`", target.id), feature))
    });
    let job = || problem.jobs().iter().find(|job| job.undone_max_frac.is_some());
    target.or_else(|| job().map(|job| (format!("job `{}`", job.id), "undone_max_frac")))
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
