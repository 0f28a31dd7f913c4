//! The running loop on a day that passes in seconds: jobs of a cluster in memory, a battery over Modbus (a program on
//! pymodbus with a SunSpec map), the settlement meter over MQTT (a mosquitto with passwords), and one event that is sold to
//! the grid agent of `deg_network` over HTTP while the loop runs. What the meter counts in the event is reported half hour
//! by half hour, settled, and everything stands in a log that is audited at the end.
//!
//! ```text
//! make demo-live-loop
//! ```
//!
//! Site, prices and keys are made up; the pieces are the real ones. One process is the operator: the loop of
//! `eca_core::live`, its adapters, the seller's agent, the log. Outside of it are the grid's agent, the battery, the broker.

mod battery;
mod day;
mod mosquitto;
mod outside;
mod seller;
mod site;

use eca_examples::deg::{Outcome, agents};
use std::path::PathBuf;

fn main() -> std::process::ExitCode {
    match told() {
        Ok(()) => std::process::ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            std::process::ExitCode::FAILURE
        }
    }
}

/// Does what the command line says.
fn told() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--python", python, "--out", folder] => day::run(&PathBuf::from(folder), python),
        // The grid's agent, a process of its own: told what to do by lines on its standard input.
        ["agent", name, folder] => agents::run(name, &PathBuf::from(folder)),
        _ => Err("usage: live_loop --python PROGRAM --out FOLDER".into()),
    }
}
