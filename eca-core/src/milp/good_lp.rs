//! Any solver of good_lp; here microlp, which is pure Rust: a second opinion, and a build without C++.

use super::{Milp, MilpOptions, MilpSolution, MilpStatus};
use crate::{Control, Error, Result};
use good_lp::{
    Expression, ProblemVariables, ResolutionError, Solution, SolutionStatus, SolverModel, Variable, VariableDefinition,
    WithMipGap, WithTimeLimit, variable,
};

pub(super) fn solve(milp: &Milp, options: &MilpOptions, control: &Control) -> Result<MilpSolution> {
    if control.cancel.is_cancelled() {
        return Err(Error::Cancelled);
    }
    let mut variables = ProblemVariables::new();
    let columns: Vec<Variable> = (0..milp.columns()).map(|j| variables.add(definition(milp, j))).collect();
    let objective: Expression = columns.iter().zip(&milp.cost).map(|(&x, &cost)| cost * x).sum();
    let mut model = variables.minimise(objective).using(good_lp::microlp);
    for i in 0..milp.rows() {
        let activity: Expression = milp.terms(i).map(|(j, value)| value * columns[j]).sum();
        let (lower, upper) = (milp.row_lower[i], milp.row_upper[i]);
        if lower == upper {
            model.add_constraint(activity.eq(lower));
            continue;
        }
        if lower.is_finite() {
            model.add_constraint(activity.clone().geq(lower));
        }
        if upper.is_finite() {
            model.add_constraint(activity.leq(upper));
        }
    }
    // The gap of good_lp is f32.
    #[allow(clippy::cast_possible_truncation)]
    let mut model = model.with_mip_gap(options.gap as f32).map_err(|e| failed(&e.to_string()))?;
    if let Some(limit) = options.time_limit_s {
        model = model.with_time_limit(limit.max(0.001));
    }
    answer(milp, &columns, model.solve())
}

fn definition(milp: &Milp, j: usize) -> VariableDefinition {
    let definition = variable().min(milp.lower[j]).max(milp.upper[j]);
    if milp.integer[j] { definition.integer() } else { definition }
}

fn failed(message: &str) -> Error {
    Error::Solver { solver: "microlp".into(), message: message.into(), source: None }
}

fn answer<S: Solution>(
    milp: &Milp,
    columns: &[Variable],
    result: std::result::Result<S, ResolutionError>,
) -> Result<MilpSolution> {
    // good_lp hands on no duals of microlp.
    let found = |status, values, objective, bound| MilpSolution {
        status,
        values,
        objective,
        bound,
        nodes: 0,
        row_duals: None,
        reduced_costs: None,
        basis: None,
    };
    let none = |status| found(status, None, f64::INFINITY, f64::NEG_INFINITY);
    match result {
        Ok(solution) => {
            let values: Vec<f64> = columns.iter().map(|&x| solution.value(x)).collect();
            let objective = milp.objective(&values);
            let (status, bound) = match solution.status() {
                SolutionStatus::Optimal => (MilpStatus::Optimal, objective),
                // good_lp does not say what was proved.
                SolutionStatus::GapLimit => (MilpStatus::Optimal, f64::NEG_INFINITY),
                SolutionStatus::TimeLimit => (MilpStatus::Limit, f64::NEG_INFINITY),
            };
            Ok(found(status, Some(values), objective, bound))
        }
        Err(ResolutionError::Infeasible) => Ok(none(MilpStatus::Infeasible)),
        Err(ResolutionError::Unbounded) => Ok(none(MilpStatus::Unbounded)),
        Err(ResolutionError::Other("NoSolutionFound")) => Ok(none(MilpStatus::Limit)),
        Err(error) => Err(failed(&error.to_string())),
    }
}
