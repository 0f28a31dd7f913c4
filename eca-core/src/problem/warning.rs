//! Values that are allowed but look wrong.

use serde::Serialize;
use std::fmt;

/// A value that is allowed but looks wrong, such as kW where MW is meant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Warning {
    /// The object, such as "region `london`".
    pub object: String,
    /// The field.
    pub field: String,
    /// What looks wrong and what may be meant.
    pub message: String,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: {}", self.object, self.field, self.message)
    }
}
