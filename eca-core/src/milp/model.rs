//! Columns, rows and their names.

use super::Basis;
use std::fmt;

/// What a column or row stands for: a rule, the object it is about, and the period.
///
/// Printed as `rule[object,part,period]`, parts that do not apply left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tag {
    /// The rule, by the name it has in docs/model.md.
    pub rule: &'static str,
    /// Index of the object (region, job instance, service, battery, cap).
    pub object: Option<u32>,
    /// Index of a part (region of a job, operating point).
    pub part: Option<u32>,
    /// The period.
    pub period: Option<u32>,
}

impl Tag {
    /// A tag without object.
    #[must_use]
    pub fn new(rule: &'static str) -> Self {
        Self { rule, object: None, part: None, period: None }
    }

    /// With the object.
    #[must_use]
    pub fn object(mut self, index: usize) -> Self {
        self.object = u32::try_from(index).ok();
        self
    }

    /// With the part.
    #[must_use]
    pub fn part(mut self, index: usize) -> Self {
        self.part = u32::try_from(index).ok();
        self
    }

    /// With the period.
    #[must_use]
    pub fn period(mut self, t: usize) -> Self {
        self.period = u32::try_from(t).ok();
        self
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.rule)?;
        let mut separator = '[';
        for index in [self.object, self.part, self.period].into_iter().flatten() {
            write!(f, "{separator}{index}")?;
            separator = ',';
        }
        if separator == ',' { f.write_str("]") } else { Ok(()) }
    }
}

/// A column of a [`Milp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Col(pub(crate) u32);

impl Col {
    /// Its place in the order of adding.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A row of a [`Milp`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub(crate) u32);

impl Row {
    /// Its place in the order of adding.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A coefficient this small is rounding: HiGHS drops it too, and says so with a warning that we take as a refusal.
const LEAST_COEFFICIENT: f64 = 1e-9;

/// A mixed-integer linear model, to be minimised, rows in compressed form.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Milp {
    pub(crate) lower: Vec<f64>,
    pub(crate) upper: Vec<f64>,
    pub(crate) cost: Vec<f64>,
    pub(crate) integer: Vec<bool>,
    pub(crate) column_tags: Vec<Tag>,
    pub(crate) row_lower: Vec<f64>,
    pub(crate) row_upper: Vec<f64>,
    pub(crate) row_tags: Vec<Tag>,
    pub(crate) starts: Vec<usize>,
    pub(crate) index: Vec<u32>,
    pub(crate) value: Vec<f64>,
    /// Where a solve begins; only of a model without integer columns.
    pub(super) basis: Option<Basis>,
    scratch: Vec<(u32, f64)>,
}

impl Milp {
    /// An empty model.
    #[must_use]
    pub fn new() -> Self {
        Self { starts: vec![0], ..Self::default() }
    }

    /// Adds a continuous column.
    pub fn continuous(&mut self, lower: f64, upper: f64, cost: f64, tag: Tag) -> Col {
        self.column(lower, upper, cost, false, tag)
    }

    /// Adds an integer column.
    pub fn integer(&mut self, lower: f64, upper: f64, cost: f64, tag: Tag) -> Col {
        self.column(lower, upper, cost, true, tag)
    }

    /// Adds a column that is 0 or 1.
    pub fn binary(&mut self, cost: f64, tag: Tag) -> Col {
        self.column(0.0, 1.0, cost, true, tag)
    }

    fn column(&mut self, lower: f64, upper: f64, cost: f64, integer: bool, tag: Tag) -> Col {
        let col = Col(u32::try_from(self.lower.len()).unwrap_or(u32::MAX));
        self.lower.push(lower);
        self.upper.push(upper);
        self.cost.push(cost);
        self.integer.push(integer);
        self.column_tags.push(tag);
        col
    }

    /// Adds `lower <= sum of terms <= upper`. Terms of the same column are added up; zeros are left out.
    pub fn row(&mut self, lower: f64, upper: f64, terms: &[(Col, f64)], tag: Tag) -> Row {
        let row = Row(u32::try_from(self.row_lower.len()).unwrap_or(u32::MAX));
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        scratch.extend(terms.iter().map(|&(col, value)| (col.0, value)));
        scratch.sort_by_key(|&(col, _)| col);
        let mut at = 0;
        while let Some(&(col, first)) = scratch.get(at) {
            let mut sum = first;
            at += 1;
            while let Some(&(next, value)) = scratch.get(at)
                && next == col
            {
                sum += value;
                at += 1;
            }
            // NaN stays, so that `is_well_formed` sees it.
            if sum.abs() > LEAST_COEFFICIENT || sum.is_nan() {
                self.index.push(col);
                self.value.push(sum);
            }
        }
        self.scratch = scratch;
        self.starts.push(self.index.len());
        self.row_lower.push(lower);
        self.row_upper.push(upper);
        self.row_tags.push(tag);
        row
    }

    /// Adds to the cost of a column.
    pub fn add_cost(&mut self, col: Col, cost: f64) {
        if let Some(present) = self.cost.get_mut(col.index()) {
            *present += cost;
        }
    }

