//! What an auditor asks of the world around an event: in which role the trading party acted, where prices came from, and which
//! days were declared as event days. It is told, the record repeats it, and it changes no figure.

use super::submission::Status;
use super::{Event, PriceTable};
use crate::{Error, SettlementDate, Timestamp};
use serde::{Deserialize, Serialize};

/// In which role the trading party acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum PartyRole {
    /// Virtual trading party: sells deviations on the wholesale market (P415).
    Vtp,
    /// Virtual lead party: offers in the balancing mechanism.
    Vlp,
    /// The same behind asset meters.
    Amvlp,
    /// Provider under a contract with a system operator: demand flexibility service, distribution products.
    Provider,
}

/// Where a column of the price file comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct PriceSource {
    /// The column, such as `system_price_gbp_per_mwh`.
    pub column: String,
    /// Who publishes it, and as what.
    pub source: String,
    /// When it was fetched.
    #[serde(default)]
    pub retrieved_at: Option<Timestamp>,
}

/// What is declared of a day. The letters are those of the register (SVA Data Catalogue v52).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DayNoticeKind {
    /// Event day for wholesale trading or a balancing service (`B`).
    Market,
    /// Event day for another reason (`O`).
    Other,
    /// No event day any more (`D`).
    Delete,
}

/// The declaration of an event day: baselines to come leave the day out. It is the fifth submission of a wholesale sale, and has
/// no deadline within the event: it must be there before a baseline needs it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct DayNotice {
    /// The day.
    pub settlement_date: SettlementDate,
    /// As what it is declared.
    pub kind: DayNoticeKind,
    /// How far the declaration is.
    pub status: Status,
    /// When it was sent.
    #[serde(default)]
    pub sent_at: Option<Timestamp>,
    /// Name of the file.
    #[serde(default)]
    pub file_id: Option<String>,
    /// Sequence number of the file.
    #[serde(default)]
    pub sequence: Option<i64>,
    /// Why it was turned down.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Refuses a source of a column that no price file has, and a second source of one column.
pub(super) fn check(event: &Event, sources: &[PriceSource]) -> Result<(), Error> {
    for (place, each) in sources.iter().enumerate() {
        let twice = sources.iter().take(place).any(|before| before.column == each.column);
        if twice || !PriceTable::COLUMNS.contains(&each.column.as_str()) {
            let limit = format!("must be one of {}, each once", PriceTable::COLUMNS.join(", "));
            return Err(event.refused("evidence.price_sources.column", &each.column, &limit, ""));
        }
    }
    Ok(())
}
