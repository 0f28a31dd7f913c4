//! Baselines: what would have been used, one method in each file, behind the trait [`Baseline`].
//!
//! A baseline is computed from metered volumes of the past in whole Wh and says with every number how it came about:
//! which days were used, which were left out and why, which window and adjustment. Import counts as positive.
//!
//! | name | rule | standing |
//! |---|---|---|
//! | `bl01` | mean of the 10 (working) or 4 (other) most recent eligible days, in-day adjustment (P376) | second-hand |
//! | `mid_8_of_10` | without the highest and the lowest day by energy in the event | assumed |
//! | `high_5_of_10` | the 5 highest days by energy in the event | assumed |
//! | `ten_in_ten` | mean of 10, times what the same day was above it, 0.8 to 1.2 | assumed |
//! | `nominated` | as submitted ahead, in time | source |
//! | `fixed` | one volume for every period: a reference or the capacity of the asset | source |
//! | `zero` | nothing | second-hand |
//!
//! The text of the P376 methodology was not at hand: every number of it is a field of [`BaselineParams`], dated and
//! sourced in docs/settlement.md.
#![deny(clippy::float_arithmetic)]

mod adjust;
mod answer;
mod behind;
mod bl01;
mod days;
mod fixed;
mod high_5_of_10;
mod holidays;
mod mid_8_of_10;
mod nominated;
mod params;
mod recent;
mod ten_in_ten;
mod upkeep;
mod zero;

pub use answer::{Adjustment, Answer, DaySet, Excluded, Factor, PeriodBaseline, WhyExcluded};
pub use behind::DayVolumes;
pub use bl01::Bl01;
pub use days::{DayClass, EventDay, EventDayKind};
pub use fixed::Fixed;
pub use high_5_of_10::High5Of10;
pub use holidays::Holidays;
pub use mid_8_of_10::Mid8Of10;
pub use nominated::{Nominated, NominatedPeriod};
pub use params::{AdjustmentRule, BaselineParams, WindowEnd};
pub use ten_in_ten::TenInTen;
pub use upkeep::Upkeep;
pub use zero::Zero;

use crate::settle::Volumes;
use crate::{Result, SettlementPeriod};
use std::fmt;

/// A way to say what would have been used.
pub trait Baseline: fmt::Debug + Send + Sync {
    /// The name in documents.
    fn name(&self) -> &'static str;

    /// The baseline of the periods of a question.
    ///
    /// # Errors
    /// [`crate::Error::Gap`] where too few days, or too few periods of the adjustment window, have readings;
    /// [`crate::Error::Unknown`] for a year whose bank holidays are not known.
    fn baseline(&self, question: &Question<'_>) -> Result<Answer>;
}

/// What a baseline is asked for.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// The event, for messages.
    pub event_id: &'a str,
    /// The periods, in order: of the event, and of the rebound behind it. They may lie on several days.
    pub periods: &'a [SettlementPeriod],
    /// The first period of the event: the adjustment window lies before it.
    pub event_start: SettlementPeriod,
    /// The last period of the event. Days of the event are event days.
    pub event_end: SettlementPeriod,
    /// Metered volumes of the past and of the event's own day.
    pub volumes: &'a Volumes,
    /// Days that do not count where others do.
    pub event_days: &'a [EventDay],
    /// Bank holidays.
    pub holidays: &'a Holidays,
    /// The numbers of the rule.
    pub params: &'a BaselineParams,
    /// Whether there was an acceptance in the balancing mechanism; without one P415 leaves BL01 unadjusted.
    pub balancing: bool,
}
