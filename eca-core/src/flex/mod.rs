//! Flexibility: what a site would have used, against which it is paid for using less, what that costs and what can be
//! delivered, and what a ramp takes.

pub mod baseline;
mod offer;
mod ramp;
mod stacking;

pub(crate) use crate::model::settlement_h;
pub use offer::{ImportError, OfferCost, OfferRequest, Offers, Rung, check_offer};
pub use ramp::ramped_wh;
pub use stacking::{EXCLUSIVE_ROUTES, excludes};
