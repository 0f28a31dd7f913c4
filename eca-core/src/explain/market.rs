//! What is asked of a site and what it has sold, where it stops something: power targets, commitments, windows before them.

use super::binding::{push, when};
use super::dispatch::Dispatch;
use super::document::{Binding, Limit};
use super::prices::{PRICE_QUANTUM, price};
use crate::Plan;
use std::collections::BTreeSet;

pub(super) fn list(dispatch: &Dispatch<'_>, plan: &Plan, all: &mut Vec<Binding>) {
    targets(dispatch, all);
    commitments(dispatch, all);
    guards(dispatch, all);
    opportunities(dispatch, plan, all);
}

/// Limits on power and on its change; what one MW more would save.
fn targets(dispatch: &Dispatch<'_>, all: &mut Vec<Binding>) {
    for (k, target) in dispatch.problem.targets().iter().enumerate() {
        let limits = dispatch.duals_of("target_limit").filter(|&(object, ..)| object == k);
        let ramps = dispatch.duals_of("target_ramp_limit").filter(|&(object, ..)| object == k);
        let (power, power_worth) = sums(limits.map(|(_, t, dual)| (t, -dual)));
        let (steps, ramp_worth) = sums(ramps.map(|(_, t, dual)| (t, -dual)));
        let horizon = dispatch.problem.horizon();
        let text = format!("power target `{}` is reached {}", target.id, when(&power, horizon));
        push(all, Limit::PowerTarget, target.id.as_str(), "mw", power, power_worth, text);
        let text = format!("the ramp of power target `{}` is used up {}", target.id, when(&steps, horizon));
        push(all, Limit::PowerTarget, target.id.as_str(), "mw", steps, ramp_worth, text);
    }
}

/// What one MWh less in each of its settlement periods would save; the sale stays paid.
fn commitments(dispatch: &Dispatch<'_>, all: &mut Vec<Binding>) {
    let deliveries: Vec<_> = dispatch.duals_of("delivery").collect();
    for (f, commitment) in dispatch.problem.commitments().iter().enumerate() {
        let meters = dispatch.draft.meters.iter().map(|columns| &columns.meter);
        let mine = meters.filter(|meter| meter.parts.iter().any(|part| part.commitment == f && part.due_mwh > 0.0));
        let duals = mine.filter_map(|meter| {
            let same = |&&(region, t, _): &&(usize, usize, f64)| (region, t) == (meter.region, meter.periods.start);
            deliveries.iter().find(same).map(|&(_, t, dual)| (t, dual))
        });
        let (periods, worth) = sums(duals);
        let text = format!("commitment `{}` is owed {}", commitment.id, when(&periods, dispatch.problem.horizon()));
        push(all, Limit::Commitment, commitment.id.as_str(), "mwh", periods, worth, text);
    }
}

/// What is taken of opportunities: what one MWh less in each settlement period would save; what is paid stays.
fn opportunities(dispatch: &Dispatch<'_>, plan: &Plan, all: &mut Vec<Binding>) {
    let horizon = dispatch.problem.horizon();
    for (o, one) in dispatch.problem.opportunities().iter().enumerate() {
        let mine = dispatch.duals_of("opportunity_delivery").filter(|&(object, ..)| object == o);
        let (mut periods, worth) = sums(mine.map(|(_, t, dual)| (t, dual)));
        let Some(taken) = plan.opportunities.get(o).filter(|taken| taken.taken) else { continue };
        let most = taken.committed_mw.iter().copied().fold(0.0, f64::max);
        let worth_gbp = price(worth);
        if periods.is_empty() {
            let slots = dispatch.draft.opportunities[o].slots.iter();
            let sold = slots.filter(|slot| taken.committed_mw[slot.slot.index] > 0.0);
            periods = sold.map(|slot| slot.slot.periods.start).collect();
        }
        let text = format!(
            "opportunity `{}` is taken with {most} MW and pays {:.2} GBP; delivered {}, one MWh less saves {worth_gbp:.2} GBP",
            one.id,
            taken.revenue_gbp,
            when(&periods, horizon)
        );
        let (object, unit) = (one.id.to_string(), "mwh".into());
        all.push(Binding { limit: Limit::Opportunity, object, periods, worth_gbp, unit, text });
    }
}

/// What one MWh more of import before the event would save.
fn guards(dispatch: &Dispatch<'_>, all: &mut Vec<Binding>) {
    for (f, commitment) in dispatch.problem.commitments().iter().enumerate() {
        let mine = dispatch.duals_of("baseline_guard").filter(|&(object, ..)| object == f);
        let (periods, worth) = sums(mine.map(|(_, t, dual)| (t, -dual)));
        let when = when(&periods, dispatch.problem.horizon());
        let text = format!("import before commitment `{}` may not rise {when}", commitment.id);
        push(all, Limit::BaselineGuard, commitment.id.as_str(), "mwh", periods, worth, text);
    }
}

/// Where it is worth something, and how much in all.
fn sums(worth: impl Iterator<Item = (usize, f64)>) -> (Vec<usize>, f64) {
    let binding: Vec<(usize, f64)> = worth.filter(|&(_, worth)| worth > PRICE_QUANTUM).collect();
    let periods: BTreeSet<usize> = binding.iter().map(|&(t, _)| t).collect();
    (periods.into_iter().collect(), binding.iter().map(|&(_, worth)| worth).sum())
}
