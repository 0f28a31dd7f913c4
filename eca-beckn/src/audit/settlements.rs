//! Settlements and the fund in the log: settled again from the documents that they cite, summed, and carried on.

use super::AuditReport;
use super::part::Part;
use crate::log::{LogStore, tile};
use crate::settled::{FundInput, SettlementInput, comparable, document, figures, fund_figures};
use crate::{Error, Record, Result, kind};
use eca_core::Timestamp;
use eca_core::settle::{Allocation, Beneficiary, Contribution, EventRecord, FundEntry, Ledger, distribute};
use serde_json::Value;
use std::collections::BTreeMap;

/// Settles every settlement and every distribution again, those of several shards in the order of time.
pub(super) fn check(parts: &[Part<'_>], order: &[(usize, usize)], report: &mut AuditReport) -> Result<()> {
    // What a shard carries in from the one before it is known where both are looked at.
    let alone = parts.first().filter(|_| parts.len() == 1).and_then(|part| part.records.first());
    let carried = match alone {
        Some(first) if first.seq == 0 && first.kind == kind::SHARD && first.body.contains_key("log") => None,
        _ => Some(0),
    };
    let mut books = Books { ledger: Ledger::default(), contributed: BTreeMap::new(), carried, settled: 0, funds: 0 };
    for (part, index) in order {
        let part = &parts[*part];
        let record = &part.records[*index];
        let done = match record.kind.as_str() {
            kind::SETTLEMENT => books.settlement(part.store, record),
            kind::FUND => books.fund(part.store, record),
            _ => continue,
        };
        match done {
            Ok(()) => {}
            Err(error @ Error::Store { .. }) => return Err(error),
            Err(error) => report.fault(part.place(record), error.to_string()),
        }
    }
    if books.settled > 0 {
        let cash: i64 = books.ledger.latest().values().map(|record| record.totals.cash_ugbp).sum();
        report
            .checked
            .push(format!("{} settlements computed again to the unit: {cash} ugbp in the latest runs", books.settled));
    }
    if books.funds > 0 {
        let given: i64 = books.contributed.values().sum();
        report.checked.push(format!("{} settlements of the fund sum to zero: {given} ugbp contributed", books.funds));
    }
    Ok(())
}

struct Books {
    ledger: Ledger,
    /// To the fund, by event.
    contributed: BTreeMap<String, i64>,
    /// What the last settlement of the fund carried out; nothing if that is not known.
    carried: Option<i64>,
    settled: usize,
    funds: usize,
}

/// What a record cites.
fn cited(store: &dyn LogStore, record: &Record, name: &str) -> Result<Vec<u8>> {
    let reference = record.refs.iter().find(|reference| reference.name == name);
    let bytes = reference.map(|reference| store.read(&tile::blob(&reference.sha256))).transpose()?.flatten();
    bytes.ok_or_else(|| wrong(format!("`{name}` is not there to compute it again")))
}

/// A text that a record cites.
pub(super) fn text(store: &dyn LogStore, record: &Record, name: &str) -> Result<String> {
    String::from_utf8(cited(store, record, name)?).map_err(|_| wrong(format!("`{name}` is not UTF-8")))
}

impl Books {
    fn settlement(&mut self, store: &dyn LogStore, record: &Record) -> Result<()> {
        let said = |name: &str| record.body.get(name).and_then(Value::as_str);
        let [event, meters, prices] =
            [text(store, record, "event")?, text(store, record, "meters")?, text(store, record, "prices")?];
        let input = SettlementInput {
            event: &event,
            meters: &meters,
            prices: &prices,
            run: said("run").unwrap_or_default().parse()?,
            as_of: said("as_of").map(Timestamp::parse).transpose()?,
        };
        let mut again = input.settle()?;
        let kept = comparable("event_record", &cited(store, record, "event_record")?)?;
        if kept.get("evidence").is_none() {
            // Earlier versions did not write it.
            again.evidence = None;
        }
        if kept.pointer("/evidence/workings").is_none()
            && let Some(evidence) = &mut again.evidence
        {
            // Nor did versions after them write these.
            evidence.workings = None;
        }
        if let Some(path) = difference(&kept, &comparable("event_record", again.to_json()?.as_bytes())?, "") {
            return Err(wrong(format!("settled again from what it cites, the event record differs in `{path}`")));
        }
        if said("event_id") != Some(again.event_id.as_str()) {
            return Err(wrong(format!("`event_id` is not `{}`", again.event_id)));
        }
        same(record, &figures(&again))?;
        self.take(again)
    }

    fn take(&mut self, again: EventRecord) -> Result<()> {
        self.ledger.append(again)?;
        self.settled += 1;
        Ok(())
    }

    fn fund(&mut self, store: &dyn LogStore, record: &Record) -> Result<()> {
        let contributions: Vec<Contribution> = document("contributions", &cited(store, record, "contributions")?)?;
        let beneficiaries: Vec<Beneficiary> = document("beneficiaries", &cited(store, record, "beneficiaries")?)?;
        let lines: Vec<FundEntry> = document("lines", &cited(store, record, "lines")?)?;
        let allocation = record.body.get("allocation").cloned().unwrap_or_default();
        let allocation: Allocation = serde_json::from_value(allocation).map_err(|error| wrong(error.to_string()))?;
        let said = record.body.get("carried_in_ugbp").and_then(Value::as_i64);
        let carried = self.carried.or(said).unwrap_or_default();
        if said != Some(carried) {
            return Err(wrong(format!("`carried_in_ugbp` is not {carried}, which was carried out before")));
        }
        let input = FundInput {
            contributions: &contributions,
            beneficiaries: &beneficiaries,
            allocation,
            carried_in_ugbp: carried,
        };
        let again = distribute(input.contributions, input.beneficiaries, input.allocation, input.carried_in_ugbp)?;
        if again != lines {
            return Err(wrong("shared out again, the lines of the fund are others"));
        }
        let rest = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.amount_ugbp));
        if rest != Some(0) {
            return Err(wrong(format!("the lines of the fund sum to {rest:?}, not to 0")));
        }
        let figures = fund_figures(&lines);
        same(record, &figures)?;
        let settled = self.ledger.latest();
        for Contribution { id, amount_ugbp } in &contributions {
            let Some(event) = settled.get(id.as_str()) else {
                return Err(wrong(format!("contribution of `{id}`, which is not settled in the log before it")));
            };
            let sum = self.contributed.get(id).unwrap_or(&0) + amount_ugbp;
            if sum > event.totals.social_tariff_ugbp {
                let settled = event.totals.social_tariff_ugbp;
                return Err(wrong(format!(
                    "`{id}` contributes {sum} ugbp, but was settled with {settled} for the fund"
                )));
            }
            self.contributed.insert(id.clone(), sum);
        }
        self.carried = figures.iter().find(|(name, _)| *name == "carried_out_ugbp").map(|(_, value)| *value);
        self.funds += 1;
        Ok(())
    }
}

