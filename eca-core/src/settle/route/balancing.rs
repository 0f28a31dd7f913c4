//! Balancing mechanism: paid as bid for what was accepted, charged for what was not delivered, imbalance on the rest.
//!
//! `A P - QND max(0, P - SIP) + (D - A) SIP` with `QND = max(0, min(A - D, A))` for an offer (turn-down, `A > 0`); a bid is its
//! mirror image (BSC T 4.8, assumed). Whenever the offer price is at least SIP and no more than `A` is delivered, this is what
//! was delivered at the offer price.

use super::{Facts, flow};
use crate::Result;
use crate::settle::record::{Flow, FlowKind};
use crate::settle::{Micro, product};

pub(super) fn cash(facts: &Facts<'_>) -> Result<(Vec<Flow>, i64)> {
    let (accepted, price, system) = (facts.committed_wh, facts.terms.price_gbp_per_mwh, facts.system_price()?);
    let missing = (accepted - facts.deviation_wh).clamp(accepted.min(0), accepted.max(0));
    let gain = Micro::from_millionths(price.millionths() - system.millionths());
    let charge = product(missing, gain, "non-delivery charge")?.max(0);
    let non_delivery = Flow {
        flow: FlowKind::NonDelivery,
        volume_wh: missing,
        price_ugbp_per_mwh: gain.millionths(),
        cash_ugbp: -charge,
    };
    let acceptance = flow(FlowKind::Acceptance, accepted, price)?;
    let imbalance = flow(FlowKind::Imbalance, facts.deviation_wh - accepted, system)?;
    Ok((vec![acceptance, non_delivery, imbalance], accepted - missing))
}
