//! What a forecast is worth: between knowing nothing but yesterday and knowing everything.

use super::{Realised, Simulation, simulate};
use crate::problem::{ProblemDocument, Series};
use crate::{Result, Timestamp};
use serde::{Deserialize, Serialize};

/// Minutes of a day.
const DAY_MIN: i64 = 1440;

/// The same world planned with three forecasts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ForecastValue {
    /// With the forecast in question.
    pub forecast: Realised,
    /// With a perfect one.
    pub perfect: Realised,
    /// With yesterday's values.
    pub yesterday: Realised,
}

impl ForecastValue {
    /// What the forecast saved against yesterday's values, GBP; negative where it misled.
    #[must_use]
    pub fn saved_gbp(&self) -> f64 {
        self.yesterday.entry.cost_gbp - self.forecast.entry.cost_gbp
    }

    /// The part of what a perfect forecast would have saved against yesterday's values; none where that is nothing.
    #[must_use]
    pub fn captured_frac(&self) -> Option<f64> {
        let all = self.yesterday.entry.cost_gbp - self.perfect.entry.cost_gbp;
        (all > 0.0).then(|| self.saved_gbp() / all)
    }
}

/// Walks through the world three times: with the forecast, with a perfect one, and with yesterday's values.
///
/// # Errors
/// As [`simulate`].
pub fn forecast_value(
    world: &ProblemDocument,
    simulation: &Simulation,
    forecast: &mut dyn FnMut(Timestamp, &mut ProblemDocument),
) -> Result<ForecastValue> {
    Ok(ForecastValue {
        forecast: simulate(world, simulation, forecast)?,
        perfect: simulate(world, simulation, &mut perfect)?,
        yesterday: simulate(world, simulation, &mut yesterday(world))?,
    })
}

/// The perfect forecast: what a plan sees is what will happen.
pub fn perfect(_now: Timestamp, _part: &mut ProblemDocument) {}

/// Yesterday's values: prices, carbon and demand are expected to be those of the same time of the last day that is over,
/// the period that is beginning not yet being known. On the first day the first value of the series holds.
pub fn yesterday(world: &ProblemDocument) -> impl FnMut(Timestamp, &mut ProblemDocument) {
    let world = world.clone();
    move |now, part| {
        let known = usize::try_from(now.minutes_since(world.horizon.start) / i64::from(world.horizon.step_min));
        let (known, periods) = (known.unwrap_or(0), part.horizon.periods);
        let day = usize::try_from(DAY_MIN / i64::from(world.horizon.step_min)).unwrap_or(1);
        // The newest period before `known` at the same time of day.
        let before = |i: usize| (known + i).saturating_sub(day * (i / day + 1));
        let old = |series: &Series| match series {
            Series::Constant(value) => Series::Constant(*value),
            Series::Values(_) => Series::Values((0..periods).map(|i| series.at(before(i))).collect()),
        };
        for (region, actual) in part.regions.iter_mut().zip(&world.regions) {
            region.import_price_gbp_per_mwh = old(&actual.import_price_gbp_per_mwh);
            region.export_price_gbp_per_mwh = old(&actual.export_price_gbp_per_mwh);
            region.carbon_g_per_kwh = old(&actual.carbon_g_per_kwh);
        }
        for (service, actual) in part.services.iter_mut().zip(&world.services) {
            service.demand_inferences = old(&actual.demand_inferences);
        }
    }
}
