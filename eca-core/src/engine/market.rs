//! Opportunities, in the order of docs/model.md: taken where that pays, and nothing is broken further for them.

use super::offer::Before;
use super::strict::{PROMISES, Planner};
use super::{Answer, Run, assemble, strict};
use crate::milp::Col;
use crate::model::{Draft, MARKET, settlement_h};
use crate::problem::CapKind;
use crate::{Error, Problem, Result};

/// The best plan; none if time was up before one was found.
///
/// First with everything on offer: a plan that breaks nothing is the best. Else the plan without opportunities says how far
/// promises, commitments and strict caps are kept, and the best plan that keeps them so is looked for.
pub(super) fn solve(run: &mut Run<'_>, planner: &mut Planner<'_>) -> Result<Option<Answer>> {
    if run.problem.opportunities().is_empty() {
        return strict::solve(run, planner);
    }
    let all = match planner(run, &strict::no_excess) {
        Err(Error::Infeasible { .. }) => None,
        other => other?,
    };
    if let Some(answer) = all
        && keeps_all(run, &answer)
    {
        return Ok(Some(answer));
    }
    let without = strict::solve(run, &mut |run, edit| {
        planner(run, &|draft| {
            edit(draft);
            close(draft);
        })
    })?;
    let Some(without) = without else { return Ok(None) };
    // Of a problem with more to sell nothing is proved by what is best without.
    let without = Answer { bound: f64::NEG_INFINITY, ..without };
    let plan = assemble::plan(run, &without.decision);
    let mut before = Before::new(run.problem, &plan);
    if !without.broken.is_empty() {
        before.promises.clone_from(&without.broken);
    }
    let problem = run.problem;
    let with = match planner(run, &|draft| before.keep(problem, draft, None)) {
        Err(Error::Cancelled | Error::Infeasible { .. }) => None,
        other => other?,
    };
    Ok(Some(with.filter(|with| with.objective <= without.objective).unwrap_or(without)))
}

/// Whether nothing is broken that an opportunity may not pay for.
fn keeps_all(run: &Run<'_>, answer: &Answer) -> bool {
    let strict = |object: &str| {
        run.problem.carbon_caps().iter().any(|cap| cap.kind == CapKind::Strict && cap.id.as_str() == object)
    };
    let plan = assemble::plan(run, &answer.decision);
    plan.broken_limits.iter().all(|limit| {
        let rule = limit.rule.as_str();
        !(PROMISES.contains(&rule) || MARKET.contains(&rule) || rule == "carbon_cap" && strict(&limit.object))
    })
}

/// Nothing is taken.
pub(super) fn close(draft: &mut Draft) {
    let columns: Vec<Col> = ["opportunity_accepted", "opportunity_steps"]
        .into_iter()
        .flat_map(|rule| draft.milp.columns_of(rule).collect::<Vec<_>>())
        .collect();
    columns.into_iter().for_each(|col| draft.milp.set_bounds(col, 0.0, 0.0));
}

/// More than all opportunities together can pay, GBP.
pub(super) fn most_gbp(problem: &Problem) -> f64 {
    let each = problem.opportunities().iter().flat_map(|one| {
        let periods = 0..one.settlement_periods.len();
        periods.map(|i| settlement_h() * one.max_mw * one.price_gbp_per_mwh.at(i).max(0.0))
    });
    each.sum()
}
