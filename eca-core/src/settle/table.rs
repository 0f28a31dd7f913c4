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

/// Reads a table whose columns include `needed`.
pub(super) fn rows(source: &'static str, text: &str, needed: &[&str]) -> Result<Vec<Row>> {
    let rows = if text.trim_start().starts_with('[') { from_json(source, text)? } else { from_csv(source, text)? };
    for row in &rows {
        for name in needed {
            if !row.cells.contains_key(*name) {
                return Err(row.wrong(format!("has no column `{name}`; needed are {}", needed.join(", "))));
            }
        }
    }
    Ok(rows)
}

fn from_csv(source: &'static str, text: &str) -> Result<Vec<Row>> {
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
    Ok(rows)
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

    /// A decimal number, or none where the cell is empty.
    pub(super) fn micro(&self, name: &str) -> Result<Option<Micro>> {
        match self.cell(name) {
            "" => Ok(None),
            text => Micro::parse_field("row", name, text).map(Some).map_err(|error| self.wrong(error.to_string())),
        }
    }
}
