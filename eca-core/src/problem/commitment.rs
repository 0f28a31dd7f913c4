//! Commitments: flexibility that is sold, and what a plan owes for it.

use super::setters::setters;
use super::{BatteryId, CommitmentId, Direction, RegionId, Route, Series};
use crate::SettlementPeriod;
use serde::{Deserialize, Serialize};

/// Whether a shortfall may be bought off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CommitmentKind {
    /// A shortfall costs its penalty.
    #[default]
    Priced,
    /// What is due comes, whatever energy costs. Where that cannot be, or not without breaking a promise to a user further,
    /// the problem is refused, with the reason.
    Strict,
}

impl CommitmentKind {
    // Serde hands over a reference.
    #[allow(clippy::trivially_copy_pass_by_ref)]
    fn is_priced(&self) -> bool {
        *self == Self::Priced
    }
}

/// What a shortfall costs.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Penalty {
    /// Price of energy that is committed and not delivered, GBP/MWh: the imbalance price expected (P415), or the pay that
    /// is lost. One value, or one for each of the settlement periods. None: a price above any cost of energy, so that
    /// only promises to users come first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_gbp_per_mwh: Option<Series>,
    /// Part of the committed energy that may be missing without a penalty, 0 to 1.
    #[serde(default)]
    pub tolerance_frac: f64,
}

impl Penalty {
    /// A penalty of so much for each MWh that is missing, GBP/MWh.
    #[must_use]
    pub fn price(price_gbp_per_mwh: impl Into<Series>) -> Self {
        Self { price_gbp_per_mwh: Some(price_gbp_per_mwh.into()), tolerance_frac: 0.0 }
    }

    /// Reads a penalty, as it stands in a commitment.
    ///
    /// # Errors
    /// [`crate::Error::Document`] with the path of what is not of the expected form.
    pub fn from_json(text: &str) -> crate::Result<Self> {
        super::read_object(text)
    }

    /// The same with a part that may be missing without penalty, 0 to 1.
    #[must_use]
    pub fn tolerance_frac(mut self, tolerance_frac: f64) -> Self {
        self.tolerance_frac = tolerance_frac;
        self
    }
}

/// A window before an event whose import counts for the baseline: a plan may not raise it because something is sold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct BaselineGuard {
    /// The settlement periods of the window, in order.
    pub settlement_periods: Vec<SettlementPeriod>,
    /// What the plan without the commitment imports in them, MW: one value, or one for each.
    pub import_mw: Series,
    /// Part of it that may come on top.
    #[serde(default)]
    pub room_frac: f64,
    /// Power that may come on top, MW.
    #[serde(default)]
    pub room_mw: f64,
}

impl BaselineGuard {
    /// No more import than `import_mw` in `settlement_periods`.
    #[must_use]
    pub fn new(settlement_periods: impl IntoIterator<Item = SettlementPeriod>, import_mw: impl Into<Series>) -> Self {
        let settlement_periods = settlement_periods.into_iter().collect();
        Self { settlement_periods, import_mw: import_mw.into(), room_frac: 0.0, room_mw: 0.0 }
    }
}

/// Settlement periods after an event in which work comes back, and how much of it may come above the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rebound {
    /// The settlement periods after the event, in order.
    pub settlement_periods: Vec<SettlementPeriod>,
    /// What the site would have imported in them, MW: one value, or one for each.
    pub baseline_mw: Series,
    /// Most energy above it in all of them together, as a part of what is sold.
    pub max_frac: f64,
}

impl Rebound {
    /// At most `max_frac` of what is sold above `baseline_mw` in `settlement_periods`.
    #[must_use]
    pub fn new(
        settlement_periods: impl IntoIterator<Item = SettlementPeriod>,
        baseline_mw: impl Into<Series>,
        max_frac: f64,
    ) -> Self {
        Self { settlement_periods: settlement_periods.into_iter().collect(), baseline_mw: baseline_mw.into(), max_frac }
    }
}

