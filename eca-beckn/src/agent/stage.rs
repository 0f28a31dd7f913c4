//! Which step may follow which in the life of a contract.

use crate::{Error, Result, Verb};
use serde::{Deserialize, Serialize};

/// How far a contract is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stage {
    /// Something is looked for, or was offered.
    Offered,
    /// An offer was selected and quoted.
    Selected,
    /// A draft with terms is on the table.
    Drafted,
    /// Agreed; delivery has not begun.
    Confirmed,
    /// The first half hour has begun.
    Delivering,
    /// Every half hour is measured.
    Delivered,
    /// Paid. The end.
    Settled,
    /// Given up before delivery. The end.
    Cancelled,
}

impl Stage {
    /// The stage that `verb` leads to.
    ///
    /// # Errors
    /// [`Error::Message`] with `BIZ_INVALID_STATE_TRANSITION`, `BIZ_ALREADY_CONFIRMED`, `BIZ_ALREADY_CANCELLED` or
    /// `POL_UPDATE_NOT_ALLOWED` if it may not come now.
    pub fn after(self, verb: Verb) -> Result<Self> {
        use Stage::{Cancelled, Confirmed, Drafted, Offered, Selected, Settled};
        match (verb, self) {
            (Verb::Status | Verb::Track | Verb::Support, stage) => Ok(stage),
            (_, Cancelled) => Err(self.refused(verb, "BIZ_ALREADY_CANCELLED")),
            (Verb::Discover, Offered) => Ok(Offered),
            (Verb::Select, Offered | Selected) => Ok(Selected),
            (Verb::Init, Selected | Drafted) => Ok(Drafted),
            (Verb::Confirm, Drafted) => Ok(Confirmed),
            (Verb::Update, Confirmed) => Ok(Confirmed),
            (Verb::Cancel, Offered | Selected | Drafted | Confirmed) => Ok(Cancelled),
            (Verb::Rate, Settled) => Ok(Settled),
            (Verb::Confirm, stage) if stage >= Confirmed => Err(self.refused(verb, "BIZ_ALREADY_CONFIRMED")),
            (Verb::Update, stage) if stage > Confirmed => Err(self.refused(verb, "POL_UPDATE_NOT_ALLOWED")),
            _ => Err(self.refused(verb, "BIZ_INVALID_STATE_TRANSITION")),
        }
    }

    fn refused(self, verb: Verb, code: &'static str) -> Error {
        Error::message(code, format!("`{verb:?}` may not follow `{self:?}`"))
    }
}
