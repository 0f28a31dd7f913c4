//! The ladder as a document.

use crate::problem::{BaselineGuard, Commitment, CommitmentId, Penalty, RegionId, Route, Series};
use crate::{Result, SettlementPeriod};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Where the cost of an offer comes from, GBP; the parts add up to `cost_gbp` of the rung.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OfferCost {
    /// Energy in the periods of the offer: what is not imported there is saved.
    pub event_energy_gbp: f64,
    /// Energy in all other periods: work made up for, batteries charged ahead.
    pub rebound_energy_gbp: f64,
    /// Starts, pauses and moves of jobs: checkpoints.
    pub checkpoint_gbp: f64,
    /// Demand charges, battery wear and routing.
    pub other_gbp: f64,
    /// Penalties of soft limits: carbon, batteries that end emptier.
    pub penalty_gbp: f64,
    /// What is not proved: how far both plans may be from the cheapest.
    pub gap_gbp: f64,
}

/// One rung: so many MW for so long, at a price.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Rung {
    /// What is offered, MW, in every one of its settlement periods.
    pub mw: f64,
    /// The settlement periods.
    pub settlement_periods: Vec<SettlementPeriod>,
    /// The baseline it counts against, MW, by settlement period.
    pub baseline_mw: Vec<f64>,
    /// What import before the event may be, where the baseline is adjusted by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guard: Option<BaselineGuard>,
    /// Energy of the offer, MWh by settlement period, rounded down to kWh.
    pub energy_mwh: Vec<f64>,
    /// The most that can be delivered, MWh by settlement period, with all promises kept: never below `energy_mwh` of an
    /// offer with a price.
    pub deliverable_mwh: Vec<f64>,
    /// The price, GBP/MWh, rounded up to 1e-6; none where it is not offered.
    pub price_gbp_per_mwh: Option<f64>,
    /// Why it is not offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
    /// Objective of the plan with the offer, GBP: an upper end.
    pub cost_with_gbp: Option<f64>,
    /// Lower bound of any plan without it, GBP.
    pub cost_without_gbp: f64,
    /// `cost_with_gbp - cost_without_gbp`, GBP.
    pub cost_gbp: Option<f64>,
    /// Where it comes from.
    pub parts: Option<OfferCost>,
    /// What the price has above cost, GBP/MWh: margin, compensation of the supplier and expected shortfall.
    pub margin_gbp_per_mwh: f64,
    /// Price of the expected shortfall, GBP/MWh, part of the margin.
    pub risk_gbp_per_mwh: f64,
    /// How far the price may be above that of proved optima, GBP/MWh.
    pub gap_gbp_per_mwh: f64,
    /// Whether both plans are proved optimal; otherwise the price is on the safe side by at most the gap.
    pub exact: bool,
    /// Probability that all of it is delivered, 0 to 1; none without quantiles.
    pub delivery_probability_frac: Option<f64>,
}

/// A price ladder (`eca-offers/1`).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Offers {
    /// Always `eca-offers/1`.
    pub format: String,
    /// Hash of the problem.
    pub problem_hash: String,
    /// The region.
    pub region: RegionId,
    /// The route.
    pub route: Route,
    /// Minutes in which a fall of import takes effect.
    pub ramp_min: f64,
    /// The rungs, in the order of the request: lengths, then powers.
    pub rungs: Vec<Rung>,
}

impl Offers {
    /// The format name of this version.
    pub const FORMAT: &'static str = "eca-offers/1";

    /// Reads a ladder.
    ///
    /// # Errors
    /// [`crate::Error::Document`] with the path of what is not of the expected form.
    pub fn from_json(text: &str) -> Result<Self> {
        let offers: Self = crate::problem::read_object(text)?;
        if offers.format == Self::FORMAT {
            return Ok(offers);
        }
        let message = format!("`{}` is not `{}`", offers.format, Self::FORMAT);
        Err(crate::Error::Document { path: "format".into(), message })
    }

    /// The document: one line of JSON.
    ///
    /// # Errors
    /// [`crate::Error::Internal`] if a number is not finite.
    pub fn to_json(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|e| crate::Error::Internal { message: format!("offers to JSON: {e}") })
    }

    /// The commitment of rung number `rung`, from 0, sold at its price.
    ///
    /// # Errors
    /// [`crate::Error::Unknown`] for a number that no rung has, [`crate::Error::Value`] for a rung that is not offered.
    pub fn sold(&self, rung: usize, id: impl Into<CommitmentId>, penalty: Penalty) -> Result<Commitment> {
        let found = self.rungs.get(rung).ok_or_else(|| crate::Error::Unknown {
            object: "offers".into(),
            field: "rung",
            kind: "rung",
            id: rung.to_string(),
            known: format!("0 to {}", self.rungs.len().saturating_sub(1)),
        })?;
        if found.price_gbp_per_mwh.is_none() {
            return Err(crate::Error::Value {
                object: format!("rung {rung} of {} MW", found.mw),
                field: "price_gbp_per_mwh".into(),
                value: "null".into(),
                limit: format!(
                    "must be offered to be sold: {}",
                    found.refused.as_deref().unwrap_or("it is not offered")
                ),
                unit: "",
            });
        }
        Ok(self.commitment(id, found, penalty))
    }

    /// What a rung becomes when it is sold at its price: add it to the problem, and the next ladder sells no MWh of it again.
    #[must_use]
    pub fn commitment(&self, id: impl Into<CommitmentId>, rung: &Rung, penalty: Penalty) -> Commitment {
        let h = crate::flex::settlement_h();
        let committed: Vec<f64> = rung.energy_mwh.iter().map(|mwh| mwh / h).collect();
        let periods = rung.settlement_periods.iter().copied();
        let made = Commitment::new(id, self.route, self.region.clone(), periods, committed, rung.baseline_mw.clone());
        Commitment { guard: rung.guard.clone(), ..made }
            .price_gbp_per_mwh(Series::from(rung.price_gbp_per_mwh.unwrap_or(0.0)))
            .penalty(penalty)
            .ramp_min(self.ramp_min)
    }
}

impl fmt::Display for Offers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, rung) in self.rungs.iter().enumerate() {
            let periods = rung.settlement_periods.len();
            write!(f, "{}{} MW x {periods} SP: ", if i > 0 { "\n" } else { "" }, rung.mw)?;
            match (rung.price_gbp_per_mwh, &rung.refused) {
                (Some(price), _) => write!(f, "{price:.2} GBP/MWh")?,
                (None, Some(why)) => write!(f, "not offered: {why}")?,
                (None, None) => f.write_str("not offered")?,
            }
            if rung.price_gbp_per_mwh.is_some() && !rung.exact {
                write!(f, ", not proved: at most {:.2} GBP/MWh too dear", rung.gap_gbp_per_mwh)?;
            }
            if let Some(probability) = rung.delivery_probability_frac {
                write!(f, ", delivered with probability {probability:.2}")?;
            }
        }
        Ok(())
    }
}
