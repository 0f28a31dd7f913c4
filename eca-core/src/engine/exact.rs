//! The whole problem as one MILP, rows that seldom matter added only where they do.
//!
//! Rounds: solve without them; fix what is whole and the direction of batteries and connections, and re-solve the LP that
//! is left; if that costs no more than the bound allows, it is the answer; else add the missing rows and go on.

use super::assemble::Decision;
use super::watch::Heard;
use super::{Answer, Run, decode, firm, market, strict, target};
use crate::milp::{self, Col, Milp, MilpOptions, MilpSolution, MilpStatus};
use crate::model::{self, Draft, Frame, JobLoad, Lazy};
use crate::problem::{Direction, Region};
use crate::schedule::{Account, Schedule, Shape};
use crate::{Error, Result};

/// Power below this is none, MW: half a watt.
const NO_POWER_MW: f64 = 5e-7;
/// The reason of a solver that has proved that there is no plan.
pub(super) const UNNAMED: &str = "hard limits of the problem";
/// Rounds of adding rows and of fixing directions; each adds what it found, so few are ever needed.
const ROUNDS: usize = 30;

/// The cheapest plan; none if time was up before one was found.
///
/// `edit` changes bounds and costs of the model before it is solved.
pub(crate) fn plan(run: &mut Run<'_>, start: &[Schedule], edit: &dyn Fn(&mut Draft)) -> Result<Option<Answer>> {
    rounds(run, JobLoad::Planned, Some(start), edit)
}

/// Services and batteries at least cost for given schedules, in a model that `edit` has changed; strict caps are not kept for
/// their own sake. None if time was up before.
pub(crate) fn dispatch_within(
    run: &mut Run<'_>,
    schedules: &[Schedule],
    edit: &dyn Fn(&mut Draft),
) -> Result<Option<Answer>> {
    let accounts = run.accounts(schedules);
    let answer = rounds(run, JobLoad::Given(&accounts), None, edit)?;
    Ok(answer.map(|answer| given(run, answer, schedules, &accounts)))
}

/// The same, strict caps kept as far as that breaks no promise.
pub(crate) fn dispatch_strictly(run: &mut Run<'_>, schedules: &[Schedule]) -> Result<Option<Answer>> {
    let accounts = run.accounts(schedules);
    let answer = market::solve(run, &mut |run, edit| rounds(run, JobLoad::Given(&accounts), None, edit))?;
    Ok(answer.map(|answer| given(run, answer, schedules, &accounts)))
}

fn given(run: &Run<'_>, mut answer: Answer, schedules: &[Schedule], accounts: &[Account]) -> Answer {
    answer.decision.schedules = schedules.to_vec();
    answer.decision.inferences = vec![None; schedules.len()];
    answer.objective += job_costs(run, accounts);
    answer
}

/// Costs of jobs that a dispatch takes as given.
fn job_costs(run: &Run<'_>, accounts: &[Account]) -> f64 {
    let copies = run.problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    let penalty = |shape: &Shape, account: &Account| account.undone * run.ladder.undone_gbp[shape.job];
    copies.zip(accounts).map(|(shape, account)| account.cost_gbp + penalty(shape, account)).sum()
}

