//! One region at given prices: the cheapest way to supply IT load, exact, without a solver.
//!
//! In a period, import, export, solar and the IT load itself are pieces of one convex function of the power that the
//! battery takes or gives. A battery joins the periods: the least cost of each stored amount is convex and piecewise
//! linear, and one period more merges two lists of slopes. A battery that would charge and discharge at once (at negative
//! prices) is replaced by the lower hull: the value is never above the true one.

use super::pwl::Pwl;

/// A battery in the units of the recursion.
#[derive(Debug, Clone, Copy)]
pub(super) struct Store {
    pub(super) power_mw: f64,
    pub(super) low_mwh: f64,
    pub(super) high_mwh: f64,
    pub(super) start_mwh: f64,
    /// Energy wanted at the end, and the price of what is missing, GBP/MWh.
    pub(super) end: Option<(f64, f64)>,
    pub(super) charge_efficiency: f64,
    pub(super) discharge_efficiency: f64,
    pub(super) wear_gbp_per_mwh: f64,
}

/// One period of a region: what does not change with prices.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cell {
    pub(super) overhead_mw: f64,
    pub(super) pue: f64,
    pub(super) capacity_mw: f64,
    /// More IT load than there can be, MW.
    pub(super) most_it_mw: f64,
    pub(super) import_limit_mw: f64,
    pub(super) export_limit_mw: f64,
    pub(super) solar_mw: f64,
}

/// What a region pays and earns in one period, GBP for each MW in it.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tariff {
    pub(super) import: f64,
    pub(super) export: f64,
    pub(super) overload: f64,
}

/// What is asked of the IT load of a period.
#[derive(Debug, Clone, Copy)]
pub(super) enum Load {
    /// As much as pays at this price, GBP for each MW.
    Priced(f64),
    /// Just this, MW.
    Fixed(f64),
    /// Priced, and drawn towards a load: `weight / 2 * (it - near)^2`.
    Near { price: f64, near_mw: f64, weight: f64 },
}

/// What a region does.
#[derive(Debug, Clone, Default)]
pub(super) struct Supply {
    /// Cost less what the load pays, GBP: a lower bound over all that the region can do.
    pub(super) value: f64,
    pub(super) it_mw: Vec<f64>,
    pub(super) import_mw: Vec<f64>,
    /// What the battery gives, MW; negative where it takes.
    pub(super) storage_mw: Vec<f64>,
    /// What one MW more at the node would cost in each period, GBP.
    pub(super) node: Vec<f64>,
}

/// Widths of the pieces of a parabola around its middle, in units of the middle one.
const WIDTHS: [f64; 7] = [1.0, 1.0, 2.0, 4.0, 8.0, 16.0, 64.0];

/// Tables used again.
#[derive(Debug, Default)]
pub(super) struct Desk {
    node: Vec<Pwl>,
    change: Vec<Pwl>,
    best: Vec<Pwl>,
    elements: Vec<(f64, f64)>,
}

/// The cheapest supply.
pub(super) fn supply(
    h: f64,
    cells: &[Cell],
    tariff: &[Tariff],
    load: &[Load],
    traded: &[(f64, f64)],
    store: Option<&Store>,
    desk: &mut Desk,
) -> Supply {
    let periods = cells.len();
    desk.node.resize_with(periods, Pwl::default);
    for t in 0..periods {
        let trade = traded.get(t).copied().unwrap_or_default();
        node(&cells[t], &tariff[t], load[t], trade, &mut desk.elements, &mut desk.node[t]);
    }
    let mut answer = Supply::default();
    let (value, injected) = match store {
        None => (0.0, None),
        Some(store) => {
            let (value, path) = trajectory(h, cells, store, desk);
            (value, Some(path))
        }
    };
    answer.value = value;
    for t in 0..periods {
        let x = injected.as_ref().map_or(0.0, |path| path[t]);
        let at = cells[t].overhead_mw - x;
        let (cost, slope) = desk.node[t].at(at);
        if injected.is_none() {
            answer.value += cost;
        }
        let (it, import) = flows(&cells[t], &tariff[t], load[t], slope, at);
        answer.it_mw.push(it);
        answer.import_mw.push(import);
        answer.node.push(slope);
        answer.storage_mw.push(x);
    }
    answer
}

