//! Changes of a problem document, and what they are called.

use super::document::{Change, Conflict, Repair, Setting};
use super::sold;
use crate::problem::ProblemDocument;
use crate::{Error, Plan, Problem, Result, Series};

impl Repair {
    /// The changed problem.
    ///
    /// # Errors
    /// [`Error::Unknown`] if `problem` has not the objects that the changes name; what validation refuses.
    pub fn apply(&self, problem: &Problem) -> Result<Problem> {
        apply(problem, &self.changes)
    }

    /// A plan of the changed problem that keeps every limit; none in a repair that was read from a document.
    #[must_use]
    pub fn plan(&self) -> Option<&Plan> {
        self.plan.as_deref()
    }
}

pub(super) fn apply(problem: &Problem, changes: &[Change]) -> Result<Problem> {
    let mut document = problem.document().clone();
    changes.iter().try_for_each(|change| make(&mut document, change))?;
    Problem::from_document(document)
}

fn make(document: &mut ProblemDocument, change: &Change) -> Result<()> {
    let done = match (change.list.as_str(), change.to) {
        ("regions", Setting::Number(to)) => {
            let region = document.regions.iter_mut().find(|region| region.id.as_str() == change.id);
            let series = region.and_then(|region| match change.field.as_str() {
                "it_capacity_mw" => Some(&mut region.it_capacity_mw),
                "import_limit_mw" => Some(&mut region.import_limit_mw),
                "congestion_limit_mw" => region.congestion_limit_mw.as_mut(),
                _ => None,
            });
            series.map(|series| raise(series, to - series.max()))
        }
        ("carbon_caps", Setting::Number(to)) if change.field == "limit" => {
            document.carbon_caps.iter_mut().find(|cap| cap.id.as_str() == change.id).map(|cap| cap.limit = to)
        }
        ("jobs", Setting::Time(to)) if change.field == "deadline" => {
            document.jobs.iter_mut().find(|job| job.id.as_str() == change.id).map(|job| job.deadline = Some(to))
        }
        ("targets", Setting::Number(to)) => {
            let target = document.targets.iter_mut().find(|target| target.id.as_str() == change.id);
            target.and_then(|target| sold::change_target(target, &change.field, to))
        }
        ("commitments", Setting::Number(to)) => sold::change_commitment(document, change, to),
        _ => None,
    };
    done.ok_or_else(|| Error::Unknown {
        object: "repair".into(),
        field: "changes",
        kind: "field",
        id: format!("{}.{}.{}", change.list, change.id, change.field),
        known: "it_capacity_mw, import_limit_mw and congestion_limit_mw of regions, limit of carbon_caps, deadline of jobs, \
                power_mw, rebound_max_mw and ramp_mw_per_min of targets, committed_mw, settlement_periods, guard.room_mw and \
                rebound.max_frac of commitments"
            .into(),
    })
}

/// Raises every value above zero: where a site is closed it stays so.
fn raise(series: &mut Series, by: f64) {
    let up = |value: f64| if value > 0.0 { value + by } else { value };
    *series = match series {
        Series::Constant(value) => Series::Constant(*value + by),
        Series::Values(values) => Series::Values(values.iter().map(|&value| up(value)).collect()),
    };
}

/// "A", "A and B", "A, B and C".
pub(super) fn listed(parts: &[String]) -> String {
    match parts.split_last() {
        None => String::new(),
        Some((last, [])) => last.clone(),
        Some((last, before)) => format!("{} and {last}", before.join(", ")),
    }
}

/// The whole conflict in one sentence.
pub(super) fn say(conflict: &Conflict) -> String {
    let limits: Vec<String> = conflict.limits.iter().map(|limit| limit.text.clone()).collect();
    if limits.is_empty() {
        return "no plan that keeps every limit was found, and no change that is enough".into();
    }
    let cannot = match (conflict.proved, limits.len()) {
        (true, 1) => "cannot be kept",
        (true, _) => "cannot all be kept",
        (false, _) => "were not found to fit together",
    };
    let repairs: Vec<&str> = conflict.repairs.iter().map(|repair| repair.text.as_str()).collect();
    match repairs.as_slice() {
        [] => format!("{} {cannot}", listed(&limits)),
        some => format!("{} {cannot}; what would mend it: {}", listed(&limits), some.join(", or ")),
    }
}

/// Power is changed in kW.
pub(super) const MW_QUANTUM: f64 = 1e-3;

/// Raised by `by`, rounded up to whole kW.
pub(super) fn mw_up(from: f64, by: f64) -> f64 {
    crate::unit::round_to(from + ((by - 1e-9) / MW_QUANTUM).ceil() * MW_QUANTUM, 1e-6)
}

/// Digits that limits of carbon and rates, which have no quantum, are rounded up to.
const LIMIT_DIGITS: i32 = 4;

/// Rounded up to some digits.
pub(super) fn digits_up(value: f64) -> f64 {
    if value <= 0.0 {
        return value;
    }
    // The exponent of a limit is small.
    #[allow(clippy::cast_possible_truncation)]
    let quantum = 10_f64.powi(value.log10().floor() as i32 + 1 - LIMIT_DIGITS);
    // Through whole multiples, so that the number prints as it is meant.
    let multiples = (value / quantum - 1e-9).ceil();
    if quantum >= 1.0 { multiples * quantum } else { multiples / (1.0 / quantum).round() }
}

/// Four digits, no more.
pub(super) fn short(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    text.to_owned()
}
