//! How a problem is solved: the one `solve` behind every engine.

mod assemble;
mod deadline;
mod decode;
mod exact;
pub(crate) mod greedy;
mod strict;
mod watch;

use crate::milp::{self, MilpOptions};
use crate::model::Ladder;
use crate::plan::{Plan, Provenance, References, Totals};
use crate::schedule::{Account, Schedule};
use crate::{Control, Engine, Error, Outcome, Problem, Result, Settings, SolveReport, Solved, Warm};
use assemble::Decision;
use deadline::Deadline;
use greedy::Policy;
use std::collections::BTreeMap;
use strict::Broken;
use watch::Watch;

pub(crate) use strict::PROMISES;

/// A relative difference below this is rounding.
const OPTIMAL_GAP: f64 = 1e-6;

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
    let at_once = run.policy(Policy::AtOnce);
    let cheapest = run.policy(Policy::Cheapest);
    let shifted = warm.map(|warm| warm.schedules(problem));
    let found = match settings.engine {
        Engine::Greedy => Ok(None),
        _ => strict::solve(&mut run, shifted.as_ref().unwrap_or(&cheapest)),
    };
    let planned = match found {
        Err(Error::Cancelled) if control.cancel.is_cancelled() => return Err(Error::Cancelled),
        other => other?,
    };
    let (answer, engine, reason) = match planned {
        Some(answer) => (answer, "exact", "one MILP of the whole problem"),
        None if settings.engine == Engine::Greedy => {
            let (answer, engine, _) = run.fallback(&at_once, &cheapest, None)?;
            (answer, engine, "as asked: the better of two simple policies, energy dispatched as well as can be")
        }
        None => run.fallback(&at_once, &cheapest, shifted.as_deref())?,
    };
    // A solver that was stopped at once has proved nothing.
    let answer = Answer { bound: answer.bound.max(run.crude_bound()), ..answer };
    let mut plan = assemble::plan(&run, &answer.decision);
    plan.engine = engine.into();
    plan.engine_reason = reason.into();
    grade(&mut plan, &answer, settings.gap);
    if settings.references {
        plan.references = Some(run.references(&plan.totals, &at_once, &cheapest)?);
    }
    plan.provenance = provenance(settings, solver, &solver_version);
    run.report.engine.clone_from(&plan.engine);
    run.report.wall_s = run.deadline.elapsed_s();
    let check = plan.check(problem);
    if let Some(finding) = check.findings.first() {
        return Err(Error::Internal { message: format!("the plan failed its check: {finding}") });
    }
    run.watch.finish(engine, plan.objective_gbp, plan.bound_gbp, run.report.nodes);
    let warm = Warm::from_plan(problem, &plan);
    Ok(Solved { plan, report: run.report, warm })
}

fn check_settings(settings: &Settings) -> Result<()> {
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
    if matches!(settings.engine, Engine::Columns | Engine::Fleet) {
        return Err(Error::Unsupported {
            object: format!("engine `{}`", settings.engine),
            feature: "the engine",
            reason: "it is not built in this version; use auto, greedy or exact".into(),
        });
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
fn grade(plan: &mut Plan, answer: &Answer, gap: f64) {
    let bound = answer.bound.min(plan.objective_gbp);
    plan.bound_gbp = assemble::round_gbp(bound).min(plan.objective_gbp);
    plan.gap = (plan.objective_gbp - plan.bound_gbp) / plan.objective_gbp.abs().max(1.0);
    let proved = (answer.objective - answer.bound).max(0.0) / answer.objective.abs().max(1.0);
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
            start: Vec::new(),
        }
    }

    fn policy(&self, policy: Policy) -> Vec<Schedule> {
        greedy::schedules(self.problem, policy)
    }

    /// The accounts of given schedules, one for each job and copy.
    pub(crate) fn accounts(&self, schedules: &[Schedule]) -> Vec<Account> {
        let copies = self.problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
        copies.zip(schedules).map(|(shape, schedule)| Account::new(shape, schedule)).collect()
    }

    /// What simple policies cost; without jobs they are the plan itself.
    fn references(&mut self, planned: &Totals, at_once: &[Schedule], cheapest: &[Schedule]) -> Result<References> {
        if at_once.is_empty() {
            return Ok(References { run_at_once: *planned, cheapest_start: *planned });
        }
        Ok(References { run_at_once: self.reference(at_once)?, cheapest_start: self.reference(cheapest)? })
    }

    /// What given schedules cost with services and batteries dispatched as well as can be.
    fn reference(&mut self, schedules: &[Schedule]) -> Result<Totals> {
        let answer = exact::dispatch(self, schedules)?;
        Ok(assemble::plan(self, &answer.decision).totals)
    }

    /// What is returned when time is up before the solver has a plan: the best of two simple policies and the last plan.
    fn fallback(
        &mut self,
        at_once: &[Schedule],
        cheapest: &[Schedule],
        shifted: Option<&[Schedule]>,
    ) -> Result<(Answer, &'static str, &'static str)> {
        let simple = "no plan in time: the better of two simple policies, energy dispatched as well as can be";
        let first = exact::dispatch(self, at_once)?;
        let second = exact::dispatch(self, cheapest)?;
        let mut best = (if second.objective < first.objective { second } else { first }, "greedy", simple);
        if let Some(shifted) = shifted {
            let third = exact::dispatch(self, shifted)?;
            if third.objective <= best.0.objective {
                best =
                    (third, "shifted", "no plan in time: the last plan goes on, energy dispatched as well as can be");
            }
        }
        best.0.bound = self.crude_bound();
        Ok(best)
    }

    /// A bound that needs no solver: imports at negative prices and exports at their limits, all else free.
    fn crude_bound(&self) -> f64 {
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
        money.sum::<f64>() * horizon.step_h()
    }
}
