//! Starts the three processes, lets the day pass for them, and looks at what they leave behind.

use crate::report;
use eca_beckn::log::FileStore;
use eca_beckn::{Trust, audit};
use eca_examples::deg::network::{Network, shown};
use eca_examples::deg::{Outcome, setup, site};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;
use std::time::Instant;

/// The whole demonstration, with what it leaves in `folder`.
pub fn run(folder: &Path) -> Outcome {
    fs::create_dir_all(folder)?;
    let folder = &folder.canonicalize()?;
    // An earlier run's log is another history: it must go whole, with its last head.
    for old in ["log", "certificates"] {
        if folder.join(old).exists() {
            fs::remove_dir_all(folder.join(old))?;
        }
    }
    let _ = fs::remove_file(folder.join("last-head"));
    let trust_file = setup::trust_file()?;
    fs::write(folder.join("trust.json"), &trust_file)?;
    let begun = Instant::now();
    let mut network = Network::start(folder)?;

    network.clock("2026-02-19T09:00:00Z")?;
    let base = network.let_do("compute", "plan")?;
    network.let_do("grid", "publish")?;
    network.let_do("compute", "signals")?;
    network.clock("2026-02-19T11:30:00Z")?;
    network.let_do("grid", "ask")?;
    network.clock("2026-02-19T12:15:00Z")?;
    network.let_do("compute", "hire")?;
    let (first, count) = site::EVENT;
    for t in 0..site::PERIODS {
        // The clock stands behind the end of the half hour when its meter is read.
        network.clock(&site::start(t + 1)?.plus_min(1).to_string())?;
        if t < 25 {
            // The morning passed before the clock was first set; its readings arrive now.
            continue;
        }
        let event = (first..first + count).contains(&t);
        if t == first - 1 || event {
            network.let_do("der", &format!("report {t}"))?;
        }
        network.let_do("compute", &format!("measure {t}"))?;
        if event {
            let discharge_kw = if t == first { 600 } else { 0 };
            network.let_do("der", &format!("measure {discharge_kw}"))?;
            network.let_do("grid", "status")?;
            network.let_do("compute", "publish")?;
        }
    }
    network.clock("2026-03-16T10:00:00Z")?;
    let record = network.let_do("compute", "settle")?;
    network.let_do("der", "settle")?;
    let certificates = network.let_do("compute", "certify")?;
    network.let_do("compute", "publish")?;
    let mut story = network.let_do("compute", "story")?;
    story["grid"] = network.tell("grid", "view")?;
    (story["record"], story["base_mw"], story["certificates"]) = (record, base, certificates);
    story["lines"] = network.lines.iter().cloned().collect();
    story["notes"] = network.notes();
    drop(network);

    let trust = Trust::parse(&trust_file)?;
    let audited = audit(&FileStore::reader(folder.join("log"))?, Some(&trust), None)?;
    println!("\n{audited}");
    story["audit"] = json!({"passed": audited.passed(), "records": audited.records, "text": audited.to_string()});
    let transcript: String = network_lines(&story).into_iter().map(|line| line + "\n").collect();
    fs::write(folder.join("transcript.txt"), transcript)?;
    fs::create_dir_all(folder.join("certificates"))?;
    for (i, certificate) in story["certificates"].as_array().into_iter().flatten().enumerate() {
        let path = folder.join("certificates").join(format!("{}.json", i + 1));
        fs::write(path, serde_json::to_string_pretty(certificate)? + "\n")?;
    }
    fs::write(folder.join("report.html"), report::page(&story))?;
    let shown = std::env::current_dir().ok().and_then(|here| folder.strip_prefix(here).ok().map(Path::to_path_buf));
    let shown = shown.unwrap_or_else(|| folder.clone());
    println!(
        "\nin {:.1} s: report.html, transcript.txt, log, trust.json and certificates in {}",
        begun.elapsed().as_secs_f64(),
        shown.display()
    );
    println!("anybody can repeat the audit: python -m eca audit {0}/log --trust {0}/trust.json", shown.display());
    if audited.passed() { Ok(()) } else { Err("the audit failed".into()) }
}

fn network_lines(story: &Value) -> Vec<String> {
    story["lines"].as_array().into_iter().flatten().map(shown).collect()
}
