//! BL01: the mean of recent days (P376), moved by the same day where there was a balancing acceptance.
//!
//! `U_j = (1/n) sum_days M_{day,j}`, `a = (1/|W|) sum_{w in W} (M_w - U_w)`, `B_j = U_j + a`; under wholesale trading alone
//! `a = 0` (P415). The plain mean and the numbers 10 and 4 are as in the same rule of the demand flexibility service.

use super::answer::{Adjustment, Answer};
use super::recent::{Recent, keep_all};
use super::{AdjustmentRule, Baseline, Question};
use crate::Result;
use crate::settle::divided;

/// BL01 of the baselining methodology (P376).
#[derive(Debug, Clone, Copy, Default)]
pub struct Bl01;

impl Baseline for Bl01 {
    fn name(&self) -> &'static str {
        "bl01"
    }

    fn baseline(&self, question: &Question<'_>) -> Result<Answer> {
        Recent { name: self.name(), count: None, leave_out: keep_all, windowed: adjusted(question), adjust: add }
            .answer(question)
    }
}

/// Whether the rule moves the baseline at all.
pub(super) fn adjusted(question: &Question<'_>) -> bool {
    match question.params.adjustment {
        AdjustmentRule::WhenBalancing => question.balancing,
        AdjustmentRule::Always => true,
        AdjustmentRule::Never => false,
    }
}

/// One constant for the event.
pub(super) fn add(_: &Question<'_>, made: &mut Adjustment) -> Result<()> {
    let periods = i128::try_from(made.window.len()).unwrap_or(1).max(1);
    let mean = divided(i128::from(made.metered_wh) - i128::from(made.unadjusted_wh), periods);
    made.added_wh = i64::try_from(mean).unwrap_or_default();
    Ok(())
}
