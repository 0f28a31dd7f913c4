//! The program `eca-controller` at a real broker.

use super::device::Device;
use crate::mosquitto::{Access, Mosquitto};
use crate::net::{Bare, PREFIX};
use eca_adapters::SystemClock;
use eca_core::adapter::Clock;
use eca_core::adapter::memory::MemoryState;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Discharge pays in every period.
const SITE: &str = r#"{"format": "eca-problem/1", "horizon": {"start": "2026-03-02T00:00:00Z", "step_min": 5, "periods": 4},
        "regions": [{"id": "london", "it_capacity_mw": 1.0, "overhead_mw": 1.0, "import_limit_mw": 4.0,
                     "import_price_gbp_per_mwh": 100.0, "carbon_g_per_kwh": 200.0}],
        "batteries": [{"id": "rack", "region": "london", "power_capacity_mw": 0.5, "energy_capacity_mwh": 1.0,
                       "soc_mwh": 0.5}]}"#;

/// Runs the controller with these keys for its battery, until it discharges; killed, it must let it rest.
fn drive(name: &str, broker: &Mosquitto, host: &str, keys: &str) {
    let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
    let device = Device::start(broker, PREFIX, &bare, &store);
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("site.json"), SITE).unwrap();
    std::fs::write(folder.join("password"), "controller-secret\n").unwrap();
    let config = format!(
        "[site]\nproblem = \"site.json\"\n[controller]\nmode = \"act\"\nview_periods = 4\n[time]\ntick_s = 1\n\
         [[batteries]]\nkind = \"mqtt\"\nid = \"rack\"\naddress = \"{host}:{}\"\ntopic = \"{PREFIX}\"\n\
         {keys}\n",
        broker.port()
    );
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let program = env!("CARGO_BIN_EXE_eca-controller");
    let mut controller = Command::new(program).arg(folder.join("config.toml")).spawn().unwrap();
    let until = |wanted: &dyn Fn(f64) -> bool, what: &str| {
        let begun = Instant::now();
        while !wanted(bare.mw(SystemClock.now())) {
            assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    until(&|mw| mw < 0.0, "it was never told to discharge");
    controller.kill().unwrap();
    controller.wait().unwrap();
    until(&|mw| mw == 0.0, "the last will did not let it rest");
    device.end(false);
}

#[test]
fn the_controller_drives_a_battery_behind_a_broker_and_its_end_lets_it_rest() {
    let Some(broker) = Mosquitto::start("controller", Access::Password) else { return };
    drive("mqtt_password", &broker, "127.0.0.1", "user = \"controller\"\npassword_file = \"password\"");
}

#[test]
fn the_controller_shows_its_certificate_to_a_broker_that_asks_for_it() {
    let Some(broker) = Mosquitto::start("controller_certificate", Access::Certificate) else { return };
    let [ca, certificate, key] = ["ca.pem", "controller.pem", "controller.key"].map(|name| broker.file(name));
    let keys = format!("ca = {ca:?}\ncertificate = {certificate:?}\nkey = {key:?}");
    drive("mqtt_certificate", &broker, "localhost", &keys);
}

#[test]
fn a_certificate_without_its_key_is_said_with_line_and_key() {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mqtt_half_a_certificate");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("site.json"), SITE).unwrap();
    let config = "[site]\nproblem = \"site.json\"\n[[batteries]]\nkind = \"mqtt\"\nid = \"rack\"\naddress = \"localhost:1\"\n\
                  topic = \"site/rack\"\nca = \"ca.pem\"\ncertificate = \"eca.pem\"\n";
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_eca-controller")).arg(folder.join("config.toml")).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("line 9: `certificate`: needs all of `ca`, `certificate` and `key`"), "{said}");
    assert_eq!(output.status.code(), Some(2));
}
