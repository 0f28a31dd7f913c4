//! Flexibility: what a site would have used, against which it is paid for using less, what that costs and what can be
//! delivered, what a ramp takes, and what can be given up at once.

pub mod baseline;
mod offer;
mod ramp;
mod shed;
mod stacking;

pub(crate) use crate::model::settlement_h;
pub use offer::{ImportError, OfferCost, OfferRequest, Offers, Rung, check_offer, check_offer_with};
pub use ramp::ramped_wh;
pub use shed::{ShedAnswer, ShedLadder, ShedRequest, ShedSettings, ShedStep, TakenStep, Undoing};
pub use stacking::{EXCLUSIVE_ROUTES, excludes};
