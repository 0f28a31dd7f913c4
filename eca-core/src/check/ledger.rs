//! What the rules share: the input by index, the sums that one rule makes for the next, and the list of findings.

use super::Finding;
use super::price::Prices;
use super::quantity::Sum;
use crate::{Horizon, Job, Plan, Problem};
use std::collections::BTreeMap;

/// Problem and plan, with names resolved.
#[derive(Debug)]
pub(super) struct Input<'a> {
    pub problem: &'a Problem,
    pub plan: &'a Plan,
    /// Number of periods.
    pub periods: usize,
    /// Hours of a period.
    pub h: f64,
    /// Prices of soft limits, given or default.
    pub prices: Prices,
    regions: BTreeMap<&'a str, usize>,
}

impl<'a> Input<'a> {
    pub(super) fn new(problem: &'a Problem, plan: &'a Plan) -> Self {
        let regions = problem.regions().iter().enumerate().map(|(r, region)| (region.id.as_str(), r)).collect();
        let h = problem.horizon().step_h();
        Self { problem, plan, periods: problem.horizon().periods, h, prices: Prices::new(problem, h), regions }
    }

    pub(super) fn horizon(&self) -> &'a Horizon {
        self.problem.horizon()
    }

    /// The index of a region by name.
    pub(super) fn region(&self, id: &str) -> Option<usize> {
        self.regions.get(id).copied()
    }

    /// Whether a region is among `scope`; none means all.
    pub(super) fn in_scope<Id: std::borrow::Borrow<str>>(&self, scope: Option<&[Id]>, r: usize) -> bool {
        scope.is_none_or(|ids| ids.iter().any(|id| self.region(id.borrow()) == Some(r)))
    }

    /// Every job with every copy, in the order in which the plan has to list them.
    pub(super) fn copies(&self) -> impl Iterator<Item = (usize, &'a Job, u32)> + use<'a> {
        let jobs = self.problem.jobs();
        jobs.iter().enumerate().flat_map(|(j, job)| (0..job.count).map(move |copy| (j, job, copy)))
    }
}

/// A limit that may be broken at a price: where it stands and by how much it is exceeded.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SoftLimit {
    pub rule: &'static str,
    pub object: String,
    pub period: Option<usize>,
    /// Whether it holds for the whole horizon, so that it may also be listed without a period.
    pub whole_horizon: bool,
    /// Value less limit; below zero where there is room.
    pub excess: Sum,
    pub unit: &'static str,
    /// Quantum of the amount in the document.
    pub quantum: f64,
    /// GBP for each unit.
    pub price_gbp: f64,
}

/// Sums that one rule makes and a later one needs.
#[derive(Debug)]
pub(super) struct Ledger {
    /// IT power by region and period, MW.
    pub it_mw: Vec<Vec<Sum>>,
    /// Inferences done by region and period.
    pub inferences: Vec<Vec<Sum>>,
    /// Inferences of the whole plan.
    pub total_inferences: Sum,
    /// Cost of jobs (startup, pauses, moves) and of routing, GBP.
    pub money_gbp: Sum,
    /// Soft limits that are exceeded, or so near that rounding could have done it.
    pub limits: Vec<SoftLimit>,
}

impl Ledger {
    pub(super) fn new(input: &Input<'_>) -> Self {
        let zeros = vec![vec![Sum::default(); input.periods]; input.problem.regions().len()];
        Self {
            it_mw: zeros.clone(),
            inferences: zeros,
            total_inferences: Sum::default(),
            money_gbp: Sum::default(),
            limits: Vec::new(),
        }
    }

    pub(super) fn add_it_mw(&mut self, r: usize, t: usize, power: Sum) {
        if let Some(cell) = self.it_mw.get_mut(r).and_then(|row| row.get_mut(t)) {
            cell.add(power);
        }
    }

    pub(super) fn add_inferences(&mut self, r: usize, t: usize, done: Sum) {
        if let Some(cell) = self.inferences.get_mut(r).and_then(|row| row.get_mut(t)) {
            cell.add(done);
        }
    }

    /// Notes a soft limit if it is exceeded, or may be.
    pub(super) fn limit(&mut self, limit: SoftLimit) {
        if limit.excess.may_be_over() {
            self.limits.push(limit);
        }
    }
}

/// The list of findings while it grows.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub findings: Vec<Finding>,
}

impl Report {
    pub(super) fn add(&mut self, rule: &str, object: &str, period: Option<usize>, message: String) {
        self.findings.push(Finding { rule: rule.to_owned(), object: object.to_owned(), period, message });
    }
}

/// The value of period `t`; zero beyond the end.
pub(super) fn at(series: &[f64], t: usize) -> f64 {
    series.get(t).copied().unwrap_or(0.0)
}
