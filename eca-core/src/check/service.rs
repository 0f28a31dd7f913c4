//! Services.
//!
//! ```text
//! sum over r, l of y[r,l] + shed = demand_inferences
//! y[r,l] only where network_latency_ms[r] + latency_ms[l] <= latency_limit_ms
//! IT power in r = sum over l of y[r,l] * wh_per_inference[l] * 1e-6 / h
//! ```

use super::ledger::{Input, Ledger, Report, SoftLimit, at};
use super::quantity::{INFERENCES, MILLION, Sum};
use crate::Service;
use crate::plan::ServicePlan;

/// The name of a service in findings.
pub(super) fn object(service: &Service) -> String {
    format!("service `{}`", service.id)
}

/// Checks all services; adds their power, inferences and routing costs to the ledger.
pub(super) fn check(input: &Input<'_>, ledger: &mut Ledger, report: &mut Report) {
    for (service, entry) in input.problem.services().iter().zip(&input.plan.services) {
        let object = object(service);
        let mut served = vec![Sum::default(); input.periods];
        for r in 0..input.problem.regions().len() {
            for (t, all) in served.iter_mut().enumerate() {
                all.add(region_period(input, ledger, report, (service, entry, &object), (r, t)));
            }
        }
        for (t, served) in served.iter().enumerate() {
            demand(ledger, report, (service, entry, &object), t, *served);
        }
    }
}

type Case<'a> = (&'a Service, &'a ServicePlan, &'a str);

/// What one region serves in one period.
fn region_period(
    input: &Input<'_>,
    ledger: &mut Ledger,
    report: &mut Report,
    (service, entry, object): Case<'_>,
    (r, t): (usize, usize),
) -> Sum {
    let Some(region) = input.problem.regions().get(r) else { return Sum::default() };
    let rows = entry.point_inferences.get(&region.id);
    let (mut all, mut power) = (Sum::default(), Sum::default());
    for (l, point) in service.points.iter().enumerate() {
        let value = rows.and_then(|rows| rows.get(l)).map_or(0.0, |row| at(row, t));
        if value <= 0.0 {
            continue;
        }
        let served = Sum::rounded(value, INFERENCES);
        all.add(served);
        power.add(served.times(point.wh_per_inference / MILLION / input.h));
        if let Some(message) = too_far(service, &region.id, l) {
            report.add("latency", object, Some(t), message);
        }
    }
    let stated = entry.inferences.get(&region.id).map_or(0.0, |row| at(row, t));
    if !all.restated(if all.value > 0.0 { INFERENCES } else { 0.0 }).agrees(stated) {
        let message = format!("serves {stated} inferences in `{}`, its points serve {}", region.id, all.value);
        report.add("service_points", object, Some(t), message);
    }
    ledger.add_it_mw(r, t, power);
    ledger.add_inferences(r, t, all);
    ledger.total_inferences.add(all);
    let routing = service.routing_cost_gbp_per_million.of(&region.id);
    ledger.money_gbp.add(all.times(routing / MILLION));
    all
}

/// Why a region may not serve at a point.
fn too_far(service: &Service, region: &crate::problem::RegionId, l: usize) -> Option<String> {
    let network = match &service.network_latency_ms {
        None => 0.0,
        Some(latency) => match latency.get(region) {
            Some(ms) => *ms,
            None => return Some(format!("served in `{region}`, which has no network latency and may not serve it")),
        },
    };
    let limit = service.latency_limit_ms?;
    let latency = network + service.points.get(l)?.latency_ms;
    (latency > limit).then(|| format!("served in `{region}` at point {l} in {latency} ms, the limit is {limit} ms"))
}

/// All that is asked for is served or shed; what is shed has a price.
fn demand(ledger: &mut Ledger, report: &mut Report, (service, entry, object): Case<'_>, t: usize, served: Sum) {
    let shed = at(&entry.shed, t);
    let asked = service.demand_inferences.at(t);
    let all = served.plus(Sum::rounded(shed, INFERENCES));
    if !all.agrees(asked) {
        let message = format!("serves {} and sheds {shed} inferences, {asked} are asked for", served.value);
        report.add("service_balance", object, Some(t), message);
    }
    if shed > 0.0 {
        ledger.limit(SoftLimit {
            rule: "shed",
            object: service.id.to_string(),
            period: Some(t),
            whole_horizon: false,
            excess: Sum::rounded(shed, INFERENCES),
            unit: "inferences",
            quantum: INFERENCES,
            price_gbp: service.shed_penalty_gbp_per_million / MILLION,
        });
    }
}
