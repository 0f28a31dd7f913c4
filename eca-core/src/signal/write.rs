//! Signals as tidy CSV, as other tools and [`super::parse::csv`] read it.

use super::{Column, Signals};
use crate::{Error, Result, Timestamp};
use std::collections::BTreeMap;

impl Signals {
    /// Tidy CSV with `start`, `end`, `region` and one column for each signal; a gap is an empty cell.
    ///
    /// Signals of different steps are on different rows. Reading it back gives the same values, without provenance.
    ///
    /// # Errors
    /// [`Error::Internal`] when the text cannot be made.
    pub fn to_tidy_csv(&self) -> Result<String> {
        let columns: Vec<Column> =
            Column::ALL.into_iter().filter(|wanted| self.iter().any(|(_, column, _)| column == *wanted)).collect();
        let mut rows: BTreeMap<(&str, Timestamp, Timestamp), BTreeMap<Column, f64>> = BTreeMap::new();
        for (region, column, signal) in self.iter() {
            for point in signal.points() {
                let row = rows.entry((region, point.start, point.end)).or_default();
                if let Some(value) = point.value {
                    row.insert(column, value);
                }
            }
        }
        let mut writer = csv::Writer::from_writer(Vec::new());
        let head = ["start", "end", "region"].into_iter().chain(columns.iter().map(|column| column.name()));
        writer.write_record(head).map_err(|error| internal(&error))?;
        for ((region, start, end), values) in rows {
            let cells = columns.iter().map(|column| values.get(column).map(f64::to_string).unwrap_or_default());
            let row = [start.to_string(), end.to_string(), region.to_owned()].into_iter().chain(cells);
            writer.write_record(row).map_err(|error| internal(&error))?;
        }
        let bytes = writer.into_inner().map_err(|error| internal(error.error()))?;
        String::from_utf8(bytes).map_err(|error| internal(&error))
    }
}

fn internal(error: &dyn std::error::Error) -> Error {
    Error::Internal { message: format!("signals cannot be written as CSV: {error}") }
}
