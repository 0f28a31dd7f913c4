//! Strict carbon caps and commitments, in the order of docs/model.md: no excess if that breaks no promise; else promises as
//! without both, then least excess, then least cost. Strict commitments are held all the while, or the problem is refused.

use super::{Answer, Run, firm};
use crate::milp::{Col, Tag};
use crate::model::{Draft, MARKET};
use crate::{CapKind, Result};
use std::collections::BTreeMap;

/// Room for rounding when an amount is fixed and the next thing is minimised, relative and absolute.
const ROOM: f64 = 1e-7;

/// Rules whose slack breaks a promise to users or overloads a site.
pub(crate) const PROMISES: [&str; 4] = ["undone", "shed", "it_overload", "import_overload"];

/// Penalties paid for broken promises, GBP, by rule.
pub(crate) type Broken = BTreeMap<&'static str, f64>;

/// How far a point breaks each promise; what costs nothing to break is no promise.
pub(crate) fn broken(draft: &Draft, values: &[f64]) -> Broken {
    let paid = |col: Col| draft.milp.cost(col) * values[col.index()].max(0.0);
    PROMISES.into_iter().map(|rule| (rule, draft.milp.columns_of(rule).map(paid).sum())).collect()
}

/// Plans a model after an edit of its bounds and costs; none if time was up before a plan was found.
pub(crate) type Planner<'p> = dyn FnMut(&mut Run<'_>, &dyn Fn(&mut Draft)) -> Result<Option<Answer>> + 'p;

/// The best plan; none if time was up before one was found.
pub(crate) fn solve(run: &mut Run<'_>, planner: &mut Planner<'_>) -> Result<Option<Answer>> {
    let capped = run.problem.carbon_caps().iter().any(|cap| cap.kind == CapKind::Strict);
    if !capped && run.problem.commitments().is_empty() {
        return planner(run, &|_| {});
    }
    let kept = match planner(run, &|draft| no_excess(draft)) {
        Err(crate::Error::Infeasible { .. }) => None,
        other => other?,
    };
    if let Some(answer) = &kept
        && answer.broken.values().all(|&amount| amount <= ROOM)
    {
        return Ok(kept);
    }
    // The cap or a commitment costs promises, or a cap cannot be kept at all: how far are they kept without?
    // A plan that may hold strict commitments at the cost of promises is none.
    let usable = kept.clone().filter(|_| !firm::any(run.problem));
    let Some(free) = unless_stopped(planner(run, &|draft| no_market(draft)))? else { return Ok(usable) };
    let promises = free.broken.clone();
    let free = unmarketed(run, free);
    if let Some(answer) = &kept
        && answer.broken.values().zip(promises.values()).all(|(with, without)| *with <= roomy(*without))
    {
        return Ok(kept);
    }
    if !capped {
        let last = firmly(run, planner, &promises, &|draft| limit_promises(draft, &promises))?;
        return Ok(last.or(usable).or(Some(free)));
    }
    // Its objective is kg of excess.
    run.watch.hush(true);
    let least = firmly(run, planner, &promises, &|draft| {
        limit_promises(draft, &promises);
        price_excess_only(draft);
    });
    run.watch.hush(false);
    let Some(least) = least? else { return Ok(Some(free)) };
    let excess = least.objective.max(0.0);
    let last = unless_stopped(planner(run, &|draft| {
        limit_promises(draft, &promises);
        limit_excess(draft, excess);
    }))?;
    Ok(last.or(Some(free)))
}

/// A later step: where strict commitments leave it no plan, the error says which.
fn firmly(
    run: &mut Run<'_>,
    planner: &mut Planner<'_>,
    promises: &Broken,
    edit: &dyn Fn(&mut Draft),
) -> Result<Option<Answer>> {
    match unless_stopped(planner(run, edit)) {
        Err(crate::Error::Infeasible { .. }) if firm::any(run.problem) => Err(firm::reason(run, planner, promises)),
        other => other,
    }
}

/// A later step that was stopped leaves the plan of the step before.
fn unless_stopped(answer: Result<Option<Answer>>) -> Result<Option<Answer>> {
    match answer {
        Err(crate::Error::Cancelled) => Ok(None),
        other => other,
    }
}

pub(super) fn no_excess(draft: &mut Draft) {
    for cap in draft.caps.clone().into_iter().filter(|cap| cap.strict) {
        draft.milp.set_bounds(cap.excess, 0.0, 0.0);
    }
}

/// Nothing is owed to a market.
fn no_market(draft: &mut Draft) {
    firm::release(draft);
    let columns: Vec<Col> =
        MARKET.into_iter().flat_map(|rule| draft.milp.columns_of(rule).collect::<Vec<_>>()).collect();
    columns.into_iter().for_each(|col| draft.milp.set_cost(col, 0.0));
}

/// A plan made as if nothing were owed: what it costs in truth is not known here, and so nothing is proved of it.
fn unmarketed(run: &Run<'_>, answer: Answer) -> Answer {
    if run.problem.commitments().is_empty() { answer } else { Answer { bound: f64::NEG_INFINITY, ..answer } }
}

fn roomy(amount: f64) -> f64 {
    amount * (1.0 + ROOM) + ROOM
}

/// No promise is broken further than for these penalties.
pub(super) fn limit_promises(draft: &mut Draft, penalties: &Broken) {
    for (&rule, &penalty) in penalties {
        let columns: Vec<Col> = draft.milp.columns_of(rule).filter(|&col| draft.milp.cost(col) > 0.0).collect();
        if penalty <= ROOM {
            // Kept in full: with any room at all, a little of it would be broken for nothing.
            columns.iter().for_each(|&col| draft.milp.set_bounds(col, 0.0, 0.0));
            continue;
        }
        // In units of the dearest promise, so that coefficients stay near one.
        let dearest = columns.iter().map(|&col| draft.milp.cost(col)).fold(0.0, f64::max);
        let terms: Vec<_> = columns.into_iter().map(|col| (col, draft.milp.cost(col) / dearest)).collect();
        draft.milp.row(f64::NEG_INFINITY, roomy(penalty / dearest), &terms, Tag::new("promises"));
    }
}

/// The objective becomes the excess of strict caps, kg.
fn price_excess_only(draft: &mut Draft) {
    let strict: Vec<usize> = draft.caps.iter().filter(|cap| cap.strict).map(|cap| cap.excess.index()).collect();
    draft.milp.set_costs(|j| if strict.contains(&j) { 1.0 } else { 0.0 });
}

fn limit_excess(draft: &mut Draft, excess: f64) {
    let terms: Vec<_> = draft.caps.iter().filter(|cap| cap.strict).map(|cap| (cap.excess, 1.0)).collect();
    draft.milp.row(f64::NEG_INFINITY, roomy(excess), &terms, Tag::new("least_excess"));
}
