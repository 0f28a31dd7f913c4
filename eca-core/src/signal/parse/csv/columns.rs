//! Which column of the file becomes which signal.

use super::names::{Convert, Flavour, Unit, foreign_in, interpret, kind_of, split_unit};
use super::{Layout, SOURCE, cell_number, wrong};
use crate::signal::{CarbonAccounting, Column, CurrencyRate, Provenance, ReadOptions};
use crate::{Error, Result};
use std::collections::BTreeMap;

/// A column of the file that is read.
#[derive(Debug)]
pub(super) struct Pick {
    /// Place of the cell in a row.
    pub(super) place: usize,
    /// What it becomes.
    pub(super) column: Column,
    /// Region it is for; none where the row says it.
    region: Option<String>,
    title: String,
    convert: Convert,
    rate: Option<CurrencyRate>,
    notes: Vec<String>,
}

/// The columns that are read, and what to tell the reader.
pub(super) struct Chosen {
    pub(super) picks: Vec<Pick>,
    pub(super) warnings: Vec<String>,
}

/// A column that could be read; the highest rank for a region and column wins.
struct Candidate {
    rank: u8,
    place: usize,
    unit: Unit,
    flavour: Flavour,
    assumed: bool,
}

/// Rank of a mapped column.
const MAPPED: u8 = 3;
/// Rank of a column with the plain name.
const PLAIN: u8 = 2;

impl Pick {
    /// The region of a row for this pick, none where another pick is for that region.
    pub(super) fn region_in<'a>(&'a self, row_region: Option<&'a str>, all: &[Self]) -> Option<&'a str> {
        match (row_region, self.region.as_deref()) {
            (None, own) => own,
            (Some(row), Some(own)) => (row == own).then_some(own),
            (Some(row), None) => {
                let special = |pick: &Self| pick.column == self.column && pick.region.as_deref() == Some(row);
                (!all.iter().any(special)).then_some(row)
            }
        }
    }

    /// The value of a cell in the unit of the column.
    pub(super) fn value(&self, line: usize, cell: &str) -> Result<Option<f64>> {
        let Some(number) = cell_number(SOURCE, line, &self.title, cell)? else { return Ok(None) };
        let rate = self.rate.as_ref().map_or(1.0, |rate| rate.gbp_per_unit);
        let value = (self.convert)(number) * rate;
        match self.column.wrong(value) {
            None => Ok(Some(value)),
            Some(limit) => {
                let (title, unit) = (&self.title, self.column.unit());
                Err(wrong(SOURCE, line, format!("column `{title}` has {value} {unit}, {limit}")))
            }
        }
    }

    /// Adds name, rate and choices to the provenance.
    pub(super) fn describe(&self, provenance: &mut Provenance) {
        provenance.source = format!("{} {}", provenance.source, self.title);
        provenance.rate.clone_from(&self.rate);
        provenance.notes.extend(self.notes.iter().cloned());
    }
}

/// Decides from the titles which columns are read.
pub(super) fn choose(titles: &[&str], layout: &Layout, options: &ReadOptions) -> Result<Chosen> {
    let mut candidates: BTreeMap<(Option<String>, Column), Vec<Candidate>> = BTreeMap::new();
    let mut used = vec![false; titles.len()];
    for (target, source) in &options.map {
        let (place, key, candidate) = mapped(titles, layout, target, source)?;
        used.iter_mut().skip(place).take(1).for_each(|used| *used = true);
        candidates.entry(key).or_default().push(candidate);
    }
    let mut ignored = Vec::new();
    for (place, title) in titles.iter().enumerate().filter(|(place, _)| !layout.is_frame(*place)) {
        match by_name(title, layout, options) {
            Some((region, column, flavour, unit)) => {
                let rank = match (flavour, options.carbon_accounting) {
                    (Flavour::Plain, _) if *title == column.name() || unit_is_plain(&unit) => PLAIN,
                    (Flavour::Lifecycle, CarbonAccounting::Lifecycle) => 1,
                    (Flavour::Direct, CarbonAccounting::Direct) => 1,
                    _ => 0,
                };
                let candidate = Candidate { rank, place, unit, flavour, assumed: false };
                candidates.entry((region, column)).or_default().push(candidate);
            }
            None if used.get(place) == Some(&true) => {}
            None => ignored.push(*title),
        }
    }
    let mut picks = Vec::new();
    for ((region, column), list) in candidates {
        picks.push(best(titles, region, column, list, options)?);
    }
    if picks.is_empty() {
        let message = format!(
            "no column has a known name; found {}; known are {}, with a region before them in a wide file; map others",
            titles.join(", "),
            Column::names()
        );
        return Err(wrong(SOURCE, 1, message));
    }
    let mut warnings = Vec::new();
    if !ignored.is_empty() {
        warnings.push(format!("columns not used: {}; map them to use them", ignored.join(", ")));
    }
    Ok(Chosen { picks, warnings })
}

