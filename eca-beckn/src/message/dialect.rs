//! Which protocol a message speaks. Two of them call themselves version 2.0.0, so that only the shape tells.

use crate::{Error, Result};
use serde_json::Value;
use std::fmt;

/// A dialect of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Dialect {
    /// 1.1.x: snake case, `search`, `message.order`.
    V1,
    /// 2.0.0 release candidate of 2025: snake case, `discover`, names with `beckn:`. Read only.
    Rc,
    /// 2.0.0 LTS of April 2026: camel case, `discover`, `message.contract`.
    Lts,
}

impl Dialect {
    /// Finds the dialect by the case of the context's keys, and among the two in snake case by version and content.
    ///
    /// # Errors
    /// [`Error::Message`] with `CTX_VERSION_UNSUPPORTED` if there is neither case or both.
    pub fn of(message: &Value) -> Result<Self> {
        let context = &message["context"];
        let any = |keys: [&str; 4]| keys.iter().any(|key| context.get(key).is_some());
        let camel = any(["transactionId", "messageId", "bapId", "bppId"]);
        let snake = any(["transaction_id", "message_id", "bap_id", "bpp_id"]);
        match (camel, snake) {
            (true, false) => Ok(Self::Lts),
            (false, true) => {
                let version = context["version"].as_str().unwrap_or_default();
                let old = version.starts_with("1.") || (!version.starts_with("2.") && !prefixed(&message["message"]));
                Ok(if old { Self::V1 } else { Self::Rc })
            }
            _ => Err(Error::message(
                "CTX_VERSION_UNSUPPORTED",
                "the context is neither in camel case (transactionId) nor in snake case (transaction_id)",
            )),
        }
    }

    /// A key of the context, given in camel case, as this dialect writes it.
    #[must_use]
    pub fn key(self, camel: &str) -> String {
        if self == Self::Lts {
            return camel.into();
        }
        let mut snake = String::new();
        for letter in camel.chars() {
            if letter.is_ascii_uppercase() {
                snake.push('_');
            }
            snake.push(letter.to_ascii_lowercase());
        }
        snake
    }
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::V1 => "v1.1",
            Self::Rc => "v2.0.0-rc",
            Self::Lts => "v2.0.0-lts",
        })
    }
}

/// Whether any key begins with `beckn:`.
fn prefixed(value: &Value) -> bool {
    match value {
        Value::Object(fields) => fields.iter().any(|(key, inner)| key.starts_with("beckn:") || prefixed(inner)),
        Value::Array(items) => items.iter().any(prefixed),
        _ => false,
    }
}
