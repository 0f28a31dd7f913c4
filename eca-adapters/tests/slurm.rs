//! Slurm through stand-ins for `squeue` and `scontrol`: no real cluster was at hand.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_adapters::SystemClock;
use eca_adapters::slurm::Slurm;
use eca_core::Timestamp;
use eca_core::action::{Action, Command, Target};
use eca_core::adapter::conformance::{self, Stage};
use eca_core::adapter::{AdapterError, Answer, ApplyOptions, Clock, ReadingOptions, Workloads};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::thread::sleep;
use std::time::Duration;

/// One test at a time: a process that one of them starts would hold the programs open that the other one is writing.
static ALONE: Mutex<()> = Mutex::new(());

/// A folder with the programs and a queue of two jobs, of which one has opted in.
fn cluster(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/support/slurm.py");
    for name in ["squeue", "scontrol"] {
        fs::copy(&program, folder.join(name)).unwrap();
        fs::set_permissions(folder.join(name), fs::Permissions::from_mode(0o755)).unwrap();
    }
    let job = r#"{\"id\": \"train\", \"gpu_hours\": 500, \"points\": [{\"power_mw\": 0.1, \"gpu_hours_per_h\": 100}], \"preemptible\": true}"#;
    let entry = |number: u32, comment: &str| {
        format!(
            r#"{{"job_id": {number}, "comment": "{comment}", "job_state": ["PENDING"], "start_time": {{"number": 0}},
                "suspend_time": {{"number": 0}}, "pre_sus_time": {{"number": 0}}}}"#
        )
    };
    let queue = format!("[{}, {}]", entry(7, "somebody else's"), entry(8, &format!("eca:{job}")));
    fs::write(folder.join("queue.json"), queue).unwrap();
    folder
}

struct RealTime;

impl Stage for RealTime {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
    fn wait_s(&self, seconds: i64) {
        sleep(Duration::from_secs(seconds.unsigned_abs()));
    }
    fn settle_s(&self) -> i64 {
        1
    }
    fn command_s(&self) -> i64 {
        60
    }
}

#[test]
fn it_conforms_and_touches_only_what_opted_in() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = cluster("slurm_conforms");
    let slurm = Slurm::new("london", Some(folder.clone()));
    assert_eq!(conformance::workloads(&slurm, "train", "london", &RealTime), []);
    // Each command once, and none for the other job.
    let log = fs::read_to_string(folder.join("log")).unwrap();
    assert_eq!(log, "release 8\nsuspend 8\nresume 8\nsuspend 8\n");
}

#[test]
fn what_slurm_cannot_do_is_refused_and_what_it_does_not_say_is_an_error() {
    let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = cluster("slurm_refuses");
    let slurm = Slurm::new("london", Some(folder.clone()));
    let now = SystemClock.now();
    slurm.observe(&ReadingOptions::new(now)).unwrap();
    let apply = |slurm: &Slurm, command: Command, dry_run: bool| {
        let target = Target::Job { id: "train".into(), copy: 0 };
        let action = Action::new(1, target, command, now, now.plus_min(30));
        slurm.apply(&action, &ApplyOptions::new(now).dry_run(dry_run))
    };
    let run = |region: &str, point: usize| Command::Run { region: region.into(), point, power_mw: 0.1 };
    assert!(matches!(apply(&slurm, run("paris", 0), false), Err(AdapterError::Refused { .. })));
    assert!(matches!(apply(&slurm, run("london", 1), false), Err(AdapterError::Refused { .. })));
    assert_eq!(apply(&slurm, run("london", 0), true), Ok(Answer::WouldDo));
    assert!(!folder.join("log").exists());
    fs::write(folder.join("queue.json"), "[{\"comment\": \"eca:{}\", \"job_id\": 9}]").unwrap();
    let error = slurm.observe(&ReadingOptions::new(now)).unwrap_err();
    assert!(error.to_string().contains("which is no job: missing field `id`"), "{error}");
    let gone = Slurm::new("london", Some(folder.join("nowhere")));
    let error = gone.observe(&ReadingOptions::new(now)).unwrap_err();
    assert!(matches!(error, AdapterError::Unreachable { .. }), "{error}");
}
