//! `eca-controller config.toml`: the loop over configured adapters. In shadow mode unless the file says otherwise.

use std::process::ExitCode;

fn main() -> ExitCode {
    eca_adapters::controller::main(std::env::args().skip(1))
}
