//! The document `eca-problem/1` and the validated [`Problem`] made from it.

use super::{
    Battery, CarbonCap, Commitment, Job, Opportunity, PowerTarget, ProblemBuilder, Region, Service, Warning, validate,
};
use crate::schedule::Shape;
use crate::{Error, Horizon, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The problem document `eca-problem/1` as it travels: the same in Rust, C, Python and files.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct ProblemDocument {
    /// Always `eca-problem/1`.
    pub format: String,
    /// The planned span.
    pub horizon: Horizon,
    /// The regions, at least one.
    pub regions: Vec<Region>,
    /// The batteries.
    #[serde(default)]
    pub batteries: Vec<Battery>,
    /// The batch jobs.
    #[serde(default)]
    pub jobs: Vec<Job>,
    /// The online services.
    #[serde(default)]
    pub services: Vec<Service>,
    /// The carbon caps.
    #[serde(default)]
    pub carbon_caps: Vec<CarbonCap>,
    /// Flexibility that may be sold.
    #[serde(default)]
    pub opportunities: Vec<Opportunity>,
    /// Flexibility that is sold.
    #[serde(default)]
    pub commitments: Vec<Commitment>,
    /// The power targets.
    #[serde(default)]
    pub targets: Vec<PowerTarget>,
}

impl ProblemDocument {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-problem/1";

    /// Reads a document without validating it: [`Problem::from_document`] does.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of what is not of the expected form.
    pub fn from_json(text: &str) -> Result<Self> {
        let document = read_json(text)?;
        named_fields(text)?;
        Ok(document)
    }

    /// A document with nothing in it but its horizon; it is not validated before [`Problem::from_document`].
    #[must_use]
    pub fn new(horizon: Horizon) -> Self {
        Self {
            format: Self::FORMAT.into(),
            horizon,
            regions: Vec::new(),
            batteries: Vec::new(),
            jobs: Vec::new(),
            services: Vec::new(),
            carbon_caps: Vec::new(),
            opportunities: Vec::new(),
            commitments: Vec::new(),
            targets: Vec::new(),
        }
    }
}

/// A problem that has been validated: later steps can't fail on its input.
///
/// ```
/// use eca_core::{Horizon, Job, JobPoint, Problem, Region, Timestamp};
///
/// let horizon = Horizon::new("2026-03-02T00:00:00Z".parse()?, 30, 4)?;
/// let problem = Problem::builder(horizon)
///     .region(
///         Region::new("london")
///             .it_capacity_mw(2.0)
///             .import_limit_mw(4.0)
///             .import_price_gbp_per_mwh([142.0, 96.5, 61.2, 88.0])
///             .carbon_g_per_kwh([231.0, 187.0, 98.0, 120.0]),
///     )
///     .job(Job::inferences("embed", 1_000_000.0, [JobPoint::inferences(1.0, 2_000_000.0)]))
///     .build()?;
/// assert_eq!(problem.horizon().periods, 4);
/// # Ok::<(), eca_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    document: ProblemDocument,
    shapes: Vec<Shape>,
    warnings: Vec<Warning>,
}

impl Problem {
    /// Starts a problem over `horizon`.
    #[must_use]
    pub fn builder(horizon: Horizon) -> ProblemBuilder {
        ProblemBuilder::new(horizon)
    }

    /// Validates a document.
    ///
    /// # Errors
    /// The first value that is refused, with its object, limit and unit.
    pub fn from_document(document: ProblemDocument) -> Result<Self> {
        let (shapes, warnings) = validate::validate(&document)?;
        Ok(Self { document, shapes, warnings })
    }

    /// Reads and validates a problem document.
    ///
    /// # Errors
    /// [`Error::Document`] with the path of what is not of the expected form, or the first value that is refused.
    pub fn from_json(text: &str) -> Result<Self> {
        Self::from_document(ProblemDocument::from_json(text)?)
    }