/// Energy that is sold: import below a frozen baseline, by settlement period.
///
/// Series have one value, or one for each of `settlement_periods`. Settlement periods that are not wholly within the horizon
/// are not planned; the one in which the horizon starts is, where `imported_mwh` says what was imported in it so far.
///
/// ```
/// use eca_core::{Commitment, Penalty, Route, SettlementPeriod};
/// let evening = [35, 36].map(|k| SettlementPeriod::new("2026-02-19".parse().unwrap(), k).unwrap());
/// let commitment = Commitment::new("event", Route::WholesaleP415, "london", evening, 5.0, 12.0)
///     .price_gbp_per_mwh([120.0, 135.0])
///     .penalty(Penalty::price([180.0, 210.0]));
/// assert_eq!(commitment.committed_mw.at(1), 5.0);
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Commitment {
    /// Name of the commitment, unique.
    pub id: CommitmentId,
    /// Where it is sold.
    pub route: Route,
    /// Less import or more.
    #[serde(default)]
    pub direction: Direction,
    /// The region whose import is metered.
    pub region: RegionId,
    /// The settlement periods it holds for, in order.
    pub settlement_periods: Vec<SettlementPeriod>,
    /// What is sold, MW.
    pub committed_mw: Series,
    /// What the site would have imported, MW: a number from outside that no plan changes.
    pub baseline_mw: Series,
    /// What is paid for it, GBP/MWh.
    #[serde(default)]
    pub price_gbp_per_mwh: Series,
    /// Whether what is due comes in every plan, or a shortfall has a price.
    #[serde(default, skip_serializing_if = "CommitmentKind::is_priced")]
    pub kind: CommitmentKind,
    /// What a shortfall costs; a strict commitment has a tolerance alone.
    #[serde(default)]
    pub penalty: Penalty,
    /// Minutes in which a fall of import takes effect, in a straight line; 0 to 30.
    #[serde(default)]
    pub ramp_min: f64,
    /// Import before the event that the baseline is adjusted by, and what it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<BaselineGuard>,
    /// How much of what is sold may come back after the event.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rebound: Option<Rebound>,
    /// A battery at the same region that holds what is sold until it is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserve: Option<BatteryId>,
    /// Import metered so far in the settlement period in which the horizon starts, MWh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported_mwh: Option<f64>,
    /// A reference of the buyer, at most 64 characters, never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obp_id: Option<String>,
}

impl Commitment {
    /// `committed_mw` below `baseline_mw` in every one of the settlement periods.
    #[must_use]
    pub fn new(
        id: impl Into<CommitmentId>,
        route: Route,
        region: impl Into<RegionId>,
        settlement_periods: impl IntoIterator<Item = SettlementPeriod>,
        committed_mw: impl Into<Series>,
        baseline_mw: impl Into<Series>,
    ) -> Self {
        Self {
            id: id.into(),
            route,
            direction: Direction::Down,
            region: region.into(),
            settlement_periods: settlement_periods.into_iter().collect(),
            committed_mw: committed_mw.into(),
            baseline_mw: baseline_mw.into(),
            price_gbp_per_mwh: Series::default(),
            kind: CommitmentKind::default(),
            penalty: Penalty::default(),
            ramp_min: 0.0,
            guard: None,
            rebound: None,
            reserve: None,
            imported_mwh: None,
            obp_id: None,
        }
    }
}

setters!(Commitment { price_gbp_per_mwh: into Series, kind: CommitmentKind, penalty: Penalty, ramp_min: f64 });

impl Commitment {
    /// Reads one commitment, as it stands in a problem document.
    ///
    /// # Errors
    /// [`crate::Error::Document`] with the path of what is not of the expected form.
    pub fn from_json(text: &str) -> crate::Result<Self> {
        super::read_object(text)
    }

    /// Sets `guard`.
    #[must_use]
    pub fn guard(mut self, guard: BaselineGuard) -> Self {
        self.guard = Some(guard);
        self
    }

    /// Sets `rebound`.
    #[must_use]
    pub fn rebound(mut self, rebound: Rebound) -> Self {
        self.rebound = Some(rebound);
        self
    }

    /// Sets `reserve`.
    #[must_use]
    pub fn reserve(mut self, battery: impl Into<BatteryId>) -> Self {
        self.reserve = Some(battery.into());
        self
    }

    /// Sets `imported_mwh`.
    #[must_use]
    pub fn imported_mwh(mut self, mwh: f64) -> Self {
        self.imported_mwh = Some(mwh);
        self
    }
}
