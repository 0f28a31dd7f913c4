//! The work of a job and the window in which it may be done.
//!
//! ```text
//! q_l = rate * h / work                    w = 1 - done / work
//! ceil(w / q_l - 1e-9) periods at point l do it;  done when sum(q) >= w - 1e-9
//! a = first period that starts at or after earliest_start      b = periods that end at or before deadline
//! ```

use super::quantity::FRAC;
use crate::{Horizon, Job};

/// Amounts of work.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Work {
    /// All of the work, in inferences or GPU hours.
    pub total: f64,
    /// The part still to do, `w`.
    pub left: f64,
    /// The part that one period at each point does, `q_l`.
    pub per_period: Vec<f64>,
    /// Whether the job counts inferences.
    pub counts_inferences: bool,
}

impl Work {
    pub(super) fn new(job: &Job, h: f64) -> Self {
        let counts_inferences = job.inferences.is_some();
        let total = job.inferences.or(job.gpu_hours).unwrap_or(0.0);
        let state = job.state.as_ref();
        let before = state.map_or(0.0, |s| if counts_inferences { s.done_inferences } else { s.done_gpu_hours });
        let rates = job.points.iter().map(|p| if counts_inferences { p.inferences_per_h } else { p.gpu_hours_per_h });
        let per_period = rates.map(|rate| if total > 0.0 { rate.unwrap_or(0.0) * h / total } else { 0.0 }).collect();
        let left = if total > 0.0 { 1.0 - before / total } else { 0.0 };
        Self { total, left, per_period, counts_inferences }
    }

    /// The part that one period at point `l` does.
    pub(super) fn of_point(&self, l: usize) -> f64 {
        self.per_period.get(l).copied().unwrap_or(0.0)
    }

    /// Whether `part` does all that is left.
    pub(super) fn is_done(&self, part: f64) -> bool {
        part >= self.left - FRAC
    }

    /// `E_min` and `E_max`: least and most IT energy that any one point takes for the work left, MWh.
    pub(super) fn energy_range_mwh(&self, job: &Job, h: f64) -> (f64, f64) {
        let energies = job.points.iter().zip(&self.per_period).filter(|(_, q)| **q > 0.0).map(|(point, q)| {
            let periods = (self.left / q - FRAC).ceil().max(0.0);
            point.power_mw * h * periods
        });
        let (least, most) = energies.fold((f64::INFINITY, 0.0_f64), |(least, most), e| (least.min(e), most.max(e)));
        (if least.is_finite() { least } else { 0.0 }, most)
    }
}

/// The periods `a <= t < b` in which a job may work.
pub(super) fn window(job: &Job, horizon: &Horizon) -> (usize, usize) {
    let periods = horizon.periods;
    let running = job.state.as_ref().is_some_and(|state| state.point.is_some());
    let a = match job.earliest_start {
        Some(earliest) if !running => (0..periods).find(|&t| horizon.start_of(t) >= earliest).unwrap_or(periods),
        _ => 0,
    };
    let b = match job.deadline {
        Some(deadline) => (0..periods).take_while(|&t| horizon.start_of(t + 1) <= deadline).count(),
        None => periods,
    };
    (a, b)
}
