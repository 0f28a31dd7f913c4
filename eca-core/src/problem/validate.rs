//! Validation at the border (being written).
use super::{ProblemDocument, Warning};
use crate::Result;

pub(super) fn validate(_document: &ProblemDocument) -> Result<Vec<Warning>> {
    Ok(Vec::new())
}
