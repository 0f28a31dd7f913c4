//! The controller's side of a meter.

use super::message::{OFFLINE, start};
use super::{Event, Topics, Transport, listen};
use eca_core::adapter::{AdapterError, AdapterResult, Meter, MeterReading, ReadingOptions, check_age};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// A meter whose readings are published.
#[derive(Debug)]
pub struct MqttMeter {
    topics: Topics,
    transport: Box<dyn Transport>,
    patience: Duration,
    /// The last reading, or what came in its place.
    last: Mutex<Option<Result<MeterReading, String>>>,
}

impl MqttMeter {
    /// The meter of the device whose topics begin with `prefix`.
    #[must_use]
    pub fn new(prefix: &str, transport: Box<dyn Transport>) -> Self {
        Self { topics: Topics::new(prefix), transport, patience: Duration::from_secs(5), last: Mutex::default() }
    }

    /// Sets how long a first reading is waited for; 5 s by default.
    #[must_use]
    pub fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The topics below `prefix` that its transport must listen to.
    #[must_use]
    pub fn listens_to(prefix: &str) -> Vec<String> {
        let topics = Topics::new(prefix);
        ["meter", "device"].map(|name| topics.of(name)).to_vec()
    }

    fn take(&self, last: &mut Option<Result<MeterReading, String>>, event: Event) {
        let Event::Message { topic, payload, .. } = event else { return };
        match self.topics.name(&topic) {
            Some("meter") => match serde_json::from_str::<MeterReading>(&payload) {
                Ok(reading) => {
                    let older = |known: &Result<MeterReading, String>| known.as_ref().is_ok_and(|k| k.at > reading.at);
                    if !last.as_ref().is_some_and(older) {
                        *last = Some(Ok(reading));
                    }
                }
                Err(error) => *last = Some(Err(format!("{error}: {}", start(&payload)))),
            },
            Some("device") if payload == OFFLINE => *last = None,
            _ => {}
        }
    }
}

impl fmt::Display for MqttMeter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "meter at mqtt {}", self.topics.0)
    }
}

impl Meter for MqttMeter {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        listen(&*self.transport, self.patience, &mut *last, |last, event| self.take(last, event), Option::is_some);
        let bad = |value: String| AdapterError::BadReading {
            adapter: self.to_string(),
            object: "its reading".into(),
            value,
            limit: "which is no reading of a meter with power of at least 0".into(),
        };
        match &*last {
            None => Err(AdapterError::Unreachable {
                adapter: self.to_string(),
                message: format!("no reading came within {} s", self.patience.as_secs_f64()),
            }),
            Some(Err(garbled)) => Err(bad(garbled.clone())),
            Some(Ok(reading)) => {
                check_age(self, "its reading", reading.at, options)?;
                let sound = [reading.import_mw, reading.export_mw].iter().all(|mw| mw.is_finite() && *mw >= 0.0);
                if sound { Ok(reading.clone()) } else { Err(bad(format!("{reading:?}"))) }
            }
        }
    }
}
