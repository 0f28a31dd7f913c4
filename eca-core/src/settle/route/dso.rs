//! A distribution operator's product: availability for power held ready, utilisation on a sliding scale.
//!
//! `pay = price * min(E_del, E_inst) * f(E_del / E_inst)`: what is delivered above the instruction is not paid (as in SSEN
//! TRANSITION). `f` is linear between the corners of the contract and exact here: only the pay is rounded.

use super::{Facts, flow};
use crate::Result;
use crate::settle::amount::{MILLION, divided, fitted};
use crate::settle::record::{Flow, FlowKind};
use crate::settle::terms::PayPoint;

/// Settlement periods of an hour.
const PERIODS_PER_H: i128 = 2;

pub(super) fn cash(facts: &Facts<'_>) -> Result<(Vec<Flow>, i64)> {
    let mut flows = Vec::new();
    if let (Some(mw), Some(price)) = (facts.terms.available_mw, facts.terms.availability_price_gbp_per_mw_h) {
        let exact = i128::from(mw.millionths()) * i128::from(price.millionths());
        flows.push(Flow {
            flow: FlowKind::Availability,
            volume_wh: mw.millionths(),
            price_ugbp_per_mwh: price.millionths(),
            cash_ugbp: fitted(divided(exact, MILLION * PERIODS_PER_H), "availability")?,
        });
    }
    let instructed = facts.committed_wh.abs();
    let paid = facts.delivered_wh.min(instructed);
    let mut pay = flow(FlowKind::Utilisation, paid, facts.terms.price_gbp_per_mwh)?;
    let price = i128::from(facts.terms.price_gbp_per_mwh.millionths());
    let (numerator, denominator) = factor(&facts.event.terms.pay_factor, facts.delivered_wh, instructed);
    pay.cash_ugbp = scaled(i128::from(paid) * price, numerator, denominator)?;
    flows.push(pay);
    Ok((flows, 0))
}

/// The pay factor in millionths, as a fraction: `f = numerator / denominator / 1e6`.
fn factor(points: &[PayPoint], delivered: i64, instructed: i64) -> (i128, i128) {
    let Some((first, last)) = points.first().zip(points.last()) else { return (MILLION, 1) };
    let frac = |point: &PayPoint| (i128::from(point.delivered_frac.millionths()), point.paid_frac.millionths().into());
    let (delivered, instructed) = (i128::from(delivered) * MILLION, i128::from(instructed));
    let at_most = |point: &PayPoint| delivered <= frac(point).0 * instructed;
    if instructed == 0 || at_most(first) {
        return (frac(first).1, 1);
    }
    for pair in points.windows(2) {
        if let [low, high] = pair
            && at_most(high)
        {
            let ((x0, y0), (x1, y1)): ((i128, i128), (i128, i128)) = (frac(low), frac(high));
            let width = (x1 - x0) * instructed;
            return (y0 * width + (delivered - x0 * instructed) * (y1 - y0), width);
        }
    }
    (frac(last).1, 1)
}

/// `amount * numerator / denominator / 1e12`, rounded once. Whole and rest apart, because the product does not fit 128 bits.
fn scaled(amount: i128, numerator: i128, denominator: i128) -> Result<i64> {
    let (size, sign) = (amount.abs(), amount.signum());
    let whole = size * (numerator / denominator) + size * (numerator % denominator) / denominator;
    // The fraction cut off is below one, and a half of 1e12 is a whole number: it cannot change the rounding.
    fitted(sign * divided(whole, MILLION * MILLION), "utilisation")
}
