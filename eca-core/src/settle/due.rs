//! What an event still owes the market at an instant: the submissions with their deadlines, and how each one stands.

use super::event::Event;
use super::recorded::SubmissionRecord;
use super::submission::{Flow, Status};
use super::{EventPeriod, Route};
use crate::{Result, Timestamp};
use serde::{Deserialize, Serialize};

/// How a submission stands at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// It counts: accepted, and sent in time.
    InForce,
    /// Sent in time; the answer is not there.
    Waiting,
    /// It does not count and may still be sent.
    Open,
    /// It does not count, and the time went by.
    Missed,
}

/// A submission for one period of an event, as it stands at an instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct DueSubmission {
    /// The submission; the volume is none where metering or a baseline has to come first.
    #[serde(flatten)]
    pub submission: SubmissionRecord,
    /// Whether the event loses something without it.
    pub needed: bool,
    /// How it stands.
    pub standing: Standing,
}

impl Event {
    /// The submissions of the event at `now`, the first deadline first: all four flows of a wholesale sale, of other routes those
    /// in the list.
    ///
    /// ```
    /// use eca_core::settle::{Event, SubmissionStanding as Standing};
    /// let event = Event::from_json(r#"{"format": "eca-event/1", "event_id": "evening", "route": "wholesale_p415",
    ///     "site": {"site_id": "london-1", "meter_id": "hall"}, "baseline": {"method": "bl01"},
    ///     "periods": [{"settlement_date": "2026-07-01", "settlement_period": 35, "committed_mwh": 2.5,
    ///                  "price_gbp_per_mwh": 120}]}"#)?;
    /// let at = |now: &str| event.submissions_at(now.parse().unwrap()).unwrap()[0].standing;
    /// assert_eq!(at("2026-07-01T14:59:59Z"), Standing::Open);
    /// assert_eq!(at("2026-07-01T15:00:00Z"), Standing::Missed);
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`crate::Error::Time`] never for an event that was read.
    pub fn submissions_at(&self, now: Timestamp) -> Result<Vec<DueSubmission>> {
        let mut found = Vec::new();
        for each in &self.periods {
            for flow in Flow::ALL.into_iter().filter(|flow| self.has(*flow)) {
                found.push(self.standing(each, flow, now)?);
            }
        }
        found.sort_by_key(|each| (each.submission.due, each.submission.period));
        Ok(found)
    }

    /// Whether a flow stands in records of the event.
    pub(super) fn has(&self, flow: Flow) -> bool {
        self.route == Route::WholesaleP415 || self.submissions.iter().any(|submission| submission.flow == flow)
    }

    fn standing(&self, each: &EventPeriod, flow: Flow, now: Timestamp) -> Result<DueSubmission> {
        // What is sold is known beforehand; a delivered volume and the expected one are not.
        let sold = self.direction.sign() * each.committed_mwh.millionths();
        let submission =
            SubmissionRecord::of(&self.submissions, each.period()?, flow, (flow == Flow::Ecvn).then_some(sold));
        let in_time = submission.sent_at.is_some_and(|sent| sent < submission.due);
        let standing = match submission.status {
            _ if submission.in_force => Standing::InForce,
            Some(Status::Sent) if in_time => Standing::Waiting,
            _ if now < submission.due => Standing::Open,
            _ => Standing::Missed,
        };
        let needed = self.route == Route::WholesaleP415 && (flow != Flow::Sev || self.baseline.method == "nominated");
        Ok(DueSubmission { submission, needed, standing })
    }
}
