//! Commitments.

use super::guard::{ANY, Guard, NOT_NEGATIVE, SHARE};
use super::{ProblemDocument, known_region};
use crate::problem::{BaselineGuard, Commitment, CommitmentKind, Direction, Rebound, Series};
use crate::time::SETTLEMENT_PERIOD_MIN;
use crate::{Error, Result, SettlementPeriod};

/// Longest reference of a buyer, characters.
const LONGEST_REFERENCE: usize = 64;

pub(super) fn commitment(document: &ProblemDocument, commitment: &Commitment) -> Result<()> {
    let guard = Guard::new(format!("commitment `{}`", commitment.id));
    known_region(document, &guard, "region", &commitment.region)?;
    opposite(document, &guard, commitment)?;
    step(document, &guard)?;
    periods(&guard, &commitment.settlement_periods)?;
    let count = commitment.settlement_periods.len();
    series(&guard, "committed_mw", &commitment.committed_mw, count, &NOT_NEGATIVE, "MW")?;
    series(&guard, "baseline_mw", &commitment.baseline_mw, count, &ANY, "MW")?;
    series(&guard, "price_gbp_per_mwh", &commitment.price_gbp_per_mwh, count, &ANY, "GBP/MWh")?;
    if let Some(price) = &commitment.penalty.price_gbp_per_mwh {
        series(&guard, "penalty.price_gbp_per_mwh", price, count, &NOT_NEGATIVE, "GBP/MWh")?;
        if commitment.kind == CommitmentKind::Strict {
            let limit = "must be left out where kind is strict: nothing that is due may be missing";
            return Err(guard.refuse("penalty.price_gbp_per_mwh", price.at(0), limit, "GBP/MWh"));
        }
    }
    guard.number("penalty.tolerance_frac", commitment.penalty.tolerance_frac, &SHARE, "(a share)")?;
    guard.number("ramp_min", commitment.ramp_min, &(0.0..=30.0), "min")?;
    if let Some(window) = &commitment.guard {
        self::window(&guard, window)?;
    }
    if let Some(rebound) = &commitment.rebound {
        self::rebound(&guard, rebound)?;
    }
    reserve(document, &guard, commitment)?;
    begun(document, &guard, commitment)?;
    reference(&guard, commitment.obp_id.as_deref())
}

/// The window before an event.
pub(super) fn window(guard: &Guard, window: &BaselineGuard) -> Result<()> {
    periods(guard, &window.settlement_periods)?;
    let count = window.settlement_periods.len();
    series(guard, "guard.import_mw", &window.import_mw, count, &NOT_NEGATIVE, "MW")?;
    guard.number("guard.room_frac", window.room_frac, &NOT_NEGATIVE, "(a share)")?;
    guard.number("guard.room_mw", window.room_mw, &NOT_NEGATIVE, "MW")
}

/// What may come back after an event.
pub(super) fn rebound(guard: &Guard, rebound: &Rebound) -> Result<()> {
    periods(guard, &rebound.settlement_periods)?;
    let count = rebound.settlement_periods.len();
    series(guard, "rebound.baseline_mw", &rebound.baseline_mw, count, &ANY, "MW")?;
    guard.number("rebound.max_frac", rebound.max_frac, &NOT_NEGATIVE, "(a share)")
}

/// What is sold is held by a battery behind the same meter; there is nothing to hold for more import.
fn reserve(document: &ProblemDocument, guard: &Guard, commitment: &Commitment) -> Result<()> {
    let Some(id) = &commitment.reserve else { return Ok(()) };
    let here = |battery: &&crate::Battery| battery.region == commitment.region;
    if commitment.direction == Direction::Down && document.batteries.iter().filter(here).any(|b| b.id == *id) {
        return Ok(());
    }
    let known: Vec<String> =
        document.batteries.iter().filter(here).map(|battery| format!("`{}`", battery.id)).collect();
    Err(Error::Unknown {
        object: guard.name().into(),
        field: "reserve",
        kind: "battery at its region, for less import,",
        id: id.to_string(),
        known: known.join(", "),
    })
}

/// A site is not below and above its baseline at once.
fn opposite(document: &ProblemDocument, guard: &Guard, commitment: &Commitment) -> Result<()> {
    let others = document.commitments.iter().filter(|other| other.region == commitment.region);
    let mut others = others.filter(|other| other.direction != commitment.direction);
    let shared = |other: &&Commitment| {
        commitment.settlement_periods.iter().find(|period| other.settlement_periods.contains(period))
    };
    match others.find_map(|other| Some((other, shared(&other)?))) {
        None => Ok(()),
        Some((other, period)) => Err(Error::Value {
            object: guard.name().into(),
            field: "direction".into(),
            value: format!("{:?}", commitment.direction).to_lowercase(),
            limit: format!("must be that of commitment `{}` at the same meter in `{period}`", other.id),
            unit: "",
        }),
    }
}

/// A reference of the buyer.
pub(super) fn reference(guard: &Guard, obp_id: Option<&str>) -> Result<()> {
    match obp_id {
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
pub(super) fn step(document: &ProblemDocument, guard: &Guard) -> Result<()> {
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
pub(super) fn periods(guard: &Guard, periods: &[SettlementPeriod]) -> Result<()> {
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
pub(super) fn series(
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