/// The least cost of all that injects power into the node adding up to a number.
fn node(cell: &Cell, tariff: &Tariff, load: Load, trade: (f64, f64), pieces: &mut Vec<(f64, f64)>, out: &mut Pwl) {
    pieces.clear();
    out.steps.clear();
    pieces.push((tariff.import, cell.import_limit_mw));
    pieces.push((0.0, cell.solar_mw));
    pieces.push((tariff.export, cell.export_limit_mw));
    out.from = -cell.export_limit_mw;
    out.value = -tariff.export * cell.export_limit_mw;
    let mut most = cell.export_limit_mw;
    // A battery more than the one in the recursion: trades at a price of its own.
    let (price, power) = trade;
    if power > 0.0 {
        pieces.push((price, 2.0 * power));
        out.from -= power;
        out.value -= price * power;
        most += power;
    }
    let (low, value) = demand(cell, tariff, load, pieces);
    out.from += low;
    out.value += value;
    most -= low;
    // Import beyond the limit: always enough.
    pieces.push((tariff.import + tariff.overload, cell.overhead_mw.abs() + most + 1e6));
    pieces.sort_by(|a, b| a.0.total_cmp(&b.0));
    for &(slope, length) in pieces.iter() {
        out.push(slope, length);
    }
}

/// The pieces of the IT load as an injection, from most load to none; where they begin and what it costs there.
fn demand(cell: &Cell, tariff: &Tariff, load: Load, pieces: &mut Vec<(f64, f64)>) -> (f64, f64) {
    let pue = cell.pue;
    let within = cell.capacity_mw.min(cell.most_it_mw);
    let beyond = cell.most_it_mw - within;
    match load {
        Load::Fixed(mw) => (-pue * mw, tariff.overload * (mw - cell.capacity_mw).max(0.0)),
        Load::Priced(price) => {
            pieces.push((price / pue, pue * within));
            pieces.push(((price - tariff.overload) / pue, pue * beyond));
            let value = -price * cell.most_it_mw + tariff.overload * beyond;
            (-pue * cell.most_it_mw, value)
        }
        Load::Near { price, near_mw, weight } => {
            // Breakpoints of the parabola and the capacity.
            let unit = 0.01 * cell.capacity_mw.max(1e-6);
            let mut cuts = [0.0; 2 * WIDTHS.len() + 3];
            let (mut up, mut down) = (near_mw + 0.5 * unit, near_mw - 0.5 * unit);
            let mut count = 0;
            for width in WIDTHS {
                for cut in [up, down] {
                    cuts[count] = cut.clamp(0.0, cell.most_it_mw);
                    count += 1;
                }
                up += width * unit;
                down -= width * unit;
            }
            for cut in [0.0, within, cell.most_it_mw] {
                cuts[count] = cut;
                count += 1;
            }
            cuts[..count].sort_by(f64::total_cmp);
            let bend =
                |mw: f64| 0.5 * weight * (mw - near_mw).powi(2) - price * mw + tariff.overload * (mw - within).max(0.0);
            for pair in cuts[..count].windows(2) {
                let length = pair[1] - pair[0];
                if length > 0.0 {
                    pieces.push(((bend(pair[0]) - bend(pair[1])) / (pue * length), pue * length));
                }
            }
            (-pue * cell.most_it_mw, bend(cell.most_it_mw))
        }
    }
}

/// IT load and import where the node's price is `slope` and injections add up to `at`.
fn flows(cell: &Cell, tariff: &Tariff, load: Load, slope: f64, at: f64) -> (f64, f64) {
    let it = match load {
        Load::Fixed(mw) => mw,
        _ => {
            let mut pieces = Vec::with_capacity(20);
            let (low, _) = demand(cell, tariff, load, &mut pieces);
            let below: f64 = pieces.iter().filter(|piece| piece.0 < slope).map(|piece| piece.1).sum();
            let same: f64 = pieces.iter().filter(|piece| piece.0 == slope).map(|piece| piece.1).sum();
            // Of a piece at the node's own price, what fills the balance; the others are taken or not.
            let others = fixed_flows(cell, tariff, slope);
            let injected = (at - others).clamp(low + below, low + below + same);
            (-injected / cell.pue).max(0.0)
        }
    };
    let net = at + cell.pue * it - if slope > 0.0 { cell.solar_mw } else { 0.0 };
    (it, net.max(0.0))
}