fn rounds(
    run: &mut Run<'_>,
    load: JobLoad<'_>,
    start: Option<&[Schedule]>,
    edit: &dyn Fn(&mut Draft),
) -> Result<Option<Answer>> {
    let mut lazy = Lazy::default();
    let mut best: Option<Answer> = None;
    let mut bound = f64::NEG_INFINITY;
    let given = matches!(load, JobLoad::Given(_));
    let mut start = start.map(<[Schedule]>::to_vec);
    for round in 0..ROUNDS {
        match round {
            _ if given => {}
            0 => run.watch.begin("exact"),
            _ => run.watch.again(),
        }
        let ladder = run.ladder.clone();
        let begun = run.deadline.elapsed_s();
        let frame = Frame {
            problem: run.problem,
            shapes: run.problem.shapes(),
            ladder: &ladder,
            h: run.problem.horizon().step_h(),
            periods: run.problem.horizon().periods,
            lazy: &lazy,
            load,
        };
        let mut draft = model::build(&frame);
        if matches!(load, JobLoad::Planned) {
            target::hold(&mut draft);
            firm::hold(&mut draft);
        }
        edit(&mut draft);
        run.report.build_s += run.deadline.elapsed_s() - begun;
        let mut options = run.options();
        // Of a search, time is kept to make an answer of what it finds.
        options.time_limit_s = if given { run.left_for_last_s() } else { run.left_for_search_s() };
        if let Some(schedules) = &start {
            options.start = complete(run, &draft, schedules)?;
        }
        let first = run.call(&draft.milp, &options, if given { Heard::Nothing } else { Heard::Whole })?;
        bound = bound.max(first.bound);
        let Some(values) = first.values else { return none(first.status, best) };
        let finished = first.status == MilpStatus::Optimal;
        let wasteful = waste(run, &draft, &values);
        start = start.map(|_| decode::schedules(run.problem, &draft, &values));
        let (polished, directed) = polish(run, &frame, &draft, values)?;
        if let Some(values) = polished
            && wasteful.is_empty()
        {
            let answer = Answer {
                decision: decide(run, &draft, &values),
                objective: draft.milp.objective(&values),
                bound,
                broken: strict::broken(&draft, &values),
            };
            let enough = run.settings.gap.max(1e-9) * answer.objective.abs().max(1.0);
            let good = answer.objective - bound <= enough || !finished;
            if best.as_ref().is_none_or(|known| answer.objective < known.objective) {
                best = Some(answer);
            }
            if good || directed.is_empty() {
                break;
            }
        }
        if best.is_some() && (run.deadline.is_over() || run.control.cancel.is_cancelled()) {
            break;
        }
        let before = lazy.clone();
        extend(run, &mut lazy, &wasteful, &directed);
        if lazy == before {
            break;
        }
    }
    Ok(best.map(|answer| Answer { bound: bound.min(answer.objective), ..answer }))
}

/// Part of what is left of the budget that completing a start may take.
const START_SHARE: f64 = 0.2;

/// A whole point for the solver to start from: the jobs as given, everything else as good as can be. Left to itself the
/// solver's first point sheds everything, and finding a better one takes it seconds.
fn complete(run: &mut Run<'_>, draft: &Draft, schedules: &[Schedule]) -> Result<Vec<(usize, f64)>> {
    let fixed = decode::start(run.problem, draft, schedules);
    if fixed.is_empty() || run.deadline.is_over() {
        return Ok(fixed);
    }
    let mut rest = draft.milp.clone();
    for &(j, value) in &fixed {
        rest.fix(j, value);
    }
    let options = MilpOptions { time_limit_s: run.deadline.left_s().map(|left| START_SHARE * left), ..run.options() };
    let found = match run.call(&rest, &options, Heard::Points) {
        Err(Error::Cancelled) => None,
        other => other?.values,
    };
    // A policy may break a rule that it does not know; then its periods alone are the hint.
    Ok(found.map_or(fixed, |values| values.into_iter().enumerate().collect()))
}

fn none(status: MilpStatus, best: Option<Answer>) -> Result<Option<Answer>> {
    match status {
        MilpStatus::Cancelled if best.is_none() => Err(Error::Cancelled),
        MilpStatus::Limit | MilpStatus::Cancelled => Ok(best),
        MilpStatus::Infeasible => Err(Error::Infeasible { rules: vec![UNNAMED.into()] }),
        MilpStatus::Unbounded | MilpStatus::Optimal => {
            Err(Error::Internal { message: format!("the solver says {status:?} without a point") })
        }
    }
}

/// A battery or connection that did two opposite things in one period.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Both {
    Storage(usize, usize),
    Grid(usize, usize),
}

