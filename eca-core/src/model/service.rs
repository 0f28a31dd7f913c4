//! Online services: `sum of served + shed = demand` in each period, routed where latency allows. Unit: millions.

use super::{Draft, Frame, Rule, ServiceColumns};
use crate::milp::Tag;
use crate::problem::{Region, Service};
use crate::unit::inferences_to_millions;

pub(super) struct Services;

/// Whether a region may serve at a point: network and point latency within the limit.
pub(crate) fn in_time(service: &Service, region: &Region, point: usize) -> bool {
    let network = match &service.network_latency_ms {
        None => Some(0.0),
        Some(latency) => latency.get(&region.id).copied(),
    };
    let limit = service.latency_limit_ms.unwrap_or(f64::INFINITY);
    network.is_some_and(|network| network + service.points[point].latency_ms <= limit)
}

impl Rule for Services {
    fn columns(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (s, service) in frame.problem.services().iter().enumerate() {
            let mut columns = ServiceColumns::default();
            for t in 0..frame.periods {
                let demand = inferences_to_millions(service.demand_inferences.at(t));
                for (r, region) in frame.problem.regions().iter().enumerate() {
                    let routing = service.routing_cost_gbp_per_million.of(&region.id);
                    for l in (0..service.points.len()).filter(|&l| in_time(service, region, l)) {
                        let tag = Tag::new("served").object(s).part(r * service.points.len() + l).period(t);
                        let served = draft.milp.continuous(0.0, demand, routing, tag);
                        columns.served.push((r, l, t, served));
                        // A million inferences of 1 Wh are 1 MWh.
                        let mw = service.points[l].wh_per_inference / frame.h;
                        draft.it_load.at_mut((r, t)).columns.push((served, mw));
                        draft.inferences.at_mut((r, t)).columns.push((served, 1.0));
                    }
                }
                let price = service.shed_penalty_gbp_per_million;
                columns.shed.push(draft.milp.continuous(0.0, demand, price, Tag::new("shed").object(s).period(t)));
            }
            draft.services.push(columns);
        }
    }

    fn rows(&self, frame: &Frame<'_>, draft: &mut Draft) {
        for (s, (service, columns)) in frame.problem.services().iter().zip(draft.services.clone()).enumerate() {
            let mut terms: Vec<Vec<_>> = columns.shed.iter().map(|&shed| vec![(shed, 1.0)]).collect();
            for &(_, _, t, served) in &columns.served {
                terms[t].push((served, 1.0));
            }
            for (t, terms) in terms.iter().enumerate() {
                let demand = inferences_to_millions(service.demand_inferences.at(t));
                draft.milp.row(demand, demand, terms, Tag::new("demand").object(s).period(t));
            }
        }
    }
}
