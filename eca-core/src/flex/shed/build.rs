//! Making a ladder from a plan.

use super::chain::{State, caps, hold_max_h};
use super::{ShedLadder, ShedSettings, ShedStep, Undoing};
use crate::action::{Command, Target};
use crate::model::Ladder as Prices;
use crate::plan::JobPlan;
use crate::problem::{Job, Region};
use crate::schedule::Shape;
use crate::unit::h_to_s;
use crate::{Error, Plan, Problem, Result};

/// Power below this is no step, MW: a watt.
const LEAST_MW: f64 = 1e-6;

/// What all steps of a ladder need to know.
struct Place<'a> {
    problem: &'a Problem,
    prices: Prices,
    settings: ShedSettings,
    region: &'a Region,
    r: usize,
    t: usize,
    h: f64,
}

pub(super) fn ladder(
    plan: &Plan,
    problem: &Problem,
    region: &str,
    period: usize,
    settings: &ShedSettings,
) -> Result<ShedLadder> {
    let regions = problem.regions();
    let Some(r) = regions.iter().position(|one| one.id.as_str() == region) else {
        let known: Vec<String> = regions.iter().map(|one| format!("`{}`", one.id)).collect();
        return Err(Error::Unknown {
            object: "shed ladder".into(),
            field: "region",
            kind: "region",
            id: region.into(),
            known: known.join(", "),
        });
    };
    let horizon = problem.horizon();
    if period >= horizon.periods {
        return Err(Error::Value {
            object: "shed ladder".into(),
            field: "period".into(),
            value: period.to_string(),
            limit: format!("must be below {}, the number of periods", horizon.periods),
            unit: "",
        });
    }
    let import = plan.regions.get(r).and_then(|one| one.import_mw.get(period)).copied();
    let Some(power_mw) = import.filter(|_| plan.problem_hash == problem.hash()) else {
        return Err(Error::Mismatch { reason: "a shed ladder is made from a plan of its own problem".into() });
    };
    let place = Place {
        problem,
        prices: Prices::new(problem.document(), problem.shapes()),
        settings: *settings,
        region: &regions[r],
        r,
        t: period,
        h: horizon.step_h(),
    };
    let copies = problem.shapes().iter().flat_map(|shape| std::iter::repeat_n(shape, shape.count as usize));
    let mut chains: Vec<Vec<ShedStep>> = copies.zip(&plan.jobs).map(|(shape, entry)| place.job(shape, entry)).collect();
    chains.extend((0..problem.batteries().len()).map(|b| place.battery(plan, b)));
    Ok(ShedLadder {
        format: ShedLadder::FORMAT.into(),
        problem_hash: plan.problem_hash.clone(),
        region: regions[r].id.clone(),
        start: horizon.start_of(period),
        power_mw,
        steps: merged(chains),
    })
}

/// What an hour of a step costs for each MW, with the cost of taking it.
fn dearness(step: &ShedStep) -> f64 {
    (step.cost_gbp_per_h + step.cost_gbp) / step.shed_mw
}

/// All chains in one order: always the cheapest step that is next in its chain.
fn merged(chains: Vec<Vec<ShedStep>>) -> Vec<ShedStep> {
    let mut chains: Vec<_> = chains.into_iter().map(|chain| chain.into_iter().peekable()).collect();
    let mut steps = Vec::new();
    loop {
        let next = chains
            .iter_mut()
            .enumerate()
            .filter_map(|(k, chain)| chain.peek().map(|step| (k, dearness(step))))
            .min_by(|a, b| a.1.total_cmp(&b.1));
        let Some(step) = next.and_then(|(k, _)| chains[k].next()) else { return steps };
        steps.push(step);
    }
}

