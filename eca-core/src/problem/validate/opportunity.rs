//! Opportunities.

use super::commitment::{periods, reference, series, step};
use super::guard::{ANY, Guard, NOT_NEGATIVE, SHARE};
use super::{ProblemDocument, known_region};
use crate::problem::Opportunity;
use crate::problem::opportunity::LEAST_STEP_MW;
use crate::{Error, Result};

/// Part of a step that is rounding.
const ROUNDING: f64 = 1e-9;

pub(super) fn opportunity(document: &ProblemDocument, one: &Opportunity) -> Result<()> {
    let guard = Guard::new(format!("opportunity `{}`", one.id));
    known_region(document, &guard, "region", &one.region)?;
    if document.commitments.iter().any(|sold| sold.id.as_str() == one.id.as_str()) {
        return Err(Error::Duplicate { kind: "commitment or opportunity", id: one.id.to_string() });
    }
    step(document, &guard)?;
    periods(&guard, &one.settlement_periods)?;
    let count = one.settlement_periods.len();
    series(&guard, "price_gbp_per_mwh", &one.price_gbp_per_mwh, count, &ANY, "GBP/MWh")?;
    series(&guard, "baseline_mw", &one.baseline_mw, count, &ANY, "MW")?;
    series(&guard, "risk_margin_mw", &one.risk_margin_mw, count, &NOT_NEGATIVE, "MW")?;
    if let Some(price) = &one.penalty.price_gbp_per_mwh {
        series(&guard, "penalty.price_gbp_per_mwh", price, count, &NOT_NEGATIVE, "GBP/MWh")?;
    }
    guard.number("penalty.tolerance_frac", one.penalty.tolerance_frac, &SHARE, "(a share)")?;
    guard.number("ramp_min", one.ramp_min, &(0.0..=30.0), "min")?;
    guard.number("notice_s", one.notice_s, &(0.0..=1e8), "s")?;
    size(&guard, one)?;
    calls(&guard, one)?;
    called(&guard, one)?;
    if let Some(window) = &one.guard {
        super::commitment::window(&guard, window)?;
    }
    if let Some(rebound) = &one.rebound {
        super::commitment::rebound(&guard, rebound)?;
    }
    if one.meter_interval_min == Some(0) {
        return Err(guard.refuse("meter_interval_min", 0.0, "must be at least 1, or be left out", "min"));
    }
    reference(&guard, one.obp_id.as_deref())
}

/// Least, most and step of power.
fn size(guard: &Guard, one: &Opportunity) -> Result<()> {
    guard.number("min_mw", one.min_mw, &NOT_NEGATIVE, "MW")?;
    guard.positive("max_mw", one.max_mw, *NOT_NEGATIVE.end(), "MW")?;
    guard.positive("step_mw", one.step_mw, *NOT_NEGATIVE.end(), "MW")?;
    let kwh = one.step_mw / LEAST_STEP_MW;
    if kwh.round() < 1.0 || (kwh - kwh.round()).abs() > ROUNDING * kwh {
        let limit = format!("must be a multiple of {LEAST_STEP_MW}: sold energy is whole kWh in a settlement period");
        return Err(guard.refuse("step_mw", one.step_mw, &limit, "MW"));
    }
    let least = (one.min_mw / one.step_mw - ROUNDING).ceil().max(1.0) * one.step_mw;
    if least > one.max_mw * (1.0 + ROUNDING) {
        let limit = format!("must be at least {least}, the least that min_mw and step_mw allow");
        return Err(guard.refuse("max_mw", one.max_mw, &limit, "MW"));
    }
    Ok(())
}

/// What is called already is of a divisible one, and in order.
fn called(guard: &Guard, one: &Opportunity) -> Result<()> {
    let refuse = |field: String, value: String, limit: String| {
        Err(Error::Value { object: guard.name().into(), field, value, limit, unit: "" })
    };
    match one.called.first() {
        Some(first) if !one.divisible => {
            let limit = "must be left out unless divisible is true: it is one call";
            return refuse("called".into(), format!("`{first}`"), limit.into());
        }
        _ => {}
    }
    match one.called.windows(2).position(|pair| pair[1] <= pair[0]) {
        None => Ok(()),
        Some(i) => {
            let limit = format!("must be after `{}`", one.called[i]);
            refuse(format!("called[{}]", i + 1), format!("`{}`", one.called[i + 1]), limit)
        }
    }
}

/// What is said of calls is for divisible ones: the others are one call.
fn calls(guard: &Guard, one: &Opportunity) -> Result<()> {
    let given = [
        ("min_call_periods", one.min_call_periods),
        ("max_call_periods", one.max_call_periods),
        ("recovery_periods", Some(one.recovery_periods).filter(|&periods| periods > 0)),
        ("max_calls_per_day", one.max_calls_per_day),
        ("max_calls_per_week", one.max_calls_per_week),
    ];
    if let Some((field, Some(value))) = given.into_iter().find(|(_, value)| value.is_some() && !one.divisible) {
        return Err(guard.refuse(
            field,
            f64::from(value),
            "must be left out unless divisible is true: it is one call",
            "",
        ));
    }
    if let Some((field, _)) = given.into_iter().find(|&(field, value)| value == Some(0) && field != "recovery_periods")
    {
        return Err(guard.refuse(field, 0.0, "must be at least 1, or be left out", ""));
    }
    match (one.min_call_periods, one.max_call_periods) {
        (Some(least), Some(most)) if least > most => {
            let limit = format!("must be at least min_call_periods, which is {least}");
            Err(guard.refuse("max_call_periods", f64::from(most), &limit, "settlement periods"))
        }
        _ => Ok(()),
    }
}
