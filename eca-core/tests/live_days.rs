//! Faulty days of the running loop: signals with gaps, stale, swapped or impossible, missed and double turns, clocks that
//! step, plans without time, lost calls and answers, outages, restarts, a store that fails. Whatever happens: no limit of
//! the site is broken, no command is carried out twice or refused, no promise is missed that was not declared before.
//!
//! 500 days by default, 10,000 with `ECA_TEST_SCALE=large`.
//!
//! Time of the site is true; the loop has a clock of its own. `ECA_DAY_SEED=n` replays one day and prints it.
// With the pure-Rust solver it would take minutes and show nothing that shorter tests do not.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr, clippy::disallowed_methods)]

use eca_core::action::Action;
use eca_core::adapter::memory::{MemorySignals, MemorySite, MemoryState};
use eca_core::adapter::wrap::{Flaky, Outages};
use eca_core::adapter::{
    AdapterError, AdapterResult, Answer, ApplyOptions, FetchOptions, Meter, MeterReading, ReadingOptions, SignalSource,
    StateStore, StorageDevice, StorageReading, WorkloadReading, Workloads,
};
use eca_core::live::{Live, LiveSettings, Plant, Tick};
use eca_core::problem::JobId;
use eca_core::signal::{Column, Duplicates, Point, Provenance, Signals};
use eca_core::{Battery, Horizon, Job, JobPoint, ProblemDocument, Region, SettlementDate, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

/// Seeded numbers (splitmix64).
#[derive(Debug)]
struct Random(AtomicU64);

impl Random {
    fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed))
    }
    fn bits(&self) -> u64 {
        let mut z = self.0.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    fn unit(&self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }
    fn below(&self, n: i64) -> i64 {
        (self.bits() % n as u64) as i64
    }
    fn chance(&self, p: f64) -> bool {
        self.unit() < p
    }
}

/// True time.
type Truth = Arc<AtomicI64>;

fn true_time(truth: &Truth) -> Timestamp {
    Timestamp::from_unix_s(truth.load(Ordering::SeqCst)).unwrap()
}

/// A device lives in true time, whatever the clock of its caller says; readings are judged by the caller's clock.
#[derive(Debug)]
struct InTruth<T> {
    inner: T,
    truth: Truth,
    /// Every command that was carried out.
    done: Arc<Mutex<Vec<Action>>>,
}

impl<T> InTruth<T> {
    fn read<R>(
        &self,
        options: &ReadingOptions,
        at: impl Fn(&R) -> Option<Timestamp>,
        call: impl Fn(&ReadingOptions) -> AdapterResult<R>,
    ) -> AdapterResult<R> {
        let reading = call(&ReadingOptions::new(true_time(&self.truth)))?;
        match at(&reading) {
            Some(at) => eca_core::adapter::check_age(&"device", "state", at, options).map(|()| reading),
            None => Ok(reading),
        }
    }
    fn apply(&self, action: &Action, call: impl Fn(&ApplyOptions) -> AdapterResult<Answer>) -> AdapterResult<Answer> {
        let answer = call(&ApplyOptions::new(true_time(&self.truth)));
        if answer == Ok(Answer::Done) {
            self.done.lock().unwrap().push(action.clone());
        }
        answer
    }
}

impl<T: fmt::Display> fmt::Display for InTruth<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

impl<T: Workloads> Workloads for InTruth<T> {
    fn observe(&self, options: &ReadingOptions) -> AdapterResult<Vec<WorkloadReading>> {
        self.read(options, |jobs: &Vec<_>| jobs.first().map(|r: &WorkloadReading| r.at), |o| self.inner.observe(o))
    }
    fn apply(&self, action: &Action, _: &ApplyOptions) -> AdapterResult<Answer> {
        Self::apply(self, action, |options| self.inner.apply(action, options))
    }
}

impl<T: StorageDevice> StorageDevice for InTruth<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<StorageReading> {
        Self::read(self, options, |r: &StorageReading| Some(r.at), |o| self.inner.read(o))
    }
    fn apply(&self, action: &Action, _: &ApplyOptions) -> AdapterResult<Answer> {
        Self::apply(self, action, |options| self.inner.apply(action, options))
    }
}

impl<T: Meter> Meter for InTruth<T> {
    fn read(&self, options: &ReadingOptions) -> AdapterResult<MeterReading> {
        Self::read(self, options, |r: &MeterReading| Some(r.at), |o| self.inner.read(o))
    }
}

