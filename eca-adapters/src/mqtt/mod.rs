//! Batteries and meters over MQTT.
//!
//! | topic below a prefix | from | what, as JSON |
//! |---|---|---|
//! | `command` | controller | `{"seq": 7, "action": {...}}`, an [`eca_core::action::Action`] |
//! | `controller` | controller | `"online"`; its last will is `"offline"` |
//! | `answer` | device | `{"seq": 7, "answer": "done"}` or `{"seq": 7, "refused": "why"}` |
//! | `state` | device | [`eca_core::adapter::StorageReading`] |
//! | `meter` | device | [`eca_core::adapter::MeterReading`] |
//! | `device` | device | `"online"`; its last will is `"offline"` |
//!
//! Everything goes with QoS 1, which delivers at least once, in an order that no reconnect keeps: each command is known by
//! its key, is over at its expiry, and does not overtake a later one. Nothing is retained, and a command that arrives
//! retained is dropped: it would be carried out again by whoever comes next.
//!
//! [`MqttBattery`] and [`MqttMeter`] are the controller's side. [`Endpoint`] is the device's: it puts any
//! [`StorageDevice`](eca_core::adapter::StorageDevice) behind a broker, keeps what it has carried out over a restart, and
//! lets the device rest when the controller's last will arrives. Both talk through a [`Transport`]; [`Broker`] is the one
//! over the network.

mod battery;
mod broker;
mod endpoint;
mod message;
mod meter;

pub use battery::MqttBattery;
pub use broker::{Broker, BrokerSettings, Tls};
pub use endpoint::Endpoint;
pub use meter::MqttMeter;

use std::fmt::Debug;
use std::time::{Duration, Instant};

/// Carries messages, at least once each, in any order. Unstable.
pub trait Transport: Debug + Send + Sync {
    /// Hands a message over, for delivery at least once; it is not retained.
    ///
    /// # Errors
    /// Where it cannot be taken; in words.
    fn publish(&self, topic: &str, payload: &str) -> Result<(), String>;

    /// The next thing that happens; none where nothing does within `wait`.
    fn next(&self, wait: Duration) -> Option<Event>;
}

/// What a transport tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// A message of a topic that is listened to.
    Message {
        /// Where it was published.
        topic: String,
        /// What it says.
        payload: String,
        /// Whether the broker kept it from before.
        retained: bool,
    },
    /// The connection stands.
    Connected,
    /// The connection is lost, and is being built anew.
    Lost(String),
}

impl Event {
    /// A message, for those who write a transport.
    #[must_use]
    pub fn message(topic: impl Into<String>, payload: impl Into<String>, retained: bool) -> Self {
        Self::Message { topic: topic.into(), payload: payload.into(), retained }
    }
}

/// Takes in what has arrived, and goes on for `patience` or until it is `enough`.
fn listen<S>(
    transport: &dyn Transport,
    patience: Duration,
    state: &mut S,
    take: impl Fn(&mut S, Event),
    enough: impl Fn(&S) -> bool,
) {
    while let Some(event) = transport.next(Duration::ZERO) {
        take(state, event);
    }
    let begun = Instant::now();
    while !enough(state) {
        let Some(event) = transport.next(patience.saturating_sub(begun.elapsed())) else { return };
        take(state, event);
    }
}

/// The topics below a prefix.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Topics(String);

impl Topics {
    fn new(prefix: &str) -> Self {
        Self(prefix.trim_end_matches('/').to_owned())
    }

    fn of(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }

    /// The part of a topic behind the prefix.
    fn name<'a>(&self, topic: &'a str) -> Option<&'a str> {
        topic.strip_prefix(&self.0)?.strip_prefix('/')
    }
}
