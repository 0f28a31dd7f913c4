//! The columns a signal can have, with unit and limits.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// What a signal says, with its unit in the name. The names are the same in CSV, JSON, Python and C.
///
/// ```
/// use eca_core::signal::Column;
/// let column: Column = "carbon_g_per_kwh".parse()?;
/// assert_eq!((column.unit(), column.to_string().as_str()), ("g/kWh", "carbon_g_per_kwh"));
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Column {
    /// Energy price of imports, GBP/MWh; may be negative.
    ImportPriceGbpPerMwh,
    /// Price paid for exports, GBP/MWh; may be negative.
    ExportPriceGbpPerMwh,
    /// Network charge on imports, GBP/MWh.
    NetworkChargeGbpPerMwh,
    /// Congestion price on imports, GBP/MWh.
    CongestionGbpPerMwh,
    /// Import limit that the network operator asks for, MW, at least 0.
    CongestionLimitMw,
    /// Average (location-based) carbon intensity, g/kWh, at least 0.
    CarbonGPerKwh,
    /// Marginal carbon intensity, g/kWh; never mixed with the average.
    MarginalCarbonGPerKwh,
    /// On-site solar available, MW, at least 0.
    SolarMw,
    /// Share of renewable generation in the grid mix, 0 to 1.
    RenewableShareFrac,
    /// Imbalance price of the system, GBP/MWh; may be negative.
    SystemPriceGbpPerMwh,
}

impl Column {
    /// All columns, in the order in which they are written.
    pub const ALL: [Self; 10] = [
        Self::ImportPriceGbpPerMwh,
        Self::ExportPriceGbpPerMwh,
        Self::NetworkChargeGbpPerMwh,
        Self::CongestionGbpPerMwh,
        Self::CongestionLimitMw,
        Self::CarbonGPerKwh,
        Self::MarginalCarbonGPerKwh,
        Self::SolarMw,
        Self::RenewableShareFrac,
        Self::SystemPriceGbpPerMwh,
    ];

    /// The name, with the unit.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ImportPriceGbpPerMwh => "import_price_gbp_per_mwh",
            Self::ExportPriceGbpPerMwh => "export_price_gbp_per_mwh",
            Self::NetworkChargeGbpPerMwh => "network_charge_gbp_per_mwh",
            Self::CongestionGbpPerMwh => "congestion_gbp_per_mwh",
            Self::CongestionLimitMw => "congestion_limit_mw",
            Self::CarbonGPerKwh => "carbon_g_per_kwh",
            Self::MarginalCarbonGPerKwh => "marginal_carbon_g_per_kwh",
            Self::SolarMw => "solar_mw",
            Self::RenewableShareFrac => "renewable_share_frac",
            Self::SystemPriceGbpPerMwh => "system_price_gbp_per_mwh",
        }
    }

    /// The unit as people write it.
    #[must_use]
    pub fn unit(self) -> &'static str {
        match self {
            Self::CongestionLimitMw | Self::SolarMw => "MW",
            Self::CarbonGPerKwh | Self::MarginalCarbonGPerKwh => "g/kWh",
            Self::RenewableShareFrac => "(fraction)",
            _ => "GBP/MWh",
        }
    }

    /// Lowest and highest value that can be true; infinite where there is no limit.
    #[must_use]
    pub fn limits(self) -> (f64, f64) {
        match self {
            Self::CongestionLimitMw | Self::SolarMw | Self::CarbonGPerKwh => (0.0, f64::INFINITY),
            Self::RenewableShareFrac => (0.0, 1.0),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        }
    }

    /// Says what is wrong with `value`, nothing if it can be true.
    pub(crate) fn wrong(self, value: f64) -> Option<String> {
        let (low, high) = self.limits();
        if !value.is_finite() {
            Some("must be a finite number; leave a missing value empty".to_owned())
        } else if value < low {
            Some(format!("must be at least {low}"))
        } else if value > high {
            Some(format!("must be at most {high}"))
        } else {
            None
        }
    }

    /// The names of all columns, for messages.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

impl fmt::Display for Column {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Column {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Self::ALL.into_iter().find(|column| column.name() == name).ok_or_else(|| Error::Unknown {
            object: "signals".to_owned(),
            field: "column",
            kind: "column",
            id: name.to_owned(),
            known: Self::names(),
        })
    }
}
