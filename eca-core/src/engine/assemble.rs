//! From decisions to a plan: everything is rounded to its quantum first, and every sum is made of rounded numbers.

mod market;
mod money;
mod power;

use super::Run;
use crate::plan::{BatteryPlan, JobPlan, Outcome, Plan, Provenance, RegionPlan, ServicePlan};
use crate::schedule::{Account, Schedule, Shape};
use crate::unit::round_to;
use std::collections::BTreeMap;

/// Powers are rounded to W, energy to Wh, money to 1e-6 GBP.
pub(crate) const QUANTUM: f64 = 1e-6;
/// Shares of divisible jobs are rounded to this.
const SHARE_QUANTUM: f64 = 1e-9;
/// Inferences are rounded to thousandths: they carry money, and millions of them are common.
const INFERENCE_QUANTUM: f64 = 1e-3;

/// What the model decides; the rest follows from it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Decision {
    /// One for each job and copy.
    pub(crate) schedules: Vec<Schedule>,
    /// Part of the whole work counted in each period, for jobs whose model decides it.
    pub(crate) inferences: Vec<Option<Vec<f64>>>,
    /// Inferences by service, region, point and period.
    pub(crate) services: Vec<Vec<Vec<Vec<f64>>>>,
    /// Charge and discharge of each battery, MW.
    pub(crate) storage: Vec<(Vec<f64>, Vec<f64>)>,
    /// Solar used by region and period, MW.
    pub(crate) solar: Vec<Vec<f64>>,
    /// Steps of power taken of each opportunity, by its settlement periods; empty where nothing is.
    pub(crate) taken: Vec<Vec<f64>>,
}

/// Money rounded to its quantum.
pub(crate) fn round_gbp(gbp: f64) -> f64 {
    // Adding zero turns -0 into 0.
    round_to(gbp, QUANTUM) + 0.0
}

/// The plan of a decision; grades, references and provenance are left for the caller.
pub(crate) fn plan(run: &Run<'_>, decision: &Decision) -> Plan {
    let accounts = run.accounts(&decision.schedules);
    let jobs = jobs(run, decision, &accounts);
    let services = services(run, decision);
    let batteries: Vec<BatteryPlan> = power::batteries(run, decision);
    let regions: Vec<RegionPlan> = power::regions(run, decision, &accounts, &services, &batteries);
    let mut plan = Plan {
        format: Plan::FORMAT.into(),
        problem_hash: run.problem.hash(),
        outcome: Outcome::Limit,
        engine: String::new(),
        engine_reason: String::new(),
        objective_gbp: 0.0,
        bound_gbp: 0.0,
        gap: 0.0,
        totals: crate::plan::Totals::default(),
        references: None,
        jobs,
        services,
        batteries,
        regions,
        commitments: Vec::new(),
        opportunities: market::taken(run.problem, decision),
        broken_limits: Vec::new(),
        provenance: Provenance::default(),
    };
    market::deliver(run, &mut plan);
    money::settle(run, &accounts, &mut plan);
    plan
}

fn jobs(run: &Run<'_>, decision: &Decision, accounts: &[Account]) -> Vec<JobPlan> {
    let problem = run.problem;
    let periods = problem.horizon().periods;
    let copies = problem.shapes().iter().flat_map(|shape| (0..shape.count).map(move |copy| (shape, copy)));
    let mut counted = decision.inferences.iter();
    copies
        .zip(decision.schedules.iter().zip(accounts))
        .map(|((shape, copy), (schedule, account))| {
            let region = |at: &Option<(usize, usize)>| at.map(|(r, _)| problem.regions()[r].id.clone());
            let at = schedule.by_period(periods);
            let work = match counted.next().cloned().flatten() {
                Some(counted) => count_all(shape, &at, counted),
                None => account.work(periods),
            };
            let shares = schedule.shares.as_ref().map(|table| {
                let by_point = |by_period: &Vec<Vec<f64>>, l: usize| {
                    by_period.iter().map(|points| round_to(points[l], SHARE_QUANTUM)).collect()
                };
                let named = table.iter().enumerate().map(|(r, by_period)| {
                    let points = (0..shape.rate.len()).map(|l| by_point(by_period, l)).collect();
                    (problem.regions()[r].id.clone(), points)
                });
                named.filter(|(_, points): &(_, Vec<Vec<f64>>)| points.iter().flatten().any(|&f| f > 0.0)).collect()
            });
            JobPlan {
                id: problem.jobs()[shape.job].id.clone(),
                copy,
                region: at.iter().map(region).collect(),
                point: at.iter().map(|at| at.map(|(_, l)| l)).collect(),
                shares,
                power_mw: account.power_mw(periods).into_iter().map(|mw| round_to(mw, QUANTUM)).collect(),
                inferences: thousandths(&work.iter().map(|part| part * shape.inferences).collect::<Vec<_>>()),
                finished_at: account.finished.map(|t| problem.horizon().start_of(t + 1)),
                pauses: account.pauses,
                migrations: account.migrations,
                undone_frac: account.undone,
            }
        })
        .collect()
}

