//! The rebound: what comes back after an event is a part of what was sold at most (C10).
//!
//! `over[g] >= s * (sum of h * import - H * baseline_mw[g])`, `over >= 0`;
//! `sum of over <= max_frac * H * sum of committed_mw + rebound`. Energy of jobs is kept by their own rows; this says how much of
//! it may come soon. Gives way only to promises, at the price of a baseline guard.

use super::guard::{Window, windows as windows_of};
use super::meter::settlement_h;
use crate::milp::{Col, Tag};
use crate::model::{Draft, Frame, Rule, sign};
use crate::{Direction, Problem, Rebound};

pub(in crate::model) struct Rebounds;

/// The rebound of one commitment.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rebounding {
    pub(crate) commitment: usize,
    pub(crate) region: usize,
    /// The settlement periods wholly within the horizon, with their baselines.
    pub(crate) windows: Vec<Window>,
    pub(crate) most_mwh: f64,
}

/// The settlement periods of a rebound that are wholly within the horizon, with their baselines.
pub(in crate::model) fn windows(problem: &Problem, rebound: &Rebound, direction: Direction) -> Vec<Window> {
    windows_of(problem, &rebound.settlement_periods, sign(direction), |i| rebound.baseline_mw.at(i))
}

/// What comes back in each of them, MWh: a column above the baseline.
pub(in crate::model) fn over(
    frame: &Frame<'_>,
    draft: &mut Draft,
    region: usize,
    windows: &[Window],
    tag: impl Fn(usize) -> Tag,
) -> Vec<(Col, f64)> {
    let mut all = Vec::new();
    for window in windows {
        let tag = tag(window.periods.start);
        let over = draft.milp.continuous(0.0, f64::INFINITY, 0.0, tag);
        window.row(frame, draft, region, over, tag);
        all.push((over, 1.0));
    }
    all
}

/// Every commitment with a limit on its rebound, and a part of it within the horizon.
pub(crate) fn rebounding(problem: &Problem) -> Vec<Rebounding> {
    let all = problem.commitments().iter().enumerate().filter_map(|(commitment, one)| {
        let rebound = one.rebound.as_ref()?;
        let region = problem.regions().iter().position(|region| region.id == one.region)?;
        let windows = windows(problem, rebound, one.direction);
        let sold: f64 = (0..one.settlement_periods.len()).map(|i| settlement_h() * one.committed_mw.at(i)).sum();
        Some(Rebounding { commitment, region, windows, most_mwh: rebound.max_frac * sold })
    });
    all.filter(|one| !one.windows.is_empty()).collect()
}

impl Rule for Rebounds {
    fn columns(&self, _: &Frame<'_>, _: &mut Draft) {}

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for one in rebounding(frame.problem) {
            let first = one.windows.first().map_or(0, |window| window.periods.start);
            let tag = |rule| Tag::new(rule).object(one.commitment).period(first);
            let price = frame.ladder.end_soc_gbp_per_mwh;
            let excess = draft.milp.continuous(0.0, f64::INFINITY, price, tag("rebound"));
            let over_tag = |t| Tag::new("rebound_over").object(one.commitment).period(t);
            let mut sum = over(frame, draft, one.region, &one.windows, over_tag);
            sum.push((excess, -1.0));
            draft.milp.row(f64::NEG_INFINITY, one.most_mwh, &sum, tag("rebound"));
        }
    }
}
