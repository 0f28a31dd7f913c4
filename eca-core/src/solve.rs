//! The one `solve`: settings in, a plan and a report out.

use crate::{Error, Plan, Problem, Result, Warm};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a problem is solved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Engine {
    /// Picked by the size of the problem; the choice and its reason stand in the plan.
    #[default]
    Auto,
    /// The better of two simple policies, with energy dispatched as well as can be: an answer at once.
    Greedy,
    /// One MILP of the whole problem.
    Exact,
    /// Price and branch over schedules of whole jobs.
    Columns,
    /// Prices for capacity and energy, and one exact pricing of every job as proof: for very many jobs.
    Fleet,
}

impl Engine {
    /// Every engine with its name: the one list for Python, C, documents and the command line.
    pub const NAMES: &'static [(&'static str, Self)] = &[
        ("auto", Self::Auto),
        ("greedy", Self::Greedy),
        ("exact", Self::Exact),
        ("columns", Self::Columns),
        ("fleet", Self::Fleet),
    ];
}

/// Which MILP solver is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Solver {
    /// HiGHS where it is built in, else microlp.
    #[default]
    Auto,
    /// HiGHS (feature `highs`).
    Highs,
    /// microlp through good_lp (feature `microlp`): pure Rust, for small problems and second opinions.
    Microlp,
}

impl Solver {
    /// Every solver with its name: the one list for Python, C and the command line.
    pub const NAMES: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("highs", Self::Highs), ("microlp", Self::Microlp)];
}

/// Name, `Display` and `FromStr` of a choice, all from its `NAMES`.
macro_rules! named {
    ($choice:ident, $field:literal) => {
        impl $choice {
            /// Its name in Python, C, documents and on the command line.
            #[must_use]
            pub fn name(self) -> &'static str {
                Self::NAMES.iter().find(|(_, choice)| *choice == self).map_or("", |(name, _)| name)
            }
        }

        impl fmt::Display for $choice {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.name())
            }
        }

        impl FromStr for $choice {
            type Err = Error;

            /// The choice of that name; [`Error::Unknown`] lists those that exist.
            fn from_str(name: &str) -> Result<Self> {
                let found = Self::NAMES.iter().find(|(known, _)| *known == name);
                found.map(|(_, choice)| *choice).ok_or_else(|| Error::Unknown {
                    object: "solve".into(),
                    field: $field,
                    kind: $field,
                    id: name.into(),
                    known: Self::NAMES.iter().map(|(known, _)| *known).collect::<Vec<_>>().join(", "),
                })
            }
        }
    };
}

named!(Engine, "engine");
named!(Solver, "solver");

/// What a solve may use and how good its answer must be.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The engine.
    pub engine: Engine,
    /// The MILP solver.
    pub solver: Solver,
    /// Stop when `(objective - bound) / max(1, |objective|)` is at most this; 1e-4 by default.
    pub gap: f64,
    /// Stop after so many seconds with the best plan so far; none by default. The answer then depends on the machine.
    pub time_limit_s: Option<f64>,
    /// Stop after so many branch-and-bound nodes; none by default. The answer is the same on every run.
    pub node_limit: Option<u64>,
    /// Seed of the solver; 0 by default.
    pub seed: u32,
    /// Whether the plan compares itself with simple policies; true by default.
    pub references: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            engine: Engine::Auto,
            solver: Solver::Auto,
            gap: 1e-4,
            time_limit_s: None,
            node_limit: None,
            seed: 0,
            references: true,
        }
    }
}

