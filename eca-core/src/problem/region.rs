//! A region: one site behind one grid connection, with its prices, carbon, solar and batteries.

use super::{BatteryId, RegionId, Series, setters::setters};
use serde::{Deserialize, Serialize};

/// A site behind one grid connection.
///
/// Facility power is affine in IT power: `overhead_mw + pue_slope * it_mw`.
/// Import is limited by `import_limit_mw + nonfirm_import_mw`, and by `congestion_limit_mw` where given.
/// Every series has one value for each period, or one value for all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Region {
    /// Name of the region, unique.
    pub id: RegionId,
    /// GSP group letter such as `_C` (London), for records; not used by the model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gsp_group: Option<String>,
    /// Most IT power that can run, MW. Zero where the site cannot be used.
    pub it_capacity_mw: Series,
    /// Facility power that is there without any IT load, MW.
    #[serde(default)]
    pub overhead_mw: Series,
    /// MW of facility power for each MW of IT power, at least 1.
    #[serde(default = "one")]
    pub pue_slope: Series,
    /// Firm import limit of the connection, MW.
    pub import_limit_mw: Series,
    /// Import beyond the firm limit that the network allows in a period, MW.
    #[serde(default)]
    pub nonfirm_import_mw: Series,
    /// Export limit of the connection, MW.
    #[serde(default)]
    pub export_limit_mw: Series,
    /// The largest export in a half hour up to which the metering point may trade wholesale (P511, in force 24 August 2026),
    /// MW. Must be given where a wholesale sale meets a site that may export; `export_limit_mw` may not be above it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub p511_export_max_mw: Option<f64>,
    /// Price of the highest import of the horizon, GBP per MW.
    #[serde(default)]
    pub demand_charge_gbp_per_mw: f64,
    /// Energy price of imports, GBP/MWh; may be negative.
    pub import_price_gbp_per_mwh: Series,
    /// Price paid for exports, GBP/MWh; may be negative.
    #[serde(default)]
    pub export_price_gbp_per_mwh: Series,
    /// Network charge on imports (DUoS and other volumetric charges), GBP/MWh.
    #[serde(default)]
    pub network_charge_gbp_per_mwh: Series,
    /// Congestion price on imports, GBP/MWh: load moves away from where it is high.
    #[serde(default)]
    pub congestion_gbp_per_mwh: Series,
    /// Import limit that the network operator asks for, MW; none where there is no congestion.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub congestion_limit_mw: Option<Series>,
    /// Average (location-based) carbon intensity of imports, g/kWh.
    pub carbon_g_per_kwh: Series,
    /// Marginal carbon intensity, g/kWh; reported beside the average, never mixed with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub marginal_carbon_g_per_kwh: Option<Series>,
    /// Share of renewable generation in the grid mix, 0..1; needed by jobs with `renewable_share_min`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub renewable_share_frac: Option<Series>,
    /// On-site solar available, MW; what is not used is curtailed.
    #[serde(default)]
    pub solar_mw: Series,
}

fn one() -> Series {
    Series::Constant(1.0)
}

impl Region {
    /// A region with nothing behind its connection yet: capacity and limits are zero, PUE slope is 1.
    #[must_use]
    pub fn new(id: impl Into<RegionId>) -> Self {
        Self {
            id: id.into(),
            gsp_group: None,
            it_capacity_mw: Series::default(),
            overhead_mw: Series::default(),
            pue_slope: one(),
            import_limit_mw: Series::default(),
            nonfirm_import_mw: Series::default(),
            export_limit_mw: Series::default(),
            p511_export_max_mw: None,
            demand_charge_gbp_per_mw: 0.0,
            import_price_gbp_per_mwh: Series::default(),
            export_price_gbp_per_mwh: Series::default(),
            network_charge_gbp_per_mwh: Series::default(),
            congestion_gbp_per_mwh: Series::default(),
            congestion_limit_mw: None,
            carbon_g_per_kwh: Series::default(),
            marginal_carbon_g_per_kwh: None,
            renewable_share_frac: None,
            solar_mw: Series::default(),
        }
    }

