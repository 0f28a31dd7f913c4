//! Strict power targets: met by every plan that is handed out, or the problem is refused with the reason.

use super::{Answer, Run, assemble, exact, firm, greedy, strict};
use crate::model::Draft;
use crate::plan::Plan;
use crate::problem::TargetKind;
use crate::{Error, Problem, Result};

/// Seconds spent on saying by how much a target cannot be met.
const REASON_S: f64 = 5.0;
/// Less than this is rounding, MW.
const ROUNDING_MW: f64 = 1e-6;

/// A model that decides what jobs do keeps strict targets; one that dispatches given schedules does what it can.
pub(super) fn hold(draft: &mut Draft) {
    for column in draft.targets.clone().into_iter().filter(|column| column.strict) {
        draft.milp.set_bounds(column.excess, 0.0, 0.0);
    }
}

/// A plan that breaks no strict target and leaves no more undone than jobs allow, where the answer does and there is time:
/// schedules that break as few promises as can be, whatever energy costs, and then energy at least cost for them.
pub(super) fn mended(run: &mut Run<'_>, answer: &Answer) -> Result<Option<Answer>> {
    if refuse_broken(run.problem, &assemble::plan(run, &answer.decision)).is_ok() || run.is_over() {
        return Ok(None);
    }
    let start = answer.decision.schedules.clone();
    let cheap = |draft: &mut Draft| {
        let promise: Vec<bool> =
            draft.milp.column_tags.iter().map(|tag| strict::PROMISES.contains(&tag.rule)).collect();
        let costs = draft.milp.cost.clone();
        draft.milp.set_costs(|j| if promise[j] { costs[j] } else { 0.0 });
    };
    // Its objective is not that of the plan.
    run.watch.hush(true);
    let mut planner = |run: &mut Run<'_>, edit: &dyn Fn(&mut Draft)| {
        exact::plan(run, &start, &|draft| {
            cheap(draft);
            edit(draft);
        })
    };
    let found = strict::solve(run, &mut planner);
    run.watch.hush(false);
    let Some(found) = found? else { return Ok(None) };
    let dispatched = exact::dispatch_strictly(run, &found.decision.schedules)?;
    Ok(dispatched.map(|mended| Answer { bound: run.crude_bound(), ..mended }))
}

/// The error of a problem that the solver has proved to have no plan: where targets are the reason, by how much.
pub(super) fn reason(run: &mut Run<'_>, rules: Vec<String>) -> Error {
    let strict = |problem: &Problem| problem.targets().iter().any(|target| target.kind == TargetKind::Strict);
    if !strict(run.problem) || rules != [exact::UNNAMED] {
        return Error::Infeasible { rules };
    }
    match least_excess(run) {
        Ok(Some(mut found)) if !found.is_empty() => {
            found.push("in the plan that comes nearest; raise the target, make it priced, or move deadlines".into());
            Error::Infeasible { rules: found }
        }
        _ => Error::Infeasible { rules: vec!["strict targets and hard limits of the problem".into()] },
    }
}

/// The plan that exceeds strict targets least in sum, in words.
fn least_excess(run: &mut Run<'_>) -> Result<Option<Vec<String>>> {
    let started = run.deadline;
    run.deadline = super::Deadline::start(Some(REASON_S));
    let schedules = greedy::schedules(run.problem, greedy::Policy::Cheapest);
    let relaxed = |draft: &mut Draft| {
        let strict: Vec<_> = draft.targets.iter().filter(|column| column.strict).map(|column| column.excess).collect();
        strict.iter().for_each(|&excess| draft.milp.set_bounds(excess, 0.0, f64::INFINITY));
        draft.milp.set_costs(|j| if strict.iter().any(|col| col.index() == j) { 1.0 } else { 0.0 });
    };
    let answer = exact::plan(run, &schedules, &relaxed);
    run.deadline = started;
    let Some(answer) = answer? else { return Ok(None) };
    let plan = super::assemble::plan(run, &answer.decision);
    Ok(Some(strict_excess(run.problem, &plan)))
}

/// Strict targets that a plan exceeds, in words.
fn strict_excess(problem: &Problem, plan: &Plan) -> Vec<String> {
    let strict =
        |id: &str| problem.targets().iter().any(|target| target.id.as_str() == id && target.kind == TargetKind::Strict);
    let mut found = Vec::new();
    for target in problem.targets().iter().filter(|target| strict(target.id.as_str())) {
        for (rule, what) in [("target", "the import"), ("target_ramp", "the ramp")] {
            let here =
                plan.broken_limits.iter().filter(|limit| limit.rule == rule && limit.object == target.id.as_str());
            let worst = here.clone().max_by(|a, b| a.amount.total_cmp(&b.amount));
            let Some(worst) = worst.filter(|worst| worst.amount > ROUNDING_MW) else { continue };
            let t = worst.period.unwrap_or(0);
            found.push(format!(
                "target `{}`: {what} is {:.6} MW too high in period {t} ({}), and in {} periods in all",
                target.id,
                worst.amount,
                problem.horizon().start_of(t),
                here.count(),
            ));
        }
    }
    found
}

/// Refuses a plan that breaks a strict target or commitment or leaves more undone than a job allows: it is not usable.
pub(super) fn refuse_broken(problem: &Problem, plan: &Plan) -> Result<()> {
    let mut rules: Vec<String> = strict_excess(problem, plan)
        .into_iter()
        .chain(firm::missing(problem, plan))
        .map(|rule| format!("{rule}, in the best plan found; give it more time or engine exact"))
        .collect();
    let copies = problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    for (shape, job) in copies.zip(&plan.jobs) {
        if let Some(most) = shape.undone_max.filter(|most| job.undone_frac > most + 1e-8) {
            let left = job.undone_frac;
            rules.push(format!(
                "job `{}`: {left:.6} of its work is left, at most {most} may be, in the best plan found in time",
                job.id
            ));
        }
    }
    if rules.is_empty() { Ok(()) } else { Err(Error::Infeasible { rules }) }
}
