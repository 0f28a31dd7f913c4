//! What a back-end is asked for and what it answers.

/// What a MILP solve may use and how good its answer must be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct MilpOptions {
    /// Relative gap at which to stop.
    pub gap: f64,
    /// Seconds of wall time.
    pub time_limit_s: Option<f64>,
    /// Branch-and-bound nodes.
    pub node_limit: Option<u64>,
    /// Seed.
    pub seed: u32,
    /// Whether the model may be simplified first.
    pub presolve: bool,
    /// A cost that is good enough: the search stops at a point that costs no more. None: only the gap counts.
    pub target: Option<f64>,
    /// Values of some columns to start from, as place and value.
    pub start: Vec<(usize, f64)>,
}

impl MilpOptions {
    /// Solve to the end: gap 0, no limits.
    #[must_use]
    pub fn exact() -> Self {
        Self {
            gap: 0.0,
            time_limit_s: None,
            node_limit: None,
            seed: 0,
            presolve: true,
            target: None,
            start: Vec::new(),
        }
    }
}

/// How a MILP solve ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MilpStatus {
    /// The gap is reached.
    Optimal,
    /// No point satisfies the rows.
    Infeasible,
    /// The cost has no lower limit.
    Unbounded,
    /// A limit came first.
    Limit,
    /// It was cancelled.
    Cancelled,
}

/// Where a solve of a linear program ended: which columns and rows are at a bound. A solve of a model of the same shape that
/// starts there has little to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Basis {
    /// One status of the back-end for each column and row.
    pub(super) columns: Vec<i32>,
    pub(super) rows: Vec<i32>,
}

/// What a MILP solve found.
#[derive(Debug, Clone, PartialEq)]
pub struct MilpSolution {
    /// How it ended.
    pub status: MilpStatus,
    /// One value for each column, where a feasible point was found.
    pub values: Option<Vec<f64>>,
    /// Cost of the point; infinite without one.
    pub objective: f64,
    /// No point costs less; minus infinity where nothing is proved.
    pub bound: f64,
    /// Branch-and-bound nodes.
    pub nodes: u64,
    /// One price for each row: what the objective changes by for each unit that the limit of the row is raised. Only of a
    /// model without integer columns, solved to the end by a back-end that tells it.
    pub row_duals: Option<Vec<f64>>,
    /// The same for the bounds of each column.
    pub reduced_costs: Option<Vec<f64>>,
    /// Where it ended, for [`super::Milp::start_from`]. Of the same models.
    pub basis: Option<Basis>,
}
