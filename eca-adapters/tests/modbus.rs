//! Modbus and SunSpec against a device that is not ours: a server on pymodbus with a SunSpec map, honest or lying. The
//! controller is killed at random, and the device must rest by its own clock.
//!
//! Skipped, saying so, where Python has no pymodbus. `ECA_TEST_SCALE=large` kills 200 times.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use eca_adapters::SystemClock;
use eca_adapters::modbus::{ModbusBattery, Settings};
use eca_core::action::{Action, Command as Do, Target};
use eca_core::adapter::conformance::{self, Stage};
use eca_core::adapter::{AdapterError, Answer, ApplyOptions, Clock, ReadingOptions, StorageDevice};
use eca_core::{Battery, Timestamp};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use std::{fs, thread};

fn python() -> Option<String> {
    let named = ["ECA_TEST_PYTHON", "PYO3_PYTHON"].iter().find_map(|name| std::env::var(name).ok());
    let python = named.unwrap_or_else(|| "python3".into());
    let found = Command::new(&python).args(["-c", "import pymodbus"]).stderr(Stdio::null()).status();
    if found.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    eprintln!("skipped: {python} has no pymodbus");
    None
}

/// A device in a process of its own.
struct Device {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    port: u16,
}

impl Device {
    fn start(python: &str, kind: &str) -> Self {
        Self::with_energy(python, kind, 1000)
    }