/// Work that the model left out because no cap needed it, added where the points leave room.
fn count_all(shape: &Shape, at: &[Option<(usize, usize)>], mut counted: Vec<f64>) -> Vec<f64> {
    let rate = |t: usize| at[t].map_or(0.0, |(_, l)| shape.rate[l]);
    let all = (0..counted.len()).map(rate).sum::<f64>().min(shape.left);
    let mut missing = all - counted.iter().sum::<f64>();
    for (t, work) in counted.iter_mut().enumerate() {
        let more = (rate(t) - *work).min(missing).max(0.0);
        *work += more;
        missing -= more;
    }
    counted
}

/// Rounds to the quantum so that the running sum is never off by more than half of it.
fn thousandths(values: &[f64]) -> Vec<f64> {
    let (mut exact, mut given) = (0.0, 0.0);
    values
        .iter()
        .map(|value| {
            exact += value;
            if *value <= 0.0 {
                return 0.0;
            }
            let part = round_to(exact - given, INFERENCE_QUANTUM).max(0.0);
            given += part;
            part
        })
        .collect()
}

fn services(run: &Run<'_>, decision: &Decision) -> Vec<ServicePlan> {
    let problem = run.problem;
    let periods = problem.horizon().periods;
    let each = problem.services().iter().zip(&decision.services);
    each.map(|(service, by_region)| {
        let mut served = by_region.clone();
        let mut shed = Vec::with_capacity(periods);
        for t in 0..periods {
            shed.push(round_served(&mut served, t, service.demand_inferences.at(t)));
        }
        let name = |r: usize| problem.regions()[r].id.clone();
        let used = |points: &Vec<Vec<f64>>| points.iter().flatten().any(|&value| value > 0.0);
        let sums = |points: &Vec<Vec<f64>>| (0..periods).map(|t| points.iter().map(|values| values[t]).sum()).collect();
        let point_inferences: BTreeMap<_, _> = served
            .iter()
            .enumerate()
            .filter(|(_, points)| used(points))
            .map(|(r, points)| (name(r), points.clone()))
            .collect();
        ServicePlan {
            id: service.id.clone(),
            inferences: point_inferences.iter().map(|(region, points)| (region.clone(), sums(points))).collect(),
            point_inferences,
            shed,
        }
    })
    .collect()
}

/// Rounds what is served in a period so that it and what is shed add up to the demand; returns what is shed.
fn round_served(served: &mut [Vec<Vec<f64>>], t: usize, demand: f64) -> f64 {
    let wanted: f64 = served.iter().flatten().map(|values| values[t]).sum();
    // What the solver sheds below one inference is rounding.
    let shed = if demand - wanted < 1.0 { 0.0 } else { round_to(demand - wanted, INFERENCE_QUANTUM) };
    let mut left = demand - shed;
    let mut largest: Option<(usize, usize)> = None;
    let mut most = 0.0;
    for (r, points) in served.iter_mut().enumerate() {
        for (l, values) in points.iter_mut().enumerate() {
            if values[t] > most {
                most = values[t];
                largest = Some((r, l));
            }
            values[t] = round_to(values[t], INFERENCE_QUANTUM);
            left -= values[t];
        }
    }
    match largest {
        Some((r, l)) => {
            served[r][l][t] = (served[r][l][t] + left).max(0.0);
            shed
        }
        None => demand,
    }
}
