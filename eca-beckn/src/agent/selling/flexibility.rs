//! What stands behind offers: the optimiser of a site, or the planner of a battery.

use crate::Result;
use crate::message::{Column, FlexTerms, Need, Resource, TimeSeries};
use eca_core::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt::Debug;

/// What a seller can do, and at which price: the optimiser stands behind this.
pub trait Flexibility: Debug + Send {
    /// What there is to sell.
    fn resources(&self, now: Timestamp) -> Vec<Resource>;

    /// Offers for a need, the best for the buyer first. Each must be deliverable as it stands. The need has
    /// `CAPACITY_REQUESTED` from 0 in each of its intervals, of which there are 1 to 1000; its times are the peer's.
    ///
    /// # Errors
    /// When they cannot be computed.
    fn offers(&mut self, need: &Need, now: Timestamp) -> Result<Vec<PricedOffer>>;

    /// Whether an offer can still be delivered. It is asked before a contract is agreed, and freezes what it answers
    /// yes to.
    ///
    /// # Errors
    /// [`crate::Error::Message`] with `BIZ_QUANTITY_UNAVAILABLE` if it cannot.
    fn commit(&mut self, offer: &PricedOffer, now: Timestamp) -> Result<()>;

    /// A contract was given up: what was frozen for it is free again.
    fn release(&mut self, offer: &PricedOffer);
}

/// An offer that can be delivered as it stands.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PricedOffer {
    /// Its id; empty until it is published.
    pub id: String,
    /// In words.
    pub name: String,
    /// Which resource it uses.
    pub resource_id: String,
    /// What it answers.
    pub need: Need,
    /// What is promised in each interval of the need, kW.
    pub offered_kw: Vec<f64>,
    /// The terms, as they will stand in the contract.
    pub terms: FlexTerms,
    /// Until when it can be confirmed.
    pub valid_to: Timestamp,
}

impl PricedOffer {
    pub(super) fn series(&self) -> TimeSeries {
        let price = self.terms.price_ugbp_per_mwh as f64 / 1e9;
        let offered = self.offered_kw.iter().copied();
        let columns = [
            Column::new("CAPACITY_OFFERED", "KW", offered).by("seller"),
            Column::new("OFFER_PRICE", "GBP_PER_KWH", vec![price; self.offered_kw.len()]).by("seller"),
        ];
        TimeSeries::new(self.need.series.start, self.need.series.step_s, columns)
    }
}
