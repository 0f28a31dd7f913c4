//! What each job costs at the prices of the plan.

use super::dispatch::Dispatch;
use super::document::JobWorth;
use super::prices::{it_load_gbp_per_mw, price};
use crate::Plan;
use crate::model::windows;
use crate::problem::CapMetric;
use crate::schedule::{Account, Shape};
use crate::unit::g_to_kg;

pub(super) fn jobs(dispatch: &Dispatch<'_>, plan: &Plan) -> Vec<JobWorth> {
    let problem = dispatch.problem;
    let allowed = allowed_gbp_per_inference(dispatch);
    let copies = problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    copies
        .zip(&dispatch.accounts)
        .zip(&plan.jobs)
        .map(|((shape, account), job)| {
            let energy = energy_gbp(dispatch, account);
            let undone = if shape.priced { account.undone * dispatch.ladder.undone_gbp[shape.job] } else { 0.0 };
            let allowance = -allowance_gbp(&allowed, shape, account);
            let all = account.cost_gbp + energy + undone + allowance;
            let inferences: f64 = job.inferences.iter().sum();
            JobWorth {
                id: job.id.clone(),
                copy: job.copy,
                own_cost_gbp: price(account.cost_gbp),
                energy_gbp: price(energy),
                undone_gbp: price(undone),
                allowance_gbp: price(allowance),
                saved_without_gbp: price(all),
                saved_without_gbp_per_inference: (inferences > 0.0).then(|| all / inferences),
            }
        })
        .collect()
}

fn energy_gbp(dispatch: &Dispatch<'_>, account: &Account) -> f64 {
    account.steps.iter().map(|step| step.mw * it_load_gbp_per_mw(dispatch, step.region, step.period)).sum()
}

/// What one inference more allows under caps for each inference, GBP, by region and period.
pub(super) fn allowed_gbp_per_inference(dispatch: &Dispatch<'_>) -> Vec<Vec<f64>> {
    let problem = dispatch.problem;
    let mut allowed = vec![vec![0.0; problem.horizon().periods]; problem.regions().len()];
    for (c, cap) in problem.carbon_caps().iter().enumerate().filter(|(_, cap)| cap.metric == CapMetric::GPerInference) {
        for range in windows(cap.window, problem.horizon()) {
            let gbp_per_kg = -dispatch.dual("carbon_cap", c, range.start);
            for (r, region) in problem.regions().iter().enumerate() {
                if cap.regions.as_ref().is_none_or(|ids| ids.contains(&region.id)) {
                    range.clone().for_each(|t| allowed[r][t] += gbp_per_kg * g_to_kg(cap.limit));
                }
            }
        }
    }
    allowed
}

fn allowance_gbp(allowed: &[Vec<f64>], shape: &Shape, account: &Account) -> f64 {
    account.steps.iter().map(|step| allowed[step.region][step.period] * step.work * shape.inferences).sum()
}
