//! A power target: what a site may draw while a network operator, a congestion signal or a demand-response event asks for less.

use super::{RegionId, TargetId, setters::setters};
use serde::{Deserialize, Serialize};

/// The power asked for: one number for every period, or one for each with `null` where nothing is asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(untagged)]
pub enum TargetPower {
    /// The same in every period, MW.
    Constant(f64),
    /// For each period, MW; none where nothing is asked.
    Values(Vec<Option<f64>>),
}

impl TargetPower {
    /// What is asked in period `t`, MW.
    #[must_use]
    pub fn at(&self, t: usize) -> Option<f64> {
        match self {
            Self::Constant(power) => Some(*power),
            Self::Values(values) => values.get(t).copied().flatten(),
        }
    }
}

impl From<f64> for TargetPower {
    fn from(power: f64) -> Self {
        Self::Constant(power)
    }
}

impl<T: Into<Option<f64>>> From<Vec<T>> for TargetPower {
    fn from(values: Vec<T>) -> Self {
        Self::Values(values.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Option<f64>>, const N: usize> From<[T; N]> for TargetPower {
    fn from(values: [T; N]) -> Self {
        Self::Values(values.into_iter().map(Into::into).collect())
    }
}

/// Whether a target may be bought off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TargetKind {
    /// It is met. A problem in which it cannot be met is refused, with the reason.
    #[default]
    Strict,
    /// What is drawn beyond it costs `price_gbp_per_mwh`.
    Priced,
}

/// Power that the import of a site has to stay at or under, with the time to get there.
///
/// The hold is the run of periods that have a value. `region` and `site` name the same thing, a site behind one grid
/// connection; one of them is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct PowerTarget {
    /// Name of the target, unique.
    pub id: TargetId,
    /// Region whose import it limits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<RegionId>,
    /// The same as `region`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<RegionId>,
    /// Most import in each period, MW; `null` where nothing is asked.
    pub power_mw: TargetPower,
    /// Time from the start of a period until its target is met, s. Zero: a whole period may be used.
    #[serde(default)]
    pub response_s: f64,
    /// Most change of the import between two periods of which one has a target, MW/min. None: no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ramp_mw_per_min: Option<f64>,
    /// Most import in all periods after a held one, MW. None: no limit beyond the connection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebound_max_mw: Option<f64>,
    /// Whether it is met or priced.
    #[serde(default)]
    pub kind: TargetKind,
    /// Price of import beyond a priced target, GBP/MWh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_gbp_per_mwh: Option<f64>,
}

impl PowerTarget {
    /// Reads one target, as it stands in a problem document.
    ///
    /// # Errors
    /// [`crate::Error::Document`] with the path of what is not of the expected form.
    pub fn from_json(text: &str) -> crate::Result<Self> {
        super::read_object(text)
    }

    /// A target that is met.
    #[must_use]
    pub fn strict(id: impl Into<TargetId>, region: impl Into<RegionId>, power_mw: impl Into<TargetPower>) -> Self {
        Self {
            id: id.into(),
            region: Some(region.into()),
            site: None,
            power_mw: power_mw.into(),
            response_s: 0.0,
            ramp_mw_per_min: None,
            rebound_max_mw: None,
            kind: TargetKind::Strict,
            price_gbp_per_mwh: None,
        }
    }

    /// A target that may be exceeded at a price.
    #[must_use]
    pub fn priced(
        id: impl Into<TargetId>,
        region: impl Into<RegionId>,
        power_mw: impl Into<TargetPower>,
        price_gbp_per_mwh: f64,
    ) -> Self {
        Self {
            kind: TargetKind::Priced,
            price_gbp_per_mwh: Some(price_gbp_per_mwh),
            ..Self::strict(id, region, power_mw)
        }
    }

    /// The site it limits, by whichever name it was given.
    #[must_use]
    pub fn place(&self) -> &str {
        self.region.as_ref().or(self.site.as_ref()).map_or("", RegionId::as_str)
    }

    /// Most import in period `t`, MW: the target where there is one, the rebound limit after one; none where neither holds.
    #[must_use]
    pub fn limit_mw(&self, t: usize) -> Option<f64> {
        self.power_mw.at(t).or_else(|| self.rebound_max_mw.filter(|_| (0..t).any(|s| self.power_mw.at(s).is_some())))
    }
}

setters!(PowerTarget {
    response_s: f64,
    ramp_mw_per_min: into Option<f64>,
    rebound_max_mw: into Option<f64>,
});
