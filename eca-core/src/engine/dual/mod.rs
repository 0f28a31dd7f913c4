//! The energy side at given prices: what regions, services, carbon caps and demand charges cost when IT load, carbon and
//! peaks are bought and sold at prices. With the cheapest schedules of all jobs at the same prices it is a lower bound
//! on every plan (Lagrangian duality), whatever the prices are.

mod caps;
mod pwl;
mod services;
mod site;

use crate::Problem;
use crate::model::Ladder;
use caps::Window;
pub(crate) use services::{Menu, Rising, Served};
use site::{Cell, Desk, Load, Store, Tariff};

/// Prices of what couples jobs, services and regions.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Point {
    /// IT load, GBP for one MW in one period, by cell (region times periods plus period).
    pub(crate) it: Vec<f64>,
    /// Carbon, GBP/kg, by window of each cap; not negative, not above the price of the cap.
    pub(crate) cap: Vec<f64>,
    /// Part of the demand charge that falls on the import of a cell, GBP/MW: not negative, at most the charge in sum.
    pub(crate) peak: Vec<f64>,
    /// Power at the node of a region with several batteries, GBP for one MW in one period, by cell.
    pub(crate) node: Vec<f64>,
}

/// What IT load is to do.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted<'a> {
    /// What pays at the price of the point.
    Priced,
    /// Just this, MW by cell.
    Fixed(&'a [f64]),
    /// Near a load (MW by cell), and a weight by cell (GBP/MW^2) on the squared distance.
    Near(&'a [f64], &'a [f64]),
}

/// What the energy side does at a point.
#[derive(Debug, Clone, Default)]
pub(crate) struct Energy {
    /// Its cost at the prices, GBP; never above that of what regions can really do.
    pub(crate) value: f64,
    /// IT load that the regions supply, MW by cell.
    pub(crate) it_mw: Vec<f64>,
    /// Import, MW by cell.
    pub(crate) import_mw: Vec<f64>,
    /// What one MW more at the node costs, GBP in one period, by cell.
    pub(crate) node: Vec<f64>,
    /// What the battery of each region takes from or gives to the node, MW by cell: positive where it gives.
    pub(crate) storage_mw: Vec<f64>,
    /// IT load of services, MW by cell; empty where the load was given.
    pub(crate) served_mw: Vec<f64>,
    /// Inferences of services, millions by cell.
    pub(crate) served_millions: Vec<f64>,
}

struct Side {
    cells: Vec<Cell>,
    store: Option<Store>,
    more: Vec<Store>,
    /// GBP for one MW imported, exported, in one period.
    import: Vec<f64>,
    export: Vec<f64>,
    demand_charge: f64,
}

/// The energy side of a problem.
pub(crate) struct Grid {
    pub(crate) periods: usize,
    pub(crate) regions: usize,
    h: f64,
    sides: Vec<Side>,
    pub(crate) windows: Vec<Window>,
    pub(crate) menu: Menu,
    /// GBP for one MW beyond a limit in one period.
    pub(crate) overload: f64,
}

impl Grid {
    pub(crate) fn new(problem: &Problem, ladder: &Ladder) -> Self {
        let (periods, regions, h) = (problem.horizon().periods, problem.regions().len(), problem.horizon().step_h());
        let menu = Menu::new(problem);
        let most = most_it(problem, &menu, periods);
        let overload = h * ladder.overload_gbp_per_mwh;
        let sides = problem.regions().iter().enumerate().map(|(r, region)| {
            let cell = |t: usize| Cell {
                overhead_mw: region.overhead_mw.at(t),
                pue: region.pue_slope.at(t),
                capacity_mw: region.it_capacity_mw.at(t),
                most_it_mw: most[r * periods + t],
                import_limit_mw: most_import_mw(problem, region, t),
                export_limit_mw: region.export_limit_mw.at(t),
                solar_mw: region.solar_mw.at(t),
            };
            let import = |t: usize| {
                h * (region.import_price_gbp_per_mwh.at(t)
                    + region.network_charge_gbp_per_mwh.at(t)
                    + region.congestion_gbp_per_mwh.at(t))
            };
            let here = problem.batteries().iter().filter(|battery| battery.region == region.id);
            let mut stores: Vec<Store> = here.map(|battery| store(battery, ladder)).collect();
            // The largest one is in the recursion.
            stores.sort_by(|a, b| b.high_mwh.total_cmp(&a.high_mwh));
            let more = if stores.len() > 1 { stores.split_off(1) } else { Vec::new() };
            Side {
                cells: (0..periods).map(cell).collect(),
                store: stores.pop(),
                more,
                import: (0..periods).map(import).collect(),
                export: (0..periods).map(|t| h * region.export_price_gbp_per_mwh.at(t)).collect(),
                demand_charge: region.demand_charge_gbp_per_mw,
            }
        });
        let sides = sides.collect();
        Self { periods, regions, h, sides, windows: caps::windows(problem, ladder), menu, overload }
    }

