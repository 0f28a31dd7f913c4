//! What can go wrong, with the object and the reason a person needs to mend it.

/// Result of a call that refuses bad input or cannot be sure.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Everything that eca-beckn refuses or fails at.
///
/// The text is for the own log. To a peer goes no more than [`Error::code`].
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A text is not JSON with exactly one meaning.
    #[error("JSON of {object}: {reason}")]
    Json {
        /// Which document.
        object: String,
        /// What is wrong, and where.
        reason: String,
    },
    /// A message that cannot be acted on, with the code that the peer gets.
    #[error("message refused ({code}): {reason}")]
    Message {
        /// Code of the Beckn error list, such as `CTX_MISSING_FIELD`.
        code: &'static str,
        /// What is wrong, for the own log.
        reason: String,
    },
    /// A key that cannot be used.
    #[error("key `{key}`: {reason}")]
    Key {
        /// The identifier of the key, or what it is for.
        key: String,
        /// What is wrong.
        reason: String,
    },
    /// A log head, proof or record that is not what it claims to be.
    #[error("{place}: {reason}")]
    NotVerified {
        /// File, record or signature at fault.
        place: String,
        /// What is wrong.
        reason: String,
    },
    /// The log cannot go on without the risk of a second history.
    #[error("log: {reason}")]
    Log {
        /// What was found, and what to do.
        reason: String,
    },
    /// The store of the log failed.
    #[error("{place}: {source}")]
    Store {
        /// File or key.
        place: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// A refusal of the core.
    #[error(transparent)]
    Core(#[from] eca_core::Error),
}

impl Error {
    /// The code that may be told to a peer: never more than this.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Message { code, .. } => code,
            Self::Json { .. } => "SCH_INVALID_JSON",
            Self::Key { .. } | Self::NotVerified { .. } => "AUT_SIGNATURE_INVALID",
            Self::Log { .. } | Self::Store { .. } | Self::Core(_) => "NET_INTERNAL_ERROR",
        }
    }

    /// A refusal with the code that the peer gets and the reason for the own log: for what stands behind an agent.
    #[must_use]
    pub fn refuse(code: &'static str, reason: impl Into<String>) -> Self {
        Self::message(code, reason)
    }

    pub(crate) fn json(object: &str, reason: impl Into<String>) -> Self {
        Self::Json { object: object.into(), reason: reason.into() }
    }

    pub(crate) fn message(code: &'static str, reason: impl Into<String>) -> Self {
        Self::Message { code, reason: reason.into() }
    }

    pub(crate) fn key(key: &str, reason: impl Into<String>) -> Self {
        Self::Key { key: key.into(), reason: reason.into() }
    }

    pub(crate) fn not_verified(place: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::NotVerified { place: place.into(), reason: reason.into() }
    }

    pub(crate) fn log(reason: impl Into<String>) -> Self {
        Self::Log { reason: reason.into() }
    }
}
