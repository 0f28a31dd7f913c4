//! What the loop hands to a sink: every event once, the decision before anything of it is sent, nothing sent of what was not
//! kept.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_core::action::Action;
use eca_core::adapter::memory::{MemoryBattery, MemorySite, MemoryState};
use eca_core::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, ReadingOptions, StorageDevice, StorageReading,
};
use eca_core::live::{Event, Happened, Live, LiveSettings, Plant, Sink};
use eca_core::{Battery, Commitment, Horizon, ProblemDocument, Region, Timestamp};
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

/// Keeps events, unless it is told to fail; with `forgets` it keeps them and says that it did not.
#[derive(Debug, Default)]
struct Kept {
    events: Mutex<Vec<Event>>,
    fails: AtomicBool,
    forgets: AtomicBool,
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sink of the test")
    }
}

impl Sink for Kept {
    fn last(&self) -> AdapterResult<u64> {
        Ok(self.events.lock().unwrap().last().map_or(0, |event| event.number))
    }

    fn keep(&self, events: &[Event]) -> AdapterResult<()> {
        let no = || AdapterError::Unreachable { adapter: self.to_string(), message: "full".into() };
        if self.fails.load(Ordering::SeqCst) {
            return Err(no());
        }
        let mut kept = self.events.lock().unwrap();
        let last = kept.last().map_or(0, |event| event.number);
        kept.extend(events.iter().filter(|event| event.number > last).cloned());
        if self.forgets.load(Ordering::SeqCst) { Err(no()) } else { Ok(()) }
    }
}

impl Kept {
    fn numbers(&self) -> Vec<u64> {
        self.events.lock().unwrap().iter().map(|event| event.number).collect()
    }

    fn plans(&self) -> Vec<u64> {
        let events = self.events.lock().unwrap();
        let plan = |event: &Event| match event.what {
            Happened::Planned { generation, .. } => Some(generation),
            _ => None,
        };
        events.iter().filter_map(plan).collect()
    }
}

/// A battery that takes a command only when the plan behind it is kept.
#[derive(Debug)]
struct Witness {
    battery: MemoryBattery,
    sink: Arc<Kept>,
}

impl fmt::Display for Witness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.battery.fmt(f)
    }
}

impl StorageDevice for Witness {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        self.battery.read(options)
    }

    fn apply(&self, action: &Action, options: &ApplyOptions) -> AdapterResult<Answer> {
        assert!(self.sink.plans().contains(&action.generation), "{action:?} before its plan was kept");
        self.battery.apply(action, options)
    }
}

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// A battery and two prices: it charges at the low one and gives back at the high one.
fn site() -> ProblemDocument {
    let mut site = ProblemDocument::new(Horizon::new(start(), 30, 4).unwrap());
    let prices = vec![20.0, 20.0, 200.0, 200.0];
    site.regions.push(
        Region::new("london")
            .it_capacity_mw(1.0)
            .overhead_mw(2.0)
            .import_limit_mw(9.0)
            .import_price_gbp_per_mwh(prices)
            .carbon_g_per_kwh(100.0),
    );
    site.batteries.push(Battery::new("rack", "london", 1.0, 1.0));
    site
}

fn live(sink: &Arc<Kept>, state: &Arc<MemoryState>) -> Live {
    let memory = MemorySite::new(site());
    let battery = Witness { battery: memory.battery("rack").unwrap(), sink: sink.clone() };
    let plant = Plant::new(site()).cluster(Arc::new(memory.cluster())).battery("rack", Arc::new(battery));
    let settings = LiveSettings::default().shadow(false).view_periods(4);
    Live::new(plant, settings, state.clone()).unwrap().sink(sink.clone()).unwrap()
}

#[test]
fn a_decision_is_kept_before_anything_of_it_is_sent_and_each_event_once() {
    let (sink, state) = (Arc::new(Kept::default()), Arc::new(MemoryState::default()));
    let mut live = live(&sink, &state);
    let mut sent = 0;
    for turn in 0..8 {
        sent += live.tick(start().plus_min(15 * turn)).deliveries.len();
    }
    live.close(start().plus_min(120));
    assert_eq!(sink.numbers(), (1..=sink.numbers().len() as u64).collect::<Vec<_>>());
    assert_eq!(sink.plans(), [1, 2, 3, 4]);
    let events = sink.events.lock().unwrap();
    let count = |wanted: fn(&Happened) -> bool| events.iter().filter(|event| wanted(&event.what)).count();
    // Charge, charge or rest, and discharge: told once in each period, as the loop says itself.
    assert!(sent >= 4);
    assert_eq!(count(|what| matches!(what, Happened::Told { .. })), sent);
    // The beginning of four periods, and the end.
    assert_eq!(count(|what| matches!(what, Happened::Observed { .. })), 5);
}

#[test]
fn nothing_is_sent_of_what_was_not_kept() {
    let (sink, state) = (Arc::new(Kept::default()), Arc::new(MemoryState::default()));
    let mut live = live(&sink, &state);
    sink.fails.store(true, Ordering::SeqCst);
    let tick = live.tick(start());
    assert!(tick.planned.is_some() && tick.deliveries.is_empty());
    assert!(tick.problems.iter().any(|problem| problem.contains("not kept, nothing is sent")), "{:?}", tick.problems);
    sink.fails.store(false, Ordering::SeqCst);
    let tick = live.tick(start().plus_min(5));
    assert_eq!((tick.planned.is_some(), tick.deliveries.len()), (false, 1));
    assert_eq!(sink.numbers(), [1, 2, 3]);
}

#[test]
fn a_restart_hands_over_again_what_may_not_have_been_kept_under_its_numbers() {
    let (sink, state) = (Arc::new(Kept::default()), Arc::new(MemoryState::default()));
    // It was kept, and the answer was lost: the process ends here.
    sink.forgets.store(true, Ordering::SeqCst);
    assert!(live(&sink, &state).tick(start()).deliveries.is_empty());
    sink.forgets.store(false, Ordering::SeqCst);
    let tick = live(&sink, &state).tick(start().plus_min(5));
    assert_eq!((tick.planned.is_some(), tick.deliveries.len()), (false, 1));
    assert_eq!((sink.numbers(), sink.plans()), (vec![1, 2, 3], vec![1]));
    // A state that was lost goes on behind what is kept.
    live(&sink, &Arc::new(MemoryState::default())).tick(start().plus_min(30));
    assert_eq!(sink.numbers(), (1..=6).collect::<Vec<_>>());
}

#[test]
fn what_is_sold_is_handed_over_once() {
    let (sink, state) = (Arc::new(Kept::default()), Arc::new(MemoryState::default()));
    let mut live = live(&sink, &state);
    live.tick(start());
    let period = eca_core::SettlementPeriod::containing(start().plus_min(60));
    let sold = Commitment::new("event", eca_core::Route::WholesaleP415, "london", [period], 0.5, 2.0);
    live.site_mut().commitments.push(sold);
    live.tick(start().plus_min(10));
    live.tick(start().plus_min(30));
    let events = sink.events.lock().unwrap();
    let sold: Vec<&Event> = events.iter().filter(|event| matches!(event.what, Happened::Sold(_))).collect();
    assert_eq!((sold.len(), sold[0].at), (1, start().plus_min(10)));
}