    fn with_energy(python: &str, kind: &str, energy_wh: u32) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/live/sunspec_battery.py");
        let mut command = Command::new(python);
        command.arg(script).arg(kind).arg(energy_wh.to_string());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().unwrap();
        let (input, output) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut output = BufReader::new(output);
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        Self { process, input, output, port: line.trim().parse().unwrap() }
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// What it does, by its own clock.
    fn state(&mut self) -> Value {
        self.input.write_all(b"state\n").unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn battery(&self, revert_s: u32) -> ModbusBattery {
        ModbusBattery::new("rack", self.address().parse().unwrap(), Settings::default().revert_s(revert_s))
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn action(generation: u64, command: Do, seconds: i64) -> (Action, ApplyOptions) {
    let now = SystemClock.now();
    let target = Target::Battery { id: "rack".into() };
    (Action::new(generation, target, command, now, now.plus_s(seconds)), ApplyOptions::new(now))
}

/// Real time.
struct RealTime;

impl Stage for RealTime {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
    fn wait_s(&self, seconds: i64) {
        thread::sleep(Duration::from_secs(seconds.unsigned_abs()));
    }
    fn settle_s(&self) -> i64 {
        1
    }
    fn command_s(&self) -> i64 {
        10
    }
}

#[test]
fn an_honest_device_conforms() {
    let Some(python) = python() else { return };
    let device = Device::start(&python, "honest");
    let battery = device.battery(180);
    assert_eq!(battery.identity().unwrap(), "Test Rack 0001");
    let like = Battery::new("rack", "london", 0.005, 0.001).soc_mwh(0.0005);
    assert_eq!(conformance::storage_device(&battery, &like, &RealTime), []);
    let reading = battery.read(&ReadingOptions::new(SystemClock.now())).unwrap();
    assert!((reading.reserve_mwh - 0.0002).abs() < 1e-9 && reading.dispatchable, "{reading:?}");
}

#[test]
fn a_device_that_is_left_alone_rests_when_its_timer_ends() {
    let Some(python) = python() else { return };
    let mut device = Device::start(&python, "honest");
    let (charge, options) = action(1, Do::Charge { power_mw: 0.002 }, 600);
    let battery = device.battery(2);
    assert_eq!(battery.apply(&charge, &options), Ok(Answer::Done));
    let state = device.state();
    assert_eq!((&state["power_w"], &state["revert_s"]), (&Value::from(-2000), &Value::from(2)));
    // Each repetition winds the timer up again.
    for _ in 0..3 {
        thread::sleep(Duration::from_millis(900));
        assert_eq!(battery.apply(&charge, &options), Ok(Answer::AlreadyDone));
        assert_eq!(device.state()["power_w"], -2000);
    }
    drop(battery);
    thread::sleep(Duration::from_secs(3));
    assert_eq!(device.state()["power_w"], 0);
}

#[test]
fn a_device_that_acknowledges_and_ignores_is_found_at_once() {
    let Some(python) = python() else { return };
    let mut device = Device::start(&python, "ignores");
    let battery = device.battery(10);
    let (charge, options) = action(1, Do::Charge { power_mw: 0.002 }, 600);
    let error = battery.apply(&charge, &options).unwrap_err();
    assert!(matches!(error, AdapterError::NotFollowed { .. }), "{error}");
    assert!(device.state()["writes"].as_u64().unwrap() > 0);
    assert!(!battery.read(&ReadingOptions::new(SystemClock.now())).unwrap().dispatchable);
}

#[test]
fn a_dead_timer_is_found_within_two_turns() {
    let Some(python) = python() else { return };
    let device = Device::start(&python, "dead_timer");
    let battery = device.battery(10);
    let (charge, options) = action(1, Do::Charge { power_mw: 0.002 }, 600);
    assert_eq!(battery.apply(&charge, &options), Ok(Answer::Done));
    let mut found = None;
    for turn in 1..=2 {
        thread::sleep(Duration::from_millis(2500));
        if let Err(error) = battery.apply(&charge, &options) {
            found = Some((turn, error));
            break;
        }
    }
    let (_, error) = found.expect("nobody saw it");
    assert!(error.to_string().contains("a timer that runs"), "{error}");
    assert!(!battery.read(&ReadingOptions::new(SystemClock.now())).unwrap().dispatchable);
}

#[test]
fn no_answer_and_no_map_are_errors_that_say_so() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let battery = ModbusBattery::new("rack", address, Settings::default());
    let error = battery.read(&ReadingOptions::new(SystemClock.now())).unwrap_err();
    assert!(matches!(error, AdapterError::Unreachable { .. }), "{error}");
}

/// A folder from which the controller acts on one battery: discharge pays in every half hour.
fn folder(number: usize, address: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kill_{number}"));
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let site = r#"{"format": "eca-problem/1", "horizon": {"start": "2026-03-02T00:00:00Z", "step_min": 5, "periods": 4},
        "regions": [{"id": "london", "it_capacity_mw": 1.0, "overhead_mw": 0.01, "import_limit_mw": 1.0,
                     "import_price_gbp_per_mwh": 100.0, "carbon_g_per_kwh": 200.0}],
        "batteries": [{"id": "rack", "region": "london", "power_capacity_mw": 0.005, "energy_capacity_mwh": 0.1,
                       "soc_mwh": 0.05}]}"#;
    fs::write(folder.join("site.json"), site).unwrap();
    let config = format!(
        "[site]\nproblem = \"site.json\"\n[controller]\nmode = \"act\"\nview_periods = 4\n[time]\ntick_s = 1\n\
         [[batteries]]\nkind = \"modbus\"\nid = \"rack\"\naddress = \"{address}\"\nrevert_s = 2\n[output]\n\
         state = \"state.json\"\nevents = \"events.jsonl\"\n"
    );
    fs::write(folder.join("config.toml"), config).unwrap();
    folder
}

/// Starts the controller, waits until the device works, kills it a random while later, and waits until it must rest.
fn kill_once(device: &mut Device, folder: &Path, random_ms: u64) -> Result<(), String> {
    let mut controller = Command::new(env!("CARGO_BIN_EXE_eca-controller"))
        .arg(folder.join("config.toml"))
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let begun = Instant::now();
    while device.state()["power_w"].as_f64().unwrap() <= 0.0 {
        // A device that was not reached when a period was planned is used from the next one on, 5 minutes later.
        if begun.elapsed() > Duration::from_secs(400) {
            let _ = controller.kill();
            let _ = controller.wait();
            let events = fs::read_to_string(folder.join("events.jsonl")).unwrap_or_default();
            return Err(format!("it never worked: {}", &events[events.len().saturating_sub(1500)..]));
        }
        thread::sleep(Duration::from_millis(50));
    }
    thread::sleep(Duration::from_millis(random_ms));
    controller.kill().unwrap();
    controller.wait().unwrap();
    thread::sleep(Duration::from_secs(3));
    let state = device.state();
    let rests = state["power_w"] == 0 && state["soc_wh"].as_f64().unwrap() >= 20_000.0;
    if rests { Ok(()) } else { Err(format!("3 s after the end: {state}")) }
}

#[test]
fn a_killed_controller_leaves_a_battery_at_rest() {
    let Some(python) = python() else { return };
    let kills = if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 200 } else { 8 };
    let devices = 8;
    let results: Vec<_> = thread::scope(|scope| {
        let run = |number: usize| {
            let python = &python;
            scope.spawn(move || {
                let mut device = Device::with_energy(python, "honest", 100_000);
                let folder = folder(number, &device.address());
                let mut random = 0x9e37_79b9_u64.wrapping_mul(number as u64 + 1);
                let mut ran = 0;
                for _ in 0..kills / devices {
                    random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    kill_once(&mut device, &folder, (random >> 33) % 2000)?;
                    ran += 1;
                }
                Ok::<usize, String>(ran)
            })
        };
        let threads: Vec<_> = (0..devices).map(run).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert_eq!(results, vec![Ok(kills / devices); devices]);
}
