//! The linear program behind the prices: the model with the schedules and directions of the plan given.

use super::{kink, schedules};
use crate::engine::PROMISES;
use crate::milp::{self, Col, MilpOptions, MilpSolution, MilpStatus, Tag};
use crate::model::{self, Draft, Frame, JobLoad, Ladder, Lazy};
use crate::plan::BrokenLimit;
use crate::problem::Region;
use crate::schedule::Account;
use crate::{Control, Error, Plan, Problem, Result, Solver};
use std::collections::{BTreeMap, BTreeSet};

/// Flows up to this are rounding, MW.
const NO_POWER_MW: f64 = 5e-7;
/// How far beyond its plan a strict cap may be exceeded, because plans are rounded to W: parts of all carbon.
const ROOMS: [f64; 3] = [0.0, 1e-7, 1e-5];

/// A solved dispatch: the model, and what each of its columns and rows costs.
pub(super) struct Dispatch<'a> {
    pub(super) problem: &'a Problem,
    pub(super) ladder: Ladder,
    pub(super) accounts: Vec<Account>,
    pub(super) draft: Draft,
    pub(super) objective_gbp: f64,
    pub(super) values: Vec<f64>,
    reduced: Vec<f64>,
    duals: Vec<f64>,
    closed: BTreeSet<Col>,
    rows: BTreeMap<(&'static str, u32, u32), usize>,
}

impl<'a> Dispatch<'a> {
    pub(super) fn new(problem: &'a Problem, plan: &Plan, solver: Solver) -> Result<Self> {
        let accounts = schedules::accounts(problem, plan);
        let ladder = Ladder::new(problem.document(), problem.shapes());
        let lazy = Lazy::default();
        let frame = Frame {
            problem,
            shapes: problem.shapes(),
            ladder: &ladder,
            h: problem.horizon().step_h(),
            periods: problem.horizon().periods,
            lazy: &lazy,
            load: JobLoad::Given(&accounts),
        };
        let mut draft = model::build(&frame);
        let closed = directions(problem, plan, &draft);
        closed.iter().for_each(|&col| draft.milp.set_bounds(col, 0.0, 0.0));
        sell_as_planned(plan, &mut draft);
        let solution = settle(problem, plan, &mut draft, solver)?;
        let (Some(values), Some(mut reduced), Some(mut duals)) =
            (solution.values, solution.reduced_costs, solution.row_duals)
        else {
            return Err(Error::Solver {
                solver: milp::solver_version(solver)?.0.into(),
                message: "tells no prices of limits; explain needs a build with HiGHS".into(),
                source: None,
            });
        };
        kink::raise_idle(&draft.milp, &values, &mut reduced, &mut duals);
        let tags = draft.milp.row_tags.iter().enumerate();
        let rows = tags.map(|(i, tag)| ((tag.rule, tag.object.unwrap_or(0), tag.period.unwrap_or(0)), i)).collect();
        Ok(Self {
            problem,
            ladder,
            accounts,
            draft,
            objective_gbp: solution.objective,
            values,
            reduced,
            duals,
            closed,
            rows,
        })
    }

    /// The row of a rule, an object and a period.
    pub(super) fn row(&self, rule: &'static str, object: usize, period: usize) -> Option<usize> {
        let index = |i: usize| u32::try_from(i).unwrap_or(u32::MAX);
        self.rows.get(&(rule, index(object), index(period))).copied()
    }

    /// What raising the right-hand side of a row by one costs, GBP; nothing where there is no such row.
    pub(super) fn dual(&self, rule: &'static str, object: usize, period: usize) -> f64 {
        self.row(rule, object, period).map_or(0.0, |i| self.duals[i])
    }

