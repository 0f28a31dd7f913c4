//! What is there without the controller: the hall with its jobs, the battery's program, and the settlement meter at the
//! connection, which counts both and publishes what it shows.

use crate::battery::Battery;
use crate::mosquitto::Mosquitto;
use crate::site;
use eca_adapters::mqtt::{Broker, MqttMeter, Transport};
use eca_core::Timestamp;
use eca_core::adapter::memory::{MemoryCluster, MemorySite};
use eca_core::adapter::{Meter, MeterReading, ReadingOptions};
use eca_examples::deg::{Outcome, site as hall};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Topics of the meter.
const PREFIX: &str = "site/hall";

/// Everything outside of the controller, but the grid's agent.
#[derive(Debug)]
pub struct Outside {
    hall: MemorySite,
    battery: Battery,
    /// The broker must live as long as the rest.
    _mosquitto: Mosquitto,
    wire: Broker,
    now: Timestamp,
    /// What hall and battery had counted, Wh: in and out.
    counted: (f64, f64),
    /// Registers of the connection, Wh.
    import_wh: f64,
    export_wh: f64,
    /// The controller's side of the meter.
    pub meter: Arc<MqttMeter>,
}

impl Outside {
    /// Starts battery and broker, and connects the meter to it.
    pub fn start(folder: &Path, python: &str) -> Outcome<Self> {
        let mosquitto = Mosquitto::start(&folder.join("broker"))?;
        let battery = Battery::start(python)?;
        let mut document = site::document()?;
        document.batteries.clear();
        let wire = Broker::connect(&mosquitto.settings("meter").device_of(PREFIX), Vec::new())?;
        let ear = Broker::connect(&mosquitto.settings("controller"), MqttMeter::listens_to(PREFIX))?;
        let meter = Arc::new(MqttMeter::new(PREFIX, Box::new(ear)).patience(Duration::from_millis(200)));
        Ok(Self {
            hall: MemorySite::new(document),
            battery,
            _mosquitto: mosquitto,
            wire,
            now: hall::start(0)?,
            counted: (0.0, 0.0),
            import_wh: 0.0,
            export_wh: 0.0,
            meter,
        })
    }

    /// The jobs of the hall.
    pub fn cluster(&self) -> MemoryCluster {
        self.hall.cluster()
    }

    /// Where the battery answers Modbus.
    pub fn battery(&self) -> std::net::SocketAddr {
        self.battery.address
    }

    /// What broke a limit of the hall.
    pub fn breaches(&self) -> Vec<String> {
        self.hall.breaches()
    }

    /// Jobs that are not done.
    pub fn unfinished(&self) -> Vec<String> {
        let jobs = self.hall.finished().into_iter();
        jobs.filter(|(_, at)| at.is_none()).map(|(id, _)| id.to_string()).collect()
    }

    /// Lets time pass until `now`, and publishes what the meter then shows. Comes back when the controller can read it.
    pub fn advance(&mut self, now: Timestamp) -> Outcome<MeterReading> {
        let (discharge_mw, charged_wh, discharged_wh) = self.battery.advance(now.seconds_since(self.now))?;
        self.now = now;
        let options = ReadingOptions::new(now).max_age_s(0);
        let hall = self.hall.meter(site::REGION)?.read(&options)?;
        // Registers are far below 2^53 Wh.
        let counted = (hall.import_wh as f64 + charged_wh, hall.export_wh as f64 + discharged_wh);
        let net_wh = (counted.0 - self.counted.0) - (counted.1 - self.counted.1);
        self.counted = counted;
        self.import_wh += net_wh.max(0.0);
        self.export_wh += (-net_wh).max(0.0);
        let net_mw = hall.import_mw - hall.export_mw - discharge_mw;
        let (import_wh, export_wh) = (self.import_wh.round() as u64, self.export_wh.round() as u64);
        let reading = MeterReading::new(now, net_mw.max(0.0), (-net_mw).max(0.0), import_wh, export_wh);
        let text = serde_json::to_string(&reading)?;
        let begun = Instant::now();
        // Until the first connection stands nobody hears it: said again, it is the same reading.
        loop {
            self.wire.publish(&format!("{PREFIX}/meter"), &text)?;
            let waited = Instant::now();
            while waited.elapsed() < Duration::from_millis(500) {
                if self.meter.read(&options).is_ok() {
                    return Ok(reading);
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            if begun.elapsed() > Duration::from_secs(20) {
                return Err("what the meter says does not arrive".into());
            }
        }
    }
}