    /// A point to begin with: energy at its import price, caps and rents free.
    pub(crate) fn plain(&self) -> Point {
        let mut point = Point { cap: vec![0.0; self.windows.len()], ..Point::default() };
        for side in &self.sides {
            point.it.extend(side.cells.iter().zip(&side.import).map(|(cell, import)| cell.pue * import));
            let spread = side.demand_charge / (self.periods.max(1) as f64);
            point.peak.extend(std::iter::repeat_n(spread, self.periods));
            point.node.extend(&side.import);
        }
        point
    }

    /// Whether some cap counts inferences.
    pub(crate) fn counts_inferences(&self) -> bool {
        self.windows.iter().any(Window::counts_inferences)
    }

    /// GBP earned by a million inferences counted in each cell; empty where no cap counts them.
    pub(crate) fn millions(&self, point: &Point) -> Vec<f64> {
        caps::millions(&self.windows, &point.cap, self.regions, self.periods)
    }

    /// Solar that a region uses where its battery and load are given: what the load, the battery and export can take,
    /// MW by cell; none where importing is paid for.
    pub(crate) fn solar_mw(&self, it_mw: &[f64], storage_mw: &[f64]) -> Vec<f64> {
        let mut used = Vec::with_capacity(it_mw.len());
        for (r, side) in self.sides.iter().enumerate() {
            for (t, cell) in side.cells.iter().enumerate() {
                let c = r * self.periods + t;
                let need = cell.overhead_mw + cell.pue * it_mw[c] - storage_mw[c];
                let sold = if side.export[t] > 0.0 { cell.export_limit_mw } else { 0.0 };
                let wanted = if side.import[t] < 0.0 { 0.0 } else { (need + sold).max(0.0) };
                // What no import may replace is used in any case.
                let least = (need - cell.import_limit_mw).max(0.0);
                used.push(wanted.max(least).min(cell.solar_mw));
            }
        }
        used
    }

    /// Carbon of one MW imported in one period, kg: the mean over what caps count; zero without caps.
    pub(crate) fn typical_kg(&self) -> f64 {
        let (sum, count) = self.windows.iter().fold((0.0, 0.0), |(sum, count), window| {
            let (more, cells) = window.carbon(self.periods);
            (sum + more, count + cells)
        });
        if count > 0.0 { sum / count } else { 0.0 }
    }

    /// Whether a battery is the one of its region that the recursion decides: the largest, of equal ones the first.
    pub(crate) fn leads(&self, problem: &Problem, b: usize) -> bool {
        let battery = &problem.batteries()[b];
        let rivals = problem.batteries().iter().enumerate().filter(|(_, other)| other.region == battery.region);
        let first =
            rivals.max_by(|a, b| a.1.energy_capacity_mwh.total_cmp(&b.1.energy_capacity_mwh).then(b.0.cmp(&a.0)));
        first.is_some_and(|(lead, _)| lead == b)
    }

    /// Capacity of each cell, MW.
    pub(crate) fn capacity_mw(&self) -> Vec<f64> {
        self.sides.iter().flat_map(|side| side.cells.iter().map(|cell| cell.capacity_mw)).collect()
    }

