//! Shards beside each other: whose key signs each, that what they cite of each other is there, and no half hour twice.

use super::AuditReport;
use super::part::Part;
use crate::log::{LogHead, LogKey, LogStore, hex, tile};
use crate::{Record, Result, Trust, kind};
use serde_json::Value;
use std::collections::BTreeMap;

/// The name of a shard and the key that must have signed its head: that of the trust file, or of an earlier log there.
pub(super) fn key_of(
    store: &dyn LogStore,
    trust: Option<&Trust>,
    report: &mut AuditReport,
) -> Result<Option<(String, Option<LogKey>)>> {
    let note = store.read(tile::CHECKPOINT)?.unwrap_or_default();
    let Ok(head) = LogHead::read(tile::CHECKPOINT, &String::from_utf8_lossy(&note)) else {
        let reason = if note.is_empty() { "is missing" } else { "is no signed note with origin, size and root" };
        report.fault(tile::CHECKPOINT, reason);
        return Ok(None);
    };
    let Some(trust) = trust else { return Ok(Some((head.origin, None))) };
    let base = |name: &str| name.rsplit_once('/').map(|(base, _)| base.to_owned());
    let named = trust.earlier_logs.iter().find(|key| key.name == head.origin).cloned();
    if named.is_none() && base(&head.origin) != base(&trust.log.name) {
        report.fault(tile::CHECKPOINT, format!("is of log `{}`, no shard of `{}`", head.origin, trust.log.name));
        return Ok(None);
    }
    let key = named.unwrap_or(LogKey { name: head.origin.clone(), key: trust.log.key });
    Ok(Some((head.origin, Some(key))))
}

/// What no shard can show alone.
pub(super) fn check(parts: &[Part<'_>], trust: Option<&Trust>, report: &mut AuditReport) {
    let mut logs: BTreeMap<&str, &Part<'_>> = BTreeMap::new();
    let mut years: BTreeMap<u64, &str> = BTreeMap::new();
    let mut slots: BTreeMap<[String; 3], String> = BTreeMap::new();
    for part in parts {
        if let Some(other) = logs.insert(&part.head.origin, part) {
            report.fault(part.name.clone(), format!("is `{}`, as `{}` is", part.head.origin, other.name));
        }
        let year = part.records.first().filter(|record| record.seq == 0 && record.kind == kind::SHARD);
        if let Some(year) = year.and_then(|record| record.body.get("year")).and_then(Value::as_u64)
            && let Some(other) = years.insert(year, &part.name)
        {
            report.fault(part.name.clone(), format!("begins the year {year}, as `{other}` does"));
        }
    }
    if let Some(trust) = trust
        && !logs.contains_key(trust.log.name.as_str())
    {
        report.fault(trust.log.name.clone(), "is the log of the trust file, and not among the shards");
    }
    let mut cited = 0;
    for part in parts {
        for record in &part.records {
            if record.kind == kind::DELIVERY {
                let told = ["meter_id", "settlement_date", "settlement_period"]
                    .map(|name| record.body.get(name).map_or_else(String::new, Value::to_string));
                let place = part.place(record);
                match slots.get(&told) {
                    // Twice in one shard is found there.
                    Some(other) if other.split_once(": ").map(|(name, _)| name) != Some(&part.name) => {
                        report
                            .fault(place, format!("{other} says already what this meter delivered in this half hour"));
                    }
                    Some(_) => {}
                    None => drop(slots.insert(told, place)),
                }
            } else if record.kind == kind::SHARD && record.body.contains_key("log") {
                match leads(record, &logs) {
                    Ok(()) => cited += 1,
                    Err(reason) => report.fault(part.place(record), reason),
                }
            }
        }
    }
    report.checked.push(format!("{} shards, {cited} heads that they cite are those of the shards here", parts.len()));
}

/// Whether the head that a record cites is one of the shard that is here.
fn leads(record: &Record, logs: &BTreeMap<&str, &Part<'_>>) -> std::result::Result<(), String> {
    let text = |name: &str| record.body.get(name).and_then(Value::as_str).unwrap_or_default();
    let (log, size) = (text("log"), record.body.get("size").and_then(Value::as_u64).unwrap_or_default());
    let there = logs.get(log).ok_or_else(|| format!("cites `{log}`, which is not among the shards"))?;
    match there.tree.root_of(size) {
        None => Err(format!("`{log}` had {size} records then and has {} here: it was rolled back", there.head.size)),
        Some(root) if hex(&root) != text("root") => {
            Err(format!("the first {size} records of `{log}` are not those of then: it was rewritten"))
        }
        Some(_) => Ok(()),
    }
}
