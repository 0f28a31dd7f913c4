//! What every rule reads.

use super::{Choice, Ladder};
use crate::Problem;
use crate::schedule::{Account, Shape};
use std::collections::BTreeSet;

/// Rows that are added only where a first answer shows that they matter.
///
/// Leaving them out is a relaxation; once its optimum keeps them, it is the optimum.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Lazy {
    /// Battery and period: not both charge and discharge.
    pub(crate) storage: BTreeSet<(usize, usize)>,
    /// Region and period: not both import and export.
    pub(crate) grid: BTreeSet<(usize, usize)>,
    /// Job and copy: no running after the work is done.
    pub(crate) waste: BTreeSet<(usize, u32)>,
}

/// Where the load of batch jobs comes from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum JobLoad<'a> {
    /// Decided by the model.
    Planned,
    /// Given: the accounts of every job and copy.
    Given(&'a [Account]),
    /// Decided by the model among given schedules.
    Chosen(&'a Choice),
}

/// What every rule reads.
#[derive(Debug)]
pub(crate) struct Frame<'a> {
    /// The problem.
    pub(crate) problem: &'a Problem,
    /// The jobs in periods and indices, in document order.
    pub(crate) shapes: &'a [Shape],
    /// Default prices.
    pub(crate) ladder: &'a Ladder,
    /// Hours of one period.
    pub(crate) h: f64,
    /// Number of periods.
    pub(crate) periods: usize,
    /// Rows that have shown to matter.
    pub(crate) lazy: &'a Lazy,
    /// Batch load.
    pub(crate) load: JobLoad<'a>,
}

impl Frame<'_> {
    /// Number of regions.
    pub(crate) fn regions(&self) -> usize {
        self.problem.regions().len()
    }

    /// Every region and period.
    pub(crate) fn cells(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let periods = self.periods;
        (0..self.regions()).flat_map(move |r| (0..periods).map(move |t| (r, t)))
    }
}
