//! Offers: what flexibility costs, and how much of it can be delivered.
//!
//! A rung is priced by planning twice, without the offer and with it: `(upper end with it - lower bound without it) / MWh`
//! plus a margin. Work that is made up for later is paid for in the second plan; so are checkpoints, and batteries charged
//! ahead. Neither a promise to a user nor a commitment that is sold already may pay for an offer: they are kept as the plan
//! without it keeps them.

mod deliverable;
mod ladder;
mod price;
mod probability;
mod request;

pub use deliverable::{check_offer, check_offer_with};
pub use ladder::{OfferCost, Offers, Rung};
pub use request::{ImportError, OfferRequest};

use crate::{Control, Problem, Result, Settings};

impl Problem {
    /// Prices what is asked for: one rung for each length and power, in that order.
    ///
    /// ```
    /// use eca_core::{Horizon, Job, JobPoint, Problem, Region, Route, Settings, SettlementPeriod, flex::OfferRequest};
    ///
    /// // An hour of work at 5 MW; later it costs 30 GBP/MWh more.
    /// let horizon = Horizon::new("2026-03-02T00:00:00Z".parse()?, 30, 4)?;
    /// let problem = Problem::builder(horizon)
    ///     .region(
    ///         Region::new("london")
    ///             .it_capacity_mw(6.0)
    ///             .import_limit_mw(8.0)
    ///             .import_price_gbp_per_mwh([50.0, 50.0, 80.0, 80.0])
    ///             .carbon_g_per_kwh(120.0),
    ///     )
    ///     .job(Job::gpu_hours("train", 1.0, [JobPoint::gpu_hours(5.0, 1.0)]))
    ///     .build()?;
    /// let first_hour = [1, 2].map(|k| SettlementPeriod::new("2026-03-02".parse().unwrap(), k).unwrap());
    /// let request = OfferRequest::new("london", Route::DsoFlex, first_hour, [5.0]);
    /// let offers = problem.offers(&request, &Settings::default())?;
    /// assert_eq!(offers.to_string(), "5 MW x 2 SP: 30.00 GBP/MWh");
    /// # Ok::<(), eca_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`Problem::solve`]; [`crate::Error::Value`] and [`crate::Error::Unsupported`] for a request that is none.
    pub fn offers(&self, request: &OfferRequest, settings: &Settings) -> Result<Offers> {
        self.offers_with(request, settings, &Control::default())
    }

    /// Prices what is asked for; the caller watches and stops the plans that it takes.
    ///
    /// # Errors
    /// As [`Problem::offers`], and [`crate::Error::Cancelled`].
    pub fn offers_with(&self, request: &OfferRequest, settings: &Settings, control: &Control) -> Result<Offers> {
        price::ladder(self, request, settings, control)
    }
}
