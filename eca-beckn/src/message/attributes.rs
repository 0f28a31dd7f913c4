//! The objects of the demand-flex profile and of ECA that ride inside messages: need, slot, signal, report, delivery.
//!
//! Published profile of August 2026: `DemandFlexNeed`, `TimeSeries`, `DemandFlexPerformance`. The others have the
//! context `urn:eca:deg:1` and are described in `docs/format/messages.md`.

use super::series::{TimeSeries, number, plain};
use super::{FlexTerms, duration};
use crate::{Error, Result};
use eca_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// Context of the objects that ECA defines.
pub const ECA_CONTEXT: &str = "urn:eca:deg:1";

/// An object with `@type` inside a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Attributes {
    /// Demand flexibility that is asked for: capacity (KW), price and penalty by interval.
    Need(Need),
    /// Work that can wait.
    Slot(ComputeSlot),
    /// Prices, carbon, congestion and limits of the grid.
    Signal(GridSignal),
    /// Battery and solar.
    Der(DerReport),
    /// Values by interval, such as what is offered.
    Series(TimeSeries),
    /// What meters say of a delivery.
    Delivery(Delivery),
    /// What is agreed.
    Terms(FlexTerms),
    /// Another object, as it is.
    Other(Value),
}

impl Attributes {
    /// The need, if this is one.
    pub(super) fn need(self) -> Option<Need> {
        match self {
            Self::Need(need) => Some(need),
            _ => None,
        }
    }
}

/// Demand flexibility that is asked for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Need {
    /// Part of the grid, such as `_C`; `None` for anywhere.
    pub gsp_group: Option<String>,
    /// `CAPACITY_REQUESTED` (KW), and where the buyer fixes them `PRICE` and `SHORTFALL_PENALTY` (GBP_PER_KWH).
    pub series: TimeSeries,
}

/// Work that can wait, as a compute agent offers it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ComputeSlot {
    /// Power that can be shifted, kW.
    pub power_kw: f64,
    /// From when.
    pub start: Timestamp,
    /// Until when.
    pub end: Timestamp,
    /// Tier of the work and, where there is one, its deadline.
    pub tier: String,
    /// When the work must be done.
    pub deadline: Option<Timestamp>,
    /// Carbon it may use, kg.
    pub carbon_budget_kg: Option<f64>,
    /// Where it can run.
    pub regions: Vec<String>,
    /// Shortest reduction, seconds.
    pub min_duration_s: i64,
    /// Notice it needs, seconds.
    pub notice_s: i64,
    /// Whether it can be taken back before it begins.
    pub reversible: bool,
}

/// What a grid agent publishes of its zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GridSignal {
    /// GSP group, such as `_C`.
    pub gsp_group: String,
    /// Region of the carbon intensity service, 1 to 14.
    pub carbon_region: Option<u8>,
    /// `PRICE`, `CARBON_INTENSITY`, `MARGINAL_CARBON_INTENSITY`, `CONGESTION`, `IMPORT_LIMIT`.
    pub series: TimeSeries,
}

/// What a battery and its solar panels can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DerReport {
    /// Which device.
    pub device: String,
    /// When it was measured.
    pub as_of: Timestamp,
    /// `A` actual, `E` estimated.
    pub quality: String,
    /// `SOC`, `SOC_MIN` (KWH), `CHARGE_LIMIT`, `DISCHARGE_LIMIT`, `POWER` (charge positive), `SOLAR_FORECAST` (KW).
    pub series: TimeSeries,
}

/// What meters say of a delivery.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Delivery {
    /// Which event.
    pub event: String,
    /// How the baseline was made.
    pub methodology: String,
    /// `BASELINE` and `USAGE` (KW) of each meter.
    pub meters: Vec<(String, TimeSeries)>,
}

impl Attributes {
    /// The object as 2.0.0 LTS writes it.
    pub(crate) fn write(&self) -> Value {
        let mut object = Map::new();
        let mut kind = |context: &str, kind: &str| {
            object.insert("@context".into(), context.into());
            object.insert("@type".into(), kind.into());
        };
        match self {
            Self::Need(need) => {
                kind(&published("DemandFlexNeed/v2.0"), "DemandFlexNeed");
                if let Some(group) = &need.gsp_group {
                    object.insert("zone".into(), json!({"gspGroup": group}));
                }
                need.series.write(&mut object);
            }
            Self::Series(series) => {
                kind(&published("BecknTimeSeries/v1.0"), "TimeSeries");
                series.write(&mut object);
            }
            Self::Delivery(delivery) => {
                kind(&published("DemandFlexPerformance/v2.0"), "DemandFlexPerformance");
                object.insert("eventId".into(), delivery.event.as_str().into());
                object.insert("methodology".into(), delivery.methodology.as_str().into());
                let meters = delivery.meters.iter().map(|(id, series)| {
                    let mut telemetry = Map::from_iter([("@type".to_owned(), Value::from("TimeSeries"))]);
                    series.write(&mut telemetry);
                    json!({"meterId": id, "telemetry": telemetry})
                });
                object.insert("meters".into(), meters.collect());
            }
            Self::Signal(signal) => {
                kind(ECA_CONTEXT, "GridSignal");
                let mut zone = json!({"gspGroup": signal.gsp_group});
                if let Some(region) = signal.carbon_region {
                    zone["carbonRegion"] = region.into();
                }
                object.insert("zone".into(), zone);
                signal.series.write(&mut object);
            }
            Self::Der(report) => {
                kind(ECA_CONTEXT, "DerReport");
                object.insert("device".into(), report.device.as_str().into());
                object.insert("asOf".into(), report.as_of.to_string().into());
                object.insert("quality".into(), report.quality.as_str().into());
                report.series.write(&mut object);
            }
            Self::Slot(slot) => {
                kind(ECA_CONTEXT, "ComputeSlot");
                slot.write(&mut object);
            }
            Self::Terms(terms) => return terms.write(),
            Self::Other(value) => return value.clone(),
        }
        Value::Object(object)
    }

