//! Writes a seeded instance as a problem document.
//!
//! `cargo run -p eca-benches --release --bin instance -- --jobs 200 --periods 48 --regions 1 --seed 1 > problem.json`
//!
//! Also: `--lumpy`, `--every-feature`, `--carbon-cap`, `--plain`, `--classes <n>`; `--stats` says on standard error what was drawn,
//! `--no-document` leaves the document out.

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
        match arg.as_str() {
            "--stats" => stats = true,
            "--no-document" => document = false,
            flag if fleet.flag(flag) => {}
            option => {
                let value = args.next().ok_or(format!("{option} is no option, or needs a value"))?;
                fleet.option(option, &value)?;
            }
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
