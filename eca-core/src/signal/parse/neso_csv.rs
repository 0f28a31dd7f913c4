//! CSV of the NESO Carbon Intensity service: `Datetime (UTC)`, `Actual ...`, `Forecast ...`, `Index`.

use super::csv::{cell_number, line_of, reader};
use super::json::wrong;
use crate::signal::{CarbonValue, Column, Point, ReadOptions, Signals};
use crate::{Result, Timestamp};

const SOURCE: &str = "neso csv";
/// Minutes of a row.
const STEP_MIN: i64 = 30;

/// Reads the CSV of the service into `carbon_g_per_kwh` of [`ReadOptions::region`], or `gb`.
///
/// An empty cell is a gap. Files of this service are known to hold a half hour twice with different values
/// (10 June 2020): such a file is refused unless [`ReadOptions::duplicates`] chooses.
///
/// # Errors
/// [`Error::Parse`](crate::Error::Parse) with the line for text that is not such a file; [`Error::Time`](crate::Error::Time) for a time without offset where
/// the header does not say UTC, and for two different values at one time.
pub fn read_csv(text: &str, options: &ReadOptions) -> Result<Signals> {
    let mut reader = reader(text);
    let head = reader.headers().map_err(|error| wrong(SOURCE, 1, error.to_string()))?.clone();
    let find = |name: &str| {
        head.iter().position(|title| title.starts_with(name)).ok_or_else(|| {
            let found = head.iter().collect::<Vec<_>>().join(", ");
            wrong(SOURCE, 1, format!("has no column that begins with `{name}`; found {found}"))
        })
    };
    let (time, actual, forecast) = (find("Datetime")?, find("Actual")?, find("Forecast")?);
    let utc = head.get(time).is_some_and(|title| title.contains("UTC"));
    let mut points = Vec::new();
    let mut forecast_for_actual = 0;
    for row in reader.records() {
        let row = row.map_err(|error| line_of(SOURCE, &error))?;
        let line = row.position().map_or(0, |position| usize::try_from(position.line()).unwrap_or(0));
        let text = row.get(time).unwrap_or_default();
        let start = Timestamp::parse_field(&format!("Datetime in line {line}"), text)
            .or_else(|error| if utc { Timestamp::parse(&format!("{text}Z")).map_err(|_| error) } else { Err(error) })?;
        let number = |place, name| cell_number(SOURCE, line, name, row.get(place).unwrap_or_default());
        let (actual, forecast) = (number(actual, "Actual")?, number(forecast, "Forecast")?);
        let value = match options.carbon_value {
            CarbonValue::Forecast => forecast,
            CarbonValue::Actual => actual,
            CarbonValue::ActualElseForecast => {
                forecast_for_actual += usize::from(actual.is_none() && forecast.is_some());
                actual.or(forecast)
            }
        };
        points.push(Point::new(start, start.plus_min(STEP_MIN), value));
    }
    let mut provenance = options.provenance(SOURCE);
    provenance.notes.push(
        match options.carbon_value {
            CarbonValue::Forecast => "last forecast before delivery",
            CarbonValue::Actual => "actual carbon intensity as estimated by the source",
            CarbonValue::ActualElseForecast => "actual carbon intensity, else forecast",
        }
        .to_owned(),
    );
    let mut signals = Signals::new();
    signals.insert(options.region_or_gb(), Column::CarbonGPerKwh, points, provenance, options.duplicates)?;
    if forecast_for_actual > 0 {
        signals.warn(format!("{forecast_for_actual} periods have no actual, their forecast is used"));
    }
    Ok(signals)
}
