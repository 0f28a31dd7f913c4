//! A baseline by the name of its method, for an event or on its own.

use super::{BaselineTerms, Readings, Volumes, document};
use crate::flex::baseline::{
    Answer, Baseline, BaselineParams, Bl01, Fixed, High5Of10, Holidays, Mid8Of10, Nominated, Question, TenInTen, Zero,
};
use crate::{Error, Result, SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};

/// A baseline on its own: of which periods of which meter, by which method. See [`baseline`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BaselineRequest {
    /// The meter, as in the meter file.
    pub meter_id: String,
    /// The periods, in order of time.
    pub periods: Vec<SettlementPeriod>,
    /// The method with its data.
    pub baseline: BaselineTerms,
    /// Whether there was an acceptance in the balancing mechanism: without one BL01 is not adjusted (P415).
    #[serde(default)]
    pub balancing: bool,
}

impl BaselineRequest {
    /// Reads a request.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of what is wrong.
    pub fn from_json(text: &str) -> Result<Self> {
        document::read_named(text)
    }
}

/// What a meter would have shown in some periods, by one method, with the days used and left out.
///
/// ```
/// use eca_core::settle::{BaselineRequest, Readings, baseline};
///
/// let request = BaselineRequest::from_json(
///     r#"{"meter_id": "hall", "periods": [{"settlement_date": "2026-02-19", "settlement_period": 35}],
///         "baseline": {"method": "fixed", "fixed_mwh": 6}}"#,
/// )?;
/// let meters = "meter_id,start,end,import_wh,export_wh,quality
/// hall,2026-02-19T17:00:00Z,2026-02-19T17:30:00Z,4500000,0,A";
/// assert_eq!(baseline(&request, &Readings::parse(meters)?, None)?.periods[0].baseline_wh, 6_000_000);
/// # Ok::<(), eca_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::Gap`] for a baseline without enough days, [`Error::Unknown`] for a method that is not there, [`Error::Value`] for
/// periods that are out of order or none.
pub fn baseline(request: &BaselineRequest, readings: &Readings, as_of: Option<Timestamp>) -> Result<Answer> {
    let volumes = readings.volumes(&request.meter_id, as_of)?;
    if let Some(pair) = request.periods.windows(2).find(|pair| pair[0] >= pair[1]) {
        let limit = "must be behind the period before it: periods in order of time";
        return Err(refused(&request.meter_id, "periods", pair[1].to_string(), limit, ""));
    }
    let periods = (request.periods.as_slice(), request.periods.as_slice());
    answer(&request.baseline, &request.meter_id, periods, &volumes, request.balancing)
}

/// The baseline of periods `all`, of which `own` are those of the event.
pub(super) fn answer(
    terms: &BaselineTerms,
    name: &str,
    (own, all): (&[SettlementPeriod], &[SettlementPeriod]),
    volumes: &Volumes,
    balancing: bool,
) -> Result<Answer> {
    check(&terms.params, name)?;
    let (Some(event_start), Some(event_end)) = (own.first(), own.last()) else {
        return Err(refused(name, "periods", "[]".into(), "must have at least one period", ""));
    };
    let holidays = Holidays::england_and_wales().with(terms.bank_holidays.iter().copied());
    method(terms, name)?.baseline(&Question {
        event_id: name,
        periods: all,
        event_start: *event_start,
        event_end: *event_end,
        volumes,
        event_days: &terms.event_days,
        holidays: &holidays,
        params: &terms.params,
        balancing,
    })
}

/// Refuses numbers with which no baseline comes about.
fn check(params: &BaselineParams, name: &str) -> Result<()> {
    let counts = [
        ("lookback_days", params.lookback_days),
        ("working_days", params.working_days.into()),
        ("other_days", params.other_days.into()),
        ("factor_max_percent", params.factor_max_percent),
    ];
    if let Some((field, _)) = counts.into_iter().find(|(_, count)| *count == 0) {
        return Err(refused(name, &format!("baseline.params.{field}"), "0".into(), "must be at least 1", ""));
    }
    if params.factor_min_percent > params.factor_max_percent {
        let (least, most) = (params.factor_min_percent, params.factor_max_percent);
        let limit = format!("must be at most factor_max_percent, {most}");
        return Err(refused(name, "baseline.params.factor_min_percent", least.to_string(), &limit, "percent"));
    }
    Ok(())
}

fn method(terms: &BaselineTerms, name: &str) -> Result<Box<dyn Baseline>> {
    Ok(match terms.method.as_str() {
        "bl01" => Box::new(Bl01),
        "mid_8_of_10" => Box::new(Mid8Of10),
        "high_5_of_10" => Box::new(High5Of10),
        "ten_in_ten" => Box::new(TenInTen),
        "zero" => Box::new(Zero),
        "nominated" => Box::new(Nominated::new(terms.nominated.clone())),
        "fixed" => {
            let fixed = terms.fixed_mwh.ok_or_else(|| {
                refused(name, "baseline.fixed_mwh", "none".into(), "must be given for the method fixed", "MWh")
            })?;
            Box::new(Fixed::new(fixed.millionths()))
        }
        other => {
            return Err(Error::Unknown {
                object: format!("event `{name}`"),
                field: "baseline.method",
                kind: "baseline",
                id: other.to_owned(),
                known: "bl01, mid_8_of_10, high_5_of_10, ten_in_ten, nominated, fixed, zero".into(),
            });
        }
    })
}

fn refused(name: &str, field: &str, value: String, limit: &str, unit: &'static str) -> Error {
    Error::Value { object: format!("event `{name}`"), field: field.into(), value, limit: limit.to_owned(), unit }
}
