//! Batch jobs: schedule by schedule, everything docs/model.md asks of a job that is not divisible.

use super::ledger::{Input, Ledger, Report, SoftLimit, at};
use super::quantity::{FRAC, INFERENCES, Sum};
use super::run::{Cell, History};
use super::work::{self, Work};
use super::{fluid, place, rules, run};
use crate::plan::JobPlan;
use crate::{CapMetric, DeadlineKind, Job};

/// The name of a job in findings.
pub(super) fn object(job: &Job, copy: u32) -> String {
    if job.count > 1 { format!("job `{}` copy {copy}", job.id) } else { format!("job `{}`", job.id) }
}

/// One job with its schedule and what follows from both.
#[derive(Debug)]
pub(super) struct Case<'a> {
    pub job: &'a Job,
    pub index: usize,
    pub entry: &'a JobPlan,
    pub object: String,
    pub work: Work,
    pub window: (usize, usize),
}

/// Checks all jobs; adds their power, inferences and costs to the ledger.
pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report) {
    for ((index, job, copy), entry) in input.copies().zip(&input.plan.jobs) {
        let case = Case {
            job,
            index,
            entry,
            object: object(job, copy),
            work: Work::new(job, input.h),
            window: work::window(job, input.horizon()),
        };
        if job.divisible {
            fluid::check(input, ledger, report, &case);
        } else {
            schedule(input, ledger, report, &case);
        }
        let stated = entry.inferences.iter().filter(|done| **done > 0.0);
        ledger.total_inferences.add(stated.map(|done| Sum::rounded(*done, INFERENCES)).sum());
    }
}

fn schedule(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report, case: &Case<'_>) {
    let cells: Vec<Option<Cell>> = (0..input.periods)
        .map(|t| {
            let region = input.region(case.entry.region.get(t)?.as_ref()?.as_str())?;
            Some(Cell { region, point: (*case.entry.point.get(t)?)? })
        })
        .collect();
    for (t, cell) in cells.iter().enumerate() {
        if let Some(Cell { region, point }) = *cell {
            place::check(input, report, case.job, &case.object, case.window, (t, region, point));
        }
    }
    let history = run::follow(input, report, case.job, &case.object, &cells);
    power(input, ledger, report, case, &cells, &history);
    inferences(input, ledger, report, case, &cells);
    rules::check(input, report, case, &cells, &history);
    let done: f64 = cells.iter().flatten().map(|cell| case.work.of_point(cell.point)).sum();
    let undone = if case.work.is_done(done) { 0.0 } else { case.work.left - done };
    undone_limit(input, ledger, report, case, Sum { value: undone, slack: FRAC });
    ledger.money_gbp.add(Sum::exact(cost(case.job, &cells, &history)));
}

/// Power of the point, and in the first period of a segment the energy of the pause and of the move before it.
fn power(
    input: &Input<'_>,
    ledger: &mut Ledger,
    report: &mut Report,
    case: &Case<'_>,
    cells: &[Option<Cell>],
    history: &History,
) {
    for (t, cell) in cells.iter().enumerate() {
        let stated = at(&case.entry.power_mw, t);
        let Some(cell) = cell else {
            if stated > 0.0 {
                report.add("job_power", &case.object, Some(t), format!("takes {stated} MW, but is idle"));
            }
            continue;
        };
        let point = case.job.points.get(cell.point).map_or(0.0, |point| point.power_mw);
        let extra_mwh = history.arrival(t).map_or(0.0, |arrival| {
            let pause = if arrival.paused { case.job.pause_energy_mwh } else { 0.0 };
            let migration = case.job.migration.filter(|_| arrival.moved).map_or(0.0, |m| m.energy_mwh);
            pause + migration
        });
        let expected = Sum::mw(point + extra_mwh / input.h);
        if !expected.agrees(stated) {
            let message = format!("power_mw is {stated} MW, must be {} MW", expected.value);
            report.add("job_power", &case.object, Some(t), message);
        }
        ledger.add_it_mw(cell.region, t, expected);
    }
}

/// At most `q_l * work` in a period, in all `min(w, sum(q)) * work`; full but for the last working period, unless a
/// cap on grams per inference makes their time matter.
fn inferences(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report, case: &Case<'_>, cells: &[Option<Cell>]) {
    let time_matters = input.problem.carbon_caps().iter().any(|cap| cap.metric == CapMetric::GPerInference);
    let last = cells.iter().rposition(Option::is_some);
    let (mut total, mut done) = (Sum::default(), 0.0);
    for (t, cell) in cells.iter().enumerate() {
        let stated = at(&case.entry.inferences, t);
        let point = cell.filter(|_| case.work.counts_inferences).map(|cell| cell.point);
        let part = point.map_or(0.0, |point| case.work.of_point(point));
        let most = Sum::rounded(part * case.work.total, INFERENCES);
        if point.is_none() && stated > 0.0 {
            let message = format!("does {stated} inferences, but is idle or counts GPU hours");
            report.add("job_inferences", &case.object, Some(t), message);
        } else if stated > most.value + most.slack || (!time_matters && Some(t) != last && !most.agrees(stated)) {
            let limit = if time_matters { "at most" } else { "a full period does" };
            let message = format!("does {stated} inferences, {limit} {}", most.value);
            report.add("job_inferences", &case.object, Some(t), message);
        }
        if let Some(cell) = cell.filter(|_| case.work.counts_inferences) {
            done += part;
            total.add(Sum::rounded(stated, INFERENCES));
            ledger.add_inferences(cell.region, t, Sum::rounded(stated, INFERENCES));
        }
    }
    let expected = case.work.left.max(0.0).min(done) * case.work.total;
    if case.work.counts_inferences && !total.agrees(expected) {
        let message = format!("does {} inferences in all, must do {expected}", total.value);
        report.add("job_inferences", &case.object, None, message);
    }
}

/// Startup once, if it works at all and has not started before; each pause; each move.
fn cost(job: &Job, cells: &[Option<Cell>], history: &History) -> f64 {
    let starts = job.state.is_none() && cells.iter().any(Option::is_some);
    let startup = if starts { job.startup_cost_gbp } else { 0.0 };
    let migration = job.migration.map_or(0.0, |migration| migration.cost_gbp);
    startup + f64::from(history.pauses()) * job.pause_cost_gbp + f64::from(history.migrations()) * migration
}

/// Work left at a priced deadline.
pub(super) fn undone_limit(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report, case: &Case<'_>, excess: Sum) {
    if case.job.deadline_kind != DeadlineKind::Priced {
        return;
    }
    if let Some(most) = case.job.undone_max_frac.filter(|most| excess.minus(Sum::exact(*most)).is_over()) {
        let message = format!("{:.9} of its work is left, at most {most} may be", excess.value);
        report.add("undone_max", &case.object, None, message);
    }
    let id = &case.job.id;
    ledger.limit(SoftLimit {
        rule: "undone",
        object: if case.job.count > 1 { format!("{id}#{}", case.entry.copy) } else { id.to_string() },
        period: None,
        whole_horizon: false,
        excess,
        unit: "frac",
        quantum: FRAC,
        price_gbp: at(&input.prices.undone_gbp, case.index),
    });
}
