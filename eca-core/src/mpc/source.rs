//! Where the answer of a step comes from.

use crate::{Outcome, Plan};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the answer of a step comes from, the best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Source {
    /// A plan that is proved to be within the gap that was asked for.
    Optimal,
    /// The best plan in time.
    Incumbent,
    /// The last plan going on.
    Shifted,
    /// A simple policy.
    Greedy,
    /// Every period was committed before: nothing was planned.
    Committed,
    /// Nothing could be planned: what runs goes on where it must or may, batteries rest.
    Safe,
}

impl Source {
    pub(super) fn of(plan: &Plan) -> Self {
        match (plan.engine.as_str(), plan.outcome) {
            (_, Outcome::Optimal | Outcome::WithinGap) => Self::Optimal,
            ("shifted", _) => Self::Shifted,
            ("greedy", _) => Self::Greedy,
            _ => Self::Incumbent,
        }
    }

    /// Its name in documents, Python and C.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Optimal => "optimal",
            Self::Incumbent => "incumbent",
            Self::Shifted => "shifted",
            Self::Greedy => "greedy",
            Self::Committed => "committed",
            Self::Safe => "safe",
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
