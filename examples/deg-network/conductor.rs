//! Starts the three processes, lets the day pass for them, and looks at what they leave behind.

use crate::{Outcome, report, setup, site};
use eca_beckn::log::FileStore;
use eca_beckn::{Trust, audit};
use serde_json::{Value, json};
use std::fs;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// One agent in a process of its own.
struct Agent {
    name: &'static str,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Agent {
    fn start(name: &'static str, folder: &Path) -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["agent", name])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        Ok(Self { name, process, input, output })
    }

    fn read(&mut self) -> Outcome<String> {
        Ok(self.output.next().ok_or_else(|| format!("{} has ended", self.name))??)
    }

    fn tell(&mut self, line: &str) -> Outcome<Value> {
        writeln!(self.input, "{line}")?;
        let said = self.read()?;
        match said.split_once(' ') {
            Some(("ok", value)) => Ok(serde_json::from_str(value)?),
            _ => Err(format!("{}: {said}", self.name).into()),
        }
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The network while the day passes.
struct Network {
    agents: Vec<Agent>,
    lines: Vec<Value>,
    notes: Vec<(String, Value)>,
}

impl Network {
    fn start(folder: &Path) -> Outcome<Self> {
        let mut agents = Vec::new();
        let mut uris = Vec::new();
        for name in setup::NAMES {
            let mut agent = Agent::start(name, folder)?;
            let said = agent.read()?;
            let uri = said.strip_prefix("listening ").ok_or("an agent does not listen")?;
            uris.push(format!("{name}={uri}"));
            println!("{name:<8} process {:<8} {uri}", agent.process.id());
            agents.push(agent);
        }
        for agent in &mut agents {
            agent.tell(&uris.join(" "))?;
        }
        Ok(Self { agents, lines: Vec::new(), notes: Vec::new() })
    }

    fn tell(&mut self, name: &str, line: &str) -> Outcome<Value> {
        let agent = self.agents.iter_mut().find(|agent| agent.name == name).ok_or("no such agent")?;
        agent.tell(line)
    }

    fn clock(&mut self, time: &str) -> Outcome {
        self.agents.iter_mut().try_for_each(|agent| agent.tell(&format!("clock {time}")).map(|_| ()))
    }

    /// Tells an agent to do something, and waits until nobody has anything to say any more.
    fn let_do(&mut self, name: &str, line: &str) -> Outcome<Value> {
        let value = self.tell(name, line)?;
        let begun = Instant::now();
        let mut before = None;
        let mut new = Vec::new();
        loop {
            let (mut waiting, mut passed) = (0, 0);
            for agent in &mut self.agents {
                let said = agent.tell("idle")?;
                waiting += said["waiting"].as_u64().unwrap_or_default();
                passed += said["passed"].as_u64().unwrap_or_default();
                new.extend(said["lines"].as_array().into_iter().flatten().cloned());
                for note in said["notes"].as_array().into_iter().flatten() {
                    self.notes.push((note["key"].as_str().unwrap_or_default().into(), note["value"].clone()));
                }
            }
            // Nobody waits, and since the last look nothing has passed: the conversation is over.
            if waiting == 0 && before == Some(passed) {
                break;
            }
            before = (waiting == 0).then_some(passed);
            if begun.elapsed() > Duration::from_secs(120) {
                return Err(format!("`{name} {line}` does not come to an end").into());
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        new.sort_by(|a, b| a["order"].as_str().cmp(&b["order"].as_str()));
        for line in new {
            println!("{}", shown(&line));
            self.lines.push(line);
        }
        Ok(value)
    }
}

/// A line of the transcript for people.
fn shown(line: &Value) -> String {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    let mark = match text("kind") {
        "event" => "*",
        "refused" => "!",
        _ => " ",
    };
    format!("{} {:<8}{mark} {}", text("time").replace('T', " ").trim_end_matches('Z'), text("who"), text("text"))
}

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
    story["notes"] = network.notes.iter().map(|(key, value)| json!({"key": key, "value": value})).collect();
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
