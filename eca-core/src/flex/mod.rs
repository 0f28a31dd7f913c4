//! Flexibility: what a site would have used, against which it is paid for using less, and what a ramp delivers.

pub mod baseline;
mod ramp;

pub use ramp::ramped_wh;
