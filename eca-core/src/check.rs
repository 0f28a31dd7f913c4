//! The checker: recomputes every limit, cost and gram of a plan from the problem and the plan alone.
//!
//! It is written from docs/model.md and shares no code with what makes plans, so that one mistake can't hide in both.
//! A plan that passes keeps every hard limit, names every soft limit it breaks, and costs what it says. What is left to
//! believe is `bound_gbp`: that no plan is cheaper.
//!
//! Numbers in plans are rounded; a rule tolerates what rounding can do to it and no more: powers 1 W, energy 1 Wh,
//! inferences 1, money 1e-6 GBP, carbon 1 mg, parts of one 1e-9, each times its coefficient, added up over the rounded
//! numbers that the rule sums. Exclusivity (import and export, charge and discharge) has no tolerance.
//!
//! | rules in findings | of |
//! |---|---|
//! | `document`, `hash` | the document: shape, names, finite numbers; a plan of wrong shape is not looked at further |
//! | `window`, `regions`, `point`, `run_when` | where and when a job works |
//! | `migration`, `min_run_periods`, `preemptible`, `can_stop`, `max_pauses`, `run_no_longer`, `deadline` | its schedule |
//! | `job_power`, `job_inferences`, `shares`, `finished_at`, `undone_frac`, `pauses`, `migrations` | what the plan says of it |
//! | `latency`, `service_points`, `service_balance` | services |
//! | `it`, `facility`, `balance`, `export`, `solar`, `exclusive` | power at a region |
//! | `battery_power`, `soc_balance`, `soc_bounds`, `exclusive` | batteries |
//! | `delivered_mwh`, `shortfall_mwh` | what the plan says of a commitment |
//! | `opportunity` | what a plan takes that may not be taken so, or is not delivered in full |
//! | `carbon_cap`, `shortfall`, `baseline_guard`, `rebound`, `reserve`, `undone`, `shed`, `end_soc`, `it_overload`, `import_overload` | a soft limit broken but not listed |
//! | `target`, `target_ramp` | a strict power target exceeded, or a priced one that is not listed |
//! | `undone_max` | more left undone than a job allows |
//! | `broken_limits` | an entry that is not broken, or has another amount, unit or price |
//! | `totals`, `objective`, `bound`, `gap`, `outcome` | sums |

mod carbon;
mod commitment;
mod cost;
mod energy;
mod fluid;
mod job;
mod ledger;
mod opportunity;
mod place;
mod price;
mod quantity;
mod rules;
mod run;
mod service;
mod shape;
mod soft;
mod storage;
mod target;
mod work;

use crate::{Plan, Problem, plan::Totals};
use ledger::{Input, Ledger, Report};
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
    /// The totals as recomputed; zero where the document has not the shape of a plan for the problem.
    pub totals: Totals,
}

impl Check {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn passed(&self) -> bool {
        self.findings.is_empty()
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.passed() {
            return f.write_str("nothing is wrong");
        }
        for (i, finding) in self.findings.iter().enumerate() {
            write!(f, "{}{finding}", if i > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

impl Plan {
    /// Recomputes the plan from the problem and lists everything that is wrong.
    #[must_use]
    pub fn check(&self, problem: &Problem) -> Check {
        let input = Input::new(problem, self);
        let mut report = Report::default();
        if !shape::check(&input, &mut report) {
            return Check { findings: report.findings, totals: Totals::default() };
        }
        let mut ledger = Ledger::new(&input);
        job::check(&input, &mut ledger, &mut report);
        service::check(&input, &mut ledger, &mut report);
        storage::check(&input, &mut ledger, &mut report);
        energy::check(&input, &mut ledger, &mut report);
        target::check(&input, &mut ledger, &mut report);
        carbon::check(&input, &mut ledger);
        commitment::check(&input, &mut ledger, &mut report);
        opportunity::check(&input, &mut ledger, &mut report);
        let penalty = soft::check(&input, &ledger, &mut report);
        let totals = cost::check(&input, &ledger, &mut report, penalty);
        Check { findings: report.findings, totals }
    }
}
