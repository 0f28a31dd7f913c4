//! Prices, carbon, limits and solar: series from many sources, aligned to one horizon.
//!
//! A [`Signals`] value holds for each region and [`Column`] the points as the source gave them, with their
//! [`Provenance`]. Gaps stay gaps until [`Signals::align`] meets them, and what happens then is the caller's
//! choice ([`GapPolicy`]); nothing is interpolated. Parsers in [`parse`] turn text into [`Signals`]; they read no
//! files and no network.
//!
//! ```
//! use eca_core::Horizon;
//! use eca_core::signal::{Column, GapPolicy, ReadOptions, parse};
//!
//! let text = "start,region,import_price_gbp_per_mwh,carbon_g_per_kwh\n\
//!             2026-03-02T00:00Z,london,80,210\n\
//!             2026-03-02T01:00Z,london,95,190\n";
//! let signals = parse::csv::read(text, &ReadOptions::default())?;
//! let horizon = Horizon::new("2026-03-02T00:00Z".parse()?, 30, 4)?;
//! let price = signals.align("london", Column::ImportPriceGbpPerMwh, &horizon, GapPolicy::Error)?;
//! assert_eq!(price.values, [80.0, 80.0, 95.0, 95.0]);
//! # Ok::<(), eca_core::Error>(())
//! ```

mod align;
mod column;
mod duos;
mod options;
pub mod parse;
mod points;
mod provenance;
mod store;
mod write;

pub use align::{Aligned, GapPolicy};
pub use column::Column;
pub use duos::{DuosBand, DuosSchedule, LocalTime, Weekdays};
pub use options::{CarbonAccounting, CarbonValue, ReadOptions};
pub use points::{Duplicates, Point, Signal};
pub use provenance::{CurrencyRate, Provenance};
pub use store::Signals;
