//! How much of an offer can be delivered.

use crate::engine::offer::{Before, Goal, plan};
use crate::flex::settlement_h;
use crate::problem::{Commitment, CommitmentId, CommitmentKind, Penalty};
use crate::unit::round_to;
use crate::{Control, Plan, Problem, Result, Settings};

/// Energy is stated to the Wh.
const QUANTUM_MWH: f64 = 1e-6;

/// The most energy below the baseline of `offer` that can be delivered, MWh by its settlement periods; zero for those that
/// are not within the horizon.
///
/// What an offer may not touch is kept: promises to users, hard deadlines, strict carbon caps and every commitment of the
/// problem, each as far as the plan without the offer keeps it. Money is no object. All periods are delivered by one plan, the
/// one with the greatest sum, and none with more than is offered. No plan that keeps all of this delivers more, but for 2 Wh
/// in each settlement period: plans are rounded to Wh. An offer that can be delivered whole is answered whole, so what a rung
/// offers at a price is never more than this says.
///
/// # Errors
/// As [`Problem::solve`], and as its builder for an offer that is no commitment.
pub fn check_offer(problem: &Problem, offer: &Commitment, settings: &Settings) -> Result<Vec<f64>> {
    check_offer_with(problem, offer, settings, &Control::default())
}

/// The same; the caller stops the plans that it takes.
///
/// # Errors
/// As [`check_offer`], and [`crate::Error::Cancelled`].
pub fn check_offer_with(
    problem: &Problem,
    offer: &Commitment,
    settings: &Settings,
    control: &Control,
) -> Result<Vec<f64>> {
    let settings = Settings { references: false, ..settings.clone() };
    // What may be sold besides is neither sold nor in the way.
    let problem = &problem.selling_nothing()?;
    let before = problem.solve_with(&settings, control)?.plan;
    if control.cancel.is_cancelled() {
        return Err(crate::Error::Cancelled);
    }
    most(problem, &Before::new(problem, &before), offer, &settings, control)
}

/// The same where the plan without it is known.
pub(super) fn most(
    problem: &Problem,
    before: &Before,
    offer: &Commitment,
    settings: &Settings,
    control: &Control,
) -> Result<Vec<f64>> {
    let with = with_offer(problem, offer)?;
    let settings = Settings { gap: 0.0, references: false, ..settings.clone() };
    // All of it, where a plan with costs finds a way: without costs to guide it the search for the most may stop short.
    if let Some(plan) = plan(&with, before, Goal::Whole, &settings, control)? {
        return Ok(delivered(&plan, offer));
    }
    let none = || vec![0.0; offer.settlement_periods.len()];
    let found = plan(&with, before, Goal::Most, &settings, control)?;
    Ok(found.map_or_else(none, |plan| delivered(&plan, offer)))
}

/// What a plan delivers of the offer, MWh by settlement period: what is not missing.
fn delivered(plan: &Plan, offer: &Commitment) -> Vec<f64> {
    let missing = plan.commitments.first().map(|one| one.shortfall_mwh.as_slice()).unwrap_or_default();
    let all = missing.iter().enumerate();
    all.map(|(i, missing)| {
        let committed = settlement_h() * offer.committed_mw.at(i);
        missing.map_or(0.0, |missing| round_to((committed - missing).max(0.0), QUANTUM_MWH).min(committed))
    })
    .collect()
}

/// The problem with the offer as its first commitment, at no price and no penalty: the commitments before it are served first.
pub(super) fn with_offer(problem: &Problem, offer: &Commitment) -> Result<Problem> {
    let mut document = problem.document().clone();
    // A tolerance is the buyer's: what is offered is meant in full.
    let free = offer.clone().kind(CommitmentKind::Priced).penalty(Penalty::price(0.0)).price_gbp_per_mwh(0.0);
    document.commitments.insert(0, Commitment { id: unused(problem, offer), ..free });
    Problem::from_document(document)
}

/// The name of the offer, or one that no commitment has.
fn unused(problem: &Problem, offer: &Commitment) -> CommitmentId {
    let mut id = offer.id.clone();
    while problem.commitments().iter().any(|one| one.id == id) {
        id = CommitmentId::from(format!("{id}'"));
    }
    id
}
