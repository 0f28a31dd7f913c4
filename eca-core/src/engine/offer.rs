//! A plan that keeps one more commitment, and breaks nothing further than a plan without it does.
//!
//! The first commitment of the problem is the one on offer, without a penalty, so that all others are served before it; what is kept before it is read off the plan without it. So no
//! promise to a user, no strict cap and no earlier commitment pays for an offer: a MWh that is sold already is not sold again.

use super::strict::{PROMISES, limit_promises};
use super::{Answer, Broken, Deadline, Run, Watch, assemble, exact, grade, provenance};
use crate::milp::{Col, Tag};
use crate::model::{Draft, Ladder, MeterColumns};
use crate::plan::Plan;
use crate::{CapKind, Control, Error, Problem, Result, Settings, SolveReport, Warm, milp};
use std::collections::BTreeMap;

/// Plans are rounded to W and Wh: so much more than they state may be used, as part of it and at least.
const ROOM: f64 = 1e-6;

/// What a missing MWh costs where as much as can be is delivered: solvers stop within 1e-6 of an objective, and a Wh counts.
const MWH: f64 = 1e3;

/// What a commitment asks for besides its energy.
const RESTS: [&str; 3] = ["baseline_guard", "rebound", "reserve"];

/// Which commitment is on offer.
const OFFER: usize = 0;

/// What an offer is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// As much of it as can be delivered, whatever that costs.
    Most,
    /// All of it, at least cost.
    Whole,
}

