//! Online services.

use super::guard::{Guard, NOT_NEGATIVE};
use super::{ProblemDocument, Warning, known_region};
use crate::Result;
use crate::problem::{RoutingCost, Service};
use std::ops::RangeInclusive;

/// More inferences than any service has in one period.
const COUNT: RangeInclusive<f64> = 0.0..=1e15;
/// Above this an inference would take more than a kWh: J or mWh are more likely.
const LARGE_WH: f64 = 1000.0;

pub(super) fn service(document: &ProblemDocument, service: &Service, warnings: &mut Vec<Warning>) -> Result<()> {
    let guard = Guard::new(format!("service `{}`", service.id));
    guard.series("demand_inferences", &service.demand_inferences, document.horizon.periods, &COUNT, "inferences")?;
    if service.points.is_empty() {
        return Err(guard.refuse("points", 0.0, "must have at least one operating point", ""));
    }
    for (l, point) in service.points.iter().enumerate() {
        guard.number(&format!("points[{l}].wh_per_inference"), point.wh_per_inference, &NOT_NEGATIVE, "Wh")?;
        guard.number(&format!("points[{l}].latency_ms"), point.latency_ms, &NOT_NEGATIVE, "ms")?;
        if point.wh_per_inference > LARGE_WH {
            let given = point.wh_per_inference;
            warnings.push(guard.warn(
                "wh_per_inference",
                format!("{given} Wh for one inference looks like another unit; energy is in Wh"),
            ));
        }
    }
    if let Some(limit) = service.latency_limit_ms {
        guard.number("latency_limit_ms", limit, &NOT_NEGATIVE, "ms")?;
    }
    for (id, &latency) in service.network_latency_ms.iter().flatten() {
        known_region(document, &guard, "network_latency_ms", id)?;
        guard.number(&format!("network_latency_ms.{id}"), latency, &NOT_NEGATIVE, "ms")?;
    }
    match &service.routing_cost_gbp_per_million {
        RoutingCost::Same(cost) => {
            guard.number("routing_cost_gbp_per_million", *cost, &NOT_NEGATIVE, "GBP per million")?
        }
        RoutingCost::ByRegion(costs) => {
            for (id, &cost) in costs {
                known_region(document, &guard, "routing_cost_gbp_per_million", id)?;
                guard.number(&format!("routing_cost_gbp_per_million.{id}"), cost, &NOT_NEGATIVE, "GBP per million")?;
            }
        }
    }
    let shed = service.shed_penalty_gbp_per_million;
    guard.number("shed_penalty_gbp_per_million", shed, &(0.0..=1e12), "GBP per million")?;
    reachable(service, &guard)?;
    cheap_to_shed(document, service, &guard, warnings);
    Ok(())
}

/// Refuses a service that no region can serve in time.
fn reachable(service: &Service, guard: &Guard) -> Result<()> {
    let network = match &service.network_latency_ms {
        None => 0.0,
        Some(latency) => latency.values().copied().fold(f64::INFINITY, f64::min),
    };
    let point = service.points.iter().map(|point| point.latency_ms).fold(f64::INFINITY, f64::min);
    let limit = service.latency_limit_ms.unwrap_or(f64::MAX);
    if network + point <= limit {
        return Ok(());
    }
    let why = if network.is_infinite() {
        "must leave a region: network_latency_ms names none".to_owned()
    } else {
        format!("must be at least {} ms, the fastest point in the nearest region", network + point)
    };
    Err(guard.refuse("latency_limit_ms", limit, &why, "ms"))
}

/// Warns where shedding costs less than the energy it saves: the optimiser would rather shed.
fn cheap_to_shed(document: &ProblemDocument, service: &Service, guard: &Guard, warnings: &mut Vec<Warning>) {
    let dearest = document
        .regions
        .iter()
        .map(|region| {
            region.pue_slope.max() * (region.import_price_gbp_per_mwh.max() + region.network_charge_gbp_per_mwh.max())
        })
        .fold(f64::NEG_INFINITY, f64::max);
    let least_wh = service.points.iter().map(|point| point.wh_per_inference).fold(f64::INFINITY, f64::min);
    if service.shed_penalty_gbp_per_million < least_wh * dearest {
        let message = format!(
            "{} GBP per million is less than the {:.2} GBP of energy that serving a million can cost: it will be shed",
            service.shed_penalty_gbp_per_million,
            least_wh * dearest
        );
        warnings.push(guard.warn("shed_penalty_gbp_per_million", message));
    }
}
