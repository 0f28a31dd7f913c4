//! What a Green Inference Certificate says, and what it does not.

use crate::log::sha256_hex;
use crate::{Error, Result, json};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The place of a certificate on the line of energy of one meter and half hour: Wh from `start` up to, not with, `end`.
/// Every Wh has one place, so two certificates that do not overlap never claim the same energy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WhRange {
    /// First Wh.
    pub start: i64,
    /// Behind the last Wh.
    pub end: i64,
}

impl WhRange {
    /// Its energy, Wh.
    #[must_use]
    pub fn energy_wh(self) -> i64 {
        self.end.saturating_sub(self.start)
    }
}

/// Who witnesses the metering.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Assurance {
    /// The meter of settlement.
    A,
    /// A meter with a key of its own.
    B,
    /// The operator alone.
    C,
}

/// Where the evidence is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    /// Name of the log.
    pub log: String,
    /// Index of the delivery record.
    pub delivery: u64,
    /// Its leaf hash in the tree of the log, in hexadecimal.
    pub delivery_leaf: String,
}

/// A claim of avoided carbon: apart from the certificate's own carbon, and never netted with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Avoided {
    /// Avoided, mg CO2.
    pub avoided_carbon_mg: i64,
    /// Against what.
    pub baseline_method: String,
    /// Who holds the claim: the buyer of the flexibility or the operator, never both.
    pub attribute_owner: String,
}

/// Subject of a Green Inference Certificate. Whole numbers in the units of the names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Subject {
    /// Who ran the inference.
    pub operator: String,
    /// Model or class of workload.
    pub workload_class: String,
    /// What counts as one inference.
    pub inference_definition: String,
    /// How many.
    pub inferences: i64,
    /// Region of the grid.
    pub region: String,
    /// The meter, or set of meters.
    pub meter_id: String,
    /// London day.
    pub settlement_date: String,
    /// Half hour of the day, 1 to 50.
    pub settlement_period: u8,
    /// Its place among the energy of that meter and half hour.
    pub wh_range: WhRange,
    /// Its energy, Wh: the length of the range.
    pub energy_wh: i64,
    /// How energy was measured, and what is in it besides the computers.
    pub energy_method: String,
    /// Carbon by the average intensity of the place, mg CO2.
    pub carbon_mg_location: i64,
    /// Whose intensity, and which version.
    pub carbon_source: String,
    /// `actual` or `forecast`.
    pub carbon_data: String,
    /// What the energy cost, µGBP.
    pub cost_ugbp: i64,
    /// Avoided carbon, if it is claimed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub avoided: Option<Avoided>,
    /// Who witnesses the metering.
    pub assurance: Assurance,
    /// Where the evidence is.
    pub evidence: Evidence,
    /// What this is not.
    pub not_claimed: Vec<String>,
}

impl Subject {
    /// What no certificate of this kind claims.
    #[must_use]
    pub fn disclaimer() -> Vec<String> {
        [
            "not a REGO, a guarantee of origin or any other energy attribute certificate",
            "not carbon neutrality: the carbon stated was emitted",
            "not that the inference was useful, correct or lawful",
            "not avoided carbon, unless stated under avoided; that is never to be subtracted from carbon_mg_location",
        ]
        .map(String::from)
        .to_vec()
    }

    /// The name of the certificate: a URN of the hash of issuer, meter, half hour and range.
    ///
    /// # Errors
    /// [`Error::Json`] never in practice.
    pub fn certificate_id(&self, issuer: &str) -> Result<String> {
        let parts = serde_json::json!([
            issuer,
            self.meter_id,
            self.settlement_date,
            self.settlement_period,
            self.wh_range.start,
            self.wh_range.end
        ]);
        Ok(format!("urn:eca:certificate:{}", sha256_hex(&json::canonical("certificate id", &parts)?)))
    }

    /// # Errors
    /// [`Error::NotVerified`] names what cannot be.
    pub(super) fn check(&self) -> Result<()> {
        let wrong = |reason: &str| Err(Error::not_verified("credentialSubject", reason));
        let range = self.wh_range;
        if range.start < 0 || range.end <= range.start {
            return wrong("wh_range is empty, runs back, or begins below zero");
        }
        if self.energy_wh != range.energy_wh() {
            return wrong("energy_wh is not the length of wh_range");
        }
        if self.inferences < 0 || self.carbon_mg_location < 0 {
            return wrong("inferences or carbon_mg_location is negative");
        }
        if !["actual", "forecast"].contains(&self.carbon_data.as_str()) {
            return wrong("carbon_data is neither actual nor forecast");
        }
        if self.not_claimed.is_empty() {
            return wrong("not_claimed is empty: a certificate says what it is not");
        }
        Ok(())
    }

    /// The same claim for the parts before and from `at_wh`: what is counted is divided by energy, rounded down for the
    /// first part, so that the two sum to the whole to the unit.
    ///
    /// # Errors
    /// [`Error::NotVerified`] if `at_wh` is not inside the range.
    pub fn split(&self, at_wh: i64) -> Result<(Self, Self)> {
        if at_wh <= self.wh_range.start || at_wh >= self.wh_range.end {
            return Err(Error::not_verified("split", format!("{at_wh} Wh is not inside the range of the certificate")));
        }
        let (mut first, mut second) = (self.clone(), self.clone());
        (first.wh_range.end, second.wh_range.start) = (at_wh, at_wh);
        (first.energy_wh, second.energy_wh) = (first.wh_range.energy_wh(), second.wh_range.energy_wh());
        let part = |whole: i64| share(whole, at_wh - self.wh_range.start, self.energy_wh);
        (first.inferences, second.inferences) = halves(self.inferences, part);
        (first.carbon_mg_location, second.carbon_mg_location) = halves(self.carbon_mg_location, part);
        (first.cost_ugbp, second.cost_ugbp) = halves(self.cost_ugbp, part);
        if let (Some(whole), Some(a), Some(b)) = (&self.avoided, &mut first.avoided, &mut second.avoided) {
            (a.avoided_carbon_mg, b.avoided_carbon_mg) = halves(whole.avoided_carbon_mg, part);
        }
        Ok((first, second))
    }

    /// The subject as JSON.
    pub(super) fn to_value(&self) -> Result<Value> {
        serde_json::to_value(self).map_err(|error| Error::json("credentialSubject", error.to_string()))
    }
}

/// The part and the rest.
fn halves(whole: i64, part: impl Fn(i64) -> i64) -> (i64, i64) {
    let mine = part(whole);
    (mine, whole - mine)
}

/// `part` of `of` parts of a whole, rounded down; also below zero.
pub(crate) fn share(whole: i64, part: i64, of: i64) -> i64 {
    let exact = (i128::from(whole) * i128::from(part)).div_euclid(i128::from(of.max(1)));
    i64::try_from(exact).unwrap_or(whole)
}
