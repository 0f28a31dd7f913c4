//! Divisible jobs: any shares of the points, in several regions at once.
//!
//! ```text
//! 0 <= f[r,t,l],  sum over l of f <= 1;   IT power sum f * power_mw
//! sum over r, t, l of f * q_l + undone = w
//! ```

use super::job::{Case, undone_limit};
use super::ledger::{Input, Ledger, Report, at};
use super::quantity::{FRAC, INFERENCES, Sum};
use super::{place, rules};
use crate::DeadlineKind;

/// Power and work of one job in each period.
struct Flow {
    power_mw: Vec<Sum>,
    part: Vec<Sum>,
}

/// Checks one divisible job; adds its power and inferences to the ledger.
pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report, case: &Case<'_>) {
    let mut flow = Flow { power_mw: vec![Sum::default(); input.periods], part: vec![Sum::default(); input.periods] };
    for (id, rows) in case.entry.shares.iter().flatten() {
        let Some(r) = input.region(id.as_str()) else { continue };
        for t in 0..input.periods {
            region_period(input, ledger, report, case, (r, t), rows, &mut flow);
        }
    }
    for (t, (power, part)) in flow.power_mw.iter().zip(&flow.part).enumerate() {
        let stated = at(&case.entry.power_mw, t);
        if !power.restated(super::quantity::POWER_MW).agrees(stated) {
            let message = format!("power_mw is {stated} MW, must be {} MW", power.value);
            report.add("job_power", &case.object, Some(t), message);
        }
        let counted = if case.work.counts_inferences { case.work.total } else { 0.0 };
        let expected = part.times(counted).restated(INFERENCES);
        let stated = at(&case.entry.inferences, t);
        if !expected.agrees(stated) || (part.value * counted == 0.0 && stated > 0.0) {
            let message = format!("does {stated} inferences, its shares do {}", expected.value);
            report.add("job_inferences", &case.object, Some(t), message);
        }
    }
    whole(input, ledger, report, case, &flow);
    rules::counts(report, case, 0, 0);
}

/// The shares in one region and period.
fn region_period(
    input: &Input<'_>,
    ledger: &mut Ledger,
    report: &mut Report,
    case: &Case<'_>,
    (r, t): (usize, usize),
    rows: &[Vec<f64>],
    flow: &mut Flow,
) {
    let (mut all, mut power, mut part) = (Sum::default(), Sum::default(), Sum::default());
    for (l, point) in case.job.points.iter().enumerate() {
        let value = rows.get(l).map_or(0.0, |row| at(row, t));
        if value > 0.0 {
            place::check(input, report, case.job, &case.object, case.window, (t, r, l));
            let share = Sum::rounded(value, FRAC);
            all.add(share);
            power.add(share.times(point.power_mw));
            part.add(share.times(case.work.of_point(l)));
        }
    }
    if all.minus(Sum::exact(1.0)).is_over() {
        report.add("shares", &case.object, Some(t), format!("its shares in one region are {}, at most 1", all.value));
    }
    if all.value > 0.0 {
        ledger.add_it_mw(r, t, power.restated(super::quantity::POWER_MW));
        if case.work.counts_inferences {
            ledger.add_inferences(r, t, part.times(case.work.total).restated(INFERENCES));
        }
    }
    if let (Some(p), Some(q)) = (flow.power_mw.get_mut(t), flow.part.get_mut(t)) {
        p.add(power);
        q.add(part);
    }
}

/// All of the work: done, undone and left agree; a hard deadline is kept; the end is where it says.
fn whole(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report, case: &Case<'_>, flow: &Flow) {
    let done: Sum = flow.part.iter().copied().sum();
    let undone = Sum::rounded(case.work.left, FRAC).minus(done);
    if !undone.restated(FRAC).agrees(case.entry.undone_frac) {
        let message = format!("undone_frac is {}, its shares leave {}", case.entry.undone_frac, undone.value);
        report.add("undone_frac", &case.object, None, message);
    }
    if case.job.deadline_kind == DeadlineKind::Hard && undone.is_over() {
        let message = format!("{:.6} of its work is left at its hard deadline", undone.value);
        report.add("deadline", &case.object, None, message);
    }
    undone_limit(input, ledger, report, case, undone);
    finished_at(input, report, case, flow, undone);
}

/// `finished_at` is the end of a period by which all is done, and after which nothing more is.
fn finished_at(input: &Input<'_>, report: &mut Report, case: &Case<'_>, flow: &Flow, undone: Sum) {
    let last = flow.part.iter().rposition(|part| part.value > 0.0);
    let fits = match (case.entry.finished_at, last) {
        (None, _) => undone.may_be_over() && case.entry.undone_frac > 0.0 || undone.is_over(),
        (Some(end), None) => !undone.is_over() && end == input.horizon().start,
        (Some(end), Some(last)) => {
            let left = Sum::rounded(case.work.left, FRAC);
            let by_then = |t: usize| left.minus(flow.part.iter().take(t + 1).copied().sum());
            let stated = (0..=last).find(|&t| input.horizon().start_of(t + 1) == end);
            stated.is_some_and(|t| !by_then(t).is_over())
        }
    };
    if !fits {
        let text = case.entry.finished_at.map_or("none".to_owned(), |at| at.to_string());
        report.add("finished_at", &case.object, None, format!("finished_at is {text}, its shares end otherwise"));
    }
}
