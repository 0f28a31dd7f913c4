//! Settlement runs: a day is settled several times, as better metering arrives.

use crate::{Error, Result};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// A settlement run, in the order in which a day is settled (BSC; order as published, working days assumed: II about 5,
/// SF 16, R1 39, R2 84, R3 154, RF 292).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum SettlementRun {
    /// Interim information.
    Ii,
    /// Initial settlement.
    Sf,
    /// First reconciliation.
    R1,
    /// Second reconciliation.
    R2,
    /// Third reconciliation.
    R3,
    /// Final reconciliation.
    Rf,
    /// After a dispute.
    Df,
}

impl SettlementRun {
    /// All runs by name, first to last.
    pub const NAMES: [(&'static str, Self); 7] = [
        ("II", Self::Ii),
        ("SF", Self::Sf),
        ("R1", Self::R1),
        ("R2", Self::R2),
        ("R3", Self::R3),
        ("RF", Self::Rf),
        ("DF", Self::Df),
    ];
}

impl FromStr for SettlementRun {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::NAMES.iter().find(|(name, _)| *name == text).map(|(_, run)| *run).ok_or_else(|| Error::Unknown {
            object: "settlement".into(),
            field: "run",
            kind: "settlement run",
            id: text.to_owned(),
            known: Self::NAMES.map(|(name, _)| name).join(", "),
        })
    }
}

impl fmt::Display for SettlementRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::NAMES.iter().find(|(_, run)| run == self).map_or("", |(name, _)| name))
    }
}
