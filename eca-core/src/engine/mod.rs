//! How a problem is solved: the one `solve` behind every engine.

mod again;
mod ascent;
mod assemble;
mod bound;
mod choice;
mod columns;
mod deadline;
mod decode;
mod dual;
mod exact;
mod fallback;
mod firm;
mod fleet;
mod given;
pub(crate) mod greedy;
mod many;
mod market;
pub(crate) mod offer;
mod quick;
mod reduce;
mod ruin;
mod strict;
mod target;
mod track;
mod watch;

use crate::milp::{self, MilpOptions};
use crate::model::{Ladder, meters};
use crate::plan::{Plan, Provenance, References};
use crate::schedule::{Account, Schedule};
use crate::{Control, Engine, Error, Outcome, Problem, Result, Settings, SolveReport, Solved, Warm};
use assemble::Decision;
use deadline::Deadline;
use fallback::{AtHand, Chosen};

use std::collections::BTreeMap;
use strict::Broken;
use watch::Watch;

pub(crate) use given::{keeping_all, keeps_all};
pub(crate) use strict::PROMISES;

/// A relative difference below this is rounding.
const OPTIMAL_GAP: f64 = 1e-6;

/// Time that a dispatch by the solver takes at most, s for each region and period.
const DISPATCH_S_PER_CELL: f64 = 4e-4;
/// Time that writing a plan and checking it take, s for each job and period; so much of the budget is kept for it at most.
const WRITING_S_PER_CELL: f64 = 1.8e-7;
const MOST_WRITING: f64 = 0.6;
/// Time beyond the budget that the LPs which make an answer of what was found may take, s.
const LAST_S: f64 = 0.15;
/// Budgets longer than so many dispatches keep time for the last one.
const KEPT: f64 = 4.0;

/// One solve: what every step of it reads, and the report it writes.
#[derive(Debug)]
pub(crate) struct Run<'a> {
    pub(crate) problem: &'a Problem,
    pub(crate) settings: &'a Settings,
    pub(crate) control: &'a Control,
    pub(crate) ladder: Ladder,
    pub(crate) deadline: Deadline,
    /// What the caller is told.
    pub(crate) watch: Watch,
    pub(crate) report: SolveReport,
}

/// Decisions, what they cost in the model, and what is proved.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) decision: Decision,
    pub(crate) objective: f64,
    pub(crate) bound: f64,
    /// Promises to users that it breaks.
    pub(crate) broken: Broken,
}

pub(crate) fn solve(problem: &Problem, settings: &Settings, control: &Control, warm: Option<&Warm>) -> Result<Solved> {
    check_settings(settings)?;
    let (solver, solver_version) = milp::solver_version(settings.solver)?;
    let deadline = Deadline::start(settings.time_limit_s);
    let mut run = Run {
        problem,
        settings,
        control,
        ladder: Ladder::new(problem.document(), problem.shapes()),
        deadline,
        watch: Watch::new(control, deadline),
        report: SolveReport { solver: format!("{solver} {solver_version}"), ..SolveReport::default() },
    };
    let at_hand = AtHand::new(problem, warm.map(|warm| warm.schedules(problem)));
    at_hand.refuse_impossible(problem)?;
    let made = match plan(&mut run, &at_hand, warm) {
        Err(Error::Infeasible { rules }) => return Err(target::reason(&mut run, rules)),
        other => other?,
    };
    // First, so that two plans never stand in memory at once.
    let references = if settings.references { at_hand.references(&mut run)? } else { None };
    let mut plan = assemble::plan(&run, &made.answer.decision);
    target::refuse_broken(problem, &plan)?;
    // A solver that was stopped at once has proved nothing.
    let bound = made.answer.bound.max(run.crude_bound());
    let objective = if made.exact { made.answer.objective } else { plan.objective_gbp };
    plan.engine = made.engine.into();
    plan.engine_reason = made.reason.into();
    grade(&mut plan, objective, bound, settings.gap);
    if settings.references {
        // Without jobs the plan is its own reference.
        let same = References { run_at_once: plan.totals, cheapest_start: plan.totals };
        plan.references = Some(references.unwrap_or(same));
    }
    plan.provenance = provenance(settings, solver, &solver_version);
    run.report.engine.clone_from(&plan.engine);
    run.report.wall_s = run.deadline.elapsed_s();
    let check = plan.check(problem);
    if let Some(finding) = check.findings.first() {
        return Err(Error::Internal { message: format!("the plan failed its check: {finding}") });
    }
    run.watch.finish(made.engine, plan.objective_gbp, plan.bound_gbp, run.report.nodes);
    let mut warm = Warm::from_plan(problem, &plan);
    if let Some(prices) = made.prices {
        warm = warm.with_prices(problem, prices);
    }
    Ok(Solved { plan, report: run.report, warm })
}

