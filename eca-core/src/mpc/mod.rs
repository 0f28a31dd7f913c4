//! The rolling horizon: plans again and again as time passes and forecasts change, and says what to do now.
//!
//! | | |
//! |---|---|
//! | [`Controller`] | one step after the other: state and forecasts in, actions out; commitments, fallbacks |
//! | [`Risk`] | planning on a quantile, or against the worst of a budget of wrong periods |
//! | [`Shadow`] | nothing is acted on: what would have been paid and emitted, beside what the site did |
//! | [`simulate`] | a controller against a long series of what really happened |
//! | [`forecast_value`] | what a forecast is worth, between yesterday's values and a perfect one |
//!
//! All of it is pure: instants come in as arguments, and the same input gives the same actions.

mod book;
mod controller;
mod delivery;
mod document;
mod ledger;
mod reference;
mod risk;
mod safe;
mod settings;
mod shadow;
mod simulate;
mod sold;
mod source;
mod twin;
mod value;
mod view;

pub use controller::{Controller, ControllerState, Step};
pub use ledger::{Entry, Ledger};
pub(crate) use reference::Reference;
pub use risk::{Protection, Risk, Uncertainty};
pub use settings::ControllerSettings;
pub use shadow::{Shadow, ShadowState};
pub use simulate::{Policy, Realised, Simulation, simulate};
pub(crate) use sold::must_sell_nothing;
pub use source::Source;
pub use value::{ForecastValue, forecast_value, perfect, yesterday};
