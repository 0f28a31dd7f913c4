//! Prices and intensities of settlement periods, as exact decimals.

use super::{Micro, document, table};
use crate::{Error, Result, SettlementPeriod};
use std::collections::BTreeMap;

/// Largest price of a MWh, GBP; the value of lost load is 6,000.
const MAX_PRICE: i64 = 100_000;
/// Largest intensity, g/kWh; lignite has about 1,200.
const MAX_CARBON: i64 = 10_000;

/// What is known of a settlement period. Names as in series files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PriceRow {
    /// Imbalance price, GBP/MWh.
    pub system_price_gbp_per_mwh: Option<Micro>,
    /// What an imported MWh costs the site, GBP/MWh.
    pub import_price_gbp_per_mwh: Option<Micro>,
    /// Network charge for an imported MWh, GBP/MWh.
    pub network_charge_gbp_per_mwh: Option<Micro>,
    /// Average intensity, g/kWh.
    pub carbon_g_per_kwh: Option<Micro>,
    /// Marginal intensity, g/kWh.
    pub marginal_carbon_g_per_kwh: Option<Micro>,
}

/// Prices by settlement period.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PriceTable {
    rows: BTreeMap<SettlementPeriod, PriceRow>,
    sha256: Option<String>,
}

impl PriceTable {
    /// Columns that a price file may have, beside the period.
    pub(super) const COLUMNS: [&'static str; 5] = [
        "system_price_gbp_per_mwh",
        "import_price_gbp_per_mwh",
        "network_charge_gbp_per_mwh",
        "carbon_g_per_kwh",
        "marginal_carbon_g_per_kwh",
    ];

    /// Reads a price file: CSV, or a JSON array of objects, with `start` (or `settlement_date` and `settlement_period`)
    /// and any of the fields of [`PriceRow`]. Other columns are left aside, but one of these in another unit is refused. An empty
    /// cell is not known.
    ///
    /// # Errors
    /// [`Error::Parse`] with the line: a time that starts no settlement period, a number with more than six places
    /// or beyond what a price or an intensity can be, a period that comes twice.
    pub fn parse(text: &str) -> Result<Self> {
        let mut table = Self { sha256: Some(document::hash_of(text)), ..Self::default() };
        for row in table::rows("prices", text, &[], &Self::COLUMNS)? {
            let period = if row.cell("settlement_date").is_empty() {
                let start = row.instant("start")?;
                let period = SettlementPeriod::containing(start);
                if period.start_utc() != start {
                    return Err(row.wrong(format!("start {start} is not the start of a settlement period")));
                }
                period
            } else {
                let number = row.cell("settlement_period");
                let number = number
                    .parse()
                    .map_err(|_| row.wrong(format!("settlement_period = `{number}`, must be from 1 to 50")))?;
                let date = row.cell("settlement_date").parse().map_err(|error: Error| row.wrong(error.to_string()))?;
                SettlementPeriod::new(date, number).map_err(|error| row.wrong(error.to_string()))?
            };
            let price = |name: &str| row.micro_within(name, -MAX_PRICE, MAX_PRICE, "GBP/MWh");
            let prices = PriceRow {
                system_price_gbp_per_mwh: price("system_price_gbp_per_mwh")?,
                import_price_gbp_per_mwh: price("import_price_gbp_per_mwh")?,
                network_charge_gbp_per_mwh: price("network_charge_gbp_per_mwh")?,
                carbon_g_per_kwh: row.micro_within("carbon_g_per_kwh", 0, MAX_CARBON, "g/kWh")?,
                marginal_carbon_g_per_kwh: row.micro_within(
                    "marginal_carbon_g_per_kwh",
                    -MAX_CARBON,
                    MAX_CARBON,
                    "g/kWh",
                )?,
            };
            if table.rows.insert(period, prices).is_some() {
                return Err(row.wrong(format!("{period} comes twice; keep one row for each period (and one region)")));
            }
        }
        Ok(table)
    }

    /// A table of known rows.
    #[must_use]
    pub fn from_rows(rows: BTreeMap<SettlementPeriod, PriceRow>) -> Self {
        Self { rows, sha256: None }
    }

    /// SHA-256 of the price file; none for rows of no file.
    pub(super) fn source_sha256(&self) -> Option<&str> {
        self.sha256.as_deref()
    }

    /// What is known of a period.
    #[must_use]
    pub fn get(&self, period: SettlementPeriod) -> PriceRow {
        self.rows.get(&period).copied().unwrap_or_default()
    }
}
