//! Reports by month: events, carbon of consumption, SCI for each inference, hourly matched share.
//!
//! Average and marginal carbon are kept apart; neither is netted into the location-based inventory (GHG Protocol). SCI is
//! `((E I) + M) / R` with `M = TE (TiR / EL) (RR / ToR)` (Software Carbon Intensity 1.1 of the Green Software Foundation);
//! market-based instruments do not enter. A matched share is counted by UTC hour: `sum min(L, G) / sum L`.

use super::amount::{MILLION, divided, fitted};
use super::{EventRecord, Ledger, Micro, document, product, sum, table};
use crate::{Error, Result, SettlementPeriod};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a site consumed in a settlement period. Read with [`parse_consumption`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Consumption {
    /// Facility energy, cooling included, Wh.
    pub consumption_wh: i64,
    /// Average intensity, g/kWh.
    pub carbon_g_per_kwh: Option<Micro>,
    /// Carbon-free generation that is claimed for the site, Wh.
    pub generation_wh: i64,
    /// Carbon-free part of the grid's energy, 0 to 1.
    pub grid_cfe_frac: Option<Micro>,
    /// Inferences served.
    pub inferences: i64,
}

/// Emissions of making the equipment, by the share of its life and capacity that was reserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Embodied {
    /// Emissions of making it (TE), mg.
    pub total_mg: i64,
    /// Expected life (EL), h.
    pub life_h: i64,
    /// Reserved part of its capacity (RR / ToR), 0 to 1.
    pub reserved_frac: Micro,
}

/// Carbon for each inference, numerator and denominator apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Sci {
    /// Of energy, mg.
    pub operational_mg: i64,
    /// Of making the equipment, mg.
    pub embodied_mg: i64,
    /// Inferences served: the functional unit.
    pub inferences: i64,
}

/// Load and carbon-free generation in the same hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Default)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Matched {
    /// Load, Wh.
    pub load_wh: i64,
    /// Of it, what was generated in the same hour, Wh.
    pub matched_wh: i64,
    /// Of the rest, the grid's carbon-free part, Wh; none where it is not known in an hour.
    pub grid_wh: Option<i64>,
}

/// A month of a report, the document `eca-report/1` has one entry for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Month {
    /// The month of the London days, such as `2026-02`.
    pub month: String,
    /// Events, each at its latest run.
    pub events: i64,
    /// Of them, those with estimated or missing metering.
    pub not_final: i64,
    /// Claimed, Wh.
    pub deviation_wh: i64,
    /// Income of the trading party, µGBP.
    pub cash_ugbp: i64,
    /// The site's part, µGBP.
    pub site_ugbp: i64,
    /// To the Social Tariff Fund, µGBP.
    pub social_tariff_ugbp: i64,
    /// Avoided by average intensity, events with rebound, mg; none where an intensity is not known.
    pub carbon_avoided_mg: Option<i64>,
    /// The same by marginal intensity, mg. Never added.
    pub marginal_carbon_avoided_mg: Option<i64>,
    /// Facility energy, Wh; none without consumption data, as all below.
    pub consumption_wh: Option<i64>,
    /// Location-based, mg.
    pub location_based_mg: Option<i64>,
    /// Carbon for each inference.
    pub sci: Option<Sci>,
    /// Hourly matched share.
    pub matched: Option<Matched>,
}

/// The document `eca-report/1`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Report {
    /// Always `eca-report/1`.
    pub format: String,
    /// The months, in order.
    pub months: Vec<Month>,
}

impl Embodied {
    /// Reads `{"total_kg": 1000, "life_h": 35040, "reserved_frac": 1}`.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of what is wrong, [`Error::Value`] for a life that is not above 0, emissions below 0 or a
    /// part beyond 1.
    pub fn from_json(text: &str) -> Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Told {
            total_kg: Micro,
            life_h: i64,
            reserved_frac: Micro,
        }
        let told: Told = document::read(text)?;
        let refused = |field: &str, value: String, limit: &str, unit| Error::Value {
            object: "embodied carbon".into(),
            field: field.into(),
            value,
            limit: limit.into(),
            unit,
        };
        let zero = Micro::default();
        if told.total_kg < zero {
            return Err(refused("total_kg", told.total_kg.to_string(), "must be at least 0", "kg"));
        }
        if told.life_h < 1 {
            return Err(refused("life_h", told.life_h.to_string(), "must be at least 1", "h"));
        }
        if !(zero..=Micro::ONE).contains(&told.reserved_frac) {
            return Err(refused("reserved_frac", told.reserved_frac.to_string(), "must be from 0 to 1", ""));
        }
        Ok(Self { total_mg: told.total_kg.millionths(), life_h: told.life_h, reserved_frac: told.reserved_frac })
    }
}

