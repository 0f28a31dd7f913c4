//! What the name of a column says: quantity, unit and currency.

use crate::signal::Column;
use crate::unit;

/// Conversion of a number into the unit of its column.
pub(super) type Convert = fn(f64) -> f64;

/// The kind of quantity that a unit measures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Price,
    Power,
    Intensity,
    Fraction,
}

/// The unit at the end of a name.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub(super) kind: Kind,
    /// Into the unit of the column.
    pub(super) convert: Convert,
    /// ISO 4217 code, where it is not GBP.
    pub(super) currency: Option<String>,
}

/// Emissions that a carbon column counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Plain,
    Lifecycle,
    Direct,
}

/// Units in names; none is the end of another one.
const UNITS: [(&str, Kind, Convert); 11] = [
    ("gbp_per_mwh", Kind::Price, same),
    ("gbp_per_kwh", Kind::Price, unit::gbp_per_kwh_to_gbp_per_mwh),
    ("pence_per_kwh", Kind::Price, unit::pence_per_kwh_to_gbp_per_mwh),
    ("p_per_kwh", Kind::Price, unit::pence_per_kwh_to_gbp_per_mwh),
    ("mw", Kind::Power, same),
    ("kw", Kind::Power, unit::kw_to_mw),
    ("w", Kind::Power, unit::w_to_mw),
    ("g_per_kwh", Kind::Intensity, same),
    ("kg_per_mwh", Kind::Intensity, same),
    ("frac", Kind::Fraction, same),
    ("percent", Kind::Fraction, unit::percent_to_frac),
];

/// Quantities in names, before the unit.
const STEMS: [(&str, Column, Flavour); 12] = [
    ("import_price", Column::ImportPriceGbpPerMwh, Flavour::Plain),
    ("export_price", Column::ExportPriceGbpPerMwh, Flavour::Plain),
    ("network_charge", Column::NetworkChargeGbpPerMwh, Flavour::Plain),
    ("congestion", Column::CongestionGbpPerMwh, Flavour::Plain),
    ("congestion_limit", Column::CongestionLimitMw, Flavour::Plain),
    ("carbon", Column::CarbonGPerKwh, Flavour::Plain),
    ("carbon_lifecycle", Column::CarbonGPerKwh, Flavour::Lifecycle),
    ("carbon_direct", Column::CarbonGPerKwh, Flavour::Direct),
    ("marginal_carbon", Column::MarginalCarbonGPerKwh, Flavour::Plain),
    ("solar", Column::SolarMw, Flavour::Plain),
    ("renewable_share", Column::RenewableShareFrac, Flavour::Plain),
    ("system_price", Column::SystemPriceGbpPerMwh, Flavour::Plain),
];

/// Codes that are taken for a currency anywhere in a mapped name; before `_per_mwh` any three letters are.
const CURRENCIES: [&str; 24] = [
    "eur", "usd", "chf", "nok", "sek", "dkk", "pln", "czk", "huf", "bgn", "jpy", "cny", "inr", "aud", "nzd", "cad",
    "krw", "brl", "zar", "isk", "uah", "rsd", "sgd", "hkd",
];

fn same(value: f64) -> f64 {
    value
}

/// What `column` measures.
pub(super) fn kind_of(column: Column) -> Kind {
    match column.unit() {
        "MW" => Kind::Power,
        "g/kWh" => Kind::Intensity,
        "GBP/MWh" => Kind::Price,
        _ => Kind::Fraction,
    }
}

/// Splits a name into the part before its unit and the unit.
pub(super) fn split_unit(name: &str) -> Option<(&str, Unit)> {
    for (suffix, kind, convert) in UNITS {
        if let Some(stem) = name.strip_suffix(suffix)
            && (stem.is_empty() || stem.ends_with('_'))
        {
            return Some((stem.trim_end_matches('_'), Unit { kind, convert, currency: None }));
        }
    }
    let (front, convert) = name
        .strip_suffix("_per_mwh")
        .map(|front| (front, same as Convert))
        .or_else(|| name.strip_suffix("_per_kwh").map(|front| (front, unit::gbp_per_kwh_to_gbp_per_mwh as _)))?;
    let (stem, code) = front.rsplit_once('_').unwrap_or(("", front));
    let currency = (code.len() == 3 && code.chars().all(|c| c.is_ascii_alphabetic())).then(|| code.to_uppercase())?;
    Some((stem, Unit { kind: Kind::Price, convert, currency: Some(currency) }))
}

/// The column that a name without region means.
pub(super) fn interpret(name: &str) -> Option<(Column, Flavour, Unit)> {
    let (stem, unit) = split_unit(name)?;
    let (_, column, flavour) =
        STEMS.into_iter().find(|(known, column, _)| *known == stem && kind_of(*column) == unit.kind)?;
    Some((column, flavour, unit))
}

/// A foreign currency that a name mentions without a known unit.
pub(super) fn foreign_in(name: &str) -> Option<String> {
    if name.contains('€') {
        return Some("EUR".to_owned());
    }
    if name.contains('$') {
        return Some("USD".to_owned());
    }
    let lower = name.to_lowercase();
    let word = lower.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| CURRENCIES.contains(word))?;
    Some(word.to_uppercase())
}
