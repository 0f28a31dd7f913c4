//! Given schedules: constants in the balances.

use super::{Draft, Frame, millions};
use crate::schedule::Account;

pub(super) fn add(frame: &Frame<'_>, draft: &mut Draft, accounts: &[Account]) {
    let mut accounts = accounts.iter();
    for shape in frame.shapes {
        for _ in 0..shape.count {
            let Some(account) = accounts.next() else { return };
            for step in &account.steps {
                let cell = (step.region, step.period);
                draft.it_load.at_mut(cell).constant += step.mw;
                draft.inferences.at_mut(cell).constant += step.work * millions(shape);
            }
        }
    }
}
