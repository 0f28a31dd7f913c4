//! What is asked of which service: paths, pages, and which parser reads the answers.

use eca_core::adapter::FetchOptions;
use eca_core::signal::{CarbonValue, Column, Duplicates, ReadOptions, Signals, parse};
use eca_core::{Error, Result, SettlementDate, Timestamp};
use std::fmt;

/// Most days in one question to the Carbon Intensity service, which allows 14.
const NESO_DAYS: i64 = 13;
/// Most days in one question for the market index, which allows 7.
const INDEX_DAYS: i64 = 6;
/// Rates on a page; the service allows 1,500.
const PAGE_SIZE: u32 = 1500;
const DAY_S: i64 = 86_400;

/// One series of one service.
#[derive(Debug, Clone, PartialEq)]
pub struct Feed {
    kind: Kind,
    options: ReadOptions,
}

#[derive(Debug, Clone, PartialEq)]
enum Kind {
    /// Great Britain as a whole.
    National,
    /// Every region in one answer; those that are named are taken.
    AllRegions,
    /// One region by its number.
    Region(u16),
    /// The region of a postcode.
    Postcode(String),
    SystemPrices,
    MarketIndex,
    Agile {
        product: String,
        tariff: String,
    },
}

impl Feed {
    fn new(kind: Kind, options: ReadOptions) -> Self {
        Self { kind, options }
    }

    /// Carbon intensity of Great Britain, for the region `gb` of signals, which holds where a site has no own.
    #[must_use]
    pub fn neso_national() -> Self {
        Self::new(Kind::National, ReadOptions::default().region("gb"))
    }

    /// Carbon intensity and mix of the region with the NESO number `id` (1 to 14), under `name`.
    #[must_use]
    pub fn neso_region(id: u16, name: impl Into<String>) -> Self {
        let name = name.into();
        Self::new(Kind::Region(id), ReadOptions::default().region_name(id, name.clone()).region(name))
    }

    /// Carbon intensity and mix of several regions by one question: number and name of each.
    #[must_use]
    pub fn neso_regions<N: Into<String>>(regions: impl IntoIterator<Item = (u16, N)>) -> Self {
        let named = |options: ReadOptions, (id, name): (u16, N)| options.region_name(id, name);
        Self::new(Kind::AllRegions, regions.into_iter().fold(ReadOptions::default(), named))
    }

    /// Carbon intensity and mix where the outward postcode (such as `RG10`) is, under `name`.
    #[must_use]
    pub fn neso_postcode(postcode: impl Into<String>, name: impl Into<String>) -> Self {
        Self::new(Kind::Postcode(postcode.into()), ReadOptions::default().region(name))
    }

    /// System (imbalance) prices of Elexon as `system_price_gbp_per_mwh` of `region`; known after the fact.
    #[must_use]
    pub fn elexon_system_prices(region: impl Into<String>) -> Self {
        Self::new(Kind::SystemPrices, ReadOptions::default().region(region))
    }

    /// Market index of Elexon as `import_price_gbp_per_mwh` of `region`; known after the fact.
    #[must_use]
    pub fn elexon_market_index(region: impl Into<String>) -> Self {
        Self::new(Kind::MarketIndex, ReadOptions::default().region(region))
    }

    /// Agile unit rates of Octopus without VAT as `import_price_gbp_per_mwh` of `region`: `product` such as
    /// `AGILE-24-10-01`, `gsp_group` such as `_C`.
    #[must_use]
    pub fn octopus_agile(product: &str, gsp_group: &str, region: impl Into<String>) -> Self {
        let tariff = format!("E-1R-{product}-{}", gsp_group.trim_start_matches('_'));
        Self::new(Kind::Agile { product: product.to_owned(), tariff }, ReadOptions::default().region(region))
    }

