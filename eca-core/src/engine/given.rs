//! A plan for schedules that are given.

use super::{Deadline, Run, Watch, assemble, exact, grade, provenance};
use crate::model::{Draft, Ladder};
use crate::plan::Plan;
use crate::schedule::Schedule;
use crate::{Control, Error, Problem, Result, Settings, SolveReport, milp};

/// The cheapest plan with these schedules that keeps every limit; none where they leave none.
pub(crate) fn keeping_all(problem: &Problem, schedules: &[Schedule], reason: &str) -> Result<Option<Plan>> {
    let (settings, control) = (Settings::default(), Control::default());
    let (solver, version) = milp::solver_version(settings.solver)?;
    let deadline = Deadline::start(None);
    let mut run = Run {
        problem,
        settings: &settings,
        control: &control,
        ladder: Ladder::new(problem.document(), problem.shapes()),
        deadline,
        watch: Watch::new(&control, deadline),
        report: SolveReport::default(),
    };
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
