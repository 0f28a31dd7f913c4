//! Dry run, record and replay, rate limit, bad connections.

use super::{action, rack, site, start};
use eca_core::action::Command;
use eca_core::adapter::conformance::{self, FakeTime};
use eca_core::adapter::wrap::{DryRun, Exchange, Flaky, Outages, RateLimit, Recorder, Replay};
use eca_core::adapter::{
    AdapterError, Answer, ApplyOptions, Meter, ReadingOptions, StateStore, StorageDevice, Workloads, memory,
};

fn charge() -> Command {
    Command::Charge { power_mw: 1.0 }
}

#[test]
fn a_dry_run_changes_nothing_and_says_what_it_would_do() {
    let battery = DryRun::new(site().battery("rack").unwrap());
    let command = action(1, charge(), 0, 30);
    for _ in 0..2 {
        assert_eq!(battery.apply(&command, &ApplyOptions::new(start())), Ok(Answer::WouldDo));
    }
    let late = ApplyOptions::new(start().plus_min(30));
    assert_eq!(StorageDevice::apply(&battery, &command, &late), Ok(Answer::Expired));
    assert_eq!(battery.would_do(), [command]);
    let after = battery.read(&ReadingOptions::new(start().plus_min(30))).unwrap();
    assert_eq!((after.soc_mwh, after.charge_mw), (2.0, 0.0));
    let jobs = DryRun::new(site().cluster());
    let run = Command::Run { region: "london".into(), point: 0, power_mw: 1.0 };
    assert_eq!(Workloads::apply(&jobs, &action(1, run, 0, 30), &ApplyOptions::new(start())), Ok(Answer::WouldDo));
    assert_eq!(jobs.observe(&ReadingOptions::new(start().plus_min(5))).unwrap()[0].job.state, None);
    // The options of a call ask for the same of any adapter.
    let memory = site().battery("rack").unwrap();
    let options = ApplyOptions::new(start()).dry_run(true);
    assert_eq!(memory.apply(&action(1, charge(), 0, 30), &options), Ok(Answer::WouldDo));
    assert_eq!(memory.read(&ReadingOptions::new(start().plus_min(30))).unwrap().soc_mwh, 2.0);
}

#[test]
fn a_recording_is_played_back_without_the_device() {
    let recorder = Recorder::new(site().battery("rack").unwrap());
    let findings = conformance::storage_device(&recorder, &rack(), &FakeTime::new(start()));
    assert_eq!(findings, []);
    let recording = recorder.take();
    assert!(recording.len() > 20);
    // As lines of JSON, and back.
    let text: Vec<String> = recording.iter().map(|e| serde_json::to_string(e).unwrap()).collect();
    let read: Vec<Exchange> = text.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(read, recording);
    let replay = Replay::new(read);
    assert_eq!(conformance::storage_device(&replay, &rack(), &FakeTime::new(start())), []);
    assert_eq!(replay.left(), 0);
    // Another question than the one that was recorded is refused, and the recording stays where it is.
    let replay = Replay::new(recording);
    let left = replay.left();
    let other = StorageDevice::read(&replay, &ReadingOptions::new(start().plus_min(1))).unwrap_err();
    assert!(other.to_string().contains("the recording goes on with"), "{other}");
    assert_eq!(replay.left(), left);
    let meter = Recorder::new(site().meter("london").unwrap());
    let shown = meter.read(&ReadingOptions::new(start())).unwrap();
    assert_eq!(Meter::read(&Replay::new(meter.take()), &ReadingOptions::new(start())), Ok(shown));
}

#[test]
fn a_rate_limit_counts_new_commands_and_lets_repetitions_pass() {
    let battery = RateLimit::new(site().battery("rack").unwrap(), 2, 600);
    let commands: Vec<_> = (1..=3).map(|n| action(n, charge(), 0, 29 + i64::try_from(n).unwrap())).collect();
    let at = |s: i64| ApplyOptions::new(start().plus_s(s));
    assert_eq!(battery.apply(&commands[0], &at(0)), Ok(Answer::Done));
    assert_eq!(battery.apply(&commands[1], &at(1)), Ok(Answer::Done));
    let third = battery.apply(&commands[2], &at(2)).unwrap_err();
    assert!(third.to_string().contains("2 commands in 600 s are enough"), "{third}");
    assert_eq!(battery.apply(&commands[1], &at(3)), Ok(Answer::AlreadyDone));
    // The first one is 600 s old then.
    assert_eq!(battery.apply(&commands[2], &at(600)), Ok(Answer::Done));
}

#[test]
fn a_bad_connection_fails_the_same_way_for_the_same_seed() {
    let outcome = |seed: u64| -> Vec<bool> {
        let outages = Outages::default().lost_frac(0.2).lost_answer_frac(0.1);
        let meter = Flaky::new(site().meter("london").unwrap(), outages, seed);
        (0..500).map(|s| meter.read(&ReadingOptions::new(start().plus_s(s))).is_ok()).collect()
    };
    assert_eq!(outcome(7), outcome(7));
    assert_ne!(outcome(7), outcome(8));
    let good = outcome(7).iter().filter(|ok| **ok).count();
    // 500 * 0.8 * 0.9 = 360, standard deviation 10.
    assert!((310..=410).contains(&good), "{good}");
    let outage = Outages::default().span(start(), start().plus_min(5));
    let meter = Flaky::new(site().meter("london").unwrap(), outage, 1);
    assert!(matches!(meter.read(&ReadingOptions::new(start())), Err(AdapterError::Unreachable { .. })));
    assert!(meter.read(&ReadingOptions::new(start().plus_min(5))).is_ok());
}

#[test]
fn a_lost_answer_is_a_command_that_was_carried_out() {
    let inner = site();
    let battery = Flaky::new(inner.battery("rack").unwrap(), Outages::default().lost_answer_frac(1.0), 1);
    let command = action(1, charge(), 0, 30);
    let lost = battery.apply(&command, &ApplyOptions::new(start())).unwrap_err();
    assert!(lost.is_passing(), "{lost}");
    assert_eq!(inner.carried_out(), std::slice::from_ref(&command));
    let direct = inner.battery("rack").unwrap();
    assert_eq!(direct.apply(&command, &ApplyOptions::new(start())), Ok(Answer::AlreadyDone));
}

#[test]
fn stale_readings_are_errors_with_age_and_limit() {
    let site = site();
    site.advance(start().plus_min(10));
    // The site lives on until the instant of a question; one in its past gets what is true later.
    let meter = site.meter("london").unwrap();
    let early = meter.read(&ReadingOptions::new(start().plus_min(5))).unwrap_err();
    assert!(early.to_string().contains("which is after"), "{early}");
    let old = eca_core::adapter::check_age(&meter, "power", start(), &ReadingOptions::new(start().plus_min(3)));
    assert_eq!(
        old.unwrap_err().to_string(),
        "meter of `london` in memory: the reading of power is 180 s old, at most 120 s are allowed"
    );
    let state = memory::MemoryState::default();
    assert_eq!(state.load(), Ok(None));
    state.save("x").unwrap();
    assert_eq!(state.clone().load(), Ok(Some("x".into())));
}
