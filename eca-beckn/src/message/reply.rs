//! What is told at once when a message arrives: taken, or not and why. Written in one shape for each dialect, read in all.

use super::Dialect;
use crate::{Error, Result, json};
use serde_json::{Value, json};

/// An error as peers tell it. The code is open: nodes send codes that are on no list.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ErrorReply {
    /// Code, such as `CTX_TTL_EXPIRED` or `30001`.
    pub code: String,
    /// In words, for people.
    pub message: String,
    /// Where in the message.
    pub path: Option<String>,
}

/// The answer to a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Whether it was taken.
    pub taken: bool,
    /// The message it answers, where the peer says so.
    pub message_id: Option<String>,
    /// Why it was not taken, or why no callback will come.
    pub error: Option<ErrorReply>,
}

impl Reply {
    /// Taken; a callback will come.
    #[must_use]
    pub fn ack(message_id: &str) -> Self {
        Self { status: 200, taken: true, message_id: Some(message_id.into()), error: None }
    }

    /// Not taken. The peer learns the code and nothing else.
    #[must_use]
    pub fn nack(message_id: Option<&str>, error: &Error) -> Self {
        let code = error.code();
        let error = ErrorReply { code: code.into(), message: words(code), path: None };
        Self { status: status(code), taken: false, message_id: message_id.map(str::to_owned), error: Some(error) }
    }

    /// The exact bytes of the body, in the order of keys that peers send.
    #[must_use]
    pub fn to_body(&self, dialect: Dialect) -> String {
        let status = if self.taken { "ACK" } else { "NACK" };
        let quoted = |text: &str| Value::from(text).to_string();
        let error = self.error.as_ref();
        match dialect {
            Dialect::V1 => {
                let error = error.map(|e| {
                    let path =
                        e.path.as_deref().map(|path| format!(r#","paths":{}"#, quoted(path))).unwrap_or_default();
                    format!(
                        r#","error":{{"code":{}{path},"message":{}}}"#,
                        quoted(&numeric(&e.code)),
                        quoted(&e.message)
                    )
                });
                format!(r#"{{"message":{{"ack":{{"status":"{status}"}}}}{}}}"#, error.unwrap_or_default())
            }
            _ => {
                let id = self.message_id.as_deref().map(|id| format!(r#","messageId":{}"#, quoted(id)));
                let error = error.map(|e| {
                    let path = e.path.as_deref().map(|p| format!(r#","details":{{"path":{}}}"#, quoted(p)));
                    let path = path.unwrap_or_default();
                    format!(r#","error":{{"code":{},"message":{}{path}}}"#, quoted(&e.code), quoted(&e.message))
                });
                let (id, error) = (id.unwrap_or_default(), error.unwrap_or_default());
                format!(r#"{{"message":{{"status":"{status}"{id}{error}}}}}"#)
            }
        }
    }

    /// Reads the answer of a peer, in any shape that nodes were seen to send: acknowledgement below `message`, below
    /// `message.ack`, flat as `status` or `ack_status`; error beside or inside of it.
    ///
    /// # Errors
    /// [`Error::Json`] or [`Error::Message`] if it says neither ACK nor NACK.
    pub fn parse(status: u16, body: &[u8]) -> Result<Self> {
        let whole = json::parse("reply", body)?;
        let message = &whole["message"];
        let said = [&message["ack"]["status"], &message["status"], &whole["status"], &whole["ack_status"]];
        let taken = match said.iter().find_map(|value| value.as_str()) {
            Some("ACK") => true,
            Some("NACK") => false,
            // Some nodes answer an error without a word of it being one.
            None if whole["error"].is_object() || message["error"].is_object() => false,
            _ => return Err(Error::message("SCH_REQUIRED_FIELD_MISSING", "the reply says neither ACK nor NACK")),
        };
        let error = [&message["error"], &whole["error"], &message["ack"]["error"]];
        let error = error.into_iter().find(|value| value.is_object()).map(ErrorReply::read);
        let id =
            message["messageId"].as_str().or(whole["messageId"].as_str()).or(whole["context"]["message_id"].as_str());
        Ok(Self { status, taken, message_id: id.map(str::to_owned), error })
    }

    /// Whether a callback will come: taken, and not by 202 or 409 in place of it.
    #[must_use]
    pub fn calls_back(&self) -> bool {
        self.taken && self.error.is_none()
    }
}

impl ErrorReply {
    pub(crate) fn read(value: &Value) -> Self {
        let text = |keys: [&str; 2]| {
            keys.iter().find_map(|key| match &value[*key] {
                Value::String(text) => Some(text.clone()),
                Value::Number(number) => Some(number.to_string()),
                _ => None,
            })
        };
        Self {
            code: text(["code", "errorCode"]).unwrap_or_default(),
            message: text(["message", "errorMessage"]).unwrap_or_default(),
            path: text(["paths", "path"]).or_else(|| value["details"]["path"].as_str().map(str::to_owned)),
        }
    }

    pub(crate) fn write(&self) -> Value {
        json!({"code": self.code, "message": self.message})
    }
}

/// HTTP status of a code.
fn status(code: &str) -> u16 {
    match code {
        "AUT_RATE_LIMITED" => 429,
        "NET_INTERNAL_ERROR" => 500,
        "BIZ_INVALID_STATE_TRANSITION" | "BIZ_ALREADY_CONFIRMED" | "BIZ_ALREADY_CANCELLED" => 409,
        code if code.starts_with("AUT_") => 401,
        code if code.starts_with("BIZ_") || code.starts_with("POL_") => 403,
        code if code.starts_with("NET_") => 500,
        _ => 400,
    }
}

/// The number of version 1.1 (BECKN-005) for a code; texts are kept where there is none.
fn numeric(code: &str) -> String {
    match code {
        "BIZ_OFFER_NOT_FOUND" => "30005",
        "CTX_TRANSACTION_ID_UNKNOWN" => "30008",
        "BIZ_INVALID_STATE_TRANSITION" | "BIZ_ALREADY_CONFIRMED" | "BIZ_ALREADY_CANCELLED" => "40000",
        "BIZ_QUANTITY_UNAVAILABLE" => "40002",
        "BIZ_QUOTE_EXPIRED_OR_CHANGED" => "40003",
        code if code.starts_with("BIZ_") => "40000",
        code if code.starts_with("POL_") || code.starts_with("AUT_") => "50000",
        code if code.starts_with("SCH_") || code.starts_with("CTX_") => "30000",
        code => return code.into(),
    }
    .into()
}

fn words(code: &str) -> String {
    code.split_once('_').map_or(code, |(_, rest)| rest).to_lowercase().replace('_', " ")
}
