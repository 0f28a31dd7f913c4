//! Schedules on a real broker, and what a last will does.

use super::device::{Device, controller, send};
use super::{command, in_order_once, large};
use crate::mosquitto::{Access, Mosquitto};
use crate::net::{Bare, PREFIX, Random};
use eca_adapters::SystemClock;
use eca_adapters::mqtt::Transport;
use eca_core::action::Action;
use eca_core::adapter::memory::MemoryState;
use eca_core::adapter::{Clock, ReadingOptions, StorageDevice};
use std::sync::Arc;
use std::time::{Duration, Instant};

fn schedule_on(broker: &mut Mosquitto, number: u64) {
    let mut random = Random::new(number);
    let prefix = format!("site/{number}");
    let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
    let mut device = Device::start(broker, &prefix, &bare, &store);
    let (mut battery, mut line) = controller(broker, &prefix, 0);
    let now = SystemClock.now();
    let (from, until) = (now.plus_s(-1), now.plus_s(600));
    let mut issued: Vec<Action> = Vec::new();
    for step in 1..=8 {
        match random.below(if number.is_multiple_of(10) { 7 } else { 6 }) {
            0..=2 => {
                let mw = [-2.0, -1.0, 0.0, 1.0, 2.0][random.below(5)];
                issued.push(command(issued.len() as u64 + 1, mw, from, until));
                send(&battery, issued.last().unwrap());
            }
            // Old commands again, in any order.
            3 => {
                for _ in 0..3 {
                    let Some(action) = issued.get(random.below(issued.len().max(1))) else { break };
                    let payload = format!(r#"{{"seq":1,"action":{}}}"#, serde_json::to_string(action).unwrap());
                    line.publish(&format!("{prefix}/command"), &payload).unwrap();
                }
            }
            4 => {
                device.end(random.one_in(2));
                device = Device::start(broker, &prefix, &bare, &store);
            }
            5 => {
                drop(battery);
                let old = Arc::into_inner(line).unwrap();
                if random.one_in(2) {
                    old.cut();
                }
                (battery, line) = controller(broker, &prefix, step);
            }
            _ => broker.restart(),
        }
    }
    if let Some(last) = issued.last() {
        send(&battery, last);
    }
    // A last will may be on its way: the controller repeats its command in each turn.
    std::thread::sleep(Duration::from_millis(50));
    if let Some(last) = issued.last() {
        send(&battery, last);
    }
    let now = SystemClock.now();
    assert_eq!(bare.mw(now), in_order_once(&issued, now), "schedule {number}: {issued:#?}");
    device.end(false);
}

#[test]
fn on_a_real_broker_too() {
    let Some(mut broker) = Mosquitto::start("schedules", Access::Password) else { return };
    let schedules = if large() { 200 } else { 10 };
    for number in 0..schedules {
        schedule_on(&mut broker, number);
    }
    eprintln!("{schedules} schedules on {broker}");
}

#[test]
fn a_controller_that_is_cut_off_lets_the_battery_rest_and_one_that_ends_does_not() {
    let Some(broker) = Mosquitto::start("will", Access::Password) else { return };
    let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
    let device = Device::start(&broker, PREFIX, &bare, &store);
    let now = SystemClock.now();
    let charge = command(1, 1.5, now, now.plus_s(600));
    let (battery, line) = controller(&broker, PREFIX, 1);
    send(&battery, &charge);
    // The next reading, or the one after it: one may have been on its way before.
    let shown = || battery.read(&ReadingOptions::new(SystemClock.now())).unwrap().charge_mw;
    let begun = Instant::now();
    while (shown() - 1.5).abs() > 1e-9 {
        assert!(begun.elapsed() < Duration::from_secs(10), "its readings do not show what it does");
        std::thread::sleep(Duration::from_millis(20));
    }
    drop(battery);
    drop(Arc::into_inner(line).unwrap());
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(bare.mw(SystemClock.now()), 1.5);
    let (battery, line) = controller(&broker, PREFIX, 2);
    send(&battery, &charge);
    drop(battery);
    Arc::into_inner(line).unwrap().cut();
    let begun = Instant::now();
    while bare.mw(SystemClock.now()) != 0.0 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the last will did not arrive");
        std::thread::sleep(Duration::from_millis(20));
    }
    // It speaks again: the same command goes on.
    let (battery, _line) = controller(&broker, PREFIX, 3);
    send(&battery, &charge);
    assert_eq!(bare.mw(SystemClock.now()), 1.5);
    device.end(false);
}
