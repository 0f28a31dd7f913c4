//! Plans are the same bytes on 1, 2 and 4 threads: jobs are priced in parallel, and no sum may depend on who prices what.
//!
//! The number of threads is read once in a process, so each number has a process of its own: this same test again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout)]

use eca_benches::fleet::Fleet;
use eca_core::{Engine, Settings};
use std::process::Command;

/// What rayon reads.
const THREADS: &str = "RAYON_NUM_THREADS";
/// What the line of a plan begins with.
const LINE: &str = "plan of ";

/// Enough jobs for several chunks of work; gaps at which every engine ends by itself, without a limit of time, and not
/// before it has priced often.
fn fleets() -> Vec<(Engine, Fleet, f64)> {
    vec![
        (Engine::Columns, Fleet::new(40, 24, 2, 3), 1e-4),
        (Engine::Columns, Fleet { every_feature: true, ..Fleet::new(16, 24, 2, 5) }, 0.01),
        (Engine::Fleet, Fleet::new(500, 24, 2, 7), 1e-4),
        (Engine::Fleet, Fleet { every_feature: true, carbon_cap: true, ..Fleet::new(200, 24, 2, 11) }, 0.01),
    ]
}

#[test]
#[ignore = "it is what the other test runs in processes of their own"]
fn plans_of_this_process() {
    for (engine, fleet, gap) in fleets() {
        let mut settings = Settings::default();
        settings.engine = engine;
        settings.gap = gap;
        settings.references = false;
        let plan = fleet.problem().unwrap().solve(&settings).unwrap();
        assert_eq!(plan.engine, engine.name(), "{}", plan.engine_reason);
        println!("{LINE}{}: {}", fleet.name(), plan.to_json().unwrap());
    }
}

fn plans_on(threads: usize) -> Vec<String> {
    let mut process = Command::new(std::env::current_exe().unwrap());
    process.args(["--ignored", "--exact", "--nocapture", "plans_of_this_process"]).env(THREADS, threads.to_string());
    let ran = process.output().unwrap();
    let text = String::from_utf8(ran.stdout).unwrap();
    assert!(ran.status.success(), "{text}{}", String::from_utf8_lossy(&ran.stderr));
    text.lines().filter_map(|line| line.split_once(LINE)).map(|(_, plan)| plan.to_owned()).collect()
}

#[test]
fn the_number_of_threads_does_not_change_a_byte() {
    let one = plans_on(1);
    assert_eq!(one.len(), fleets().len());
    for threads in [2, 4] {
        for (found, wanted) in plans_on(threads).iter().zip(&one) {
            let name = wanted.split_once(':').unwrap().0;
            let same = found.bytes().zip(wanted.bytes()).take_while(|(a, b)| a == b).count();
            assert!(
                found == wanted,
                "{name} on {threads} threads differs from byte {same} on: ...{}",
                &found[same.min(found.len())..].chars().take(80).collect::<String>()
            );
        }
    }
}
