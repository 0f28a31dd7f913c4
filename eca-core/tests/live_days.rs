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

#[path = "live_days/faults.rs"]
mod faults;
#[path = "live_days/promises.rs"]
mod promises;
#[path = "live_days/random.rs"]
mod random;
#[path = "live_days/site.rs"]
mod site;
#[path = "live_days/truth.rs"]
mod truth;

use eca_core::Timestamp;
use eca_core::action::Action;
use eca_core::adapter::memory::{MemorySignals, MemorySite, MemoryState};
use eca_core::adapter::wrap::{Flaky, Outages};
use eca_core::adapter::{ReadingOptions, StateStore, Workloads};
use eca_core::live::{Live, LiveSettings, Plant, Tick};
use eca_core::problem::JobId;
use faults::{BadSignals, BadStore};
use random::Random;
use site::day;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use truth::{InTruth, Truth};

const TICK_S: i64 = 1200;

#[derive(Debug, Default)]
struct Seen {
    plans: BTreeMap<String, usize>,
    late: usize,
    missed: usize,
    done: usize,
    problems: usize,
    calm: usize,
}

/// One day; what was seen, or what went wrong.
fn live_through(seed: u64, tell: bool) -> Result<Seen, String> {
    let random = Random::new(seed.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 0x5eed);
    let (site, signals) = day(&random);
    let horizon = site.horizon;
    // One day in four has nothing in the way of plans and jobs but doubled turns and restarts.
    let calm = random.chance(0.25);
    let memory = MemorySite::new(site.clone());
    let truth: Truth = Arc::new(AtomicI64::new(horizon.start.unix_s()));
    let done: Arc<Mutex<Vec<Action>>> = Arc::default();
    let span = |longest_min: i64| {
        let from = horizon.start.plus_min(random.below(23 * 60));
        (from, from.plus_min(random.below(longest_min)))
    };
    let outages = |longest_min: i64| {
        if calm {
            return Outages::default();
        }
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
            bad: if !calm && random.chance(0.7) { 0.5 * random.unit() } else { 0.0 },
        }));
    for region in &site.regions {
        plant = plant.meter(region.id.as_str(), device!(memory.meter(region.id.as_str()).unwrap(), 240));
    }
    let store: Arc<dyn StateStore> = Arc::new(BadStore {
        inner: MemoryState::default(),
        random: Arc::new(Random::new(random.bits())),
        fails: if !calm && random.chance(0.3) { 0.1 } else { 0.0 },
    });
    let mut settings = LiveSettings::default().shadow(false).view_periods(10);
    if !calm && random.chance(0.2) {
        // No time for a solver.
        settings.controller.solve.time_limit_s = Some(0.0);
    }
    // The clock of the loop: right, an hour behind or an hour ahead for a while.
    let step = (!calm && random.chance(0.3)).then(|| (span(120), if random.chance(0.5) { 60 } else { -60 }));
    let mut live = Live::new(plant.clone(), settings.clone(), store.clone()).map_err(|e| e.to_string())?;
    let mut seen = Seen::default();
    let mut declared: BTreeMap<JobId, Timestamp> = BTreeMap::new();
    let mut at = horizon.start;
    while at < horizon.end() {
        truth.store(at.unix_s(), Ordering::SeqCst);
        memory.advance(at);
        let missed_turn = random.chance(0.05) && !calm;
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
            look(&tick, at, &mut seen, &mut declared)?;
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
    let finished = memory.finished().into_iter().collect();
    let verdict = promises::judge(&site, &finished, &declared, calm)?;
    (seen.done, seen.missed, seen.calm) = (verdict.done, verdict.missed, usize::from(calm));
    seen.late = declared.len();
    Ok(seen)
}

/// What a turn at the true time `at` said.
fn look(tick: &Tick, at: Timestamp, seen: &mut Seen, declared: &mut BTreeMap<JobId, Timestamp>) -> Result<(), String> {
    seen.problems += tick.problems.len();
    let late = tick.planned.iter().flat_map(|planned| &planned.late);
    for id in tick.at_risk.iter().chain(late) {
        declared.entry(id.clone()).or_insert(at);
    }
    if let Some(planned) = &tick.planned {
        *seen.plans.entry(planned.source.to_string()).or_default() += 1;
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

/// Days that once went wrong: moves held back were called a risk, and jobs due beyond the view took the place of others.
const ONCE_WRONG: [u64; 4] = [649, 2821, 6194, 6538];

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
                    let n = next.fetch_add(1, Ordering::SeqCst);
                    let Some(seed) = (0..days()).chain(ONCE_WRONG).nth(usize::try_from(n).unwrap()) else { break };
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
         missed; {} problems said; {} calm",
        all.len(),
        plans("optimal"),
        plans("incumbent"),
        plans("greedy"),
        plans("shifted"),
        plans("safe"),
        sum(&|seen| seen.done),
        sum(&|seen| seen.late),
        sum(&|seen| seen.missed),
        sum(&|seen| seen.problems),
        sum(&|seen| seen.calm)
    );
    assert_eq!(wrong, Vec::<String>::new());
    // The days are faulty, and work is done all the same.
    assert!(plans("optimal") > 0 && plans("safe") > 0 && sum(&|seen| seen.problems) > all.len());
    assert!(sum(&|seen| seen.done) > all.len());
}
