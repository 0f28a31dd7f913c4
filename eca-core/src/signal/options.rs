//! Choices of a read, the same for all parsers.

use super::{Column, Duplicates, Provenance};
use crate::{Error, Result, Timestamp};
use std::collections::BTreeMap;

/// Which carbon intensity of NESO to take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CarbonValue {
    /// The forecast: what is known when planning.
    #[default]
    Forecast,
    /// The estimated actual; a gap while it is not published. Regions have none.
    Actual,
    /// The actual where it is published, else the forecast.
    ActualElseForecast,
}

/// Which carbon accounting to take where a file has both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum CarbonAccounting {
    /// With fuel supply and construction.
    #[default]
    Lifecycle,
    /// Emissions at the stack only.
    Direct,
}

/// Choices of a read. Each parser uses those that concern its format.
///
/// ```
/// use eca_core::signal::ReadOptions;
/// let options = ReadOptions::default()
///     .rate("EUR", 0.88)?
///     .map("gb.import_price_gbp_per_mwh", "gb_day_ahead_eur_per_mwh");
/// assert_eq!(options.rates["EUR"], 0.88);
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Region that the values are for, where the text names none; `gb` if not given.
    pub region: Option<String>,
    /// What to do with two different values for the same time.
    pub duplicates: Duplicates,
    /// When the text was fetched.
    pub retrieved_at: Option<Timestamp>,
    /// When the source issued it; a forecast should have this.
    pub issued_at: Option<Timestamp>,
    /// Name of the source for provenance; the format if not given.
    pub source: Option<String>,
    /// Column for a price without a fixed place (Elexon, Octopus); the default of the parser if not given.
    pub column: Option<Column>,
    /// Forecast or actual carbon (NESO).
    pub carbon_value: CarbonValue,
    /// Lifecycle or direct carbon (wide CSV).
    pub carbon_accounting: CarbonAccounting,
    /// Names for NESO region ids; if not empty, only these regions are read.
    pub region_names: BTreeMap<u16, String>,
    /// Prices with VAT (Octopus). Businesses reclaim it, so the default is without.
    pub inc_vat: bool,
    /// GBP for one unit of a currency, by ISO 4217 code in capitals.
    pub rates: BTreeMap<String, f64>,
    /// Target (`gb.import_price_gbp_per_mwh`) and name of the source column (CSV).
    pub map: Vec<(String, String)>,
    /// Length of an interval in minutes (CSV); the most common distance of the rows if not given.
    pub step_min: Option<u32>,
}

impl ReadOptions {
    /// Sets the region for texts that name none.
    #[must_use]
    pub fn region(mut self, region: impl Into<String>) -> Self {
        self.region = Some(region.into());
        self
    }

    /// Sets what to do with two different values for the same time.
    #[must_use]
    pub fn duplicates(mut self, duplicates: Duplicates) -> Self {
        self.duplicates = duplicates;
        self
    }

    /// Sets when the text was fetched.
    #[must_use]
    pub fn retrieved_at(mut self, at: Timestamp) -> Self {
        self.retrieved_at = Some(at);
        self
    }

    /// Sets when the source issued the data.
    #[must_use]
    pub fn issued_at(mut self, at: Timestamp) -> Self {
        self.issued_at = Some(at);
        self
    }

    /// Sets the column for a price without a fixed place.
    #[must_use]
    pub fn column(mut self, column: Column) -> Self {
        self.column = Some(column);
        self
    }

    /// Sets forecast or actual carbon.
    #[must_use]
    pub fn carbon_value(mut self, value: CarbonValue) -> Self {
        self.carbon_value = value;
        self
    }

    /// Sets lifecycle or direct carbon.
    #[must_use]
    pub fn carbon_accounting(mut self, accounting: CarbonAccounting) -> Self {
        self.carbon_accounting = accounting;
        self
    }

    /// Reads the NESO region `id` under `name`, and only regions named so.
    #[must_use]
    pub fn region_name(mut self, id: u16, name: impl Into<String>) -> Self {
        self.region_names.insert(id, name.into());
        self
    }

    /// Takes prices with VAT.
    #[must_use]
    pub fn inc_vat(mut self, inc_vat: bool) -> Self {
        self.inc_vat = inc_vat;
        self
    }

    /// Sets GBP for one unit of `currency`, an ISO 4217 code.
    ///
    /// # Errors
    /// [`Error::Value`] unless the rate is positive and finite.
    pub fn rate(mut self, currency: &str, gbp_per_unit: f64) -> Result<Self> {
        if !(gbp_per_unit > 0.0 && gbp_per_unit.is_finite()) {
            return Err(Error::Value {
                object: "read options".to_owned(),
                field: format!("gbp_per_{}", currency.to_lowercase()),
                value: gbp_per_unit.to_string(),
                limit: "must be positive and finite".to_owned(),
                unit: "GBP",
            });
        }
        self.rates.insert(currency.to_uppercase(), gbp_per_unit);
        Ok(self)
    }

    /// Reads `target`, such as `gb.import_price_gbp_per_mwh`, from the column `source`.
    #[must_use]
    pub fn map(mut self, target: impl Into<String>, source: impl Into<String>) -> Self {
        self.map.push((target.into(), source.into()));
        self
    }

    /// Sets the length of an interval in minutes.
    #[must_use]
    pub fn step_min(mut self, step_min: u32) -> Self {
        self.step_min = Some(step_min);
        self
    }

    /// The region for texts that name none.
    pub(crate) fn region_or_gb(&self) -> &str {
        self.region.as_deref().unwrap_or("gb")
    }

    /// Provenance of data read with these choices.
    pub(crate) fn provenance(&self, format: &str) -> Provenance {
        let mut provenance = Provenance::new(self.source.as_deref().unwrap_or(format));
        provenance.retrieved_at = self.retrieved_at;
        provenance.issued_at = self.issued_at;
        provenance
    }
}
