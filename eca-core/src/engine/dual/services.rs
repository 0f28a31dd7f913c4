//! Services at given prices: each inference goes where it is cheapest, or is shed.

use super::Point;
use crate::Problem;
use crate::unit::{inferences_to_millions, millions_to_inferences};

/// Where an inference of a service may be served, and at what cost besides the price of IT load.
#[derive(Debug, Clone, Copy)]
struct Dish {
    region: usize,
    point: usize,
    /// MW for a million inferences in one period.
    mw: f64,
    /// GBP for a million inferences.
    routing: f64,
}

#[derive(Debug, Clone)]
struct Guest {
    dishes: Vec<Dish>,
    /// Millions in each period.
    demand: Vec<f64>,
    /// GBP for a million not served.
    shed: f64,
}

/// All services and what they can choose from.
#[derive(Debug, Clone)]
pub(crate) struct Menu {
    periods: usize,
    guests: Vec<Guest>,
}

impl Menu {
    pub(super) fn new(problem: &Problem) -> Self {
        let (periods, h) = (problem.horizon().periods, problem.horizon().step_h());
        let guests = problem.services().iter().map(|service| {
            let mut dishes = Vec::new();
            for (region, place) in problem.regions().iter().enumerate() {
                for l in (0..service.points.len()).filter(|&l| crate::model::in_time(service, place, l)) {
                    // A million inferences of 1 Wh are 1 MWh.
                    let mw = service.points[l].wh_per_inference / h;
                    dishes.push(Dish {
                        region,
                        point: l,
                        mw,
                        routing: service.routing_cost_gbp_per_million.of(&place.id),
                    });
                }
            }
            let demand = (0..periods).map(|t| inferences_to_millions(service.demand_inferences.at(t))).collect();
            Guest { dishes, demand, shed: service.shed_penalty_gbp_per_million }
        });
        Self { periods, guests: guests.collect() }
    }

    /// Load that services can cause at most, MW by cell.
    pub(super) fn most_mw(&self, regions: usize, periods: usize) -> Vec<f64> {
        let mut most = vec![0.0; regions * periods];
        for guest in &self.guests {
            for r in 0..regions {
                let here = guest.dishes.iter().filter(|dish| dish.region == r);
                let mw = here.map(|dish| dish.mw).fold(0.0, f64::max);
                for (t, demand) in guest.demand.iter().enumerate() {
                    most[r * periods + t] += mw * demand;
                }
            }
        }
        most
    }

    /// The cheapest choice: its cost; load and inferences are added by cell.
    pub(super) fn choose(&self, point: &Point, value: &[f64], mw: &mut [f64], millions: &mut [f64]) -> f64 {
        self.guests.iter().map(|guest| guest.choose(self.periods, &point.it, value, mw, millions)).sum()
    }

    /// Serves all demand in parts, each where it then costs least and as far as there is capacity.
    pub(crate) fn settle(&self, rising: &Rising<'_>, value: &[f64]) -> Served {
        const PARTS: usize = 8;
        let mut served = Served { gbp: 0.0, mw: vec![0.0; rising.it.len()], millions: Vec::new() };
        for guest in &self.guests {
            let mut millions = vec![0.0; guest.dishes.len() * self.periods];
            for t in 0..self.periods {
                let part = guest.demand[t] / PARTS as f64;
                let mut left = guest.demand[t];
                while left > 1e-9 * guest.demand[t] {
                    let more = left.min(part);
                    let cost = |dish: &Dish| {
                        let cell = dish.region * self.periods + t;
                        let price = rising.price(cell, served.mw[cell]);
                        dish.routing + dish.mw * price - value.get(cell).copied().unwrap_or(0.0)
                    };
                    let best = (0..guest.dishes.len())
                        .min_by(|&a, &b| cost(&guest.dishes[a]).total_cmp(&cost(&guest.dishes[b])));
                    let Some(d) = best.filter(|&d| cost(&guest.dishes[d]) < guest.shed) else {
                        served.gbp += guest.shed * left;
                        break;
                    };
                    let dish = &guest.dishes[d];
                    let cell = dish.region * self.periods + t;
                    let room = rising.capacity_mw[cell] - rising.other_mw[cell] - served.mw[cell];
                    let fits = if room > 1e-9 && dish.mw > 0.0 { more.min(room / dish.mw) } else { more };
                    served.mw[cell] += dish.mw * fits;
                    served.gbp += dish.routing * fits;
                    millions[d * self.periods + t] += fits;
                    left -= fits;
                }
            }
            served.millions.push(millions);
        }
        served
    }

