//! Zero: the site would have used nothing, as for a battery that only exports.

use super::answer::Answer;
use super::{Baseline, Fixed, Question};
use crate::Result;

/// Zero in every period.
#[derive(Debug, Clone, Copy, Default)]
pub struct Zero;

impl Baseline for Zero {
    fn name(&self) -> &'static str {
        "zero"
    }

    fn baseline(&self, question: &Question<'_>) -> Result<Answer> {
        let mut answer = Fixed::new(0).baseline(question)?;
        answer.method = self.name().into();
        Ok(answer)
    }
}
