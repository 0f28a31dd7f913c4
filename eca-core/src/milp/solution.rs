//! What a back-end is asked for and what it answers.

use super::{Milp, Tag};
use std::collections::{BTreeMap, VecDeque};

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

impl Basis {
    /// The same basis for a model with more columns, which all stand at their lower bounds: columns and rows are known by
    /// their tags, those of the same tag by their order.
    #[must_use]
    pub fn carried(&self, from: &Milp, to: &Milp) -> Self {
        let columns = carry(&self.columns, &from.column_tags, &to.column_tags, AT_LOWER);
        let rows = carry(&self.rows, &from.row_tags, &to.row_tags, BASIC);
        Self { columns, rows }
    }
}

/// Statuses of a nonbasic column at its lower bound, and of a basic one.
const AT_LOWER: i32 = 0;
const BASIC: i32 = 1;

fn carry(status: &[i32], from: &[Tag], to: &[Tag], new: i32) -> Vec<i32> {
    let mut known: BTreeMap<Tag, VecDeque<i32>> = BTreeMap::new();
    for (&tag, &status) in from.iter().zip(status) {
        known.entry(tag).or_default().push_back(status);
    }
    to.iter().map(|tag| known.get_mut(tag).and_then(VecDeque::pop_front).unwrap_or(new)).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns of one rule by object, and rows by period.
    fn model(objects: &[usize], rows: usize) -> Milp {
        let mut milp = Milp::new();
        let columns: Vec<_> =
            objects.iter().map(|&object| milp.continuous(0.0, 1.0, 1.0, Tag::new("x").object(object))).collect();
        for t in 0..rows {
            milp.row(0.0, 1.0, &[(columns[0], 1.0)], Tag::new("row").period(t));
        }
        milp
    }

    #[test]
    fn a_basis_follows_its_columns_into_a_larger_model() {
        let small = Basis { columns: vec![1, 2], rows: vec![0, 1] };
        let carried = small.carried(&model(&[3, 7], 2), &model(&[1, 3, 5, 7], 3));
        assert_eq!(carried, Basis { columns: vec![0, 1, 0, 2], rows: vec![0, 1, 1] });
    }

    #[test]
    fn columns_with_one_tag_keep_their_order() {
        let small = Basis { columns: vec![1, 2], rows: vec![1] };
        let carried = small.carried(&model(&[4, 4], 1), &model(&[4, 4, 4], 1));
        assert_eq!(carried.columns, vec![1, 2, 0]);
    }
}
