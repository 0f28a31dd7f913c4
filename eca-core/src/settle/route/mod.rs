//! Cash of a period, one route in each file.

mod balancing;
mod dfs;
mod dso;
mod wholesale;

use super::event::{Event, EventPeriod, Route};
use super::record::{Flow, FlowKind};
use super::{Micro, product};
use crate::{Result, SettlementPeriod};

/// What a route needs to know of a period. Volumes have the sign of turn-down.
pub(super) struct Facts<'a> {
    pub(super) event: &'a Event,
    pub(super) terms: &'a EventPeriod,
    pub(super) period: SettlementPeriod,
    /// Promised, signed, Wh.
    pub(super) committed_wh: i64,
    /// Claimed, signed, Wh.
    pub(super) deviation_wh: i64,
    /// In the direction of the event, Wh.
    pub(super) delivered_wh: i64,
    /// Whether the sale is in force as a contract.
    pub(super) notified: bool,
    /// Imbalance price, where it is known.
    pub(super) system_price: Option<Micro>,
}

impl Facts<'_> {
    /// The imbalance price.
    pub(super) fn system_price(&self) -> Result<Micro> {
        self.system_price.ok_or_else(|| crate::Error::Gap {
            column: "system_price_gbp_per_mwh".into(),
            region: "the price file".into(),
            missing: 1,
            periods: self.event.periods.len(),
            first: self.period.to_string(),
            hint: "this route is settled with imbalance; add the period's price".into(),
        })
    }
}

/// The flows of a period, and the volume that the supplier is compensated for.
pub(super) fn cash(facts: &Facts<'_>) -> Result<(Vec<Flow>, i64)> {
    match facts.event.route {
        Route::WholesaleP415 => wholesale::cash(facts),
        Route::BalancingMechanism => balancing::cash(facts),
        Route::NesoDfs => dfs::cash(facts),
        Route::DsoFlex => dso::cash(facts),
    }
}

/// `volume * price`.
fn flow(kind: FlowKind, volume_wh: i64, price: Micro) -> Result<Flow> {
    let cash_ugbp = product(volume_wh, price, "cash")?;
    Ok(Flow { flow: kind, volume_wh, price_ugbp_per_mwh: price.millionths(), cash_ugbp })
}
