//! Sources of signals, from their configuration.

use super::build::{Built, no_such_kind};
use super::config::{AdapterConfig, Config};
use crate::file::FileSignals;
use eca_core::adapter::SignalSource;
use eca_core::signal::ReadOptions;
use std::sync::Arc;

/// Kinds of sources that this program was built with.
const SOURCES: &str =
    if cfg!(feature = "signals") { "file, neso, elexon_market_index, elexon_system_prices, octopus" } else { "file" };

pub(super) fn signal_source(config: &Config, adapter: &AdapterConfig) -> Built<Arc<dyn SignalSource>> {
    match adapter.kind.get_ref().as_str() {
        "file" => file(config, adapter),
        #[cfg(feature = "signals")]
        "neso" | "elexon_market_index" | "elexon_system_prices" | "octopus" => http::source(config, adapter),
        _ => Err(no_such_kind(config, adapter, SOURCES)),
    }
}

fn file(config: &Config, adapter: &AdapterConfig) -> Built<Arc<dyn SignalSource>> {
    let path = config.need(adapter, adapter.path.as_ref(), "path")?;
    let mut options = ReadOptions::default();
    if let Some(rate) = &adapter.gbp_per_eur {
        options = options.rate("EUR", *rate.get_ref()).map_err(|error| config.wrong(rate, error.to_string()))?;
    }
    if let Some(region) = &adapter.region {
        options = options.region(region.get_ref());
    }
    for (target, source) in &adapter.map {
        options = options.map(target, source);
    }
    Ok(Arc::new(FileSignals::new(config.resolve(path.get_ref()), options)))
}

#[cfg(feature = "signals")]
mod http {
    use super::{AdapterConfig, Arc, Built, Config, SignalSource};
    use crate::controller::build::whole;
    use crate::signals::{Feed, HttpSignals, Settings};
    use eca_core::signal::{CarbonValue, parse::neso::REGIONS};

    pub(super) fn source(config: &Config, adapter: &AdapterConfig) -> Built<Arc<dyn SignalSource>> {
        let region = adapter.region.as_ref().map_or("gb", |region| region.get_ref().as_str());
        let feed = match adapter.kind.get_ref().as_str() {
            "elexon_market_index" => Feed::elexon_market_index(region),
            "elexon_system_prices" => Feed::elexon_system_prices(region),
            "octopus" => {
                let product = config.need(adapter, adapter.product.as_ref(), "product")?;
                let group = config.need(adapter, adapter.gsp_group.as_ref(), "gsp_group")?;
                Feed::octopus_agile(product.get_ref(), group.get_ref(), region)
                    .inc_vat(adapter.inc_vat.unwrap_or(false))
            }
            _ => neso(config, adapter)?.carbon_value(carbon_value(config, adapter)?),
        };
        let mut settings = Settings::default().offline(adapter.offline.unwrap_or(false));
        settings.base_url = adapter.base_url.as_ref().map(|url| url.get_ref().clone());
        if let Some(url) = &adapter.base_url
            && !["http://", "https://"].iter().any(|scheme| url.get_ref().starts_with(scheme))
        {
            return Err(config.wrong(url, "must begin with http:// or https://"));
        }
        settings.cache = adapter.cache.as_ref().map(|folder| config.resolve(folder));
        settings.fresh_s = whole(config, adapter.fresh_s.as_ref(), 0, 86_400, settings.fresh_s, "s")?;
        Ok(Arc::new(HttpSignals::new(feed, settings)))
    }

    /// Great Britain without a region, else the region by its group or its name.
    fn neso(config: &Config, adapter: &AdapterConfig) -> Built<Feed> {
        let Some(region) = &adapter.region else { return Ok(Feed::neso_national()) };
        let name = region.get_ref().as_str();
        let (wanted, found) = match &adapter.gsp_group {
            Some(group) => (group, REGIONS.iter().find(|known| known.gsp_group == group.get_ref())),
            None => (region, REGIONS.iter().find(|known| known.name == name)),
        };
        let found = found.ok_or_else(|| {
            let known: Vec<String> =
                REGIONS.iter().map(|known| format!("{} {}", known.gsp_group, known.name)).collect();
            config.wrong(wanted, format!("is no region of the service; give `gsp_group`, one of {}", known.join(", ")))
        })?;
        Ok(Feed::neso_region(found.id, name))
    }

    fn carbon_value(config: &Config, adapter: &AdapterConfig) -> Built<CarbonValue> {
        match adapter.value.as_ref().map(|value| (value, value.get_ref().as_str())) {
            None | Some((_, "forecast")) => Ok(CarbonValue::Forecast),
            Some((value, _)) if adapter.region.is_some() => {
                Err(config.wrong(value, "regions have forecasts only; leave out `value` or `region`"))
            }
            Some((_, "actual")) => Ok(CarbonValue::Actual),
            Some((_, "actual_else_forecast")) => Ok(CarbonValue::ActualElseForecast),
            Some((value, other)) => {
                Err(config.wrong(value, format!("is `{other}`, must be forecast, actual or actual_else_forecast")))
            }
        }
    }
}
