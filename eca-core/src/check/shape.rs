//! The shape of the document: what has to hold before any rule can be looked at.
//!
//! Format and hash; every job copy, service, battery and region exactly once in the order of the problem; one value
//! for each period; numbers finite and, where they count something, not negative; regions and points that exist.

use super::ledger::{Input, Report};
use crate::plan::{JobPlan, ServicePlan, Totals};
use crate::problem::RegionId;
use crate::{Job, Plan, Service};
use std::collections::BTreeMap;

const RULE: &str = "document";

/// Reports what is wrong with the document. Whether the rules can be looked at.
pub(super) fn check(input: &Input<'_>, report: &mut Report) -> bool {
    let plan = input.plan;
    if plan.format != Plan::FORMAT {
        let message = format!("format is `{}`, must be `{}`", plan.format, Plan::FORMAT);
        report.add(RULE, "plan", None, message);
    }
    let hash = input.problem.hash();
    if plan.problem_hash != hash {
        let message = format!("belongs to problem {}, this one is {hash}", plan.problem_hash);
        report.add("hash", "plan", None, message);
    }
    let before = report.findings.len();
    let mut shape = Shape { input, report };
    shape.jobs();
    shape.services();
    shape.batteries();
    shape.regions();
    shape.commitments();
    shape.opportunities();
    shape.numbers();
    shape.report.findings.len() == before
}

struct Shape<'a, 'r> {
    input: &'a Input<'a>,
    report: &'r mut Report,
}

impl Shape<'_, '_> {
    fn wrong(&mut self, object: &str, period: Option<usize>, message: String) {
        self.report.add(RULE, object, period, message);
    }

    /// One value for each period, finite and not negative. Reports the first that is not.
    fn series(&mut self, object: &str, field: &str, values: &[f64]) {
        let periods = self.input.periods;
        if values.len() != periods {
            self.wrong(object, None, format!("{field} has {} values, the horizon has {periods} periods", values.len()));
        } else if let Some(t) = values.iter().position(|value| !(value.is_finite() && *value >= 0.0)) {
            let value = values.get(t).copied().unwrap_or(f64::NAN);
            self.wrong(object, Some(t), format!("{field} is {value}, must be a number of at least 0"));
        }
    }

