//! What a plan delivers of its commitments, from its rounded numbers.

use super::{Decision, QUANTUM, money};
use crate::Problem;
use crate::engine::Run;
use crate::model::{Meter, guarded, held, meters, rebounding, settlement_h, sign};
use crate::plan::{BrokenLimit, CommitmentPlan, OpportunityPlan, Plan};
use crate::unit::round_to;

/// What is taken of each opportunity.
pub(super) fn taken(problem: &Problem, decision: &Decision) -> Vec<OpportunityPlan> {
    let all = problem.opportunities().iter().enumerate();
    all.map(|(o, one)| {
        let steps = |i: usize| decision.taken.get(o).and_then(|steps| steps.get(i)).map_or(0.0, |steps| steps.round());
        let count = one.settlement_periods.len();
        let committed_mw: Vec<f64> = (0..count).map(|i| round_to(steps(i) * one.step_mw, QUANTUM) + 0.0).collect();
        let paid = committed_mw.iter().enumerate().map(|(i, mw)| settlement_h() * mw * one.price_gbp_per_mwh.at(i));
        let (revenue_gbp, taken) = (super::round_gbp(paid.sum()), committed_mw.iter().any(|&mw| mw > 0.0));
        OpportunityPlan { id: one.id.clone(), taken, committed_mw, revenue_gbp }
    })
    .collect()
}

/// What is taken of opportunities at a meter, MWh.
fn taken_mwh(run: &Run<'_>, plan: &Plan, meter: &Meter) -> f64 {
    let region = &run.problem.regions()[meter.region].id;
    let here = run.problem.opportunities().iter().zip(&plan.opportunities);
    let here = here.filter(|(one, _)| one.region == *region && sign(one.direction).total_cmp(&meter.sign).is_eq());
    let mw = here.flat_map(|(one, taken)| one.settlement_periods.iter().zip(&taken.committed_mw));
    mw.filter(|(period, _)| **period == meter.settlement_period).map(|(_, mw)| settlement_h() * mw).sum()
}

/// Fills in the deliveries of commitments.
pub(super) fn deliver(run: &Run<'_>, plan: &mut Plan) {
    let none = |id: &crate::problem::CommitmentId, count: usize| CommitmentPlan {
        id: id.clone(),
        delivered_mwh: vec![None; count],
        shortfall_mwh: vec![None; count],
    };
    let all = run.problem.commitments().iter();
    let mut plans: Vec<CommitmentPlan> = all.map(|one| none(&one.id, one.settlement_periods.len())).collect();
    for meter in meters(run.problem, run.ladder.shortfall_gbp_per_mwh) {
        let shares = shares(&meter, below_baseline_mwh(run, plan, &meter));
        for (part, delivered) in meter.parts.iter().zip(shares) {
            let short = part.due_mwh - delivered;
            let short = if short > rounding_mwh(run, &meter) { round_to(short, QUANTUM) } else { 0.0 };
            plans[part.commitment].delivered_mwh[part.index] = Some(round_to(delivered, QUANTUM) + 0.0);
            plans[part.commitment].shortfall_mwh[part.index] = Some(short);
        }
    }
    plan.commitments = plans;
}

/// Baseline less what is metered, changes of import taking their time, and less what is taken of opportunities, MWh; where
/// more import is sold, what is metered less the baseline.
fn below_baseline_mwh(run: &Run<'_>, plan: &Plan, meter: &Meter) -> f64 {
    let h = run.problem.horizon().step_h();
    let import = &plan.regions[meter.region].import_mw;
    let change = |t: usize| t.checked_sub(1).map_or(0.0, |before| (meter.sign * (import[before] - import[t])).max(0.0));
    let metered: f64 = meter.periods.clone().map(|t| h * import[t]).sum();
    let lost: f64 = meter.periods.clone().map(|t| meter.ramp_h / 2.0 * change(t)).sum();
    meter.sign * (meter.baseline_mwh - meter.imported_mwh - metered) - lost - taken_mwh(run, plan, meter)
}

/// What each part gets: what is due first, the dearest shortfall first; then the rest of what is committed. Import above
/// the baseline is the dearest's.
fn shares(meter: &Meter, mut mwh: f64) -> Vec<f64> {
    let mut shares = vec![0.0; meter.parts.len()];
    for (i, part) in meter.parts.iter().enumerate().rev() {
        let dearest = i + 1 == meter.parts.len();
        shares[i] = if dearest { mwh.min(part.due_mwh) } else { mwh.clamp(0.0, part.due_mwh) };
        mwh = (mwh - shares[i]).max(0.0);
    }
    for (share, part) in shares.iter_mut().zip(&meter.parts).rev() {
        let more = mwh.min(part.committed_mwh - part.due_mwh);
        *share += more;
        mwh -= more;
    }
    shares
}