    /// Sets the column of a price.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.options = self.options.column(column);
        self
    }

    /// Sets forecast or actual carbon; regions have forecasts only.
    #[must_use]
    pub fn carbon_value(mut self, value: CarbonValue) -> Self {
        self.options = self.options.carbon_value(value);
        self
    }

    /// Sets whether Agile rates are taken with VAT.
    #[must_use]
    pub fn inc_vat(mut self, inc_vat: bool) -> Self {
        self.options = self.options.inc_vat(inc_vat);
        self
    }

    pub(super) fn public_url(&self) -> &'static str {
        match self.kind {
            Kind::National | Kind::AllRegions | Kind::Region(_) | Kind::Postcode(_) => {
                "https://api.carbonintensity.org.uk"
            }
            Kind::SystemPrices | Kind::MarketIndex => "https://data.elexon.co.uk/bmrs/api/v1",
            Kind::Agile { .. } => "https://api.octopus.energy",
        }
    }

    /// The paths that give the span, by whole days.
    pub(super) fn questions(&self, options: &FetchOptions) -> Vec<String> {
        let day = |from: Timestamp, to: Timestamp, days| spans(from, to, days);
        let (from, to) = (options.from, options.to);
        let neso = |area: &str, behind: &str| {
            let path = |(from, to)| format!("{area}/intensity/{}/{}{behind}", minute(from), minute(to));
            day(from, to, NESO_DAYS).into_iter().map(path).collect()
        };
        match &self.kind {
            Kind::National => neso("", ""),
            Kind::AllRegions => neso("/regional", ""),
            Kind::Region(id) => neso("/regional", &format!("/regionid/{id}")),
            Kind::Postcode(postcode) => neso("/regional", &format!("/postcode/{}", escape(postcode))),
            Kind::SystemPrices => {
                // A price of a period is known after it: days to come are not asked for.
                let last = to.min(options.now);
                let first = SettlementDate::containing(from);
                // The end of the span is not part of it.
                let days = SettlementDate::containing(from.max(last.plus_s(-1))).days_since(first) + 1;
                let path = |day| format!("/balancing/settlement/system-prices/{}", first.plus_days(day));
                (0..days.max(0)).filter(|_| from <= last).map(path).collect()
            }
            Kind::MarketIndex => {
                let path =
                    |(from, to)| format!("/balancing/pricing/market-index?from={}&to={}", minute(from), minute(to));
                day(from, to.min(options.now), INDEX_DAYS).into_iter().map(path).collect()
            }
            Kind::Agile { product, tariff } => {
                let (product, tariff) = (escape(product), escape(tariff));
                let base = format!("/v1/products/{product}/electricity-tariffs/{tariff}/standard-unit-rates/");
                let path = |(from, to): (Timestamp, Timestamp)| {
                    format!("{base}?page_size={PAGE_SIZE}&period_from={from}&period_to={to}")
                };
                day(from, to, NESO_DAYS).into_iter().map(path).collect()
            }
        }
    }

    /// What the answer names as its next page.
    pub(super) fn next_page(&self, text: &str) -> Result<Option<String>> {
        match self.kind {
            Kind::Agile { .. } => parse::octopus::next_page(text),
            _ => Ok(None),
        }
    }

    pub(super) fn read(&self, text: &str, retrieved_at: Timestamp) -> Result<Signals> {
        let options = self.options.clone().retrieved_at(retrieved_at);
        match self.kind {
            Kind::National | Kind::AllRegions | Kind::Region(_) | Kind::Postcode(_) => {
                parse::neso::read(text, &options)
            }
            Kind::SystemPrices => parse::elexon::system_prices(text, &options),
            Kind::MarketIndex => parse::elexon::market_index(text, &options),
            Kind::Agile { .. } => parse::octopus::read(text, &options),
        }
    }

    /// Puts the answer for a postcode under its name, and refuses one for another region than asked for.
    pub(super) fn settle(&self, signals: Signals) -> Result<Signals> {
        let Some(name) = self.options.region.as_deref() else { return Ok(signals) };
        if signals.is_empty() || signals.columns(name).next().is_some() {
            return Ok(signals);
        }
        if matches!(self.kind, Kind::Postcode(_)) {
            return renamed(&signals, name);
        }
        let known = signals.regions().collect::<Vec<_>>().join(", ");
        let (object, id) = ("the answer".into(), name.to_owned());
        Err(Error::Unknown { object, field: "region", kind: "region", id, known })
    }
}

/// All of it under another name.
fn renamed(signals: &Signals, name: &str) -> Result<Signals> {
    let mut renamed = Signals::new();
    for (_, column, signal) in signals.iter() {
        let (points, provenance) = (signal.points().to_vec(), signal.provenance().clone());
        renamed.insert(name, column, points, provenance, Duplicates::Refuse)?;
    }
    signals.warnings().iter().for_each(|warning| renamed.warn(warning));
    Ok(renamed)
}

impl fmt::Display for Feed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::National => f.write_str("neso carbon of Great Britain"),
            Kind::AllRegions => f.write_str("neso carbon of regions"),
            Kind::Region(id) => write!(f, "neso carbon of region {id}"),
            Kind::Postcode(postcode) => write!(f, "neso carbon of postcode {postcode}"),
            Kind::SystemPrices => f.write_str("elexon system prices"),
            Kind::MarketIndex => f.write_str("elexon market index"),
            Kind::Agile { tariff, .. } => write!(f, "octopus rates of {tariff}"),
        }
    }
}

/// The UTC days that cover `from` to `to`, in parts of at most `days`.
fn spans(from: Timestamp, to: Timestamp, days: i64) -> Vec<(Timestamp, Timestamp)> {
    let first = from.plus_s(-from.unix_s().rem_euclid(DAY_S));
    let end = to.plus_s((-to.unix_s()).rem_euclid(DAY_S));
    let count = end.seconds_since(first) / DAY_S;
    let at = |day: i64| first.plus_s(day * DAY_S);
    let step = usize::try_from(days).unwrap_or(1);
    if from < to {
        (0..count).step_by(step).map(|day| (at(day), at((day + days).min(count)))).collect()
    } else {
        vec![]
    }
}

/// `2026-02-19T17:00Z`: the services of NESO and Elexon take no seconds.
fn minute(at: Timestamp) -> String {
    let text = at.to_string();
    text.strip_suffix(":00Z").map_or(text.clone(), |minute| format!("{minute}Z"))
}

/// A part of a path: what is not a letter, digit, `-` or `_` is escaped.
fn escape(part: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    part.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}
