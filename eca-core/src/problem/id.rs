//! Identifiers: names that users give to things, one type for each kind of thing.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// A name stands in a plan for each period and job: it is written once and shared.
mod shared {
    use super::{Arc, Deserialize, Serialize};

    pub(super) fn serialize<S: serde::Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
        text.as_ref().serialize(to)
    }

    pub(super) fn deserialize<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Arc<str>, D::Error> {
        String::deserialize(from).map(Into::into)
    }
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default)]
        #[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
        #[serde(transparent)]
        pub struct $name(
            #[serde(with = "shared")]
            #[cfg_attr(feature = "schema", schemars(with = "String"))]
            Arc<str>,
        );

        impl $name {
            /// The name as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(text.into())
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
    };
}

id_type!(
    /// The name of a region.
    RegionId
);
id_type!(
    /// The name of a battery.
    BatteryId
);
id_type!(
    /// The name of a batch job.
    JobId
);
id_type!(
    /// The name of an online service.
    ServiceId
);
id_type!(
    /// The name of a carbon cap.
    CapId
);
id_type!(
    /// The name of a commitment.
    CommitmentId
);
id_type!(
    /// The name of an opportunity.
    OpportunityId
);
id_type!(
    /// The name of a power target.
    TargetId
);
