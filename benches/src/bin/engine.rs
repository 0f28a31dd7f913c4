//! Solves one instance with one engine and prints what it cost as one line of JSON.
//!
//! `cargo run -p eca-benches --release --bin engine -- --jobs 200 --periods 48 --regions 1 --seed 1 --engine columns
//! --gap 1e-4 --time-limit 10`. The instance is drawn as by `--bin instance`, or read with `--problem <file>`;
//! `--plan <file>` writes the plan. `--replan cold` and `--replan warm` measure the plan one period later.

use eca_benches::{fleet::Fleet, hardness, measure, replan::Replan};
use eca_core::{Engine, Problem, Settings};
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Instant;

/// What is asked for.
struct Ask {
    fleet: Fleet,
    settings: Settings,
    problem: Option<String>,
    plan: Option<String>,
    replan: Option<bool>,
}

fn main() -> ExitCode {
    let asked = ask(std::env::args().skip(1));
    match asked.and_then(|ask| run(&ask)) {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(message) => {
            eprintln!("engine: {message}");
            ExitCode::FAILURE
        }
    }
}

fn ask(mut args: impl Iterator<Item = String>) -> Result<Ask, String> {
    let mut ask = Ask {
        fleet: Fleet::new(200, 48, 1, 1),
        settings: Settings::default(),
        problem: None,
        plan: None,
        replan: None,
    };
    ask.settings.references = false;
    while let Some(arg) = args.next() {
        if ask.fleet.flag(&arg) {
            continue;
        }
        let value = args.next().ok_or(format!("{arg} is no option, or needs a value"))?;
        let number = || value.parse::<f64>().map_err(|_| format!("{arg} needs a number, not `{value}`"));
        match arg.as_str() {
            "--engine" => ask.settings.engine = value.parse::<Engine>().map_err(|error| error.to_string())?,
            "--gap" => ask.settings.gap = number()?,
            "--time-limit" => ask.settings.time_limit_s = Some(number()?),
            "--problem" => ask.problem = Some(value),
            "--plan" => ask.plan = Some(value),
            "--replan" => ask.replan = Some(value == "warm"),
            _ => ask.fleet.option(&arg, &value)?,
        }
    }
    Ok(ask)
}

fn run(ask: &Ask) -> Result<Value, String> {
    let say = |error: eca_core::Error| error.to_string();
    let begun = Instant::now();
    let mut problem = match &ask.problem {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| format!("{path}: {error}"))?;
            Problem::from_json(&text).map_err(say)?
        }
        None => ask.fleet.problem().map_err(say)?,
    };
    let mut warm = None;
    if let Some(from_last) = ask.replan {
        let replan = Replan::new(&problem);
        let last = measure::solve(&replan.before().map_err(say)?, &ask.settings, None).map_err(say)?;
        problem = replan.after(&last.plan, ask.fleet.seed).map_err(say)?;
        warm = from_last.then_some(last.warm);
    }
    let drawn_s = begun.elapsed().as_secs_f64();
    let measured = measure::solve(&problem, &ask.settings, warm.as_ref()).map_err(say)?;
    let plan = &measured.plan;
    // Before the plan is written: what the solve itself needed.
    let peak_mib = measure::peak_mib();
    let findings = plan.check(&problem).findings;
    let load = hardness::of_plan(&problem, plan);
    if let Some(path) = &ask.plan {
        let text = plan.to_json().map_err(say)?;
        std::fs::write(path, text).map_err(|error| format!("{path}: {error}"))?;
    }
    let steps: Vec<Value> = measured
        .steps
        .iter()
        .map(|step| json!([step.wall_s, step.incumbent_gbp, step.bound_gbp.filter(|bound| bound.is_finite())]))
        .collect();
    Ok(json!({
        "engine": plan.engine,
        "engine_reason": plan.engine_reason,
        "outcome": plan.outcome.to_string(),
        "build_s": measured.report.build_s,
        "wall_s": measured.wall_s,
        "wall_first_s": measured.first_s(),
        "wall_gap_s": measure::GAPS.map(|gap| measured.gap_s(gap)),
        "cpu_s": measured.cpu_s,
        "objective_gbp": plan.objective_gbp,
        "bound_gbp": plan.bound_gbp,
        "gap": plan.gap,
        "peak_mib": peak_mib,
        "check": findings.first().map_or("ok".to_owned(), |finding| finding.to_string()),
        "columns": measured.report.columns,
        "rows": measured.report.rows,
        "nonzeros": measured.report.nonzeros,
        "solver": measured.report.solver,
        "drawn_s": drawn_s,
        "utilisation": load.utilisation,
        "binding_share": load.binding_share,
        "undone_share": load.undone_share,
        "steps": steps,
    }))
}
