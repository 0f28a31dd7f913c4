//! Middle days: without the highest and the lowest of ten by energy in the event (practice of distribution operators).

use super::answer::{Answer, WhyExcluded};
use super::bl01::{add, adjusted};
use super::recent::Recent;
use super::{Baseline, Question};
use crate::{Result, SettlementDate};

/// Mid 8 of 10. Of the four days that stand for a non-working day the highest and the lowest go too.
#[derive(Debug, Clone, Copy, Default)]
pub struct Mid8Of10;

impl Baseline for Mid8Of10 {
    fn name(&self) -> &'static str {
        "mid_8_of_10"
    }

    fn baseline(&self, question: &Question<'_>) -> Result<Answer> {
        let (windowed, leave_out) = (adjusted(question), ends);
        Recent { name: self.name(), count: Some(10), leave_out, windowed, adjust: add }.answer(question)
    }
}

/// The first and the last, where something stays between them.
fn ends(order: &[SettlementDate]) -> Vec<(SettlementDate, WhyExcluded)> {
    match order {
        [lowest, _, .., highest] => vec![(*lowest, WhyExcluded::Lowest), (*highest, WhyExcluded::Highest)],
        _ => Vec::new(),
    }
}
