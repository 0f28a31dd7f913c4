//! From the site on paper, signals and readings to the document that is planned.

use super::{LiveSettings, Plant};
use crate::problem::{ProblemDocument, Region, Series};
use crate::signal::{Column, Duplicates, Point, Signals};
use crate::{Horizon, Timestamp};

/// The site over `horizon`, without jobs: series of the document that have a value for each period are those of the same
/// instants, the first or last one outside.
pub(super) fn window(site: &ProblemDocument, horizon: Horizon) -> ProblemDocument {
    let mut part = site.clone();
    part.horizon = horizon;
    part.jobs.clear();
    let step_min = i64::from(horizon.step_min);
    let offset = horizon.start.minutes_since(site.horizon.start).div_euclid(step_min);
    for series in part.regions.iter_mut().flat_map(all) {
        shift(series, offset, horizon.periods);
    }
    for service in &mut part.services {
        shift(&mut service.demand_inferences, offset, horizon.periods);
    }
    part
}

fn shift(series: &mut Series, offset: i64, periods: usize) {
    if let Series::Values(values) = series {
        let last = values.len().saturating_sub(1);
        let index = |t: i64| usize::try_from(offset + t).unwrap_or(0).min(last);
        *values = (0..).take(periods).map(|t| values.get(index(t)).copied().unwrap_or(0.0)).collect();
    }
}

fn all(region: &mut Region) -> Vec<&mut Series> {
    let mut all = vec![
        &mut region.it_capacity_mw,
        &mut region.overhead_mw,
        &mut region.pue_slope,
        &mut region.import_limit_mw,
        &mut region.nonfirm_import_mw,
        &mut region.export_limit_mw,
        &mut region.import_price_gbp_per_mwh,
        &mut region.export_price_gbp_per_mwh,
        &mut region.network_charge_gbp_per_mwh,
        &mut region.congestion_gbp_per_mwh,
        &mut region.carbon_g_per_kwh,
        &mut region.solar_mw,
    ];
    let optional =
        [&mut region.congestion_limit_mw, &mut region.marginal_carbon_g_per_kwh, &mut region.renewable_share_frac];
    all.extend(optional.into_iter().flatten());
    all
}

/// Where a column of signals goes; none for those that planning does not read.
fn slot(region: &mut Region, column: Column) -> Option<&mut Series> {
    match column {
        Column::ImportPriceGbpPerMwh => Some(&mut region.import_price_gbp_per_mwh),
        Column::ExportPriceGbpPerMwh => Some(&mut region.export_price_gbp_per_mwh),
        Column::NetworkChargeGbpPerMwh => Some(&mut region.network_charge_gbp_per_mwh),
        Column::CongestionGbpPerMwh => Some(&mut region.congestion_gbp_per_mwh),
        Column::CongestionLimitMw => Some(region.congestion_limit_mw.get_or_insert_default()),
        Column::CarbonGPerKwh => Some(&mut region.carbon_g_per_kwh),
        Column::MarginalCarbonGPerKwh => Some(region.marginal_carbon_g_per_kwh.get_or_insert_default()),
        Column::SolarMw => Some(&mut region.solar_mw),
        Column::RenewableShareFrac => Some(region.renewable_share_frac.get_or_insert_default()),
        _ => None,
    }
}

/// Asks every source for the span; the first answer for a region and column counts. Values that cannot be true are gaps.
/// What does not answer is said in `problems`.
pub(super) fn fetch(
    plant: &Plant,
    settings: &LiveSettings,
    options: &crate::adapter::FetchOptions,
    problems: &mut Vec<String>,
) -> Signals {
    let mut signals = Signals::new();
    for source in &plant.signals {
        match source.fetch(options) {
            Ok(answer) => take(&mut signals, &answer, settings, options.now, problems),
            Err(error) => problems.push(error.to_string()),
        }
    }
    signals
}