    /// The document as one line of JSON.
    ///
    /// # Errors
    /// [`Error::Internal`] if it cannot be written.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(&self.document).map_err(|e| Error::Internal { message: format!("problem to JSON: {e}") })
    }

    /// SHA-256 of the RFC 8785 bytes of the document, in hexadecimal: names the problem in plans and records.
    #[must_use]
    pub fn hash(&self) -> String {
        let bytes = serde_jcs::to_vec(&self.document).unwrap_or_default();
        Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// The document.
    #[must_use]
    pub fn document(&self) -> &ProblemDocument {
        &self.document
    }

    /// The jobs in periods and indices, in document order.
    pub(crate) fn shapes(&self) -> &[Shape] {
        &self.shapes
    }

    /// The planned span.
    #[must_use]
    pub fn horizon(&self) -> &Horizon {
        &self.document.horizon
    }

    /// The regions.
    #[must_use]
    pub fn regions(&self) -> &[Region] {
        &self.document.regions
    }

    /// The batteries.
    #[must_use]
    pub fn batteries(&self) -> &[Battery] {
        &self.document.batteries
    }

    /// The batch jobs.
    #[must_use]
    pub fn jobs(&self) -> &[Job] {
        &self.document.jobs
    }

    /// The online services.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.document.services
    }

    /// The carbon caps.
    #[must_use]
    pub fn carbon_caps(&self) -> &[CarbonCap] {
        &self.document.carbon_caps
    }

    /// The commitments.
    #[must_use]
    pub fn commitments(&self) -> &[Commitment] {
        &self.document.commitments
    }

    /// The opportunities.
    #[must_use]
    pub fn opportunities(&self) -> &[Opportunity] {
        &self.document.opportunities
    }

    /// The problem after what `plan` takes of the opportunities is sold: commitments take their place, and what is left is
    /// no longer on offer.
    ///
    /// # Errors
    /// [`Error::Mismatch`] if the plan is not one of this problem.
    pub fn accept(&self, plan: &crate::Plan) -> Result<Self> {
        if let Some(finding) = plan.check(self).findings.first() {
            return Err(Error::Mismatch { reason: finding.to_string() });
        }
        let mut document = self.document.clone();
        let taken = self.opportunities().iter().zip(&plan.opportunities);
        document.commitments.extend(taken.filter_map(|(one, taken)| one.commitment(&taken.committed_mw)));
        document.opportunities.clear();
        Self::from_document(document)
    }

    /// The problem without its opportunities: nothing more is sold.
    pub(crate) fn selling_nothing(&self) -> Result<Self> {
        Self::from_document(ProblemDocument { opportunities: Vec::new(), ..self.document.clone() })
    }

    /// The power targets.
    #[must_use]
    pub fn targets(&self) -> &[PowerTarget] {
        &self.document.targets
    }

    /// Values that are allowed but look wrong, such as kW where MW is meant.
    #[must_use]
    pub fn warnings(&self) -> &[Warning] {
        &self.warnings
    }
}

/// Reads JSON and names the path of what is wrong.
pub(crate) fn read_json<T: DeserializeOwned>(text: &str) -> Result<T> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = serde_path_to_error::deserialize(&mut deserializer).map_err(|e| {
        let path = e.path().to_string();
        Error::Document { path, message: e.into_inner().to_string() }
    })?;
    deserializer
        .end()
        .map_err(|e| Error::Document { path: ".".into(), message: format!("text after the document: {e}") })?;
    Ok(value)
}

/// Reads an object; an array of its fields in order is refused, as an order is not a promise.
pub(crate) fn read_object<T: DeserializeOwned>(text: &str) -> Result<T> {
    if text.trim_start().starts_with('[') {
        let message = "an array; must be an object with named fields".into();
        return Err(Error::Document { path: ".".into(), message });
    }
    read_json(text)
}

/// Refuses arrays where objects are meant: serde would read them as fields in order, and an order is not a promise.
fn named_fields(text: &str) -> Result<()> {
    let refuse =
        |path: String| Error::Document { path, message: "an array; must be an object with named fields".into() };
    let root: serde_json::Value =
        serde_json::from_str(text).map_err(|e| Error::Document { path: ".".into(), message: e.to_string() })?;
    if !root.is_object() {
        return Err(refuse(".".into()));
    }
    if root["horizon"].is_array() {
        return Err(refuse("horizon".into()));
    }
    for list in ["regions", "batteries", "jobs", "services", "carbon_caps", "opportunities", "commitments", "targets"] {
        for (i, item) in root[list].as_array().into_iter().flatten().enumerate() {
            if item.is_array() {
                return Err(refuse(format!("{list}[{i}]")));
            }
            for part in ["state", "migration", "penalty", "guard", "rebound"] {
                if item[part].is_array() {
                    return Err(refuse(format!("{list}[{i}].{part}")));
                }
            }
            let points = item["points"].as_array().into_iter().flatten();
            if let Some((l, _)) = points.enumerate().find(|(_, point)| point.is_array()) {
                return Err(refuse(format!("{list}[{i}].points[{l}]")));
            }
        }
    }
    Ok(())
}