impl Place<'_> {
    /// What a MWh at the connection costs in a period, GBP.
    fn price(&self, t: usize) -> f64 {
        self.region.import_price_gbp_per_mwh.at(t)
            + self.region.network_charge_gbp_per_mwh.at(t)
            + self.region.congestion_gbp_per_mwh.at(t)
    }

    /// The chain of one copy of a job that works here in this period.
    fn job(&self, shape: &Shape, entry: &JobPlan) -> Vec<ShedStep> {
        let job = &self.problem.jobs()[shape.job];
        let points: Vec<State> =
            shape.power_mw.iter().zip(&shape.rate).map(|(&mw, rate)| State { mw, rate: rate / self.h }).collect();
        let Some(now) = self.now(&points, entry) else { return Vec::new() };
        let best = points.iter().map(|point| point.rate).fold(now.rate, f64::max);
        #[allow(clippy::cast_precision_loss)]
        let left_h = shape.end.saturating_sub(self.t) as f64 * self.h;
        let owed = self.owed(shape, entry);
        let levels = if shape.divisible {
            let mut all = points.clone();
            all.push(State { mw: 0.0, rate: 0.0 });
            caps(&all, now, owed / left_h)
        } else {
            caps(&points, now, owed / left_h)
        };
        let mut steps: Vec<ShedStep> = levels
            .windows(2)
            .map(|pair| self.cap(shape, job, entry, (pair[0], pair[1]), hold_max_h(owed, left_h, best, pair[1].rate)))
            .filter(|step| step.shed_mw >= LEAST_MW)
            .collect();
        if let (false, Some(&last)) = (shape.divisible, levels.last()) {
            steps.extend(self.away(shape, job, entry, last, hold_max_h(owed, left_h, best, 0.0)));
        }
        steps
    }

    /// Power and rate as planned.
    fn now(&self, points: &[State], entry: &JobPlan) -> Option<State> {
        if let Some(shares) = &entry.shares {
            let here = shares.get(&self.region.id)?;
            let part = |l: usize| here.get(l).and_then(|values| values.get(self.t)).copied().unwrap_or(0.0);
            let sum =
                |of: fn(&State) -> f64| points.iter().enumerate().map(|(l, point)| part(l) * of(point)).sum::<f64>();
            let now = State { mw: sum(|point| point.mw), rate: sum(|point| point.rate) };
            return (now.mw >= LEAST_MW).then_some(now);
        }
        let here = entry.region.get(self.t)?.as_ref()? == &self.region.id;
        let point = (*entry.point.get(self.t)?)?;
        points.get(point).copied().filter(|_| here)
    }

    /// Work that must still be done from this period on, as a part of the whole.
    fn owed(&self, shape: &Shape, entry: &JobPlan) -> f64 {
        let most_undone = if shape.priced { shape.undone_max.unwrap_or(1.0) } else { 0.0 };
        let done: f64 = (0..self.t).map(|t| done_in(shape, entry, t)).sum();
        (shape.left - most_undone - done).max(0.0)
    }

    /// What an hour without so much work (a part of the whole) and so much power costs, GBP: the price of work left undone, or
    /// of doing it later at the dearest price that its window may still have.
    fn cost_gbp_per_h(&self, shape: &Shape, rate: f64, mw: f64) -> f64 {
        let saved = self.region.pue_slope.at(self.t) * mw * self.price(self.t);
        if shape.priced {
            return rate * self.prices.undone_gbp[shape.job] - saved;
        }
        let efficient = shape.power_mw.iter().zip(&shape.rate).map(|(mw, rate)| mw * self.h / rate);
        let mwh_for_all = efficient.fold(f64::INFINITY, f64::min);
        let later = (self.t + 1..shape.end).map(|t| self.region.pue_slope.at(t) * self.price(t));
        let dearest = later.fold(self.region.pue_slope.at(self.t) * self.price(self.t), f64::max);
        rate * mwh_for_all * dearest - saved
    }

    fn target(&self, shape: &Shape, job: &Job, entry: &JobPlan) -> Target {
        if shape.divisible {
            return Target::Share { id: job.id.clone(), copy: entry.copy, region: self.region.id.clone() };
        }
        Target::Job { id: job.id.clone(), copy: entry.copy }
    }

    /// From one power to a lower one.
    fn cap(
        &self,
        shape: &Shape,
        job: &Job,
        entry: &JobPlan,
        (from, to): (State, State),
        hold_h: Option<f64>,
    ) -> ShedStep {
        let nearest = |l: &usize| (shape.power_mw[*l] - to.mw).abs();
        let point = (0..shape.power_mw.len()).min_by(|a, b| nearest(a).total_cmp(&nearest(b))).unwrap_or(0);
        ShedStep {
            target: self.target(shape, job, entry),
            command: Command::SetPower { point, power_mw: to.mw },
            shed_mw: self.region.pue_slope.at(self.t) * (from.mw - to.mw),
            from_mw: from.mw,
            divisible: true,
            effect_s: self.settings.cap_s,
            cost_gbp_per_h: self.cost_gbp_per_h(shape, from.rate - to.rate, from.mw - to.mw),
            cost_gbp: 0.0,
            undoing: Undoing::Free,
            hold_max_s: hold_h.map(h_to_s),
            energy_mwh: None,
        }
    }

    /// Stopping a job, or moving it: the cheaper of what it may do.
    fn away(&self, shape: &Shape, job: &Job, entry: &JobPlan, from: State, hold_h: Option<f64>) -> Option<ShedStep> {
        let pauses_left = job.max_pauses.is_none_or(|most| {
            most > job.state.as_ref().map_or(0, |state| state.pauses) + pauses_before(entry, self.t)
        });
        let pue = self.region.pue_slope.at(self.t);
        let step = |command, effect_s, cost_gbp_per_h, cost_gbp, undoing, hold_max_s| ShedStep {
            target: self.target(shape, job, entry),
            command,
            shed_mw: pue * from.mw,
            from_mw: from.mw,
            divisible: false,
            effect_s,
            cost_gbp_per_h,
            cost_gbp,
            undoing,
            hold_max_s,
            energy_mwh: None,
        };
        let pause = (shape.preemptible && pauses_left).then(|| {
            let cost = job.pause_cost_gbp + pue * job.pause_energy_mwh * self.price(self.t);
            let per_h = self.cost_gbp_per_h(shape, from.rate, from.mw);
            step(Command::Pause, self.settings.pause_s, per_h, cost, Undoing::Resume, hold_h.map(h_to_s))
        });
        let migrate = self.elsewhere(shape, from).zip(job.migration).map(|(region, migration)| {
            let cost = migration.cost_gbp + pue * migration.energy_mwh * self.price(self.t);
            let point = (0..shape.power_mw.len()).find(|&l| shape.power_mw[l] <= from.mw + LEAST_MW).unwrap_or(0);
            let command = Command::Migrate { region: region.id.clone(), point, power_mw: shape.power_mw[point] };
            step(command, self.settings.migrate_s, 0.0, cost, Undoing::Move, None)
        });
        [pause, migrate].into_iter().flatten().min_by(|a, b| dearness(a).total_cmp(&dearness(b)))
    }

    /// Another region where a job may work from the next periods on, with room for it at all.
    fn elsewhere(&self, shape: &Shape, from: State) -> Option<&Region> {
        let migration = shape.migration?;
        if shape.pinned {
            return None;
        }
        let arrival = self.t + migration.periods as usize;
        let regions = self.problem.regions().iter().enumerate();
        regions
            .filter(|&(r, region)| {
                r != self.r
                    && (arrival.max(shape.first)..shape.end).all(|t| shape.allowed(r, t))
                    && region.it_capacity_mw.at(arrival) >= from.mw
            })
            .map(|(_, region)| region)
            .next()
    }

    /// A battery here: less charging, then discharging.
    fn battery(&self, plan: &Plan, b: usize) -> Vec<ShedStep> {
        let battery = &self.problem.batteries()[b];
        let Some(entry) = plan.batteries.get(b).filter(|_| battery.region == self.region.id) else { return Vec::new() };
        let at = |series: &[f64]| series.get(self.t).copied().unwrap_or(0.0);
        let (charge, discharge) = (at(&entry.charge_mw), at(&entry.discharge_mw));
        let before = if self.t == 0 { battery.soc_mwh } else { entry.soc_mwh.get(self.t - 1).copied().unwrap_or(0.0) };
        let step = |command, from_mw: f64, shed_mw: f64, cost_gbp_per_h, energy_mwh| ShedStep {
            target: Target::Battery { id: battery.id.clone() },
            command,
            shed_mw,
            from_mw,
            divisible: true,
            effect_s: self.settings.battery_s,
            cost_gbp_per_h,
            cost_gbp: 0.0,
            undoing: Undoing::Free,
            hold_max_s: None,
            energy_mwh,
        };
        let mut steps = Vec::new();
        if charge >= LEAST_MW {
            steps.push(step(Command::Idle, charge, charge, -charge * battery.wear_gbp_per_mwh, None));
        }
        let more = battery.power_capacity_mw - discharge;
        let energy = (before - battery.soc_min_mwh).max(0.0) * battery.discharge_efficiency - discharge * self.h;
        if more >= LEAST_MW && energy >= LEAST_MW {
            // What is given now has to be put back, at a loss, and wears twice.
            let round = battery.charge_efficiency * battery.discharge_efficiency;
            let later = (self.t + 1..self.problem.horizon().periods).map(|t| self.price(t));
            let dearest = later.fold(self.price(self.t), f64::max);
            let per_mwh = battery.wear_gbp_per_mwh * (1.0 + 1.0 / round) + dearest / round - self.price(self.t);
            let command = Command::Discharge { power_mw: battery.power_capacity_mw };
            steps.push(step(command, discharge, more, more * per_mwh, Some(energy)));
        }
        steps
    }
}

/// Work that a plan does in a period, as a part of the whole.
fn done_in(shape: &Shape, entry: &JobPlan, t: usize) -> f64 {
    if let Some(shares) = &entry.shares {
        let each = shares.values().flat_map(|points| points.iter().zip(&shape.rate));
        return each.map(|(values, rate)| values.get(t).copied().unwrap_or(0.0) * rate).sum();
    }
    entry.point.get(t).copied().flatten().and_then(|l| shape.rate.get(l)).copied().unwrap_or(0.0)
}

/// Pauses of a schedule before a period.
fn pauses_before(entry: &JobPlan, t: usize) -> u32 {
    let works: Vec<bool> = entry.region.iter().take(t + 1).map(Option::is_some).collect();
    let stops = works.windows(2).filter(|pair| pair[0] && !pair[1]).count();
    u32::try_from(stops).unwrap_or(u32::MAX)
}
