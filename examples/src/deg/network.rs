//! The agents while the day passes: each in a process of its own, or beside the caller. They are told what time it is and
//! what to do, and everything they say is kept.

use super::{Outcome, setup};
use serde_json::{Value, json};
use std::fmt::Debug;
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

/// Somebody who takes part, and does what a line says.
pub trait Member: Debug {
    /// Name, as in [`setup::NAMES`].
    fn name(&self) -> &str;

    /// Does what the line says: `clock TIME`, `idle` (what was said since the last time), or one of its duties.
    fn tell(&mut self, line: &str) -> Outcome<Value>;
}

/// One agent in a process of its own.
#[derive(Debug)]
pub struct Agent {
    name: &'static str,
    process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
    /// Where it listens.
    pub uri: String,
}

impl Agent {
    /// Starts this program again as the agent `name`.
    pub fn start(name: &'static str, folder: &Path) -> Outcome<Self> {
        let mut process = Command::new(std::env::current_exe()?)
            .args(["agent", name])
            .arg(folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?).lines();
        let mut agent = Self { name, process, input, output, uri: String::new() };
        agent.uri = agent.read()?.strip_prefix("listening ").ok_or("an agent does not listen")?.to_owned();
        println!("{name:<8} process {:<8} {}", agent.process.id(), agent.uri);
        Ok(agent)
    }

    fn read(&mut self) -> Outcome<String> {
        Ok(self.output.next().ok_or_else(|| format!("{} has ended", self.name))??)
    }
}

impl Member for Agent {
    fn name(&self) -> &str {
        self.name
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

/// Everybody who takes part.
#[derive(Debug)]
pub struct Network {
    members: Vec<Box<dyn Member>>,
    /// Lines of the transcript.
    pub lines: Vec<Value>,
    /// What was kept for a report.
    pub notes: Vec<(String, Value)>,
}

impl Network {
    /// All agents of [`setup::NAMES`], each in a process of its own.
    pub fn start(folder: &Path) -> Outcome<Self> {
        let mut agents = Vec::new();
        for name in setup::NAMES {
            agents.push(Agent::start(name, folder)?);
        }
        let uris: Vec<String> = agents.iter().map(|agent| format!("{}={}", agent.name, agent.uri)).collect();
        for agent in &mut agents {
            agent.tell(&uris.join(" "))?;
        }
        Ok(Self::of(agents.into_iter().map(|agent| Box::new(agent) as Box<dyn Member>).collect()))
    }

    /// These, who know each other already.
    pub fn of(members: Vec<Box<dyn Member>>) -> Self {
        Self { members, lines: Vec::new(), notes: Vec::new() }
    }

    /// Tells one of them to do something.
    pub fn tell(&mut self, name: &str, line: &str) -> Outcome<Value> {
        let member = self.members.iter_mut().find(|member| member.name() == name).ok_or("no such agent")?;
        member.tell(line)
    }

    /// Tells everybody what time it is.
    pub fn clock(&mut self, time: &str) -> Outcome {
        self.members.iter_mut().try_for_each(|member| member.tell(&format!("clock {time}")).map(|_| ()))
    }

    /// Tells one of them to do something, and waits until nobody has anything to say any more.
    pub fn let_do(&mut self, name: &str, line: &str) -> Outcome<Value> {
        let value = self.tell(name, line)?;
        let begun = Instant::now();
        let mut before = None;
        let mut new = Vec::new();
        loop {
            let (mut waiting, mut passed) = (0, 0);
            for member in &mut self.members {
                let said = member.tell("idle")?;
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

    /// The notes as JSON.
    pub fn notes(&self) -> Value {
        self.notes.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
    }
}

/// A line of the transcript for people.
pub fn shown(line: &Value) -> String {
    let text = |key: &str| line[key].as_str().unwrap_or_default();
    let mark = match text("kind") {
        "event" => "*",
        "refused" => "!",
        _ => " ",
    };
    format!("{} {:<8}{mark} {}", text("time").replace('T', " ").trim_end_matches('Z'), text("who"), text("text"))
}
