//! Fixed: one volume for every period, such as a reference of the network operator or the capacity of the asset.

use super::answer::{Answer, PeriodBaseline};
use super::{Baseline, Question};
use crate::Result;

/// The same volume in every period.
#[derive(Debug, Clone, Copy)]
pub struct Fixed {
    wh: i64,
}

impl Fixed {
    /// So many Wh in every settlement period; import counts as positive.
    #[must_use]
    pub fn new(wh: i64) -> Self {
        Self { wh }
    }
}

impl Baseline for Fixed {
    fn name(&self) -> &'static str {
        "fixed"
    }

    fn baseline(&self, question: &Question<'_>) -> Result<Answer> {
        let same = |period: &crate::SettlementPeriod| PeriodBaseline {
            period: *period,
            unadjusted_wh: self.wh,
            baseline_wh: self.wh,
        };
        Ok(Answer {
            method: self.name().into(),
            params: question.params.clone(),
            days: Vec::new(),
            adjustment: None,
            periods: question.periods.iter().map(same).collect(),
        })
    }
}
