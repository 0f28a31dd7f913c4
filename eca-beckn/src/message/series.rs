//! Values by interval, in the shape of OpenADR 3.1 that the demand-flex profile uses: needs, offers, signals, telemetry.

use super::duration;
use crate::{Error, Result};
use eca_core::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Columns of values on one grid of intervals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TimeSeries {
    /// Start of the first interval.
    pub start: Timestamp,
    /// Length of an interval, seconds.
    pub step_s: i64,
    /// The columns, in the order of their declaration.
    pub columns: Vec<Column>,
}

/// One kind of value in every interval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// What it is, such as `PRICE` or `CAPACITY_OFFERED`.
    pub payload: String,
    /// Unit, such as `KW` or `GBP_PER_KWH`.
    pub units: String,
    /// Market role that fills it in, where the profile says so: `buyer` or `seller`.
    pub inserted_by: Option<String>,
    /// Whether it reports what was, not what is asked or offered.
    pub report: bool,
    /// For each interval its values: one, or the steps of a curve.
    pub values: Vec<Vec<f64>>,
}

impl Column {
    /// A column with one value in each interval.
    #[must_use]
    pub fn new(payload: &str, units: &str, values: impl IntoIterator<Item = f64>) -> Self {
        Self {
            payload: payload.into(),
            units: units.into(),
            inserted_by: None,
            report: false,
            values: values.into_iter().map(|value| vec![value]).collect(),
        }
    }

    /// The same, as filled in by a market role.
    #[must_use]
    pub fn by(mut self, role: &str) -> Self {
        self.inserted_by = Some(role.into());
        self
    }

    /// The same, as a report of what was.
    #[must_use]
    pub fn reported(mut self) -> Self {
        self.report = true;
        self
    }
}

impl TimeSeries {
    /// Columns on the grid that begins at `start` with intervals of `step_s` seconds.
    #[must_use]
    pub fn new(start: Timestamp, step_s: i64, columns: impl IntoIterator<Item = Column>) -> Self {
        Self { start, step_s, columns: columns.into_iter().collect() }
    }

    /// Number of intervals.
    #[must_use]
    pub fn intervals(&self) -> usize {
        self.columns.iter().map(|column| column.values.len()).max().unwrap_or(0)
    }

