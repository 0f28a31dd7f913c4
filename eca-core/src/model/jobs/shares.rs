//! Divisible jobs: `sum over l of share[r, t, l] <= 1`, `sum of share * rate + undone = left`.

use super::{Draft, Frame, millions, undone_column};
use crate::milp::Tag;
use crate::model::JobColumns;
use crate::schedule::Shape;

pub(super) fn columns(frame: &Frame<'_>, draft: &mut Draft, shape: &Shape, copy: u32) {
    let tag = |rule| Tag::new(rule).object(shape.job).part(copy as usize);
    let mut shares = Vec::new();
    let mut work = Vec::new();
    for r in shape.regions() {
        for t in (shape.first..shape.end).filter(|&t| shape.allowed(r, t)) {
            let mut all = Vec::new();
            for l in (0..shape.rate.len()).filter(|&l| shape.usable(r, t, l)) {
                let share = draft.milp.continuous(0.0, 1.0, 0.0, tag("share").period(t));
                shares.push((r, t, l, share));
                all.push((share, 1.0));
                work.push((share, shape.rate[l]));
                draft.it_load.at_mut((r, t)).columns.push((share, shape.power_mw[l]));
                draft.inferences.at_mut((r, t)).columns.push((share, shape.rate[l] * millions(shape)));
            }
            if all.len() > 1 {
                draft.milp.row(f64::NEG_INFINITY, 1.0, &all, tag("one_share").period(t));
            }
        }
    }
    if let Some(undone) = undone_column(frame, draft, shape, shape.left, copy) {
        work.push((undone, 1.0));
    }
    draft.milp.row(shape.left, shape.left, &work, tag("work"));
    draft.jobs.push(JobColumns::Shares { job: shape.job, copy, shares });
}
