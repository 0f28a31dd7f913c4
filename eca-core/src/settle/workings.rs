//! The workings of a record: with them every figure of it can be computed again from the record alone, without a file.

use super::event::Event;
use super::evidence::{EventEvidence, PeriodBehind};
use super::record::{CarbonTotals, ReboundRecord};
use super::recorded::Settled;
use super::{Micro, PayPoint, Sci};
use crate::flex::baseline::{DayVolumes, NominatedPeriod};
use crate::{Result, SettlementPeriod};
use serde::{Deserialize, Serialize};

/// What the figures of a period of the rebound rest on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReboundEvidence {
    /// The period.
    #[serde(flatten)]
    pub period: SettlementPeriod,
    /// Metered, Wh; zero where the metering is missing.
    pub import_wh: i64,
    /// Metered, Wh; zero where the metering is missing.
    pub export_wh: i64,
    /// Length of the longest reading in it, s; none where there is none.
    pub metering_interval_s: Option<i64>,
    /// Price of import, µGBP/MWh.
    pub import_price_ugbp_per_mwh: Option<i64>,
    /// Network charge of import, µGBP/MWh.
    pub network_charge_ugbp_per_mwh: Option<i64>,
    /// Average intensity, µg/kWh.
    pub carbon_ug_per_kwh: Option<i64>,
    /// Marginal intensity, µg/kWh.
    pub marginal_carbon_ug_per_kwh: Option<i64>,
    /// Average intensity as it was forecast, µg/kWh.
    pub forecast_carbon_ug_per_kwh: Option<i64>,
    /// In store at the start, Wh.
    pub soc_before_wh: Option<i64>,
    /// In store at the end, Wh.
    pub soc_after_wh: Option<i64>,
    /// Given by storage, Wh.
    pub discharge_wh: Option<i64>,
    /// Energy of the computers, Wh.
    pub it_wh: Option<i64>,
    /// Energy of the whole facility, Wh.
    pub facility_wh: Option<i64>,
}

/// What every figure is computed from, beside what stands with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Workings {
    /// Volumes of the days behind the baseline.
    pub baseline_days: Vec<DayVolumes>,
    /// Metered in the adjustment window, import minus export, Wh by its periods.
    pub window_wh: Vec<i64>,
    /// Nominations of a nominated baseline, as told; the last one in time counts.
    pub nominated: Vec<NominatedPeriod>,
    /// Periods of the rebound.
    pub rebound: Vec<ReboundEvidence>,
    /// Part of the trading party's income that goes to the site, millionths.
    pub site_frac_micro: i64,
    /// Part of the site's income that goes to the Social Tariff Fund, millionths.
    pub social_tariff_frac_micro: i64,
    /// Part of the final demand that the site's supplier has, millionths.
    pub supplier_final_demand_frac_micro: Option<i64>,
    /// Corners of the pay factor of a distribution product.
    pub pay_factor: Vec<PayPoint>,
    /// Inferences that the baseline stands for, in event and rebound.
    pub inferences_before: Option<i64>,
    /// Inferences served in them.
    pub inferences_after: Option<i64>,
    /// Location-based carbon of event and rebound with embodied carbon, for each inference served; none where one of them is not
    /// known. `CarbonEvidence::sci_boundary` says what it includes.
    pub sci: Option<Sci>,
}

impl Settled<'_> {
    pub(super) fn workings(&self, told: &EventEvidence) -> Result<Workings> {
        let event = self.event;
        Ok(Workings {
            baseline_days: self.baseline.day_volumes(self.volumes)?,
            window_wh: self.baseline.window_wh(self.volumes),
            nominated: event.baseline.nominated.clone(),
            rebound: self.rebound.iter().map(|each| self.behind_rebound(told, each)).collect(),
            site_frac_micro: event.sharing.site_frac.unwrap_or(Micro::ONE).millionths(),
            social_tariff_frac_micro: event.sharing.social_tariff_frac.unwrap_or_default().millionths(),
            supplier_final_demand_frac_micro: event.terms.supplier_final_demand_frac.map(Micro::millionths),
            pay_factor: event.terms.pay_factor.clone(),
            inferences_before: event.operations.inferences_before,
            inferences_after: event.operations.inferences_after,
            sci: sci(event, told, self.carbon),
        })
    }

    fn behind_rebound(&self, told: &EventEvidence, each: &ReboundRecord) -> ReboundEvidence {
        let period = each.period;
        let (row, metered) = (self.prices.get(period), self.volumes.complete(period));
        let behind = told.behind(period);
        let wh = |of: fn(&PeriodBehind) -> Option<Micro>| behind.and_then(of).map(Micro::millionths);
        ReboundEvidence {
            period,
            import_wh: metered.map_or(0, |volume| volume.import_wh),
            export_wh: metered.map_or(0, |volume| volume.export_wh),
            metering_interval_s: self.volumes.interval_s(period),
            import_price_ugbp_per_mwh: row.import_price_gbp_per_mwh.map(Micro::millionths),
            network_charge_ugbp_per_mwh: row.network_charge_gbp_per_mwh.map(Micro::millionths),
            carbon_ug_per_kwh: row.carbon_g_per_kwh.map(Micro::millionths),
            marginal_carbon_ug_per_kwh: row.marginal_carbon_g_per_kwh.map(Micro::millionths),
            forecast_carbon_ug_per_kwh: wh(|behind| behind.forecast_carbon_g_per_kwh),
            soc_before_wh: wh(|behind| behind.soc_before_mwh),
            soc_after_wh: wh(|behind| behind.soc_after_mwh),
            discharge_wh: wh(|behind| behind.discharge_mwh),
            it_wh: wh(|behind| behind.it_mwh),
            facility_wh: wh(|behind| behind.facility_mwh),
        }
    }
}

/// The score of the event: what was emitted in event and rebound, for each inference served in them.
fn sci(event: &Event, told: &EventEvidence, carbon: &CarbonTotals) -> Option<Sci> {
    let inferences = event.operations.inferences_after.filter(|count| *count > 0)?;
    let embodied_mg = told.carbon.embodied_kg?.millionths();
    Some(Sci { operational_mg: carbon.location_based_mg?, embodied_mg, inferences })
}
