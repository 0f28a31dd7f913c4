//! Power targets: fields, and what no plan could meet.

use super::guard::{Guard, NOT_NEGATIVE};
use super::{ProblemDocument, known_region};
use crate::problem::{PowerTarget, Region, TargetKind, TargetPower};
use crate::schedule::Shape;
use crate::{Error, Result};

/// Power below this is rounding, MW.
const ROUNDING_MW: f64 = 1e-9;

pub(super) fn target(document: &ProblemDocument, shapes: &[Shape], target: &PowerTarget) -> Result<()> {
    let guard = Guard::new(format!("target `{}`", target.id));
    let place = match (&target.region, &target.site) {
        (Some(region), None) => region,
        (None, Some(site)) => site,
        _ => return Err(guard.refuse("region", f64::NAN, "must be given, as region or as site, not both", "")),
    };
    known_region(document, &guard, "region", place)?;
    fields(document, target, &guard)?;
    price(target, &guard)?;
    if target.kind == TargetKind::Strict {
        let here = document.regions.iter().enumerate().find(|(_, region)| region.id == *place);
        here.map_or(Ok(()), |(r, region)| can_be_met(document, shapes, target, (r, region), &guard))?;
    }
    Ok(())
}

fn fields(document: &ProblemDocument, target: &PowerTarget, guard: &Guard) -> Result<()> {
    match &target.power_mw {
        TargetPower::Constant(power) => guard.number("power_mw", *power, &NOT_NEGATIVE, "MW")?,
        TargetPower::Values(values) if values.len() != document.horizon.periods => {
            return Err(Error::Length {
                object: guard.name().into(),
                field: "power_mw".into(),
                length: values.len(),
                expected: document.horizon.periods,
            });
        }
        TargetPower::Values(values) => {
            for (t, power) in values.iter().enumerate().filter_map(|(t, power)| Some((t, (*power)?))) {
                guard.number(&format!("power_mw[{t}]"), power, &NOT_NEGATIVE, "MW")?;
            }
        }
    }
    guard.number("response_s", target.response_s, &(0.0..=f64::from(document.horizon.step_min) * 60.0), "s")?;
    target.ramp_mw_per_min.map_or(Ok(()), |ramp| guard.positive("ramp_mw_per_min", ramp, 1e6, "MW/min"))?;
    target.rebound_max_mw.map_or(Ok(()), |most| guard.number("rebound_max_mw", most, &NOT_NEGATIVE, "MW"))
}

fn price(target: &PowerTarget, guard: &Guard) -> Result<()> {
    match (target.kind, target.price_gbp_per_mwh) {
        (TargetKind::Priced, Some(price)) => guard.number("price_gbp_per_mwh", price, &NOT_NEGATIVE, "GBP/MWh"),
        (TargetKind::Priced, None) => {
            Err(guard.refuse("price_gbp_per_mwh", f64::NAN, "must be given where kind is priced", "GBP/MWh"))
        }
        (TargetKind::Strict, Some(price)) => {
            let limit = "must be left out where kind is strict; a price makes it priced";
            Err(guard.refuse("price_gbp_per_mwh", price, limit, "GBP/MWh"))
        }
        (TargetKind::Strict, None) => Ok(()),
    }
}

/// Refuses what can be seen without a plan: less power than the site draws whatever is planned, and steps of the target
/// itself that its ramp does not allow.
fn can_be_met(
    document: &ProblemDocument,
    shapes: &[Shape],
    target: &PowerTarget,
    (r, region): (usize, &Region),
    guard: &Guard,
) -> Result<()> {
    for t in 0..document.horizon.periods {
        let Some(limit) = target.limit_mw(t) else { continue };
        let least = least_import_mw(document, shapes, (r, region), t);
        if limit < least - ROUNDING_MW {
            let field =
                if target.power_mw.at(t).is_some() { format!("power_mw[{t}]") } else { "rebound_max_mw".into() };
            let reason = format!(
                "must be at least {least:.6}: overhead and jobs that cannot stop take so much in period {t}, less solar and batteries"
            );
            return Err(guard.refuse(&field, limit, &reason, "MW"));
        }
    }
    Ok(())
}

/// What a site imports at least: overhead and what cannot be stopped, less solar and all that its batteries can give.
fn least_import_mw(document: &ProblemDocument, shapes: &[Shape], (r, region): (usize, &Region), t: usize) -> f64 {
    let batteries = document.batteries.iter().filter(|battery| battery.region == region.id);
    let gives: f64 = batteries.map(|battery| battery.power_capacity_mw).sum();
    // One that may not be stopped works in period 0; with a way to move it may do so elsewhere from period 1 on.
    let bound = shapes.iter().filter(|shape| {
        shape.pinned && shape.home == Some(r) && (t == 0 || (shape.migration.is_none() && t < fewest_periods(shape)))
    });
    let least = |shape: &Shape| shape.power_mw.iter().copied().fold(f64::INFINITY, f64::min) * f64::from(shape.count);
    let load: f64 = bound.map(least).sum();
    region.overhead_mw.at(t) + region.pue_slope.at(t) * load - region.solar_mw.at(t) - gives
}

/// Periods until a job is done at its fastest, or has come to its deadline.
fn fewest_periods(shape: &Shape) -> usize {
    (0..shape.rate.len()).map(|l| shape.need(l)).min().unwrap_or(0).min(shape.end)
}
