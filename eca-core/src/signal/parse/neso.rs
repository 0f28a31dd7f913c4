//! NESO Carbon Intensity API, <https://api.carbonintensity.org.uk>: JSON of `/intensity`, `/regional` and
//! `/generation`, and the CSV of the same service.
//!
//! All shapes are read by one function: national periods, periods with `regions`, and one region with its `data`,
//! which some paths give as a list and some as an object. Times are UTC.

use super::json::{body, in_record, record, records, wrong};
use crate::signal::{CarbonValue, Column, Point, ReadOptions, Signals};
use crate::{Error, Result, Timestamp, unit};
use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

pub use super::neso_csv::read_csv;

const SOURCE: &str = "neso";
/// Fuels that count as renewable.
const RENEWABLE: [&str; 3] = ["wind", "solar", "hydro"];
/// Percent that a generation mix may be off 100 by rounding.
const MIX_TOLERANCE_PERCENT: f64 = 1.0;

/// A region of the Carbon Intensity API that can be a site.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CarbonRegion {
    /// `regionid` of the API.
    pub id: u16,
    /// Name used in signals.
    pub name: &'static str,
    /// Letter of the grid supply point group.
    pub gsp_group: &'static str,
}

/// The regions that can be a site; 15 and above are sums of them.
pub const REGIONS: [CarbonRegion; 14] = [
    region(1, "north-scotland", "_P"),
    region(2, "south-scotland", "_N"),
    region(3, "north-west-england", "_G"),
    region(4, "north-east-england", "_F"),
    region(5, "yorkshire", "_M"),
    region(6, "north-wales", "_D"),
    region(7, "south-wales", "_K"),
    region(8, "west-midlands", "_E"),
    region(9, "east-midlands", "_B"),
    region(10, "east-england", "_A"),
    region(11, "south-west-england", "_L"),
    region(12, "south-england", "_H"),
    region(13, "london", "_C"),
    region(14, "south-east-england", "_J"),
];

const fn region(id: u16, name: &'static str, gsp_group: &'static str) -> CarbonRegion {
    CarbonRegion { id, name, gsp_group }
}

#[derive(Deserialize)]
struct Period {
    from: String,
    to: String,
    intensity: Option<Intensity>,
    generationmix: Option<Vec<Fuel>>,
}

#[derive(Deserialize)]
struct Intensity {
    forecast: Option<f64>,
    actual: Option<f64>,
}

#[derive(Deserialize)]
struct Fuel {
    fuel: String,
    perc: Option<f64>,
}

#[derive(Deserialize)]
struct RegionMix {
    intensity: Option<Intensity>,
    generationmix: Option<Vec<Fuel>>,
}

/// Points read so far.
struct Read<'a> {
    options: &'a ReadOptions,
    carbon: BTreeMap<String, Vec<Point>>,
    renewable: BTreeMap<String, Vec<Point>>,
    forecast_for_actual: usize,
    odd_mix: usize,
    skipped_sums: bool,
}

/// Reads any JSON answer of the service into `carbon_g_per_kwh` and, where the answer has a generation mix,
/// `renewable_share_frac` (wind, solar and hydro).
///
/// National values are for [`ReadOptions::region`], or `gb`. Regions get the name in [`REGIONS`] or in
/// [`ReadOptions::region_names`]. [`ReadOptions::carbon_value`] chooses forecast or actual; a null is a gap.
///
/// # Errors
/// [`Error::Parse`] when the text is not such an answer or the service answered with an error; [`Error::Value`] for
/// a region that is a sum (15 and above); [`Error::Unsupported`] for the actual of a region.
///
/// ```
/// use eca_core::signal::{CarbonValue, Column, ReadOptions, parse};
/// let text = r#"{"data":[{"from":"2026-02-19T17:00Z","to":"2026-02-19T17:30Z",
///   "intensity":{"forecast":210,"actual":null,"index":"moderate"}}]}"#;
/// let signals = parse::neso::read(text, &ReadOptions::default())?;
/// assert_eq!(signals.get("gb", Column::CarbonGPerKwh)?.points()[0].value, Some(210.0));
/// let actual = parse::neso::read(text, &ReadOptions::default().carbon_value(CarbonValue::Actual))?;
/// assert_eq!(actual.get("gb", Column::CarbonGPerKwh)?.points()[0].value, None);
/// # Ok::<(), eca_core::Error>(())
/// ```
pub fn read(text: &str, options: &ReadOptions) -> Result<Signals> {
    let answer = body(SOURCE, text)?;
    let mut read = Read {
        options,
        carbon: BTreeMap::new(),
        renewable: BTreeMap::new(),
        forecast_for_actual: 0,
        odd_mix: 0,
        skipped_sums: false,
    };
    for (number, item) in (1..).zip(records(SOURCE, &answer, "data")?) {
        if let Some(regions) = item.get("regions") {
            read.all_regions(number, item, regions)?;
        } else if item.get("data").is_some() {
            read.one_region(number, item)?;
        } else {
            let name = match id_of(number, item)? {
                Some(id) => read.site_name(id)?,
                None => options.region_or_gb().to_owned(),
            };
            let regional = item.get("regionid").is_some();
            read.period(number, item, &name, regional)?;
        }
    }
    read.finish()
}

fn id_of(number: usize, item: &Value) -> Result<Option<u16>> {
    item.get("regionid").filter(|id| !id.is_null()).map(|id| record(SOURCE, number, id)).transpose()
}

