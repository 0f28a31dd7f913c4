//! One run at one point: `starts[r, t]` copies begin there. Exact for any number of identical copies, and much
//! tighter than one binary for each period. A run that the deadline cuts off (priced deadlines) leaves work undone.

use super::{Draft, Frame, counts_inferences, millions, undone_column};
use crate::milp::Tag;
use crate::model::JobColumns;
use crate::schedule::Shape;

/// Whether the form is exact for a job.
///
/// Where inferences are counted, a job whose last period is not full may be slow in any of its periods: that is not said here.
pub(super) fn applies(frame: &Frame<'_>, shape: &Shape) -> bool {
    if counts_inferences(frame) && shape.inferences > 0.0 && !fills_its_periods(shape) {
        return false;
    }
    if shape.undone_max.is_some() {
        // What is left undone is one column for all copies here, the limit one for each.
        return false;
    }
    let one_run = !shape.preemptible || (shape.pauses_left == Some(0) && !shape.priced);
    shape.rate.len() == 1 && one_run && shape.home.is_none() && shape.migration.is_none()
}

/// Whether whole periods at its point do just the work that is left.
fn fills_its_periods(shape: &Shape) -> bool {
    #[allow(clippy::cast_precision_loss)]
    let work = shape.need(0) as f64 * shape.rate[0];
    shape.rate.len() == 1 && work - shape.left < 1e-9
}

pub(super) fn columns(frame: &Frame<'_>, draft: &mut Draft, shape: &Shape) {
    let tag = |rule| Tag::new(rule).object(shape.job);
    let length = shape.need(0);
    let count = f64::from(shape.count);
    let startup = frame.problem.jobs()[shape.job].startup_cost_gbp;
    let mut starts = Vec::new();
    let mut all = Vec::new();
    let mut work = Vec::new();
    for r in shape.regions() {
        for from in shape.first..shape.end {
            let to = (from + length).min(shape.end);
            let cut = to - from < length;
            if (cut && (!shape.priced || to - from < shape.min_run)) || !(from..to).all(|t| shape.allowed(r, t)) {
                continue;
            }
            let start = draft.milp.integer(0.0, count, startup, tag("start").part(r).period(from));
            starts.push((r, from, start));
            all.push((start, 1.0));
            #[allow(clippy::cast_precision_loss)]
            let done = if cut { (to - from) as f64 * shape.rate[0] } else { shape.left };
            work.push((start, done));
            let mut left = done;
            for t in from..to {
                draft.it_load.at_mut((r, t)).columns.push((start, shape.power_mw[0]));
                if counts_inferences(frame) {
                    let part = left.min(shape.rate[0]);
                    left -= part;
                    draft.inferences.at_mut((r, t)).columns.push((start, part * millions(shape)));
                }
            }
        }
    }
    let wanted = shape.left * count;
    if let Some(undone) = undone_column(frame, draft, shape, wanted, 0) {
        work.push((undone, 1.0));
        draft.milp.row(wanted, f64::INFINITY, &work, tag("work"));
        draft.milp.row(0.0, count, &all, tag("copies"));
    } else {
        draft.milp.row(count, count, &all, tag("copies"));
    }
    draft.jobs.push(JobColumns::Starts { job: shape.job, length, starts });
}
