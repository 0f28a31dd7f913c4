//! One job's schedules: which are allowed, what each one does and costs.

mod account;
mod cheapest;
mod fit;
mod plan;
mod shape;
mod valid;

pub(crate) use account::{Account, walk};
pub(crate) use cheapest::{Cheapest, Pricer, Prices, Scratch};
pub(crate) use fit::{can_go_on, most_work};
pub(crate) use plan::{Schedule, Shares};
pub(crate) use shape::Shape;
pub(crate) use valid::is_valid;