    /// Reads an object of 2.0.0 LTS. What is of no known type is kept as it is.
    ///
    /// # Errors
    /// [`Error::Message`] if it has a known type but not its form.
    pub(crate) fn read(object: &Value) -> Result<Self> {
        let series = || TimeSeries::read(object)?.ok_or_else(|| missing("intervalPeriod"));
        let group = || object["zone"]["gspGroup"].as_str().map(str::to_owned);
        Ok(match object["@type"].as_str().unwrap_or_default() {
            // The form of April 2026 has a window instead of a series: kept as it is.
            "DemandFlexNeed" if object.get("intervalPeriod").is_some() => {
                Self::Need(Need { gsp_group: group(), series: series()? })
            }
            "TimeSeries" => Self::Series(series()?),
            "GridSignal" => Self::Signal(GridSignal {
                gsp_group: group().ok_or_else(|| missing("zone.gspGroup"))?,
                carbon_region: number(&object["zone"]["carbonRegion"]).map(|region| region as u8),
                series: series()?,
            }),
            "DerReport" => Self::Der(DerReport {
                device: text(object, "device")?,
                as_of: time(object, "asOf")?,
                quality: text(object, "quality")?,
                series: series()?,
            }),
            "ComputeSlot" => Self::Slot(ComputeSlot::read(object)?),
            "DemandFlexPerformance" => Self::Delivery(Delivery::read(object)?),
            "FlexTerms" => Self::Terms(FlexTerms::read(object)?),
            _ => Self::Other(object.clone()),
        })
    }
}

impl Delivery {
    fn read(object: &Value) -> Result<Self> {
        let mut meters = Vec::new();
        for meter in object["meters"].as_array().into_iter().flatten() {
            if let Some(series) = TimeSeries::read(&meter["telemetry"])? {
                meters.push((text(meter, "meterId")?, series));
            }
        }
        Ok(Self {
            event: object["eventId"].as_str().unwrap_or_default().into(),
            methodology: object["methodology"].as_str().unwrap_or_default().into(),
            meters,
        })
    }
}

impl ComputeSlot {
    fn write(&self, object: &mut Map<String, Value>) {
        let window = json!({"startTime": self.start.to_string(), "endTime": self.end.to_string()});
        object.insert("power".into(), quantity("KW", self.power_kw));
        object.insert("deferralWindow".into(), window);
        let mut sla = json!({"tier": self.tier});
        if let Some(deadline) = self.deadline {
            sla["deadline"] = deadline.to_string().into();
        }
        object.insert("sla".into(), sla);
        if let Some(budget) = self.carbon_budget_kg {
            object.insert("carbonBudget".into(), quantity("KG", budget));
        }
        object.insert("regions".into(), self.regions.clone().into());
        object.insert("minDuration".into(), duration::text(self.min_duration_s).into());
        object.insert("notice".into(), duration::text(self.notice_s).into());
        object.insert("reversible".into(), self.reversible.into());
    }

    fn read(object: &Value) -> Result<Self> {
        let seconds = |key: &str| duration::seconds(&text(object, key)?).map_err(|reason| invalid(key, &reason));
        Ok(Self {
            power_kw: number(&object["power"]["unitQuantity"]).ok_or_else(|| missing("power.unitQuantity"))?,
            start: time(&object["deferralWindow"], "startTime")?,
            end: time(&object["deferralWindow"], "endTime")?,
            tier: text(&object["sla"], "tier")?,
            deadline: object["sla"].get("deadline").map(|_| time(&object["sla"], "deadline")).transpose()?,
            carbon_budget_kg: number(&object["carbonBudget"]["unitQuantity"]),
            regions: texts(&object["regions"]),
            min_duration_s: seconds("minDuration")?,
            notice_s: seconds("notice")?,
            reversible: object["reversible"] == true || object["reversible"] == "true",
        })
    }
}

/// Address of a context of the published profile.
pub(crate) fn published(name: &str) -> String {
    format!("https://schema.nfh.global/{name}/context.jsonld")
}

pub(crate) fn quantity(unit: &str, value: f64) -> Value {
    json!({"unitCode": unit, "unitQuantity": plain(value), "@type": "Quantity"})
}

pub(crate) fn missing(key: &str) -> Error {
    Error::message("SCH_REQUIRED_FIELD_MISSING", format!("`{key}` is missing"))
}

pub(crate) fn invalid(key: &str, reason: &str) -> Error {
    Error::message("SCH_INVALID_FORMAT", format!("`{key}`: {reason}"))
}

/// A text field; version 1.1 has only texts, so that a number counts too.
pub(crate) fn text(object: &Value, key: &str) -> Result<String> {
    match object.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Number(number)) => Ok(number.to_string()),
        _ => Err(missing(key)),
    }
}

pub(crate) fn time(object: &Value, key: &str) -> Result<Timestamp> {
    Timestamp::parse(&text(object, key)?).map_err(|error| invalid(key, &error.to_string()))
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
}
