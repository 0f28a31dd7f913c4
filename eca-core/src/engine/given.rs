//! Plans that keep every limit: for schedules that are given, and any at all.

use super::{Deadline, Run, Watch, assemble, choice, exact, grade, greedy, provenance};
use crate::model::{Draft, Ladder};
use crate::plan::Plan;
use crate::schedule::Schedule;
use crate::{Control, Error, Problem, Result, Settings, SolveReport, milp};

/// The cheapest plan with these schedules that keeps every limit; none where they leave none.
pub(crate) fn keeping_all(problem: &Problem, schedules: &[Schedule], reason: &str) -> Result<Option<Plan>> {
    let (settings, control) = (Settings::default(), Control::default());
    let (solver, version) = milp::solver_version(settings.solver)?;
    let mut run = run(problem, &settings, &control);
    let answer = match exact::dispatch_within(&mut run, schedules, &keep_all) {
        Err(Error::Infeasible { .. }) => return Ok(None),
        other => other?,
    };
    let Some(answer) = answer else { return Ok(None) };
    let mut plan = assemble::plan(&run, &answer.decision);
    plan.engine = "greedy".into();
    plan.engine_reason = reason.into();
    let objective = plan.objective_gbp;
    grade(&mut plan, objective, run.crude_bound(), settings.gap);
    plan.provenance = provenance(&settings, solver, &version);
    Ok((plan.broken_limits.is_empty() && plan.check(problem).passed()).then_some(plan))
}

/// Nodes that a search for any plan that keeps every limit may take: it is the same on every machine.
const MOST_NODES: u64 = 200;

/// Whether one MILP of the whole problem, where it is small, finds a plan that keeps every limit.
pub(crate) fn keeps_all(problem: &Problem) -> Result<bool> {
    if !choice::is_small(problem, false) {
        return Ok(false);
    }
    let (mut settings, control) = (Settings::default(), Control::default());
    settings.node_limit = Some(MOST_NODES);
    let mut run = run(problem, &settings, &control);
    let start = greedy::schedules(problem, greedy::Policy::Cheapest);
    match exact::plan(&mut run, &start, &keep_all) {
        Err(Error::Infeasible { .. }) => Ok(false),
        found => Ok(found?.is_some_and(|answer| assemble::plan(&run, &answer.decision).broken_limits.is_empty())),
    }
}

fn run<'a>(problem: &'a Problem, settings: &'a Settings, control: &'a Control) -> Run<'a> {
    let deadline = Deadline::start(None);
    Run {
        problem,
        settings,
        control,
        ladder: Ladder::new(problem.document(), problem.shapes()),
        deadline,
        watch: Watch::new(control, deadline),
        report: SolveReport::default(),
    }
}

/// No slack is used.
fn keep_all(draft: &mut Draft) {
    let slacks = [
        "shed",
        "it_overload",
        "import_overload",
        "end_soc",
        "carbon_cap",
        "undone",
        "shortfall",
        "baseline_guard",
        "rebound",
        "reserve",
        "target",
        "target_ramp",
    ];
    let columns: Vec<_> = slacks.into_iter().flat_map(|rule| draft.milp.columns_of(rule).collect::<Vec<_>>()).collect();
    columns.into_iter().for_each(|col| draft.milp.set_bounds(col, 0.0, 0.0));
}
