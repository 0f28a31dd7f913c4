//! Batch jobs in compact form. Each job takes the smallest form that is exact for its features:
//!
//! - `starts`: one point, one run, no state: how many copies start in each region and period;
//! - `shares`: divisible jobs: any share of each point;
//! - `runs`: everything else: which point each copy works at in each region and period.
//!
//! - `chosen`: schedules found elsewhere, of which each job takes one.
//!
//! With the load given (a re-dispatch), nothing is decided here.

mod chosen;
mod given;
mod runs;
mod shares;
mod starts;

use super::{Draft, Frame, JobLoad, Rule};
use crate::milp::{Col, Tag};
use crate::schedule::Shape;
use crate::unit::inferences_to_millions;

pub(crate) use chosen::{Choice, Group, Offer};

pub(super) struct Jobs;

impl Rule for Jobs {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        if let JobLoad::Given(accounts) = frame.load {
            given::add(frame, draft, accounts);
            return;
        }
        if let JobLoad::Chosen(choice) = frame.load {
            chosen::columns(frame, draft, choice);
            return;
        }
        for shape in frame.shapes {
            if shape.divisible {
                (0..shape.count).for_each(|copy| shares::columns(frame, draft, shape, copy));
            } else if starts::applies(frame, shape) {
                starts::columns(frame, draft, shape);
            } else {
                (0..shape.count).for_each(|copy| runs::columns(frame, draft, shape, copy));
            }
        }
    }

    fn rows(&self, _frame: &Frame<'_>, _draft: &mut Draft) {}
}

/// A column for the part of its whole work that a job with a priced deadline leaves undone.
fn undone_column(frame: &Frame<'_>, draft: &mut Draft, shape: &Shape, most: f64, copy: u32) -> Option<Col> {
    shape.priced.then(|| {
        let tag = Tag::new("undone").object(shape.job).part(copy as usize);
        let most = shape.undone_max.map_or(most, |limit| most.min(limit));
        let column = draft.milp.continuous(0.0, most, frame.ladder.undone_gbp[shape.job], tag);
        draft.undone.push(column);
        column
    })
}

/// Whether any cap counts inferences.
fn counts_inferences(frame: &Frame<'_>) -> bool {
    frame.problem.carbon_caps().iter().any(|cap| cap.metric == crate::problem::CapMetric::GPerInference)
}

/// Millions of inferences in the whole work.
fn millions(shape: &Shape) -> f64 {
    inferences_to_millions(shape.inferences)
}