/// What import, export and solar inject at a price of the node.
fn fixed_flows(cell: &Cell, tariff: &Tariff, slope: f64) -> f64 {
    let mut sum = -cell.export_limit_mw;
    for (price, length) in
        [(tariff.import, cell.import_limit_mw), (0.0, cell.solar_mw), (tariff.export, cell.export_limit_mw)]
    {
        if price < slope {
            sum += length;
        }
    }
    sum
}

/// The least cost over all paths of stored energy, and what the battery gives in each period, MW.
fn trajectory(h: f64, cells: &[Cell], store: &Store, desk: &mut Desk) -> (f64, Vec<f64>) {
    let periods = cells.len();
    desk.change.resize_with(periods, Pwl::default);
    desk.best.resize_with(periods + 1, Pwl::default);
    desk.best[0] = Pwl::point(store.start_mwh);
    for t in 0..periods {
        change(h, &cells[t], store, &desk.node[t], &mut desk.change[t]);
        let (before, after) = desk.best.split_at_mut(t + 1);
        before[t].add(&desk.change[t], &mut after[0]);
        after[0].limit(store.low_mwh, store.high_mwh);
    }
    let (mut soc, value) = last(&desk.best[periods], store.end);
    let mut path = vec![0.0; periods];
    for t in (0..periods).rev() {
        let before = desk.best[t].split(&desk.change[t], soc);
        let stored = soc - before;
        path[t] = if stored > 0.0 {
            -stored / (h * store.charge_efficiency)
        } else {
            -stored * store.discharge_efficiency / h
        };
        soc = before;
    }
    (value, path)
}

/// Cost of a change of stored energy in one period.
fn change(h: f64, cell: &Cell, store: &Store, node: &Pwl, out: &mut Pwl) {
    out.steps.clear();
    let (into, of) = (h * store.charge_efficiency, h / store.discharge_efficiency);
    let wear = h * store.wear_gbp_per_mwh;
    let middle = cell.overhead_mw;
    let (low, high) = (middle - store.power_mw, middle + store.power_mw);
    out.from = -of * store.power_mw;
    let mut at = node.from;
    let (mut started, mut value) = (false, node.value);
    for step in &node.steps {
        let end = at + step.length;
        if !started && end >= low {
            value += (low - at).max(0.0) * step.slope;
            started = true;
        } else if !started {
            value += step.length * step.slope;
        }
        let out_part = end.min(middle) - at.max(low);
        if out_part > 0.0 {
            out.push((step.slope - wear) / of, of * out_part);
        }
        let in_part = end.min(high) - at.max(middle);
        if in_part > 0.0 {
            out.push((step.slope + wear) / into, into * in_part);
        }
        at = end;
        if at >= high {
            break;
        }
    }
    if node.from > low {
        // Not so much can be discharged: nothing takes it.
        out.from = -of * (middle - node.from).max(0.0);
        value = node.value;
        out.value = value + wear * (middle - node.from).max(0.0);
        return;
    }
    out.value = value + wear * store.power_mw;
}

/// The best stored energy at the end, and its cost.
fn last(best: &Pwl, end: Option<(f64, f64)>) -> (f64, f64) {
    let (wanted, price) = end.unwrap_or((best.from, 0.0));
    let missing = |soc: f64| price * (wanted - soc).max(0.0);
    let (mut soc, mut value) = (best.from, best.value);
    let mut found = (soc, value + missing(soc));
    for step in &best.steps {
        let mut parts = [step.length, 0.0];
        if soc < wanted && soc + step.length > wanted {
            parts = [wanted - soc, soc + step.length - wanted];
        }
        for part in parts.into_iter().filter(|&part| part > 0.0) {
            soc += part;
            value += part * step.slope;
            if value + missing(soc) < found.1 {
                found = (soc, value + missing(soc));
            }
        }
    }
    found
}