impl Report {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-report/1";

    /// The document of some months.
    #[must_use]
    pub fn new(months: Vec<Month>) -> Self {
        Self { format: Self::FORMAT.into(), months }
    }
}

impl Sci {
    /// The score of energy, intensity and equipment.
    ///
    /// # Errors
    /// [`crate::Error::Value`] for amounts beyond 2^53.
    pub fn of(operational_mg: i64, embodied: Option<Embodied>, hours: Micro, inferences: i64) -> Result<Self> {
        let share = embodied.map_or(Ok(0), |made| {
            let reserved = i128::from(made.reserved_frac.millionths()) * i128::from(hours.millionths());
            let life = i128::from(made.life_h.max(1)) * MILLION * MILLION;
            fitted(divided(i128::from(made.total_mg) * reserved, life), "embodied carbon")
        })?;
        Ok(Self { operational_mg, embodied_mg: share, inferences })
    }

    /// Micrograms for each inference, rounded; none without inferences.
    #[must_use]
    pub fn ug_per_inference(self) -> Option<i64> {
        let carbon = (i128::from(self.operational_mg) + i128::from(self.embodied_mg)) * 1000;
        let score = (self.inferences > 0).then(|| divided(carbon, self.inferences.into()))?;
        i64::try_from(score).ok()
    }
}

impl Matched {
    /// Hours with their load, carbon-free generation and the grid's carbon-free part.
    ///
    /// # Errors
    /// [`crate::Error::Value`] for amounts beyond 2^53.
    pub fn of(hours: impl IntoIterator<Item = (i64, i64, Option<Micro>)>) -> Result<Self> {
        let mut total = Self { grid_wh: Some(0), ..Self::default() };
        for (load_wh, generation_wh, grid_cfe_frac) in hours {
            let matched = load_wh.min(generation_wh).max(0);
            let rest = grid_cfe_frac.map(|frac| product(load_wh - matched, frac, "matched")).transpose()?;
            total.grid_wh = total.grid_wh.zip(rest).map(|(before, rest)| before + rest);
            total.load_wh = sum([total.load_wh, load_wh], "load")?;
            total.matched_wh += matched;
        }
        Ok(total)
    }

    /// Matched part of the load in millionths; none without load.
    #[must_use]
    pub fn share(self) -> Option<Micro> {
        Self::part(self.matched_wh, self.load_wh)
    }

    /// Matched part, with the grid's carbon-free part of the rest.
    #[must_use]
    pub fn share_with_grid(self) -> Option<Micro> {
        self.grid_wh.and_then(|grid| Self::part(self.matched_wh + grid, self.load_wh))
    }

    fn part(part_wh: i64, load_wh: i64) -> Option<Micro> {
        let share = (load_wh > 0).then(|| divided(i128::from(part_wh) * MILLION, load_wh.into()))?;
        i64::try_from(share).ok().map(Micro::from_millionths)
    }
}

/// Reads consumption: CSV or a JSON array with `start, consumption_wh` and, where known, `carbon_g_per_kwh`,
/// `generation_wh`, `grid_cfe_frac`, `inferences`; one row for each settlement period.
///
/// # Errors
/// [`crate::Error::Parse`] with the line.
pub fn parse_consumption(text: &str) -> Result<BTreeMap<SettlementPeriod, Consumption>> {
    let mut found = BTreeMap::new();
    for row in table::rows("consumption", text, &["start", "consumption_wh"], &["carbon_g_per_kwh", "generation_wh"])? {
        let start = row.instant("start")?;
        let period = SettlementPeriod::containing(start);
        if period.start_utc() != start {
            return Err(row.wrong(format!("start {start} is not the start of a settlement period")));
        }
        let optional = |name: &str| if row.cell(name).is_empty() { Ok(0) } else { row.wh(name) };
        let grid_cfe_frac = row.micro("grid_cfe_frac")?;
        if let Some(frac) = grid_cfe_frac.filter(|frac| !(Micro::default()..=Micro::ONE).contains(frac)) {
            return Err(row.wrong(format!("grid_cfe_frac = {frac}, must be from 0 to 1")));
        }
        let consumption = Consumption {
            consumption_wh: row.wh("consumption_wh")?,
            carbon_g_per_kwh: row.micro("carbon_g_per_kwh")?,
            generation_wh: optional("generation_wh")?,
            grid_cfe_frac,
            inferences: optional("inferences")?,
        };
        if found.insert(period, consumption).is_some() {
            return Err(row.wrong(format!("{period} comes twice")));
        }
    }
    Ok(found)
}