/// Prices that are good, or not.
#[derive(Debug)]
struct BadSignals {
    good: MemorySignals,
    random: Random,
    bad: f64,
}

impl fmt::Display for BadSignals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bad signals")
    }
}

impl SignalSource for BadSignals {
    fn fetch(&self, options: &FetchOptions) -> AdapterResult<Signals> {
        if !self.random.chance(self.bad) {
            return self.good.fetch(options);
        }
        let good = self.good.fetch(options)?;
        let kind = self.random.below(6);
        if kind == 0 {
            let (adapter, message) = (self.to_string(), "timeout".into());
            return Err(AdapterError::Unreachable { adapter, message });
        }
        let mut bad = Signals::new();
        for (region, column, signal) in good.iter() {
            let mut points = signal.points().to_vec();
            let mut provenance = signal.provenance().clone();
            match kind {
                // A gap of random length and place.
                1 => points.retain(|_| self.random.chance(0.7)),
                // Old.
                2 => provenance.retrieved_at = Some(options.now.plus_min(-60 * 24)),
                // High and low swapped.
                3 => {
                    let values: Vec<_> = points.iter().rev().map(|point| point.value).collect();
                    points.iter_mut().zip(values).for_each(|(point, value)| point.value = value);
                }
                // Impossible.
                4 => points.iter_mut().for_each(|p| p.value = Some(if self.random.chance(0.5) { 1e9 } else { 0.0 })),
                // No number: the border refuses it, as every adapter that parses does.
                _ => points.iter_mut().for_each(|p| p.value = Some(f64::NAN)),
            }
            let refused = |error: eca_core::Error| AdapterError::BadReading {
                adapter: self.to_string(),
                object: column.to_string(),
                value: "NaN".into(),
                limit: error.to_string(),
            };
            bad.insert(region, column, points, provenance, Duplicates::Refuse).map_err(refused)?;
        }
        Ok(bad)
    }
}

/// A store that fails at times.
#[derive(Debug)]
struct BadStore {
    inner: MemoryState,
    random: Arc<Random>,
    fails: f64,
}

impl fmt::Display for BadStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bad store")
    }
}

impl StateStore for BadStore {
    fn load(&self) -> AdapterResult<Option<String>> {
        self.inner.load()
    }
    fn save(&self, state: &str) -> AdapterResult<()> {
        if self.random.chance(self.fails) {
            let (adapter, message) = (self.to_string(), "disk full".into());
            return Err(AdapterError::Unreachable { adapter, message });
        }
        self.inner.save(state)
    }
}

const STEP_MIN: u32 = 60;
const TICK_S: i64 = 1200;

/// A day of 23, 24 or 25 hours, its site and its prices.
fn day(random: &Random) -> (ProblemDocument, Signals) {
    let dates = ["2026-03-29", "2026-10-25", "2026-03-02", "2026-06-01", "2026-12-24"];
    let date: SettlementDate = dates[random.below(5) as usize].parse().unwrap();
    let horizon = Horizon::settlement_day(date, STEP_MIN).unwrap();
    let mut site = ProblemDocument::new(horizon);
    let mut signals = Signals::new();
    for name in ["london", "north"].iter().take(1 + random.below(2) as usize) {
        site.regions.push(
            Region::new(*name)
                .it_capacity_mw(3.0)
                .overhead_mw(0.3)
                .pue_slope(1.2)
                .import_limit_mw(4.2)
                .export_limit_mw(0.5),
        );
        for (column, base, spread) in [(Column::ImportPriceGbpPerMwh, 60.0, 80.0), (Column::CarbonGPerKwh, 80.0, 200.0)]
        {
            let point = |t: i64| {
                let from = horizon.start.plus_min(60 * t);
                Point::new(from, from.plus_min(60), Some(base + spread * random.unit()))
            };
            let points = (-24..49).map(point).collect();
            signals.insert(name, column, points, Provenance::new("desk"), Duplicates::Refuse).unwrap();
        }
    }
    site.batteries.push(
        Battery::new("rack", "london", 1.0, 2.0)
            .soc_mwh(1.0)
            .soc_min_mwh(0.3)
            .charge_efficiency(0.9)
            .wear_gbp_per_mwh(1.0),
    );
    for j in 0..2 + random.below(2) {
        let hours = 2 + random.below(4);
        let earliest = random.below(6);
        let slack = 5 + random.below(6);
        let power = 1.0 + 0.5 * random.below(3) as f64;
        let mut job = Job::gpu_hours(format!("job{j}"), 10.0 * hours as f64, [JobPoint::gpu_hours(power, 10.0)])
            .preemptible(random.chance(0.7))
            .earliest_start(horizon.start.plus_min(60 * earliest))
            .deadline(horizon.start.plus_min(60 * (earliest + hours + slack)));
        if random.chance(0.5) {
            job =
                job.migration(eca_core::Migration { cost_gbp: 1.0, periods: random.below(2) as u32, energy_mwh: 0.0 });
        }
        site.jobs.push(job);
    }
    (site, signals)
}