/// Stops a running solve from another thread.
#[derive(Debug, Clone, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// A token that has not been cancelled.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks the solve to stop; it returns the best plan so far, or [`crate::Error::Cancelled`].
    pub fn cancel(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

/// How far a solve has come.
///
/// A solve has one step or more: where a limit that was left out turns out to matter, or strict carbon caps are planned
/// in their order, a new step begins and its numbers replace those before. Within a step the best plan never gets dearer
/// and the bound never falls. The last word is that of the plan that is handed out.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Seconds since the solve began.
    pub elapsed_s: f64,
    /// Objective of the best plan of this step so far, GBP.
    pub incumbent_gbp: Option<f64>,
    /// No plan of this step has a lower objective, GBP.
    pub bound_gbp: Option<f64>,
    /// Branch-and-bound nodes of the whole solve so far.
    pub nodes: u64,
    /// Name of the engine at work; empty before one began.
    pub engine: &'static str,
    /// Which step, from 1.
    pub step: u32,
}

impl Progress {
    /// `(incumbent - bound) / max(1, |incumbent|)` where both are known.
    #[must_use]
    pub fn gap(&self) -> Option<f64> {
        let (incumbent, bound) = (self.incumbent_gbp?, self.bound_gbp?);
        Some((incumbent - bound).max(0.0) / incumbent.abs().max(1.0))
    }
}

/// A function that is called with the progress of a solve.
pub type OnProgress = Arc<dyn Fn(&Progress) + Send + Sync>;

/// What a caller may watch and stop.
#[derive(Default, Clone)]
#[non_exhaustive]
pub struct Control {
    /// Called with the progress from a thread of the solver, one call at a time: at once for a better plan, else at most
    /// fifty times a second, and once more with the plan that is handed out. A panic in it stops the solve.
    pub progress: Option<OnProgress>,
    /// Stops the solve.
    pub cancel: CancelToken,
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("progress", &self.progress.is_some())
            .field("cancel", &self.cancel.is_cancelled())
            .finish()
    }
}

/// Sizes and timings of a solve. They differ between runs and machines, so they are not part of the plan.
#[derive(Debug, Clone, PartialEq, Default, serde::Serialize)]
#[non_exhaustive]
pub struct SolveReport {
    /// The engine that made the plan.
    pub engine: String,
    /// The solver and its version.
    pub solver: String,
    /// Columns of the largest model.
    pub columns: usize,
    /// Integer columns of the largest model.
    pub integers: usize,
    /// Rows of the largest model.
    pub rows: usize,
    /// Nonzeros of the largest model.
    pub nonzeros: usize,
    /// Solver calls.
    pub solves: usize,
    /// Branch-and-bound nodes of all calls.
    pub nodes: u64,
    /// Seconds spent building models.
    pub build_s: f64,
    /// Seconds spent in the solver.
    pub solve_s: f64,
    /// Seconds from call to answer.
    pub wall_s: f64,
}

/// A plan and how it was found.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Solved {
    /// The plan, checked.
    pub plan: Plan,
    /// Sizes and timings.
    pub report: SolveReport,
    /// What the next solve may start from.
    pub warm: Warm,
}

impl Problem {
    /// Plans the problem. The plan has passed [`Plan::check`].
    ///
    /// # Errors
    /// [`crate::Error::Infeasible`] naming the limits in conflict, [`crate::Error::Solver`] if the solver is missing or fails.
    pub fn solve(&self, settings: &Settings) -> Result<Plan> {
        Ok(self.solve_with(settings, &Control::default())?.plan)
    }

    /// Plans the problem with progress and cancellation, and says how it went.
    ///
    /// # Errors
    /// As [`Problem::solve`], and [`crate::Error::Cancelled`] if it was stopped before a plan was found.
    pub fn solve_with(&self, settings: &Settings, control: &Control) -> Result<Solved> {
        self.solve_warm(settings, control, None)
    }

    /// Plans the problem, starting from what the last solve handed over: its prices, and its plan where it still holds.
    /// Where time is up before anything better is found, the last plan goes on.
    ///
    /// # Errors
    /// As [`Problem::solve_with`].
    pub fn solve_warm(&self, settings: &Settings, control: &Control, warm: Option<&Warm>) -> Result<Solved> {
        crate::engine::solve(self, settings, control, warm)
    }
}
