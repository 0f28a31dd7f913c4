//! Commitments.

use super::guard::{ANY, Guard, NOT_NEGATIVE, SHARE};
use super::{ProblemDocument, known_region};
use crate::problem::{Commitment, Direction, Series};
use crate::time::SETTLEMENT_PERIOD_MIN;
use crate::{Error, Result, SettlementPeriod};

/// Longest reference of a buyer, characters.
const LONGEST_REFERENCE: usize = 64;

pub(super) fn commitment(document: &ProblemDocument, commitment: &Commitment) -> Result<()> {
    let guard = Guard::new(format!("commitment `{}`", commitment.id));
    known_region(document, &guard, "region", &commitment.region)?;
    if commitment.direction == Direction::Up {
        return Err(Error::Unsupported {
            object: guard.name().into(),
            feature: "direction",
            reason: "this version plans turn-down only; a commitment to use more would not be kept".into(),
        });
    }
    step(document, &guard)?;
    periods(&guard, &commitment.settlement_periods)?;
    let count = commitment.settlement_periods.len();
    series(&guard, "committed_mw", &commitment.committed_mw, count, &NOT_NEGATIVE, "MW")?;
    series(&guard, "baseline_mw", &commitment.baseline_mw, count, &ANY, "MW")?;
    series(&guard, "price_gbp_per_mwh", &commitment.price_gbp_per_mwh, count, &ANY, "GBP/MWh")?;
    if let Some(price) = &commitment.penalty.price_gbp_per_mwh {
        series(&guard, "penalty.price_gbp_per_mwh", price, count, &NOT_NEGATIVE, "GBP/MWh")?;
    }
    guard.number("penalty.tolerance_frac", commitment.penalty.tolerance_frac, &SHARE, "(a share)")?;
    guard.number("ramp_min", commitment.ramp_min, &(0.0..=30.0), "min")?;
    if let Some(window) = &commitment.guard {
        periods(&guard, &window.settlement_periods)?;
        let count = window.settlement_periods.len();
        series(&guard, "guard.import_mw", &window.import_mw, count, &NOT_NEGATIVE, "MW")?;
        guard.number("guard.room_frac", window.room_frac, &NOT_NEGATIVE, "(a share)")?;
        guard.number("guard.room_mw", window.room_mw, &NOT_NEGATIVE, "MW")?;
    }
    begun(document, &guard, commitment)?;
    match &commitment.obp_id {
        Some(id) if id.chars().count() > LONGEST_REFERENCE => Err(Error::Value {
            object: guard.name().into(),
            field: "obp_id".into(),
            value: format!("a text of {}", id.chars().count()),
            limit: format!("must be at most {LONGEST_REFERENCE}"),
            unit: "characters",
        }),
        _ => Ok(()),
    }
}

/// Settlement periods are told apart only by steps that divide them.
fn step(document: &ProblemDocument, guard: &Guard) -> Result<()> {
    let step = i64::from(document.horizon.step_min);
    if SETTLEMENT_PERIOD_MIN % step == 0 {
        return Ok(());
    }
    Err(Error::Unsupported {
        object: guard.name().into(),
        feature: "step_min",
        reason: format!(
            "a step of {step} min hides what happens within a settlement period of {SETTLEMENT_PERIOD_MIN} min; \
             plan with a step of 30, 15 or 5 min"
        ),
    })
}

/// At least one, each after the one before.
fn periods(guard: &Guard, periods: &[SettlementPeriod]) -> Result<()> {
    if periods.is_empty() {
        return Err(guard.refuse("settlement_periods", 0.0, "must name at least one", "settlement periods"));
    }
    match periods.windows(2).position(|pair| pair[1] <= pair[0]) {
        None => Ok(()),
        Some(i) => Err(Error::Value {
            object: guard.name().into(),
            field: format!("settlement_periods[{}]", i + 1),
            value: format!("`{}`", periods[i + 1]),
            limit: format!("must be after `{}`", periods[i]),
            unit: "",
        }),
    }
}

/// One value, or one for each settlement period, all in a range.
fn series(
    guard: &Guard,
    field: &str,
    series: &Series,
    count: usize,
    range: &std::ops::RangeInclusive<f64>,
    unit: &'static str,
) -> Result<()> {
    if let Some(length) = series.len_if_values().filter(|&length| length != count) {
        return Err(Error::Value {
            object: guard.name().into(),
            field: field.into(),
            value: format!("{length} values"),
            limit: format!("must have one, or one for each of its {count} settlement periods"),
            unit: "",
        });
    }
    guard.series(field, series, count, range, unit)
}

/// Where the horizon starts within one of the settlement periods, what was imported in it must be known.
fn begun(document: &ProblemDocument, guard: &Guard, commitment: &Commitment) -> Result<()> {
    if let Some(mwh) = commitment.imported_mwh {
        guard.number("imported_mwh", mwh, &NOT_NEGATIVE, "MWh")?;
    }
    let start = document.horizon.start;
    let current = SettlementPeriod::containing(start);
    let inside = current.start_utc() < start && commitment.settlement_periods.contains(&current);
    if inside && commitment.imported_mwh.is_none() {
        return Err(Error::Value {
            object: guard.name().into(),
            field: "imported_mwh".into(),
            value: "none".into(),
            limit: format!("must say what was imported in `{current}` before the horizon starts at {start}"),
            unit: "MWh",
        });
    }
    Ok(())
}
