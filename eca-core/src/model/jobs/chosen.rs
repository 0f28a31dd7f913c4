//! Schedules to choose from: `sum of chosen = count` for each group of identical jobs, the loads of the chosen ones in the
//! balances. Everything else about jobs is in the schedules.

use super::{Draft, Frame};
use crate::milp::Tag;
use crate::model::JobColumns;

/// A schedule that can be chosen.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Offer {
    /// Own costs and the price of what it leaves undone, GBP.
    pub(crate) cost_gbp: f64,
    /// Cell (region times periods plus period) and IT load, MW.
    pub(crate) mw: Vec<(usize, f64)>,
    /// Cell and inferences, millions; empty where no cap counts them.
    pub(crate) millions: Vec<(usize, f64)>,
}

/// Identical jobs and their schedules.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Group {
    pub(crate) count: f64,
    /// Whether jobs take one schedule each; fluid jobs may mix.
    pub(crate) whole: bool,
    pub(crate) offers: Vec<Offer>,
}

/// What there is to choose, and what is given besides.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Choice {
    /// IT load and inferences of all other jobs, by cell; the latter empty where no cap counts them.
    pub(crate) given_mw: Vec<f64>,
    pub(crate) given_millions: Vec<f64>,
    pub(crate) groups: Vec<Group>,
}

pub(super) fn columns(frame: &Frame<'_>, draft: &mut Draft, choice: &Choice) {
    let periods = frame.periods;
    let place = |cell: usize| (cell / periods, cell % periods);
    for (cell, mw) in choice.given_mw.iter().enumerate() {
        draft.it_load.at_mut(place(cell)).constant += mw;
    }
    for (cell, millions) in choice.given_millions.iter().enumerate() {
        draft.inferences.at_mut(place(cell)).constant += millions;
    }
    for (g, group) in choice.groups.iter().enumerate() {
        let tag = Tag::new("chosen").object(g);
        let mut columns = Vec::with_capacity(group.offers.len());
        for (p, offer) in group.offers.iter().enumerate() {
            let (milp, tag) = (&mut draft.milp, tag.part(p));
            let column = if group.whole {
                milp.integer(0.0, group.count, offer.cost_gbp, tag)
            } else {
                milp.continuous(0.0, group.count, offer.cost_gbp, tag)
            };
            for &(cell, mw) in &offer.mw {
                draft.it_load.at_mut(place(cell)).columns.push((column, mw));
            }
            for &(cell, millions) in &offer.millions {
                draft.inferences.at_mut(place(cell)).columns.push((column, millions));
            }
            columns.push(column);
        }
        let all: Vec<_> = columns.iter().map(|&column| (column, 1.0)).collect();
        draft.milp.row(group.count, group.count, &all, tag);
        draft.jobs.push(JobColumns::Chosen(columns));
    }
}