/// The figures of the record must be those computed.
fn same(record: &Record, figures: &[(&str, i64)]) -> Result<()> {
    let other = figures.iter().find(|(name, value)| record.body.get(*name).and_then(Value::as_i64) != Some(*value));
    match other {
        Some((name, value)) => Err(wrong(format!("`{name}` is not {value}, computed again"))),
        None => Ok(()),
    }
}

/// Where two documents differ first.
fn difference(kept: &Value, again: &Value, path: &str) -> Option<String> {
    match (kept, again) {
        (Value::Object(a), Value::Object(b)) => {
            let missing = a.keys().chain(b.keys()).find(|key| !(a.contains_key(*key) && b.contains_key(*key)));
            let inside = || a.iter().find_map(|(key, value)| difference(value, b.get(key)?, &format!("{path}/{key}")));
            missing.map(|key| format!("{path}/{key}")).or_else(inside)
        }
        (Value::Array(a), Value::Array(b)) if a.len() == b.len() => {
            a.iter().zip(b).enumerate().find_map(|(i, (a, b))| difference(a, b, &format!("{path}/{i}")))
        }
        _ => (kept != again).then(|| path.to_owned()),
    }
}

fn wrong(reason: impl Into<String>) -> Error {
    Error::not_verified("settlement", reason)
}
