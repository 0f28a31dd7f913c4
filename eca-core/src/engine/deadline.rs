//! The only reader of the monotonic clock: how long a solve has taken and what is left of its budget.

use std::time::Instant;

/// A stopwatch with an optional budget.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Deadline {
    start: Instant,
    budget_s: Option<f64>,
}

impl Deadline {
    /// Starts now.
    #[allow(clippy::disallowed_methods)]
    pub(crate) fn start(budget_s: Option<f64>) -> Self {
        Self { start: Instant::now(), budget_s }
    }

    /// Seconds since the start.
    pub(crate) fn elapsed_s(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// Seconds left of the budget, not below zero; none without a budget.
    pub(crate) fn left_s(&self) -> Option<f64> {
        self.budget_s.map(|budget| (budget - self.elapsed_s()).max(0.0))
    }

    /// The whole budget, s; none without one.
    pub(crate) fn budget_s(&self) -> Option<f64> {
        self.budget_s
    }

    /// Whether the budget is used up.
    pub(crate) fn is_over(&self) -> bool {
        self.left_s().is_some_and(|left| left <= 0.0)
    }
}