    /// Sets the import limit that the network operator asks for, MW.
    #[must_use]
    pub fn congestion_limit_mw(mut self, limit: impl Into<Series>) -> Self {
        self.congestion_limit_mw = Some(limit.into());
        self
    }

    /// Sets the marginal carbon intensity, g/kWh.
    #[must_use]
    pub fn marginal_carbon_g_per_kwh(mut self, intensity: impl Into<Series>) -> Self {
        self.marginal_carbon_g_per_kwh = Some(intensity.into());
        self
    }

    /// Sets the share of renewable generation in the grid mix, 0..1.
    #[must_use]
    pub fn renewable_share_frac(mut self, share: impl Into<Series>) -> Self {
        self.renewable_share_frac = Some(share.into());
        self
    }
}

setters!(Region {
    it_capacity_mw: into Series,
    overhead_mw: into Series,
    pue_slope: into Series,
    import_limit_mw: into Series,
    nonfirm_import_mw: into Series,
    export_limit_mw: into Series,
    p511_export_max_mw: into Option<f64>,
    demand_charge_gbp_per_mw: f64,
    import_price_gbp_per_mwh: into Series,
    export_price_gbp_per_mwh: into Series,
    network_charge_gbp_per_mwh: into Series,
    congestion_gbp_per_mwh: into Series,
    carbon_g_per_kwh: into Series,
    solar_mw: into Series,
});

/// A battery at one region.
///
/// Stored energy changes by `(charge_efficiency * charge_mw - discharge_mw / discharge_efficiency) * step_h`;
/// charge and discharge are at the grid terminals and never happen in the same period.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Battery {
    /// Name of the battery, unique.
    pub id: BatteryId,
    /// Region behind whose connection it stands.
    pub region: RegionId,
    /// Most charge and most discharge at the grid terminals, MW.
    pub power_capacity_mw: f64,
    /// Usable energy, MWh.
    pub energy_capacity_mwh: f64,
    /// Stored MWh for each MWh charged, in (0, 1].
    #[serde(default = "unit")]
    pub charge_efficiency: f64,
    /// MWh discharged for each stored MWh taken out, in (0, 1].
    #[serde(default = "unit")]
    pub discharge_efficiency: f64,
    /// Wear for each MWh charged and each MWh discharged, GBP/MWh.
    #[serde(default)]
    pub wear_gbp_per_mwh: f64,
    /// Stored energy at the start of the horizon, MWh.
    #[serde(default)]
    pub soc_mwh: f64,
    /// Stored energy that is held back (UPS reserve), MWh. A battery that starts below it may not go lower.
    #[serde(default)]
    pub soc_min_mwh: f64,
    /// Stored energy wanted at the end of the horizon, MWh; none where the end is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_soc_min_mwh: Option<f64>,
}

fn unit() -> f64 {
    1.0
}

impl Battery {
    /// An empty battery without losses or wear.
    #[must_use]
    pub fn new(
        id: impl Into<BatteryId>,
        region: impl Into<RegionId>,
        power_capacity_mw: f64,
        energy_capacity_mwh: f64,
    ) -> Self {
        Self {
            id: id.into(),
            region: region.into(),
            power_capacity_mw,
            energy_capacity_mwh,
            charge_efficiency: 1.0,
            discharge_efficiency: 1.0,
            wear_gbp_per_mwh: 0.0,
            soc_mwh: 0.0,
            soc_min_mwh: 0.0,
            end_soc_min_mwh: None,
        }
    }

    /// Sets the stored energy wanted at the end of the horizon, MWh.
    #[must_use]
    pub fn end_soc_min_mwh(mut self, energy: f64) -> Self {
        self.end_soc_min_mwh = Some(energy);
        self
    }
}

setters!(Battery {
    charge_efficiency: f64,
    discharge_efficiency: f64,
    wear_gbp_per_mwh: f64,
    soc_mwh: f64,
    soc_min_mwh: f64,
});
