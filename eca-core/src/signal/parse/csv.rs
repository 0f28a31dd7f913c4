//! Series files: tidy CSV (`start`, `region`, columns) and wide CSV (`utc_start`, `<region>_<column>`).
//!
//! - `start` has an offset; a column named `utc_start` says UTC itself. `end` (or `utc_end`) is optional: without it
//!   an interval lasts as long as the most common distance of the rows, so that a missing row stays a gap.
//! - Columns have the names of [`Column`]. Other units are converted where the name says them: `_gbp_per_kwh`,
//!   `_p_per_kwh`, `_kw`, `_percent`, and foreign currencies such as `_eur_per_mwh` with an explicit rate.
//! - A column without a region is for [`ReadOptions::region`], or `gb`, in a file without a `region` column.
//! - An empty cell is a gap. Columns with unknown names are listed in the warnings and can be mapped.

mod columns;
mod names;

use super::json::wrong;
use crate::signal::{Column, Point, ReadOptions, Signals};
use crate::{Error, Result, Timestamp};
use std::collections::BTreeMap;

const SOURCE: &str = "csv";

/// Names of the column with the start of an interval.
const STARTS: [&str; 2] = ["utc_start", "start"];
/// Names of the column with the end of an interval.
const ENDS: [&str; 2] = ["utc_end", "end"];
/// Name of the column with the region.
const REGION: &str = "region";

/// A cell with its interval, whose end may follow from the other rows.
type Cell = (Timestamp, Option<Timestamp>, Option<f64>);

/// Reads a tidy or wide series file.
///
/// # Errors
/// [`Error::Parse`] with the line for a text that is no such file or a cell that is no number;
/// [`Error::Time`] for a time without offset and for two different values at one time;
/// [`Error::Currency`] for a foreign price without a rate; [`Error::Unknown`] for a mapped column that is not there;
/// [`Error::Duplicate`] where two columns of the file mean the same.
///
/// ```
/// use eca_core::signal::{Column, ReadOptions, parse};
/// let text = "utc_start,gb_day_ahead_eur_per_mwh\n2023-01-01T00:00:00Z,50\n2023-01-01T01:00:00Z,\n";
/// let options = ReadOptions::default().map("gb.import_price_gbp_per_mwh", "gb_day_ahead_eur_per_mwh");
/// let refused = parse::csv::read(text, &options).unwrap_err();
/// assert!(refused.to_string().contains("gbp_per_eur"));
/// let signals = parse::csv::read(text, &options.rate("EUR", 0.88)?)?;
/// assert_eq!(signals.get("gb", Column::ImportPriceGbpPerMwh)?.points()[0].value, Some(44.0));
/// # Ok::<(), eca_core::Error>(())
/// ```
pub fn read(text: &str, options: &ReadOptions) -> Result<Signals> {
    let mut reader = reader(text);
    let head = reader.headers().map_err(|error| line_of(SOURCE, &error))?.clone();
    let titles: Vec<&str> = head.iter().collect();
    let layout = Layout::of(&titles)?;
    let chosen = columns::choose(&titles, &layout, options)?;

    let mut cells: BTreeMap<(String, Column), (usize, Vec<Cell>)> = BTreeMap::new();
    for row in reader.records() {
        let row = row.map_err(|error| line_of(SOURCE, &error))?;
        let line = row.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
        let cell = |place: usize| row.get(place).unwrap_or_default();
        let start = instant(line, titles.get(layout.start).copied().unwrap_or_default(), cell(layout.start))?;
        let end = match layout.end {
            Some(end) => Some(instant(line, titles.get(end).copied().unwrap_or_default(), cell(end))?),
            None => None,
        };
        let row_region = layout.region.map(cell);
        if row_region == Some("") {
            return Err(wrong(SOURCE, line, "has no region"));
        }
        for (place, pick) in chosen.picks.iter().enumerate() {
            let Some(region) = pick.region_in(row_region, &chosen.picks) else { continue };
            let value = pick.value(line, cell(pick.place))?;
            let key = (region.to_owned(), pick.column);
            cells.entry(key).or_insert_with(|| (place, Vec::new())).1.push((start, end, value));
        }
    }
    let mut signals = Signals::new();
    for ((region, column), (place, cells)) in cells {
        let mut provenance = options.provenance(SOURCE);
        if let Some(pick) = chosen.picks.get(place) {
            pick.describe(&mut provenance);
        }
        let (points, warning) = close(&region, cells, options)?;
        signals.insert(&region, column, points, provenance, options.duplicates)?;
        if let Some(warning) = warning.filter(|warning| !signals.warnings().contains(warning)) {
            signals.warn(warning);
        }
    }
    chosen.warnings.into_iter().for_each(|warning| signals.warn(warning));
    Ok(signals)
}

