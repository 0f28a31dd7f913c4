//! How a problem is solved (being written).
use crate::{Control, Error, Problem, Result, Settings, Solved};

pub(crate) fn solve(_problem: &Problem, _settings: &Settings, _control: &Control) -> Result<Solved> {
    Err(Error::Internal { message: "engine is being written".into() })
}
