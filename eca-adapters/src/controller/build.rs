//! From the configuration to the loop.

use super::config::{AdapterConfig, Config, ConfigError};
use super::sources::signal_source;
use crate::file::FileState;
use eca_core::ProblemDocument;
use eca_core::adapter::memory::{MemorySite, MemoryState};
use eca_core::adapter::{Meter, StateStore, StorageDevice, Workloads};
use eca_core::live::{Live, LiveSettings, Plant};
use eca_core::signal::GapPolicy;
use std::sync::Arc;
use toml::Spanned;

/// Kinds of clusters that this program was built with.
const CLUSTERS: &str = match (cfg!(feature = "kubernetes"), cfg!(feature = "slurm")) {
    (true, true) => "memory, kubernetes, slurm",
    (true, false) => "memory, kubernetes",
    (false, true) => "memory, slurm",
    (false, false) => "memory",
};

/// Kinds of batteries that this program was built with.
const BATTERIES: &str = match (cfg!(feature = "modbus"), cfg!(feature = "mqtt")) {
    (true, true) => "memory, modbus, mqtt",
    (true, false) => "memory, modbus",
    (false, true) => "memory, mqtt",
    (false, false) => "memory",
};

/// Kinds of meters that this program was built with.
const METERS: &str = match (cfg!(feature = "mqtt"), cfg!(feature = "prometheus")) {
    (true, true) => "memory, mqtt, prometheus",
    (true, false) => "memory, mqtt",
    (false, true) => "memory, prometheus",
    (false, false) => "memory",
};

pub(super) type Built<T> = Result<T, ConfigError>;

/// The loop that a configuration describes.
///
/// # Errors
/// What is wrong, with line and key.
pub fn build(config: &Config) -> Built<Live> {
    let site = site(config)?;
    let settings = settings(config)?;
    let memory = memory(config, &site, settings.shadow);
    let mut plant = Plant::new(site.clone());
    for adapter in &config.signals {
        plant = plant.signals(signal_source(config, adapter)?);
    }
    for adapter in &config.clusters {
        plant = plant.cluster(cluster(config, adapter, &memory)?);
    }
    for adapter in &config.batteries {
        let id = config.need(adapter, adapter.id.as_ref(), "id")?;
        let known: Vec<&str> = site.batteries.iter().map(|battery| battery.id.as_str()).collect();
        known_or(config, id, "battery", &known)?;
        plant = plant.battery(id.get_ref().as_str(), battery(config, adapter, id.get_ref(), &memory)?);
    }
    for adapter in &config.meters {
        let region = config.need(adapter, adapter.region.as_ref(), "region")?;
        let known: Vec<&str> = site.regions.iter().map(|region| region.id.as_str()).collect();
        known_or(config, region, "region", &known)?;
        plant = plant.meter(region.get_ref().as_str(), meter(config, adapter, region.get_ref(), &memory)?);
    }
    let store: Arc<dyn StateStore> = match &config.output.state {
        Some(path) => Arc::new(FileState::new(config.resolve(path))),
        None => Arc::new(MemoryState::default()),
    };
    Live::new(plant, settings, store).map_err(|error| config.wrong(&config.site.problem, error.to_string()))
}

fn site(config: &Config) -> Built<ProblemDocument> {
    let given = &config.site.problem;
    let path = config.resolve(given.get_ref());
    let text = std::fs::read_to_string(&path)
        .map_err(|error| config.wrong(given, format!("{} cannot be read: {error}", path.display())))?;
    ProblemDocument::from_json(&text).map_err(|error| config.wrong(given, format!("{}: {error}", path.display())))
}

/// A whole number within limits, or the default.
pub(super) fn whole(
    config: &Config,
    given: Option<&Spanned<i64>>,
    low: i64,
    high: i64,
    default: i64,
    unit: &str,
) -> Built<i64> {
    match given {
        Some(given) if !(low..=high).contains(given.get_ref()) => {
            Err(config.wrong(given, format!("{} {unit} must be {low} to {high}", given.get_ref())))
        }
        Some(given) => Ok(*given.get_ref()),
        None => Ok(default),
    }
}

fn settings(config: &Config) -> Built<LiveSettings> {
    let given = &config.controller;
    let mut settings = LiveSettings::default();
    settings.shadow = match given.mode.as_ref().map(|mode| (mode, mode.get_ref().as_str())) {
        None | Some((_, "shadow")) => true,
        Some((_, "act")) => false,
        Some((mode, other)) => return Err(config.wrong(mode, format!("is `{other}`, must be `shadow` or `act`"))),
    };
    let periods = |n: i64| usize::try_from(n).unwrap_or(usize::MAX);
    settings.view_periods = periods(whole(config, given.view_periods.as_ref(), 1, 10_000, 48, "periods")?);
    let hold = whole(config, given.hold_periods.as_ref(), 0, 10_000, 4, "periods")?;
    settings.gaps = if hold == 0 { GapPolicy::Error } else { GapPolicy::Hold { max_periods: periods(hold) } };
    settings.max_signal_age_min = whole(config, given.max_signal_age_min.as_ref(), 1, 100_000, 180, "min")?;
    settings.max_reading_age_s = whole(config, given.max_reading_age_s.as_ref(), 1, 86_400, 120, "s")?;
    settings.max_actions_per_tick =
        periods(whole(config, given.max_actions_per_tick.as_ref(), 1, 1_000_000, 100, "actions")?);
    if let Some(limit) = &given.time_limit_s {
        settings.controller.solve.time_limit_s = Some(*limit.get_ref());
    }
    if let Some(gap) = &given.gap {
        settings.controller.solve.gap = *gap.get_ref();
    }
    Ok(settings)
}

