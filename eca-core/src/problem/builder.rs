//! Writing a problem as one expression.

use super::{Battery, CarbonCap, Commitment, Job, Opportunity, PowerTarget, Problem, ProblemDocument, Region, Service};
use crate::{Horizon, Result};

/// Collects the parts of a problem; [`ProblemBuilder::build`] validates them.
#[derive(Debug, Clone)]
pub struct ProblemBuilder {
    document: ProblemDocument,
}

impl ProblemBuilder {
    pub(super) fn new(horizon: Horizon) -> Self {
        Self { document: ProblemDocument::new(horizon) }
    }

    /// Adds a region.
    #[must_use]
    pub fn region(mut self, region: Region) -> Self {
        self.document.regions.push(region);
        self
    }

    /// Adds a battery.
    #[must_use]
    pub fn battery(mut self, battery: Battery) -> Self {
        self.document.batteries.push(battery);
        self
    }

    /// Adds a batch job.
    #[must_use]
    pub fn job(mut self, job: Job) -> Self {
        self.document.jobs.push(job);
        self
    }

    /// Adds an online service.
    #[must_use]
    pub fn service(mut self, service: Service) -> Self {
        self.document.services.push(service);
        self
    }

    /// Adds a carbon cap.
    #[must_use]
    pub fn carbon_cap(mut self, cap: CarbonCap) -> Self {
        self.document.carbon_caps.push(cap);
        self
    }

    /// Adds a commitment.
    #[must_use]
    pub fn commitment(mut self, commitment: Commitment) -> Self {
        self.document.commitments.push(commitment);
        self
    }

    /// Adds an opportunity.
    #[must_use]
    pub fn opportunity(mut self, opportunity: Opportunity) -> Self {
        self.document.opportunities.push(opportunity);
        self
    }

    /// Adds a power target.
    #[must_use]
    pub fn target(mut self, target: PowerTarget) -> Self {
        self.document.targets.push(target);
        self
    }

    /// Validates and returns the problem.
    ///
    /// # Errors
    /// The first value that is refused, with its object, limit and unit.
    pub fn build(self) -> Result<Problem> {
        Problem::from_document(self.document)
    }
}
