//! An adapter of one's own: a battery behind whatever you have, and the conformance functions that judge it.
//!
//!     cargo run -p eca-examples --example own_battery

use eca_core::Battery;
use eca_core::action::{Action, Command, Inbox, Target, Verdict};
use eca_core::adapter::conformance::{FakeTime, storage_device};
use eca_core::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, ReadingOptions, StorageDevice, StorageReading,
};
use eca_core::{Timestamp, unit};
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// What your device does. Here it is a model of one; yours is behind a cable.
#[derive(Debug)]
struct Device {
    now: Timestamp,
    soc_mwh: f64,
    net_mw: f64,
    until: Timestamp,
}

impl Device {
    /// The device lives on until `now`. Its set point ends by itself: a controller may be gone.
    fn live_until(&mut self, now: Timestamp) {
        let on = self.until.min(now).seconds_since(self.now).max(0);
        self.soc_mwh += self.net_mw * unit::s_to_h(f64::from(i32::try_from(on).unwrap_or(i32::MAX)));
        self.now = self.now.max(now);
        if self.until <= now {
            self.net_mw = 0.0;
        }
    }
}

/// The adapter: a device, and which commands it has carried out.
#[derive(Debug)]
struct MyBattery {
    power_capacity_mw: f64,
    state: Mutex<(Device, Inbox)>,
}

impl fmt::Display for MyBattery {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("my battery")
    }
}

impl StorageDevice for MyBattery {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.live_until(options.now);
        let mut reading = StorageReading::new(state.0.now, state.0.soc_mwh);
        reading.charge_mw = state.0.net_mw.max(0.0);
        reading.discharge_mw = (-state.0.net_mw).max(0.0);
        Ok(reading)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        let refused = |message: String| AdapterError::Refused {
            adapter: self.to_string(),
            object: "the command".into(),
            message,
        };
        let net_mw = match (&action.target, &action.command) {
            (Target::Battery { id }, Command::Charge { power_mw }) if id.as_str() == "mine" => *power_mw,
            (Target::Battery { id }, Command::Discharge { power_mw }) if id.as_str() == "mine" => -power_mw,
            (Target::Battery { id }, Command::Idle) if id.as_str() == "mine" => 0.0,
            (target, command) => return Err(refused(format!("{command:?} is not for `mine` but {target:?}"))),
        };
        if net_mw.abs() > self.power_capacity_mw {
            return Err(refused(format!("{net_mw} MW is beyond its power of {} MW", self.power_capacity_mw)));
        }
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.0.live_until(options.now);
        // The inbox says whether this command is new, a repetition, early, late or overtaken.
        let verdict = state.1.accept(action, options.now);
        if verdict == Verdict::Apply {
            (state.0.net_mw, state.0.until) = (net_mw, action.expires);
        }
        Ok(verdict.into())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let now: Timestamp = "2026-03-02T00:00:00Z".parse()?;
    let device = Device { now, soc_mwh: 2.0, net_mw: 0.0, until: now };
    let mine = MyBattery { power_capacity_mw: 2.0, state: Mutex::new((device, Inbox::new())) };
    let like = Battery::new("mine", "london", 2.0, 4.0);
    let findings = storage_device(&mine, &like, &FakeTime::new(now));
    for finding in &findings {
        println!("{}: {}", finding.rule, finding.seen);
    }
    println!("{} findings", findings.len());
    Ok(())
}
