//! Writes a seeded instance as a problem document.
//!
//! `cargo run -p eca-benches --release --bin instance -- --jobs 200 --periods 48 --regions 1 --seed 1 > problem.json`
//!
//! Also: `--lumpy`, `--every-feature`, `--carbon-cap`, `--classes <n>`; `--stats` says on standard error what was drawn.

use eca_benches::{fleet::Fleet, hardness};
use std::process::ExitCode;
use std::time::Instant;

fn main() -> ExitCode {
    match run(std::env::args().skip(1)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("instance: {message}");
            ExitCode::FAILURE
        }
    }
}

fn run(mut args: impl Iterator<Item = String>) -> Result<(), String> {
    let mut fleet = Fleet::new(200, 48, 1, 1);
    let (mut stats, mut document) = (false, true);
    while let Some(arg) = args.next() {
        let mut number = || {
            let text = args.next().ok_or(format!("{arg} needs a number"))?;
            text.parse::<usize>().map_err(|_| format!("{arg} needs a number, not `{text}`"))
        };
        match arg.as_str() {
            "--jobs" => fleet.jobs = number()?,
            "--periods" => fleet.periods = number()?,
            "--regions" => fleet.regions = number()?,
            "--seed" => fleet.seed = number()? as u64,
            "--classes" => fleet.classes = Some(number()?),
            "--lumpy" => fleet.lumpy = true,
            "--every-feature" => fleet.every_feature = true,
            "--carbon-cap" => fleet.carbon_cap = true,
            "--stats" => stats = true,
            "--no-document" => document = false,
            other => return Err(format!("`{other}` is no option")),
        }
    }
    let begun = Instant::now();
    let problem = fleet.problem().map_err(|error| error.to_string())?;
    if stats {
        eprintln!(
            "{} seed {}: drawn and validated in {:.3} s",
            fleet.name(),
            fleet.seed,
            begun.elapsed().as_secs_f64()
        );
        eprintln!("{:#?}", hardness::of_problem(&problem));
    }
    if document {
        println!("{}", problem.to_json().map_err(|error| error.to_string())?);
    }
    Ok(())
}