    /// What each region may import, MW by cell.
    pub(crate) fn import_limit_mw(&self) -> Vec<f64> {
        self.sides.iter().flat_map(|side| side.cells.iter().map(|cell| cell.import_limit_mw)).collect()
    }

    /// MW at the node for one MW of IT load, by cell.
    pub(crate) fn pue(&self) -> Vec<f64> {
        self.sides.iter().flat_map(|side| side.cells.iter().map(|cell| cell.pue)).collect()
    }

    /// IT load (MW) and inferences (millions) by cell of services served as a decision says, and what routing and
    /// shedding cost, GBP.
    pub(crate) fn served(&self, problem: &Problem, services: &[Vec<Vec<Vec<f64>>>]) -> (Vec<f64>, f64, Vec<f64>) {
        self.menu.given(problem, services, self.regions * self.periods)
    }

    /// The demand charge of each region, GBP/MW.
    pub(crate) fn demand_charges(&self) -> Vec<f64> {
        self.sides.iter().map(|side| side.demand_charge).collect()
    }

    /// What the energy side does and costs at a point. Services take part where the load is priced.
    pub(crate) fn evaluate(&self, point: &Point, wanted: Wanted<'_>) -> Energy {
        let carbon = caps::Effect::new(&self.windows, &point.cap, self);
        let cells = self.regions * self.periods;
        let mut energy = Energy { value: carbon.constant, ..Energy::default() };
        let mut desk = Desk::default();
        for (r, side) in self.sides.iter().enumerate() {
            let range = r * self.periods..(r + 1) * self.periods;
            let tariff: Vec<Tariff> = (0..self.periods)
                .map(|t| Tariff {
                    import: side.import[t] + carbon.import[range.start + t] + point.peak[range.start + t],
                    export: side.export[t],
                    overload: self.overload,
                })
                .collect();
            let load: Vec<Load> = range
                .clone()
                .map(|cell| {
                    let price = point.it[cell] + carbon.it[cell];
                    match wanted {
                        Wanted::Priced => Load::Priced(price),
                        Wanted::Fixed(mw) => Load::Fixed(mw[cell]),
                        Wanted::Near(near, weight) => Load::Near { price, near_mw: near[cell], weight: weight[cell] },
                    }
                })
                .collect();
            let power: f64 = side.more.iter().map(|store| store.power_mw).sum();
            let traded: Vec<(f64, f64)> = if side.more.is_empty() {
                Vec::new()
            } else {
                range.clone().map(|cell| (point.node[cell], power)).collect()
            };
            let supply = site::supply(self.h, &side.cells, &tariff, &load, &traded, side.store.as_ref(), &mut desk);
            energy.value += supply.value;
            for store in &side.more {
                energy.value += self.trader(store, &point.node[range.clone()], &mut desk);
            }
            energy.it_mw.extend(supply.it_mw);
            energy.import_mw.extend(supply.import_mw);
            energy.storage_mw.extend(supply.storage_mw);
            energy.node.extend(supply.node);
            if let Wanted::Fixed(mw) = wanted {
                // What a fixed load earns from caps per kWh.
                energy.value -= range.map(|cell| carbon.it[cell] * mw[cell]).sum::<f64>();
            }
        }
        if matches!(wanted, Wanted::Priced) {
            energy.served_mw = vec![0.0; cells];
            energy.served_millions = vec![0.0; cells];
            let millions = self.millions(point);
            energy.value += self.menu.choose(point, &millions, &mut energy.served_mw, &mut energy.served_millions);
        }
        energy
    }

    /// A battery that buys and sells at given prices.
    fn trader(&self, store: &Store, prices: &[f64], desk: &mut Desk) -> f64 {
        let reach = 2.0 * store.power_mw;
        let cell = Cell { pue: 1.0, import_limit_mw: reach, export_limit_mw: reach, ..Cell::default() };
        let cells = vec![cell; self.periods];
        let tariff: Vec<Tariff> =
            prices.iter().map(|&price| Tariff { import: price, export: price, overload: 1e6 }).collect();
        let load = vec![Load::Fixed(0.0); self.periods];
        site::supply(self.h, &cells, &tariff, &load, &[], Some(store), desk).value
    }

