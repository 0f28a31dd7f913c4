//! The program.

use super::config::{Config, ConfigError};
use super::pace::Pace;
use super::serve::{Board, Texts};
use super::{build, evidence, files, report};
use eca_core::live::{Hold, Live, Tick};
use std::io::Write;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

const USAGE: &str = "usage: eca-controller CONFIG.toml [--check]\n\
    runs the loop that the file describes, in shadow mode unless it says mode = \"act\"; --check only reads the file\n\
    usage: eca-controller new-key ORIGIN FILE\n\
    makes the key of a log in a new file, and prints the trust file for those who audit it\n";

/// The program: exit code 0 where it ended well, 1 where output could not be written, 2 for a wrong call or file.
pub fn main(args: impl Iterator<Item = String>) -> ExitCode {
    let args: Vec<String> = args.collect();
    let (path, check) = match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--help" | "-h"] => {
            say(USAGE);
            return ExitCode::SUCCESS;
        }
        ["new-key", origin, file] => {
            return match evidence::new_key(origin, Path::new(file)) {
                Ok(trust) => {
                    say(&trust);
                    ExitCode::SUCCESS
                }
                Err(error) => {
                    complain(&format!("error: {file}: {error}\n"));
                    ExitCode::from(2)
                }
            };
        }
        [path] => (path.to_owned(), false),
        [path, "--check"] | ["--check", path] => (path.to_owned(), true),
        _ => {
            complain(USAGE);
            return ExitCode::from(2);
        }
    };
    let config = Config::read(Path::new(&path));
    let ready = config.and_then(|config| {
        let (live, pace) = (build(&config)?, Pace::new(&config)?);
        evidence::seed(&config)?;
        // A log is opened by one process at a time, and only by one that writes to it.
        let live = if check { live } else { keep_evidence(&config, live)? };
        Ok((live, pace, config))
    });
    match ready {
        Err(error) => {
            complain(&format!("error: {error}\n"));
            ExitCode::from(2)
        }
        Ok(_) if check => {
            say(&format!("{path} is good\n"));
            ExitCode::SUCCESS
        }
        Ok((live, pace, config)) => match run(&config, live, pace) {
            Ok(summary) => {
                say(&summary);
                ExitCode::SUCCESS
            }
            Err(error) => {
                complain(&format!("error: {error}\n"));
                ExitCode::from(1)
            }
        },
    }
}

/// The loop with its log, where it has one.
fn keep_evidence(config: &Config, live: Live) -> Result<Live, ConfigError> {
    let (Some(log), Some(given)) = (evidence::open(config)?, &config.log) else { return Ok(live) };
    live.sink(Arc::new(log)).map_err(|error| config.wrong(&given.dir, error.to_string()))
}

fn say(text: &str) {
    // Nobody reads any more: that is no reason to fail.
    let _ = std::io::stdout().write_all(text.as_bytes());
}

fn complain(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Runs the loop until its time ends; a summary in words.
fn run(config: &Config, mut live: Live, mut pace: Pace) -> Result<String, ConfigError> {
    let board = Board::default();
    if let Some(listen) = &config.output.listen {
        let at = board.listen(listen.get_ref()).map_err(|error| config.wrong(listen, error.to_string()))?;
        say(&format!("status on http://{at}/\n"));
    }
    let mut last = None;
    while let Some(now) = pace.next() {
        take_orders(config, &mut live);
        let tick = live.tick(now);
        write(config, &live, &tick, &board)?;
        last = Some(tick);
    }
    if let Some(end) = pace.end() {
        let tick = live.close(end);
        write(config, &live, &tick, &board)?;
    }
    Ok(summary(&live, last.as_ref()))
}

/// The kill switch and what persons look after.
fn take_orders(config: &Config, live: &mut Live) {
    let given = &config.controller;
    match given.kill_switch.as_ref().map(|path| std::fs::read_to_string(config.resolve(path))) {
        Some(Ok(reason)) => live.stop(if reason.trim().is_empty() { "kill switch" } else { reason.trim() }),
        // A file that is there and cannot be read counts as pressed.
        Some(Err(error)) if error.kind() != std::io::ErrorKind::NotFound => live.stop(format!("kill switch: {error}")),
        Some(Err(_)) => live.resume(),
        None => {}
    }
    let holds = given.holds.as_ref().and_then(|path| std::fs::read_to_string(config.resolve(path)).ok());
    for Hold { target, until } in
        holds.and_then(|text| serde_json::from_str::<Vec<Hold>>(&text).ok()).unwrap_or_default()
    {
        live.hold(target, until);
    }
}

fn write(config: &Config, live: &Live, tick: &Tick, board: &Board) -> Result<(), ConfigError> {
    let texts = Texts { metrics: report::metrics(live, tick), status: format!("{:#}\n", report::status(live, tick)) };
    let output = &config.output;
    let line = tick.to_json().unwrap_or_else(|error| format!("{{\"error\":{:?}}}", error.to_string()));
    let jobs = [
        (&output.events, files::append as fn(&Path, &str) -> std::io::Result<()>, &line),
        (&output.metrics, files::replace, &texts.metrics),
        (&output.status, files::replace, &texts.status),
    ];
    for (path, write, text) in jobs {
        let Some(path) = path.as_ref().map(|path| config.resolve(path)) else { continue };
        write(&path, text).map_err(|error| ConfigError {
            message: format!("cannot be written: {error}"),
            line: 0,
            path,
        })?;
    }
    board.set(texts);
    Ok(())
}

fn summary(live: &Live, last: Option<&Tick>) -> String {
    let (totals, ledger) = (live.totals(), live.ledger());
    let mut text = format!(
        "{} turns, {} plans, {} actions done, {} failed, {} problems",
        totals.ticks,
        totals.plans.values().sum::<u64>(),
        totals.done,
        totals.failed,
        totals.problems
    );
    if let Some(tick) = last {
        text += &format!(", until {}", tick.at);
    }
    text.push('\n');
    for (name, entry) in &ledger.entries {
        text += &format!(
            "{name:>12}: {:10.2} GBP {:10.1} kg CO2 {:10.1} kWh\n",
            entry.cost_gbp, entry.carbon_kg, entry.import_kwh
        );
    }
    if !ledger.entries.is_empty() {
        let (gbp, kg) = (live.saved_gbp(), live.saved_kg());
        let shadow = ledger.entries.contains_key("eca");
        text += &match shadow {
            true => format!("following ECA would have saved {gbp:.2} GBP and {kg:.1} kg against what the site did\n"),
            false => format!("ECA saved {gbp:.2} GBP and {kg:.1} kg against running everything at once\n"),
        };
    }
    text
}
