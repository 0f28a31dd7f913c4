//! Strict carbon caps, in the order of docs/model.md: no excess if that breaks no promise; else promises as without the
//! caps, then least excess, then least cost.

use super::{Answer, Run, exact};
use crate::milp::Tag;
use crate::model::Draft;
use crate::schedule::Schedule;
use crate::{CapKind, Result};

/// Room for rounding when an amount is fixed and the next thing is minimised, relative and absolute.
const ROOM: f64 = 1e-7;

/// Rules whose slack breaks a promise.
const PROMISES: [&str; 5] = ["undone", "shed", "it_overload", "import_overload", "end_soc"];

/// The best plan; none if time was up before one was found.
pub(crate) fn solve(run: &mut Run<'_>, start: &[Schedule]) -> Result<Option<Answer>> {
    if run.problem.carbon_caps().iter().all(|cap| cap.kind == CapKind::Priced) {
        return exact::plan(run, start, &|_| {});
    }
    let kept = match exact::plan(run, start, &|draft| no_excess(draft)) {
        Err(crate::Error::Infeasible { .. }) => None,
        other => other?,
    };
    if let Some(answer) = &kept
        && broken(run, answer).iter().all(|&amount| amount <= ROOM)
    {
        return Ok(kept);
    }
    // The cap costs promises, or cannot be kept at all: how far are they kept without it?
    let Some(free) = exact::plan(run, start, &|_| {})? else { return Ok(kept) };
    let promises = broken(run, &free);
    if let Some(answer) = &kept
        && broken(run, answer).iter().zip(&promises).all(|(with, without)| *with <= without * (1.0 + ROOM) + ROOM)
    {
        return Ok(kept);
    }
    let least = exact::plan(run, start, &|draft| {
        limit_promises(draft, &promises);
        price_excess_only(draft);
    })?;
    let Some(least) = least else { return Ok(Some(free)) };
    let excess = least.objective.max(0.0);
    let last = exact::plan(run, start, &|draft| {
        limit_promises(draft, &promises);
        limit_excess(draft, excess);
    })?;
    Ok(last.or(Some(free)))
}

fn no_excess(draft: &mut Draft) {
    for cap in draft.caps.clone().into_iter().filter(|cap| cap.strict) {
        draft.milp.set_bounds(cap.excess, 0.0, 0.0);
    }
}

/// Sums of broken promises in an answer, in the order of [`PROMISES`].
fn broken(run: &Run<'_>, answer: &Answer) -> [f64; 5] {
    super::assemble::promises(run, &answer.decision)
}

/// No promise is broken further than these sums.
fn limit_promises(draft: &mut Draft, sums: &[f64; 5]) {
    for (rule, sum) in PROMISES.iter().zip(sums) {
        let terms = draft.milp.columns_of(rule).map(|col| (col, 1.0)).collect::<Vec<_>>();
        if !terms.is_empty() {
            draft.milp.row(f64::NEG_INFINITY, sum * (1.0 + ROOM) + ROOM, &terms, Tag::new("promises"));
        }
    }
}

/// The objective becomes the excess of strict caps, kg.
fn price_excess_only(draft: &mut Draft) {
    let strict: Vec<usize> = draft.caps.iter().filter(|cap| cap.strict).map(|cap| cap.excess.index()).collect();
    draft.milp.set_costs(|j| if strict.contains(&j) { 1.0 } else { 0.0 });
}

fn limit_excess(draft: &mut Draft, excess: f64) {
    let terms: Vec<_> = draft.caps.iter().filter(|cap| cap.strict).map(|cap| (cap.excess, 1.0)).collect();
    draft.milp.row(f64::NEG_INFINITY, excess * (1.0 + ROOM) + ROOM, &terms, Tag::new("least_excess"));
}
