//! Who may do what: passwords, rights, the broker's certificate and those of its clients.

use super::command;
use super::device::{Device, controller, send};
use crate::mosquitto::{Access, Mosquitto};
use crate::net::{Bare, PREFIX};
use eca_adapters::SystemClock;
use eca_adapters::mqtt::{Broker, BrokerSettings, Event, Transport};
use eca_core::adapter::Clock;
use eca_core::adapter::memory::MemoryState;
use std::sync::Arc;
use std::time::Duration;

/// What is said first of a connection.
fn first(settings: &BrokerSettings) -> Event {
    Broker::connect(settings, vec![]).unwrap().next(Duration::from_secs(10)).unwrap()
}

#[test]
fn who_may_not_does_not() {
    let Some(broker) = Mosquitto::start("logins", Access::Password) else { return };
    let refused = |settings: BrokerSettings| {
        let event = first(&settings);
        assert!(matches!(&event, Event::Lost(why) if why.contains("refused")), "{event:?}");
    };
    refused(BrokerSettings::new("nobody", "127.0.0.1", broker.port()));
    refused(broker.settings("guest", "controller").login("controller", "wrong"));
    // A device may not give commands: the broker drops what it publishes there.
    let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
    let device = Device::start(&broker, PREFIX, &bare, &store);
    let thief = Broker::connect(&broker.settings("thief", "device"), vec![]).unwrap();
    let now = SystemClock.now();
    let action = command(1, 1.0, now.plus_s(-1), now.plus_s(60));
    let payload = format!(r#"{{"seq":1,"action":{}}}"#, serde_json::to_string(&action).unwrap());
    thief.publish(&format!("{PREFIX}/command"), &payload).unwrap();
    std::thread::sleep(Duration::from_millis(700));
    assert_eq!(bare.mw(SystemClock.now()), 0.0);
    device.end(false);
}

#[test]
fn over_tls_the_broker_is_known_by_its_authority() {
    let Some(broker) = Mosquitto::start("tls", Access::PasswordOverTls) else { return };
    let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
    let device = Device::start(&broker, PREFIX, &bare, &store);
    let (battery, _line) = controller(&broker, PREFIX, 1);
    let now = SystemClock.now();
    send(&battery, &command(1, 1.0, now, now.plus_s(60)));
    assert_eq!(bare.mw(SystemClock.now()), 1.0);
    // Another authority: no connection.
    let other = broker.other_authority();
    let event = first(&broker.settings("doubter", "controller").tls(other));
    assert!(matches!(&event, Event::Lost(why) if why.contains("certificate")), "{event:?}");
    let missing = Broker::connect(&broker.settings("x", "controller").tls("/no/such/file.pem"), vec![]);
    assert!(missing.unwrap_err().contains("/no/such/file.pem"));
    device.end(false);
}

#[test]
fn a_broker_that_asks_for_certificates_knows_its_clients_by_them() {
    let Some(broker) = Mosquitto::start("certificates", Access::Certificate) else { return };
    let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
    let device = Device::start(&broker, PREFIX, &bare, &store);
    let (battery, _line) = controller(&broker, PREFIX, 1);
    let now = SystemClock.now();
    send(&battery, &command(1, 1.0, now, now.plus_s(60)));
    assert_eq!(bare.mw(SystemClock.now()), 1.0);
    // No certificate, with a password or without, and one of another authority: no connection.
    let nobody = BrokerSettings::new("nobody", "localhost", broker.port()).tls(broker.file("ca.pem"));
    let other = broker.other_authority();
    let stranger = nobody.clone().mutual_tls(broker.file("ca.pem"), &other, other.with_extension("key"));
    for settings in [nobody.clone().login("controller", "controller-secret"), nobody.clone(), stranger] {
        let event = first(&settings);
        assert!(matches!(event, Event::Lost(_)), "{event:?}");
    }
    // A certificate without its key is said at once.
    let keyless = nobody.mutual_tls(broker.file("ca.pem"), broker.file("controller.pem"), broker.file("device.key"));
    assert!(Broker::connect(&keyless, vec![]).unwrap_err().contains("controller.pem"));
    device.end(false);
}
