//! What a linear program says its limits are worth: by hand, by duality, and by moving each limit.
#![cfg(feature = "highs")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stdout, unreachable_pub, missing_docs)]

#[path = "milp_brute_force/instances.rs"]
mod instances;
#[allow(dead_code, reason = "its models are drawn here, not judged")]
#[path = "milp_brute_force/judge.rs"]
mod judge;

use eca_core::milp::{self, Milp, MilpOptions, MilpSolution, MilpStatus, Tag};
use eca_core::{Control, Solver};
use instances::Dice;

const INF: f64 = f64::INFINITY;

fn tag() -> Tag {
    Tag::new("test")
}

fn solve(milp: &Milp) -> MilpSolution {
    milp::solve(milp, Solver::Highs, &MilpOptions::exact(), &Control::default()).unwrap()
}

fn close(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-6 * b.abs().max(1.0)
}

/// `min 2x + 3y`, `x + y >= 4`, `x <= 3`: x = 3, y = 1. One unit more wanted costs 3; one unit more of x saves 1.
#[test]
fn a_dual_is_what_raising_the_limit_costs() {
    let mut m = Milp::new();
    let x = m.continuous(0.0, 3.0, 2.0, tag());
    let y = m.continuous(0.0, INF, 3.0, tag());
    m.row(4.0, INF, &[(x, 1.0), (y, 1.0)], tag());
    let answer = solve(&m);
    assert_eq!((answer.status, answer.objective), (MilpStatus::Optimal, 9.0));
    assert_eq!(answer.row_duals, Some(vec![3.0]));
    assert_eq!(answer.reduced_costs, Some(vec![-1.0, 0.0]));
}

/// `min -5x`, `x + y <= 4`, `y >= 1`: capacity at the top of a row has a price below zero: raising it saves 5.
#[test]
fn an_upper_limit_has_a_dual_below_zero() {
    let mut m = Milp::new();
    let x = m.continuous(0.0, INF, -5.0, tag());
    let y = m.continuous(1.0, INF, 0.0, tag());
    m.row(-INF, 4.0, &[(x, 1.0), (y, 1.0)], tag());
    m.row(-INF, 9.0, &[(x, 1.0)], tag());
    let answer = solve(&m);
    assert_eq!(answer.objective, -15.0);
    assert_eq!(answer.row_duals, Some(vec![-5.0, 0.0]));
    assert_eq!(answer.reduced_costs, Some(vec![0.0, 5.0]));
}

/// An equality may have a price of either sign: `min x`, `x - y = -2`, `y = 5`.
#[test]
fn an_equality_has_the_price_of_its_right_hand_side() {
    let mut m = Milp::new();
    let x = m.continuous(-INF, INF, 1.0, tag());
    let y = m.continuous(-INF, INF, 0.0, tag());
    m.row(-2.0, -2.0, &[(x, 1.0), (y, -1.0)], tag());
    m.row(5.0, 5.0, &[(y, 1.0)], tag());
    let answer = solve(&m);
    assert_eq!(answer.objective, 3.0);
    assert_eq!(answer.row_duals, Some(vec![1.0, 1.0]));
}

#[test]
fn only_a_finished_linear_program_has_duals() {
    let mut whole = Milp::new();
    let z = whole.integer(0.0, 9.0, 1.0, tag());
    whole.row(2.5, INF, &[(z, 1.0)], tag());
    let answer = solve(&whole);
    assert_eq!(answer.objective, 3.0);
    assert_eq!((answer.row_duals, answer.reduced_costs), (None, None));

    let mut empty = Milp::new();
    let x = empty.continuous(0.0, 1.0, 1.0, tag());
    empty.row(2.0, INF, &[(x, 1.0)], tag());
    let answer = solve(&empty);
    assert_eq!(answer.status, MilpStatus::Infeasible);
    assert_eq!((answer.row_duals, answer.reduced_costs), (None, None));
}

/// The model of a seed as it was drawn: bounds and rows by place.
struct Drawn {
    lower: Vec<f64>,
    upper: Vec<f64>,
    cost: Vec<f64>,
    rows: Vec<(f64, f64, Vec<f64>)>,
}

impl Drawn {
    fn new(seed: u64) -> Self {
        let model = instances::instance(seed).model;
        #[allow(clippy::cast_precision_loss)]
        let real = |value: i64| value as f64;
        let limit = |value: Option<i64>, open: f64| value.map_or(open, real);
        Self {
            lower: model.columns.iter().map(|c| limit(c.lower, -INF)).collect(),
            upper: model.columns.iter().map(|c| limit(c.upper, INF)).collect(),
            cost: model.columns.iter().map(|c| real(c.cost)).collect(),
            rows: model
                .rows
                .iter()
                .map(|r| (limit(r.lower, -INF), limit(r.upper, INF), r.coefficients.iter().map(|&a| real(a)).collect()))
                .collect(),
        }
    }

