//! Batteries and meters over MQTT: conformance, schedules of duplicates, reordering, restarts and reconnects on an injected
//! transport, and the same on a real mosquitto with passwords.
//!
//! `ECA_TEST_SCALE=large` runs 10,000 schedules and 200 on the broker. Without mosquitto the tests of the broker are skipped,
//! saying so.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

#[path = "support/mosquitto.rs"]
mod mosquitto;
#[path = "support/mqtt_net.rs"]
mod net;

use eca_adapters::SystemClock;
use eca_adapters::mqtt::{Broker, BrokerSettings, Endpoint, Event, MqttBattery, MqttMeter, Transport};
use eca_core::action::{Action, Command, Target};
use eca_core::adapter::conformance::{self, FakeTime};
use eca_core::adapter::memory::{MemorySite, MemoryState};
use eca_core::adapter::wrap::{Fault, Faulty};
use eca_core::adapter::{AdapterError, Answer, ApplyOptions, Clock, Meter, ReadingOptions, StorageDevice};
use eca_core::{Battery, Horizon, ProblemDocument, Region, Timestamp};
use mosquitto::Mosquitto;
use net::{Bare, Message, PREFIX, Queues, Random, Side};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn large() -> bool {
    std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large")
}

fn rack() -> Battery {
    Battery::new("rack", "london", 2.0, 4.0).soc_mwh(2.0)
}

fn site(start: Timestamp) -> MemorySite {
    let mut site = ProblemDocument::new(Horizon::new(start, 30, 48).unwrap());
    site.regions.push(Region::new("london").overhead_mw(1.0).import_limit_mw(8.0));
    site.batteries.push(rack());
    MemorySite::new(site)
}

fn battery(side: Side) -> MqttBattery {
    MqttBattery::new("rack", PREFIX, Box::new(side)).patience(Duration::from_millis(1))
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

fn endpoint(bare: &Bare, queues: &Arc<Mutex<Queues>>, store: &Arc<MemoryState>, now: Timestamp) -> Endpoint<Bare> {
    let own = Side { queues: queues.clone(), pump: None };
    Endpoint::new(bare.clone(), PREFIX, Box::new(own), Box::new(store.clone()), now).unwrap()
}

#[test]
fn whatever_the_network_does_the_end_is_that_of_every_command_once_and_in_order() {
    let schedules = if large() { 10_000 } else { 1000 };
    for seed in 0..schedules {
        Schedule::new(seed).run(seed);
    }
    eprintln!("{schedules} schedules");
}

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

/// A device in a thread: an endpoint at the broker that lives until it is dropped.
struct Device {
    stop: std::sync::mpsc::Sender<bool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Device {
    fn start(broker: &Mosquitto, prefix: &str, bare: &Bare, store: &Arc<MemoryState>) -> Self {
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

    fn end(mut self, unclean: bool) {
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

fn controller(broker: &Mosquitto, prefix: &str, run: usize) -> (MqttBattery, Arc<Broker>) {
    let settings = broker.settings(&format!("controller-{}-{run}", prefix.replace('/', "-")), "controller");
    let line = Arc::new(Broker::connect(&settings.controller_of(prefix), MqttBattery::listens_to(prefix)).unwrap());
    let battery = MqttBattery::new("rack", prefix, Box::new(Line(line.clone())));
    (battery.patience(Duration::from_secs(2)), line)
}

/// Sends until it is answered.
fn send(battery: &MqttBattery, action: &Action) {
    let begun = Instant::now();
    loop {
        match battery.apply(action, &ApplyOptions::new(SystemClock.now())) {
            Ok(Answer::Done | Answer::AlreadyDone) => return,
            Err(AdapterError::Unreachable { .. }) if begun.elapsed() < Duration::from_secs(60) => {}
            other => panic!("{other:?}"),
        }
    }
}

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
    let Some(mut broker) = Mosquitto::start("schedules", false) else { return };
    let schedules = if large() { 200 } else { 10 };
    for number in 0..schedules {
        schedule_on(&mut broker, number);
    }
    eprintln!("{schedules} schedules on {broker}");
}

#[test]
fn a_controller_that_is_cut_off_lets_the_battery_rest_and_one_that_ends_does_not() {
    let Some(broker) = Mosquitto::start("will", false) else { return };
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

#[test]
fn who_may_not_does_not() {
    let Some(broker) = Mosquitto::start("logins", false) else { return };
    let refused = |settings: BrokerSettings| {
        let line = Broker::connect(&settings, vec![]).unwrap();
        let event = line.next(Duration::from_secs(10)).unwrap();
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
fn the_controller_drives_a_battery_behind_a_broker_and_its_end_lets_it_rest() {
    let Some(broker) = Mosquitto::start("controller", false) else { return };
    let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
    let device = Device::start(&broker, PREFIX, &bare, &store);
    let folder = std::path::PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("mqtt_controller");
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    // Discharge pays in every period.
    let site = r#"{"format": "eca-problem/1", "horizon": {"start": "2026-03-02T00:00:00Z", "step_min": 5, "periods": 4},
        "regions": [{"id": "london", "it_capacity_mw": 1.0, "overhead_mw": 1.0, "import_limit_mw": 4.0,
                     "import_price_gbp_per_mwh": 100.0, "carbon_g_per_kwh": 200.0}],
        "batteries": [{"id": "rack", "region": "london", "power_capacity_mw": 0.5, "energy_capacity_mwh": 1.0,
                       "soc_mwh": 0.5}]}"#;
    std::fs::write(folder.join("site.json"), site).unwrap();
    std::fs::write(folder.join("password"), "controller-secret\n").unwrap();
    let config = format!(
        "[site]\nproblem = \"site.json\"\n[controller]\nmode = \"act\"\nview_periods = 4\n[time]\ntick_s = 1\n\
         [[batteries]]\nkind = \"mqtt\"\nid = \"rack\"\naddress = \"127.0.0.1:{}\"\ntopic = \"{PREFIX}\"\n\
         user = \"controller\"\npassword_file = \"password\"\n",
        broker.port()
    );
    std::fs::write(folder.join("config.toml"), config).unwrap();
    let program = env!("CARGO_BIN_EXE_eca-controller");
    let mut controller = std::process::Command::new(program).arg(folder.join("config.toml")).spawn().unwrap();
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
fn over_tls_the_broker_is_known_by_its_authority() {
    let Some(broker) = Mosquitto::start("tls", true) else { return };
    let (bare, store) = (Bare::default(), Arc::new(MemoryState::default()));
    let device = Device::start(&broker, PREFIX, &bare, &store);
    let (battery, _line) = controller(&broker, PREFIX, 1);
    let now = SystemClock.now();
    send(&battery, &command(1, 1.0, now, now.plus_s(60)));
    assert_eq!(bare.mw(SystemClock.now()), 1.0);
    // Another authority: no connection.
    let other = broker.other_authority();
    let line = Broker::connect(&broker.settings("doubter", "controller").tls(other), vec![]).unwrap();
    let event = line.next(Duration::from_secs(10)).unwrap();
    assert!(matches!(&event, Event::Lost(why) if why.contains("certificate")), "{event:?}");
    let missing = Broker::connect(&broker.settings("x", "controller").tls("/no/such/file.pem"), vec![]);
    assert!(missing.unwrap_err().contains("/no/such/file.pem"));
    device.end(false);
}
