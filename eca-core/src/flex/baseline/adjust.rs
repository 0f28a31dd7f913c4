//! The window before an event.

use super::{Question, WindowEnd};
use crate::SettlementPeriod;

/// The periods of the window, in order: it ends at gate closure or at the start of the event.
pub(super) fn window(question: &Question<'_>) -> Vec<SettlementPeriod> {
    let end = match question.params.window_end {
        WindowEnd::GateClosure => question.event_start.gate_closure(),
        WindowEnd::EventStart => question.event_start.start_utc(),
    };
    let periods = i64::from(question.params.window_periods);
    (1..=periods).rev().map(|back| SettlementPeriod::containing(end.plus_min(-30 * back))).collect()
}