    /// Object, period and price of every row of a rule: what raising its right-hand side by one costs, GBP.
    pub(super) fn duals_of(&self, rule: &'static str) -> impl Iterator<Item = (usize, usize, f64)> + '_ {
        let index = |number: Option<u32>| number.and_then(|number| usize::try_from(number).ok());
        let rows = self.draft.milp.row_tags.iter().zip(&self.duals).filter(move |(tag, _)| tag.rule == rule);
        rows.filter_map(move |(tag, &dual)| Some((index(tag.object)?, index(tag.period)?, dual)))
    }

    /// What raising the upper bound of a column by one saves, GBP; nothing for a closed one.
    pub(super) fn upper_worth(&self, col: Col) -> f64 {
        if self.is_closed(col) { 0.0 } else { (-self.reduced[col.index()]).max(0.0) }
    }

    /// What lowering the lower bound of a column by one saves, GBP.
    pub(super) fn lower_worth(&self, col: Col) -> f64 {
        if self.is_closed(col) { 0.0 } else { self.reduced[col.index()].max(0.0) }
    }

    fn is_closed(&self, col: Col) -> bool {
        self.closed.contains(&col)
    }
}

fn all_in(region: &Region, t: usize) -> f64 {
    region.import_price_gbp_per_mwh.at(t)
        + region.network_charge_gbp_per_mwh.at(t)
        + region.congestion_gbp_per_mwh.at(t)
}

/// What a battery or connection does not do in the plan: closed, and no limit of anything. Where it is idle it may do either, but where doing both
/// at once would pay.
fn directions(problem: &Problem, plan: &Plan, draft: &Draft) -> BTreeSet<Col> {
    let mut closed = BTreeSet::new();
    for ((battery, columns), power) in problem.batteries().iter().zip(&draft.storage).zip(&plan.batteries) {
        let region = problem.regions().iter().find(|region| region.id == battery.region);
        for (t, (&charge, &discharge)) in columns.charge.iter().zip(&columns.discharge).enumerate() {
            let burning_pays = region.is_some_and(|region| all_in(region, t) <= 0.0);
            if power.discharge_mw[t] > NO_POWER_MW {
                closed.insert(charge);
            } else if power.charge_mw[t] > NO_POWER_MW || burning_pays {
                closed.insert(discharge);
            }
        }
    }
    for (r, (region, power)) in problem.regions().iter().zip(&plan.regions).enumerate() {
        for t in 0..problem.horizon().periods {
            if region.export_price_gbp_per_mwh.at(t) <= all_in(region, t) {
                continue;
            }
            let cell = (r, t);
            closed.extend(if power.export_mw[t] > NO_POWER_MW {
                *draft.import.at(cell)
            } else {
                *draft.export.at(cell)
            });
        }
    }
    closed
}

/// What the plan takes of opportunities is taken, and nothing else.
fn sell_as_planned(plan: &Plan, draft: &mut Draft) {
    let mut fixed = vec![0.0; draft.milp.columns()];
    for (columns, taken) in draft.opportunities.iter().zip(&plan.opportunities) {
        for slot in &columns.slots {
            let steps = (taken.committed_mw[slot.slot.index] / columns.step_mw).round();
            fixed[slot.steps.index()] = steps;
            fixed[slot.accepted.index()] = f64::from(u8::from(steps > 0.0));
        }
    }
    if !draft.opportunities.is_empty() {
        // With given schedules nothing else is whole.
        draft.milp = draft.milp.fixed(&fixed);
    }
}

/// Solves with every strict cap exceeded by no more than in the plan, and promises kept as far as there.
fn settle(problem: &Problem, plan: &Plan, draft: &mut Draft, solver: Solver) -> Result<MilpSolution> {
    let strict: Vec<_> = draft.caps.iter().filter(|cap| cap.strict).cloned().collect();
    let mut broken = false;
    let excess: Vec<f64> = strict
        .iter()
        .map(|column| {
            let first = draft.milp.column_tag(column.excess).period.and_then(|t| usize::try_from(t).ok());
            let id = problem.carbon_caps()[column.cap].id.as_str();
            let of = |limit: &&BrokenLimit| limit.rule == "carbon_cap" && limit.object == id;
            let listed = plan.broken_limits.iter().filter(of).find(|limit| limit.period == first);
            broken |= listed.is_some();
            listed.map_or(0.0, |limit| limit.amount)
        })
        .collect();
    if broken {
        keep_promises(draft, &plan.broken_limits);
    }
    let mut last = None;
    for room in ROOMS {
        for (column, &excess) in strict.iter().zip(&excess) {
            draft.milp.set_bounds(column.excess, 0.0, excess + room * plan.totals.carbon_kg.max(1.0));
        }
        let solution = milp::solve(&draft.milp, solver, &MilpOptions::exact(), &Control::default())?;
        let settled = solution.status == MilpStatus::Optimal;
        last = Some(solution);
        if settled || strict.is_empty() {
            break;
        }
    }
    match last {
        Some(solution) if solution.status == MilpStatus::Optimal => Ok(solution),
        _ => Err(Error::Mismatch { reason: "its schedules cannot be run within the strict carbon caps".into() }),
    }
}

/// What promises may be broken further than in the plan, because plans are rounded to W: a part of what is paid for them,
/// and so many units of the dearest.
const PROMISE_ROOM: f64 = 1e-4;
const PROMISE_ROOM_UNITS: f64 = 2e-6;

/// No promise is broken further than in a plan with these broken limits. Where a strict cap is exceeded, breaking another
/// promise would relieve it: that is not what the plan does.
fn keep_promises(draft: &mut Draft, limits: &[BrokenLimit]) {
    for rule in PROMISES {
        let columns: Vec<Col> = draft.milp.columns_of(rule).filter(|&col| draft.milp.cost(col) > 0.0).collect();
        let dearest = columns.iter().map(|&col| draft.milp.cost(col)).fold(0.0, f64::max);
        if dearest <= 0.0 {
            continue;
        }
        let paid: f64 = limits.iter().filter(|limit| limit.rule == rule).map(|limit| limit.price_gbp).sum();
        let most = paid / dearest * (1.0 + PROMISE_ROOM) + PROMISE_ROOM_UNITS;
        let terms: Vec<_> = columns.into_iter().map(|col| (col, draft.milp.cost(col) / dearest)).collect();
        draft.milp.row(f64::NEG_INFINITY, most, &terms, Tag::new("promises"));
    }
}
