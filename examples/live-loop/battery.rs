//! The battery: a program of its own on pymodbus. Time passes for what it stores when it is told.

use crate::site;
use eca_examples::deg::Outcome;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The program, while it runs.
#[derive(Debug)]
pub struct Battery {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    /// Where it answers Modbus.
    pub address: SocketAddr,
}

impl Battery {
    /// Starts it.
    pub fn start(python: &str) -> Outcome<Self> {
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("live/sunspec_battery.py");
        let watts = |mw: f64| format!("{:.0}", mw * 1e6);
        let mut process = Command::new(python)
            .arg(program)
            .args(["honest", &watts(site::ENERGY_MWH), "--power-w", &watts(site::POWER_MW), "--sf", "3", "--stepped"])
            .args(["--efficiency", &site::EFFICIENCY.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{python}: {error}"))?;
        let input = process.stdin.take().ok_or("no input")?;
        let mut output = BufReader::new(process.stdout.take().ok_or("no output")?);
        let mut port = String::new();
        output.read_line(&mut port)?;
        let port = port.trim().parse::<u16>();
        let port = port.map_err(|_| format!("the battery did not start: has {python} the package pymodbus?"))?;
        println!("battery  process {:<8} modbus 127.0.0.1:{port}", process.id());
        Ok(Self { process, input, output, address: ([127, 0, 0, 1], port).into() })
    }

    /// Lets time pass for it. Gives its power and what its terminals have counted: MW, Wh in, Wh out; discharge positive.
    pub fn advance(&mut self, seconds: i64) -> Outcome<(f64, f64, f64)> {
        writeln!(self.input, "advance {seconds}")?;
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        let state: Value = serde_json::from_str(&line)?;
        let number = |name: &str| state[name].as_f64().ok_or_else(|| format!("the battery does not say {name}"));
        Ok((number("power_w")? / 1e6, number("charged_wh")?, number("discharged_wh")?))
    }
}

impl Drop for Battery {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
