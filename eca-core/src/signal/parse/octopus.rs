//! Octopus Energy unit rates (`standard-unit-rates`) of the Agile tariff and its like.
//!
//! Rates are in pence per kWh, newest first, in pages.

use super::json::{body, in_record, record, records, wrong};
use crate::signal::{Column, Point, ReadOptions, Signals};
use crate::{Result, Timestamp, unit};
use serde::Deserialize;
use serde_json::Value;

const SOURCE: &str = "octopus";
/// Minutes of an Agile rate.
const RATE_MIN: i64 = 30;

#[derive(Deserialize)]
struct Rate {
    value_exc_vat: f64,
    value_inc_vat: f64,
    valid_from: String,
    valid_to: Option<String>,
}

/// Reads one page of rates into `import_price_gbp_per_mwh` (or [`ReadOptions::column`]) of [`ReadOptions::region`].
///
/// Prices are without VAT unless [`ReadOptions::inc_vat`]. A rate without `valid_to` is taken to hold for one half
/// hour, with a warning. Further pages are named by [`next_page`] and merged with [`Signals::merge`].
///
/// # Errors
/// [`Error::Parse`](crate::Error::Parse) with the record for an answer of another form;
/// [`Error::Time`](crate::Error::Time) for two different rates at one time, such as those of two payment methods.
///
/// ```
/// use eca_core::signal::{Column, ReadOptions, parse};
/// let text = r#"{"count":1,"next":null,"previous":null,"results":[{"value_exc_vat":19.5,"value_inc_vat":20.475,
///   "valid_from":"2026-02-19T17:00:00Z","valid_to":"2026-02-19T17:30:00Z","payment_method":null}]}"#;
/// let signals = parse::octopus::read(text, &ReadOptions::default().region("london"))?;
/// assert_eq!(signals.get("london", Column::ImportPriceGbpPerMwh)?.points()[0].value, Some(195.0));
/// # Ok::<(), eca_core::Error>(())
/// ```
pub fn read(text: &str, options: &ReadOptions) -> Result<Signals> {
    let answer = body(SOURCE, text)?;
    let mut open = 0;
    let mut points = Vec::new();
    for (number, item) in (1..).zip(records(SOURCE, &answer, "results")?) {
        let rate: Rate = record(SOURCE, number, item)?;
        let start = in_record(SOURCE, number, Timestamp::parse_field("valid_from", &rate.valid_from))?;
        let end = match &rate.valid_to {
            Some(text) => in_record(SOURCE, number, Timestamp::parse_field("valid_to", text))?,
            None => {
                open += 1;
                start.plus_min(RATE_MIN)
            }
        };
        if end <= start {
            return Err(wrong(SOURCE, number, format!("valid_to {end} is not after valid_from {start}")));
        }
        let pence = if options.inc_vat { rate.value_inc_vat } else { rate.value_exc_vat };
        points.push(Point::new(start, end, Some(unit::pence_per_kwh_to_gbp_per_mwh(pence))));
    }
    let mut provenance = options.provenance(SOURCE);
    provenance.notes.push(if options.inc_vat { "with VAT" } else { "without VAT" }.to_owned());
    let mut signals = Signals::new();
    let column = options.column.unwrap_or(Column::ImportPriceGbpPerMwh);
    signals.insert(options.region_or_gb(), column, points, provenance, options.duplicates)?;
    if open > 0 {
        signals.warn(format!("{open} rates have no end and are taken to hold for {RATE_MIN} min"));
    }
    if let Some(next) = next_of(&answer) {
        signals.warn(format!("the answer has more pages, next {next}"));
    }
    Ok(signals)
}

/// The address of the next page; none on the last one.
///
/// # Errors
/// [`Error::Parse`](crate::Error::Parse) for an answer of another form.
pub fn next_page(text: &str) -> Result<Option<String>> {
    Ok(next_of(&body(SOURCE, text)?).map(str::to_owned))
}

fn next_of(answer: &Value) -> Option<&str> {
    answer.get("next").and_then(Value::as_str)
}