/// Fixes whole columns and one direction for every battery and connection, and re-solves the LP that is left.
///
/// Returns its point, and what did two opposite things before.
fn polish(
    run: &mut Run<'_>,
    frame: &Frame<'_>,
    draft: &Draft,
    values: Vec<f64>,
) -> Result<(Option<Vec<f64>>, Vec<Both>)> {
    let found = opposites(frame, draft, &values);
    if found.is_empty() && draft.milp.integers() == 0 {
        return Ok((Some(values), found));
    }
    let mut lp = draft.milp.fixed(&values);
    // All directions, not only those found: a free one would do both in the next answer.
    directions(frame, draft, &values).for_each(|closed| lp.set_bounds(closed, 0.0, 0.0));
    let options = MilpOptions { time_limit_s: run.left_for_last_s(), ..MilpOptions::exact() };
    Ok((run.call(&lp, &options, Heard::Nothing)?.values, found))
}

/// Whether importing and exporting at once would earn money: elsewhere the two are simply set against each other.
fn invites_both(region: &Region, t: usize) -> bool {
    let import = region.import_price_gbp_per_mwh.at(t)
        + region.network_charge_gbp_per_mwh.at(t)
        + region.congestion_gbp_per_mwh.at(t);
    region.export_limit_mw.at(t) > 0.0 && region.export_price_gbp_per_mwh.at(t) > import
}

/// Cells whose connection needs a direction.
fn two_way<'a>(frame: &'a Frame<'_>) -> impl Iterator<Item = (usize, usize)> + 'a {
    // A ramp does too: import that is exported at once would make a fall look gentler than it is.
    let ramped = |region: &Region| {
        let mut targets = frame.problem.targets().iter();
        targets.any(|target| target.ramp_mw_per_min.is_some() && target.place() == region.id.as_str())
    };
    // So does a sale of more import: what is exported at once is none.
    let more = |region: &Region| {
        let sold = frame.problem.commitments().iter().map(|one| (&one.region, one.direction));
        let mut all = sold.chain(frame.problem.opportunities().iter().map(|one| (&one.region, one.direction)));
        all.any(|(id, direction)| *id == region.id && direction == Direction::Up)
    };
    frame.cells().filter(move |&(r, t)| {
        let region = &frame.problem.regions()[r];
        invites_both(region, t) || (region.export_limit_mw.at(t) > 0.0 && (ramped(region) || more(region)))
    })
}

fn opposites(frame: &Frame<'_>, draft: &Draft, values: &[f64]) -> Vec<Both> {
    let both = |a: Col, b: Col| values[a.index()] > NO_POWER_MW && values[b.index()] > NO_POWER_MW;
    let storage = draft.storage.iter().enumerate().flat_map(|(b, columns)| {
        let pairs = columns.charge.iter().zip(&columns.discharge).enumerate();
        pairs.filter(|(_, (charge, discharge))| both(**charge, **discharge)).map(move |(t, _)| Both::Storage(b, t))
    });
    let grid = two_way(frame).filter(|&cell| match (*draft.import.at(cell), *draft.export.at(cell)) {
        (Some(import), Some(export)) => both(import, export),
        _ => false,
    });
    storage.chain(grid.map(|(r, t)| Both::Grid(r, t))).collect()
}

/// For every battery and two-way connection and period, the direction of which less is left once the two are set
/// against each other.
fn directions<'a>(frame: &'a Frame<'_>, draft: &'a Draft, values: &'a [f64]) -> impl Iterator<Item = Col> + 'a {
    let value = |col: Col| values[col.index()];
    let storage = frame.problem.batteries().iter().zip(&draft.storage).flat_map(move |(battery, columns)| {
        columns.charge.iter().zip(&columns.discharge).map(move |(&charge, &discharge)| {
            let stored = battery.charge_efficiency * value(charge) - value(discharge) / battery.discharge_efficiency;
            if stored > 0.0 { discharge } else { charge }
        })
    });
    let grid = two_way(frame).filter_map(move |cell| {
        let (import, export) = ((*draft.import.at(cell))?, (*draft.export.at(cell))?);
        Some(if value(import) > value(export) { export } else { import })
    });
    storage.chain(grid)
}