/// A plan and where it comes from.
struct Made {
    answer: Answer,
    engine: &'static str,
    reason: &'static str,
    /// Its objective is that of a model, before rounding.
    exact: bool,
    prices: Option<Vec<Vec<f64>>>,
}

fn plan(run: &mut Run<'_>, at_hand: &AtHand, warm: Option<&Warm>) -> Result<Made> {
    let (engine, reason) = choice::engine(run.problem, run.settings)?;
    let name = match engine {
        Engine::Columns => "columns",
        Engine::Fleet => "fleet",
        Engine::Greedy => "greedy",
        _ => "exact",
    };
    match engine {
        Engine::Greedy => {}
        Engine::Columns | Engine::Fleet => {
            run.watch.begin(name);
            let workers = rayon::ThreadPoolBuilder::new()
                .build()
                .map_err(|e| Error::Internal { message: format!("cannot start threads: {e}") })?;
            // Threads of this solve alone, gone with it: nothing is left behind that a fork could hang on.
            if let Some(made) = workers.install(|| many::solve(run, at_hand, warm, engine == Engine::Columns))? {
                let (engine, reason) =
                    if made.found { (name, reason) } else { ("greedy", "no better plan than a simple policy in time") };
                return Ok(Made { answer: made.answer, engine, reason, exact: false, prices: made.prices });
            }
        }
        _ => {
            let start = at_hand.shifted.as_ref().unwrap_or(&at_hand.cheapest).clone();
            let found = market::solve(run, &mut |run, edit| exact::plan(run, &start, edit));
            let planned = match found {
                Err(Error::Cancelled) if run.control.cancel.is_cancelled() => return Err(Error::Cancelled),
                other => other?,
            };
            if let Some(answer) = planned {
                return Ok(Made { answer, engine: name, reason, exact: true, prices: None });
            }
        }
    }
    let Chosen { answer, engine, reason } = at_hand.best(run, engine == Engine::Greedy)?;
    let (answer, reason) = match target::mended(run, &answer)? {
        Some(mended) => (mended, MENDED),
        None => (answer, reason),
    };
    Ok(Made { answer, engine, reason, exact: false, prices: None })
}

const MENDED: &str = "a simple policy, jobs moved by a MILP where strict targets or limits of undone work asked for it";

pub(crate) fn check_settings(settings: &Settings) -> Result<()> {
    let refuse = |field: &str, value: f64, limit: &str, unit| {
        Err(Error::Value {
            object: "settings".into(),
            field: field.into(),
            value: value.to_string(),
            limit: limit.into(),
            unit,
        })
    };
    if !(0.0..=1.0).contains(&settings.gap) {
        return refuse("gap", settings.gap, "must be between 0 and 1", "");
    }
    match settings.time_limit_s {
        Some(limit) if !limit.is_finite() || limit < 0.0 => {
            refuse("time_limit_s", limit, "must be a number of seconds, at least 0", "s")
        }
        _ => Ok(()),
    }
}

/// Writes how good the plan is. Rounding to W and Wh moves the objective a little either way: what is proved is said of
/// the answer before it, the gap is that of the plan as it stands.
fn grade(plan: &mut Plan, objective: f64, proved: f64, gap: f64) {
    let bound = proved.min(plan.objective_gbp);
    plan.bound_gbp = assemble::round_gbp(bound).min(plan.objective_gbp);
    plan.gap = (plan.objective_gbp - plan.bound_gbp) / plan.objective_gbp.abs().max(1.0);
    let proved = (objective - proved).max(0.0) / objective.abs().max(1.0);
    plan.outcome = if proved <= OPTIMAL_GAP {
        Outcome::Optimal
    } else if proved <= gap {
        Outcome::WithinGap
    } else {
        Outcome::Limit
    };
}