/// What a plan without the offer breaks: no more may be broken with it.
#[derive(Debug, Clone)]
pub(crate) struct Before {
    pub(super) promises: Broken,
    /// Shortfalls by commitment and the first period of the settlement period, MWh.
    shortfalls: BTreeMap<(String, usize), f64>,
    /// Excess of strict caps, kg; by cap and first period of the window.
    excess: BTreeMap<(String, usize), f64>,
    /// What guards, rebounds and reserves of commitments lack, MWh; by rule, commitment and first period.
    lacking: BTreeMap<(&'static str, String, usize), f64>,
    warm: Warm,
}

impl Before {
    pub(crate) fn new(problem: &Problem, plan: &Plan) -> Self {
        let paid = |rule: &str| {
            let broken = plan.broken_limits.iter().filter(|limit| limit.rule == rule);
            broken.map(|limit| limit.price_gbp).sum::<f64>()
        };
        let amounts = |rule: &str| {
            let broken = plan.broken_limits.iter().filter(|limit| limit.rule == rule);
            broken.map(|limit| ((limit.object.clone(), limit.period.unwrap_or(0)), limit.amount)).collect()
        };
        let lacking = RESTS.into_iter().flat_map(|rule| {
            let known: BTreeMap<(String, usize), f64> = amounts(rule);
            known.into_iter().map(move |((id, t), mwh)| ((rule, id, t), mwh))
        });
        Self {
            promises: PROMISES.into_iter().map(|rule| (rule, paid(rule))).collect(),
            shortfalls: amounts("shortfall"),
            excess: amounts("carbon_cap"),
            lacking: lacking.collect(),
            warm: Warm::from_plan(problem, plan),
        }
    }
}

/// The plan of a problem whose first commitment is on offer; none where it cannot be delivered, or not in time.
pub(crate) fn plan(
    problem: &Problem,
    before: &Before,
    goal: Goal,
    settings: &Settings,
    control: &Control,
) -> Result<Option<Plan>> {
    let (solver, version) = milp::solver_version(settings.solver)?;
    let deadline = Deadline::start(settings.time_limit_s);
    let mut run = Run {
        problem,
        settings,
        control,
        ladder: Ladder::new(problem.document(), problem.shapes()),
        deadline,
        watch: Watch::new(control, deadline),
        report: SolveReport::default(),
    };
    // Kilowatt hours are not money: nobody is told of a search whose objective they are.
    run.watch.hush(goal == Goal::Most);
    let start = before.warm.schedules(problem);
    let found = exact::plan(&mut run, &start, &|draft| {
        before.keep(problem, draft, Some(OFFER));
        ask(draft, goal);
    });
    let answer: Answer = match found {
        Err(Error::Infeasible { .. }) | Ok(None) => return Ok(None),
        Err(error) => return Err(error),
        Ok(Some(answer)) => answer,
    };
    let mut plan = assemble::plan(&run, &answer.decision);
    plan.engine = "exact".into();
    plan.engine_reason = "an offer: one MILP of the whole problem".into();
    let proved = if goal == Goal::Whole { answer.bound.max(run.crude_bound()) } else { run.crude_bound() };
    let objective = if goal == Goal::Whole { answer.objective } else { plan.objective_gbp };
    grade(&mut plan, objective, proved, settings.gap);
    plan.provenance = provenance(settings, solver, &version);
    match plan.check(problem).findings.first() {
        Some(finding) => Err(Error::Internal { message: format!("the plan of an offer failed its check: {finding}") }),
        None => Ok(Some(plan)),
    }
}

fn roomy(amount: f64) -> f64 {
    amount * (1.0 + ROOM) + ROOM
}

impl Before {
    /// Nothing is broken further than before, but for one commitment.
    pub(super) fn keep(&self, problem: &Problem, draft: &mut Draft, but: Option<usize>) {
        limit_promises(draft, &self.promises);
        for MeterColumns { meter, shortfalls } in draft.meters.clone() {
            for (part, col) in meter.parts.iter().zip(shortfalls).filter(|(part, _)| Some(part.commitment) != but) {
                let id = problem.commitments()[part.commitment].id.to_string();
                let known = self.shortfalls.get(&(id, meter.periods.start)).copied().unwrap_or(0.0);
                draft.milp.set_bounds(col, 0.0, if part.strict { 0.0 } else { roomy(known) });
            }
        }
        for (col, tag) in RESTS.into_iter().flat_map(|rule| tagged(draft, rule)).collect::<Vec<_>>() {
            let (Some(f), Some(t)) = (index(tag.object), index(tag.period)) else { continue };
            if Some(f) != but {
                let known = self.lacking.get(&(tag.rule, problem.commitments()[f].id.to_string(), t)).copied();
                draft.milp.set_bounds(col, 0.0, known.map_or(0.0, roomy));
            }
        }
        for (col, tag) in tagged(draft, "carbon_cap") {
            let (Some(c), Some(t)) = (index(tag.object), index(tag.period)) else { continue };
            let cap = &problem.carbon_caps()[c];
            if cap.kind == CapKind::Strict {
                let known = self.excess.get(&(cap.id.to_string(), t)).copied();
                draft.milp.set_bounds(col, 0.0, known.map_or(0.0, roomy));
            }
        }
    }
}

/// The offer is delivered whole, or as much of it as can be. Where it is due, what is sold before it is delivered first.
fn ask(draft: &mut Draft, goal: Goal) {
    let shared = |columns: &&MeterColumns| columns.meter.parts.iter().any(|part| part.commitment == OFFER);
    let due: Vec<Col> = draft.meters.iter().filter(shared).flat_map(|columns| columns.shortfalls.clone()).collect();
    for (col, tag) in RESTS.into_iter().flat_map(|rule| tagged(draft, rule)).collect::<Vec<_>>() {
        if index(tag.object) == Some(OFFER) {
            draft.milp.set_bounds(col, 0.0, 0.0);
        }
    }
    match goal {
        Goal::Whole => due.iter().for_each(|&col| draft.milp.set_bounds(col, 0.0, 0.0)),
        Goal::Most => draft.milp.set_costs(|j| if due.iter().any(|col| col.index() == j) { MWH } else { 0.0 }),
    }
}

fn index(number: Option<u32>) -> Option<usize> {
    number.and_then(|number| usize::try_from(number).ok())
}

/// The columns of a rule with what they are about.
fn tagged(draft: &Draft, rule: &str) -> Vec<(Col, Tag)> {
    draft.milp.columns_of(rule).map(|col| (col, draft.milp.column_tags[col.index()])).collect()
}
