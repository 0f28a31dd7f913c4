//! The exact minimum of a tiny model, found without any solver: every integer point, and for each of them every
//! vertex of what is left, in fractions of `i128`. Shares nothing with the solvers.

use eca_core::milp::{Col, Milp, Tag};
use std::cmp::Ordering;

/// One column; no bound is `None`.
#[derive(Debug, Clone)]
pub struct Column {
    pub lower: Option<i64>,
    pub upper: Option<i64>,
    pub cost: i64,
    pub integer: bool,
}

/// One row: `lower <= sum of coefficients * columns <= upper`.
#[derive(Debug, Clone)]
pub struct Row {
    pub lower: Option<i64>,
    pub upper: Option<i64>,
    pub coefficients: Vec<i64>,
}

/// A model of whole numbers. Costs and rows are divided by `scale` before a solver sees them, so that a model with
/// decimals is a model of whole numbers here; column bounds are not divided.
#[derive(Debug, Clone)]
pub struct Model {
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    pub scale: i64,
}

/// `num / den`, `den > 0`.
#[derive(Debug, Clone, Copy)]
pub struct Fraction {
    pub num: i128,
    pub den: i128,
}

impl Fraction {
    #[allow(clippy::cast_precision_loss)]
    pub fn value(self) -> f64 {
        self.num as f64 / self.den as f64
    }

    fn cmp(self, other: Self) -> Ordering {
        (self.num * other.den).cmp(&(other.num * self.den))
    }
}

/// `sum of a * x = b`: where a bound or row is tight.
type Plane = (Vec<i128>, i128);

impl Model {
    /// The model as the solvers get it.
    #[allow(clippy::cast_precision_loss)]
    pub fn milp(&self) -> Milp {
        let scale = self.scale as f64;
        let bound = |value: Option<i64>, none: f64| value.map_or(none, |v| v as f64);
        let mut milp = Milp::new();
        let columns: Vec<Col> = self
            .columns
            .iter()
            .enumerate()
            .map(|(j, c)| {
                let (lower, upper) = (bound(c.lower, f64::NEG_INFINITY), bound(c.upper, f64::INFINITY));
                let (cost, tag) = (c.cost as f64 / scale, Tag::new("column").object(j));
                if c.integer { milp.integer(lower, upper, cost, tag) } else { milp.continuous(lower, upper, cost, tag) }
            })
            .collect();
        for (i, row) in self.rows.iter().enumerate() {
            let terms: Vec<(Col, f64)> =
                columns.iter().zip(&row.coefficients).map(|(&col, &a)| (col, a as f64 / scale)).collect();
            let (lower, upper) = (bound(row.lower, f64::NEG_INFINITY), bound(row.upper, f64::INFINITY));
            milp.row(lower / scale, upper / scale, &terms, Tag::new("row").object(i));
        }
        milp
    }

    /// The least cost, not divided by `scale`; none where nothing is feasible.
    ///
    /// Integer columns need both bounds; the continuous ones must leave no line free, and the cost must have a minimum.
    pub fn minimum(&self) -> Option<Fraction> {
        let (whole, fluid): (Vec<usize>, Vec<usize>) = (0..self.columns.len()).partition(|&j| self.columns[j].integer);
        let bounds = |j: usize| (self.columns[j].lower.unwrap(), self.columns[j].upper.unwrap());
        if whole.iter().any(|&j| bounds(j).0 > bounds(j).1) {
            return None;
        }
        let mut point = vec![0_i128; self.columns.len()];
        whole.iter().for_each(|&j| point[j] = i128::from(bounds(j).0));
        let mut best: Option<Fraction> = None;
        loop {
            if let Some(found) = self.best_vertex(&fluid, &point)
                && best.is_none_or(|known| found.cmp(known) == Ordering::Less)
            {
                best = Some(found);
            }
            // The next integer point, as an odometer.
            let Some(&turn) = whole.iter().find(|&&j| point[j] < i128::from(bounds(j).1)) else { return best };
            point[turn] += 1;
            whole.iter().take_while(|&&j| j != turn).for_each(|&j| point[j] = i128::from(bounds(j).0));
        }
    }

