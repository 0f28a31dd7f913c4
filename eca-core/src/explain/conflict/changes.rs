//! What a repair changes in a problem, how much that is of what there was, and what it is called.

use super::document::{Change, Setting};
use super::elastic::Bent;
use super::repair::{digits_up, listed, mw_up, short};
use super::scale::windows;
use super::sold;
use crate::{CapMetric, Problem};

/// Every cap raised by its excess.
pub(super) fn cap_changes(problem: &Problem, excess: &[(f64, f64)], margin: f64) -> Vec<Change> {
    let caps = problem.carbon_caps().iter().zip(excess).filter(|(_, (kg, _))| *kg > 1e-6);
    let each = caps.map(|(cap, (kg, part))| {
        let to = match cap.metric {
            CapMetric::Kg => cap.limit + kg,
            _ => cap.limit * (1.0 + part),
        };
        let unit = match cap.metric {
            CapMetric::Kg => "kg",
            CapMetric::GPerKwh => "g_per_kwh",
            CapMetric::GPerInference => "g_per_inference",
        };
        let to = digits_up(to * (1.0 + margin));
        Change::number("carbon_caps", cap.id.as_str(), "limit", [cap.limit, to], unit)
    });
    each.collect()
}

/// IT capacity, connections and power targets raised as far as they gave way.
pub(super) fn power_changes(problem: &Problem, bent: &Bent, margin: f64) -> Vec<Change> {
    let mut changes = Vec::new();
    for ((region, it), import) in problem.regions().iter().zip(&bent.it_mw).zip(&bent.import_mw) {
        let mut raise = |field: &str, from: f64, by: f64| {
            if by > 1e-6 {
                let to = mw_up(from, by * (1.0 + margin));
                changes.push(Change::number("regions", region.id.as_str(), field, [from, to], "mw"));
            }
        };
        raise("it_capacity_mw", region.it_capacity_mw.max(), *it);
        raise("import_limit_mw", region.import_limit_mw.max(), *import);
        if let Some(limit) = &region.congestion_limit_mw {
            raise("congestion_limit_mw", limit.max(), *import);
        }
    }
    changes.extend(sold::target_changes(problem, &bent.owed, margin));
    changes
}

/// Every deadline moved by the periods that its job is late.
pub(super) fn deadline_changes(problem: &Problem, late: &[usize]) -> Vec<Change> {
    let horizon = problem.horizon();
    let shapes = problem.shapes().iter().zip(late).filter(|(_, late)| **late > 0);
    let each = shapes.map(|(shape, late)| {
        let job = &problem.jobs()[shape.job];
        Change {
            list: "jobs".into(),
            id: job.id.to_string(),
            field: "deadline".into(),
            settlement_period: None,
            from: Setting::Time(job.deadline.unwrap_or(horizon.end())),
            to: Setting::Time(horizon.start_of(shape.end + late)),
            unit: "utc".into(),
        }
    });
    each.collect()
}

/// Each change as a part of what it changes, added up.
pub(super) fn relative(problem: &Problem, changes: &[Change]) -> f64 {
    let step = i64::from(problem.horizon().step_min);
    let each = changes.iter().map(|change| match (change.from, change.to) {
        (Setting::Number(from), Setting::Number(to)) => sold::relative(problem, change, from, to),
        (Setting::Time(from), Setting::Time(to)) => {
            let j = problem.jobs().iter().position(|job| job.id.as_str() == change.id);
            let window = j.map_or(1.0, |j| windows(problem).nth(j).unwrap_or(1.0));
            // Counts of periods are small.
            #[allow(clippy::cast_precision_loss)]
            let late = (to.minutes_since(from) as f64 / step as f64).max(0.0);
            late / window
        }
        _ => 0.0,
    });
    each.sum()
}

/// "0.4 MW more IT capacity in `london`, and ...".
pub(super) fn words(problem: &Problem, changes: &[Change]) -> String {
    let step = i64::from(problem.horizon().step_min);
    let each = changes.iter().map(|change| match (change.from, change.to, change.field.as_str()) {
        (Setting::Number(from), Setting::Number(to), "limit") => {
            let unit = match change.unit.as_str() {
                "kg" => "kg",
                "g_per_kwh" => "g/kWh",
                _ => "g for each inference",
            };
            format!("{} {unit} more for carbon cap `{}`", short(to - from), change.id)
        }
        (Setting::Number(from), Setting::Number(to), _)
            if ["targets", "commitments"].contains(&change.list.as_str()) =>
        {
            sold::words(change, from, to)
        }
        (Setting::Number(from), Setting::Number(to), field) => {
            let what = match field {
                "it_capacity_mw" => "IT capacity",
                "import_limit_mw" => "import",
                _ => "room in the network",
            };
            format!("{} MW more {what} in `{}`", short(to - from), change.id)
        }
        (Setting::Time(from), Setting::Time(to), _) => {
            let late = (to.minutes_since(from) + step - 1) / step;
            let plural = if late == 1 { "" } else { "s" };
            format!("{late} period{plural} more for job `{}` (until {to})", change.id)
        }
        _ => change.field.clone(),
    });
    listed(&each.collect::<Vec<_>>())
}
