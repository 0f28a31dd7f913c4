//! What every Beckn message has, whatever its dialect: who says what to whom, in which transaction, and until when.

mod action;
mod attributes;
mod codec;
mod dialect;
mod duration;
mod neutral;
mod reply;
mod schema;
mod series;
mod terms;

pub use action::{Action, Verb};
pub use attributes::{Attributes, ComputeSlot, Delivery, DerReport, ECA_CONTEXT, GridSignal, Need};
pub use dialect::Dialect;
pub use neutral::*;
pub use reply::{ErrorReply, Reply};
pub use series::{Column, TimeSeries};
pub use terms::{FlexTerms, TermPeriod};

use crate::{Error, Result, json};
use eca_core::Timestamp;
use serde_json::{Map, Value};

/// What the published schema says of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It fits.
    Valid,
    /// It does not fit at this path, for this reason. ECA takes such messages, and sends none.
    Invalid(String, String),
    /// The schema of this dialect and action is not known here.
    Unchecked,
}

impl std::fmt::Display for Verdict {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Valid => f.write_str("valid"),
            Self::Invalid(at, why) => write!(f, "invalid at {at} ({why})"),
            Self::Unchecked => f.write_str("unchecked"),
        }
    }
}

/// A message as it was received: its context read, everything else kept as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Envelope {
    /// Which protocol it speaks, found by shape.
    pub dialect: Dialect,
    /// What it asks or answers, such as `search` or `on_confirm`.
    pub action: String,
    /// What the context says of the version; two dialects say the same.
    pub version: String,
    /// The transaction that requests and answers share.
    pub transaction_id: String,
    /// The message; a callback repeats that of the request.
    pub message_id: String,
    /// When it was made.
    pub timestamp: Timestamp,
    /// Seconds from `timestamp` in which it may be acted on.
    pub ttl_s: Option<i64>,
    /// The buyer side's node.
    pub bap_id: Option<String>,
    /// The provider side's node.
    pub bpp_id: Option<String>,
    /// The whole message; unknown fields are kept.
    pub whole: Value,
}

impl Envelope {
    /// Reads a message of any dialect. Names of any form are taken; what ECA sends is stricter.
    ///
    /// ```
    /// let text = br#"{"context": {"action": "search", "version": "1.1.0", "domain": "flexibility",
    ///   "bap_id": "grid.example.org", "bap_uri": "https://grid.example.org/beckn", "transaction_id": "t-1",
    ///   "message_id": "m-1", "timestamp": "2026-11-23T17:00:00Z", "ttl": "PT30S"}, "message": {"intent": {}}}"#;
    /// let read = eca_beckn::Envelope::parse(text)?;
    /// assert_eq!((read.dialect, read.action.as_str()), (eca_beckn::Dialect::V1, "search"));
    /// assert_eq!(read.sender(), Some("grid.example.org"));
    /// # Ok::<(), eca_beckn::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Json`] if the text has not one meaning; [`Error::Message`] names the field of the context that is
    /// missing or not usable.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let whole = json::parse("message", bytes)?;
        let context = whole.get("context").and_then(Value::as_object);
        let context =
            context.ok_or_else(|| Error::message("CTX_MISSING_FIELD", "the message has no object `context`"))?;
        if !whole.get("message").is_some_and(Value::is_object) {
            return Err(Error::message("SCH_REQUIRED_FIELD_MISSING", "there is no object `message`"));
        }
        let dialect = Dialect::of(&whole)?;
        let needed = |camel| {
            optional(context, dialect, camel)?.ok_or_else(|| {
                Error::message("CTX_MISSING_FIELD", format!("`context.{}` is missing", dialect.key(camel)))
            })
        };
        let timestamp = needed("timestamp")?;
        let invalid =
            |field: &str, reason: String| Error::message("CTX_INVALID_FIELD", format!("`context.{field}`: {reason}"));
        Ok(Self {
            dialect,
            action: needed("action")?,
            version: needed("version")?,
            transaction_id: needed("transactionId")?,
            message_id: needed("messageId")?,
            timestamp: Timestamp::parse(&timestamp).map_err(|error| invalid("timestamp", error.to_string()))?,
            ttl_s: match optional(context, dialect, "ttl")? {
                Some(text) => Some(duration::seconds(&text).map_err(|reason| invalid("ttl", reason))?),
                None => None,
            },
            bap_id: optional(context, dialect, "bapId")?,
            bpp_id: optional(context, dialect, "bppId")?,
            whole,
        })
    }

    /// Whether it answers a request, or tells news about one.
    #[must_use]
    pub fn is_callback(&self) -> bool {
        self.action.rsplit('/').next().is_some_and(|name| name.starts_with("on_"))
    }

    /// The node that must have signed it: the provider for callbacks and for catalogues, else the buyer side.
    #[must_use]
    pub fn sender(&self) -> Option<&str> {
        let from_provider = self.is_callback() || matches!(self.action.as_str(), "catalog/publish" | "catalog_publish");
        if from_provider { self.bpp_id.as_deref() } else { self.bap_id.as_deref() }
    }

    /// Judges it by the published schema of its dialect and action (1.1.1 and 2.0.0 LTS), without formats of texts.
    #[must_use]
    pub fn schema(&self) -> Verdict {
        match schema::judge(self.dialect, &self.action, &self.whole) {
            None => Verdict::Unchecked,
            Some(None) => Verdict::Valid,
            Some(Some((at, why))) => Verdict::Invalid(at, why),
        }
    }

    /// Refuses a message whose time to live is over.
    ///
    /// # Errors
    /// [`Error::Message`] with `CTX_TTL_EXPIRED`, and both times.
    pub fn check_ttl(&self, now_s: i64) -> Result<()> {
        let Some(until_s) = self.ttl_s.and_then(|ttl| self.timestamp.unix_s().checked_add(ttl)) else { return Ok(()) };
        if now_s <= until_s {
            return Ok(());
        }
        let late = now_s - until_s;
        Err(Error::message(
            "CTX_TTL_EXPIRED",
            format!("`{}` was made {} and is {late} s late", self.action, self.timestamp),
        ))
    }
}

fn optional(context: &Map<String, Value>, dialect: Dialect, camel: &str) -> Result<Option<String>> {
    let key = dialect.key(camel);
    match context.get(&key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if !text.is_empty() => Ok(Some(text.clone())),
        Some(other) => Err(Error::message(
            "CTX_INVALID_FIELD",
            format!("`context.{key}` is {other}, not a text of one character or more"),
        )),
    }
}