/// The site in memory, which adapters of the kind `memory` share.
fn memory(config: &Config, site: &ProblemDocument, shadow: bool) -> MemorySite {
    let own = config.clusters.iter().find(|adapter| adapter.kind.get_ref() == "memory");
    let memory = MemorySite::new(site.clone());
    if own.and_then(|adapter| adapter.self_starting).unwrap_or(shadow) { memory.self_starting() } else { memory }
}

fn known_or(config: &Config, name: &Spanned<String>, kind: &str, known: &[&str]) -> Built<()> {
    if known.contains(&name.get_ref().as_str()) {
        return Ok(());
    }
    let known = known.join(", ");
    Err(config.wrong(name, format!("the site has no {kind} `{}`; known: {known}", name.get_ref())))
}

/// A kind that this program was not built with, or that does not exist.
pub(super) fn no_such_kind(config: &Config, adapter: &AdapterConfig, known: &str) -> ConfigError {
    let kind = adapter.kind.get_ref();
    config.wrong(&adapter.kind, format!("is `{kind}`; this program was built with: {known}"))
}

fn cluster(config: &Config, adapter: &AdapterConfig, memory: &MemorySite) -> Built<Arc<dyn Workloads>> {
    match adapter.kind.get_ref().as_str() {
        "memory" => Ok(Arc::new(memory.cluster())),
        #[cfg(feature = "kubernetes")]
        "kubernetes" => {
            let region = config.need(adapter, adapter.region.as_ref(), "region")?;
            let mut settings = crate::kubernetes::Settings::default().kueue(adapter.kueue.unwrap_or(false));
            if let Some(path) = &adapter.path {
                settings = settings.kubeconfig(config.resolve(path.get_ref()));
            }
            if let Some(context) = &adapter.context {
                settings = settings.context(context);
            }
            if let Some(namespace) = &adapter.namespace {
                settings = settings.namespace(namespace);
            }
            Ok(Arc::new(crate::kubernetes::Kubernetes::new(region.get_ref().as_str(), settings)))
        }
        #[cfg(feature = "slurm")]
        "slurm" => {
            let region = config.need(adapter, adapter.region.as_ref(), "region")?;
            let programs = adapter.path.as_ref().map(|path| config.resolve(path.get_ref()));
            Ok(Arc::new(crate::slurm::Slurm::new(region.get_ref().as_str(), programs)))
        }
        _ => Err(no_such_kind(config, adapter, CLUSTERS)),
    }
}

fn battery(config: &Config, adapter: &AdapterConfig, id: &str, memory: &MemorySite) -> Built<Arc<dyn StorageDevice>> {
    match adapter.kind.get_ref().as_str() {
        "memory" => {
            let device = memory.battery(id).map_err(|error| config.wrong(&adapter.kind, error.to_string()))?;
            Ok(Arc::new(device))
        }
        #[cfg(feature = "modbus")]
        "modbus" => {
            let address = config.need(adapter, adapter.address.as_ref(), "address")?;
            let parsed = address.get_ref().parse();
            let parsed = parsed.map_err(|_| config.wrong(address, "is no address and port such as 10.0.0.7:502"))?;
            let unit = whole(config, adapter.unit.as_ref(), 0, 255, 1, "")?;
            let revert_s = whole(config, adapter.revert_s.as_ref(), 1, 3600, 180, "s")?;
            let settings = crate::modbus::Settings::default()
                .unit(u8::try_from(unit).unwrap_or(1))
                .revert_s(u32::try_from(revert_s).unwrap_or(180));
            Ok(Arc::new(crate::modbus::ModbusBattery::new(id, parsed, settings)))
        }
        #[cfg(feature = "mqtt")]
        "mqtt" => Ok(Arc::new(super::brokers::battery(config, adapter, id)?)),
        _ => Err(no_such_kind(config, adapter, BATTERIES)),
    }
}

fn meter(config: &Config, adapter: &AdapterConfig, region: &str, memory: &MemorySite) -> Built<Arc<dyn Meter>> {
    match adapter.kind.get_ref().as_str() {
        "memory" => {
            let meter = memory.meter(region).map_err(|error| config.wrong(&adapter.kind, error.to_string()))?;
            Ok(Arc::new(meter))
        }
        #[cfg(feature = "mqtt")]
        "mqtt" => Ok(Arc::new(super::brokers::meter(config, adapter, region)?)),
        #[cfg(feature = "prometheus")]
        "prometheus" => {
            use crate::prometheus::{PrometheusMeter, Settings};
            let url = config.need(adapter, adapter.base_url.as_ref(), "base_url")?;
            let query = config.need(adapter, adapter.query.as_ref(), "query")?;
            let mut settings = Settings::new(query.get_ref());
            settings.sampled_at.clone_from(&adapter.sampled_at);
            let meter = PrometheusMeter::new(url.get_ref(), settings);
            Ok(Arc::new(meter.map_err(|error| config.wrong(query, error.to_string()))?))
        }
        _ => Err(no_such_kind(config, adapter, METERS)),
    }
}