    /// What the energy side really pays for a given load: caps and demand charges as they are, not as the point prices them.
    pub(crate) fn paid(&self, point: &Point, energy: &Energy, it_mw: &[f64], millions: &[f64]) -> f64 {
        let excess = self.excess(&energy.import_mw, it_mw, millions);
        let caps = self
            .windows
            .iter()
            .zip(&point.cap)
            .zip(&excess)
            .map(|((window, price), excess)| window.price_gbp_per_kg * excess.max(0.0) - price * excess);
        // Credit for inferences is not part of a fixed load.
        let millions_value = self.millions(point);
        let credit: f64 = millions_value.iter().zip(millions).map(|(value, millions)| value * millions).sum();
        let peaks = self.sides.iter().enumerate().filter(|(_, side)| side.demand_charge > 0.0).map(|(r, side)| {
            let range = r * self.periods..(r + 1) * self.periods;
            let import = &energy.import_mw[range.clone()];
            let most = import.iter().copied().fold(0.0, f64::max);
            side.demand_charge * most - import.iter().zip(&point.peak[range]).map(|(mw, price)| mw * price).sum::<f64>()
        });
        energy.value - credit + caps.sum::<f64>() + peaks.sum::<f64>()
    }

    /// Excess over each cap window, kg (negative where there is room): imports and IT load by cell, inferences by cell.
    pub(crate) fn excess(&self, import_mw: &[f64], it_mw: &[f64], millions: &[f64]) -> Vec<f64> {
        self.windows.iter().map(|window| window.excess(self, import_mw, it_mw, millions)).collect()
    }

    fn cell(&self, r: usize, t: usize) -> &Cell {
        &self.sides[r].cells[t]
    }
}

/// What a region may import: its connection, and its strict targets. Beyond these the price of an overload is the least.
fn most_import_mw(problem: &Problem, region: &crate::Region, t: usize) -> f64 {
    let here = problem.targets().iter().filter(|target| target.place() == region.id.as_str());
    let strict = here.filter(|target| target.kind == crate::TargetKind::Strict).filter_map(|target| target.limit_mw(t));
    strict.fold(crate::model::import_limit_mw(region, t), f64::min)
}

fn store(battery: &crate::Battery, ladder: &Ladder) -> Store {
    Store {
        power_mw: battery.power_capacity_mw,
        low_mwh: battery.soc_min_mwh.min(battery.soc_mwh),
        high_mwh: battery.energy_capacity_mwh,
        start_mwh: battery.soc_mwh,
        end: battery.end_soc_min_mwh.map(|least| (least, ladder.end_soc_gbp_per_mwh)),
        charge_efficiency: battery.charge_efficiency,
        discharge_efficiency: battery.discharge_efficiency,
        wear_gbp_per_mwh: battery.wear_gbp_per_mwh,
    }
}

/// More IT load than all jobs and services together can cause, by cell.
fn most_it(problem: &Problem, menu: &Menu, periods: usize) -> Vec<f64> {
    let regions = problem.regions().len();
    let mut most = menu.most_mw(regions, periods);
    let mut change = vec![0.0; regions * (periods + 1)];
    for shape in problem.shapes() {
        let largest = shape.power_mw.iter().copied().fold(0.0, f64::max);
        let mw = f64::from(shape.count) * (largest + shape.pause_mw + shape.move_mw);
        for r in shape.regions() {
            change[r * (periods + 1) + shape.first] += mw;
            change[r * (periods + 1) + shape.end] -= mw;
        }
    }
    for r in 0..regions {
        let mut sum = 0.0;
        for t in 0..periods {
            sum += change[r * (periods + 1) + t];
            // A little more, so that rounding of the running sum never takes any away.
            most[r * periods + t] += sum.max(0.0) * (1.0 + 1e-9) + 1e-9;
        }
    }
    most
}
