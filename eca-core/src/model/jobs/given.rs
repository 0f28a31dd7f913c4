//! Given schedules: constants in the balances.

use super::{Draft, Frame, millions};
use crate::schedule::Account;

pub(super) fn add(frame: &Frame<'_>, draft: &mut Draft, accounts: &[Account]) {
    let mut accounts = accounts.iter();
    for shape in frame.shapes {
        for _ in 0..shape.count {
            let Some(account) = accounts.next() else { return };
            for (r, loads) in account.load_mw.iter().enumerate() {
                for (t, &load) in loads.iter().enumerate() {
                    draft.it_load.at_mut((r, t)).constant += load;
                    if load > 0.0 {
                        draft.inferences.at_mut((r, t)).constant += account.work[t] * millions(shape);
                    }
                }
            }
        }
    }
}
