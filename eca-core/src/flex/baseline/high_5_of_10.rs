//! High days: the five highest of ten by energy in the event.

use super::answer::{Answer, WhyExcluded};
use super::bl01::{add, adjusted};
use super::recent::Recent;
use super::{Baseline, Question};
use crate::{Result, SettlementDate};

/// Days that stay.
const KEPT: usize = 5;

/// High 5 of 10.
#[derive(Debug, Clone, Copy, Default)]
pub struct High5Of10;

impl Baseline for High5Of10 {
    fn name(&self) -> &'static str {
        "high_5_of_10"
    }

    fn baseline(&self, question: &Question<'_>) -> Result<Answer> {
        let (windowed, leave_out) = (adjusted(question), low);
        Recent { name: self.name(), count: Some(10), leave_out, windowed, adjust: add }.answer(question)
    }
}

/// All but the highest.
fn low(order: &[SettlementDate]) -> Vec<(SettlementDate, WhyExcluded)> {
    let dropped = order.len().saturating_sub(KEPT);
    order.iter().take(dropped).map(|day| (*day, WhyExcluded::Lowest)).collect()
}
