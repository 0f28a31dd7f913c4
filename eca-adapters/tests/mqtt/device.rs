//! Both sides at a real broker: a device in a thread, and the controller's battery.

use crate::mosquitto::Mosquitto;
use crate::net::Bare;
use eca_adapters::SystemClock;
use eca_adapters::mqtt::{Broker, Endpoint, Event, MqttBattery, Transport};
use eca_core::action::Action;
use eca_core::adapter::memory::MemoryState;
use eca_core::adapter::{AdapterError, Answer, ApplyOptions, Clock, StorageDevice};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A device in a thread: an endpoint at the broker that lives until it is dropped.
pub(super) struct Device {
    stop: std::sync::mpsc::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Device {
    pub(super) fn start(broker: &Mosquitto, prefix: &str, bare: &Bare, store: &Arc<MemoryState>) -> Self {
        let (stop, told) = std::sync::mpsc::channel();
        let settings = broker.settings(&format!("device-{}", prefix.replace('/', "-")), "device").device_of(prefix);
        let transport = Broker::connect(&settings.keeps_session(true), Endpoint::<Bare>::listens_to(prefix)).unwrap();
        let (bare, store, prefix) = (bare.clone(), store.clone(), prefix.to_owned());
        let thread = std::thread::spawn(move || {
            let line = Arc::new(transport);
            let mut endpoint =
                Endpoint::new(bare, &prefix, Box::new(Line(line.clone())), Box::new(store), SystemClock.now()).unwrap();
            let unclean = loop {
                endpoint.turn(SystemClock.now(), Duration::from_millis(50));
                if let Ok(unclean) = told.try_recv() {
                    break unclean;
                }
            };
            drop(endpoint);
            let transport = Arc::into_inner(line).unwrap();
            if unclean {
                transport.cut();
            }
        });
        Self { stop, thread: Some(thread) }
    }

    pub(super) fn end(mut self, unclean: bool) {
        self.stop.send(unclean).unwrap();
        self.thread.take().unwrap().join().unwrap();
    }
}

/// One connection that two hold.
#[derive(Debug)]
struct Line(Arc<Broker>);

impl Transport for Line {
    fn publish(&self, topic: &str, payload: &str) -> Result<(), String> {
        self.0.publish(topic, payload)
    }
    fn next(&self, wait: Duration) -> Option<Event> {
        self.0.next(wait)
    }
}

pub(super) fn controller(broker: &Mosquitto, prefix: &str, run: usize) -> (MqttBattery, Arc<Broker>) {
    let settings = broker.settings(&format!("controller-{}-{run}", prefix.replace('/', "-")), "controller");
    let line = Arc::new(Broker::connect(&settings.controller_of(prefix), MqttBattery::listens_to(prefix)).unwrap());
    let battery = MqttBattery::new("rack", prefix, Box::new(Line(line.clone())));
    (battery.patience(Duration::from_secs(2)), line)
}

/// Sends until it is answered.
pub(super) fn send(battery: &MqttBattery, action: &Action) {
    let begun = Instant::now();
    loop {
        match battery.apply(action, &ApplyOptions::new(SystemClock.now())) {
            Ok(Answer::Done | Answer::AlreadyDone) => return,
            Err(AdapterError::Unreachable { .. }) if begun.elapsed() < Duration::from_secs(60) => {}
            other => panic!("{other:?}"),
        }
    }
}
