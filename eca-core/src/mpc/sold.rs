//! Commitments and opportunities as a later part of a document sees them.

use crate::problem::{Commitment, CommitmentKind, Direction, Opportunity, ProblemDocument};
use crate::time::SETTLEMENT_PERIOD_MIN;
use crate::unit::min_to_h;
use crate::{Error, Horizon, Problem, Result, SettlementPeriod};

/// The opportunity for a part that starts at `part.start`: notice still counts from the start of the document. What is not
/// wholly within the part any more is closed by the rules of the model.
pub(super) fn cut_opportunity(one: &Opportunity, document: &Horizon, part: &Horizon) -> Opportunity {
    #[allow(clippy::cast_precision_loss)]
    let gone_s = (part.start.unix_s() - document.start.unix_s()) as f64;
    one.clone().notice_s((one.notice_s - gone_s).max(0.0))
}

/// Refuses opportunities where nobody sells what a plan takes: it would be delivered, and never paid.
pub(crate) fn must_sell_nothing(document: &ProblemDocument, feature: &'static str) -> Result<()> {
    match document.opportunities.first() {
        None => Ok(()),
        Some(one) => Err(Error::Unsupported {
            object: format!("opportunity `{}`", one.id),
            feature,
            reason:
                "nobody sells there what a plan takes, and it would be delivered unpaid; plan with it first, sell what \
                     the plan takes (`accept`), and give the commitments"
                    .into(),
        }),
    }
}

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
    let committed_mw = match commitment.direction {
        Direction::Down => commitment.committed_mw.at(i),
        Direction::Up => -commitment.committed_mw.at(i),
    };
    let sold_mw = (commitment.baseline_mw.at(i) - committed_mw).max(0.0);
    cut.imported_mwh = Some(before + hours * sold_mw);
    cut
}

/// The problem with strict commitments as priced ones; none where it has none.
pub(super) fn as_can_be(problem: &Problem) -> Option<Problem> {
    let mut document = problem.document().clone();
    let strict = document.commitments.iter_mut().filter(|one| one.kind == CommitmentKind::Strict);
    let eased = strict.map(|one| one.kind = CommitmentKind::Priced).count();
    Problem::from_document(document).ok().filter(|_| eased > 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Route, Timestamp};

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