    fn milp(&self) -> Milp {
        let mut m = Milp::new();
        let columns: Vec<_> =
            (0..self.cost.len()).map(|j| m.continuous(self.lower[j], self.upper[j], self.cost[j], tag())).collect();
        for (lower, upper, coefficients) in &self.rows {
            let terms: Vec<_> = columns.iter().copied().zip(coefficients.iter().copied()).collect();
            m.row(*lower, *upper, &terms, tag());
        }
        m
    }
}

/// What a price brings at its limit: the lower one where it is above zero, the upper one below.
fn worth(price: f64, lower: f64, upper: f64) -> f64 {
    if price.abs() < 1e-9 { 0.0 } else { price * if price > 0.0 { lower } else { upper } }
}

/// Strong duality, and `reduced cost = cost - sum of dual * coefficient`, on 2,000 random models.
#[test]
fn prices_add_up_to_the_objective() {
    let (mut solved, mut priced) = (0, 0);
    for seed in 1..=2000 {
        let drawn = Drawn::new(seed);
        let answer = solve(&drawn.milp());
        if answer.status != MilpStatus::Optimal {
            continue;
        }
        solved += 1;
        let (duals, reduced) = (answer.row_duals.unwrap(), answer.reduced_costs.unwrap());
        let mut sum = 0.0;
        for (j, &z) in reduced.iter().enumerate() {
            let through: f64 = drawn.rows.iter().zip(&duals).map(|((.., a), y)| a[j] * y).sum();
            assert!(close(z, drawn.cost[j] - through), "seed {seed}, column {j}: {z}");
            sum += worth(z, drawn.lower[j], drawn.upper[j]);
        }
        for ((lower, upper, _), &y) in drawn.rows.iter().zip(&duals) {
            priced += usize::from(y.abs() > 1e-9);
            sum += worth(y, *lower, *upper);
        }
        assert!(close(sum, answer.objective), "seed {seed}: {sum} is not {}", answer.objective);
    }
    println!("duality on {solved} models, {priced} rows with a price");
    assert!(solved > 1000 && priced > 1000);
}

/// Raising or lowering the right-hand side of a row changes the objective by no less than the dual says (the objective is
/// convex in it), and at most places by just that.
#[test]
fn duals_lie_between_one_sided_differences() {
    let step = 1e-3;
    let (mut compared, mut exact) = (0, 0);
    let mut dice = Dice::new(7);
    for seed in 1..=1000 {
        let drawn = Drawn::new(seed);
        let answer = solve(&drawn.milp());
        if answer.status != MilpStatus::Optimal {
            continue;
        }
        let i = usize::try_from(dice.range(0, i64::try_from(drawn.rows.len()).unwrap() - 1)).unwrap();
        let moved = |by: f64| {
            let mut other = Drawn::new(seed);
            other.rows[i].0 += by;
            other.rows[i].1 += by;
            let answer = solve(&other.milp());
            (answer.status == MilpStatus::Optimal).then_some(answer.objective)
        };
        let dual = answer.row_duals.unwrap()[i];
        let right = moved(step).map_or(INF, |value| (value - answer.objective) / step);
        let left = moved(-step).map_or(-INF, |value| (answer.objective - value) / step);
        // A row with room on both sides has a price only where moving both of its limits does.
        assert!(left - 1e-5 <= dual && dual <= right + 1e-5, "seed {seed}, row {i}: {left} <= {dual} <= {right}");
        compared += 1;
        exact += usize::from((right - left).abs() < 1e-5);
    }
    println!("{compared} rows compared, {exact} of them with the same difference on both sides");
    assert!(compared > 500 && exact * 4 > compared);
}

/// `min 2x + 3y`, `x + y >= 4`, `x <= 3`, and then with other limits: the answer is the same from where another solve ended.
#[test]
fn a_solve_that_begins_where_another_ended_has_the_same_answer() {
    let model = |most_x: f64, wanted: f64| {
        let mut m = Milp::new();
        let x = m.continuous(0.0, most_x, 2.0, tag());
        let y = m.continuous(0.0, 5.0, 3.0, tag());
        m.row(wanted, INF, &[(x, 1.0), (y, 1.0)], tag());
        m
    };
    let basis = solve(&model(3.0, 4.0)).basis;
    assert!(basis.is_some());
    for (most_x, wanted, objective) in [(3.0, 4.0, 9.0), (1.0, 4.0, 11.0), (8.0, 6.0, 12.0), (0.0, 1.0, 3.0)] {
        let mut m = model(most_x, wanted);
        m.start_from(basis.clone());
        let answer = solve(&m);
        assert_eq!((answer.status, answer.objective), (MilpStatus::Optimal, objective));
    }
    let mut none = model(3.0, 9.0);
    none.start_from(basis.clone());
    assert_eq!(solve(&none).status, MilpStatus::Infeasible);
    // Of another shape, or with integers, it is not used.
    let mut other = model(3.0, 4.0);
    let z = other.integer(0.0, 9.0, 1.0, tag());
    other.row(2.0, INF, &[(z, 2.0)], tag());
    other.start_from(basis);
    assert_eq!(solve(&other).objective, 10.0);
}
