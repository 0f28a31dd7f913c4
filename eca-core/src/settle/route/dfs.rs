//! Demand flexibility service as of April 2026 (second-hand): utilisation as bid, up to what was promised, and no penalty.

use super::{Facts, flow};
use crate::Result;
use crate::settle::record::{Flow, FlowKind};

pub(super) fn cash(facts: &Facts<'_>) -> Result<(Vec<Flow>, i64)> {
    let paid = facts.delivered_wh.min(facts.committed_wh.abs());
    Ok((vec![flow(FlowKind::Utilisation, paid, facts.terms.price_gbp_per_mwh)?], 0))
}
