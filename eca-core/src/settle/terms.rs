//! What a contract and the market say about money: dated configuration, never code.

use super::{Micro, Route};
use crate::{Error, Result, SettlementDate};
use serde::{Deserialize, Serialize};

/// Who pays the supplier of the site for energy that was bought and not used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Regime {
    /// Nobody.
    None,
    /// All suppliers by their share of final demand (P415).
    MutualisedBySuppliers,
    /// The trading party itself (the direct variant described for P444 and P510).
    DirectPartyPaysSupplier,
}

/// A regime of a route from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DatedRegime {
    /// The route.
    pub route: Route,
    /// First day.
    pub effective_from: SettlementDate,
    /// The regime.
    pub regime: Regime,
}

/// A price from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DatedPrice {
    /// First day.
    pub effective_from: SettlementDate,
    /// The price, GBP/MWh.
    pub price_gbp_per_mwh: Micro,
}

/// A corner of a pay factor: what part of the price is paid at what part of the energy instructed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PayPoint {
    /// Delivered over instructed.
    pub delivered_frac: Micro,
    /// Part of the price, 0 to 1.
    pub paid_frac: Micro,
}

/// Money terms of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct Terms {
    /// Regimes of supplier compensation. Without one for the route: mutualised for `wholesale_p415`, else none.
    pub compensation: Vec<DatedRegime>,
    /// Supplier compensation reference prices. Needed where there is a regime.
    pub supplier_compensation_price: Vec<DatedPrice>,
    /// Part of the final demand that the site's supplier has: it funds that part of a mutualised compensation.
    pub supplier_final_demand_frac: Option<Micro>,
    /// Pay factor of a DSO product, by rising `delivered_frac`; between corners it is linear, outside as at the end.
    /// Empty: all that was delivered is paid.
    pub pay_factor: Vec<PayPoint>,
}

impl Terms {
    /// The regime of a route on a day.
    pub(super) fn regime(&self, route: Route, date: SettlementDate) -> Regime {
        let mine = self.compensation.iter().filter(|dated| dated.route == route && dated.effective_from <= date);
        let fallback = if route == Route::WholesaleP415 { Regime::MutualisedBySuppliers } else { Regime::None };
        mine.max_by_key(|dated| dated.effective_from).map_or(fallback, |dated| dated.regime)
    }

    /// The compensation price of a day.
    pub(super) fn compensation_price(&self, event_id: &str, date: SettlementDate) -> Result<Micro> {
        let dated = self.supplier_compensation_price.iter().filter(|dated| dated.effective_from <= date);
        let found = dated.max_by_key(|dated| dated.effective_from).map(|dated| dated.price_gbp_per_mwh);
        found.ok_or_else(|| Error::Value {
            object: format!("event `{event_id}`"),
            field: "terms.supplier_compensation_price".into(),
            value: format!("none for {date}"),
            limit: "must have a price in force on that day, because a compensation regime applies".into(),
            unit: "GBP/MWh",
        })
    }
}
