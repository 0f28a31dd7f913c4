//! Three agents of the Digital Energy Grid, three processes, real HTTP on loopback: a network operator asks for 10 MW
//! less in the evening, a data centre offers what its optimiser can do without, a battery next door is hired as reserve;
//! contract, delivery by half hour, settlement, certificate and audit follow. A day passes in seconds.
//!
//! ```text
//! cargo run -p eca-examples --example deg_network -- --out out/demo-network
//! ```
//!
//! Everything in it is made up, and the keys are known to everybody: it shows how the pieces work together.

mod conductor;
mod report;

use eca_examples::deg::{Outcome, agents};
use std::path::PathBuf;

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [] => conductor::run(&PathBuf::from("out/demo-network")),
        ["--out", folder] => conductor::run(&PathBuf::from(folder)),
        // A process of its own for each agent: told what to do by lines on its standard input.
        ["agent", name, folder] => agents::run(name, &PathBuf::from(folder)),
        _ => Err("usage: deg_network [--out FOLDER]".into()),
    }
}