    /// Sets the bounds of a column.
    pub fn set_bounds(&mut self, col: Col, lower: f64, upper: f64) {
        if let (Some(l), Some(u)) = (self.lower.get_mut(col.index()), self.upper.get_mut(col.index())) {
            *l = lower;
            *u = upper;
        }
    }

    /// Where the solve of a model of this shape ended: this one begins there, if the back-end can. It changes how long a solve
    /// takes and, where several points are best, which one is found.
    pub fn start_from(&mut self, basis: Option<Basis>) {
        self.basis = basis;
    }

    /// Fixes the column at place `j`, as near to a value as its bounds allow.
    pub fn fix(&mut self, j: usize, value: f64) {
        let value = value.clamp(self.lower[j], self.upper[j]);
        self.lower[j] = value;
        self.upper[j] = value;
    }

    /// The cost of a column.
    #[must_use]
    pub fn cost(&self, col: Col) -> f64 {
        self.cost[col.index()]
    }

    /// The upper bound of a column.
    #[must_use]
    pub fn upper(&self, col: Col) -> f64 {
        self.upper[col.index()]
    }

    /// Replaces the cost of every column; the function is given its place.
    pub fn set_cost(&mut self, col: Col, cost: f64) {
        if let Some(known) = self.cost.get_mut(col.index()) {
            *known = cost;
        }
    }

    /// Gives every column the cost that a function of its index says.
    pub fn set_costs(&mut self, cost_of: impl Fn(usize) -> f64) {
        for (j, cost) in self.cost.iter_mut().enumerate() {
            *cost = cost_of(j);
        }
    }

    /// The columns of one rule.
    pub fn columns_of(&self, rule: &str) -> impl Iterator<Item = Col> + use<'_> {
        let rule = rule.to_owned();
        (0_u32..).zip(&self.column_tags).filter(move |(_, tag)| tag.rule == rule).map(|(j, _)| Col(j))
    }

    /// A copy in which every integer column is fixed at its rounded value: an LP.
    #[must_use]
    pub fn fixed(&self, values: &[f64]) -> Self {
        let mut lp = self.clone();
        for (j, value) in values.iter().enumerate().filter(|&(j, _)| self.integer.get(j) == Some(&true)) {
            lp.lower[j] = value.round();
            lp.upper[j] = value.round();
            lp.integer[j] = false;
        }
        lp
    }

    /// A copy in which integer columns may take any value between their bounds.
    #[must_use]
    pub fn relaxed(&self) -> Self {
        Self { integer: vec![false; self.integer.len()], ..self.clone() }
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.lower.len()
    }

    /// Number of integer columns.
    #[must_use]
    pub fn integers(&self) -> usize {
        self.integer.iter().filter(|&&integer| integer).count()
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.row_lower.len()
    }

    /// Number of nonzeros.
    #[must_use]
    pub fn nonzeros(&self) -> usize {
        self.index.len()
    }

    /// What a column stands for.
    #[must_use]
    pub fn column_tag(&self, col: Col) -> Tag {
        self.column_tags[col.index()]
    }

    /// Cost of a point.
    #[must_use]
    pub fn objective(&self, values: &[f64]) -> f64 {
        self.cost.iter().zip(values).map(|(cost, value)| cost * value).sum()
    }

    /// The terms of a row, as column and coefficient.
    pub fn terms(&self, row: usize) -> impl Iterator<Item = (usize, f64)> + '_ {
        let range = self.starts[row]..self.starts[row + 1];
        self.index[range.clone()].iter().map(|&col| col as usize).zip(self.value[range].iter().copied())
    }

    /// The largest violation of a bound, row or integrality at a point.
    #[must_use]
    pub fn violation(&self, values: &[f64]) -> f64 {
        let outside = |value: f64, lower: f64, upper: f64| (lower - value).max(value - upper).max(0.0);
        let columns = values.iter().enumerate().map(|(j, &value)| {
            let fraction = if self.integer[j] { (value - value.round()).abs() } else { 0.0 };
            outside(value, self.lower[j], self.upper[j]).max(fraction)
        });
        let rows = (0..self.rows()).map(|i| {
            let activity = self.terms(i).map(|(j, value)| value * values[j]).sum();
            outside(activity, self.row_lower[i], self.row_upper[i])
        });
        columns.chain(rows).fold(0.0, f64::max)
    }

    /// Whether every number is one a solver may see: no NaN, no infinite cost or coefficient, bounds in order.
    #[must_use]
    pub fn is_well_formed(&self) -> bool {
        let ordered = |lower: &[f64], upper: &[f64]| {
            lower.iter().zip(upper).all(|(l, u)| l <= u && *l < f64::INFINITY && *u > f64::NEG_INFINITY)
        };
        self.cost.iter().chain(&self.value).all(|value| value.is_finite())
            && ordered(&self.lower, &self.upper)
            && ordered(&self.row_lower, &self.row_upper)
    }
}
