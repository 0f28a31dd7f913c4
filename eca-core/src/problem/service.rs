//! An online service: inferences that are served in the period in which they are asked for.

use super::{RegionId, Series, ServiceId, setters::setters};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One operating point of a service (a batch size, a power cap).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct ServicePoint {
    /// IT energy of one inference, Wh.
    pub wh_per_inference: f64,
    /// Latency of one inference without the network, ms.
    #[serde(default)]
    pub latency_ms: f64,
}

/// A cost of sending inferences to a region, GBP per million: one number, or one for each region.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum RoutingCost {
    /// The same for every region.
    Same(f64),
    /// One for each region; regions not named cost nothing.
    ByRegion(BTreeMap<RegionId, f64>),
}

impl RoutingCost {
    /// The cost of a region, GBP per million inferences.
    #[must_use]
    pub fn of(&self, region: &RegionId) -> f64 {
        match self {
            Self::Same(cost) => *cost,
            Self::ByRegion(costs) => costs.get(region).copied().unwrap_or(0.0),
        }
    }
}

impl Default for RoutingCost {
    fn default() -> Self {
        Self::Same(0.0)
    }
}

/// An online service. Its demand is routed to regions in each period; what is not served is shed at a price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Service {
    /// Name of the service, unique.
    pub id: ServiceId,
    /// Inferences asked for in each period.
    pub demand_inferences: Series,
    /// Operating points, at least one.
    pub points: Vec<ServicePoint>,
    /// Most latency of an inference, network included, ms. None: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latency_limit_ms: Option<f64>,
    /// Network latency to each region, ms. Regions not named cannot serve it. None: every region, 0 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network_latency_ms: Option<BTreeMap<RegionId, f64>>,
    /// Cost of sending inferences to a region, GBP per million.
    #[serde(default)]
    pub routing_cost_gbp_per_million: RoutingCost,
    /// Price of shedding, GBP per million inferences.
    #[serde(default = "shed_penalty")]
    pub shed_penalty_gbp_per_million: f64,
}

fn shed_penalty() -> f64 {
    20_000.0
}

impl Service {
    /// A service that every region may serve.
    #[must_use]
    pub fn new(
        id: impl Into<ServiceId>,
        demand_inferences: impl Into<Series>,
        points: impl Into<Vec<ServicePoint>>,
    ) -> Self {
        Self {
            id: id.into(),
            demand_inferences: demand_inferences.into(),
            points: points.into(),
            latency_limit_ms: None,
            network_latency_ms: None,
            routing_cost_gbp_per_million: RoutingCost::default(),
            shed_penalty_gbp_per_million: shed_penalty(),
        }
    }

    /// Sets the network latency to each region, ms. Regions not named cannot serve it.
    #[must_use]
    pub fn network_latency_ms<I: Into<RegionId>>(mut self, latency: impl IntoIterator<Item = (I, f64)>) -> Self {
        self.network_latency_ms = Some(latency.into_iter().map(|(region, ms)| (region.into(), ms)).collect());
        self
    }
}

setters!(Service {
    latency_limit_ms: into Option<f64>,
    routing_cost_gbp_per_million: into RoutingCost,
    shed_penalty_gbp_per_million: f64,
});
