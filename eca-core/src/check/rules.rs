//! Rules on the schedule of one job as a whole: runs, pauses, state, deadline, and what the plan says about them.

use super::job::Case;
use super::ledger::{Input, Report};
use super::quantity::{FRAC, Sum};
use super::run::{Cell, History};
use crate::{DeadlineKind, Timestamp};

/// Checks one schedule.
pub(super) fn check(
    input: &Input<'_>,
    report: &mut Report,
    case: &Case<'_>,
    cells: &[Option<Cell>],
    history: &History,
) {
    let done: f64 = cells.iter().flatten().map(|cell| case.work.of_point(cell.point)).sum();
    let last = cells.iter().rposition(Option::is_some);
    let finished = case.work.is_done(done);
    min_run(report, case, history, finished);
    stopping(report, case, history, cells, finished);
    pauses(report, case, history);
    surplus(report, case, cells, done, last);
    if case.job.deadline_kind == DeadlineKind::Hard && !finished {
        let message = format!("{:.6} of its work is left at its hard deadline", case.work.left - done);
        report.add("deadline", &case.object, None, message);
    }
    let end = last.map_or(input.horizon().start, |t| input.horizon().start_of(t + 1));
    counts(report, case, history.pauses(), history.migrations());
    outcome(report, case, finished.then_some(end), if finished { 0.0 } else { case.work.left - done });
}

/// `min_run_periods`: every run is at least so long, except one at whose end the job is done.
fn min_run(report: &mut Report, case: &Case<'_>, history: &History, finished: bool) {
    let least = i64::from(case.job.min_run_periods);
    for (i, run) in history.runs.iter().enumerate() {
        let finishes = finished && i + 1 == history.runs.len();
        if run.length() < least && !finishes {
            let message = format!("runs for {} periods, must run for at least {least}", run.length());
            report.add("min_run_periods", &case.object, usize::try_from(run.first.max(0)).ok(), message);
        }
    }
}

/// Not preemptible: no pause, and a run ends only when the job is done or at `b`. `can_stop = false`: the same, and a
/// running job works in period 0.
fn stopping(report: &mut Report, case: &Case<'_>, history: &History, cells: &[Option<Cell>], finished: bool) {
    let b = case.window.1;
    let state = case.job.state.as_ref();
    let pinned = state.is_some_and(|state| state.point.is_some() && !state.can_stop);
    let must_work = !case.work.is_done(0.0) && b > 0;
    if pinned && must_work && cells.first().copied().flatten().is_none() {
        report.add("can_stop", &case.object, Some(0), "may not be stopped, but does not work in period 0".to_owned());
    }
    if case.job.preemptible && !pinned {
        return;
    }
    for arrival in history.arrivals.iter().filter(|arrival| arrival.paused) {
        let message = "may not pause, but resumes here".to_owned();
        report.add("preemptible", &case.object, Some(arrival.period), message);
    }
    let Some(run) = history.runs.last() else { return };
    let end = i64::try_from(b).unwrap_or(i64::MAX);
    if !finished && run.last + 1 < end {
        let message =
            format!("may not pause, but stops with work left before its deadline, the end of period {}", end - 1);
        report.add("preemptible", &case.object, usize::try_from(run.last).ok(), message);
    }
}

/// `max_pauses`: the number of pauses, those before the horizon included. A plan can't undo those, so it is wrong only
/// if it adds one.
fn pauses(report: &mut Report, case: &Case<'_>, history: &History) {
    let before = case.job.state.as_ref().map_or(0, |state| state.pauses);
    let all = before.saturating_add(history.pauses());
    if let Some(most) = case.job.max_pauses.filter(|most| all > *most && history.pauses() > 0) {
        let message = format!("pauses {all} times (of these {before} before the horizon), at most {most}");
        report.add("max_pauses", &case.object, None, message);
    }
}

/// A job runs no longer than its work needs: without its last working period it is not done.
fn surplus(report: &mut Report, case: &Case<'_>, cells: &[Option<Cell>], done: f64, last: Option<usize>) {
    let Some((t, cell)) = last.and_then(|t| cells.get(t).copied().flatten().map(|cell| (t, cell))) else { return };
    if case.work.is_done(done) && case.work.is_done(done - case.work.of_point(cell.point)) {
        report.add("run_no_longer", &case.object, Some(t), "works although its work is done before".to_owned());
    }
}

/// What the plan states of the end of the job.
fn outcome(report: &mut Report, case: &Case<'_>, finished_at: Option<Timestamp>, undone: f64) {
    if case.entry.finished_at != finished_at {
        let text = |at: Option<Timestamp>| at.map_or("none".to_owned(), |at| at.to_string());
        let message = format!("finished_at is {}, must be {}", text(case.entry.finished_at), text(finished_at));
        report.add("finished_at", &case.object, None, message);
    }
    if !Sum::rounded(undone, FRAC).agrees(case.entry.undone_frac) {
        let message = format!("undone_frac is {}, must be {undone}", case.entry.undone_frac);
        report.add("undone_frac", &case.object, None, message);
    }
}

/// The stated numbers of pauses and moves.
pub(super) fn counts(report: &mut Report, case: &Case<'_>, pauses: u32, migrations: u32) {
    for (field, stated, counted) in
        [("pauses", case.entry.pauses, pauses), ("migrations", case.entry.migrations, migrations)]
    {
        if stated != counted {
            report.add(field, &case.object, None, format!("{field} is {stated}, must be {counted}"));
        }
    }
}
