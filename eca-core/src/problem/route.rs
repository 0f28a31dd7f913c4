//! Where flexibility is sold, and in which direction.

use serde::{Deserialize, Serialize};

/// Where flexibility is sold. One event has one route: a MWh is sold once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// Wholesale trading of a virtual trading party (P415), settled with imbalance.
    WholesaleP415,
    /// An acceptance in the balancing mechanism, paid as bid, with a charge for non-delivery.
    BalancingMechanism,
    /// Demand flexibility service: utilisation as bid, no penalty.
    NesoDfs,
    /// A distribution operator: availability and utilisation with a pay factor.
    DsoFlex,
}

/// Less consumption or more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Turn-down: less import.
    #[default]
    Down,
    /// Turn-up: more import.
    Up,
}
