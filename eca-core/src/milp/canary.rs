//! Three models that a published solver version answers wrongly and calls optimal.
//!
//! HiGHS 1.14.0 says 15, 10000 and 200.01 (HiGHS issues 3094 and 3073, highs-js issue 53). A solver that fails one
//! of them would plan wrongly without saying so, and is refused.

use super::{Milp, MilpSolution, MilpStatus, Tag};
use crate::Result;

const INF: f64 = f64::INFINITY;

/// Solves the three models; the text says which is wrong.
pub(super) fn check(solve: impl Fn(&Milp) -> Result<MilpSolution>) -> std::result::Result<(), String> {
    for (name, milp, optimum) in [("a", fixed_charge(), 9.0), ("b", on_off(), 8000.0), ("c", weighted(), 0.03)] {
        let solution = solve(&milp).map_err(|e| e.to_string())?;
        if solution.status != MilpStatus::Optimal || (solution.objective - optimum).abs() > 1e-5 {
            return Err(format!(
                "canary model {name} gave {:?} {} where the optimum is {optimum}; this solver build can't be trusted, use another version",
                solution.status, solution.objective
            ));
        }
    }
    Ok(())
}

fn tag() -> Tag {
    Tag::new("canary")
}

/// `min 2x + 3z`, `x + z >= 4.5`, `z` integer.
fn fixed_charge() -> Milp {
    let mut m = Milp::new();
    let x = m.continuous(0.0, 10.0, 2.0, tag());
    let z = m.integer(0.0, 10.0, 3.0, tag());
    m.row(4.5, INF, &[(x, 1.0), (z, 1.0)], tag());
    m
}

/// Two on/off sources of which one may run.
fn on_off() -> Milp {
    let mut m = Milp::new();
    let p = m.continuous(0.0, 1000.0, 0.0, tag());
    let q = m.continuous(0.0, 1000.0, 0.0, tag());
    let u = m.continuous(0.0, 1000.0, 10.0, tag());
    let v = m.continuous(0.0, 1000.0, 8.0, tag());
    let a = m.binary(0.0, tag());
    let b = m.binary(0.0, tag());
    m.row(-INF, 0.0, &[(p, 1.0), (a, -1000.0)], tag());
    m.row(-INF, 0.0, &[(q, 1.0), (b, -1000.0)], tag());
    m.row(1000.0, 1000.0, &[(p, 1.0), (u, 1.0)], tag());
    m.row(1000.0, 1000.0, &[(q, 1.0), (v, 1.0)], tag());
    m.row(-INF, 1.0, &[(a, 1.0), (b, 1.0)], tag());
    m
}

/// A dear slack beside a cheap one.
fn weighted() -> Milp {
    let mut m = Milp::new();
    let s = m.continuous(0.0, INF, 100.0, tag());
    let n = m.integer(0.0, 3.0, 0.0, tag());
    let w = m.continuous(-INF, INF, 0.01, tag());
    m.row(3.0, 3.0, &[(s, 1.0), (n, 1.0)], tag());
    m.row(-INF, 0.0, &[(n, 1.0), (w, -1.0)], tag());
    m.row(-INF, 0.0, &[(n, -1.0), (w, -1.0)], tag());
    m.row(0.45, INF, &[(n, 1.0)], tag());
    m
}
