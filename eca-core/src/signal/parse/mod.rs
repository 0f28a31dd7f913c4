//! Pure parsers: text of a known source in, [`Signals`](super::Signals) out.
//!
//! | module | reads |
//! |---|---|
//! | [`csv`] | tidy and wide series files |
//! | [`neso`] | Carbon Intensity API: national, regional, generation mix, and its CSV |
//! | [`elexon`] | system prices and market index of the Insights API |
//! | [`octopus`] | Agile unit rates |

pub mod csv;
pub mod elexon;
mod json;
pub mod neso;
mod neso_csv;
pub mod octopus;
