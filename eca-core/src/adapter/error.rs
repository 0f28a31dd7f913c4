//! What can go wrong between the core and a device, cluster or service.

use serde::{Deserialize, Serialize};

/// Result of a call of an adapter.
pub type AdapterResult<T, E = AdapterError> = std::result::Result<T, E>;

/// Everything that an adapter refuses or fails at; one type for all of them.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum AdapterError {
    /// The adapter, or the device behind it, has no such operation.
    #[error("{adapter}: {operation} is not supported: {reason}")]
    NotSupported {
        /// The adapter, as it shows itself.
        adapter: String,
        /// What was asked for.
        operation: String,
        /// Why, and what to do.
        reason: String,
    },
    /// A command or question names something that is not there.
    #[error("{adapter} has no {kind} `{id}`; known: {known}")]
    Unknown {
        /// The adapter.
        adapter: String,
        /// Job, battery, region, meter.
        kind: String,
        /// The name.
        id: String,
        /// The names that exist.
        known: String,
    },
    /// No answer: nothing is known of what happened. The same call may be repeated.
    #[error("{adapter} did not answer: {message}")]
    Unreachable {
        /// The adapter.
        adapter: String,
        /// What happened.
        message: String,
    },
    /// An answer, and it is no: nothing was changed.
    #[error("{adapter} refused {object}: {message}")]
    Refused {
        /// The adapter.
        adapter: String,
        /// The job, battery or register.
        object: String,
        /// The reason, and what to do.
        message: String,
    },
    /// A reading that is too old to be used.
    #[error("{adapter}: the reading of {object} is {age_s} s old, at most {limit_s} s are allowed")]
    Stale {
        /// The adapter.
        adapter: String,
        /// What was read.
        object: String,
        /// Its age, s.
        age_s: i64,
        /// The limit, s.
        limit_s: i64,
    },
    /// An answer that cannot be true or cannot be read.
    #[error("{adapter}: {object} reads {value}, {limit}")]
    BadReading {
        /// The adapter.
        adapter: String,
        /// What was read, with its unit.
        object: String,
        /// The value as it came.
        value: String,
        /// What it breaks, as a clause.
        limit: String,
    },
    /// The device acknowledged a command and shows something else.
    #[error("{adapter}: {object} acknowledged {wanted} and shows {seen}; it is not dispatchable until it follows")]
    NotFollowed {
        /// The adapter.
        adapter: String,
        /// The battery or job.
        object: String,
        /// What was asked for.
        wanted: String,
        /// What is read back.
        seen: String,
    },
}

impl AdapterError {
    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Stale { .. })
    }
}

/// Refuses a reading from the future, and one older than `limit_s`.
///
/// Clocks of devices and hosts differ a little: a minute ahead is allowed.
///
/// # Errors
/// [`AdapterError::Stale`] with age and limit, [`AdapterError::BadReading`] for a time that is still to come.
pub fn check_age(
    adapter: &dyn std::fmt::Display,
    object: &str,
    at: crate::Timestamp,
    options: &super::ReadingOptions,
) -> AdapterResult<()> {
    const AHEAD_S: i64 = 60;
    let age_s = options.now.seconds_since(at);
    if age_s > options.max_age_s {
        let (adapter, object) = (adapter.to_string(), object.to_owned());
        return Err(AdapterError::Stale { adapter, object, age_s, limit_s: options.max_age_s });
    }
    if age_s < -AHEAD_S {
        return Err(AdapterError::BadReading {
            adapter: adapter.to_string(),
            object: format!("the time of {object}"),
            value: at.to_string(),
            limit: format!("which is after {}; set the clocks right", options.now),
        });
    }
    Ok(())
}