    /// The cheapest vertex of the continuous columns for a given integer point (their places hold zero).
    fn best_vertex(&self, fluid: &[usize], point: &[i128]) -> Option<Fraction> {
        let fixed: i128 = self.columns.iter().zip(point).map(|(c, x)| i128::from(c.cost) * x).sum();
        // What is left of each row: coefficients of the continuous columns, and limits less the integer part.
        let rows: Vec<(Vec<i128>, Option<i128>, Option<i128>)> = self
            .rows
            .iter()
            .map(|row| {
                let done: i128 = row.coefficients.iter().zip(point).map(|(&a, x)| i128::from(a) * x).sum();
                let rest = |limit: Option<i64>| limit.map(|limit| i128::from(limit) - done);
                let a = fluid.iter().map(|&j| i128::from(row.coefficients[j])).collect();
                (a, rest(row.lower), rest(row.upper))
            })
            .chain(fluid.iter().enumerate().map(|(k, &j)| {
                let a = (0..fluid.len()).map(|i| i128::from(i == k)).collect();
                (a, self.columns[j].lower.map(i128::from), self.columns[j].upper.map(i128::from))
            }))
            .collect();
        let feasible = |x: &[i128], den: i128| {
            rows.iter().all(|(a, lower, upper)| {
                let activity: i128 = a.iter().zip(x).map(|(a, x)| a * x).sum();
                lower.is_none_or(|l| activity >= l * den) && upper.is_none_or(|u| activity <= u * den)
            })
        };
        if fluid.is_empty() {
            return feasible(&[], 1).then_some(Fraction { num: fixed, den: 1 });
        }
        if rows
            .iter()
            .any(|(a, l, u)| a.iter().all(|&a| a == 0) && (l.is_some_and(|l| l > 0) || u.is_some_and(|u| u < 0)))
        {
            return None;
        }
        let planes: Vec<Plane> = rows
            .iter()
            .filter(|(a, ..)| a.iter().any(|&a| a != 0))
            .flat_map(|(a, lower, upper)| {
                let second = upper.filter(|u| Some(*u) != *lower);
                lower.iter().copied().chain(second).map(|limit| (a.clone(), limit)).collect::<Vec<_>>()
            })
            .collect();
        let mut best: Option<Fraction> = None;
        let mut pick = vec![0_usize; fluid.len()];
        subsets(planes.len(), &mut pick, 0, 0, &mut |pick| {
            let Some((x, den)) = intersection(&planes, pick) else { return };
            if !feasible(&x, den) {
                return;
            }
            let cost: i128 = fluid.iter().zip(&x).map(|(&j, x)| i128::from(self.columns[j].cost) * x).sum();
            let found = Fraction { num: fixed * den + cost, den };
            if best.is_none_or(|known| found.cmp(known) == Ordering::Less) {
                best = Some(found);
            }
        });
        best
    }
}

/// Calls `f` with every subset of `pick.len()` of the first `n` numbers.
fn subsets(n: usize, pick: &mut [usize], depth: usize, from: usize, f: &mut impl FnMut(&[usize])) {
    if depth == pick.len() {
        f(pick);
        return;
    }
    for i in from..n {
        pick[depth] = i;
        subsets(n, pick, depth + 1, i + 1, f);
    }
}

/// Where the picked planes meet in one point, by Cramer's rule: numerators and their common denominator.
fn intersection(planes: &[Plane], pick: &[usize]) -> Option<(Vec<i128>, i128)> {
    let n = pick.len();
    let matrix = |replaced: Option<usize>| -> Vec<Vec<i128>> {
        pick.iter()
            .map(|&i| (0..n).map(|k| if replaced == Some(k) { planes[i].1 } else { planes[i].0[k] }).collect())
            .collect()
    };
    let den = determinant(&matrix(None));
    if den == 0 {
        return None;
    }
    let sign = den.signum();
    Some(((0..n).map(|k| sign * determinant(&matrix(Some(k)))).collect(), den.abs()))
}

fn determinant(m: &[Vec<i128>]) -> i128 {
    match m.len() {
        1 => m[0][0],
        2 => m[0][0] * m[1][1] - m[0][1] * m[1][0],
        3 => {
            m[0][0] * (m[1][1] * m[2][2] - m[1][2] * m[2][1]) - m[0][1] * (m[1][0] * m[2][2] - m[1][2] * m[2][0])
                + m[0][2] * (m[1][0] * m[2][1] - m[1][1] * m[2][0])
        }
        n => panic!("no determinant of {n} columns is needed"),
    }
}