    /// The ids of a list, compared with those that the problem has.
    fn names<'n>(&mut self, what: &str, expected: impl Iterator<Item = &'n str>, found: &[&str]) {
        let mut count = 0;
        for (i, name) in expected.enumerate() {
            count = i + 1;
            match found.get(i) {
                Some(id) if *id == name => {}
                Some(id) => return self.wrong("plan", None, format!("{what} {i} is `{id}`, must be `{name}`")),
                None => return self.wrong("plan", None, format!("{what} `{name}` is missing")),
            }
        }
        if found.len() > count {
            self.wrong("plan", None, format!("has {} {what} entries, the problem has {count}", found.len()));
        }
    }

    fn jobs(&mut self) {
        let input = self.input;
        let mut entries = input.plan.jobs.iter().enumerate();
        for (_, job, copy) in input.copies() {
            match entries.next() {
                Some((_, entry)) if entry.id == job.id && entry.copy == copy => self.job(job, entry),
                Some((i, entry)) => {
                    let message =
                        format!("job {i} is `{}` copy {}, must be `{}` copy {copy}", entry.id, entry.copy, job.id);
                    return self.wrong("plan", None, message);
                }
                None => return self.wrong("plan", None, format!("job `{}` copy {copy} is missing", job.id)),
            }
        }
        if let Some((i, entry)) = entries.next() {
            self.wrong("plan", None, format!("job {i}, `{}` copy {}, is not in the problem", entry.id, entry.copy));
        }
    }

    fn job(&mut self, job: &Job, entry: &JobPlan) {
        let object = super::job::object(job, entry.copy);
        self.series(&object, "power_mw", &entry.power_mw);
        self.series(&object, "inferences", &entry.inferences);
        if !(0.0..=1.0).contains(&entry.undone_frac) {
            self.wrong(&object, None, format!("undone_frac is {}, must be 0 to 1", entry.undone_frac));
        }
        self.cells(&object, job, entry);
        match (&entry.shares, job.divisible) {
            (None, false) => {}
            (Some(shares), true) => {
                self.points(&object, "shares", shares, job.points.len());
                if entry.region.iter().any(Option::is_some) || entry.point.iter().any(Option::is_some) {
                    self.wrong(&object, None, "is divisible, so region and point must be none throughout".to_owned());
                }
            }
            (None, true) => self.wrong(&object, None, "is divisible, but has no shares".to_owned()),
            (Some(_), false) => self.wrong(&object, None, "is not divisible, but has shares".to_owned()),
        }
    }

    /// Region and point of a job: both or none in each period, and both known.
    fn cells(&mut self, object: &str, job: &Job, entry: &JobPlan) {
        let periods = self.input.periods;
        for (field, length) in [("region", entry.region.len()), ("point", entry.point.len())] {
            if length != periods {
                return self.wrong(
                    object,
                    None,
                    format!("{field} has {length} values, the horizon has {periods} periods"),
                );
            }
        }
        for (t, (region, point)) in entry.region.iter().zip(&entry.point).enumerate() {
            let message = match (region, point) {
                (None, None) => continue,
                (Some(id), Some(l)) if self.input.region(id.as_str()).is_some() && *l < job.points.len() => continue,
                (Some(id), Some(_)) if self.input.region(id.as_str()).is_none() => {
                    format!("region `{id}` does not exist")
                }
                (_, Some(l)) if *l >= job.points.len() => {
                    format!("point {l} does not exist, it has {}", job.points.len())
                }
                _ => "region and point must both be given or both be none".to_owned(),
            };
            return self.wrong(object, Some(t), message);
        }
    }

    /// Values by region, point and period.
    fn points(&mut self, object: &str, field: &str, values: &BTreeMap<RegionId, Vec<Vec<f64>>>, points: usize) {
        for (id, rows) in values {
            if self.input.region(id.as_str()).is_none() {
                self.wrong(object, None, format!("{field} names region `{id}`, which does not exist"));
            }
            if rows.len() != points {
                self.wrong(object, None, format!("{field} of `{id}` has {} points, must have {points}", rows.len()));
            }
            for (l, row) in rows.iter().enumerate() {
                self.series(object, &format!("{field} of `{id}` at point {l}"), row);
            }
        }
    }

    fn services(&mut self) {
        let input = self.input;
        let found: Vec<&str> = input.plan.services.iter().map(|entry| entry.id.as_str()).collect();
        self.names("service", input.problem.services().iter().map(|service| service.id.as_str()), &found);
        for (service, entry) in input.problem.services().iter().zip(&input.plan.services) {
            self.service(service, entry);
        }
    }

    fn service(&mut self, service: &Service, entry: &ServicePlan) {
        let object = super::service::object(service);
        self.series(&object, "shed", &entry.shed);
        for (id, row) in &entry.inferences {
            if self.input.region(id.as_str()).is_none() {
                self.wrong(&object, None, format!("inferences names region `{id}`, which does not exist"));
            }
            self.series(&object, &format!("inferences of `{id}`"), row);
        }
        self.points(&object, "point_inferences", &entry.point_inferences, service.points.len());
    }

    fn batteries(&mut self) {
        let input = self.input;
        let found: Vec<&str> = input.plan.batteries.iter().map(|entry| entry.id.as_str()).collect();
        self.names("battery", input.problem.batteries().iter().map(|battery| battery.id.as_str()), &found);
        for entry in &input.plan.batteries {
            let object = super::storage::object(&entry.id);
            self.series(&object, "charge_mw", &entry.charge_mw);
            self.series(&object, "discharge_mw", &entry.discharge_mw);
            self.series(&object, "soc_mwh", &entry.soc_mwh);
        }
    }

    fn regions(&mut self) {
        let input = self.input;
        let found: Vec<&str> = input.plan.regions.iter().map(|entry| entry.id.as_str()).collect();
        self.names("region", input.problem.regions().iter().map(|region| region.id.as_str()), &found);
        for entry in &input.plan.regions {
            let object = super::energy::object(&entry.id);
            self.series(&object, "it_mw", &entry.it_mw);
            self.series(&object, "facility_mw", &entry.facility_mw);
            self.series(&object, "import_mw", &entry.import_mw);
            self.series(&object, "export_mw", &entry.export_mw);
            self.series(&object, "solar_used_mw", &entry.solar_used_mw);
        }
    }

    /// One entry for each opportunity, one power for each of its settlement periods.
    fn opportunities(&mut self) {
        let input = self.input;
        let found: Vec<&str> = input.plan.opportunities.iter().map(|entry| entry.id.as_str()).collect();
        self.names("opportunity", input.problem.opportunities().iter().map(|one| one.id.as_str()), &found);
        for (one, entry) in input.problem.opportunities().iter().zip(&input.plan.opportunities) {
            let (object, expected) = (super::opportunity::object(one), one.settlement_periods.len());
            if entry.committed_mw.len() != expected {
                let found = entry.committed_mw.len();
                self.wrong(&object, None, format!("committed_mw has {found} values, must have {expected}"));
            } else if let Some(mw) = entry.committed_mw.iter().find(|mw| !(mw.is_finite() && **mw >= 0.0)) {
                self.wrong(&object, None, format!("committed_mw has {mw}, must be a number of at least 0"));
            }
            self.finite(&object, "revenue_gbp", Some(entry.revenue_gbp));
        }
    }

    /// One entry for each commitment, one number for each of its settlement periods.
    fn commitments(&mut self) {
        let input = self.input;
        let found: Vec<&str> = input.plan.commitments.iter().map(|entry| entry.id.as_str()).collect();
        self.names("commitment", input.problem.commitments().iter().map(|one| one.id.as_str()), &found);
        for (commitment, entry) in input.problem.commitments().iter().zip(&input.plan.commitments) {
            let (object, expected) = (format!("commitment `{}`", commitment.id), commitment.settlement_periods.len());
            for (field, values) in [("delivered_mwh", &entry.delivered_mwh), ("shortfall_mwh", &entry.shortfall_mwh)] {
                if values.len() != expected {
                    let found = values.len();
                    self.wrong(&object, None, format!("{field} has {found} values, must have {expected}"));
                } else if let Some(value) = values.iter().flatten().find(|value| !value.is_finite()) {
                    self.wrong(&object, None, format!("{field} has {value}, must be a number"));
                }
            }
        }
    }

    /// Numbers that stand alone.
    fn numbers(&mut self) {
        let plan = self.input.plan;
        for (field, value) in [("objective_gbp", plan.objective_gbp), ("bound_gbp", plan.bound_gbp), ("gap", plan.gap)]
        {
            self.finite("plan", field, Some(value));
        }
        self.totals("totals", &plan.totals);
        if let Some(references) = &plan.references {
            self.totals("references.run_at_once", &references.run_at_once);
            self.totals("references.cheapest_start", &references.cheapest_start);
        }
        for entry in &plan.broken_limits {
            let object = format!("{} `{}`", entry.rule, entry.object);
            self.finite(&object, "amount", Some(entry.amount));
            self.finite(&object, "price_gbp", Some(entry.price_gbp));
        }
    }

    fn totals(&mut self, object: &str, totals: &Totals) {
        self.finite(object, "cost_gbp", Some(totals.cost_gbp));
        self.finite(object, "penalty_gbp", Some(totals.penalty_gbp));
        self.finite(object, "energy_mwh", Some(totals.energy_mwh));
        self.finite(object, "carbon_kg", Some(totals.carbon_kg));
        self.finite(object, "inferences", Some(totals.inferences));
        self.finite(object, "cost_gbp_per_inference", totals.cost_gbp_per_inference);
        self.finite(object, "carbon_g_per_inference", totals.carbon_g_per_inference);
    }

    fn finite(&mut self, object: &str, field: &str, value: Option<f64>) {
        if let Some(value) = value.filter(|value| !value.is_finite()) {
            self.wrong(object, None, format!("{field} is {value}, must be a number"));
        }
    }
}
