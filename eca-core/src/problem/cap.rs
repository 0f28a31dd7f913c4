//! A carbon cap: a limit on the carbon of imports over a window of time.

use super::{CapId, RegionId};
use serde::{Deserialize, Serialize};

/// What a cap limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapMetric {
    /// Carbon of imports, kg.
    Kg,
    /// Carbon of imports over facility energy, g/kWh.
    GPerKwh,
    /// Carbon of imports over inferences done (batch and online), g for each inference.
    GPerInference,
}

/// The windows of a cap.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapWindow {
    /// One window: the whole horizon.
    #[default]
    Horizon,
    /// One window for each London day (settlement date).
    Day,
    /// Every window of so many hours that fits into the horizon; the whole horizon where it is shorter.
    RollingH(f64),
}

/// Whether a cap may be bought off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CapKind {
    /// The excess is made as small as it can be before any money is saved, and reported.
    #[default]
    Strict,
    /// The excess costs `price_gbp_per_kg`.
    Priced,
}

/// A limit on the carbon of imports.
///
/// The carbon is the average (location-based) intensity times the imports of the regions in scope.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct CarbonCap {
    /// Name of the cap, unique.
    pub id: CapId,
    /// What is limited.
    pub metric: CapMetric,
    /// The limit, in the unit of the metric.
    pub limit: f64,
    /// The windows it holds for.
    #[serde(default)]
    pub window: CapWindow,
    /// Regions in scope. None: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regions: Option<Vec<RegionId>>,
    /// Whether the excess is minimised first or priced.
    #[serde(default)]
    pub kind: CapKind,
    /// Price of the excess of a priced cap, GBP/kg.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_gbp_per_kg: Option<f64>,
}

impl CarbonCap {
    /// A cap whose excess is made as small as it can be.
    #[must_use]
    pub fn strict(id: impl Into<CapId>, metric: CapMetric, limit: f64, window: CapWindow) -> Self {
        Self { id: id.into(), metric, limit, window, regions: None, kind: CapKind::Strict, price_gbp_per_kg: None }
    }

    /// A cap whose excess costs `price_gbp_per_kg`.
    #[must_use]
    pub fn priced(
        id: impl Into<CapId>,
        metric: CapMetric,
        limit: f64,
        window: CapWindow,
        price_gbp_per_kg: f64,
    ) -> Self {
        Self {
            kind: CapKind::Priced,
            price_gbp_per_kg: Some(price_gbp_per_kg),
            ..Self::strict(id, metric, limit, window)
        }
    }

    /// Limits the cap to these regions.
    #[must_use]
    pub fn in_regions<I: Into<RegionId>>(mut self, regions: impl IntoIterator<Item = I>) -> Self {
        self.regions = Some(regions.into_iter().map(Into::into).collect());
        self
    }
}
