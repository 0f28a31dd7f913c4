//! Commitments as a later part of a document sees them.

use crate::problem::Commitment;
use crate::time::SETTLEMENT_PERIOD_MIN;
use crate::unit::min_to_h;
use crate::{Horizon, SettlementPeriod};

/// The commitment for a part that starts at `part.start`. Where that is within one of its settlement periods, what was
/// imported before the document is as it says, and since then as was sold: so the rest of the period is planned on track.
pub(super) fn cut_commitment(commitment: &Commitment, document: &Horizon, part: &Horizon) -> Commitment {
    let now = SettlementPeriod::containing(part.start);
    let mut cut = commitment.clone();
    let index = commitment.settlement_periods.iter().position(|period| *period == now);
    let Some(i) = index.filter(|_| now.start_utc() < part.start) else { return cut };
    let since = document.start.max(now.start_utc());
    let before = match commitment.imported_mwh {
        _ if since == now.start_utc() => 0.0,
        Some(imported) => imported,
        // The border asks for it.
        None => return cut,
    };
    let minutes = part.start.minutes_since(since).clamp(0, SETTLEMENT_PERIOD_MIN);
    #[allow(clippy::cast_precision_loss)]
    let hours = min_to_h(minutes as f64);
    let sold_mw = (commitment.baseline_mw.at(i) - commitment.committed_mw.at(i)).max(0.0);
    cut.imported_mwh = Some(before + hours * sold_mw);
    cut
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Result, Route, Timestamp};

    #[test]
    fn a_settlement_period_under_way_goes_on_as_sold() -> Result<()> {
        // 4 MW of 10 MW are sold: 6 MW for 20 min are 2 MWh.
        let period = SettlementPeriod::containing(Timestamp::parse("2026-03-02T17:00:00Z")?);
        let one = Commitment::new("c", Route::DsoFlex, "a", [period], 4.0, 10.0);
        let at = |text: &str| Horizon::new(Timestamp::parse(text)?, 5, 12);
        let document = at("2026-03-02T16:00:00Z")?;
        let imported = |one: &Commitment, document: &Horizon, start: &str| -> Result<Option<f64>> {
            Ok(cut_commitment(one, document, &at(start)?).imported_mwh)
        };
        assert_eq!(imported(&one, &document, "2026-03-02T17:00:00Z")?, None);
        let near = |found: Option<f64>, mwh: f64| found.is_some_and(|found| (found - mwh).abs() < 1e-9);
        assert!(near(imported(&one, &document, "2026-03-02T17:20:00Z")?, 2.0));
        // Ten minutes of it lie before the document, which must know them.
        assert_eq!(imported(&one, &at("2026-03-02T17:10:00Z")?, "2026-03-02T17:20:00Z")?, None);
        // It does.
        let known = one.imported_mwh(1.5);
        let later = at("2026-03-02T17:10:00Z")?;
        assert!(near(imported(&known, &later, "2026-03-02T17:20:00Z")?, 2.5));
        assert!(near(imported(&known, &later, "2026-03-02T17:10:00Z")?, 1.5));
        Ok(())
    }
}