fn take(into: &mut Signals, from: &Signals, settings: &LiveSettings, now: Timestamp, problems: &mut Vec<String>) {
    for (region, column, signal) in from.iter() {
        if into.get(region, column).is_ok() {
            continue;
        }
        if let Err(error) = signal.provenance().check_age(now, settings.max_signal_age_min) {
            problems.push(format!("{column} of `{region}`: {error}"));
            continue;
        }
        let (low, high) = match column {
            Column::CarbonGPerKwh | Column::MarginalCarbonGPerKwh => (0.0, settings.carbon_limit_g_per_kwh),
            Column::CongestionLimitMw | Column::SolarMw | Column::RenewableShareFrac => column.limits(),
            _ => settings.price_limits_gbp_per_mwh,
        };
        let mut wrong = 0;
        let believed = |point: &Point| {
            let good = point.value.is_none_or(|value| (low..=high).contains(&value));
            wrong += usize::from(!good);
            Point { value: point.value.filter(|_| good), ..*point }
        };
        let points: Vec<Point> = signal.points().iter().map(believed).collect();
        if wrong > 0 {
            problems.push(format!(
                "{column} of `{region}` has {wrong} values outside {low} to {high} {}; they are taken as gaps",
                column.unit()
            ));
        }
        if let Err(error) = into.insert(region, column, points, signal.provenance().clone(), Duplicates::KeepLast) {
            problems.push(error.to_string());
        }
    }
}

/// Puts signals into the document. Region `gb` of the signals holds for every region that has no own.
///
/// A price or carbon that is missing and may not be filled makes the whole document unplannable (it becomes no number):
/// a plan on invented numbers should be somebody's decision.
pub(super) fn put(
    document: &mut ProblemDocument,
    signals: &Signals,
    settings: &LiveSettings,
    problems: &mut Vec<String>,
) {
    let horizon = document.horizon;
    for region in &mut document.regions {
        for column in Column::ALL {
            let own = region.id.as_str().to_owned();
            let Some(name) = [own.as_str(), "gb"].into_iter().find(|name| signals.get(name, column).is_ok()) else {
                continue;
            };
            let Some(slot) = slot(region, column) else { continue };
            match signals.align(name, column, &horizon, settings.gaps) {
                Ok(aligned) => *slot = Series::Values(aligned.values),
                Err(error) => {
                    problems.push(error.to_string());
                    *slot = Series::Constant(f64::NAN);
                }
            }
        }
    }
}

/// How many of `periods` from `start` on every price and carbon is known for, gaps filled as the settings say. Day-ahead
/// prices end some time tomorrow: a plan looks no further than that.
pub(super) fn reach(site: &ProblemDocument, signals: &Signals, horizon: Horizon, settings: &LiveSettings) -> usize {
    let mut known = horizon.periods;
    for region in &site.regions {
        for column in [Column::ImportPriceGbpPerMwh, Column::CarbonGPerKwh] {
            let name = [region.id.as_str(), "gb"].into_iter().find(|name| signals.get(name, column).is_ok());
            let Some(name) = name else { continue };
            let fits = |periods: &usize| {
                signals.align(name, column, &Horizon { periods: *periods, ..horizon }, settings.gaps).is_ok()
            };
            known = (1..=known).rev().find(fits).unwrap_or(1);
        }
    }
    known
}

/// Columns that the document needs and no signal gives, where the document has only zeros.
pub(super) fn missing(document: &ProblemDocument, signals: &Signals) -> Vec<String> {
    let has = |region: &Region, column| [region.id.as_str(), "gb"].iter().any(|name| signals.get(name, column).is_ok());
    let mut missing = Vec::new();
    for region in &document.regions {
        if region.import_price_gbp_per_mwh.is_zero() && !has(region, Column::ImportPriceGbpPerMwh) {
            missing.push(format!("no price of imports is known for `{}`", region.id));
        }
        if region.carbon_g_per_kwh.is_zero() && !has(region, Column::CarbonGPerKwh) {
            missing.push(format!("no carbon intensity is known for `{}`", region.id));
        }
    }
    missing
}
