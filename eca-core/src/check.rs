//! Recomputes every limit, cost and gram from problem and plan (being written).
use crate::{Plan, Problem, plan::Totals};
use serde::Serialize;
use std::fmt;

/// One thing that is wrong with a plan.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// The rule that is broken, by its name in docs/model.md, or `document`, `totals`, `hash`.
    pub rule: String,
    /// The object, such as "region `london`".
    pub object: String,
    /// The period; none where the whole horizon is meant.
    pub period: Option<usize>,
    /// What is wrong, with value, limit and unit.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.period {
            Some(t) => write!(f, "{} {} in period {t}: {}", self.rule, self.object, self.message),
            None => write!(f, "{} {}: {}", self.rule, self.object, self.message),
        }
    }
}

/// What a check found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Check {
    /// Everything that is wrong; empty where the plan can be trusted.
    pub findings: Vec<Finding>,
    /// The totals as recomputed.
    pub totals: Totals,
}

impl Check {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }
}

impl Plan {
    /// Recomputes the plan from the problem and lists everything that is wrong.
    #[must_use]
    pub fn check(&self, _problem: &Problem) -> Check {
        Check { findings: Vec::new(), totals: self.totals }
    }
}
