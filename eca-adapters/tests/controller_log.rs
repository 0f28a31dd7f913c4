//! The signed log of `eca-controller`: a day that anybody can audit, one byte that is another, kills at random moments, a log
//! that was rolled back. `ECA_TEST_SCALE=large` kills 200 times.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use eca_beckn::log::{FileStore, LogStore, read_records};
use eca_beckn::{AuditReport, Record, Trust, audit, kind};
use eca_core::Timestamp;
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const ORIGIN: &str = "compute.example.org/eca/2026";

const END: &str = "end = \"2026-03-02T12:00:00Z\"";

/// The example site with a log, turns of half an hour.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str, mode: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(name);
        let _ = fs::remove_dir_all(&folder);
        fs::create_dir_all(&folder).unwrap();
        let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
        fs::copy(examples.join("live/site.json"), folder.join("site.json")).unwrap();
        fs::copy(examples.join("c/day.csv"), folder.join("day.csv")).unwrap();
        let mut text = fs::read_to_string(examples.join("live/shadow.toml")).unwrap();
        for (old, new) in [("../c/day.csv", "day.csv"), ("../../out/live/shadow/", ""), ("../../out/live/", "")] {
            text = text.replace(old, new);
        }
        // Half a day: every record waits for the disk.
        text = text.replace("end = \"2026-03-03T00:00:00Z\"", END);
        text = text.replace("tick_s = 300", "tick_s = 1800").replace("\"shadow\"", &format!("\"{mode}\""));
        text += &format!("\n[log]\ndir = \"log\"\norigin = \"{ORIGIN}\"\nkey_file = \"log.key\"\n");
        fs::write(folder.join("config.toml"), text).unwrap();
        let key = folder.join("log.key");
        let made = program().args(["new-key", ORIGIN, key.to_str().unwrap()]).output().unwrap();
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::write(folder.join("trust.json"), made.stdout).unwrap();
        Self(folder)
    }

    fn run(&self) -> Output {
        program().arg(self.0.join("config.toml")).output().unwrap()
    }

    fn set(&self, old: &str, new: &str) {
        let path = self.0.join("config.toml");
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(old), "{old}");
        fs::write(path, text.replace(old, new)).unwrap();
    }

    /// Turns that were written down.
    fn turns(&self) -> usize {
        fs::read_to_string(self.0.join("events.jsonl")).map_or(0, |text| text.lines().count())
    }

    fn audit(&self) -> AuditReport {
        let trust = Trust::parse(&fs::read_to_string(self.0.join("trust.json")).unwrap()).unwrap();
        audit(&FileStore::reader(self.0.join("log")).unwrap(), Some(&trust), None).unwrap()
    }

    fn records(&self) -> Vec<Record> {
        let store = FileStore::reader(self.0.join("log")).unwrap();
        let bytes = read_records(&store, self.audit().records).unwrap();
        (0..).zip(bytes).map(|(seq, bytes)| Record::parse(seq, &bytes).unwrap()).collect()
    }
}

fn program() -> Command {
    Command::new(env!("CARGO_BIN_EXE_eca-controller"))
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn of_kind<'a>(records: &'a [Record], kind: &str) -> Vec<&'a Record> {
    records.iter().filter(|record| record.kind == kind).collect()
}

/// Every event once, in order, without a gap.
fn one_history(records: &[Record]) {
    let numbers: Vec<u64> = records.iter().map(|record| record.body["event"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=records.len() as u64).collect::<Vec<_>>());
}

#[test]
fn a_day_in_shadow_mode_can_be_audited_until_one_byte_is_another() {
    let folder = Folder::new("log_shadow", "shadow");
    let output = folder.run();
    assert!(output.status.success(), "{}", text(&output));
    let report = folder.audit();
    assert!(report.passed(), "{report}");
    let said = report.to_string();
    assert!(said.contains("24 plans keep every limit of their problems"), "{said}");
    assert!(said.contains("25 roots are those of their readings"), "{said}");
    let records = folder.records();
    one_history(&records);
    assert!(of_kind(&records, kind::COMMAND).is_empty());
    assert!(of_kind(&records, kind::PLAN).iter().all(|plan| plan.body["mode"] == "shadow"));
    // The books of the last record are those of the status.
    let books = records.last().unwrap().refs.iter().find(|cited| cited.name == "ledger").unwrap();
    let books = fs::read(folder.0.join("log/blob").join(&books.sha256)).unwrap();
    let status: Value = serde_json::from_slice(&fs::read(folder.0.join("status.json")).unwrap()).unwrap();
    assert_eq!(serde_json::from_slice::<Value>(&books).unwrap(), status["ledger"]);
    // Any byte of any kind of file.
    let store = FileStore::reader(folder.0.join("log")).unwrap();
    let blob = store.list().unwrap().into_iter().find(|path| path.starts_with("blob/")).unwrap();
    let bundle = store.list().unwrap().into_iter().rfind(|path| path.starts_with("tile/entries/")).unwrap();
    for file in ["checkpoint".to_owned(), blob, bundle] {
        let path = folder.0.join("log").join(&file);
        let good = fs::read(&path).unwrap();
        let mut bad = good.clone();
        let middle = bad.len() / 2;
        bad[middle] ^= 1;
        fs::write(&path, bad).unwrap();
        assert!(!folder.audit().passed(), "a byte of {file} is another one");
        fs::write(&path, good).unwrap();
    }
    assert!(folder.audit().passed());
}

