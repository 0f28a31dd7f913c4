//! Reads a problem document, plans it, checks the plan and prints it.
//!
//! `cargo run -p eca-examples --example plan_file -- problem.json [gap] [seconds]`

use eca_core::{Control, Problem, Settings};
use std::error::Error;
use std::sync::Arc;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args.next().ok_or("usage: plan_file PROBLEM [GAP] [SECONDS] [ENGINE]")?;
    let mut settings = Settings::default();
    if let Some(gap) = args.next() {
        settings.gap = gap.parse()?;
    }
    // No limit where the seconds are left out, or `-`.
    settings.time_limit_s = args.next().filter(|text| text != "-").map(|seconds| seconds.parse()).transpose()?;
    if let Some(engine) = args.next() {
        settings.engine = engine.parse()?;
    }

    let problem = Problem::from_json(&std::fs::read_to_string(path)?)?;
    for warning in problem.warnings() {
        eprintln!("warning: {warning}");
    }
    let mut control = Control::default();
    control.progress = Some(Arc::new(|progress| {
        eprintln!("{:6.1} s, best {:?}, bound {:?}", progress.elapsed_s, progress.incumbent_gbp, progress.bound_gbp);
    }));
    let solved = problem.solve_with(&settings, &control)?;
    eprintln!("{}\n{:?}", solved.plan, solved.report);
    for finding in solved.plan.check(&problem).findings {
        eprintln!("finding: {finding}");
    }
    println!("{}", solved.plan.to_json()?);
    Ok(())
}