impl Read<'_> {
    fn all_regions(&mut self, number: usize, item: &Value, regions: &Value) -> Result<()> {
        let Value::Array(regions) = regions else { return Err(wrong(SOURCE, number, "`regions` is not a list")) };
        let span: Period = record(SOURCE, number, item)?;
        for region in regions {
            let Some(id) = id_of(number, region)? else {
                return Err(wrong(SOURCE, number, "a region has no `regionid`"));
            };
            if !self.options.region_names.is_empty() && !self.options.region_names.contains_key(&id) {
                continue;
            }
            if REGIONS.iter().all(|known| known.id != id) {
                if self.options.region_names.contains_key(&id) {
                    return Err(sum_region(id));
                }
                self.skipped_sums = true;
                continue;
            }
            let name = self.site_name(id)?;
            let mix: RegionMix = record(SOURCE, number, region)?;
            let period = Period {
                from: span.from.clone(),
                to: span.to.clone(),
                intensity: mix.intensity,
                generationmix: mix.generationmix,
            };
            self.add(number, period, &name, true)?;
        }
        Ok(())
    }

    fn one_region(&mut self, number: usize, item: &Value) -> Result<()> {
        let name = match (id_of(number, item)?, &self.options.region) {
            (Some(id), _) => self.site_name(id)?,
            (None, Some(name)) => name.clone(),
            (None, None) => {
                return Err(wrong(SOURCE, number, "the answer does not name its region; give the region"));
            }
        };
        records(SOURCE, item, "data")?.into_iter().try_for_each(|period| self.period(number, period, &name, true))
    }

    fn period(&mut self, number: usize, item: &Value, name: &str, regional: bool) -> Result<()> {
        let period = record(SOURCE, number, item)?;
        self.add(number, period, name, regional)
    }

    fn add(&mut self, number: usize, period: Period, name: &str, regional: bool) -> Result<()> {
        let start = in_record(SOURCE, number, Timestamp::parse_field("from", &period.from))?;
        let end = in_record(SOURCE, number, Timestamp::parse_field("to", &period.to))?;
        if let Some(intensity) = &period.intensity {
            let value = self.choose(intensity, name, regional)?;
            self.carbon.entry(name.to_owned()).or_default().push(Point::new(start, end, value));
        }
        if let Some(mix) = &period.generationmix {
            let value = self.renewable_share(mix);
            self.renewable.entry(name.to_owned()).or_default().push(Point::new(start, end, value));
        }
        if period.intensity.is_none() && period.generationmix.is_none() {
            return Err(wrong(SOURCE, number, "has neither `intensity` nor `generationmix`"));
        }
        Ok(())
    }

    fn choose(&mut self, intensity: &Intensity, name: &str, regional: bool) -> Result<Option<f64>> {
        match self.options.carbon_value {
            CarbonValue::Forecast => Ok(intensity.forecast),
            CarbonValue::Actual if regional => Err(Error::Unsupported {
                object: format!("region `{name}`"),
                feature: "actual carbon intensity",
                reason: "the service publishes it for Great Britain only; read the forecast".to_owned(),
            }),
            CarbonValue::Actual => Ok(intensity.actual),
            CarbonValue::ActualElseForecast => {
                if intensity.actual.is_none() && intensity.forecast.is_some() {
                    self.forecast_for_actual += 1;
                }
                Ok(intensity.actual.or(intensity.forecast))
            }
        }
    }

    /// `renewable_share = (wind + solar + hydro) / 100`; a gap where the mix does not add up.
    fn renewable_share(&mut self, mix: &[Fuel]) -> Option<f64> {
        let total: f64 = mix.iter().filter_map(|fuel| fuel.perc).sum();
        let green = |fuel: &&Fuel| RENEWABLE.contains(&fuel.fuel.as_str());
        let share: f64 = mix.iter().filter(green).filter_map(|fuel| fuel.perc).sum();
        if (total - 100.0).abs() > MIX_TOLERANCE_PERCENT {
            self.odd_mix += 1;
            return None;
        }
        Some(unit::percent_to_frac(share).clamp(0.0, 1.0))
    }

    fn site_name(&self, id: u16) -> Result<String> {
        let known = REGIONS.iter().find(|region| region.id == id).ok_or_else(|| sum_region(id))?;
        Ok(self.options.region_names.get(&id).cloned().unwrap_or_else(|| known.name.to_owned()))
    }

    fn finish(self) -> Result<Signals> {
        let options = self.options;
        let mut provenance = options.provenance(SOURCE);
        provenance.notes.push(
            match options.carbon_value {
                CarbonValue::Forecast => "forecast carbon intensity",
                CarbonValue::Actual => "actual carbon intensity as estimated by the source",
                CarbonValue::ActualElseForecast => "actual carbon intensity, else forecast",
            }
            .to_owned(),
        );
        let mut signals = Signals::new();
        for (column, by_region) in [(Column::CarbonGPerKwh, self.carbon), (Column::RenewableShareFrac, self.renewable)]
        {
            for (name, points) in by_region {
                signals.insert(&name, column, points, provenance.clone(), options.duplicates)?;
            }
        }
        if self.forecast_for_actual > 0 {
            signals.warn(format!("{} periods have no actual yet, their forecast is used", self.forecast_for_actual));
        }
        if self.odd_mix > 0 {
            signals.warn(format!("{} generation mixes do not add up to 100 % and are left as gaps", self.odd_mix));
        }
        if self.skipped_sums {
            signals.warn("regions that are sums of others (England, Scotland, Wales, GB) are not read");
        }
        if signals.is_empty() {
            signals.warn("the answer has no data");
        }
        Ok(signals)
    }
}

fn sum_region(id: u16) -> Error {
    Error::Value {
        object: "NESO region".to_owned(),
        field: "regionid".to_owned(),
        value: id.to_string(),
        limit: "must be 1 to 14 (15 England, 16 Scotland and 17 Wales are sums of regions, no site)".to_owned(),
        unit: "",
    }
}
