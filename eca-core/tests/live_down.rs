//! What happens when ECA is down: every row of the table in docs/when-eca-is-down.md that needs no device.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_core::adapter::memory::{MemorySite, MemoryState};
use eca_core::adapter::wrap::{Fault, Faulty};
use eca_core::adapter::{
    AdapterError, AdapterResult, Meter, ReadingOptions, StateStore, StorageDevice, StorageReading, Workloads,
};
use eca_core::live::{Live, LiveSettings, Plant};
use eca_core::{Battery, Horizon, Job, JobPoint, ProblemDocument, Region, Timestamp};
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

const STEP_MIN: i64 = 30;

fn start() -> Timestamp {
    "2026-03-02T00:00:00Z".parse().unwrap()
}

/// A cheap first hour, in which the battery fills and the job works.
fn site() -> ProblemDocument {
    let mut site = ProblemDocument::new(Horizon::new(start(), 30, 8).unwrap());
    let prices = vec![20.0, 20.0, 150.0, 150.0, 150.0, 150.0, 150.0, 150.0];
    let london = Region::new("london").it_capacity_mw(2.0).import_limit_mw(6.0).carbon_g_per_kwh(100.0);
    site.regions.push(london.import_price_gbp_per_mwh(prices));
    site.batteries.push(Battery::new("rack", "london", 2.0, 4.0).soc_mwh(0.5));
    site.jobs.push(Job::gpu_hours("train", 3.0, [JobPoint::gpu_hours(1.0, 1.0)]).preemptible(true));
    site
}

fn live(memory: &MemorySite, store: Arc<dyn StateStore>) -> eca_core::Result<Live> {
    let mut paper = site();
    paper.jobs.clear();
    let plant = Plant::new(paper)
        .cluster(Arc::new(memory.cluster()))
        .battery("rack", Arc::new(memory.battery("rack").unwrap()))
        .meter("london", Arc::new(memory.meter("london").unwrap()));
    Live::new(plant, LiveSettings::default().shadow(false).view_periods(8), store)
}

fn battery(memory: &MemorySite, now: Timestamp) -> StorageReading {
    memory.battery("rack").unwrap().read(&ReadingOptions::new(now)).unwrap()
}

#[test]
fn batteries_rest_when_their_period_ends_and_jobs_go_on() {
    let memory = MemorySite::new(site());
    let mut controller = live(&memory, Arc::new(MemoryState::default())).unwrap();
    controller.tick(start());
    // The last that is heard of it.
    drop(controller);
    let charging = battery(&memory, start().plus_min(10));
    assert!(charging.charge_mw > 0.5, "{charging:?}");
    let later = battery(&memory, start().plus_min(STEP_MIN));
    assert_eq!(later.net_mw(), 0.0);
    let hours_later = battery(&memory, start().plus_min(180));
    assert_eq!((hours_later.net_mw(), hours_later.soc_mwh), (0.0, later.soc_mwh));
    // The job that was started ends by itself, at the time that its work takes.
    memory.advance(start().plus_min(240));
    assert_eq!(memory.finished(), [("train".into(), Some(start().plus_min(180)))]);
    assert_eq!(memory.breaches(), Vec::<String>::new());
    // Rested, the site imports what the job alone takes.
    let meter = memory.meter("london").unwrap();
    assert_eq!(meter.read(&ReadingOptions::new(start().plus_min(240))).unwrap().import_mw, 0.0);
}

