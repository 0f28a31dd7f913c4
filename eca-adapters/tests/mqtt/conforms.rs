//! Conformance over MQTT, of good batteries and meters and of faulty ones.

use super::{at, battery};
use crate::net::{self, PREFIX};
use eca_adapters::mqtt::MqttMeter;
use eca_core::adapter::Meter;
use eca_core::adapter::conformance::{self, FakeTime};
use eca_core::adapter::memory::MemorySite;
use eca_core::adapter::wrap::{Fault, Faulty};
use eca_core::{Battery, Horizon, ProblemDocument, Region, Timestamp};
use std::sync::Arc;
use std::time::Duration;

fn rack() -> Battery {
    Battery::new("rack", "london", 2.0, 4.0).soc_mwh(2.0)
}

fn site(start: Timestamp) -> MemorySite {
    let mut site = ProblemDocument::new(Horizon::new(start, 30, 48).unwrap());
    site.regions.push(Region::new("london").overhead_mw(1.0).import_limit_mw(8.0));
    site.batteries.push(rack());
    MemorySite::new(site)
}

#[test]
fn a_battery_and_a_meter_conform() {
    let start = at("2026-03-02T00:00:00Z");
    let (time, memory) = (Arc::new(FakeTime::new(start)), site(start));
    let device = battery(net::calm(memory.battery("rack").unwrap(), None, time.clone()));
    assert_eq!(conformance::storage_device(&device, &rack(), &*time), []);
    let (time, memory) = (Arc::new(FakeTime::new(start)), site(start));
    let meter: Box<dyn Meter> = Box::new(memory.meter("london").unwrap());
    let side = net::calm(memory.battery("rack").unwrap(), Some(meter), time.clone());
    let meter = MqttMeter::new(PREFIX, Box::new(side)).patience(Duration::from_millis(1));
    assert_eq!(conformance::meter(&meter, &*time), []);
}

#[test]
fn conformance_finds_faulty_devices_and_faulty_adapters_over_mqtt() {
    let start = at("2026-03-02T00:00:00Z");
    for fault in
        [Fault::Ignores, Fault::NeverEnds, Fault::SwapsSigns, Fault::WrongScale, Fault::Tomorrow, Fault::NotANumber]
    {
        let (time, memory) = (Arc::new(FakeTime::new(start)), site(start));
        let faulty = Faulty::new(memory.battery("rack").unwrap(), fault);
        let device = battery(net::calm(faulty, None, time.clone()));
        assert_ne!(conformance::storage_device(&device, &rack(), &*time), [], "{fault:?}");
    }
    for fault in
        [Fault::ForgetsKeys, Fault::ActsLate, Fault::ActsEarly, Fault::Reorders, Fault::Frozen, Fault::KnowsEverything]
    {
        let (time, memory) = (Arc::new(FakeTime::new(start)), site(start));
        let device = battery(net::calm(memory.battery("rack").unwrap(), None, time.clone()));
        assert_ne!(conformance::storage_device(&Faulty::new(device, fault), &rack(), &*time), [], "{fault:?}");
    }
}
