//! Strict commitments: what is due comes in every plan that is handed out and costs no promise to a user, or the problem is
//! refused with the reason (C2).

use super::strict::{Broken, Planner, limit_promises};
use super::{Deadline, Run, assemble};
use crate::milp::Col;
use crate::model::{Draft, MeterColumns, settlement_h};
use crate::plan::Plan;
use crate::problem::CommitmentKind;
use crate::{Error, Problem};

/// Seconds spent on saying what is missing.
const REASON_S: f64 = 5.0;
/// Less than this is rounding, MWh.
const ROUNDING_MWH: f64 = 1e-6;

pub(super) fn any(problem: &Problem) -> bool {
    problem.commitments().iter().any(|one| one.kind == CommitmentKind::Strict)
}

fn shortfalls(draft: &Draft) -> Vec<Col> {
    draft.meters.iter().flat_map(MeterColumns::strict).map(|(_, col)| col).collect()
}

/// A model that decides what jobs do keeps strict commitments; one that dispatches given schedules does what it can.
pub(super) fn hold(draft: &mut Draft) {
    shortfalls(draft).into_iter().for_each(|col| draft.milp.set_bounds(col, 0.0, 0.0));
}

/// Strict commitments may fall short again.
pub(super) fn release(draft: &mut Draft) {
    shortfalls(draft).into_iter().for_each(|col| draft.milp.set_bounds(col, 0.0, f64::INFINITY));
}

/// The error of a problem whose strict commitments cannot be kept with promises as they are without: what is missing in the
/// plan that comes nearest.
pub(super) fn reason(run: &mut Run<'_>, planner: &mut Planner<'_>, promises: &Broken) -> Error {
    let started = run.deadline;
    run.deadline = Deadline::start(Some(REASON_S));
    // Its objective is MWh.
    run.watch.hush(true);
    let nearest = planner(run, &|draft| {
        limit_promises(draft, promises);
        release(draft);
        let short = shortfalls(draft);
        draft.milp.set_costs(|j| if short.iter().any(|col| col.index() == j) { 1.0 } else { 0.0 });
    });
    run.watch.hush(false);
    run.deadline = started;
    let mut rules = match nearest {
        Ok(Some(answer)) => missing(run.problem, &assemble::plan(run, &answer.decision)),
        _ => Vec::new(),
    };
    if rules.is_empty() {
        let strict = run.problem.commitments().iter().filter(|one| one.kind == CommitmentKind::Strict);
        rules.extend(strict.map(|one| format!("commitment `{}`: what is due cannot be delivered", one.id)));
    }
    let rest = "in the plan that comes nearest and breaks no promise to a user further; sell less, make it priced, or move \
                deadlines";
    rules.push(rest.into());
    Error::Infeasible { rules }
}

/// What a plan lacks of strict commitments, in words.
pub(super) fn missing(problem: &Problem, plan: &Plan) -> Vec<String> {
    let strict =
        problem.commitments().iter().zip(&plan.commitments).filter(|(one, _)| one.kind == CommitmentKind::Strict);
    let each = strict.flat_map(|(one, entry)| {
        let cells = one.settlement_periods.iter().zip(&entry.shortfall_mwh).enumerate();
        cells.filter_map(move |(i, (period, short))| {
            let short = short.filter(|&short| short > ROUNDING_MWH)?;
            let due = (1.0 - one.penalty.tolerance_frac) * settlement_h() * one.committed_mw.at(i);
            Some(format!("commitment `{}`: {short:.6} of {due:.6} MWh due in {period} are missing", one.id))
        })
    });
    each.collect()
}