/// What rounding to the watt can make of nothing, MWh: import is what is left of facility and each battery, all rounded.
fn rounding_mwh(run: &Run<'_>, meter: &Meter) -> f64 {
    rounding_of(run, meter.region, meter.periods.len()) * (run.problem.horizon().step_h() + meter.ramp_h)
}

/// What rounding can make of the sum of imports of a region, MW.
fn rounding_of(run: &Run<'_>, region: usize, periods: usize) -> f64 {
    let id = &run.problem.regions()[region].id;
    let batteries = run.problem.batteries().iter().filter(|battery| battery.region == *id).count();
    #[allow(clippy::cast_precision_loss)]
    let terms = ((1 + batteries) * periods) as f64;
    QUANTUM * terms
}

/// Import above what baseline guards allow, as limits that are not kept.
pub(super) fn guards(run: &Run<'_>, plan: &Plan, broken: &mut Vec<BrokenLimit>) {
    let h = run.problem.horizon().step_h();
    for guard in guarded(run.problem) {
        let window = guard.window;
        let import = &plan.regions[guard.region].import_mw[window.periods.clone()];
        let excess = window.sign * (h * import.iter().sum::<f64>() - window.limit_mwh);
        if excess > rounding_of(run, guard.region, import.len()) * h {
            let (id, first) = (&run.problem.commitments()[guard.commitment].id, Some(window.periods.start));
            let price = excess * run.ladder.end_soc_gbp_per_mwh;
            broken.push(money::limit("baseline_guard", id.as_str(), first, excess, "mwh", price));
        }
    }
}

/// What comes back after events beyond what may, as limits that are not kept.
pub(super) fn rebounds(run: &Run<'_>, plan: &Plan, broken: &mut Vec<BrokenLimit>) {
    let h = run.problem.horizon().step_h();
    for one in rebounding(run.problem) {
        let import = &plan.regions[one.region].import_mw;
        let mwh = |window: &crate::model::Window| h * import[window.periods.clone()].iter().sum::<f64>();
        let over = one.windows.iter().map(|window| (window.sign * (mwh(window) - window.limit_mwh)).max(0.0));
        let excess = over.sum::<f64>() - one.most_mwh;
        let periods: usize = one.windows.iter().map(|window| window.periods.len()).sum();
        if excess > rounding_of(run, one.region, periods) * h {
            let first = one.windows.first().map(|window| window.periods.start);
            let (id, price) = (&run.problem.commitments()[one.commitment].id, excess * run.ladder.end_soc_gbp_per_mwh);
            broken.push(money::limit("rebound", id.as_str(), first, excess, "mwh", price));
        }
    }
}

/// What batteries do not hold of what is sold from them, as limits that are not kept.
pub(super) fn reserves(run: &Run<'_>, plan: &Plan, broken: &mut Vec<BrokenLimit>) {
    for held in held(run.problem) {
        let short = held.least_mwh - plan.batteries[held.battery].soc_mwh[held.period];
        #[allow(clippy::cast_precision_loss)]
        let rounding = QUANTUM * (2 + held.period) as f64;
        if short > rounding {
            let (id, price) = (&run.problem.commitments()[held.commitment].id, short * run.ladder.end_soc_gbp_per_mwh);
            broken.push(money::limit("reserve", id.as_str(), Some(held.period), short, "mwh", price));
        }
    }
}

/// What is paid for everything that is sold within the horizon, GBP.
pub(super) fn paid_gbp(run: &Run<'_>, plan: &Plan) -> f64 {
    let meters = meters(run.problem, 0.0);
    let parts = meters.iter().flat_map(|meter| &meter.parts);
    let sold: f64 = parts.map(|part| part.price_gbp_per_mwh * part.committed_mwh).sum();
    sold + plan.opportunities.iter().map(|one| one.revenue_gbp).sum::<f64>()
}

/// The shortfalls, as limits that are not kept.
pub(super) fn shortfalls(run: &Run<'_>, plan: &Plan, broken: &mut Vec<BrokenLimit>) {
    for meter in meters(run.problem, run.ladder.shortfall_gbp_per_mwh) {
        for part in &meter.parts {
            let one = &plan.commitments[part.commitment];
            let short = one.shortfall_mwh[part.index].unwrap_or(0.0);
            if short > 0.0 {
                let price = short * part.penalty_gbp_per_mwh;
                let first = Some(meter.periods.start);
                broken.push(money::limit("shortfall", one.id.as_str(), first, short, "mwh", price));
            }
        }
    }
}
