//! Devices behind an MQTT broker, from their configuration.

use super::build::Built;
use super::config::{AdapterConfig, Config};
use crate::mqtt::{Broker, BrokerSettings, MqttBattery, MqttMeter};

/// The battery `id` behind a broker.
pub(super) fn battery(config: &Config, adapter: &AdapterConfig, id: &str) -> Built<MqttBattery> {
    let prefix = config.need(adapter, adapter.topic.as_ref(), "topic")?.get_ref();
    let settings = settings(config, adapter, "battery", id)?.controller_of(prefix);
    Ok(MqttBattery::new(id, prefix, Box::new(connect(config, adapter, &settings, MqttBattery::listens_to(prefix))?)))
}

/// The meter of `region` behind a broker.
pub(super) fn meter(config: &Config, adapter: &AdapterConfig, region: &str) -> Built<MqttMeter> {
    let prefix = config.need(adapter, adapter.topic.as_ref(), "topic")?.get_ref();
    let settings = settings(config, adapter, "meter", region)?;
    Ok(MqttMeter::new(prefix, Box::new(connect(config, adapter, &settings, MqttMeter::listens_to(prefix))?)))
}

fn connect(config: &Config, adapter: &AdapterConfig, settings: &BrokerSettings, topics: Vec<String>) -> Built<Broker> {
    Broker::connect(settings, topics).map_err(|error| config.wrong(&adapter.kind, error))
}

fn settings(config: &Config, adapter: &AdapterConfig, kind: &str, name: &str) -> Built<BrokerSettings> {
    let address = config.need(adapter, adapter.address.as_ref(), "address")?;
    let parts = address.get_ref().rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parts.ok_or_else(|| config.wrong(address, "is no host and port such as broker.example:8883"))?;
    let mut settings = BrokerSettings::new(format!("eca-{kind}-{name}"), host, port);
    if let Some(user) = &adapter.user {
        let file = config.need(adapter, adapter.password_file.as_ref(), "password_file")?;
        let path = config.resolve(file.get_ref());
        let password = std::fs::read_to_string(&path)
            .map_err(|error| config.wrong(file, format!("{} cannot be read: {error}", path.display())))?;
        settings = settings.login(user.get_ref(), password.trim_end_matches(['\r', '\n']));
    }
    encrypted(config, adapter, settings)
}

fn encrypted(config: &Config, adapter: &AdapterConfig, settings: BrokerSettings) -> Built<BrokerSettings> {
    match (&adapter.ca, &adapter.certificate, &adapter.key) {
        (None, None, None) => Ok(settings),
        (Some(ca), None, None) => Ok(settings.tls(config.resolve(ca))),
        (Some(ca), Some(certificate), Some(key)) => {
            let [certificate, key] = [certificate, key].map(|file| config.resolve(file.get_ref()));
            Ok(settings.mutual_tls(config.resolve(ca), certificate, key))
        }
        (_, Some(given), _) | (_, None, Some(given)) => {
            Err(config
                .wrong(given, "needs all of `ca`, `certificate` and `key`: this client shows the broker who it is"))
        }
    }
}
