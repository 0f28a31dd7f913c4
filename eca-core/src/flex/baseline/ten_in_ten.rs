//! Ten in ten: the mean of ten days, times what the same day was above it, between limits (practice of CAISO).
//!
//! `r = sum_W M / sum_W U`, between 0.8 and 1.2; `B_j = r U_j`. The factor stays a fraction, so that only `B_j` is rounded.

use super::answer::{Adjustment, Answer, Factor};
use super::recent::{Recent, keep_all};
use super::{Baseline, Question};
use crate::{Error, Result};

/// 10-in-10 with a same-day factor.
#[derive(Debug, Clone, Copy, Default)]
pub struct TenInTen;

impl Baseline for TenInTen {
    fn name(&self) -> &'static str {
        "ten_in_ten"
    }

    fn baseline(&self, question: &Question<'_>) -> Result<Answer> {
        Recent { name: self.name(), count: Some(10), leave_out: keep_all, windowed: true, adjust: multiply }
            .answer(question)
    }
}

/// The factor of the event.
fn multiply(question: &Question<'_>, made: &mut Adjustment) -> Result<()> {
    if made.unadjusted_wh <= 0 {
        return Err(Error::Value {
            object: format!("event `{}`", question.event_id),
            field: "mean of the window before it".into(),
            value: made.unadjusted_wh.to_string(),
            limit: "must be above 0 for a same-day factor; use an additive method such as bl01".into(),
            unit: "Wh",
        });
    }
    let (metered, mean) = (i128::from(made.metered_wh), i128::from(made.unadjusted_wh));
    let limit = |percent: u16| Factor { numerator: percent.into(), denominator: 100 };
    let (low, high) = (question.params.factor_min_percent, question.params.factor_max_percent);
    made.factor = Some(if metered * 100 < mean * i128::from(low) {
        limit(low)
    } else if metered * 100 > mean * i128::from(high) {
        limit(high)
    } else {
        Factor { numerator: made.metered_wh, denominator: made.unadjusted_wh }
    });
    Ok(())
}
