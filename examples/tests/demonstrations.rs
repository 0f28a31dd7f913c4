//! The demonstrations of networks run to their end: events delivered and settled, logs that pass the audit.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = std::fs::remove_dir_all(&folder);
    folder
}

/// An example that cargo has built beside this test. A run of this test alone does not build it.
fn example(name: &str) -> Command {
    let test = std::env::current_exe().unwrap();
    let program = test.parent().unwrap().parent().unwrap().join("examples").join(name);
    assert!(program.exists(), "build it first: cargo build -p eca-examples --examples");
    Command::new(program)
}

fn run(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    text
}

/// Judged by a program that shares no code with ECA.
fn verified(folder: &Path) {
    let Some(python) = python("cryptography") else { return };
    let verifier = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/verify.py");
    let text = run(Command::new(python).arg(verifier).arg(folder.join("log")).arg(folder.join("trust.json")));
    assert!(!text.is_empty());
}

fn python(module: &str) -> Option<String> {
    let named = ["ECA_TEST_PYTHON", "PYO3_PYTHON"].iter().find_map(|name| std::env::var(name).ok());
    let python = named.unwrap_or_else(|| "python3".into());
    let found = Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status();
    let found = found.is_ok_and(|status| status.success());
    if !found {
        eprintln!("skipped: {python} has no {module}");
    }
    Some(python).filter(|_| found)
}

#[test]
fn three_agents_agree_deliver_and_settle() {
    let folder = folder("demo_network");
    let text = run(example("deg_network").arg("--out").arg(&folder));
    assert!(text.contains("\npassed: ") && !text.contains("NACK") && !text.contains("not delivered"), "{text}");
    verified(&folder);
}

#[test]
fn the_running_loop_sells_an_event_and_delivers_it() {
    let Some(python) = python("pymodbus") else { return };
    if !["/usr/sbin/mosquitto", "/usr/bin/mosquitto", "/usr/local/sbin/mosquitto"]
        .iter()
        .any(|at| Path::new(at).exists())
    {
        eprintln!("skipped: there is no mosquitto here (Debian: apt-get install mosquitto)");
        return;
    }
    let folder = folder("demo_live_loop");
    let text = run(example("live_loop").args(["--python", &python, "--out"]).arg(&folder));
    assert!(text.contains("\npassed: ") && !text.contains("NACK") && !text.contains("not delivered"), "{text}");
    for said in ["48 plans", " 0 failed, 0 batteries given up, 0 problems", " 0.000 MWh short", "jobs not done: 0;"] {
        assert!(text.contains(said), "{said} is missing in {text}");
    }
    verified(&folder);
}
