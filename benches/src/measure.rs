//! What one solve costs and when it had proved what: the figures of a row in `benches/results`.

use eca_core::{Control, Plan, Problem, Result, Settings, SolveReport, Solved, Warm};
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Gaps whose time is recorded.
pub const GAPS: [f64; 5] = [1e-2, 5e-3, 1e-3, 1e-4, 1e-5];
/// Clock ticks of a second in `/proc` on every Linux that Rust runs on.
const TICKS_PER_S: f64 = 100.0;

/// One step of a solve, seconds since it was called.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// Seconds since the call.
    pub wall_s: f64,
    /// The best plan, GBP.
    pub incumbent_gbp: Option<f64>,
    /// What is proved, GBP.
    pub bound_gbp: Option<f64>,
}

impl Step {
    fn gap(&self) -> Option<f64> {
        let (incumbent, bound) = (self.incumbent_gbp?, self.bound_gbp?);
        Some((incumbent - bound).max(0.0) / incumbent.abs().max(1.0))
    }
}

/// A solve that was watched.
#[derive(Debug)]
pub struct Measured {
    /// The answer.
    pub plan: Plan,
    /// Sizes and timings by the engine itself.
    pub report: SolveReport,
    /// What the next solve may start from.
    pub warm: Warm,
    /// Every change of plan or proof; the last one is the answer, when it was returned.
    pub steps: Vec<Step>,
    /// Seconds from call to answer.
    pub wall_s: f64,
    /// CPU seconds of the whole process in that time.
    pub cpu_s: f64,
}

impl Measured {
    /// When there was a first plan, s.
    #[must_use]
    pub fn first_s(&self) -> Option<f64> {
        self.steps.iter().find(|step| step.incumbent_gbp.is_some()).map(|step| step.wall_s)
    }

    /// When a gap was proved, s.
    #[must_use]
    pub fn gap_s(&self, gap: f64) -> Option<f64> {
        self.steps.iter().find(|step| step.gap().is_some_and(|proved| proved <= gap)).map(|step| step.wall_s)
    }
}

/// Solves and watches.
///
/// # Errors
/// As [`Problem::solve_warm`].
pub fn solve(problem: &Problem, settings: &Settings, warm: Option<&Warm>) -> Result<Measured> {
    let steps: Arc<Mutex<Vec<Step>>> = Arc::default();
    let (watched, cpu_s, begun) = (Arc::clone(&steps), cpu_s(), Instant::now());
    let mut control = Control::default();
    control.progress = Some(Arc::new(move |progress| {
        let step = Step {
            wall_s: begun.elapsed().as_secs_f64(),
            incumbent_gbp: progress.incumbent_gbp,
            bound_gbp: progress.bound_gbp,
        };
        if let Ok(mut steps) = watched.lock()
            && steps
                .last()
                .is_none_or(|last| (last.incumbent_gbp, last.bound_gbp) != (step.incumbent_gbp, step.bound_gbp))
        {
            steps.push(step);
        }
    }));
    let Solved { plan, report, warm, .. } = problem.solve_warm(settings, &control, warm)?;
    let wall_s = begun.elapsed().as_secs_f64();
    let cpu_s = self::cpu_s() - cpu_s;
    let mut steps = steps.lock().map(|steps| steps.clone()).unwrap_or_default();
    steps.push(Step { wall_s, incumbent_gbp: Some(plan.objective_gbp), bound_gbp: Some(plan.bound_gbp) });
    Ok(Measured { plan, report, warm, steps, wall_s, cpu_s })
}

/// CPU seconds of this process so far, all threads, to 10 ms; zero where there is no `/proc`.
#[must_use]
pub fn cpu_s() -> f64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // The second field is a name in brackets and may hold anything.
    let after = text.rsplit_once(')').map_or("", |(_, after)| after);
    let ticks = |field: usize| after.split_whitespace().nth(field).and_then(|n| n.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS_PER_S
}

/// The most memory that this process has had, MiB; zero where there is no `/proc`.
#[must_use]
pub fn peak_mib() -> f64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or("");
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
