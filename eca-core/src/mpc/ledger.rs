//! What was paid and emitted, by whom: the site itself, ECA, or a simple policy. What is sold is the same for all of them: each
//! is paid for it, and pays for what is missing by its own import.

use super::delivery::{self, Metering};
use super::twin::Flows;
use crate::problem::ProblemDocument;
use crate::unit;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Sums over the periods booked so far.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Entry {
    /// Periods booked.
    pub periods: usize,
    /// Money paid less money earned, demand charges, commitments and what shortfalls cost included, GBP.
    pub cost_gbp: f64,
    /// Paid for commitments whose settlement periods are over, GBP.
    #[serde(default)]
    pub revenue_gbp: f64,
    /// Due of them and missing, kWh.
    #[serde(default)]
    pub shortfall_kwh: f64,
    /// What that costs at the prices given, GBP. A shortfall without a price costs nothing here.
    #[serde(default)]
    pub shortfall_gbp: f64,
    /// Energy imported, kWh.
    pub import_kwh: f64,
    /// Energy exported, kWh.
    pub export_kwh: f64,
    /// Location-based carbon of the imports, kg.
    pub carbon_kg: f64,
    /// Inferences done.
    pub inferences: f64,
    /// Inferences asked for and not served.
    pub shed_inferences: f64,
    /// Energy above an IT capacity or an import limit, kWh.
    pub overload_kwh: f64,
    /// Highest import of each region, MW, in document order.
    pub peak_mw: Vec<f64>,
    /// Meters in the settlement period that is under way.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    under_way: Vec<Metering>,
}

impl Entry {
    /// Books what flowed in period `t` of a site.
    pub(super) fn book(&mut self, site: &ProblemDocument, t: usize, flows: &Flows) {
        let h = site.horizon.step_h();
        let kwh = |mw: &[f64]| unit::mwh_to_kwh(h * mw.iter().sum::<f64>());
        self.periods += 1;
        self.cost_gbp += flows.cost_gbp;
        self.import_kwh += kwh(&flows.import_mw);
        self.export_kwh += kwh(&flows.export_mw);
        self.carbon_kg += flows.carbon_kg;
        self.inferences += flows.inferences;
        self.shed_inferences += flows.shed;
        self.overload_kwh += unit::mwh_to_kwh(flows.overload_mwh);
        for delivery in delivery::meter(&mut self.under_way, site, t, flows) {
            self.revenue_gbp += delivery.revenue_gbp;
            self.shortfall_kwh += unit::mwh_to_kwh(delivery.shortfall_mwh);
            self.shortfall_gbp += delivery.shortfall_gbp;
            self.cost_gbp += delivery.shortfall_gbp - delivery.revenue_gbp;
        }
        self.peak_mw.resize(site.regions.len(), 0.0);
        for ((peak, import), region) in self.peak_mw.iter_mut().zip(&flows.import_mw).zip(&site.regions) {
            let higher = (import - *peak).max(0.0);
            *peak += higher;
            self.cost_gbp += higher * region.demand_charge_gbp_per_mw;
        }
    }
}

/// One entry for each that is compared: `site`, `eca`, `run_at_once`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Ledger {
    /// The sums, by name.
    pub entries: BTreeMap<String, Entry>,
}

impl Ledger {
    /// How much less `ours` paid than `theirs`, GBP; zero where either is missing.
    #[must_use]
    pub fn saved_gbp(&self, ours: &str, theirs: &str) -> f64 {
        self.difference(ours, theirs, |entry| entry.cost_gbp)
    }

    /// How much less `ours` emitted than `theirs`, kg; zero where either is missing.
    #[must_use]
    pub fn saved_kg(&self, ours: &str, theirs: &str) -> f64 {
        self.difference(ours, theirs, |entry| entry.carbon_kg)
    }

    /// How much less `ours` imported than `theirs`, kWh; zero where either is missing.
    #[must_use]
    pub fn saved_kwh(&self, ours: &str, theirs: &str) -> f64 {
        self.difference(ours, theirs, |entry| entry.import_kwh)
    }

    fn difference(&self, ours: &str, theirs: &str, of: impl Fn(&Entry) -> f64) -> f64 {
        match (self.entries.get(ours), self.entries.get(theirs)) {
            (Some(ours), Some(theirs)) => of(theirs) - of(ours),
            _ => 0.0,
        }
    }
}
