//! What the loop drives: the site on paper, and the adapters of its parts.

use crate::adapter::{Meter, SignalSource, StorageDevice, Workloads};
use crate::mpc::must_sell_nothing;
use crate::problem::{BatteryId, ProblemDocument, RegionId};
use crate::{Error, Result};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A site on paper and the adapters of its parts.
///
/// The document gives regions, batteries, services and caps, and the step; its series hold where no signal says
/// otherwise. Jobs come from the clusters, stored energy from the batteries.
#[derive(Debug, Clone)]
pub struct Plant {
    pub(super) site: ProblemDocument,
    pub(super) clusters: Vec<Arc<dyn Workloads>>,
    pub(super) batteries: BTreeMap<BatteryId, Arc<dyn StorageDevice>>,
    pub(super) meters: BTreeMap<RegionId, Arc<dyn Meter>>,
    pub(super) signals: Vec<Arc<dyn SignalSource>>,
}

impl Plant {
    /// A site without adapters: nothing is known of its jobs, its batteries are not used.
    #[must_use]
    pub fn new(site: ProblemDocument) -> Self {
        Self { site, clusters: Vec::new(), batteries: BTreeMap::new(), meters: BTreeMap::new(), signals: Vec::new() }
    }

    /// Adds a cluster. A command for a job goes to the cluster that showed it.
    #[must_use]
    pub fn cluster(mut self, cluster: Arc<dyn Workloads>) -> Self {
        self.clusters.push(cluster);
        self
    }

    /// Sets the device of a battery of the document. A battery without one is not used.
    #[must_use]
    pub fn battery(mut self, id: impl Into<BatteryId>, device: Arc<dyn StorageDevice>) -> Self {
        self.batteries.insert(id.into(), device);
        self
    }

    /// Sets the meter of a region of the document.
    #[must_use]
    pub fn meter(mut self, region: impl Into<RegionId>, meter: Arc<dyn Meter>) -> Self {
        self.meters.insert(region.into(), meter);
        self
    }

    /// Adds a source of signals. Where two have the same region and column, the first one that answers counts.
    #[must_use]
    pub fn signals(mut self, source: Arc<dyn SignalSource>) -> Self {
        self.signals.push(source);
        self
    }

    /// Refuses devices of batteries and meters of regions that the document does not have: they would never be used; and
    /// opportunities, that the loop would deliver and nobody sells.
    pub(super) fn check(&self) -> Result<()> {
        must_sell_nothing(&self.site, "an opportunity in a running loop")?;
        let batteries: Vec<&str> = self.site.batteries.iter().map(|battery| battery.id.as_str()).collect();
        let regions: Vec<&str> = self.site.regions.iter().map(|region| region.id.as_str()).collect();
        let unknown = |field, kind, id: &str, known: &[&str]| {
            let known: Vec<String> = known.iter().map(|id| format!("`{id}`")).collect();
            Error::Unknown { object: "plant".into(), field, kind, id: id.into(), known: known.join(", ") }
        };
        if let Some(id) = self.batteries.keys().find(|id| !batteries.contains(&id.as_str())) {
            return Err(unknown("batteries", "battery", id.as_str(), &batteries));
        }
        match self.meters.keys().find(|id| !regions.contains(&id.as_str())) {
            Some(id) => Err(unknown("meters", "region", id.as_str(), &regions)),
            None => Ok(()),
        }
    }
}
