//! What every rule writes: the model, the balances it closes, and where to find each column again.

use super::{Frame, MeterColumns, OpportunityColumns};
use crate::milp::{Col, Milp};

/// Terms of a balance and a constant.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Terms {
    /// Columns and coefficients.
    pub(crate) columns: Vec<(Col, f64)>,
    /// What does not depend on any column.
    pub(crate) constant: f64,
}

/// One value for each region and period.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Grid2<T> {
    periods: usize,
    cells: Vec<T>,
}

impl<T: Clone + Default> Grid2<T> {
    pub(crate) fn new(regions: usize, periods: usize) -> Self {
        Self { periods, cells: vec![T::default(); regions * periods] }
    }
}

impl<T> Grid2<T> {
    pub(crate) fn at(&self, (r, t): (usize, usize)) -> &T {
        &self.cells[r * self.periods + t]
    }

    pub(crate) fn at_mut(&mut self, (r, t): (usize, usize)) -> &mut T {
        &mut self.cells[r * self.periods + t]
    }
}

/// Columns of the schedule of one job.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum JobColumns {
    /// Number of copies that start in a region and period: `(region, period, column)`.
    Starts { job: usize, length: usize, starts: Vec<(usize, usize, Col)> },
    /// One copy works at a point: `(region, period, point, column)`.
    Runs { job: usize, copy: u32, runs: Vec<(usize, usize, usize, Col)>, inferences: Vec<(usize, Col)> },
    /// Shares of one fluid copy: `(region, period, point, column)`.
    Shares { job: usize, copy: u32, shares: Vec<(usize, usize, usize, Col)> },
    /// Jobs of a group that take each of its schedules.
    Chosen(Vec<Col>),
}

/// Columns of one service.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct ServiceColumns {
    /// Millions of inferences: `(region, point, period, column)`.
    pub(crate) served: Vec<(usize, usize, usize, Col)>,
    /// Millions shed in each period.
    pub(crate) shed: Vec<Col>,
}

/// Columns of one battery.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct StorageColumns {
    pub(crate) charge: Vec<Col>,
    pub(crate) discharge: Vec<Col>,
    pub(crate) soc: Vec<Col>,
    pub(crate) end_shortfall: Option<Col>,
}

/// The excess of one window of one cap.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CapColumn {
    /// Index of the cap.
    pub(crate) cap: usize,
    /// The excess, kg.
    pub(crate) excess: Col,
    /// Whether the cap is strict.
    pub(crate) strict: bool,
}

/// What a power target is exceeded by in a period, or its ramp.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct TargetColumn {
    /// Index of the target.
    pub(crate) target: usize,
    pub(crate) period: usize,
    /// It is the ramp that is exceeded, not the power.
    pub(crate) ramp: bool,
    /// Whether the target is strict.
    pub(crate) strict: bool,
    /// MW too much.
    pub(crate) excess: Col,
}

/// The model as it is written.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) milp: Milp,
    /// IT power of jobs and services, MW.
    pub(crate) it_load: Grid2<Terms>,
    /// What flows into the site besides import and export, MW: solar and discharge less charge.
    pub(crate) supply: Grid2<Terms>,
    /// Inferences, millions: needed by caps for each inference.
    pub(crate) inferences: Grid2<Terms>,
    /// IT power, one column.
    pub(crate) it: Grid2<Option<Col>>,
    pub(crate) it_overload: Grid2<Option<Col>>,
    pub(crate) import: Grid2<Option<Col>>,
    pub(crate) export: Grid2<Option<Col>>,
    pub(crate) import_overload: Grid2<Option<Col>>,
    pub(crate) solar: Grid2<Option<Col>>,
    pub(crate) jobs: Vec<JobColumns>,
    /// Undone part of the whole work: `(job, copy, column)`; copy none where all copies share it.
    pub(crate) undone: Vec<Col>,
    pub(crate) services: Vec<ServiceColumns>,
    pub(crate) storage: Vec<StorageColumns>,
    pub(crate) caps: Vec<CapColumn>,
    pub(crate) meters: Vec<MeterColumns>,
    /// Import above what baseline guards allow, MWh, in the order of the guarded settlement periods.
    pub(crate) guards: Vec<Col>,
    pub(crate) targets: Vec<TargetColumn>,
    /// In the order of the opportunities.
    pub(crate) opportunities: Vec<OpportunityColumns>,
}

impl Draft {
    pub(crate) fn new(frame: &Frame<'_>) -> Self {
        let (regions, periods) = (frame.regions(), frame.periods);
        Self {
            milp: Milp::new(),
            it_load: Grid2::new(regions, periods),
            supply: Grid2::new(regions, periods),
            inferences: Grid2::new(regions, periods),
            it: Grid2::new(regions, periods),
            it_overload: Grid2::new(regions, periods),
            import: Grid2::new(regions, periods),
            export: Grid2::new(regions, periods),
            import_overload: Grid2::new(regions, periods),
            solar: Grid2::new(regions, periods),
            jobs: Vec::new(),
            undone: Vec::new(),
            services: Vec::new(),
            storage: Vec::new(),
            caps: Vec::new(),
            meters: Vec::new(),
            guards: Vec::new(),
            targets: Vec::new(),
            opportunities: Vec::new(),
        }
    }
}
