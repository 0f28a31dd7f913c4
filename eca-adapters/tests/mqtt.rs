//! Batteries and meters over MQTT: conformance, schedules of duplicates, reordering, restarts and reconnects on an injected
//! transport, and the same on a real mosquitto with passwords and with certificates.
//!
//! `ECA_TEST_SCALE=large` runs 10,000 schedules and 200 on the broker. Without mosquitto the tests of the broker are skipped,
//! saying so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "mqtt/broker.rs"]
mod broker;
#[path = "mqtt/conforms.rs"]
mod conforms;
#[path = "mqtt/device.rs"]
mod device;
#[path = "mqtt/logins.rs"]
mod logins;
#[path = "mqtt/messages.rs"]
mod messages;
#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "support/mqtt_net.rs"]
mod net;
#[path = "mqtt/program.rs"]
mod program;
#[path = "mqtt/schedules.rs"]
mod schedules;

use eca_adapters::mqtt::{Endpoint, MqttBattery};
use eca_core::Timestamp;
use eca_core::action::{Action, Command, Target};
use eca_core::adapter::memory::MemoryState;
use net::{Bare, PREFIX, Queues, Side};
use std::sync::{Arc, Mutex};
use std::time::Duration;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn large() -> bool {
    std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large")
}

fn battery(side: Side) -> MqttBattery {
    MqttBattery::new("rack", PREFIX, Box::new(side)).patience(Duration::from_millis(1))
}

fn command(generation: u64, mw: f64, from: Timestamp, until: Timestamp) -> Action {
    let command = match mw {
        mw if mw > 0.0 => Command::Charge { power_mw: mw },
        mw if mw < 0.0 => Command::Discharge { power_mw: -mw },
        _ => Command::Idle,
    };
    Action::new(generation, Target::Battery { id: "rack".into() }, command, from, until)
}

fn mw_of(action: &Action) -> f64 {
    match action.command {
        Command::Charge { power_mw } => power_mw,
        Command::Discharge { power_mw } => -power_mw,
        _ => 0.0,
    }
}

/// The model: every command carried out once, in the order in which they were meant. What the battery does at `now`.
fn in_order_once(issued: &[Action], now: Timestamp) -> f64 {
    let mut ordered: Vec<&Action> = issued.iter().collect();
    ordered.sort_by_key(|action| (action.not_before, action.generation));
    ordered.last().filter(|action| now < action.expires).map_or(0.0, |action| mw_of(action))
}

fn endpoint(bare: &Bare, queues: &Arc<Mutex<Queues>>, store: &Arc<MemoryState>, now: Timestamp) -> Endpoint<Bare> {
    let own = Side { queues: queues.clone(), pump: None };
    Endpoint::new(bare.clone(), PREFIX, Box::new(own), Box::new(store.clone()), now).unwrap()
}
