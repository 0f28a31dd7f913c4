//! A writer that is killed (SIGKILL) at random moments loses nothing that it had acknowledged, and the log goes on.
//!
//! 200 kills; with `ECA_TEST_SCALE=large` 1,000. The writer is this test program itself, started again.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;
#[path = "common/random.rs"]
mod random;

use common::*;
use eca_beckn::log::{FileHead, FileStore, read_records, tree::leaf_hash};
use eca_beckn::{Log, Record, audit};
use random::Random;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const FOLDER: &str = "ECA_TEST_LOG_OF_THE_KILLED";

fn open(folder: &Path) -> Log {
    let store = Arc::new(FileStore::writer(folder.join("log")).unwrap());
    Log::open(store, Arc::new(FileHead::new(folder.join("last-head"))), log_signer(), log_key()).unwrap()
}

fn record(seq: u64) -> Vec<u8> {
    let mut record = Record::new("signal", seq, 1_795_453_200_000_000, "somebody").unwrap();
    record.txn = Some(format!("{:0>1$}", seq, 1 + (seq * 37 % 900) as usize));
    record.to_bytes().unwrap()
}

/// The writer: writes until it is killed, and says how many records are acknowledged after each append.
#[test]
fn writer() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let mut log = open(Path::new(&folder));
    let mut out = std::io::stdout().lock();
    for turn in 0.. {
        let group: Vec<Vec<u8>> = (log.size()..).take(1 + turn % 4).map(record).collect();
        log.append_all(&group.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap();
        writeln!(out, "acknowledged {}", log.size()).unwrap();
        out.flush().unwrap();
        if turn % 3 == 2 {
            let note = log.publish().unwrap();
            writeln!(out, "signed {}", note.lines().take(3).collect::<Vec<_>>().join(" ")).unwrap();
            out.flush().unwrap();
        }
    }
}

#[test]
fn kills_at_random_moments_lose_nothing() {
    let kills = if std::env::var("ECA_TEST_SCALE").is_ok_and(|scale| scale == "large") { 1000 } else { 200 };
    let folder = std::env::temp_dir().join(format!("eca-beckn-killed-{}", std::process::id()));
    drop(std::fs::remove_dir_all(&folder));
    std::fs::create_dir_all(&folder).unwrap();
    let (mut random, mut total, mut signed) = (Random(5), 0, Vec::new());
    for kill in 0..kills {
        // A new log now and then: its beginning has calls of its own.
        if kill % 50 == 0 {
            std::fs::remove_dir_all(&folder).unwrap();
            std::fs::create_dir_all(&folder).unwrap();
            signed.clear();
        }
        let mut writer = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "writer", "--nocapture", "--test-threads=1"])
            .env(FOLDER, &folder)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(writer.stdout.take().unwrap());
        // One in four is killed while it starts and opens the log, the others while they write.
        if random.below(4) > 0 {
            let mut line = String::new();
            while !line.contains("acknowledged") {
                line.clear();
                assert!(output.read_line(&mut line).unwrap() > 0, "kill {kill}: the writer ended by itself");
            }
        }
        std::thread::sleep(Duration::from_micros(random.below(15_000)));
        writer.kill().unwrap();
        writer.wait().unwrap();
        let mut acknowledged = 0_u64;
        for line in output.lines() {
            let line = line.unwrap();
            // The harness may have begun the line with a word of its own.
            if let Some((_, size)) = line.split_once("acknowledged ") {
                acknowledged = size.parse().unwrap();
            } else if let Some((_, head)) = line.split_once("signed ") {
                signed.push(head.to_owned());
            }
        }
        let mut log = open(&folder);
        assert!(log.size() >= acknowledged, "kill {kill}: {} of {acknowledged} are left", log.size());
        for (seq, leaf) in (0..).zip(log.tree().level(0)) {
            assert_eq!(leaf_hash(&record(seq)), *leaf, "kill {kill}: record {seq}");
        }
        if kill % 10 == 9 {
            let note = log.publish().unwrap();
            let store = FileStore::reader(folder.join("log")).unwrap();
            let report = audit(&store, Some(&trust()), Some(&note)).unwrap();
            assert!(report.passed(), "kill {kill}: {report}");
            assert_eq!(read_records(&store, log.size()).unwrap().len() as u64, report.records);
            for head in &signed {
                let fields: Vec<&str> = head.split(' ').collect();
                let root = log.tree().root(fields[1].parse().unwrap()).unwrap();
                let head = eca_beckn::log::LogHead { origin: ORIGIN.into(), size: 0, root };
                assert!(head.text().contains(fields[2]), "kill {kill}: two histories");
            }
        }
        total += acknowledged;
    }
    println!("{kills} kills, {total} acknowledgements, 0 lost");
    assert!(total > kills, "the writers were killed before they wrote: {total}");
    std::fs::remove_dir_all(&folder).unwrap();
}