#[test]
fn a_job_that_was_paused_stays_paused_with_its_work() {
    let mut given = site();
    // Dear in the middle: the job pauses there.
    given.regions[0] = Region::new("london")
        .it_capacity_mw(2.0)
        .import_limit_mw(6.0)
        .carbon_g_per_kwh(100.0)
        .import_price_gbp_per_mwh(vec![20.0, 500.0, 500.0, 500.0, 20.0, 20.0, 20.0, 20.0]);
    given.jobs[0] = Job::gpu_hours("train", 1.0, [JobPoint::gpu_hours(1.0, 1.0)]).preemptible(true);
    given.jobs[0] = given.jobs[0].clone().deadline(start().plus_min(150));
    let memory = MemorySite::new(given.clone());
    let mut paper = given;
    paper.jobs.clear();
    let plant = Plant::new(paper).cluster(Arc::new(memory.cluster()));
    let settings = LiveSettings::default().shadow(false).view_periods(8);
    let mut controller = Live::new(plant, settings, Arc::new(MemoryState::default())).unwrap();
    controller.tick(start());
    controller.tick(start().plus_min(STEP_MIN));
    drop(controller);
    let seen = memory.cluster().observe(&ReadingOptions::new(start().plus_min(239))).unwrap();
    let state = seen[0].job.state.clone().unwrap();
    assert_eq!((state.point, state.done_gpu_hours), (None, 0.5));
    assert!(seen[0].checkpoint_at.is_some());
}

#[test]
fn a_job_whose_start_was_acknowledged_and_ignored_is_known_as_late_before_the_next_plan() {
    let mut given = site();
    // Half an hour of work, due at the end of the first period.
    given.jobs[0].gpu_hours = Some(0.5);
    given.jobs[0].deadline = Some(start().plus_min(STEP_MIN));
    let memory = MemorySite::new(given.clone());
    let deaf = Faulty::new(memory.cluster(), Fault::Ignores);
    given.jobs.clear();
    let settings = LiveSettings::default().shadow(false).view_periods(8);
    let mut controller =
        Live::new(Plant::new(given).cluster(Arc::new(deaf)), settings, Arc::new(MemoryState::default())).unwrap();
    let first = controller.tick(start());
    assert_eq!((first.deliveries.len(), &first.at_risk), (1, &Vec::new()), "{first:?}");
    let between = controller.tick(start().plus_min(10));
    assert!(between.planned.is_none());
    assert_eq!(between.at_risk, ["train".into()]);
}

#[test]
fn after_a_restart_nothing_is_done_twice_and_the_plan_goes_on() {
    let memory = MemorySite::new(site());
    let store = Arc::new(MemoryState::default());
    // It ends after every turn.
    for minute in (0..240).step_by(10) {
        let mut controller = live(&memory, store.clone()).unwrap();
        let tick = controller.tick(start().plus_min(minute));
        assert_eq!(tick.lost, []);
    }
    let ids: Vec<String> = memory.carried_out().into_iter().map(|action| action.id).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    memory.advance(start().plus_min(240));
    assert!(memory.finished()[0].1.is_some());
    assert!(memory.batteries()[0].soc_mwh < 1.0, "the battery was not used in the dear hours");
    assert_eq!(memory.breaches(), Vec::<String>::new());
}

/// A disk that cannot be read, or not be written.
#[derive(Debug)]
struct Disk {
    can_read: bool,
}

impl fmt::Display for Disk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("disk")
    }
}

impl StateStore for Disk {
    fn load(&self) -> AdapterResult<Option<String>> {
        let gone = AdapterError::Unreachable { adapter: "disk".into(), message: "not mounted".into() };
        if self.can_read { Ok(None) } else { Err(gone) }
    }
    fn save(&self, _: &str) -> AdapterResult<()> {
        Err(AdapterError::Unreachable { adapter: "disk".into(), message: "full".into() })
    }
}

#[test]
fn without_its_memory_it_does_not_begin_and_sends_nothing() {
    let memory = MemorySite::new(site());
    let error = live(&memory, Arc::new(Disk { can_read: false })).unwrap_err();
    assert!(error.to_string().contains("not mounted"), "{error}");
    let mut controller = live(&memory, Arc::new(Disk { can_read: true })).unwrap();
    let tick = controller.tick(start());
    assert!(tick.problems.iter().any(|problem| problem.contains("nothing is sent")), "{:?}", tick.problems);
    assert_eq!(memory.carried_out(), []);
}
