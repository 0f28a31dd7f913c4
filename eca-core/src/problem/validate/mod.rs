//! Validation at the border: after it, later steps can't fail on input.

mod cap;
mod commitment;
mod guard;
mod job;
mod opportunity;
mod service;
mod site;
mod target;
mod wholesale;

use super::{Battery, Job, ProblemDocument, RegionId, Warning};
use crate::schedule::Shape;
use crate::{Error, Result};
use guard::Guard;
use std::collections::BTreeSet;

/// More than this is refused before any work: jobs with all their copies.
const MOST_JOBS: u64 = 200_000;

/// Refuses the first value that is wrong; returns the jobs as the scheduler sees them, and what looks wrong.
pub(super) fn validate(document: &ProblemDocument) -> Result<(Vec<Shape>, Vec<Warning>)> {
    if document.format != ProblemDocument::FORMAT {
        return Err(Error::Document {
            path: "format".into(),
            message: format!("`{}` is not `{}`", document.format, ProblemDocument::FORMAT),
        });
    }
    document.horizon.check()?;
    unique("region", document.regions.iter().map(|region| region.id.as_str()))?;
    unique("battery", document.batteries.iter().map(|battery| battery.id.as_str()))?;
    unique("job", document.jobs.iter().map(|job| job.id.as_str()))?;
    unique("service", document.services.iter().map(|service| service.id.as_str()))?;
    unique("carbon cap", document.carbon_caps.iter().map(|cap| cap.id.as_str()))?;
    unique("commitment", document.commitments.iter().map(|commitment| commitment.id.as_str()))?;
    unique("opportunity", document.opportunities.iter().map(|one| one.id.as_str()))?;
    unique("target", document.targets.iter().map(|target| target.id.as_str()))?;
    sizes(document)?;

    let mut warnings = Vec::new();
    document.regions.iter().try_for_each(|region| site::region(document, region, &mut warnings))?;
    document.batteries.iter().try_for_each(|battery| site::battery(document, battery))?;
    document.services.iter().try_for_each(|service| service::service(document, service, &mut warnings))?;
    document.carbon_caps.iter().try_for_each(|cap| cap::cap(document, cap, &mut warnings))?;
    document.commitments.iter().try_for_each(|commitment| commitment::commitment(document, commitment))?;
    document.opportunities.iter().try_for_each(|one| opportunity::opportunity(document, one))?;
    document.regions.iter().try_for_each(|region| wholesale::export(document, region))?;
    let shapes: Vec<Shape> = document
        .jobs
        .iter()
        .enumerate()
        .map(|(index, job)| job::job(document, index, job, &mut warnings))
        .collect::<Result<_>>()?;
    document.targets.iter().try_for_each(|target| target::target(document, &shapes, target))?;
    Ok((shapes, warnings))
}

fn unique<'a>(kind: &'static str, ids: impl Iterator<Item = &'a str>) -> Result<()> {
    let mut seen = BTreeSet::new();
    for id in ids {
        if id.trim().is_empty() {
            return Err(Error::Value {
                object: format!("a {kind}"),
                field: "id".into(),
                value: format!("`{id}`"),
                limit: "must be a name".into(),
                unit: "",
            });
        }
        if !seen.insert(id) {
            return Err(Error::Duplicate { kind, id: id.into() });
        }
    }
    Ok(())
}

fn sizes(document: &ProblemDocument) -> Result<()> {
    if document.regions.is_empty() {
        return Err(Guard::new("problem").refuse("regions", 0.0, "must have at least one region", ""));
    }
    let copies: u64 = document.jobs.iter().map(|job: &Job| u64::from(job.count)).sum();
    if copies > MOST_JOBS {
        #[allow(clippy::cast_precision_loss)]
        let given = copies as f64;
        return Err(Guard::new("problem").refuse(
            "jobs",
            given,
            &format!("must be at most {MOST_JOBS}, copies included"),
            "",
        ));
    }
    Ok(())
}

/// Refuses a region that does not exist.
fn known_region(document: &ProblemDocument, object: &Guard, field: &'static str, id: &RegionId) -> Result<()> {
    if document.regions.iter().any(|region| region.id == *id) {
        return Ok(());
    }
    let known: Vec<String> = document.regions.iter().map(|region| format!("`{}`", region.id)).collect();
    Err(Error::Unknown {
        object: object.name().into(),
        field,
        kind: "region",
        id: id.to_string(),
        known: known.join(", "),
    })
}

/// Refuses an empty list of regions and regions that do not exist.
fn known_regions(
    document: &ProblemDocument,
    object: &Guard,
    field: &'static str,
    ids: Option<&Vec<RegionId>>,
) -> Result<()> {
    let Some(ids) = ids else { return Ok(()) };
    if ids.is_empty() {
        return Err(object.refuse(field, 0.0, "must name at least one region, or be left out for all", "regions"));
    }
    ids.iter().try_for_each(|id| known_region(document, object, field, id))
}

/// The region of a battery.
fn battery_region(document: &ProblemDocument, object: &Guard, battery: &Battery) -> Result<()> {
    known_region(document, object, "region", &battery.region)
}
