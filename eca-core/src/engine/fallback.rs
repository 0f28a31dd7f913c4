//! What is answered without a search: simple policies and the last plan going on, energy dispatched.

use super::dual::Grid;
use super::greedy::{self, Policy};
use super::{Answer, Run, assemble, exact, market, quick};
use crate::plan::{References, Totals};
use crate::schedule::{Schedule, is_valid};
use crate::{Error, Problem, Result};
use std::sync::OnceLock;

/// Schedules that need no search.
pub(super) struct AtHand {
    /// Made when it is asked for: with many jobs it takes its time.
    at_once: OnceLock<Vec<Schedule>>,
    pub(super) cheapest: Vec<Schedule>,
    /// The last plan, moved to this horizon.
    pub(super) shifted: Option<Vec<Schedule>>,
}

/// One of them with its energy dispatched.
pub(super) struct Chosen {
    pub(super) answer: Answer,
    pub(super) engine: &'static str,
    pub(super) reason: &'static str,
}

const SIMPLE: &str = "the better of two simple policies, energy dispatched as well as can be";
const SHIFTED: &str = "no plan in time: the last plan goes on, energy dispatched as well as can be";

impl AtHand {
    pub(super) fn new(problem: &Problem, shifted: Option<Vec<Schedule>>) -> Self {
        Self { at_once: OnceLock::new(), cheapest: greedy::schedules(problem, Policy::Cheapest), shifted }
    }

    pub(super) fn at_once(&self, problem: &Problem) -> &Vec<Schedule> {
        self.at_once.get_or_init(|| greedy::schedules(problem, Policy::AtOnce))
    }

    /// Refuses a problem with a job whose own rules leave it no schedule at all.
    pub(super) fn refuse_impossible(&self, problem: &Problem) -> Result<()> {
        let shapes = problem.shapes();
        let mut copies = shapes.iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
        let stuck = copies.by_ref().zip(&self.cheapest).find(|(shape, schedule)| !is_valid(shape, schedule));
        let Some((shape, _)) = stuck else { return Ok(()) };
        let id = &problem.jobs()[shape.job].id;
        Err(Error::Infeasible { rules: vec![format!("job `{id}`: no schedule keeps the rules of its state")] })
    }

    /// The best of them; without time for a solver, energy is dispatched by rule.
    pub(super) fn best(&self, run: &mut Run<'_>, asked: bool) -> Result<Chosen> {
        let simple = if asked { "as asked: the better of two simple policies" } else { SIMPLE };
        let mut best = Chosen { answer: dispatch(run, &self.cheapest)?, engine: "greedy", reason: simple };
        let mut others = vec![(self.at_once(run.problem), "greedy", simple)];
        if !asked {
            others.extend(self.shifted.as_ref().map(|shifted| (shifted, "shifted", SHIFTED)));
        }
        for (schedules, engine, reason) in others {
            if *schedules == self.cheapest && engine == "greedy" {
                continue;
            }
            let answer = dispatch(run, schedules)?;
            if answer.objective < best.answer.objective {
                best = Chosen { answer, engine, reason };
            }
        }
        Ok(best)
    }

    /// What simple policies cost; none without jobs.
    pub(super) fn references(&self, run: &mut Run<'_>) -> Result<Option<References>> {
        if self.cheapest.is_empty() {
            return Ok(None);
        }
        let problem = run.problem;
        let mut totals = |schedules: &[Schedule]| -> Result<Totals> {
            // A simple policy sells nothing.
            let solved = if run.has_time_for_dispatch() {
                exact::dispatch_within(run, schedules, &market::close)?
            } else {
                None
            };
            let decision = solved.map_or_else(|| plain(run, schedules), |answer| answer.decision);
            Ok(assemble::plan(run, &decision).totals)
        };
        Ok(Some(References { run_at_once: totals(self.at_once(problem))?, cheapest_start: totals(&self.cheapest)? }))
    }
}

/// Energy for given schedules: by a solver where there is time, else by rule.
fn dispatch(run: &mut Run<'_>, schedules: &[Schedule]) -> Result<Answer> {
    if run.has_time_for_dispatch()
        && let Some(answer) = exact::dispatch_strictly(run, schedules)?
    {
        // The bound of a dispatch is one for these schedules only.
        return Ok(Answer { bound: run.crude_bound(), ..answer });
    }
    let decision = plain(run, schedules);
    let objective = assemble::plan(run, &decision).objective_gbp;
    Ok(Answer { decision, objective, bound: run.crude_bound(), broken: super::Broken::new() })
}

fn plain(run: &Run<'_>, schedules: &[Schedule]) -> assemble::Decision {
    quick::plain(run, &Grid::new(run.problem, &run.ladder), schedules)
}
