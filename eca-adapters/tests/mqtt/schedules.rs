//! Schedules on an injected transport: whatever happens to messages, the end is that of a model.

use super::{at, battery, command, endpoint, in_order_once, large};
use crate::net::{Bare, Message, PREFIX, Queues, Random, Side};
use eca_adapters::mqtt::{Endpoint, MqttBattery};
use eca_core::Timestamp;
use eca_core::action::Action;
use eca_core::adapter::memory::MemoryState;
use eca_core::adapter::{AdapterError, Answer, ApplyOptions, StorageDevice};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const PERIOD_S: i64 = 300;

/// One schedule on the injected transport: the seed decides everything.
struct Schedule {
    random: Random,
    queues: Arc<Mutex<Queues>>,
    bare: Bare,
    store: Arc<MemoryState>,
    endpoint: Arc<Mutex<Endpoint<Bare>>>,
    now: Arc<Mutex<Timestamp>>,
    issued: Vec<Action>,
    controller: MqttBattery,
}

impl Schedule {
    fn new(seed: u64) -> Self {
        let now = Arc::new(Mutex::new(at("2026-03-02T00:00:00Z")));
        let random = Random::new(seed);
        let queues = Queues { to_device: vec![], to_controller: vec![], random: Random::new(!seed), calm: false };
        let queues = Arc::new(Mutex::new(queues));
        let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
        let endpoint = Arc::new(Mutex::new(endpoint(&bare, &queues, &store, *now.lock().unwrap())));
        let controller = Self::controller(&queues, &endpoint, &now);
        Self { random, queues, bare, store, endpoint, now, issued: vec![], controller }
    }

    fn controller(
        queues: &Arc<Mutex<Queues>>,
        endpoint: &Arc<Mutex<Endpoint<Bare>>>,
        now: &Arc<Mutex<Timestamp>>,
    ) -> MqttBattery {
        let (endpoint, now, waiting) = (endpoint.clone(), now.clone(), queues.clone());
        let pump = move || {
            // With nothing to hear it would only say the same state again.
            if !waiting.lock().unwrap().to_device.is_empty() {
                let now = *now.lock().unwrap();
                endpoint.lock().unwrap().turn(now, Duration::ZERO);
            }
        };
        battery(Side { queues: queues.clone(), pump: Some(Arc::new(pump)) })
    }

    fn time(&self) -> Timestamp {
        *self.now.lock().unwrap()
    }

    /// A new decision; now and then one that was taken before.
    fn decide(&mut self) {
        let now = self.time();
        let from = now.plus_s(-now.unix_s().rem_euclid(PERIOD_S));
        let generation = self.issued.len() as u64 + 1;
        let mw = [-2.0, -1.0, 0.0, 1.0, 2.0][self.random.below(5)];
        self.issued.push(command(generation, mw, from, from.plus_s(PERIOD_S)));
        self.send();
    }

    /// Sends the last decision; whether it was answered.
    fn send(&mut self) -> bool {
        let Some(action) = self.issued.last() else { return true };
        match self.controller.apply(action, &ApplyOptions::new(self.time())) {
            Ok(answer) => matches!(answer, Answer::Done | Answer::AlreadyDone | Answer::Expired),
            Err(AdapterError::Unreachable { .. }) => false,
            Err(error) => panic!("{error}"),
        }
    }

    fn restart_endpoint(&mut self) {
        *self.endpoint.lock().unwrap() = endpoint(&self.bare, &self.queues, &self.store, self.time());
    }

    fn will(&self) {
        let (topic, payload) = (format!("{PREFIX}/controller"), "\"offline\"".to_owned());
        self.queues.lock().unwrap().to_device.push(Message { topic, payload, retained: false });
    }

    fn step(&mut self) {
        match self.random.below(12) {
            0..=3 => self.decide(),
            4 | 5 => {
                self.send();
            }
            6 => *self.now.lock().unwrap() = self.time().plus_s([1, 40, 200][self.random.below(3)]),
            7 => self.restart_endpoint(),
            // The controller starts anew, after an unclean end or a clean one.
            8 => {
                if self.random.one_in(2) {
                    self.will();
                }
                self.controller = Self::controller(&self.queues, &self.endpoint, &self.now);
            }
            // A clean session: what was under way to the device is gone.
            9 => self.queues.lock().unwrap().to_device.clear(),
            // A session that is kept: everything that is under way comes once more.
            10 => {
                let mut queues = self.queues.lock().unwrap();
                let again = queues.to_device.clone();
                queues.to_device.extend(again);
            }
            // An old command, retained by somebody.
            _ => {
                let index = self.random.below(self.issued.len().max(1));
                let Some(action) = self.issued.get(index) else { return };
                let payload = format!(r#"{{"seq":1,"action":{}}}"#, serde_json::to_string(action).unwrap());
                let retained = self.random.one_in(2);
                let topic = format!("{PREFIX}/command");
                self.queues.lock().unwrap().to_device.push(Message { topic, payload, retained });
            }
        }
    }

    fn drain(&mut self) {
        while !self.queues.lock().unwrap().to_device.is_empty() {
            let now = self.time();
            self.endpoint.lock().unwrap().turn(now, Duration::ZERO);
        }
    }

    /// Runs it, and compares the end with the model.
    fn run(mut self, seed: u64) {
        for _ in 0..20 {
            self.step();
        }
        self.drain();
        let now = self.time();
        let expected = if self.random.one_in(4) {
            self.will();
            self.drain();
            0.0
        } else {
            // The controller repeats its command in each turn, until it is heard: some time the network is well again.
            self.queues.lock().unwrap().calm = true;
            assert!((0..200).any(|_| self.send()), "seed {seed}: no answer");
            self.drain();
            in_order_once(&self.issued, now)
        };
        assert_eq!(self.bare.mw(now), expected, "seed {seed}: {:#?}", self.issued);
        // No decision came back after a later one: what it was told belongs to decisions that never get older.
        let log = self.bare.0.lock().unwrap().log.clone();
        let decisions: Vec<u64> = log.iter().map(|(generation, _)| generation >> 20).collect();
        let place = |generation: &u64| self.issued[*generation as usize - 1].not_before;
        assert!(decisions.is_sorted_by_key(|generation| (place(generation), *generation)), "seed {seed}: {log:?}");
    }
}

#[test]
fn whatever_the_network_does_the_end_is_that_of_every_command_once_and_in_order() {
    let schedules = if large() { 10_000 } else { 1000 };
    for seed in 0..schedules {
        Schedule::new(seed).run(seed);
    }
    eprintln!("{schedules} schedules");
}
