//! Validation at the border (being written).
use super::{ProblemDocument, Warning};
use crate::Result;
use crate::schedule::Shape;

pub(super) fn validate(document: &ProblemDocument) -> Result<(Vec<Shape>, Vec<Warning>)> {
    let shapes = document.jobs.iter().enumerate().map(|(index, job)| Shape::new(document, index, job)).collect();
    Ok((shapes, Vec::new()))
}