#[test]
fn what_devices_were_told_stands_behind_the_decision() {
    let folder = Folder::new("log_act", "act");
    let output = folder.run();
    assert!(output.status.success(), "{}", text(&output));
    assert!(folder.audit().passed(), "{}", folder.audit());
    let records = folder.records();
    one_history(&records);
    let events = fs::read_to_string(folder.0.join("events.jsonl")).unwrap();
    let events: Vec<Value> = events.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let sent: Vec<&Value> = events.iter().flat_map(|event| event["deliveries"].as_array().unwrap()).collect();
    let told = of_kind(&records, kind::COMMAND);
    assert_eq!(told.len(), sent.len());
    for (record, delivery) in told.iter().zip(&sent) {
        assert_eq!(record.body["action_id"], delivery["action"]["id"]);
        assert_eq!(record.body["answer"], "done");
        let plan = records[..record.seq as usize].iter().rfind(|before| before.kind == kind::PLAN).unwrap();
        assert_eq!(plan.body["generation"], record.body["generation"]);
    }
}

/// Numbers that are the same everywhere.
struct Draw(u64);

impl Draw {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn a_controller_that_is_killed_goes_on_with_the_same_history() {
    let kills = if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 200 } else { 12 };
    let folder = Folder::new("log_killed", "act");
    // Ten real milliseconds for each turn: enough of them are interrupted.
    folder.set("[time]", "[time]\nspeed = 180000.0");
    folder.set(END, "end = \"2027-03-03T00:00:00Z\"");
    let (mut draw, mut start) = (Draw(7), "2026-03-02T00:00:00Z".to_owned());
    let mut heads = Vec::new();
    for _ in 0..kills {
        let mut process =
            program().arg(folder.0.join("config.toml")).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        // After so many turns, and somewhere in the next one.
        let wanted = folder.turns() + draw.below(4) as usize;
        while folder.turns() < wanted {
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(draw.below(25)));
        process.kill().unwrap();
        process.wait().unwrap();
        if let Ok(status) = fs::read_to_string(folder.0.join("status.json")) {
            let status: Value = serde_json::from_str(&status).unwrap();
            let last: Timestamp = status["tick"]["at"].as_str().unwrap().parse().unwrap();
            let now = last.plus_min(30).to_string();
            folder.set(&start, &now);
            start = now;
        }
        heads.extend(fs::read_to_string(folder.0.join("log/checkpoint")));
    }
    folder.set("end = \"2027-03-03T00:00:00Z\"", &format!("end = \"{start}\""));
    let output = folder.run();
    assert!(output.status.success(), "{}", text(&output));
    // Every head that anybody may have seen is one of this history.
    assert!(heads.len() > kills / 2);
    let trust = Trust::parse(&fs::read_to_string(folder.0.join("trust.json")).unwrap()).unwrap();
    for head in &heads {
        let store = FileStore::reader(folder.0.join("log")).unwrap();
        let report = audit(&store, Some(&trust), Some(head)).unwrap();
        assert!(report.passed(), "{report}");
    }
    let records = folder.records();
    one_history(&records);
    assert!(of_kind(&records, kind::PLAN).len() >= kills / 2, "{}", records.len());
    // No period was decided twice.
    let mut periods: Vec<&str> =
        of_kind(&records, kind::PLAN).iter().map(|plan| plan.body["period"].as_str().unwrap()).collect();
    let all = periods.len();
    periods.dedup();
    assert_eq!(periods.len(), all);
}

#[test]
fn a_state_that_was_lost_begins_no_second_history() {
    let folder = Folder::new("log_no_state", "shadow");
    assert!(folder.run().status.success());
    let before = folder.records().len();
    fs::remove_file(folder.0.join("state.json")).unwrap();
    let output = folder.run();
    assert!(output.status.success(), "{}", text(&output));
    let records = folder.records();
    assert!(records.len() > before);
    one_history(&records);
}

#[test]
fn a_log_that_was_rolled_back_is_not_gone_on_with() {
    let folder = Folder::new("log_rolled_back", "shadow");
    assert!(folder.run().status.success());
    let copied = Command::new("cp").arg("-r").arg(folder.0.join("log")).arg(folder.0.join("backup")).status();
    assert!(copied.unwrap().success());
    folder.set(END, "end = \"2026-03-02T13:00:00Z\"");
    assert!(folder.run().status.success());
    fs::remove_dir_all(folder.0.join("log")).unwrap();
    fs::rename(folder.0.join("backup"), folder.0.join("log")).unwrap();
    let output = folder.run();
    assert_eq!(output.status.code(), Some(2), "{}", text(&output));
    assert!(text(&output).contains("`dir`: ") && text(&output).contains("rolled back"), "{}", text(&output));
}

#[test]
fn a_key_is_made_once_and_is_for_its_owner_only() {
    let folder = Folder::new("log_key", "shadow");
    let key = folder.0.join("log.key");
    let again = program().args(["new-key", ORIGIN, key.to_str().unwrap()]).output().unwrap();
    assert_eq!(again.status.code(), Some(2), "{}", text(&again));
    #[cfg(unix)]
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&key).unwrap().permissions()) & 0o777, 0o600);
    folder.set("key_file = \"log.key\"", "key_file = \"other.key\"");
    let output = folder.run();
    assert_eq!(output.status.code(), Some(2));
    assert!(text(&output).contains("`key_file`: ") && text(&output).contains("new-key"), "{}", text(&output));
    folder.set("key_file = \"other.key\"", "key_file = \"log.key\"\nlast_head = \"log/head\"");
    assert!(text(&folder.run()).contains("must be outside of the log"));
}
