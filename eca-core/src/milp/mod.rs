//! A small solver-neutral sparse model: named columns, named rows, and the solvers behind it.
//!
//! Rules of the mathematics write into a [`Milp`]; [`solve`] hands it to a back-end. No type of a solver library
//! appears here, so that a model can be tested, printed and solved by a second opinion.

mod canary;
#[cfg(feature = "microlp")]
mod good_lp;
#[cfg(feature = "highs")]
mod highs;
mod model;
mod solution;

pub use model::{Col, Milp, Row, Tag};
pub use solution::{Basis, MilpOptions, MilpSolution, MilpStatus};

use crate::{Control, Error, Result, Solver};
use std::sync::OnceLock;

/// microlp does not say its version; a test compares this with the lock file.
const MICROLP_VERSION: &str = "0.6.0";

/// Minimises the model.
///
/// Before the first solve of a process the back-end must give the right answers to three small models that a
/// published solver version got wrong; a wrong solver is refused.
///
/// # Errors
/// [`Error::Solver`] if the solver is not built in, is a wrong version or fails; [`Error::Cancelled`] if it was
/// stopped before it found anything.
pub fn solve(milp: &Milp, solver: Solver, options: &MilpOptions, control: &Control) -> Result<MilpSolution> {
    let backend = resolve(solver)?;
    trusted(backend)?;
    if !milp.is_well_formed() {
        return Err(Error::Internal { message: "a model with NaN, infinite coefficients or crossed bounds".into() });
    }
    run(backend, milp, options, control)
}

/// The name and version of the solver that [`solve`] would use.
///
/// # Errors
/// [`Error::Solver`] if it is not built in.
pub fn solver_version(solver: Solver) -> Result<(&'static str, String)> {
    Ok(match resolve(solver)? {
        #[cfg(feature = "highs")]
        Solver::Highs => ("highs", highs::version()),
        _ => ("microlp", MICROLP_VERSION.to_owned()),
    })
}

/// Which back-end a setting means in this build.
fn resolve(solver: Solver) -> Result<Solver> {
    let missing = |name: &str| Error::Solver {
        solver: name.into(),
        message: format!("not built in; build eca-core with feature `{name}`"),
        source: None,
    };
    match solver {
        Solver::Auto if cfg!(feature = "highs") => Ok(Solver::Highs),
        Solver::Auto if cfg!(feature = "microlp") => Ok(Solver::Microlp),
        Solver::Highs if cfg!(feature = "highs") => Ok(Solver::Highs),
        Solver::Microlp if cfg!(feature = "microlp") => Ok(Solver::Microlp),
        Solver::Highs | Solver::Auto => Err(missing("highs")),
        Solver::Microlp => Err(missing("microlp")),
    }
}

/// Runs the canaries of a back-end once in a process.
fn trusted(backend: Solver) -> Result<()> {
    static HIGHS: OnceLock<std::result::Result<(), String>> = OnceLock::new();
    static MICROLP: OnceLock<std::result::Result<(), String>> = OnceLock::new();
    let cell = if backend == Solver::Highs { &HIGHS } else { &MICROLP };
    cell.get_or_init(|| canary::check(|milp| run(backend, milp, &MilpOptions::exact(), &Control::default())))
        .clone()
        .map_err(|message| Error::Solver { solver: format!("{backend:?}").to_lowercase(), message, source: None })
}

#[allow(unused_variables, clippy::unnecessary_wraps)]
fn run(backend: Solver, milp: &Milp, options: &MilpOptions, control: &Control) -> Result<MilpSolution> {
    match backend {
        #[cfg(feature = "highs")]
        Solver::Highs => highs::solve(milp, options, control),
        #[cfg(feature = "microlp")]
        Solver::Microlp => good_lp::solve(milp, options, control),
        _ => Err(Error::Solver { solver: "none".into(), message: "no solver is built in".into(), source: None }),
    }
}