fn provenance(settings: &Settings, solver: &str, solver_version: &str) -> Provenance {
    let mut options = BTreeMap::from([
        ("gap".to_owned(), settings.gap.to_string()),
        ("seed".to_owned(), settings.seed.to_string()),
        ("threads".to_owned(), "1".to_owned()),
    ]);
    if let Some(limit) = settings.time_limit_s {
        options.insert("time_limit_s".into(), limit.to_string());
    }
    if let Some(limit) = settings.node_limit {
        options.insert("node_limit".into(), limit.to_string());
    }
    Provenance {
        solver: solver.into(),
        solver_version: solver_version.into(),
        options,
        eca_version: env!("CARGO_PKG_VERSION").into(),
    }
}

impl Run<'_> {
    /// What the solver may use now.
    pub(crate) fn options(&self) -> MilpOptions {
        MilpOptions {
            gap: self.settings.gap,
            time_limit_s: self.deadline.left_s(),
            node_limit: self.settings.node_limit,
            seed: self.settings.seed,
            presolve: true,
            target: None,
            start: Vec::new(),
        }
    }

    /// Whether to stop: time is up, or the caller said so.
    pub(crate) fn is_over(&self) -> bool {
        self.left_for_search_s().is_some_and(|left| left <= 0.0) || self.control.cancel.is_cancelled()
    }

    /// Seconds left to look for schedules: what writing and checking the plan takes is kept back, and what a last dispatch
    /// by the solver takes where the budget is much longer than that.
    pub(crate) fn left_for_search_s(&self) -> Option<f64> {
        let budget = self.deadline.budget_s()?;
        let dispatch = self.dispatch_s();
        let dispatched = if budget > KEPT * dispatch { dispatch } else { 0.0 };
        let kept = dispatched + self.writing_s().min(MOST_WRITING * budget);
        self.deadline.left_s().map(|left| (left - kept).max(0.0))
    }

    /// Seconds that the last LPs of an answer may take: what is left of the budget and a little, so that a plan found at
    /// its end is not lost.
    pub(crate) fn left_for_last_s(&self) -> Option<f64> {
        self.deadline.left_s().map(|left| left + LAST_S)
    }

    /// Whether energy may still be dispatched by a solver within the budget.
    pub(crate) fn has_time_for_dispatch(&self) -> bool {
        self.deadline.left_s().is_none_or(|left| left > 0.8 * self.dispatch_s())
    }

    /// Time that writing the plan and checking it take, s.
    fn writing_s(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let cells = self.problem.horizon().periods as f64;
        let jobs: f64 = self.problem.shapes().iter().map(|shape| f64::from(shape.count)).sum();
        WRITING_S_PER_CELL * jobs * cells
    }

    /// Time that a dispatch by the solver takes at most, s.
    fn dispatch_s(&self) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let cells = (self.problem.regions().len() * self.problem.horizon().periods) as f64;
        DISPATCH_S_PER_CELL * cells
    }

    /// The accounts of given schedules, one for each job and copy.
    pub(crate) fn accounts(&self, schedules: &[Schedule]) -> Vec<Account> {
        let copies = self.problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
        copies.zip(schedules).map(|(shape, schedule)| Account::new(shape, schedule)).collect()
    }

    /// A bound that needs no solver: imports at negative prices and exports at their limits, all else free.
    pub(crate) fn crude_bound(&self) -> f64 {
        let horizon = self.problem.horizon();
        let regions = self.problem.regions();
        let cells = regions.iter().flat_map(|region| (0..horizon.periods).map(move |t| (region, t)));
        let money = cells.map(|(region, t)| {
            let price = region.import_price_gbp_per_mwh.at(t)
                + region.network_charge_gbp_per_mwh.at(t)
                + region.congestion_gbp_per_mwh.at(t);
            let import = region.import_limit_mw.at(t) + region.nonfirm_import_mw.at(t);
            import * price.min(0.0) - region.export_limit_mw.at(t) * region.export_price_gbp_per_mwh.at(t).max(0.0)
        });
        let sold = meters(self.problem, 0.0);
        let paid = sold.iter().flat_map(|meter| &meter.parts).map(|part| part.price_gbp_per_mwh * part.committed_mwh);
        money.sum::<f64>() * horizon.step_h() - paid.sum::<f64>() - market::most_gbp(self.problem)
    }
}