    /// Inferences by service, region, point and period.
    pub(crate) fn inferences(&self, problem: &Problem, served: &Served) -> Vec<Vec<Vec<Vec<f64>>>> {
        let each = self.guests.iter().zip(&served.millions).zip(problem.services());
        each.map(|((guest, millions), service)| {
            let mut table = vec![vec![vec![0.0; self.periods]; service.points.len()]; problem.regions().len()];
            for (d, dish) in guest.dishes.iter().enumerate() {
                for t in 0..self.periods {
                    table[dish.region][dish.point][t] = millions_to_inferences(millions[d * self.periods + t]);
                }
            }
            table
        })
        .collect()
    }

    /// Load, cost and inferences of services as a decision serves them.
    pub(super) fn given(
        &self,
        problem: &Problem,
        services: &[Vec<Vec<Vec<f64>>>],
        cells: usize,
    ) -> (Vec<f64>, f64, Vec<f64>) {
        let (mut mw, mut gbp, mut millions) = (vec![0.0; cells], 0.0, vec![0.0; cells]);
        for ((guest, table), service) in self.guests.iter().zip(services).zip(problem.services()) {
            let mut left = guest.demand.clone();
            for dish in &guest.dishes {
                for (t, inferences) in table[dish.region][dish.point].iter().enumerate().take(self.periods) {
                    let served = inferences_to_millions(*inferences);
                    let cell = dish.region * self.periods + t;
                    mw[cell] += dish.mw * served;
                    millions[cell] += served;
                    gbp += dish.routing * served;
                    left[t] -= served;
                }
            }
            gbp += service.shed_penalty_gbp_per_million * left.iter().map(|left| left.max(0.0)).sum::<f64>();
        }
        (mw, gbp, millions)
    }

    /// Millions of inferences by cell.
    pub(crate) fn millions(&self, served: &Served, cells: usize) -> Vec<f64> {
        let mut sum = vec![0.0; cells];
        for (guest, millions) in self.guests.iter().zip(&served.millions) {
            for (d, dish) in guest.dishes.iter().enumerate() {
                for t in 0..self.periods {
                    sum[dish.region * self.periods + t] += millions[d * self.periods + t];
                }
            }
        }
        sum
    }
}

impl Served {
    /// Nothing yet.
    pub(crate) fn none(cells: usize) -> Self {
        Self { gbp: 0.0, mw: vec![0.0; cells], millions: Vec::new() }
    }
}

/// What services do.
#[derive(Debug, Clone, Default)]
pub(crate) struct Served {
    /// Routing and shedding, GBP.
    pub(crate) gbp: f64,
    /// IT load, MW by cell.
    pub(crate) mw: Vec<f64>,
    /// Millions of inferences by service; by choice and period within.
    pub(super) millions: Vec<Vec<f64>>,
}

/// Prices of IT load that rise with it, by cell.
pub(crate) struct Rising<'a> {
    /// Price of the load that is aimed at.
    pub(crate) it: &'a [f64],
    /// GBP more for one MW more than that.
    pub(crate) weight: &'a [f64],
    pub(crate) near_mw: &'a [f64],
    /// Load of others.
    pub(crate) other_mw: &'a [f64],
    pub(crate) capacity_mw: &'a [f64],
    /// GBP for one MW beyond the capacity.
    pub(crate) overload: f64,
}

impl Rising<'_> {
    /// Price of one MW more on top of others and `own`.
    fn price(&self, cell: usize, own: f64) -> f64 {
        let load = self.other_mw[cell] + own;
        let beyond = if load + 1e-9 >= self.capacity_mw[cell] { self.overload } else { 0.0 };
        self.it[cell] + self.weight[cell] * (load - self.near_mw[cell]) + beyond
    }
}

impl Guest {
    fn choose(&self, periods: usize, it: &[f64], value: &[f64], mw: &mut [f64], millions: &mut [f64]) -> f64 {
        let mut sum = 0.0;
        for (t, &demand) in self.demand.iter().enumerate() {
            let cost = |dish: &Dish| {
                let cell = dish.region * periods + t;
                dish.routing + dish.mw * it[cell] - value.get(cell).copied().unwrap_or(0.0)
            };
            let best = self.dishes.iter().min_by(|a, b| cost(a).total_cmp(&cost(b)));
            match best.filter(|dish| cost(dish) < self.shed) {
                Some(dish) => {
                    let cell = dish.region * periods + t;
                    mw[cell] += dish.mw * demand;
                    millions[cell] += demand;
                    sum += cost(dish) * demand;
                }
                None => sum += self.shed * demand,
            }
        }
        sum
    }
}