#[derive(Debug, Default)]
struct Seen {
    plans: BTreeMap<String, usize>,
    late: usize,
    missed: usize,
    done: usize,
    problems: usize,
}

/// One day; what was seen, or what went wrong.
fn live_through(seed: u64, tell: bool) -> Result<Seen, String> {
    let random = Random::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed);
    let (site, signals) = day(&random);
    let horizon = site.horizon;
    let memory = MemorySite::new(site.clone());
    let truth: Truth = Arc::new(AtomicI64::new(horizon.start.unix_s()));
    let done: Arc<Mutex<Vec<Action>>> = Arc::default();
    let span = |longest_min: i64| {
        let from = horizon.start.plus_min(random.below(23 * 60));
        (from, from.plus_min(random.below(longest_min)))
    };
    let outages = |longest_min: i64| {
        let mut outages = Outages::default().lost_frac(0.2 * random.unit()).lost_answer_frac(0.2 * random.unit());
        if random.chance(0.5) {
            let (from, to) = span(longest_min);
            outages = outages.span(from, to);
        }
        outages
    };
    macro_rules! device {
        ($inner:expr, $longest_min:expr) => {
            Arc::new(Flaky::new(
                InTruth { inner: $inner, truth: truth.clone(), done: done.clone() },
                outages($longest_min),
                random.bits(),
            ))
        };
    }
    let mut plant = Plant::new(site.clone())
        .cluster(device!(memory.cluster(), 180))
        .battery("rack", device!(memory.battery("rack").unwrap(), 240))
        .signals(Arc::new(BadSignals {
            good: MemorySignals::new(signals),
            random: Random::new(random.bits()),
            bad: if random.chance(0.7) { 0.5 * random.unit() } else { 0.0 },
        }));
    for region in &site.regions {
        plant = plant.meter(region.id.as_str(), device!(memory.meter(region.id.as_str()).unwrap(), 240));
    }
    let store: Arc<dyn StateStore> = Arc::new(BadStore {
        inner: MemoryState::default(),
        random: Arc::new(Random::new(random.bits())),
        fails: if random.chance(0.3) { 0.1 } else { 0.0 },
    });
    let mut settings = LiveSettings::default().shadow(false).view_periods(10);
    if random.chance(0.2) {
        // No time for a solver.
        settings.controller.solve.time_limit_s = Some(0.0);
    }
    // The clock of the loop: right, an hour behind or an hour ahead for a while.
    let step = random.chance(0.3).then(|| (span(120), if random.chance(0.5) { 60 } else { -60 }));
    let mut live = Live::new(plant.clone(), settings.clone(), store.clone()).map_err(|e| e.to_string())?;
    let mut seen = Seen::default();
    let mut declared: BTreeSet<JobId> = BTreeSet::new();
    let mut at = horizon.start;
    while at < horizon.end() {
        truth.store(at.unix_s(), Ordering::SeqCst);
        memory.advance(at);
        let missed_turn = random.chance(0.05);
        let turns = if missed_turn { 0 } else { 1 + usize::from(random.chance(0.05)) };
        let wrong_min = step.filter(|((from, to), _)| *from <= at && at < *to).map_or(0, |(_, minutes)| minutes);
        for _ in 0..turns {
            if random.chance(0.02) {
                live = Live::new(plant.clone(), settings.clone(), store.clone()).map_err(|e| e.to_string())?;
            }
            if tell {
                let jobs = memory.cluster().observe(&ReadingOptions::new(at)).unwrap();
                jobs.iter().for_each(|r| eprintln!("{at} {} {:?} {:?}", r.job.id, r.job.gpu_hours, r.job.state));
            }
            let tick = live.tick(at.plus_min(wrong_min));
            judge(&tick, &mut seen, &mut declared)?;
            if tell {
                if let Some(p) = tick.planned.as_ref().and_then(|p| p.problem.as_ref()) {
                    eprintln!("{at} PROBLEM {}", p.to_json().unwrap());
                }
                eprintln!("{at} {}", tick.to_json().unwrap());
            }
        }
        for battery in memory.batteries() {
            let within = (0.3 - 1e-9..=2.0 + 1e-9).contains(&battery.soc_mwh);
            within.then_some(()).ok_or_else(|| format!("{at}: soc is {}", battery.soc_mwh))?;
        }
        at = at.plus_s(TICK_S);
    }
    memory.advance(horizon.end());
    if let Some(breach) = memory.breaches().first() {
        return Err(format!("{breach} ({} in all)", memory.breaches().len()));
    }
    let mut ids = BTreeSet::new();
    for action in done.lock().unwrap().iter() {
        if !ids.insert(action.id.clone()) {
            return Err(format!("carried out twice: {action:?}"));
        }
    }
    for (job, (id, finished)) in site.jobs.iter().zip(memory.finished()) {
        let due = job.deadline.unwrap();
        let kept = finished.is_some_and(|at| at <= due) || due > horizon.end();
        seen.done += usize::from(finished.is_some());
        seen.missed += usize::from(!kept);
        if !kept && !declared.contains(&id) {
            return Err(format!("`{id}` was due {due}, finished {finished:?}, and nobody had said so"));
        }
    }
    seen.late = declared.len();
    Ok(seen)
}