/// True where the unit is that of the column: nothing to convert.
fn unit_is_plain(unit: &Unit) -> bool {
    unit.currency.is_none() && (unit.convert)(1.0) == 1.0
}

type Key = (Option<String>, Column);

fn mapped(titles: &[&str], layout: &Layout, target: &str, source: &str) -> Result<(usize, Key, Candidate)> {
    let (region, name) = match target.rsplit_once('.') {
        Some((region, name)) => (Some(region.to_owned()), name),
        None => (None, target),
    };
    let column: Column = name.parse()?;
    if region.is_none() && layout.region.is_none() {
        let message = format!("map target `{target}` has no region; write it like gb.{column}");
        return Err(wrong(SOURCE, 1, message));
    }
    let place = titles.iter().position(|title| *title == source).ok_or_else(|| Error::Unknown {
        object: format!("map of `{target}`"),
        field: "source",
        kind: "column",
        id: source.to_owned(),
        known: titles.join(", "),
    })?;
    let (unit, assumed) = match split_unit(source) {
        Some((_, unit)) if unit.kind == kind_of(column) => (unit, false),
        Some(_) => {
            let message = format!("map: `{source}` has another unit than `{column}`");
            return Err(wrong(SOURCE, 1, message));
        }
        None => {
            let currency = foreign_in(source).filter(|_| column.unit() == "GBP/MWh");
            (Unit { kind: kind_of(column), convert: |value| value, currency }, true)
        }
    };
    Ok((place, (region, column), Candidate { rank: MAPPED, place, unit, flavour: Flavour::Plain, assumed }))
}

/// What a title means by its own name: with a region before it, or without in a tidy file.
fn by_name(title: &str, layout: &Layout, options: &ReadOptions) -> Option<(Option<String>, Column, Flavour, Unit)> {
    if let Some((column, flavour, unit)) = interpret(title) {
        let region = layout.region.is_none().then(|| options.region_or_gb().to_owned());
        return Some((region, column, flavour, unit));
    }
    if layout.region.is_some() {
        return None;
    }
    // From the left, so that the longest known column name wins: `a_marginal_carbon_...` is not region `a_marginal`.
    title.match_indices('_').find_map(|(at, _)| {
        let (region, name) = (title.get(..at)?, title.get(at + 1..)?);
        let (column, flavour, unit) = interpret(name)?;
        (!region.is_empty()).then(|| (Some(region.to_owned()), column, flavour, unit))
    })
}

/// The candidate of the highest rank, with its rate.
fn best(
    titles: &[&str],
    region: Option<String>,
    column: Column,
    mut list: Vec<Candidate>,
    options: &ReadOptions,
) -> Result<Pick> {
    list.sort_by_key(|candidate| std::cmp::Reverse(candidate.rank));
    let title = |candidate: &Candidate| titles.get(candidate.place).copied().unwrap_or_default();
    let mut ranked = list.iter();
    let Some(first) = ranked.next() else {
        return Err(Error::Internal { message: format!("no candidate for column {column}") });
    };
    let rest: Vec<&Candidate> = ranked.collect();
    if let Some(equal) = rest.iter().find(|other| other.rank == first.rank) {
        let id = format!("{column} (by `{}` and `{}`)", title(first), title(equal));
        return Err(Error::Duplicate { kind: "column", id });
    }
    let rate = match &first.unit.currency {
        None => None,
        Some(currency) => match options.rates.get(currency) {
            Some(rate) => Some(CurrencyRate { currency: currency.clone(), gbp_per_unit: *rate }),
            None => return Err(Error::Currency { column: title(first).to_owned(), currency: currency.clone() }),
        },
    };
    let mut notes = Vec::new();
    match first.flavour {
        Flavour::Lifecycle => notes.push("lifecycle carbon".to_owned()),
        Flavour::Direct => notes.push("direct carbon, without fuel supply and construction".to_owned()),
        Flavour::Plain => {}
    }
    if first.assumed {
        notes.push(format!("`{}` names no unit and is taken as {}", title(first), column.unit()));
    }
    notes.extend(rest.iter().map(|other| format!("`{}` is there too and not used", title(other))));
    Ok(Pick {
        place: first.place,
        column,
        region,
        title: title(first).to_owned(),
        convert: first.unit.convert,
        rate,
        notes,
    })
}