/// Jobs that run although their work is done: `(job, copy)`.
fn waste(run: &Run<'_>, draft: &Draft, values: &[f64]) -> Vec<(usize, u32)> {
    let schedules = decode::schedules(run.problem, draft, values);
    let copies = run.problem.shapes().iter().flat_map(|shape| (0..shape.count).map(move |copy| (shape, copy)));
    let wasteful = copies.zip(&schedules).filter(|((shape, _), schedule)| {
        let rates: Vec<f64> = schedule.works().map(|(_, _, l)| shape.rate[l]).collect();
        rates.split_last().is_some_and(|(_, before)| shape.is_done(before.iter().sum()))
    });
    wasteful.map(|((shape, copy), _)| (shape.job, copy)).collect()
}

/// Adds the rows whose absence showed, and those of periods where the same can be expected.
fn extend(run: &Run<'_>, lazy: &mut Lazy, wasteful: &[(usize, u32)], directed: &[Both]) {
    lazy.waste.extend(wasteful);
    let problem = run.problem;
    for both in directed {
        match *both {
            Both::Grid(r, t) => {
                lazy.grid.insert((r, t));
            }
            Both::Storage(b, t) => {
                lazy.storage.insert((b, t));
                let battery = &problem.batteries()[b];
                let region = problem.regions().iter().find(|region| region.id == battery.region);
                lazy.storage.extend(region.into_iter().flat_map(|region| {
                    let invites = move |&t: &usize| {
                        region.import_price_gbp_per_mwh.at(t)
                            + region.network_charge_gbp_per_mwh.at(t)
                            + region.congestion_gbp_per_mwh.at(t)
                            <= 0.0
                    };
                    (0..problem.horizon().periods).filter(invites).map(move |t| (b, t))
                }));
            }
        }
    }
}

fn decide(run: &Run<'_>, draft: &Draft, values: &[f64]) -> Decision {
    let value = |col: Col| values[col.index()];
    let periods = run.problem.horizon().periods;
    let regions = run.problem.regions().len();
    let storage = draft.storage.iter().map(|columns| {
        let of = |columns: &[Col]| columns.iter().map(|&col| value(col).max(0.0)).collect::<Vec<f64>>();
        (of(&columns.charge), of(&columns.discharge))
    });
    let solar = (0..regions)
        .map(|r| (0..periods).map(|t| draft.solar.at((r, t)).map_or(0.0, value).max(0.0)).collect())
        .collect();
    Decision {
        schedules: decode::schedules(run.problem, draft, values),
        inferences: decode::inferences(run.problem, draft, values),
        services: decode::services(run.problem, draft, values),
        storage: storage.collect(),
        solar,
        taken: decode::taken(run.problem, draft, values),
    }
}

impl Run<'_> {
    /// Solves a model; the caller watches and stops it as far as `heard` says.
    pub(crate) fn call(&mut self, milp: &Milp, options: &MilpOptions, heard: Heard) -> Result<MilpSolution> {
        let report = &mut self.report;
        report.solves += 1;
        if milp.columns() > report.columns {
            report.columns = milp.columns();
            report.integers = milp.integers();
            report.rows = milp.rows();
            report.nonzeros = milp.nonzeros();
        }
        let begun = self.deadline.elapsed_s();
        let control = self.watch.control(heard, self.report.nodes);
        let solution = milp::solve(milp, self.settings.solver, options, &control)?;
        self.report.solve_s += self.deadline.elapsed_s() - begun;
        self.report.nodes += solution.nodes;
        Ok(solution)
    }
}
