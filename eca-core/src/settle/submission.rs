//! The market submissions behind a wholesale sale: what is due when, and what counts as done.
//!
//! | flow | to | due | without it |
//! |---|---|---|---|
//! | `wman` (E0511) | ECVAA | before gate closure (BSCP602 2.18.1) | no deviation is measured |
//! | `ecvn` (E0041) | ECVAA | before gate closure (ours; the BSC allows until the period starts) | all is cashed out at the imbalance price |
//! | `sev` (P0328) | SVAA | before gate closure | no expected volume where it is submitted and not baselined |
//! | `delivered_volume` (P0282) | SVAA | the day after (BSCP602 2.2A.1) | the supplier is not made whole in time |
//!
//! There is no positive answer to a WMAN, only a rejection: whoever keeps the list writes `accepted` when the time for a
//! rejection is over. Accepted is success; sent is not.

use super::event::EventPeriod;
use super::text::shown;
use crate::{Result, SettlementPeriod, Timestamp};
use serde::{Deserialize, Serialize};

/// A submission to the market.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Flow {
    /// Wholesale market activity notification.
    Wman,
    /// Energy contract volume notification.
    Ecvn,
    /// Submitted expected volume.
    Sev,
    /// Delivered volume.
    DeliveredVolume,
}

/// How far a submission is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// To be sent.
    Planned,
    /// Sent; no answer yet.
    Sent,
    /// In force.
    Accepted,
    /// Turned down, with a reason.
    Rejected,
    /// Turned down for want of credit cover.
    Refused,
    /// The time went by.
    Missed,
}

/// One submission, for some or all periods of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Submission {
    /// Which one.
    pub flow: Flow,
    /// The periods; none for all of the event.
    #[serde(default)]
    pub periods: Option<Vec<SettlementPeriod>>,
    /// How far it is.
    pub status: Status,
    /// When it was sent.
    #[serde(default)]
    pub sent_at: Option<Timestamp>,
    /// Name of the file.
    #[serde(default)]
    pub file_id: Option<String>,
    /// Sequence number of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sequence: Option<i64>,
    /// Why it was turned down.
    #[serde(default)]
    pub reason: Option<String>,
}

impl Flow {
    /// The four flows, in the order of their deadlines.
    pub(super) const ALL: [Self; 4] = [Self::Wman, Self::Ecvn, Self::Sev, Self::DeliveredVolume];

    /// The name in documents.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Wman => "wman",
            Self::Ecvn => "ecvn",
            Self::Sev => "sev",
            Self::DeliveredVolume => "delivered_volume",
        }
    }

    /// The volume of a file of this flow, MWh: what `wh` of turn-down or import (SEV: of expected import) is there.
    ///
    /// Expected and delivered volumes have four places. An expected volume counts export as positive, so an import is
    /// negative. A contract volume has three places, cut towards zero: no more is sold than is planned. A notification of
    /// activity has none.
    ///
    /// ```
    /// use eca_core::settle::SubmissionFlow;
    /// assert_eq!(SubmissionFlow::Sev.volume_mwh(6_000_000).as_deref(), Some("-6.0000"));
    /// assert_eq!(SubmissionFlow::Ecvn.volume_mwh(2_083_999).as_deref(), Some("2.083"));
    /// assert_eq!(SubmissionFlow::DeliveredVolume.volume_mwh(2_600_000).as_deref(), Some("2.6000"));
    /// ```
    #[must_use]
    pub fn volume_mwh(self, wh: i64) -> Option<String> {
        match self {
            Self::Wman => None,
            Self::Ecvn => Some(plain(wh / 1_000 * 1_000, 3)),
            Self::Sev => Some(plain(wh.saturating_neg(), 4)),
            Self::DeliveredVolume => Some(plain(wh, 4)),
        }
    }

    /// The instant before which it must be sent for a period.
    ///
    /// ```
    /// use eca_core::{SettlementPeriod, settle::SubmissionFlow};
    /// let period = SettlementPeriod::new("2026-07-01".parse()?, 35)?;
    /// assert_eq!(SubmissionFlow::Wman.due(period), "2026-07-01T15:00:00Z".parse()?);
    /// assert_eq!(SubmissionFlow::DeliveredVolume.due(period), "2026-07-02T23:00:00Z".parse()?);
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    #[must_use]
    pub fn due(self, period: SettlementPeriod) -> Timestamp {
        match self {
            Self::Wman | Self::Ecvn | Self::Sev => period.gate_closure(),
            Self::DeliveredVolume => period.settlement_date().plus_days(2).midnight(),
        }
    }
}

impl Submission {
    /// Whether it is in force for a period of its own: accepted, and sent in time.
    fn counts(&self, period: SettlementPeriod) -> bool {
        self.status == Status::Accepted && self.sent_at.is_some_and(|sent| sent < self.flow.due(period))
    }
}

/// Millionths without marks between thousands.
fn plain(millionths: i64, places: u32) -> String {
    shown(millionths, places).replace(',', "")
}

/// All of a flow for a period, in the order of the list.
fn of_period(submissions: &[Submission], flow: Flow, period: SettlementPeriod) -> Vec<&Submission> {
    let mine = |s: &&Submission| s.flow == flow && s.periods.as_ref().is_none_or(|periods| periods.contains(&period));
    submissions.iter().filter(mine).collect()
}

/// The one that counts for a period: accepted and in time where there is such a one, else the last.
pub(super) fn latest(submissions: &[Submission], flow: Flow, period: SettlementPeriod) -> Option<&Submission> {
    let mine = of_period(submissions, flow, period);
    mine.iter().find(|each| each.counts(period)).or(mine.last()).copied()
}

/// Whether a flow is in force for a period, or why not.
pub(super) fn in_force(submissions: &[Submission], flow: Flow, period: SettlementPeriod) -> Result<(), String> {
    let mine = of_period(submissions, flow, period);
    if mine.iter().any(|each| each.counts(period)) {
        return Ok(());
    }
    let (name, due) = (flow.name(), flow.due(period));
    Err(match mine.last() {
        None => format!("{name} for {period} is not in the list of submissions"),
        Some(last) => match (last.status, last.sent_at) {
            (Status::Accepted, Some(sent)) => format!("{name} for {period} was sent at {sent}, due before {due}"),
            (Status::Accepted, None) => {
                format!("{name} for {period} has no sent_at, so that nobody can tell it was in time")
            }
            (Status::Rejected | Status::Refused, _) => {
                let reason = last.reason.as_deref().unwrap_or("no reason given");
                format!("{name} for {period} was turned down: {reason}")
            }
            _ => format!("{name} for {period} is not accepted"),
        },
    })
}

/// Whether every period names a submission only of the event.
pub(super) fn foreign<'a>(submissions: &'a [Submission], periods: &[EventPeriod]) -> Option<&'a SettlementPeriod> {
    let known = |period: &&SettlementPeriod| {
        periods.iter().any(|own| {
            own.settlement_date == period.settlement_date() && own.settlement_period == period.settlement_period()
        })
    };
    submissions.iter().flat_map(|s| s.periods.iter().flatten()).find(|period| !known(period))
}