fn judge(tick: &Tick, seen: &mut Seen, declared: &mut BTreeSet<JobId>) -> Result<(), String> {
    seen.problems += tick.problems.len();
    declared.extend(tick.at_risk.iter().cloned());
    if let Some(planned) = &tick.planned {
        *seen.plans.entry(planned.source.to_string()).or_default() += 1;
        declared.extend(planned.late.iter().cloned());
        if planned.check_passed == Some(false) {
            return Err(format!("{}: a plan did not pass its check", tick.at));
        }
    }
    // What a job cannot do as it stands was sent by somebody who did not know what it does: a command twice.
    match tick.deliveries.iter().find(|d| d.error.as_ref().is_some_and(|error| error.contains("refused"))) {
        Some(delivery) => Err(format!("{}: {delivery:?}", tick.at)),
        None => Ok(()),
    }
}

fn days() -> u64 {
    if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 10_000 } else { 500 }
}

#[test]
fn faulty_days_break_nothing() {
    if let Ok(seed) = std::env::var("ECA_DAY_SEED") {
        let seen = live_through(seed.parse().unwrap(), true);
        panic!("seed {seed}: {seen:?}");
    }
    let next = AtomicU64::new(0);
    let wrong: Mutex<Vec<String>> = Mutex::default();
    let all: Mutex<Vec<Seen>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::SeqCst);
                    if seed >= days() {
                        break;
                    }
                    match live_through(seed, false) {
                        Ok(seen) => all.lock().unwrap().push(seen),
                        Err(error) => wrong.lock().unwrap().push(format!("ECA_DAY_SEED={seed}: {error}")),
                    }
                }
            });
        }
    });
    let (all, wrong) = (all.into_inner().unwrap(), wrong.into_inner().unwrap());
    let sum = |of: &dyn Fn(&Seen) -> usize| all.iter().map(of).sum::<usize>();
    let plans = |name: &str| sum(&|seen| seen.plans.get(name).copied().unwrap_or(0));
    eprintln!(
        "{} days: {} plans optimal, {} incumbent, {} greedy, {} shifted, {} safe; {} jobs done, {} declared at risk, {} \
         missed; {} problems said",
        all.len(),
        plans("optimal"),
        plans("incumbent"),
        plans("greedy"),
        plans("shifted"),
        plans("safe"),
        sum(&|seen| seen.done),
        sum(&|seen| seen.late),
        sum(&|seen| seen.missed),
        sum(&|seen| seen.problems)
    );
    assert_eq!(wrong, Vec::<String>::new());
    // The days are faulty, and work is done all the same.
    assert!(plans("optimal") > 0 && plans("safe") > 0 && sum(&|seen| seen.problems) > all.len());
    assert!(sum(&|seen| seen.done) > all.len());
}
