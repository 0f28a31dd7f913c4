//! Rows of a table with named columns, from CSV or from a JSON array of objects.

use super::amount::Micro;
use crate::{Error, Result, Timestamp};
use std::collections::BTreeMap;

/// Most Wh that a cell may hold: 100 GWh.
const MAX_WH: i64 = 100_000_000_000;

/// A row with its place in the file: a line of CSV, a record of JSON, both from 1.
#[derive(Debug)]
pub(super) struct Row {
    source: &'static str,
    line: usize,
    cells: BTreeMap<String, String>,
}

/// Reads a table whose columns include `needed`; `known` are those that may be there beside them. Others are left aside, but not
/// a known quantity in another unit: it would pass for one that is not known.
pub(super) fn rows(source: &'static str, text: &str, needed: &[&str], known: &[&str]) -> Result<Vec<Row>> {
    let json = text.trim_start().starts_with('[');
    let (head, rows) =
        if json { (None, from_json(source, text)?) } else { from_csv(source, text).map(|(h, r)| (Some(h), r))? };
    if let Some(head) = &head {
        columns(head, needed, known)
            .map_err(|message| Row { source, line: 1, cells: BTreeMap::new() }.wrong(message))?;
    }
    for row in rows.iter().filter(|_| json) {
        let names: Vec<&str> = row.cells.keys().map(String::as_str).collect();
        columns(&names, needed, known).map_err(|message| row.wrong(message))?;
    }
    Ok(rows)
}

/// Refuses a needed column that is not there, and a column that has another unit in its name.
fn columns<S: AsRef<str>>(head: &[S], needed: &[&str], known: &[&str]) -> Result<(), String> {
    let there = |name: &str| head.iter().any(|column| column.as_ref() == name);
    for name in needed.iter().chain(known).filter(|name| !there(name)) {
        let other = head
            .iter()
            .map(AsRef::as_ref)
            .find(|column| quantity(column) == quantity(name) && quantity(name).is_some());
        if let Some(other) = other {
            return Err(format!("has `{other}` and no column `{name}`; convert the values and name the column so"));
        }
        if needed.contains(name) {
            return Err(format!("has no column `{name}`; needed are {}", needed.join(", ")));
        }
    }
    Ok(())
}

/// What a column with a unit in its name measures: `system_price` of `system_price_gbp_per_mwh`, `import` of `import_kwh`.
fn quantity(name: &str) -> Option<&str> {
    let (quantity, unit) = match name.split_once("_per_") {
        Some((rate, below)) if !below.contains('_') => return rate.rsplit_once('_').map(|(quantity, _)| quantity),
        Some(_) => return None,
        None => name.rsplit_once('_')?,
    };
    ["wh", "kwh", "mwh", "gwh", "mw", "kw", "w"].contains(&unit).then_some(quantity)
}

fn from_csv(source: &'static str, text: &str) -> Result<(Vec<String>, Vec<Row>)> {
    let broken = |error: csv::Error| Error::Parse {
        source_name: source.to_owned(),
        line: error.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0)),
        message: error.to_string(),
    };
    let mut reader =
        csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let head = reader.headers().map_err(broken)?.clone();
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, |at| usize::try_from(at.line()).unwrap_or(0));
        let cells = head.iter().map(str::to_owned).zip(record.iter().map(str::to_owned)).collect();
        rows.push(Row { source, line, cells });
    }
    Ok((head.iter().map(str::to_owned).collect(), rows))
}

fn from_json(source: &'static str, text: &str) -> Result<Vec<Row>> {
    let objects: Vec<BTreeMap<String, serde_json::Value>> = crate::problem::read_json(text)?;
    let rows = objects.into_iter().enumerate().map(|(place, object)| {
        let cells = object
            .into_iter()
            .map(|(name, value)| {
                let text = match value {
                    serde_json::Value::String(text) => text,
                    serde_json::Value::Null => String::new(),
                    other => other.to_string(),
                };
                (name, text)
            })
            .collect();
        Row { source, line: place + 1, cells }
    });
    Ok(rows.collect())
}

impl Row {
    /// What is wrong with this row.
    pub(super) fn wrong(&self, message: String) -> Error {
        Error::Parse { source_name: self.source.to_owned(), line: self.line, message }
    }

    /// The line or record.
    pub(super) fn line(&self) -> usize {
        self.line
    }

    /// A cell; empty where the column is not there.
    pub(super) fn cell(&self, name: &str) -> &str {
        self.cells.get(name).map_or("", String::as_str)
    }

    /// An instant with offset.
    pub(super) fn instant(&self, name: &str) -> Result<Timestamp> {
        Timestamp::parse_field(name, self.cell(name)).map_err(|error| self.wrong(error.to_string()))
    }

    /// Whole Wh, at least zero.
    pub(super) fn wh(&self, name: &str) -> Result<i64> {
        let text = self.cell(name);
        text.parse().ok().filter(|wh| (0..=MAX_WH).contains(wh)).ok_or_else(|| {
            self.wrong(format!(
                "{name} = `{text}`, must be whole Wh from 0 to {MAX_WH}; import and export are two columns"
            ))
        })
    }

    /// The same within whole numbers of the unit; beyond them the unit is another one.
    pub(super) fn micro_within(&self, name: &str, least: i64, most: i64, unit: &str) -> Result<Option<Micro>> {
        let found = self.micro(name)?;
        let whole = |limit: i64| Micro::from_millionths(limit * 1_000_000);
        match found.filter(|value| !(whole(least)..=whole(most)).contains(value)) {
            Some(value) => {
                Err(self.wrong(format!("{name} = {value} {unit}, must be from {least} to {most}; check the unit")))
            }
            None => Ok(found),
        }
    }

    /// A decimal number, or none where the cell is empty.
    pub(super) fn micro(&self, name: &str) -> Result<Option<Micro>> {
        match self.cell(name) {
            "" => Ok(None),
            text => Micro::parse_field("row", name, text).map(Some).map_err(|error| self.wrong(error.to_string())),
        }
    }
}
