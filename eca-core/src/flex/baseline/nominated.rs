//! Nominated: as the provider submitted it ahead, in time.
//!
//! A nomination stands before the offer, and revisions until 12:00 London time on the day before (Electron's product
//! pages, read 23 November 2026). What comes later is refused: a baseline after the fact is a wish.

use super::answer::{Answer, PeriodBaseline};
use super::{Baseline, Question};
use crate::settle::Micro;
use crate::{Error, Result, SettlementDate, SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};

/// One period of a nomination.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct NominatedPeriod {
    /// The day.
    pub settlement_date: SettlementDate,
    /// The period of the day.
    pub settlement_period: u8,
    /// Energy, MWh; import counts as positive.
    pub mwh: Micro,
    /// When it was submitted.
    pub submitted_at: Timestamp,
}

/// A nominated baseline.
#[derive(Debug, Clone)]
pub struct Nominated {
    periods: Vec<NominatedPeriod>,
}

impl Nominated {
    /// The baseline of these nominations; the last one in time counts.
    #[must_use]
    pub fn new(periods: Vec<NominatedPeriod>) -> Self {
        Self { periods }
    }

    /// Noon in London on the day before.
    fn deadline(period: SettlementPeriod) -> Timestamp {
        let before = period.settlement_date().plus_days(-1);
        // The change of clocks is at night, so noon is found by the wall clock and not by adding hours.
        let noon = before.midnight().plus_min(12 * 60);
        noon.plus_min((12 - i64::from(noon.london().hour())) * 60)
    }
}

impl Baseline for Nominated {
    fn name(&self) -> &'static str {
        "nominated"
    }

    fn baseline(&self, question: &Question<'_>) -> Result<Answer> {
        let mut periods = Vec::new();
        for period in question.periods {
            let deadline = Self::deadline(*period);
            let key = (period.settlement_date(), period.settlement_period());
            let mine = self.periods.iter().filter(|n| (n.settlement_date, n.settlement_period) == key);
            let (in_time, late): (Vec<_>, Vec<_>) = mine.partition(|n| n.submitted_at <= deadline);
            let Some(last) = in_time.into_iter().max_by_key(|n| n.submitted_at) else {
                return Err(Error::Value {
                    object: format!("event `{}`", question.event_id),
                    field: format!("nominated[{period}]"),
                    value: late.first().map_or("none".into(), |n| format!("submitted at {}", n.submitted_at)),
                    limit: format!("must be submitted by {deadline}, noon of the day before in London"),
                    unit: "",
                });
            };
            let wh = last.mwh.millionths();
            periods.push(PeriodBaseline { period: *period, unadjusted_wh: wh, baseline_wh: wh });
        }
        let params = question.params.clone();
        Ok(Answer { method: self.name().into(), params, days: Vec::new(), adjustment: None, periods })
    }
}
