//! What one period more would save each job, at the prices of the plan.
//!
//! The cheapest schedule of the job alone is priced twice, with its deadline and with one a period later. What other jobs
//! would do with the room that it leaves is not looked at: that is what "to first order" means here.

use super::dispatch::Dispatch;
use super::prices::it_load_gbp_per_mw;
use super::worth::allowed_gbp_per_inference;
use crate::schedule::{Pricer, Prices, Scratch, Shape};
use crate::unit::millions_to_inferences;
use crate::{Problem, Result};

/// Job and GBP saved, all its copies together, for each job whose deadline lies within the horizon.
pub(super) fn worth_gbp(dispatch: &Dispatch<'_>) -> Result<Vec<(usize, f64)>> {
    let (problem, periods) = (dispatch.problem, dispatch.problem.horizon().periods);
    let open = |shape: &Shape| shape.end < periods && !shape.is_done(0.0);
    if !problem.shapes().iter().any(open) {
        return Ok(Vec::new());
    }
    let mut document = problem.document().clone();
    for shape in problem.shapes().iter().filter(|shape| open(shape)) {
        document.jobs[shape.job].deadline = Some(problem.horizon().start_of(shape.end + 1));
    }
    let later = Problem::from_document(document)?;
    let cells = || (0..problem.regions().len()).flat_map(|r| (0..periods).map(move |t| (r, t)));
    let mw: Vec<f64> = cells().map(|(r, t)| it_load_gbp_per_mw(dispatch, r, t)).collect();
    let room: Vec<f64> = cells().map(|(r, t)| problem.regions()[r].it_capacity_mw.at(t)).collect();
    let allowed = allowed_gbp_per_inference(dispatch);
    let millions: Vec<f64> = allowed.iter().flatten().map(|gbp| gbp.max(0.0) * millions_to_inferences(1.0)).collect();
    let prices = Prices {
        periods,
        mw: &mw,
        millions: if millions.iter().any(|gbp| *gbp > 0.0) { &millions } else { &[] },
        square: &[],
        room: &room,
        overload: dispatch.ladder.overload_gbp_per_mwh * problem.horizon().step_h(),
        own: 1.0,
    };
    let mut scratch = Scratch::default();
    let mut cost = |shape: &Shape| {
        let undone = dispatch.ladder.undone_gbp[shape.job];
        Pricer::new(shape).cheapest(shape, undone, &prices, &mut scratch).map(|best| best.cost_gbp)
    };
    let pairs = problem.shapes().iter().zip(later.shapes()).filter(|(shape, _)| open(shape));
    let each = pairs.filter_map(|(now, later)| Some((now.job, f64::from(now.count) * (cost(now)? - cost(later)?))));
    Ok(each.collect())
}
