//! Logs by year: a shard begins with its first record, ends with its last one, and cites heads that were signed.

use super::AuditReport;
use super::part::Part;
use crate::log::{LogHead, LogKey, LogStore, hex, tile};
use crate::{Error, Record, Result, Trust, kind};
use serde_json::Value;
use std::collections::BTreeMap;

/// What the records say of shards so far.
#[derive(Default)]
struct Shards {
    year: Option<i64>,
    closed: Option<u64>,
    /// Size and root of the last head that was cited of each log.
    cited: BTreeMap<String, (u64, String)>,
    count: usize,
}

/// Follows every record of shards, and looks at the year of what was delivered.
pub(super) fn check(part: &Part<'_>, trust: Option<&Trust>, report: &mut AuditReport) -> Result<()> {
    let mut shards = Shards::default();
    for record in &part.records {
        match shards.follow(part.store, trust, record) {
            Ok(()) => {}
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(error) => report.fault(format!("record {}", record.seq), error.to_string()),
        }
    }
    if let Some(seq) = shards.closed.filter(|seq| seq + 1 < part.head.size) {
        let reason = format!("stands behind record {seq}, which closed the shard");
        report.fault(format!("record {}", seq + 1), wrong(reason).to_string());
    }
    if let Some(year) = shards.year {
        let state = if shards.closed.is_some() { "closed" } else { "open" };
        report.checked.push(format!("shard of {year}, {state}: everything delivered is of that year"));
    }
    if shards.count > 0 {
        report.checked.push(format!("{} heads of other shards are signed and grow", shards.count));
    }
    Ok(())
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::not_verified("shard", reason)
}

impl Shards {
    fn follow(&mut self, store: &dyn LogStore, trust: Option<&Trust>, record: &Record) -> Result<()> {
        if self.closed.is_some() {
            // One fault for all that stands there.
            return Ok(());
        }
        let text = |name: &str| record.body.get(name).and_then(Value::as_str);
        if let (kind::DELIVERY, Some(year), Some(date)) = (record.kind.as_str(), self.year, text("settlement_date"))
            && !date.starts_with(&format!("{year}-"))
        {
            return Err(wrong(format!("a delivery of {date} stands in the shard of {year}")));
        }
        if record.kind != kind::SHARD {
            return Ok(());
        }
        match text("action") {
            Some("begin") if record.seq == 0 => {
                let year = record.body.get("year").and_then(Value::as_i64);
                self.year = Some(year.ok_or_else(|| wrong("begins without a year"))?);
                if record.body.contains_key("log") { self.head(store, trust, record) } else { Ok(()) }
            }
            Some("begin") => Err(wrong("begins behind other records")),
            Some("cite") => self.head(store, trust, record),
            Some("close") => {
                self.closed = Some(record.seq);
                Ok(())
            }
            _ => Err(wrong("neither begins nor closes a shard, nor cites one")),
        }
    }

    /// The head that a record cites: signed by the key of this log in the name of the other one, or by a key that the trust
    /// file names for it, and a continuation in size of the last one.
    fn head(&mut self, store: &dyn LogStore, trust: Option<&Trust>, record: &Record) -> Result<()> {
        let cited = record.refs.iter().find(|reference| reference.name == "checkpoint");
        let note = cited.map(|cited| store.read(&tile::blob(&cited.sha256))).transpose()?.flatten();
        let note = note.ok_or_else(|| wrong("the head it cites is not there"))?;
        let note = String::from_utf8_lossy(&note);
        let head = LogHead::read("shard", &note)?;
        let said = |name: &str| record.body.get(name).cloned().unwrap_or_default();
        let root = hex(&head.root);
        if (said("log"), said("size"), said("root"))
            != (head.origin.as_str().into(), head.size.into(), root.as_str().into())
        {
            return Err(wrong("the record says something else than the head it cites"));
        }
        if let Some(trust) = trust {
            let named = trust.earlier_logs.iter().find(|key| key.name == head.origin).cloned();
            let key = named.unwrap_or(LogKey { name: head.origin.clone(), key: trust.log.key });
            LogHead::verify("shard", &note, &key)?;
        }
        let last = self.cited.insert(head.origin.clone(), (head.size, root.clone()));
        if let Some((size, old)) = last
            && (head.size < size || (head.size == size && old != root))
        {
            return Err(wrong(format!("`{}` had {size} records in an earlier record", head.origin)));
        }
        self.count += 1;
        Ok(())
    }
}
