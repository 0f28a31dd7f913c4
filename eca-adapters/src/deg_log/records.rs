//! One record for each event, of strings and integers only.

use eca_beckn::log::hex;
use eca_beckn::log::tree::{Tree, leaf_hash};
use eca_beckn::{Entry, Error, Result, kind};
use eca_core::action::{Action, Command, Target};
use eca_core::adapter::{MeterReading, StorageReading};
use eca_core::live::{Event, Happened};
use eca_core::problem::{BatteryId, RegionId};
use eca_core::{Plan, unit};
use serde::Serialize;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The record of an event.
pub(super) fn entry(event: &Event, actor: &str, time_us: i64) -> Result<Entry> {
    let new = |kind: &str| Entry::new(kind, actor, time_us).field("event", event.number);
    Ok(match &event.what {
        Happened::Observed { storage, meters, ledger } => {
            let text = readings(storage, meters);
            let mut tree = Tree::default();
            text.lines().skip(1).for_each(|line| tree.push(leaf_hash(line.as_bytes())));
            let root = tree.root(tree.size()).ok_or_else(|| wrong("the readings have no root"))?;
            let entry = new(kind::TELEMETRY_ROOT).field("rows", tree.size()).field("root", hex(&root));
            match ledger {
                Some(ledger) => entry.cite("readings", text).cite("ledger", json(ledger)?),
                None => entry.cite("readings", text),
            }
        }
        Happened::Sold(commitment) => {
            let entry = new(kind::ORDER).field("commitment_id", commitment.id.as_str()).field("state", "committed");
            entry.cite("commitment", json(commitment)?)
        }
        Happened::Planned {
            generation,
            period,
            source,
            reason,
            shadow,
            stopped,
            check_passed,
            problem,
            plan,
            proposed,
        } => {
            let mut entry = new(kind::PLAN)
                .field("generation", *generation)
                .field("period", period.to_string())
                .field("source", source.to_string())
                .field("reason", reason.as_str())
                .field("mode", if *shadow { "shadow" } else { "act" })
                .cite("actions", json(proposed)?);
            if let Some(stopped) = stopped {
                entry = entry.field("stopped", stopped.as_str());
            }
            match (problem, plan) {
                (Some(problem), Some(plan)) if *check_passed == Some(true) => {
                    let made = Plan::from_json(plan)?;
                    // Money of a plan is far below 2^53 ugbp.
                    #[allow(clippy::cast_possible_truncation)]
                    let ugbp = (made.objective_gbp * 1e6).round() as i64;
                    entry
                        .field("outcome", made.outcome.to_string())
                        .field("objective_ugbp", ugbp)
                        .cite("problem", problem.as_str())
                        .cite("plan", plan.as_str())
                }
                // What did not pass is evidence too, and is not called a plan that did.
                (Some(problem), Some(plan)) => entry
                    .field("outcome", "check_failed")
                    .cite("problem", problem.as_str())
                    .cite("rejected_plan", plan.as_str()),
                _ => entry.field("outcome", "none"),
            }
        }
        Happened::Told { action, answer, error } => {
            told(new(kind::COMMAND), action, answer.map(|answer| json(&answer)).transpose()?, error.as_deref())?
        }
        other => return Err(wrong(format!("there is no record for {other:?}"))),
    })
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::Log { reason: reason.into() }
}

fn json(value: &impl Serialize) -> Result<String> {
    serde_json::to_string(value).map_err(|error| wrong(format!("to JSON: {error}")))
}

fn told(entry: Entry, action: &Action, answer: Option<String>, error: Option<&str>) -> Result<Entry> {
    let target = match &action.target {
        Target::Job { id, copy } => format!("job {id}#{copy}"),
        Target::Share { id, region, .. } => format!("share {id} in {region}"),
        Target::Battery { id } => format!("battery {id}"),
    };
    let power_mw = match &action.command {
        Command::Charge { power_mw } => Some(*power_mw),
        Command::Discharge { power_mw } => Some(-power_mw),
        Command::Run { power_mw, .. }
        | Command::Resume { power_mw, .. }
        | Command::Migrate { power_mw, .. }
        | Command::SetPower { power_mw, .. }
        | Command::SetShares { power_mw, .. } => Some(*power_mw),
        _ => None,
    };
    let mut entry = entry
        .field("action_id", action.id.to_string())
        .field("generation", action.generation)
        .field("target", target)
        .field("command", json(&action.command)?)
        .field("not_before", action.not_before.to_string())
        .field("expires", action.expires.to_string());
    if let Some(power_mw) = power_mw {
        entry = entry.field("power_w", whole(unit::mw_to_w(power_mw)));
    }
    Ok(match (answer, error) {
        (Some(answer), _) => entry.field("answer", answer.trim_matches('"')),
        (None, error) => entry.field("error", error.unwrap_or("no answer")),
    })
}

/// W and Wh of a site are far below 2^53.
#[allow(clippy::cast_possible_truncation)]
fn whole(value: f64) -> i64 {
    value.round() as i64
}

fn readings(storage: &BTreeMap<BatteryId, StorageReading>, meters: &BTreeMap<RegionId, MeterReading>) -> String {
    let mut text = "object,at,power_w,import_wh,export_wh,soc_wh\n".to_owned();
    for (region, meter) in meters {
        let power_w = whole(unit::mw_to_w(meter.import_mw - meter.export_mw));
        let _ = writeln!(text, "meter {region},{},{power_w},{},{},", meter.at, meter.import_wh, meter.export_wh);
    }
    for (id, battery) in storage {
        let (power_w, soc_wh) = (whole(unit::mw_to_w(battery.net_mw())), whole(unit::mwh_to_wh(battery.soc_mwh)));
        let _ = writeln!(text, "battery {id},{},{power_w},,,{soc_wh}", battery.at);
    }
    text
}
