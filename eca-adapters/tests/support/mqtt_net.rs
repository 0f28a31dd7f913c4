//! A network between a controller and an endpoint that delivers at least once, in any order, when it likes; and a battery
//! that does what it is told, without an inbox of its own.

use eca_adapters::mqtt::{Endpoint, Event, Transport};
use eca_core::Timestamp;
use eca_core::action::{Action, Command};
use eca_core::adapter::conformance::Stage;
use eca_core::adapter::memory::MemoryState;
use eca_core::adapter::{AdapterResult, Answer, ApplyOptions, Meter, ReadingOptions, StorageDevice, StorageReading};
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub const PREFIX: &str = "site/rack";

/// Numbers that look random, from a seed.
#[derive(Debug, Clone)]
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        let mut random = Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x1234_5678_9abc_def0);
        random.below(2);
        random
    }

    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % n as u64) as usize
    }

    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }
}

#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    pub topic: String,
    pub payload: String,
    pub retained: bool,
}

/// Messages under way.
#[derive(Debug)]
pub struct Queues {
    pub to_device: Vec<Message>,
    pub to_controller: Vec<Message>,
    pub random: Random,
    /// Whether everything arrives once and in order.
    pub calm: bool,
}

/// One side of the network.
#[derive(Clone)]
pub struct Side {
    pub queues: Arc<Mutex<Queues>>,
    /// The controller's side lets the device live while it waits.
    pub pump: Option<Arc<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("injected transport")
    }
}

impl Transport for Side {
    fn publish(&self, topic: &str, payload: &str) -> Result<(), String> {
        let mut queues = self.queues.lock().unwrap();
        let message = Message { topic: topic.into(), payload: payload.into(), retained: false };
        let copies = if queues.calm { 1 } else { 1 + queues.random.below(3) };
        for _ in 0..copies {
            let queue = if self.pump.is_some() { &mut queues.to_device } else { &mut queues.to_controller };
            queue.push(message.clone());
        }
        Ok(())
    }

    fn next(&self, wait: Duration) -> Option<Event> {
        if let Some(pump) = &self.pump {
            let nothing = self.queues.lock().unwrap().to_controller.is_empty();
            if nothing || !wait.is_zero() {
                pump();
            }
        }
        let mut queues = self.queues.lock().unwrap();
        let length = if self.pump.is_some() { queues.to_controller.len() } else { queues.to_device.len() };
        // Some messages come later.
        if length == 0 || (!queues.calm && queues.random.one_in(4)) {
            return None;
        }
        let index = if queues.calm { 0 } else { queues.random.below(length) };
        let stays = !queues.calm && queues.random.one_in(6);
        let queue = if self.pump.is_some() { &mut queues.to_controller } else { &mut queues.to_device };
        let message = if stays { queue[index].clone() } else { queue.remove(index) };
        Some(Event::message(message.topic, message.payload, message.retained))
    }
}

/// A battery that does what it is told.
#[derive(Debug, Clone, Default)]
pub struct Bare(pub Arc<Mutex<Told>>);

#[derive(Debug, Default)]
pub struct Told {
    pub set: Option<(f64, Timestamp)>,
    /// Generation and MW of everything it was told.
    pub log: Vec<(u64, f64)>,
}

impl Bare {
    /// What it does at `now`, MW, charge positive.
    pub fn mw(&self, now: Timestamp) -> f64 {
        let told = self.0.lock().unwrap();
        told.set.filter(|(_, until)| *until > now).map_or(0.0, |(mw, _)| mw)
    }
}

impl fmt::Display for Bare {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bare battery")
    }
}

impl StorageDevice for Bare {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        let mut reading = StorageReading::new(options.now, 0.5);
        let mw = self.mw(options.now);
        (reading.charge_mw, reading.discharge_mw) = (mw.max(0.0), (-mw).max(0.0));
        Ok(reading)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        assert!(action.is_due(options.now), "a command that is not due: {action:?} at {}", options.now);
        let mw = match action.command {
            Command::Charge { power_mw } => power_mw,
            Command::Discharge { power_mw } => -power_mw,
            _ => 0.0,
        };
        let mut told = self.0.lock().unwrap();
        told.set = Some((mw, action.expires));
        told.log.push((action.generation, mw));
        Ok(Answer::Done)
    }
}

/// A network in good order around `device`: the controller's side of it. The device lives on whenever time has passed.
pub fn calm<D: StorageDevice + 'static>(
    device: D,
    meter: Option<Box<dyn Meter>>,
    stage: Arc<dyn Stage + Send + Sync>,
) -> Side {
    let queues = Queues { to_device: vec![], to_controller: vec![], random: Random::new(0), calm: true };
    let queues = Arc::new(Mutex::new(queues));
    let own = Side { queues: queues.clone(), pump: None };
    let store = Box::new(MemoryState::default());
    let mut endpoint = Endpoint::new(device, PREFIX, Box::new(own), store, stage.now()).unwrap();
    if let Some(meter) = meter {
        endpoint = endpoint.meter(meter);
    }
    let (endpoint, last, waiting) = (Mutex::new(endpoint), Mutex::new(None), queues.clone());
    let pump = move || {
        let now = stage.now();
        let due = last.lock().unwrap().replace(now) != Some(now) || !waiting.lock().unwrap().to_device.is_empty();
        if due {
            endpoint.lock().unwrap().turn(now, Duration::ZERO);
        }
    };
    Side { queues, pump: Some(Arc::new(pump)) }
}
