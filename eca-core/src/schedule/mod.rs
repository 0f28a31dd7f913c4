//! One job's schedules: which are allowed, what each one does and costs.

mod account;
mod fit;
mod shape;
mod valid;

pub(crate) use account::{Account, Schedule, Shares};
pub(crate) use fit::{can_go_on, most_work};
pub(crate) use shape::Shape;
pub(crate) use valid::is_valid;
