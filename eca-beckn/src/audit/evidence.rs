//! What records say of documents and of other records: plans pass their check, roots are those of the readings, and
//! corrections name something that is there.

use super::{AuditReport, files};
use crate::log::{LogStore, hex, tile};
use crate::{Error, Record, Result, kind};
use eca_core::{Plan, Problem};
use serde_json::Value;

/// Looks at every plan, root of readings and correction.
pub(super) fn check(store: &dyn LogStore, records: &[Record], report: &mut AuditReport) -> Result<()> {
    let (mut plans, mut roots) = (0, 0);
    for record in records {
        let done = match record.kind.as_str() {
            kind::PLAN => plan(store, record).map(|checked| plans += usize::from(checked)),
            kind::TELEMETRY_ROOT => readings(store, record).map(|checked| roots += usize::from(checked)),
            kind::CORRECTION => correction(record),
            _ => continue,
        };
        match done {
            Ok(()) => {}
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(error) => report.fault(format!("record {}", record.seq), error.to_string()),
        }
    }
    if plans > 0 {
        report.checked.push(format!("{plans} plans keep every limit of their problems"));
    }
    if roots > 0 {
        report.checked.push(format!("{roots} roots are those of their readings"));
    }
    Ok(())
}

fn cited(store: &dyn LogStore, record: &Record, name: &str) -> Result<Option<Vec<u8>>> {
    let reference = record.refs.iter().find(|reference| reference.name == name);
    Ok(reference.map(|reference| store.read(&tile::blob(&reference.sha256))).transpose()?.flatten())
}

/// Checks a plan against its problem, if the record cites documents of these formats.
fn plan(store: &dyn LogStore, record: &Record) -> Result<bool> {
    let (Some(problem), Some(plan)) = (cited(store, record, "problem")?, cited(store, record, "plan")?) else {
        return Ok(false);
    };
    let (problem, plan) = (String::from_utf8_lossy(&problem), String::from_utf8_lossy(&plan));
    if !problem.contains("\"eca-problem/1\"") || !plan.contains("\"eca-plan/1\"") {
        return Ok(false);
    }
    let checked = Plan::from_json(&plan)?.check(&Problem::from_json(&problem)?);
    match checked.passed() {
        true => Ok(true),
        false => Err(Error::not_verified("plan", format!("does not pass its check: {checked}"))),
    }
}

/// The root over the lines of a reading file behind its header, if the record cites one.
fn readings(store: &dyn LogStore, record: &Record) -> Result<bool> {
    let Some(bytes) = cited(store, record, "readings")? else { return Ok(false) };
    let lines: Vec<[u8; 32]> =
        bytes.split(|byte| *byte == b'\n').skip(1).filter(|line| !line.is_empty()).map(files::leaf).collect();
    let said = |name: &str| record.body.get(name);
    if said("rows").and_then(Value::as_u64) != Some(lines.len() as u64) {
        return Err(Error::not_verified(
            "readings",
            format!("are {} rows, not as many as the record says", lines.len()),
        ));
    }
    match said("root").and_then(Value::as_str) == Some(hex(&files::root(&lines)).as_str()) {
        true => Ok(true),
        false => Err(Error::not_verified("readings", "do not give the root that the record says")),
    }
}

fn correction(record: &Record) -> Result<()> {
    let corrected = record.body.get("corrects").and_then(Value::as_u64);
    match corrected.filter(|seq| *seq < record.seq) {
        Some(_) => Ok(()),
        None => Err(Error::not_verified("correction", "`corrects` names no earlier record")),
    }
}
