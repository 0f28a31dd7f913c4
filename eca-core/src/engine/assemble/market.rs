//! What a plan delivers of its commitments, from its rounded numbers.

use super::{QUANTUM, money};
use crate::engine::Run;
use crate::model::{Meter, guarded, meters};
use crate::plan::{BrokenLimit, CommitmentPlan, Plan};
use crate::unit::round_to;

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

/// Baseline less what is metered, falls of import taking their time, MWh.
fn below_baseline_mwh(run: &Run<'_>, plan: &Plan, meter: &Meter) -> f64 {
    let h = run.problem.horizon().step_h();
    let import = &plan.regions[meter.region].import_mw;
    let fall = |t: usize| t.checked_sub(1).map_or(0.0, |before| (import[before] - import[t]).max(0.0));
    let metered: f64 = meter.periods.clone().map(|t| h * import[t] + meter.ramp_h / 2.0 * fall(t)).sum();
    meter.baseline_mwh - meter.imported_mwh - metered
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
        let import = &plan.regions[guard.region].import_mw[guard.periods.clone()];
        let excess = h * import.iter().sum::<f64>() - guard.most_mwh;
        if excess > rounding_of(run, guard.region, import.len()) * h {
            let (id, first) = (&run.problem.commitments()[guard.commitment].id, Some(guard.periods.start));
            let price = excess * run.ladder.end_soc_gbp_per_mwh;
            broken.push(money::limit("baseline_guard", id.as_str(), first, excess, "mwh", price));
        }
    }
}

/// What is paid for everything that is sold within the horizon, GBP.
pub(super) fn paid_gbp(run: &Run<'_>) -> f64 {
    let meters = meters(run.problem, 0.0);
    meters.iter().flat_map(|meter| &meter.parts).map(|part| part.price_gbp_per_mwh * part.committed_mwh).sum()
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