/// The months of a ledger and of what a site consumed.
///
/// Events count in the month in which they begin, each at its latest run.
///
/// # Errors
/// [`crate::Error::Value`] for amounts beyond 2^53.
pub fn report(
    ledger: &Ledger,
    consumption: &BTreeMap<SettlementPeriod, Consumption>,
    embodied: Option<Embodied>,
) -> Result<Vec<Month>> {
    let mut events: BTreeMap<String, Vec<&EventRecord>> = BTreeMap::new();
    for record in ledger.latest().into_values() {
        if let Some(first) = record.periods.first() {
            events.entry(month_of(first.period)).or_default().push(record);
        }
    }
    let mut used: BTreeMap<String, Vec<(SettlementPeriod, Consumption)>> = BTreeMap::new();
    for (period, row) in consumption {
        used.entry(month_of(*period)).or_default().push((*period, *row));
    }
    let mut names: Vec<&String> = events.keys().chain(used.keys()).collect();
    names.sort();
    names.dedup();
    let none = (Vec::new(), Vec::new());
    names
        .into_iter()
        .map(|name| {
            let (events, used) = (events.get(name).unwrap_or(&none.0), used.get(name).unwrap_or(&none.1));
            month(name, events, used, embodied)
        })
        .collect()
}

/// Year and month of the London day.
fn month_of(period: SettlementPeriod) -> String {
    let date = period.settlement_date();
    format!("{:04}-{:02}", date.year(), date.month())
}

fn month(
    name: &str,
    events: &[&EventRecord],
    used: &[(SettlementPeriod, Consumption)],
    embodied: Option<Embodied>,
) -> Result<Month> {
    let total = |of: fn(&EventRecord) -> i64, what| sum(events.iter().map(|record| of(record)), what);
    let known = |of: fn(&EventRecord) -> Option<i64>| {
        let parts: Option<Vec<i64>> = events.iter().map(|record| of(record)).collect();
        parts.filter(|parts| !parts.is_empty()).map(|parts| sum(parts, "carbon")).transpose()
    };
    let location: Option<Vec<i64>> = used
        .iter()
        .map(|(_, row)| row.carbon_g_per_kwh.map(|rate| product(row.consumption_wh, rate, "carbon")))
        .collect::<Option<Result<Vec<i64>>>>()
        .transpose()?;
    let location_based_mg = location.filter(|_| !used.is_empty()).map(|parts| sum(parts, "carbon")).transpose()?;
    let inferences = sum(used.iter().map(|(_, row)| row.inferences), "inferences")?;
    let half_hours = i64::try_from(used.len()).unwrap_or(i64::MAX);
    let hours = Micro::from_millionths(half_hours.saturating_mul(500_000));
    let sci = location_based_mg
        .filter(|_| inferences > 0)
        .map(|operational| Sci::of(operational, embodied, hours, inferences))
        .transpose()?;
    Ok(Month {
        month: name.to_owned(),
        events: i64::try_from(events.len()).unwrap_or(i64::MAX),
        not_final: i64::try_from(events.iter().filter(|record| !record.complete).count()).unwrap_or(i64::MAX),
        deviation_wh: total(|record| record.totals.deviation_wh, "deviation")?,
        cash_ugbp: total(|record| record.totals.cash_ugbp, "cash")?,
        site_ugbp: total(|record| record.totals.site_ugbp, "cash")?,
        social_tariff_ugbp: total(|record| record.totals.social_tariff_ugbp, "social tariff")?,
        carbon_avoided_mg: known(|record| record.carbon.avoided_mg)?,
        marginal_carbon_avoided_mg: known(|record| record.carbon.marginal_avoided_mg)?,
        consumption_wh: (!used.is_empty())
            .then(|| sum(used.iter().map(|(_, row)| row.consumption_wh), "consumption"))
            .transpose()?,
        location_based_mg,
        sci,
        matched: matched(used)?,
    })
}

/// Half hours summed to UTC hours, then matched; none without any generation.
fn matched(used: &[(SettlementPeriod, Consumption)]) -> Result<Option<Matched>> {
    if used.iter().all(|(_, row)| row.generation_wh == 0) {
        return Ok(None);
    }
    let mut hours: BTreeMap<i64, (i64, i64, Option<Micro>)> = BTreeMap::new();
    for (period, row) in used {
        let hour = hours.entry(period.start_utc().unix_s().div_euclid(3600)).or_insert((0, 0, row.grid_cfe_frac));
        hour.0 += row.consumption_wh;
        hour.1 += row.generation_wh;
        // Half hours with different mixes in one hour have no mix of the hour.
        hour.2 = hour.2.filter(|frac| Some(*frac) == row.grid_cfe_frac);
    }
    Matched::of(hours.into_values()).map(Some)
}
