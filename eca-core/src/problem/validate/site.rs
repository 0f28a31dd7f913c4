//! Regions and batteries.

use super::guard::{ANY, Guard, NOT_NEGATIVE, SHARE};
use super::{ProblemDocument, Warning, battery_region};
use crate::Result;
use crate::problem::{Battery, Region};

/// Above this a site would be among the largest there are: kW are more likely.
const LARGE_SITE_MW: f64 = 2000.0;
/// All prices below this look like GBP/kWh.
const SMALL_PRICE_GBP_PER_MWH: f64 = 1.0;
/// All intensities below this look like kg/kWh.
const SMALL_CARBON_G_PER_KWH: f64 = 1.5;

pub(super) fn region(document: &ProblemDocument, region: &Region, warnings: &mut Vec<Warning>) -> Result<()> {
    let guard = Guard::new(format!("region `{}`", region.id));
    let periods = document.horizon.periods;
    let power = [
        ("it_capacity_mw", &region.it_capacity_mw),
        ("overhead_mw", &region.overhead_mw),
        ("import_limit_mw", &region.import_limit_mw),
        ("nonfirm_import_mw", &region.nonfirm_import_mw),
        ("export_limit_mw", &region.export_limit_mw),
        ("solar_mw", &region.solar_mw),
    ];
    for (field, series) in
        power.into_iter().chain(region.congestion_limit_mw.as_ref().map(|s| ("congestion_limit_mw", s)))
    {
        guard.series(field, series, periods, &NOT_NEGATIVE, "MW")?;
        if series.max() > LARGE_SITE_MW {
            warnings.push(guard.warn(field, format!("{} MW looks like kW; powers are in MW", series.max())));
        }
    }
    guard.series("pue_slope", &region.pue_slope, periods, &(1.0..=10.0), "MW/MW")?;
    guard.number("demand_charge_gbp_per_mw", region.demand_charge_gbp_per_mw, &NOT_NEGATIVE, "GBP/MW")?;
    guard.series("import_price_gbp_per_mwh", &region.import_price_gbp_per_mwh, periods, &ANY, "GBP/MWh")?;
    guard.series("export_price_gbp_per_mwh", &region.export_price_gbp_per_mwh, periods, &ANY, "GBP/MWh")?;
    guard.series(
        "network_charge_gbp_per_mwh",
        &region.network_charge_gbp_per_mwh,
        periods,
        &NOT_NEGATIVE,
        "GBP/MWh",
    )?;
    guard.series("congestion_gbp_per_mwh", &region.congestion_gbp_per_mwh, periods, &ANY, "GBP/MWh")?;
    guard.series("carbon_g_per_kwh", &region.carbon_g_per_kwh, periods, &(0.0..=5000.0), "g/kWh")?;
    if let Some(marginal) = &region.marginal_carbon_g_per_kwh {
        guard.series("marginal_carbon_g_per_kwh", marginal, periods, &(-5000.0..=5000.0), "g/kWh")?;
    }
    if let Some(share) = &region.renewable_share_frac {
        guard.series("renewable_share_frac", share, periods, &SHARE, "(a share)")?;
    }
    let small =
        |series: &crate::Series, limit: f64| !series.is_zero() && series.max().abs().max(series.min().abs()) < limit;
    if small(&region.import_price_gbp_per_mwh, SMALL_PRICE_GBP_PER_MWH) {
        let most = region.import_price_gbp_per_mwh.max();
        warnings.push(guard.warn(
            "import_price_gbp_per_mwh",
            format!("at most {most} GBP/MWh looks like GBP/kWh; prices are in GBP/MWh"),
        ));
    }
    if small(&region.carbon_g_per_kwh, SMALL_CARBON_G_PER_KWH) {
        let most = region.carbon_g_per_kwh.max();
        warnings.push(
            guard.warn("carbon_g_per_kwh", format!("at most {most} g/kWh looks like kg/kWh; intensities are in g/kWh")),
        );
    }
    Ok(())
}

pub(super) fn battery(document: &ProblemDocument, battery: &Battery) -> Result<()> {
    let guard = Guard::new(format!("battery `{}`", battery.id));
    battery_region(document, &guard, battery)?;
    guard.number("power_capacity_mw", battery.power_capacity_mw, &NOT_NEGATIVE, "MW")?;
    guard.number("energy_capacity_mwh", battery.energy_capacity_mwh, &NOT_NEGATIVE, "MWh")?;
    guard.positive("charge_efficiency", battery.charge_efficiency, 1.0, "MWh/MWh")?;
    guard.positive("discharge_efficiency", battery.discharge_efficiency, 1.0, "MWh/MWh")?;
    guard.number("wear_gbp_per_mwh", battery.wear_gbp_per_mwh, &NOT_NEGATIVE, "GBP/MWh")?;
    let inside = 0.0..=battery.energy_capacity_mwh;
    guard.number("soc_mwh", battery.soc_mwh, &inside, "MWh")?;
    guard.number("soc_min_mwh", battery.soc_min_mwh, &inside, "MWh")?;
    battery.end_soc_min_mwh.map_or(Ok(()), |end| guard.number("end_soc_min_mwh", end, &inside, "MWh"))
}