/// Where the columns stand that are no signal.
struct Layout {
    start: usize,
    end: Option<usize>,
    region: Option<usize>,
}

impl Layout {
    fn of(titles: &[&str]) -> Result<Self> {
        let place = |names: &[&str]| names.iter().find_map(|name| titles.iter().position(|title| title == name));
        let Some(start) = place(&STARTS) else {
            let found = titles.join(", ");
            let comma = if found.contains(';') { "; cells must be separated by commas" } else { "" };
            return Err(wrong(SOURCE, 1, format!("has no column `start` or `utc_start`; found {found}{comma}")));
        };
        for (place, title) in titles.iter().enumerate() {
            if titles.iter().skip(place + 1).any(|other| other == title) {
                return Err(Error::Duplicate { kind: "column", id: (*title).to_owned() });
            }
        }
        Ok(Self { start, end: place(&ENDS), region: place(&[REGION]) })
    }

    fn is_frame(&self, place: usize) -> bool {
        place == self.start || self.end == Some(place) || self.region == Some(place)
    }
}

/// A reader that counts lines and refuses ragged rows.
pub(super) fn reader(text: &str) -> ::csv::Reader<&[u8]> {
    let text = text.trim_start_matches('\u{feff}');
    ::csv::ReaderBuilder::new().trim(::csv::Trim::All).from_reader(text.as_bytes())
}

/// The error of the CSV reader with its line.
pub(super) fn line_of(source: &str, error: &::csv::Error) -> Error {
    let line = error.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
    let message = match error.kind() {
        ::csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("has {len} cells, the header has {expected_len}")
        }
        _ => error.to_string(),
    };
    wrong(source, line, message)
}

/// The number in a cell, none where it is empty.
pub(super) fn cell_number(source: &str, line: usize, title: &str, cell: &str) -> Result<Option<f64>> {
    if cell.is_empty() {
        return Ok(None);
    }
    match cell.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        _ => Err(wrong(
            source,
            line,
            format!("`{cell}` in column `{title}` is no finite number; leave a missing value empty"),
        )),
    }
}

/// The time in a cell; a column whose name says UTC needs no offset.
fn instant(line: usize, title: &str, cell: &str) -> Result<Timestamp> {
    let refused = match Timestamp::parse_field(&format!("{title} in line {line}"), cell) {
        Ok(instant) => return Ok(instant),
        Err(error) => error,
    };
    if title.starts_with("utc_") && cell.contains(':') {
        return Timestamp::parse(&format!("{cell}Z")).map_err(|_| refused);
    }
    Err(refused)
}

/// Gives each cell its end.
fn close(region: &str, cells: Vec<Cell>, options: &ReadOptions) -> Result<(Vec<Point>, Option<String>)> {
    let mut starts: Vec<Timestamp> = cells.iter().map(|(start, ..)| *start).collect();
    starts.sort();
    starts.dedup();
    let distances: Vec<i64> =
        starts.windows(2).filter_map(|pair| Some(pair.get(1)?.unix_s() - pair.first()?.unix_s())).collect();
    let mut counts: BTreeMap<i64, usize> = BTreeMap::new();
    distances.iter().for_each(|distance| *counts.entry(*distance).or_default() += 1);
    // The first of the most common ones: the shorter where two are equally common.
    let common = counts.iter().rev().max_by_key(|(_, count)| **count).map(|(distance, _)| *distance);
    let step_s = options.step_min.map(|min| i64::from(min) * 60).or(common);
    let mut points = Vec::with_capacity(cells.len());
    for (start, end, value) in cells {
        let end = match (end, step_s) {
            (Some(end), _) => end,
            (None, Some(step_s)) => {
                let regular = Timestamp::from_unix_s(start.unix_s() + step_s)?;
                let next = starts.get(starts.partition_point(|other| *other <= start));
                next.map_or(regular, |next| regular.min(*next))
            }
            (None, None) => {
                let message = format!("one row of {region} gives no step; give step_min or a column `end`");
                return Err(wrong(SOURCE, 2, message));
            }
        };
        points.push(Point::new(start, end, value));
    }
    let step_s = step_s.filter(|step_s| *step_s > 0).unwrap_or(1);
    let odd = distances.iter().filter(|distance| **distance % step_s != 0).count();
    let warning = (odd > 0 && !points.is_empty() && options.step_min.is_none() && common.is_some()).then(|| {
        format!("rows of {region} are not on one grid: {odd} distances are no multiple of {} min", step_s / 60)
    });
    Ok((points, warning))
}
