//! Wholesale trading under P415: `R = Q P + (D - Q) SIP`.
//!
//! A sale that was not notified as a contract (ECVN) is no position: all that was delivered is cashed out at the imbalance
//! price. One imbalance price for long and short (since P305, assumed).

use super::{Facts, flow};
use crate::Result;
use crate::settle::record::{Flow, FlowKind};

pub(super) fn cash(facts: &Facts<'_>) -> Result<(Vec<Flow>, i64)> {
    let position = if facts.notified { facts.committed_wh } else { 0 };
    let sale = flow(FlowKind::Sale, position, facts.terms.price_gbp_per_mwh)?;
    let imbalance = flow(FlowKind::Imbalance, facts.deviation_wh - position, facts.system_price()?)?;
    Ok((vec![sale, imbalance], facts.deviation_wh))
}
