//! Messages that are none, that were retained, or that answer something else.

use super::{at, command, endpoint};
use crate::net::{Bare, Message, PREFIX, Queues, Random};
use eca_adapters::mqtt::{Event, MqttBattery, Transport};
use eca_core::adapter::memory::MemoryState;
use eca_core::adapter::{AdapterError, ApplyOptions, StorageDevice};
use std::sync::{Arc, Mutex};
use std::time::Duration;

#[test]
fn what_is_no_command_is_said_and_a_retained_one_is_dropped() {
    let now = at("2026-03-02T00:00:00Z");
    let queues = Queues { to_device: vec![], to_controller: vec![], random: Random::new(1), calm: true };
    let (queues, bare) = (Arc::new(Mutex::new(queues)), Bare::default());
    let mut endpoint = endpoint(&bare, &queues, &Arc::new(MemoryState::default()), now);
    let order =
        format!(r#"{{"seq":1,"action":{}}}"#, serde_json::to_string(&command(1, 1.0, now, now.plus_s(60))).unwrap());
    let mut put = |payload: &str, retained: bool| {
        let (topic, payload) = (format!("{PREFIX}/command"), payload.to_owned());
        queues.lock().unwrap().to_device.push(Message { topic, payload, retained });
        endpoint.turn(now, Duration::ZERO)
    };
    assert!(put(&order, true)[0].contains("retained"));
    assert!(put("{\"seq\":2}", false)[0].contains("missing field `action`"));
    assert_eq!(bare.mw(now), 0.0);
    assert_eq!(put(&order, false), Vec::<String>::new());
    assert_eq!(bare.mw(now), 1.0);
}

/// A line on which only answers to an earlier sending arrive.
#[derive(Debug, Default)]
struct Late(Mutex<Option<u64>>);

impl Transport for Late {
    fn publish(&self, _: &str, payload: &str) -> Result<(), String> {
        let order: serde_json::Value = serde_json::from_str(payload).unwrap();
        *self.0.lock().unwrap() = order["seq"].as_u64();
        Ok(())
    }
    fn next(&self, _: Duration) -> Option<Event> {
        let seq = self.0.lock().unwrap().take()? - 1;
        Some(Event::message(format!("{PREFIX}/answer"), format!(r#"{{"seq":{seq},"answer":"done"}}"#), false))
    }
}

#[test]
fn an_answer_to_an_earlier_sending_is_none() {
    let now = at("2026-03-02T00:00:00Z");
    let battery = MqttBattery::new("rack", PREFIX, Box::new(Late::default())).patience(Duration::from_millis(1));
    let error = battery.apply(&command(1, 1.0, now, now.plus_s(60)), &ApplyOptions::new(now)).unwrap_err();
    assert!(matches!(error, AdapterError::Unreachable { .. }), "{error}");
}