    /// The column of a payload type.
    #[must_use]
    pub fn column(&self, payload: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.payload == payload)
    }

    /// The first value of a payload type in each interval; `None` unless every interval has one.
    #[must_use]
    pub fn values(&self, payload: &str) -> Option<Vec<f64>> {
        let column = self.column(payload)?;
        (0..self.intervals()).map(|i| column.values.get(i)?.first().copied()).collect()
    }

    /// Whether both are on the same grid: start, length and number of intervals.
    #[must_use]
    pub fn same_grid(&self, other: &Self) -> bool {
        (self.start, self.step_s, self.intervals()) == (other.start, other.step_s, other.intervals())
    }

    /// Start of interval `index`.
    ///
    /// # Errors
    /// [`Error::Core`] beyond the range of times.
    pub fn start_of(&self, index: usize) -> Result<Timestamp> {
        let ahead = i64::try_from(index).unwrap_or(i64::MAX).saturating_mul(self.step_s);
        Ok(Timestamp::from_unix_s(self.start.unix_s().saturating_add(ahead))?)
    }

    /// The three fields `intervalPeriod`, `payloadDescriptors` and `intervals`, put into `into`.
    pub(crate) fn write(&self, into: &mut serde_json::Map<String, Value>) {
        let descriptors: Vec<Value> = self.columns.iter().map(Column::descriptor).collect();
        let intervals: Vec<Value> = (0..self.intervals())
            .map(|i| {
                let payloads: Vec<Value> = self
                    .columns
                    .iter()
                    .filter_map(|column| {
                        Some(json!({"type": column.payload, "values": numbers(column.values.get(i)?)}))
                    })
                    .collect();
                json!({"id": i, "payloads": payloads})
            })
            .collect();
        into.insert(
            "intervalPeriod".into(),
            json!({"start": self.start.to_string(), "duration": duration::text(self.step_s)}),
        );
        into.insert("payloadDescriptors".into(), descriptors.into());
        into.insert("intervals".into(), intervals.into());
    }

    /// Reads the three fields from an object; `None` if it has no `intervalPeriod`.
    ///
    /// The rules of the network hold: every payload type is declared, interval ids are 0, 1, 2, and so on.
    ///
    /// # Errors
    /// [`Error::Message`] names what is missing or not of the form.
    pub(crate) fn read(object: &Value) -> Result<Option<Self>> {
        let Some(period) = object.get("intervalPeriod") else { return Ok(None) };
        let text = |key: &str| {
            period[key]
                .as_str()
                .ok_or_else(|| invalid(format!("`intervalPeriod.{key}` is {}, not a text", period[key])))
        };
        let start =
            Timestamp::parse(text("start")?).map_err(|error| invalid(format!("`intervalPeriod.start`: {error}")))?;
        let step_s = duration::seconds(text("duration")?).map_err(invalid)?;
        if step_s <= 0 {
            return Err(invalid(format!("`intervalPeriod.duration` is {step_s} s")));
        }
        let mut columns = Vec::new();
        for descriptor in object["payloadDescriptors"].as_array().into_iter().flatten() {
            let payload = descriptor["payloadType"].as_str().ok_or_else(|| invalid("a payload type has no name"))?;
            columns.push(Column {
                payload: payload.into(),
                units: descriptor["units"].as_str().unwrap_or_default().into(),
                inserted_by: descriptor["insertedBy"].as_str().map(str::to_owned),
                report: descriptor["objectType"] == "REPORT_PAYLOAD_DESCRIPTOR",
                values: Vec::new(),
            });
        }
        for (index, interval) in object["intervals"].as_array().into_iter().flatten().enumerate() {
            if number(&interval["id"]) != Some(index as f64) {
                return Err(invalid(format!("interval {index} has id {}; ids are 0, 1, 2, ...", interval["id"])));
            }
            columns.iter_mut().for_each(|column| column.values.push(Vec::new()));
            for payload in interval["payloads"].as_array().into_iter().flatten() {
                let name = payload["type"].as_str().unwrap_or_default();
                let column = columns.iter_mut().find(|column| column.payload == name);
                let column = column.ok_or_else(|| invalid(format!("payload type `{name}` is not declared")))?;
                let values =
                    payload["values"].as_array().into_iter().flatten().map(number).collect::<Option<Vec<f64>>>();
                let values = values.ok_or_else(|| invalid(format!("`{name}` of interval {index} is not a number")))?;
                match column.values.last_mut() {
                    Some(here) if here.is_empty() => *here = values,
                    _ => return Err(invalid(format!("`{name}` stands twice in interval {index}"))),
                }
            }
        }
        Ok(Some(Self { start, step_s, columns }))
    }
}

impl Column {
    fn descriptor(&self) -> Value {
        let kind = if self.report { "REPORT_PAYLOAD_DESCRIPTOR" } else { "EVENT_PAYLOAD_DESCRIPTOR" };
        let mut object = json!({"objectType": kind, "payloadType": self.payload, "units": self.units});
        if let Some(role) = &self.inserted_by {
            object["insertedBy"] = role.as_str().into();
        }
        if self.report {
            object["readingType"] = "DIRECT_READ".into();
        }
        object
    }
}

fn invalid(reason: impl Into<String>) -> Error {
    Error::message("SCH_INVALID_FORMAT", format!("time series: {}", reason.into()))
}

/// A number, or the decimal text that version 1.1 writes instead.
pub(crate) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

fn numbers(values: &[f64]) -> Vec<Value> {
    values.iter().map(|value| plain(*value)).collect()
}

/// A number as peers write it: whole numbers without a fraction.
pub(crate) fn plain(value: f64) -> Value {
    // Every whole number below 2^53 is exact in both forms.
    if value.fract() == 0.0 && value.abs() < 9e15 { Value::from(value as i64) } else { Value::from(value) }
}
