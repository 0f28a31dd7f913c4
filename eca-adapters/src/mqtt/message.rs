//! What the messages say.

use eca_core::action::Action;
use eca_core::adapter::Answer;
use serde::{Deserialize, Serialize};

/// A command and the number of this sending of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    pub(super) seq: u64,
    pub(super) action: Action,
}

/// What became of one sending.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Reply {
    pub(super) seq: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) answer: Option<Answer>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) refused: Option<String>,
}

impl Reply {
    pub(super) fn answer(seq: u64, answer: Answer) -> Self {
        Self { seq, answer: Some(answer), refused: None }
    }

    pub(super) fn refused(seq: u64, why: String) -> Self {
        Self { seq, answer: None, refused: Some(why) }
    }
}

/// Presence on `controller` and `device`.
pub(super) const OFFLINE: &str = "\"offline\"";
/// See [`OFFLINE`].
pub(super) const ONLINE: &str = "\"online\"";

/// The beginning of a payload, for an error.
pub(super) fn start(payload: &str) -> String {
    payload.chars().take(120).collect()
}
